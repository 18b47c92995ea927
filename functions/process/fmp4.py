"""Fragmented MP4 as our encodes write it: where the header and each segment lie, and what they hold."""

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

_DEFAULT_DURATION = 0x08
_DATA_OFFSET, _FIRST_FLAGS = 0x01, 0x04
_SAMPLE_FIELDS = (_DURATION := 0x100, 0x200, 0x400, 0x800)


class ByteRange(BaseModel):
    model_config = ConfigDict(frozen=True)

    offset: int
    length: int


class Segment(ByteRange):
    """One moof with its mdat; start and duration in ticks of the track's timescale."""

    start: int
    duration: int
    frames: int

    @property
    def end(self) -> int:
        return self.start + self.duration


class Track(BaseModel):
    """One file: the header that every segment needs, and the segments."""

    model_config = ConfigDict(frozen=True)

    size: int
    timescale: int
    codecs: str
    header: ByteRange
    header_sha256: str
    segments: tuple[Segment, ...]

    @property
    def frames(self) -> int:
        return sum(segment.frames for segment in self.segments)

    @property
    def duration(self) -> int:
        return sum(segment.duration for segment in self.segments)

    def with_end_joined(self, shortest: Fraction) -> "Track":
        """Let a last segment of less than `shortest` seconds be part of the one before.

        What is left over of a track may be a few samples, and players do not take a segment of no time.
        """
        if len(self.segments) < 2 or self.segments[-1].duration >= shortest * self.timescale:  # noqa: PLR2004
            return self
        *whole, before, last = self.segments
        joined = Segment(
            offset=before.offset,
            length=last.offset + last.length - before.offset,
            start=before.start,
            duration=before.duration + last.duration,
            frames=before.frames + last.frames,
        )
        return self.model_copy(update={"segments": (*whole, joined)})


class EncodedChunk(BaseModel):
    """The sidecar of an encoded chunk: its track in each rung, by the rung's height."""

    model_config = ConfigDict(frozen=True)

    tracks: dict[int, Track]


def read(path: Path) -> Track:
    """Walk the boxes of a file; one that no frame was written to has no segments."""
    data = path.read_bytes()
    found = list(boxes(data, 0, len(data)))
    if not any(box.kind == b"moov" for box in found):
        nothing = ByteRange(offset=0, length=0)
        return Track(size=len(data), timescale=1, codecs="", header=nothing, header_sha256="", segments=())
    header_end = next((box.start for box in found if box.kind == b"moof"), len(data))
    segments = [
        _segment(data, moof, mdat)
        for moof, mdat in pairwise(found)
        if (moof.kind, mdat.kind) == (b"moof", b"mdat")
    ]
    media_header = find(data, b"moov", b"trak", b"mdia", b"mdhd").body
    timescale_at = media_header + (20 if data[media_header] else 12)
    return Track(
        size=len(data),
        timescale=_number(data, timescale_at),
        codecs=_codecs(data[:header_end]),
        header=ByteRange(offset=0, length=header_end),
        header_sha256=hashlib.sha256(data[:header_end]).hexdigest(),
        segments=tuple(segments),
    )


class Box(NamedTuple):
    """From where to where a box lies, and where what it holds begins."""

    kind: bytes
    start: int
    body: int
    end: int


def _number(data: bytes, offset: int, length: int = 4) -> int:
    return int.from_bytes(data[offset : offset + length])


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    while start + 8 <= end:
        length, body = _number(data, start), start + 8
        if length == 1:
            length, body = _number(data, body, 8), start + 16
        length = length or end - start
        yield Box(data[start + 4 : start + 8], start, body, start + length)
        start += length


def find(data: bytes, *path: bytes, within: Box | None = None) -> Box:
    start, end = (within.body, within.end) if within else (0, len(data))
    for kind in path:
        box = next(box for box in boxes(data, start, end) if box.kind == kind)
        start, end = box.body, box.end
    return box


def _segment(data: bytes, moof: Box, mdat: Box) -> Segment:
    decode_time = find(data, b"traf", b"tfdt", within=moof).body
    frames, duration = _samples(data, moof)
    return Segment(
        offset=moof.start,
        length=mdat.end - moof.start,
        start=_number(data, decode_time + 4, 8 if data[decode_time] else 4),
        duration=duration,
        frames=frames,
    )


def _samples(data: bytes, moof: Box) -> tuple[int, int]:
    """Count the samples of a fragment and add up their durations."""
    defaults = find(data, b"traf", b"tfhd", within=moof).body
    flags = _number(data, defaults + 1, 3)
    duration_at = defaults + 8 + (8 if flags & 0x01 else 0) + (4 if flags & 0x02 else 0)
    default = _number(data, duration_at) if flags & _DEFAULT_DURATION else 0

    fragment = find(data, b"traf", within=moof)
    frames = duration = 0
    for run in boxes(data, fragment.body, fragment.end):
        if run.kind != b"trun":
            continue
        flags, count = _number(data, run.body + 1, 3), _number(data, run.body + 4)
        first = run.body + 8 + 4 * bool(flags & _DATA_OFFSET) + 4 * bool(flags & _FIRST_FLAGS)
        step = 4 * sum(bool(flags & field) for field in _SAMPLE_FIELDS)
        frames += count
        if flags & _DURATION:
            duration += sum(_number(data, first + step * sample) for sample in range(count))
        else:
            duration += count * default
    return frames, duration


def _codecs(header: bytes) -> str:
    """Return the RFC 6381 name of the track: H.264 by profile and level, else AAC-LC."""
    at = header.find(b"avcC")
    return f"avc1.{header[at + 5 : at + 8].hex()}" if at >= 0 else "mp4a.40.2"
