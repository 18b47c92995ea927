"""What a source becomes: the frame grid, the ladder, the chunks. Pure arithmetic, no input or output."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.keys import revision_key, work_prefix
from functions.core.settings import Rung

SEGMENT_SECONDS = 4
# A chunk is long enough to be worth starting ffmpeg for and short enough for one function call.
SHORTEST_CHUNK_SECONDS = 8
LONGEST_CHUNK_SECONDS = 48
# Each worker gets several chunks, so that none is left alone with a long last one.
CHUNKS_PER_WORKER = 4

FASTEST_GRID = Fraction(60)
STANDARD_RATES = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    FASTEST_GRID,
)
RATE_TOLERANCE = Fraction(1, 100)

SMALLEST_SIDE = 16
# Decoding and scaling a pixel of the source costs about this share of encoding a pixel of a rung.
DECODE_WEIGHT = Fraction(1, 8)
FULL_HD = (1920, 1080)

AUDIO_FOLDER = "a"
SAMPLE_RATE = 48_000
AUDIO_FRAME_SAMPLES = 1024  # of AAC
# The shortest time, 1.6 s, that is a whole number both of frames and of tenths of a second: cut there, a
# source of any usual rate goes through the resampler as if it had not been cut.
AUDIO_GRID_FRAMES = 75
AUDIO_CHUNK_FRAMES = 188 * AUDIO_GRID_FRAMES  # 300.8 s
# Reading this much takes one function about as long as a wave of chunks of pictures.
LONG_READ_BYTES = 2_000_000_000


class Container(StrEnum):
    """The demuxers an upload may be opened with."""

    MOV = "mov"
    MATROSKA = "matroska"
    MPEG_TS = "mpegts"
    MPEG_PS = "mpeg"
    AVI = "avi"
    FLV = "flv"
    OGG = "ogg"
    ASF = "asf"

    @property
    def has_index(self) -> bool:
        """Tell whether any moment is found without reading what comes before it."""
        return self in {Container.MOV, Container.MATROSKA}


@dataclass(frozen=True, kw_only=True)
class Source:
    """What probing found; width and height as they are displayed.

    A source that is `turned` has its pictures rotated or mirrored for display; `untimed` ones are only known
    by when they are decoded; `reordered` ones are shown in another order. Browsers play what is `web_fit`.
    """

    container: Container
    seconds: Fraction
    start_time: float
    width: int
    height: int
    average_rate: Fraction
    nominal_rate: Fraction
    rotation: int
    turned: bool
    hdr: bool
    wide_gamut: bool
    assumed_matrix: str
    interlaced: bool
    untimed: bool
    reordered: bool
    video_codec: str
    video_stream: int
    audio: "AudioTrack | None"
    web_fit: bool = False


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Job(_Value):
    """One attempt at one video; all that viewers get of it lies under its own prefix."""

    video_id: str
    revision: int
    attempt: int
    source_key: str
    execution: str = ""

    @property
    def identity(self) -> dict[str, str | int]:
        """By which logs and traces of every step are found."""
        return {"video_id": self.video_id, "attempt": self.attempt, "execution": self.execution}

    def key(self, name: str = "") -> str:
        return revision_key(self.video_id, self.revision, name)

    @property
    def copy_key(self) -> str:
        """Where a copy stands in for an upload without an index; the sweep removes it after the run."""
        return f"{work_prefix(self.video_id)}{self.revision}.mkv"


class AudioTrack(_Value):
    codec: str
    channels: int
    stream: int


class PlannedRung(Rung):
    """A rung with the size its frames really have."""

    frame_width: int
    frame_height: int

    @property
    def folder(self) -> str:
        return f"v{self.height}"


class Chunk(_Value):
    index: int
    first_frame: int
    frames: int

    @property
    def file_name(self) -> str:
        return f"{self.index:05d}.mp4"

    @property
    def sidecar(self) -> str:
        return f"segments/{self.index:05d}.json"


class AudioChunk(_Value):
    """Some of the sound, counted in frames of AAC from the first picture on; the last one has no end."""

    index: int
    first_frame: int
    frames: int | None

    @property
    def starts_at(self) -> Fraction:
        return audio_seconds(self.first_frame)

    @property
    def file_name(self) -> str:
        return f"{self.index:05d}.mp4"

    @property
    def key(self) -> str:
        return f"{AUDIO_FOLDER}/{self.file_name}"

    @property
    def sidecar(self) -> str:
        return f"segments/audio-{self.index:05d}.json"


class Plan(_Value):
    read_key: str
    container: Container
    duration_ms: int
    width: int
    height: int
    fps: Fraction
    start_time: float
    rotation: int
    turned: bool = True
    hdr: bool
    wide_gamut: bool = False
    assumed_matrix: str = ""
    interlaced: bool
    counted: bool = False
    video_codec: str
    video_stream: int
    audio: AudioTrack | None
    early: bool = False
    cost_ms: int = 0
    frames: int
    segment_frames: int
    chunk_frames: int
    rungs: tuple[PlannedRung, ...]
    chunks: tuple[Chunk, ...]
    audio_chunks: tuple[AudioChunk, ...]
    # The SHA-256 of the header that every chunk of a rung begins with, by the rung's height.
    headers: dict[int, str] = {}

    @property
    def timescale(self) -> int:
        """Ticks per second of the video tracks: every frame lasts a whole number of them."""
        return self.fps.numerator * self._scale

    @property
    def frame_ticks(self) -> int:
        return self.fps.denominator * self._scale

    @property
    def _scale(self) -> int:
        return 1 if self.fps.numerator >= 10_000 else 1000  # noqa: PLR2004 (fine enough as it is)

    def seconds(self, frames: int) -> Fraction:
        return frames / self.fps

    def is_last(self, chunk: Chunk) -> bool:
        return chunk.index == len(self.chunks) - 1

    def has_all_frames(self, chunk: Chunk, frames: int) -> bool:
        """Tell whether `frames` make up the chunk; only the last one may differ, by less than the slack."""
        slack = self.last_chunk_slack if self.is_last(chunk) else 1
        return frames > 0 and abs(frames - chunk.frames) < slack

    @property
    def last_chunk_slack(self) -> int:
        """By how many frames the end of a source may differ from what its index said: one second."""
        return math.ceil(self.fps)


class Task(_Value):
    """What every step after the probe is given."""

    job: Job
    plan: Plan


class ChunkTask(Task):
    chunk: Chunk


class AudioTask(Task):
    chunk: AudioChunk


def make(
    source: Source,
    read_key: str,
    *,
    ladder: Sequence[Rung],
    concurrency: int,
    size: int = 0,
    early: bool = False,
) -> Plan:
    """Plan what becomes of a source of `size` bytes.

    It must be within the limits: a plan grows with its length.
    """
    fps = frame_grid(source.average_rate, source.nominal_rate)
    frames = max(1, _nearest(source.seconds * fps))
    segment_frames = _nearest(SEGMENT_SECONDS * fps)
    chunk_frames = segment_frames * segments_per_chunk(frames / fps, concurrency)
    planned = rungs(source.width, source.height, ladder)
    return Plan(
        read_key=read_key,
        container=source.container,
        duration_ms=_nearest(1000 * frames / fps),
        width=source.width,
        height=source.height,
        fps=fps,
        start_time=source.start_time,
        rotation=source.rotation,
        turned=source.turned,
        hdr=source.hdr,
        wide_gamut=source.wide_gamut,
        assumed_matrix=source.assumed_matrix,
        interlaced=source.interlaced,
        counted=source.untimed and source.reordered,
        video_codec=source.video_codec,
        video_stream=source.video_stream,
        audio=source.audio,
        early=early,
        cost_ms=_nearest(1000 * cost(source, fps, planned, ladder)),
        frames=frames,
        segment_frames=segment_frames,
        chunk_frames=chunk_frames,
        rungs=planned,
        chunks=chunks(frames, chunk_frames, segment_frames),
        audio_chunks=audio_chunks(frames / fps, size, source.container) if source.audio else (),
    )


def frame_grid(average: Fraction, nominal: Fraction) -> Fraction:
    """Return the constant rate that source frames are laid on.

    A steady source keeps its rate, a slow one (15 fps screen recording, time lapse) gets a standard
    multiple of it and a fast one (slow motion) a standard part. If the rates disagree the source is
    variable, and its nominal rate is the clock that its frames were taken by.
    """
    average, nominal = average or nominal, nominal or average
    steady = _standard(average)
    if abs(average - nominal) > RATE_TOLERANCE * nominal:
        steady = _standard(nominal) if nominal <= FASTEST_GRID else None
    if steady:
        return steady
    return next((rate for rate in STANDARD_RATES if rate >= average), FASTEST_GRID)


def _standard(rate: Fraction) -> Fraction | None:
    """Return the standard rate that stands in the simplest whole ratio to `rate`, if any does."""
    candidates = []
    for standard in STANDARD_RATES:
        ratio = standard / rate if rate <= FASTEST_GRID * (1 + RATE_TOLERANCE) else rate / standard
        times = round(ratio)
        error = abs(ratio - times)
        if times and error <= RATE_TOLERANCE * times:
            candidates.append((times, error, standard))
    return min(candidates)[2] if candidates else None


def rungs(width: int, height: int, ladder: Sequence[Rung]) -> tuple[PlannedRung, ...]:
    """Fit the ladder to the picture: never larger than the source, never empty."""
    short, long = sorted((width, height))
    fitting = [rung for rung in ladder if rung.height <= short]
    if not fitting:
        smallest = min(ladder, key=lambda rung: rung.height)
        fitting = [smallest.model_copy(update={"height": short - short % 2})]
    planned = []
    for rung in sorted(fitting, key=lambda rung: -rung.height):
        other = 2 * max(1, _nearest(Fraction(long * rung.height, 2 * short)))
        frame = (other, rung.height) if width >= height else (rung.height, other)
        planned.append(PlannedRung(**rung.model_dump(), frame_width=frame[0], frame_height=frame[1]))
    return tuple(planned)


def segments_per_chunk(seconds: Fraction, concurrency: int) -> int:
    share = seconds / (concurrency * CHUNKS_PER_WORKER)
    bounded = min(max(math.floor(share), SHORTEST_CHUNK_SECONDS), LONGEST_CHUNK_SECONDS)
    return bounded // SEGMENT_SECONDS


def chunks(frames: int, chunk_frames: int, segment_frames: int) -> tuple[Chunk, ...]:
    """Cut the grid at chunk boundaries; a tail below half a segment stays with the last chunk."""
    starts = [
        first
        for first in range(0, frames, chunk_frames)
        if not first or 2 * (frames - first) >= segment_frames
    ]
    return tuple(
        Chunk(index=index, first_frame=first, frames=end - first)
        for index, (first, end) in enumerate(pairwise([*starts, frames]))
    )


def audio_seconds(frames: int) -> Fraction:
    return Fraction(frames * AUDIO_FRAME_SAMPLES, SAMPLE_RATE)


def audio_chunks(seconds: Fraction, size: int, container: Container) -> tuple[AudioChunk, ...]:
    """Take the sound in one go, or that of a file which takes long to read in pieces of some minutes.

    A tail below half a piece stays with the last one. Matroska's clock counts milliseconds: its sound can't
    be cut to the sample, and is always taken whole.
    """
    pieces = _nearest(seconds / audio_seconds(AUDIO_CHUNK_FRAMES))
    count = max(1, pieces) if size >= LONG_READ_BYTES and container is Container.MOV else 1
    return tuple(
        AudioChunk(
            index=index,
            first_frame=index * AUDIO_CHUNK_FRAMES,
            frames=AUDIO_CHUNK_FRAMES if index < count - 1 else None,
        )
        for index in range(count)
    )


def check_picture(source: Source, *, max_pixels: int) -> None:
    if not min(source.width, source.height):
        raise SourceRejectedError(FailureCode.CORRUPT)
    if min(source.width, source.height) < SMALLEST_SIDE:
        raise SourceRejectedError(FailureCode.NO_VIDEO)
    if source.width * source.height > max_pixels:
        raise SourceRejectedError(FailureCode.TOO_LARGE)


def check_length(source: Source, *, max_seconds: int) -> None:
    # A last frame may begin when the time is up: six hours are not too long for six hours.
    if source.seconds >= max_seconds + 1:
        raise SourceRejectedError(FailureCode.TOO_LONG)


def cost(source: Source, fps: Fraction, planned: Sequence[PlannedRung], ladder: Sequence[Rung]) -> Fraction:
    """Return what a source costs: how many seconds of full HD at 60 frames a second cost as much.

    Bytes do not tell (an hour of black is two megabytes); pixels x seconds x renditions do.
    """
    source_rate = max(source.average_rate, fps)
    work = source.seconds * _work(source.width * source.height * source_rate, planned, fps)
    width, height = FULL_HD
    return work / _work(width * height * FASTEST_GRID, rungs(width, height, ladder), FASTEST_GRID)


def check_cost(plan: Plan, *, max_seconds: int) -> None:
    """Refuse what would cost too much before the first frame is encoded.

    The longest video allowed may cost what it would in full HD; larger pictures get less time for the same
    money.
    """
    if plan.cost_ms > 1000 * max_seconds:
        raise SourceRejectedError(FailureCode.TOO_LARGE)


def _work(source_pixels: Fraction, planned: Sequence[PlannedRung], fps: Fraction) -> Fraction:
    """Return the pixels encoded per second of video, decoded ones counted by their weight."""
    return DECODE_WEIGHT * source_pixels + fps * sum(rung.frame_width * rung.frame_height for rung in planned)


def _nearest(value: Fraction) -> int:
    """Round halves up, as ffmpeg's fps filter does."""
    return math.floor(value + Fraction(1, 2))
