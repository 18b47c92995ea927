"""Make the small pictures that are shown over the seek bar: one sheet, and where each lies in it.

They are taken from the lowest rung, which is upright and in the right colours already. Of a long video only
a hundred segments are read, and of each only its key frame is decoded: it takes no longer than a short one.
"""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from functions.core.keys import STORYBOARD_SHEET
from functions.core.storage import MediaStorage
from functions.process import media
from functions.process.fmp4 import ByteRange
from functions.process.plan import Job, PlannedRung
from functions.process.playlists import Rendition

MOST_TILES = 100
COLUMNS = 10
# The longer side of a tile, in pixels.
TILE = 160
# Up to here, seconds are decoded instead of key frames: of so short a video there are few.
SHORT_SECONDS = MOST_TILES
READERS = 16


@dataclass(frozen=True)
class Sheet:
    """Tiles of one size in rows, each shown from one of the times on until `end`, both in seconds."""

    width: int
    height: int
    times: tuple[Fraction, ...]
    end: Fraction

    @property
    def columns(self) -> int:
        return min(COLUMNS, len(self.times))

    @property
    def rows(self) -> int:
        return -(-len(self.times) // self.columns)

    def cues(self) -> str:
        """Return the WebVTT: to each span of time its part of the sheet (W3C Media Fragments)."""
        lines = ["WEBVTT"]
        for number, (start, end) in enumerate(pairwise((*self.times, self.end))):
            row, column = divmod(number, self.columns)
            place = f"{column * self.width},{row * self.height},{self.width},{self.height}"
            lines += ["", f"{_clock(start)} --> {_clock(end)}", f"{STORYBOARD_SHEET}#xywh={place}"]
        return "\n".join([*lines, ""])


def make(
    job: Job, rung: PlannedRung, rendition: Rendition, storage: MediaStorage, *, seconds: float
) -> tuple[bytes, str]:
    """Return the sheet and its cues; `rendition` is that of the rung. Takes at most `seconds`."""
    segments = [(name, segment) for name, track in rendition.files.items() for segment in track.segments]
    track = next(iter(rendition.files.values()))
    end = Fraction(segments[-1][1].end, track.timescale)
    by_second = end <= SHORT_SECONDS
    chosen = segments if by_second else segments[:: -(-len(segments) // MOST_TILES)]
    times = (
        [Fraction(second) for second in range(max(1, int(end)))]
        if by_second
        else [Fraction(segment.start, track.timescale) for _, segment in chosen]
    )
    width, height = _tile_size(rung)
    sheet = Sheet(width, height, tuple(times), end)

    def read(part: tuple[str, ByteRange]) -> bytes:
        name, span = part
        return storage.read_range(
            job.key(f"{rendition.folder}/{name}"), span.offset, span.offset + span.length
        )

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(READERS) as pool:
        film, picture = Path(folder, "film.mp4"), Path(folder, STORYBOARD_SHEET)
        film.write_bytes(b"".join(pool.map(read, [(chosen[0][0], track.header), *chosen])))
        media.tile(
            film,
            picture,
            size=(sheet.width, sheet.height),
            grid=(sheet.columns, sheet.rows),
            every_second=by_second,
            seconds=seconds,
        )
        return picture.read_bytes(), sheet.cues()


def _tile_size(rung: PlannedRung) -> tuple[int, int]:
    longer = max(rung.frame_width, rung.frame_height)
    width, height = (
        max(2, 2 * round(Fraction(side * TILE, 2 * longer))) for side in (rung.frame_width, rung.frame_height)
    )
    return width, height


def _clock(seconds: Fraction) -> str:
    whole, milliseconds = divmod(round(1000 * seconds), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{milliseconds:03}"
