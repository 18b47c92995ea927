"""Which container an upload is, told by its own bytes, and whether all of it is there."""

from collections.abc import Callable

from functions.core.errors import FailureCode, SourceRejectedError
from functions.process.plan import Container

HEAD_BYTES = 4096
# Recorders write a handful of boxes; a file with more is made of fragments, which need not be walked.
MOST_BOXES = 32

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
_RIFF_WITHOUT_VIDEO = {b"WAVE", b"WEBP"}

ReadRange = Callable[[int, int], bytes]


def recognise(head: bytes) -> Container:
    """Name the demuxer for a file that begins with `head`; the user's file name and type have no say."""
    if head[4:8] == b"ftyp" and head[8:12] in _IMAGE_BRANDS:
        raise SourceRejectedError(FailureCode.NO_VIDEO)
    if head[4:8] in _MOV_BOXES:
        return Container.MOV
    if head.startswith(_EBML):
        return Container.MATROSKA
    if head.startswith(_PICTURES_AND_SOUND) or (head[:4] == b"RIFF" and head[8:12] in _RIFF_WITHOUT_VIDEO):
        raise SourceRejectedError(FailureCode.NO_VIDEO)
    raise SourceRejectedError(FailureCode.NOT_A_VIDEO)


def check_whole(container: Container, size: int, read: ReadRange) -> None:
    """Hold what the container says of its length against the object's size.

    A file that was cut short keeps its index and probes as if nothing were missing; the hole would only
    show when a late chunk finds no frames.
    """
    whole = _mov_is_whole(size, read) if container is Container.MOV else _matroska_is_whole(size, read)
    if not whole:
        raise SourceRejectedError(FailureCode.CORRUPT)


def _mov_is_whole(size: int, read: ReadRange) -> bool:
    seen: set[bytes] = set()
    offset = 0
    for _ in range(MOST_BOXES):
        if offset + 8 > size:
            break
        header = read(offset, min(offset + 16, size))
        length, kind = int.from_bytes(header[:4]), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16])
        elif length == 0:  # up to the end of the file
            length = size - offset
        if length < 8 or not kind.isalnum():  # noqa: PLR2004 (a box header); junk after the last box
            break
        if offset + length > size:
            return False
        seen.add(kind)
        offset += length
    else:
        return True
    return b"moov" in seen


def _matroska_is_whole(size: int, read: ReadRange) -> bool:
    head = read(0, min(HEAD_BYTES, size))
    header_length, offset = _ebml_number(head, len(_EBML))
    offset += header_length or 0
    if header_length is None or head[offset : offset + 4] != _SEGMENT:
        return True  # unusual, not cut: ffprobe will tell
    length, start = _ebml_number(head, offset + 4)
    return length is None or start + length <= size


def _ebml_number(data: bytes, offset: int) -> tuple[int | None, int]:
    """Return the variable-length number at `offset` (None: unknown, as live recorders write) and its end."""
    if offset >= len(data) or not data[offset]:
        return None, offset
    length = 9 - data[offset].bit_length()
    raw = int.from_bytes(data[offset : offset + length])
    unknown = (1 << 7 * length) - 1
    value = raw & unknown
    return (None if value == unknown else value), offset + length
