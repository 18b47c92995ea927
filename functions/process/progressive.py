"""Write the index of an MP4 anew, of its pictures and its sound alone, without reading the media it is of.

Names, places, devices and times lie in boxes of their own, which are left out, or in fields, which are
cleared (ISO/IEC 14496-12; for what QuickTime adds, its File Format). Media that holds anything between the
pictures and the sound, as a camera's places, is not for this.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise

from functions.process import fmp4
from functions.process.container import MOST_BOXES, ReadRange, mov_boxes
from functions.process.fmp4 import Box

MOST_INDEX_BYTES = 32_000_000

_KEPT = {
    b"moov": {b"mvhd", b"trak"},
    b"trak": {b"tkhd", b"edts", b"mdia"},
    b"edts": {b"elst"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"smhd", b"dinf", b"stbl"},
    b"stbl": {b"stsd", b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"co64", b"stss"},
    b"avc1": {b"avcC", b"pasp", b"colr"},
    b"mp4a": {b"esds"},
}
# What comes before the boxes of a sample entry, and what of it is somebody's name.
_FIELDS = {b"avc1": 78, b"mp4a": 28}
_NAMES = {b"avc1": ((8, 24), (42, 74)), b"mp4a": ((8, 16),)}
_DATED = {b"mvhd", b"tkhd", b"mdhd"}
_OFFSETS = {b"stco": "I", b"co64": "Q"}


class _UnusualError(Exception):
    """The file is not so simple; it may be a good one all the same."""


@dataclass(frozen=True)
class Progressive:
    """A file of `head` and then the bytes of the source from `start` up to, not including, `end`."""

    head: bytes
    start: int
    end: int


def plan(size: int, read: ReadRange, *, tracks: int) -> Progressive | None:
    """Return what to make of a file of `size` bytes, or None if it has to be read to tell.

    It must have so many `tracks`, and no other.
    """
    found = islice(mov_boxes(size, read), MOST_BOXES)
    index = next(((start, end) for kind, start, end in found if kind == b"moov"), None)
    if index is None or index[1] - index[0] > MOST_INDEX_BYTES:
        return None
    try:
        made = _plan(read(*index), tracks)
    except (_UnusualError, StopIteration, struct.error, OverflowError):
        return None
    return made if made.end <= size else None


def _plan(data: bytes, tracks: int) -> Progressive:
    moov = next(fmp4.boxes(data, 0, len(data)))
    found = [box for box in _inside(data, moov) if box.kind == b"trak"]
    spans = sorted([span for track in found for span in _media(data, track)])
    if len(found) != tracks or not spans:
        raise _UnusualError
    if any(before[1] != after[0] for before, after in pairwise(spans)):
        raise _UnusualError
    start, end = spans[0][0], spans[-1][1]
    brands = _box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
    length = len(brands) + len(_rewritten(data, moov, 0)) + 8
    header = (8 + end - start).to_bytes(4) + b"mdat"
    return Progressive(brands + _rewritten(data, moov, length - start) + header, start, end)


def _rewritten(data: bytes, box: Box, shift: int) -> bytes:
    """Return a box and what is kept of those in it; the media will lie `shift` bytes further on."""
    body = data[box.body : box.end]
    kind = box.kind
    if kind in _KEPT:
        fields = bytearray(body[: _FIELDS.get(kind, 0)])
        for start, end in _NAMES.get(kind, ()):
            fields[start:end] = bytes(end - start)
        kept = [inner for inner in _inside(data, box) if inner.kind in _KEPT[kind]]
        body = bytes(fields) + b"".join([_rewritten(data, inner, shift) for inner in kept])
    elif kind in _DATED:
        dates = slice(4, 12 if body[:1] == b"\0" else 20)
        body = body[:4] + bytes(len(body[dates])) + body[dates.stop :]
    elif kind == b"hdlr":
        body = bytes(8) + body[8:12] + bytes(13)
    elif kind == b"dinf":  # the media is in this file
        body = _box(b"dref", bytes(4) + (1).to_bytes(4) + _box(b"url ", b"\0\0\0\1"))
    elif kind == b"stsd":
        body = bytes(4) + (1).to_bytes(4) + _rewritten(data, _sample_entry(data, box), shift)
    elif form := _OFFSETS.get(kind):
        places = _numbers(data, box, form)
        body = body[:8] + struct.pack(f">{len(places)}{form}", *(place + shift for place in places))
    return _box(kind, body)


def _media(data: bytes, track: Box) -> list[tuple[int, int]]:
    """Return from where to where each chunk of a track lies."""
    table = fmp4.find(data, b"mdia", b"minf", b"stbl", within=track)
    boxes = {box.kind: box for box in _inside(data, table)}
    sample_size = boxes.get(b"stsz")
    if sample_size is None or any(data[sample_size.body : sample_size.body + 8]):
        raise _UnusualError  # all samples of one size: PCM, or an attack
    ends = [0, *accumulate(_numbers(data, sample_size, "I", at=8))]
    kind = next(kind for kind in _OFFSETS if kind in boxes)
    places = _numbers(data, boxes[kind], _OFFSETS[kind])
    runs = _numbers(data, boxes[b"stsc"], "I", columns=3) if b"stsc" in boxes else ()
    firsts, counts = [*runs[::3], len(places) + 1], runs[1::3]
    if firsts[0] != 1 or firsts != sorted(firsts):
        raise _UnusualError
    spans, sample = [], 0
    for count, (first, following) in zip(counts, pairwise(firsts), strict=True):
        for place in places[first - 1 : following - 1]:
            if sample + count >= len(ends):
                raise _UnusualError
            spans.append((place, place + ends[sample + count] - ends[sample]))
            sample += count
    if sample != len(ends) - 1:
        raise _UnusualError
    return spans


def _numbers(data: bytes, box: Box, form: str, *, at: int = 4, columns: int = 1) -> tuple[int, ...]:
    """Return the numbers of a table whose length lies `at` so many bytes."""
    count = columns * int.from_bytes(data[box.body + at : box.body + at + 4])
    start, width = box.body + at + 4, struct.calcsize(form)
    if start + count * width > box.end:
        raise _UnusualError
    return struct.unpack_from(f">{count}{form}", data, start)


def _sample_entry(data: bytes, box: Box) -> Box:
    """Return the only sample entry, if it is of a kind that every player reads."""
    entry = next(fmp4.boxes(data, box.body + 8, box.end))
    if data[box.body + 4 : box.body + 8] != b"\0\0\0\1" or entry.kind not in _FIELDS or entry.end > box.end:
        raise _UnusualError
    quicktime = entry.kind == b"mp4a" and any(data[entry.body + 8 : entry.body + 10])
    if quicktime:
        raise _UnusualError
    return entry


def _inside(data: bytes, box: Box) -> Iterator[Box]:
    for inner in fmp4.boxes(data, box.body + _FIELDS.get(box.kind, 0), box.end):
        if inner.end > box.end or inner.end < inner.body:
            raise _UnusualError
        yield inner


def _box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body
