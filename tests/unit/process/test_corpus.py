"""Every kind of video comes out right: all its pictures when they were taken, upright, in its own colours."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageOps, ImageStat

from functions.process import fmp4, plan
from functions.process.poster import WIDEST
from tests.unit.process import corpus
from tests.unit.process.conftest import FFMPEG, Outcome, Pipeline
from tests.unit.process.corpus import BITS, CORNERS, Case

Upload = Callable[[bytes], Pipeline]
LOUD = 3000  # of 32768
HEARD_RATE = 48_000
BRIGHT = 70


@pytest.fixture
def chunks_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make joins where a real plan would make none, so that short videos have some."""
    for name in ("SEGMENT_SECONDS", "SHORTEST_CHUNK_SECONDS", "LONGEST_CHUNK_SECONDS"):
        monkeypatch.setattr(plan, name, 1)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.mark.parametrize("case", corpus.CASES, ids=lambda case: case.name)
@pytest.mark.usefixtures("chunks_of_a_second")
def test_it_comes_out_right(case: Case, files: Path, upload: Upload, tmp_path: Path) -> None:
    source = files / (case.name + case.suffix)
    corpus.make(case, source)
    pipeline = upload(source.read_bytes())
    outcome = pipeline.run()
    check_plan(case, outcome)
    check_joins(case, pipeline, outcome)
    check_master(case, pipeline, outcome)
    shown = play(pipeline, outcome, tmp_path)
    check_pictures(case, shown)
    check_poster(case, pipeline)
    check_sound(case, shown)


def test_the_browser_plays_what_is_in_the_corpus() -> None:
    assert set(corpus.IN_BROWSER) <= {case.name for case in corpus.CASES}


def test_six_hours_come_out_right(upload: Upload, tmp_path: Path) -> None:
    """Planned whole; of its 450 chunks the first, one in the sixth hour and the last are encoded."""
    short, long = tmp_path / "short.mp4", tmp_path / "long.mp4"
    case = Case(
        name="17 minutes",
        rate="1",
        seconds=1 << BITS,
        video=f"{corpus.X264_IN_ORDER} -g 60",
        sound=None,
        fps="24",
    )
    corpus.make(case, short)
    command = [
        FFMPEG,
        "-v",
        "error",
        "-stream_loop",
        "21",
        "-i",
        str(short),
        "-t",
        "21600",
        "-c",
        "copy",
        str(long),
    ]
    subprocess.run(command, check=True)
    pipeline = upload(long.read_bytes())
    plan = pipeline.probe()
    assert (plan["fps"], plan["frames"], len(plan["chunks"])) == ("24", 6 * 3600 * 24, 450)
    for index in (0, 401, 449):
        chunk = plan["chunks"][index]
        assert pipeline.encode(plan, chunk)["rungs"][0]["frames"] == chunk["frames"]
        encoded = pipeline.folder / f"v120/{index:05d}.mp4"
        done = subprocess.run(
            [
                FFMPEG,
                "-v",
                "warning",
                "-i",
                str(encoded),
                "-vf",
                "fps=1",
                "-pix_fmt",
                "rgb24",
                "-f",
                "rawvideo",
                "-",
            ],
            capture_output=True,
            check=True,
        )
        step, first = 3 * 160 * 120, chunk["first_frame"] // 24
        pictures = [done.stdout[at : at + step] for at in range(0, len(done.stdout), step)]
        shown = [number(Image.frombytes("RGB", (160, 120), picture)) for picture in pictures]
        assert shown == [(first + second) % (1 << BITS) for second in range(48)]


def check_plan(case: Case, outcome: Outcome) -> None:
    made = outcome.plan
    assert (made["video_codec"], made["hdr"], bool(made["audio"])) == (case.codec, case.hdr, bool(case.sound))
    assert (made["fps"], made["frames"]) == (case.fps, case.frames)
    assert (made["width"], made["height"]) == (case.shown or case.size)
    seconds = case.frames / Fraction(case.fps)
    assert abs(made["duration_ms"] / 1000 - seconds) < 1 / Fraction(case.fps)


def check_joins(case: Case, pipeline: Pipeline, outcome: Outcome) -> None:
    for rung in outcome.plan["rungs"]:
        paths = sorted((pipeline.folder / f"v{rung['height']}").glob("*.mp4"))
        tracks = [fmp4.read(path) for path in paths]
        assert len(tracks) == len(outcome.plan["chunks"]) == max(1, round(case.frames / Fraction(case.fps)))
        segments = [segment for track in tracks for segment in track.segments]
        assert segments[0].start == 0
        assert all(before.end == after.start for before, after in pairwise(segments))
        assert len({track.header_sha256 for track in tracks}) == 1
        assert sum(track.frames for track in tracks) == case.frames


def check_master(case: Case, pipeline: Pipeline, outcome: Outcome) -> None:
    """Hold what the playlist says of each variant against the bytes that a player will fetch."""
    master = (pipeline.folder / "master.m3u8").read_text()
    variants = re.findall(r"#EXT-X-STREAM-INF:(.*)\n(.*)", master)
    assert len(variants) == len(outcome.plan["rungs"])
    sound = rates(pipeline.folder / "a/index.m3u8") if case.sound else (0, 0)
    for (line, uri), rung in zip(variants, outcome.plan["rungs"], strict=True):
        said = dict(re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', line))
        peak, average = rates(pipeline.folder / uri)
        assert int(said["BANDWIDTH"]) == pytest.approx(peak + sound[0], abs=2)
        assert int(said["AVERAGE-BANDWIDTH"]) == pytest.approx(average + sound[1], abs=2)
        assert said["RESOLUTION"] == f"{rung['frame_width']}x{rung['frame_height']}"
        assert float(said["FRAME-RATE"]) == pytest.approx(float(Fraction(case.fps)), abs=0.001)
        assert re.fullmatch(r'"avc1\.[0-9a-f]{6}' + (',mp4a.40.2"' if case.sound else '"'), said["CODECS"])
        assert ("AUDIO" in said) == bool(case.sound)


def rates(playlist: Path) -> tuple[float, float]:
    """Return the bits per second of the heaviest segment and of all, from the text of the playlist alone."""
    text = playlist.read_text()
    pieces = re.findall(r"#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@", text)
    target = int(re.findall(r"#EXT-X-TARGETDURATION:(\d+)", text)[0])
    segments = [(float(seconds), int(size)) for seconds, size in pieces]
    assert all(round(seconds) <= target for seconds, _ in segments)
    whole = [segment for segment in segments if segment[0] >= 0.5] or segments
    peak = max(8 * size / seconds for seconds, size in whole)
    return peak, 8 * sum(size for _, size in segments) / sum(seconds for seconds, _ in segments)


@dataclass(frozen=True)
class Shown:
    """What a player shows and sounds: pictures of the first variant, 16-bit samples."""

    pictures: list[Image.Image]
    samples: memoryview


def play(pipeline: Pipeline, outcome: Outcome, folder: Path) -> Shown:
    """Play every variant to its end, without one complaint."""
    rung = outcome.plan["rungs"][0]
    size = (rung["frame_width"], rung["frame_height"])
    pictures, sound = folder / "pictures", folder / "sound"
    command = [FFMPEG, "-v", "warning", "-nostdin", "-i", str(pipeline.folder / "master.m3u8")]
    command += ["-map", "0", "-f", "null", "-"]
    command += [
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "rgb24",
        "-f",
        "rawvideo",
        str(pictures),
    ]
    if outcome.plan["audio"]:
        command += ["-map", "0:a:0", "-ac", "1", "-ar", str(HEARD_RATE), "-f", "s16le", str(sound)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    raw, step = pictures.read_bytes(), 3 * size[0] * size[1]
    return Shown(
        [Image.frombytes("RGB", size, raw[at : at + step]) for at in range(0, len(raw), step)],
        memoryview(sound.read_bytes() if sound.exists() else b"").cast("h"),
    )


def check_pictures(case: Case, shown: Shown) -> None:
    upright = [unturned(case, picture) for picture in shown.pictures]
    numbers = [number(picture) for picture in upright]
    expected = [case.number_at(frame) for frame in range(case.frames)]
    # Of two pictures between two that come out, or two fields of one, either will do.
    slack = int(Fraction(case.rate) > Fraction(case.fps) and case.kept in {None, corpus.EVEN})
    slips = [
        (frame, *pair)
        for frame, pair in enumerate(zip(numbers, expected, strict=True))
        if abs(pair[0] - pair[1]) > slack
    ]
    assert slips == []
    for frame in {0, case.frames // 2, case.frames - 1}:
        check_corners(case, upright[frame])


def check_poster(case: Case, pipeline: Pipeline) -> None:
    with Image.open(pipeline.folder / "poster.jpg") as poster:
        width, height = case.shown or case.size
        across = min(width, WIDEST)
        assert poster.size == (across, height * across // width)
        check_corners(case, unturned(case, poster.convert("RGB")))


def check_corners(case: Case, picture: Image.Image) -> None:
    found = [colour(picture, x, y, 5 / 16, 5 / 16) for x, y in [(0, 0), (11, 0), (0, 11), (11, 11)]]
    for seen, meant in zip(found, CORNERS, strict=True):
        assert seen == pytest.approx(meant, abs=255 * case.tolerance), found


def check_sound(case: Case, shown: Shown) -> None:
    if not case.sound or case.seconds <= corpus.LIT[1]:
        return
    lit = [lamp(unturned(case, picture)) > BRIGHT for picture in shown.pictures]
    loud = next(at for at, sample in enumerate(shown.samples) if abs(sample) > LOUD)
    a_frame = max(1 / Fraction(case.fps), 1 / Fraction(case.rate))
    assert abs(loud / HEARD_RATE - lit.index(True) / Fraction(case.fps)) <= a_frame
    seconds = max(case.frames / Fraction(case.fps), Fraction(case.sound_for))
    assert len(shown.samples) / HEARD_RATE == pytest.approx(seconds, abs=0.15)


def unturned(case: Case, picture: Image.Image) -> Image.Image:
    """Bring a picture into the position in which the card was drawn."""
    back = picture.rotate(-case.turn, expand=True)
    return ImageOps.mirror(back) if case.mirrored else back


def number(picture: Image.Image) -> int:
    bits = [sum(colour(picture, 16 * bit / BITS, 6, 1 / BITS, 1 / 4)) > 3 * BRIGHT for bit in range(BITS)]
    return int("".join("01"[bit] for bit in bits), 2)


def lamp(picture: Image.Image) -> float:
    return sum(colour(picture, 6, 0, 1 / 4, 1 / 4)) / 3


def colour(picture: Image.Image, x: float, y: float, width: float, height: float) -> list[float]:
    """Return the mean of the middle of a box: place in sixteenths of the picture, size in shares of it."""
    left, top = picture.width * (x / 16 + width / 4), picture.height * (y / 16 + height / 4)
    right, bottom = left + picture.width * width / 2, top + picture.height * height / 2
    box = (int(left), int(top), max(int(right), int(left) + 1), max(int(bottom), int(top) + 1))
    return ImageStat.Stat(picture.crop(box)).mean
