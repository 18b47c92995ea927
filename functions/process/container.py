"""Which container an upload is, told by its own bytes, and whether all of it is there."""

import struct
from collections.abc import Callable, Iterator

from functions.core.errors import FailureCode, SourceRejectedError
from functions.process.plan import Container

HEAD_BYTES = 4096
# Recorders write a handful of boxes; a file with more is made of fragments, which need not be walked.
MOST_BOXES = 32
FEWEST_TS_PACKETS = 4

_MOV_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"}
_IMAGE_BRANDS = {
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevc",
    b"hevx",
    b"mif1",
    b"msf1",
    b"avif",
    b"avis",
    b"crx ",
}
_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"
_PICTURES_AND_SOUND = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n",
    b"GIF8",
    b"BM",
    b"II*\x00",  # TIFF
    b"MM\x00*",
    b"8BPS",  # Photoshop
    b"ID3",  # MP3
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf1",  # AAC
    b"\xff\xf9",
    b"fLaC",
    b"#!AMR",
)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_FLV_FILE_SIZE = b"filesize\0"
_UNKNOWN_SIZE = 0xFFFF_FFFF
_BEGINNINGS = {
    _EBML: Container.MATROSKA,
    b"FLV\x01": Container.FLV,
    b"OggS": Container.OGG,
    _ASF: Container.ASF,
    b"\x00\x00\x01\xba": Container.MPEG_PS,
}
# Where the first packet of a transport stream begins, and the length of each: plain, M2TS, with parity.
_TS_PACKETS = ((0, 188), (4, 192), (0, 204))
_TS_SYNC = 0x47
_RIFF_WITHOUT_VIDEO = {b"WAVE", b"WEBP"}

ReadRange = Callable[[int, int], bytes]


def recognise(head: bytes) -> Container:
    """Name the demuxer for a file that begins with `head`; the user's file name and type have no say."""
    if head[4:8] == b"ftyp" and head[8:12] in _IMAGE_BRANDS:
        raise SourceRejectedError(FailureCode.NO_VIDEO)
    if head[4:8] in _MOV_BOXES:
        return Container.MOV
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Container.AVI
    for beginning, container in _BEGINNINGS.items():
        if head.startswith(beginning):
            return container
    if _is_transport_stream(head):
        return Container.MPEG_TS
    if head.startswith(_PICTURES_AND_SOUND) or (head[:4] == b"RIFF" and head[8:12] in _RIFF_WITHOUT_VIDEO):
        raise SourceRejectedError(FailureCode.NO_VIDEO)
    raise SourceRejectedError(FailureCode.NOT_A_VIDEO)


def check_whole(container: Container, size: int, read: ReadRange) -> None:
    """Hold what the container says of its length against the object's size.

    A file that was cut short keeps its index and probes as if nothing were missing; the hole would only
    show when a late chunk finds no frames.
    """
    match container:
        case Container.MOV:
            whole = _mov_is_whole(size, read)
        case Container.MATROSKA:
            whole = _matroska_is_whole(size, read)
        case _:
            whole = _stated_size(container, read(0, min(HEAD_BYTES, size))) <= size
    if not whole:
        raise SourceRejectedError(FailureCode.CORRUPT)


def _is_transport_stream(head: bytes) -> bool:
    """Every packet begins with the same byte; one after the other is no accident."""
    return any(
        len(head) >= FEWEST_TS_PACKETS * length and set(head[first::length]) == {_TS_SYNC}
        for first, length in _TS_PACKETS
    )


def mov_boxes(size: int, read: ReadRange) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box of the file, its kind and from where to where it says to lie, up to one that is none."""
    offset = 0
    while offset + 8 <= size:
        header = read(offset, min(offset + 16, size))
        length, kind = int.from_bytes(header[:4]), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16])
        elif length == 0:  # up to the end of the file
            length = size - offset
        if length < 8 or not kind.isalnum():  # noqa: PLR2004 (a box header); junk after the last box
            return
        yield kind, offset, offset + length
        offset += length


def _mov_is_whole(size: int, read: ReadRange) -> bool:
    seen: set[bytes] = set()
    for number, (kind, _, end) in enumerate(mov_boxes(size, read), 1):
        if end > size:
            return False
        if number == MOST_BOXES:
            return True
        seen.add(kind)
    return b"moov" in seen


def _matroska_is_whole(size: int, read: ReadRange) -> bool:
    head = read(0, min(HEAD_BYTES, size))
    header_length, offset = _ebml_number(head, len(_EBML))
    offset += header_length or 0
    if header_length is None or head[offset : offset + 4] != _SEGMENT:
        return True  # unusual, not cut: ffprobe will tell
    length, start = _ebml_number(head, offset + 4)
    return length is None or start + length <= size


def _stated_size(container: Container, head: bytes) -> int:
    """Return how many bytes the file must have, by its own words; streams made for broadcast say nothing."""
    if container is Container.AVI:
        length = int.from_bytes(head[4:8], "little")
        return 0 if length == _UNKNOWN_SIZE else 8 + length
    if container is Container.ASF and (at := head.find(_ASF_FILE_PROPERTIES)) >= 0:
        return int.from_bytes(head[at + 40 : at + 48], "little")
    if container is Container.FLV and (at := head.find(_FLV_FILE_SIZE)) >= 0:
        stated: float = struct.unpack_from(">d", head, at + len(_FLV_FILE_SIZE))[0]
        return int(stated) if 0 <= stated < 2**63 else 0
    return 0


def _ebml_number(data: bytes, offset: int) -> tuple[int | None, int]:
    """Return the variable-length number at `offset` (None: unknown, as live recorders write) and its end."""
    if offset >= len(data) or not data[offset]:
        return None, offset
    length = 9 - data[offset].bit_length()
    raw = int.from_bytes(data[offset : offset + length])
    unknown = (1 << 7 * length) - 1
    value = raw & unknown
    return (None if value == unknown else value), offset + length
