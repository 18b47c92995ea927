"""HLS playlists: the text that players read first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from functions.process.fmp4 import Segment, Track
from functions.process.plan import PlannedRung

CONTENT_TYPE = "application/vnd.apple.mpegurl"
# RFC 8216 leaves very short segments out of the peak, or a last frame alone would set it.
SHORTEST_PEAK_SECONDS = Fraction(1, 2)


@dataclass(frozen=True)
class Rendition:
    """What one media playlist plays: the files of a folder in order, by their names there."""

    folder: str
    files: dict[str, Track]

    @property
    def uri(self) -> str:
        return f"{self.folder}/index.m3u8"

    @property
    def seconds(self) -> Fraction:
        return sum((_seconds(track, segment) for track, segment in self._segments()), Fraction())

    @property
    def size(self) -> int:
        return sum(track.size for track in self.files.values())

    @property
    def codecs(self) -> str:
        return next(iter(self.files.values())).codecs

    @property
    def peak_bandwidth(self) -> int:
        """Bits per second of the heaviest segment."""
        rates = [
            (seconds >= SHORTEST_PEAK_SECONDS, 8 * segment.length / seconds)
            for track, segment in self._segments()
            if (seconds := _seconds(track, segment))
        ]
        return math.ceil(max(rates)[1])

    @property
    def average_bandwidth(self) -> int:
        return math.ceil(8 * sum(segment.length for _, segment in self._segments()) / self.seconds)

    def playlist(self) -> str:
        longest = max(_seconds(track, segment) for track, segment in self._segments())
        first, track = next(iter(self.files.items()))
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{math.ceil(longest)}",
            "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-MAP:URI="{first}",BYTERANGE="{track.header.length}@{track.header.offset}"',
        ]
        for name, track in self.files.items():
            for segment in track.segments:
                lines += [
                    f"#EXTINF:{float(_seconds(track, segment)):.6f},",
                    f"#EXT-X-BYTERANGE:{segment.length}@{segment.offset}",
                    name,
                ]
        return "\n".join([*lines, "#EXT-X-ENDLIST", ""])

    def _segments(self) -> list[tuple[Track, Segment]]:
        return [(track, segment) for track in self.files.values() for segment in track.segments]


@dataclass(frozen=True)
class Variant:
    """One line a player may choose: a rendition of the pictures, with the sound that goes with it."""

    video: Rendition
    audio: Rendition | None
    rung: PlannedRung

    @property
    def bandwidth(self) -> int:
        return self.video.peak_bandwidth + (self.audio.peak_bandwidth if self.audio else 0)

    @property
    def average_bandwidth(self) -> int:
        return self.video.average_bandwidth + (self.audio.average_bandwidth if self.audio else 0)

    @property
    def codecs(self) -> str:
        return f"{self.video.codecs},{self.audio.codecs}" if self.audio else self.video.codecs


def master(variants: Sequence[Variant], audio: Rendition | None, fps: Fraction) -> str:
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if audio:
        lines.append(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",'
            f'URI="{audio.uri}"'
        )
    for variant in variants:
        attributes = [
            f"BANDWIDTH={variant.bandwidth}",
            f"AVERAGE-BANDWIDTH={variant.average_bandwidth}",
            f'CODECS="{variant.codecs}"',
            f"RESOLUTION={variant.rung.frame_width}x{variant.rung.frame_height}",
            f"FRAME-RATE={float(fps):.3f}",
            *(['AUDIO="audio"'] if audio else []),
        ]
        lines += ["#EXT-X-STREAM-INF:" + ",".join(attributes), variant.video.uri]
    return "\n".join([*lines, ""])


def _seconds(track: Track, segment: Segment) -> Fraction:
    return Fraction(segment.duration, track.timescale)
