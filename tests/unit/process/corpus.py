"""Videos of every kind, made with ffmpeg: how each is made and what must come out of it.

All show the same card. Its corners tell colour and orientation; the stripe across the middle is the number
of the frame in black and white bits, so that every picture that comes out says when it was taken; a lamp at
the top lights while a tone sounds. `python -m tests.unit.process.corpus FOLDER` writes all of them.

Not made here: Dolby Vision's own enhancement data, for which there is no free encoder; the case below is an
HLG base layer with the box that announces profile 8.4, which is all that a base-layer decoder looks at.
"""

import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()

BITS = 10
# Top left, top right, bottom left, bottom right; no two alike, none so bright that tone mapping bends it.
CORNERS = ((140, 40, 30), (40, 130, 60), (40, 50, 140), (120, 120, 40))
GREY = 96
LIT = (Fraction(1), Fraction(14, 10))

X264 = "libx264 -preset ultrafast -g 12 -bf 2"
X264_IN_ORDER = "libx264 -preset ultrafast -g 12 -bf 0"
X265 = "libx265 -preset ultrafast -x265-params log-level=0:keyint=12"
VP9 = "libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M -g 12"
AV1 = "libaom-av1 -usage realtime -cpu-used 8 -crf 20 -g 12"
MPEG2 = "mpeg2video -q:v 2 -g 12 -bf 2"
MPEG4 = "mpeg4 -q:v 2 -g 12 -bf 2"

FROM_BEFORE_ZERO = "-output_ts_offset -0.6 -avoid_negative_ts disabled"


class Colour(NamedTuple):
    """How the card's RGB becomes the source's samples, and what the file says of it.

    `wide` is the transfer function of a source in the colour space of BT.2020.
    """

    matrix: str = "bt709"
    tags: str = "bt709"
    full: bool = False
    wide: str = ""


BT709 = Colour()
# Without a tag, pictures below 720 lines are BT.601 and others BT.709, as browsers take them.
UNTAGGED = Colour("smpte170m", "")
UNTAGGED_HD = Colour("bt709", "")
FULL_RANGE = Colour(full=True)
JPEG = Colour("smpte170m", "", full=True)
PQ, HLG, BT2020 = Colour(wide="smpte2084"), Colour(wide="arib-std-b67"), Colour(wide="bt709")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One source. Making: the card's `rate`, `seconds` and coded `size`; the rest are ffmpeg's options.

    Coming out: `fps` and `frames` of the grid, the `shown` size, the number of the `first` frame.
    """

    name: str
    suffix: str = ".mp4"
    video: str = X264
    pixels: str = "yuv420p"
    colour: Colour = BT709
    size: tuple[int, int] = (160, 120)
    rate: str = "25"
    seconds: float = 3
    filters: str = ""
    sound: str | None = "-c:a aac"
    samples: int = 48_000
    channels: str = "stereo"
    options: str = ""
    # When the sound begins; what comes before it was not recorded.
    sound_from: float = 0
    # Put before the sound a track that is not the default: another tone, all the time.
    decoy: bool = False
    # The numbers of the frames that were recorded, where some were left out.
    kept: frozenset[int] | None = None
    # When the pictures begin, and how long the sound lasts if not as long as they.
    pictures_from: float = 0
    sound_for: float = 0
    # A second pass that copies the streams: options before the input, and after it.
    copied: tuple[str, str] | None = None
    # Goes on with another file, whose card begins anew at this number of frames.
    goes_on: "tuple[int, Case] | None" = None
    altered: Callable[[bytes], bytes] | None = None

    fps: str = "25"
    frames: int = 75
    shown: tuple[int, int] | None = None
    # Degrees that the shown picture stands turned against the coded one, counter-clockwise; mirrored after.
    turn: int = 0
    mirrored: bool = False
    first: int = 0
    hdr: bool = False
    tolerance: float = 0.03
    codec: str = "h264"

    def number_at(self, frame: int) -> int:
        """Return the number of the picture that frame `frame` of the grid shows: the last begun by then."""
        rate = Fraction(self.rate)
        if self.goes_on and frame >= self.goes_on[0]:
            return self.goes_on[1].number_at(frame - self.goes_on[0])
        numbers = sorted(self.kept) if self.kept else range(round(self.seconds * rate))
        begun = [
            number
            for number in numbers
            if number >= self.first
            and math.floor((number - self.first) / rate * Fraction(self.fps) + Fraction(1, 2)) <= frame
        ]
        return begun[-1] % (1 << BITS)


def with_dolby_vision(data: bytes) -> bytes:
    """Add the box that says: Dolby Vision, profile 8.4, a base layer and its metadata, HLG-compatible."""
    level, profile, compatible = 1, 8, 4
    flags = (profile << 9) | (level << 3) | 0b101
    record = bytes([1, 0, *flags.to_bytes(2), compatible << 4, *bytes(19)])
    return into_sample_entry(data, b"hvc1", b"dvvC", record)


def into_sample_entry(data: bytes, entry: bytes, kind: bytes, body: bytes) -> bytes:
    """Append a box to the only sample entry of its name; the index must come last in the file."""
    box = (8 + len(body)).to_bytes(4) + kind + body
    at = data.rindex(entry) - 4
    end = at + int.from_bytes(data[at : at + 4])
    path = [data.rindex(b"moov")]
    track = data.rindex(b"trak", 0, at)
    path += [track, *(data.index(name, track) for name in (b"mdia", b"minf", b"stbl", b"stsd"))]
    edited = bytearray(data)
    for start in [*(name - 4 for name in path), at]:
        edited[start : start + 4] = (int.from_bytes(data[start : start + 4]) + len(box)).to_bytes(4)
    return bytes(edited[:end] + box + edited[end:])


EVEN = frozenset(range(0, 300, 2))

CASES = (
    # Codecs and containers
    Case(name="h264 mp4"),
    Case(name="h264 mov", suffix=".mov", options="-movflags +faststart"),
    Case(name="h264 m4v", suffix=".m4v", options="-f ipod"),
    Case(name="h264 mkv", suffix=".mkv"),
    Case(name="h264 avi", suffix=".avi", video=X264.replace("-bf 2", "-bf 0"), sound="-c:a pcm_s16le"),
    Case(name="h264 avi, b-frames", suffix=".avi", sound="-c:a pcm_s16le"),
    Case(
        name="h264 avi, open gop",
        suffix=".avi",
        video="libx264 -preset fast -g 12 -bf 3 -x264-params open-gop=1",
        sound="-c:a libmp3lame",
        rate="30000/1001",
        fps="30000/1001",
        frames=90,
    ),
    Case(
        name="h264 avi, one key frame",
        suffix=".avi",
        video="libx264 -preset fast -g 1000 -bf 5",
        sound="-c:a libmp3lame",
    ),
    Case(name="h264 ts", suffix=".ts"),
    Case(name="h264 m2ts", suffix=".m2ts", sound="-c:a ac3"),
    Case(name="h264 flv", suffix=".flv", samples=44_100),
    Case(
        name="h264 3gp",
        suffix=".3gp",
        sound="-c:a libopencore_amrnb -b:a 12.2k",
        samples=8000,
        channels="mono",
    ),
    Case(name="h264 10 bit", video="libx264 -preset ultrafast -profile:v high10 -g 12", pixels="yuv420p10le"),
    Case(name="h264 4:2:2", video="libx264 -preset ultrafast -g 12", pixels="yuv422p"),
    Case(name="h264 full range", colour=FULL_RANGE, pixels="yuvj420p"),
    Case(name="h264 untagged", colour=UNTAGGED),
    Case(
        name="h264 untagged, high definition",
        colour=UNTAGGED_HD,
        size=(1280, 720),
        seconds=2,
        frames=50,
    ),
    Case(name="h264 fragmented", options="-movflags +frag_keyframe+empty_moov"),
    Case(name="hevc mp4", video=X265, options="-tag:v hvc1", codec="hevc"),
    Case(name="hevc mkv, 10 bit", suffix=".mkv", video=X265, pixels="yuv420p10le", codec="hevc"),
    Case(name="hevc ts", suffix=".ts", video=X265, codec="hevc"),
    Case(
        name="vp8 webm",
        suffix=".webm",
        video="libvpx -deadline realtime -cpu-used 8 -b:v 1M -g 12",
        colour=UNTAGGED,
        sound="-c:a libvorbis",
        codec="vp8",
    ),
    Case(name="vp9 webm", suffix=".webm", video=VP9, sound="-c:a libopus", codec="vp9"),
    Case(name="vp9 mp4", video=VP9, codec="vp9"),
    Case(
        name="vp9 webm, 10 bit",
        suffix=".webm",
        video=VP9 + " -profile:v 2",
        pixels="yuv420p10le",
        sound="-c:a libopus",
        codec="vp9",
    ),
    Case(name="av1 mp4", video=AV1, codec="av1"),
    Case(name="av1 webm", suffix=".webm", video=AV1, sound="-c:a libopus", codec="av1"),
    Case(name="av1 mkv, 10 bit", suffix=".mkv", video=AV1, pixels="yuv420p10le", codec="av1"),
    Case(name="mpeg2 vob", suffix=".vob", video=MPEG2, colour=UNTAGGED, sound="-c:a ac3", codec="mpeg2video"),
    Case(name="mpeg2 ts", suffix=".ts", video=MPEG2, colour=UNTAGGED, sound="-c:a mp2", codec="mpeg2video"),
    Case(name="mpeg4 mp4", video=MPEG4, colour=UNTAGGED, codec="mpeg4"),
    Case(
        name="mpeg4 avi", suffix=".avi", video=MPEG4, colour=UNTAGGED, sound="-c:a libmp3lame", codec="mpeg4"
    ),
    Case(
        name="mpeg4 3gp",
        suffix=".3gp",
        video=MPEG4.replace("-bf 2", "-bf 0"),
        colour=UNTAGGED,
        size=(176, 144),
        sound="-c:a libopencore_amrnb -b:a 12.2k",
        samples=8000,
        channels="mono",
        codec="mpeg4",
    ),
    Case(
        name="h263 3gp",
        suffix=".3gp",
        video="h263 -q:v 2",
        colour=UNTAGGED,
        size=(176, 144),
        sound=None,
        rate="30000/1001",
        fps="30000/1001",
        frames=90,
        codec="h263",
    ),
    Case(
        name="prores mov",
        suffix=".mov",
        video="prores_ks -profile:v 3",
        pixels="yuv422p10le",
        sound="-c:a pcm_s24le",
        codec="prores",
    ),
    Case(
        name="prores 4444 mov",
        suffix=".mov",
        video="prores_ks -profile:v 4",
        pixels="yuva444p10le",
        sound="-c:a pcm_s16be",
        codec="prores",
    ),
    Case(
        name="mjpeg avi",
        suffix=".avi",
        video="mjpeg -q:v 2",
        pixels="yuvj420p",
        colour=JPEG,
        sound="-c:a pcm_s16le",
        codec="mjpeg",
    ),
    Case(
        name="mjpeg mov",
        suffix=".mov",
        video="mjpeg -q:v 2",
        pixels="yuvj422p",
        colour=JPEG,
        sound="-c:a pcm_s16le",
        codec="mjpeg",
    ),
    Case(
        name="sorenson flv",
        suffix=".flv",
        video="flv -q:v 2 -g 12",
        colour=UNTAGGED,
        sound="-c:a libmp3lame",
        samples=44_100,
        codec="flv1",
    ),
    Case(
        name="theora ogv",
        suffix=".ogv",
        video="libtheora -q:v 10 -g 12",
        colour=UNTAGGED,
        sound="-c:a libvorbis",
        codec="theora",
    ),
    Case(
        name="wmv2 asf",
        suffix=".wmv",
        video="wmv2 -q:v 2 -g 12",
        colour=UNTAGGED,
        sound="-c:a wmav2",
        samples=44_100,
        codec="wmv2",
    ),
    Case(
        name="dnxhr mov",
        suffix=".mov",
        video="dnxhd -profile:v dnxhr_hq",
        pixels="yuv422p",
        size=(320, 240),
        sound="-c:a pcm_s16le",
        codec="dnxhd",
    ),
    Case(name="rgb screen, quicktime animation", suffix=".mov", video="qtrle", pixels="rgb24", codec="qtrle"),
    # High dynamic range
    Case(
        name="hdr10",
        video=X265
        + ":colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1"
        + ":master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
        + ":max-cll=1000,400",
        pixels="yuv420p10le",
        colour=PQ,
        options="-tag:v hvc1",
        hdr=True,
        codec="hevc",
    ),
    Case(
        name="hdr10 vp9",
        suffix=".webm",
        video=VP9 + " -profile:v 2",
        pixels="yuv420p10le",
        colour=PQ,
        sound="-c:a libopus",
        hdr=True,
        codec="vp9",
    ),
    Case(
        name="hlg",
        video=X265,
        pixels="yuv420p10le",
        colour=HLG,
        options="-tag:v hvc1",
        hdr=True,
        codec="hevc",
    ),
    *(
        Case(
            name=f"{name} in 8K",
            video=X265,
            pixels="yuv420p10le",
            colour=colour,
            options="-tag:v hvc1",
            size=(960, 540),
            filters="scale=7680:4320:flags=neighbor",
            shown=(7680, 4320),
            seconds=0.48,
            frames=12,
            hdr=True,
            codec="hevc",
        )
        for name, colour in (("hdr10", PQ), ("hlg", HLG))
    ),
    Case(name="hlg ts", suffix=".ts", video=X265, pixels="yuv420p10le", colour=HLG, hdr=True, codec="hevc"),
    Case(
        name="dolby vision, profile 8.4",
        video=X265,
        pixels="yuv420p10le",
        colour=HLG,
        options="-tag:v hvc1",
        altered=with_dolby_vision,
        hdr=True,
        codec="hevc",
    ),
    # Orientation and shape
    Case(name="turned 90", copied=("-display_rotation 90", ""), turn=90, shown=(120, 160)),
    Case(name="turned 180", copied=("-display_rotation 180", ""), turn=180),
    Case(name="turned 270", copied=("-display_rotation 270", ""), turn=270, shown=(120, 160), suffix=".mov"),
    Case(name="mirrored", copied=("-display_hflip", ""), mirrored=True),
    Case(
        name="hevc turned 90",
        video=X265,
        copied=("-display_rotation 90", "-tag:v hvc1"),
        turn=90,
        shown=(120, 160),
        codec="hevc",
    ),
    Case(name="portrait", size=(160, 284), shown=(160, 284)),
    Case(name="oblong pixels", size=(176, 144), filters="setsar=16/11", shown=(256, 144)),
    Case(name="tall pixels", size=(160, 120), filters="setsar=1/2", shown=(80, 120)),
    Case(
        name="oblong pixels, turned",
        size=(176, 144),
        filters="setsar=16/11",
        copied=("-display_rotation 90", ""),
        turn=90,
        shown=(144, 256),
    ),
    Case(
        name="odd size",
        suffix=".mkv",
        size=(161, 121),
        video="libx264 -preset ultrafast -g 12",
        pixels="yuv444p",
    ),
    Case(name="odd size vp9", suffix=".webm", size=(163, 123), video=VP9, sound="-c:a libopus", codec="vp9"),
    Case(name="tiny", size=(32, 24), video=X264, tolerance=0.06),
    Case(name="very wide", size=(640, 64)),
    Case(
        name="interlaced",
        rate="50",
        filters="tinterlace=interleave_top,fieldorder=tff",
        kept=EVEN,
        options="-flags +ilme+ildct",
        video="libx264 -preset ultrafast -g 12",
    ),
    Case(
        name="interlaced mpeg2 ts",
        suffix=".ts",
        rate="60000/1001",
        filters="tinterlace=interleave_top,fieldorder=tff",
        kept=EVEN,
        video=MPEG2,
        options="-flags +ilme+ildct",
        colour=UNTAGGED,
        sound="-c:a mp2",
        fps="30000/1001",
        frames=90,
        codec="mpeg2video",
    ),
    # Time
    Case(
        name="variable rate",
        rate="30",
        kept=frozenset(n for n in range(90) if (n < 45 and n % 3 != 1) or (n >= 45 and n % 7)),
        fps="30",
        frames=90,
    ),
    Case(
        name="variable rate, screen recorder",
        suffix=".mkv",
        rate="60",
        kept=frozenset(n for n in range(180) if n < 30 or n % 10 == 0 or n == 179),
        fps="60",
        frames=180,
    ),
    Case(name="1 fps", rate="1", seconds=4, fps="24", frames=96),
    Case(name="10 fps", rate="10", fps="30", frames=90),
    Case(name="12.5 fps", rate="25/2", fps="25", frames=74, seconds=2.96),
    Case(name="15 fps", rate="15", fps="30", frames=90),
    Case(name="23.976 fps", rate="24000/1001", fps="24000/1001", frames=72),
    Case(name="24 fps", rate="24", fps="24", frames=72),
    Case(name="29.97 fps", rate="30000/1001", fps="30000/1001", frames=90),
    Case(name="60 fps", rate="60", fps="60", frames=180),
    Case(name="120 fps", rate="120", fps="60", frames=180),
    Case(name="240 fps", rate="240", fps="60", frames=180),
    Case(name="240 fps mkv", suffix=".mkv", rate="240", fps="60", frames=180),
    Case(
        name="late start",
        suffix=".mkv",
        options="-output_ts_offset 1.37",
    ),
    Case(name="very late start, ts", suffix=".ts", options="-output_ts_offset 40000"),
    Case(
        name="clock wraps around, ts",
        suffix=".ts",
        options="-output_ts_offset 95441.7 -muxdelay 0 -muxpreload 0",
    ),
    Case(
        name="negative start",
        options="-use_editlist 0 -movflags +negative_cts_offsets",
    ),
    Case(name="negative start, mkv", suffix=".mkv", options=FROM_BEFORE_ZERO, frames=60, first=15),
    Case(
        name="negative start, webm",
        suffix=".webm",
        video=VP9,
        sound="-c:a libopus",
        options=FROM_BEFORE_ZERO,
        codec="vp9",
    ),
    Case(name="negative start, edit list", options=FROM_BEFORE_ZERO, frames=60, first=15),
    Case(name="negative start, ts", suffix=".ts", options="-output_ts_offset -5 -avoid_negative_ts disabled"),
    Case(name="late start, flv", suffix=".flv", samples=44_100, options="-output_ts_offset 400"),
    Case(
        name="late start, mpg",
        suffix=".mpg",
        video=MPEG2,
        colour=UNTAGGED,
        sound="-c:a mp2",
        options="-output_ts_offset 400",
        codec="mpeg2video",
    ),
    Case(
        name="late start, ogv",
        suffix=".ogv",
        video="libtheora -q:v 10 -g 12",
        colour=UNTAGGED,
        sound="-c:a libvorbis",
        options="-output_ts_offset 40",
        codec="theora",
    ),
    Case(
        name="late start, wmv",
        suffix=".wmv",
        video="wmv2 -q:v 2 -g 12",
        colour=UNTAGGED,
        sound="-c:a wmav2",
        samples=44_100,
        options="-output_ts_offset 40",
        codec="wmv2",
    ),
    Case(
        name="edit list", video=X264, copied=("-ss 0.6", "-avoid_negative_ts disabled"), frames=60, first=15
    ),
    Case(name="edit list that waits", options="-output_ts_offset 0.8 -movflags +faststart", suffix=".mov"),
    Case(
        name="open gop",
        suffix=".mkv",
        video="libx264 -preset fast -g 12 -bf 3 -x264-params open-gop=1",
    ),
    Case(
        name="open gop hevc",
        video="libx265 -preset ultrafast -bf 3 -x265-params log-level=0:open-gop=1:keyint=12",
        codec="hevc",
    ),
    Case(name="one key frame", video="libx264 -preset ultrafast -g 1000"),
    Case(name="one frame", seconds=0.04, sound=None, frames=1),
    Case(name="one frame, webm", suffix=".webm", video=VP9, seconds=0.04, sound=None, frames=1, codec="vp9"),
    Case(name="two frames with sound", seconds=0.08, frames=2),
    # Sound
    Case(name="no sound", sound=None),
    Case(name="mono", channels="mono"),
    Case(name="5.1 sound", channels="5.1", sound="-c:a ac3"),
    Case(name="5.1 sound, eac3 mkv", suffix=".mkv", channels="5.1", sound="-c:a eac3"),
    Case(name="7.1 sound", channels="7.1", sound="-c:a aac -b:a 320k"),
    Case(name="7.1 sound, flac", suffix=".mkv", channels="7.1", sound="-c:a flac"),
    Case(name="8 kHz", suffix=".mov", samples=8000, sound="-c:a pcm_mulaw", channels="mono"),
    Case(name="22.05 kHz", samples=22_050),
    Case(name="96 kHz", suffix=".mkv", samples=96_000, sound="-c:a flac"),
    Case(name="192 kHz", suffix=".mov", samples=192_000, sound="-c:a pcm_s24le"),
    Case(name="alac", suffix=".mov", sound="-c:a alac", samples=44_100),
    Case(name="dts", suffix=".mkv", sound="-c:a dca -strict -2"),
    Case(name="truehd", suffix=".mkv", sound="-c:a truehd -strict -2"),
    Case(name="sound later than pictures", sound_from=0.7),
    Case(name="sound later than pictures, mkv", suffix=".mkv", sound_from=0.7),
    Case(name="sound later than pictures, ts", suffix=".ts", sound_from=0.7),
    Case(name="several tracks", decoy=True),
    Case(name="several tracks, mkv", suffix=".mkv", decoy=True, sound="-c:a libopus"),
    # More of each, as found in the wild
    Case(name="wide gamut without high range", video=X265, pixels="yuv420p10le", colour=BT2020, codec="hevc"),
    Case(name="hevc 12 bit 4:4:4", suffix=".mkv", video=X265, pixels="yuv444p12le", codec="hevc"),
    Case(
        name="hevc 4:2:2 10 bit mov",
        suffix=".mov",
        video=X265,
        pixels="yuv422p10le",
        options="-tag:v hvc1",
        codec="hevc",
    ),
    Case(name="hevc flv", suffix=".flv", video=X265, samples=44_100, codec="hevc"),
    Case(name="av1 flv", suffix=".flv", video=AV1, samples=44_100, codec="av1"),
    Case(
        name="vp8 with alpha",
        suffix=".webm",
        video="libvpx -deadline realtime -b:v 1M -g 12 -auto-alt-ref 0",
        pixels="yuva420p",
        colour=UNTAGGED,
        sound="-c:a libopus",
        codec="vp8",
    ),
    Case(
        name="vp9 mkv, 4:4:4",
        suffix=".mkv",
        video=VP9 + " -profile:v 1",
        pixels="yuv444p",
        sound="-c:a libopus",
        codec="vp9",
    ),
    Case(
        name="mpeg1 mpg",
        suffix=".mpg",
        video="mpeg1video -q:v 2 -g 12 -bf 2",
        colour=UNTAGGED,
        sound="-c:a mp2",
        codec="mpeg1video",
    ),
    Case(
        name="mpeg2 mov",
        suffix=".mov",
        video=MPEG2,
        colour=UNTAGGED,
        sound="-c:a pcm_s16le",
        codec="mpeg2video",
    ),
    Case(name="mpeg2 mkv", suffix=".mkv", video=MPEG2, colour=UNTAGGED, sound="-c:a ac3", codec="mpeg2video"),
    Case(name="mpeg4 mkv", suffix=".mkv", video=MPEG4, colour=UNTAGGED, codec="mpeg4"),
    Case(
        name="mpeg4 avi without b-frames",
        suffix=".avi",
        video=MPEG4.replace("-bf 2", "-bf 0"),
        colour=UNTAGGED,
        sound="-c:a pcm_s16le",
        codec="mpeg4",
    ),
    Case(
        name="msmpeg4 avi",
        suffix=".avi",
        video="msmpeg4 -q:v 2 -g 12",
        colour=UNTAGGED,
        sound="-c:a pcm_s16le",
        codec="msmpeg4v3",
    ),
    Case(
        name="mjpeg mkv", suffix=".mkv", video="mjpeg -q:v 2", pixels="yuvj420p", colour=JPEG, codec="mjpeg"
    ),
    Case(name="mjpeg mp4", video="mjpeg -q:v 2", pixels="yuvj420p", colour=JPEG, codec="mjpeg"),
    Case(
        name="cineform mov",
        suffix=".mov",
        video="cfhd -quality film3",
        pixels="yuv422p10le",
        sound="-c:a pcm_s16le",
        codec="cfhd",
        tolerance=0.04,
    ),
    Case(name="ffv1 mkv", suffix=".mkv", video="ffv1", sound="-c:a flac", codec="ffv1"),
    Case(
        name="uncompressed avi",
        suffix=".avi",
        video="rawvideo",
        pixels="yuv420p",
        colour=UNTAGGED,
        sound="-c:a pcm_s16le",
        codec="rawvideo",
    ),
    Case(
        name="uncompressed rgb avi",
        suffix=".avi",
        video="rawvideo",
        pixels="bgr24",
        sound="-c:a pcm_s16le",
        codec="rawvideo",
    ),
    Case(
        name="dv avi",
        suffix=".avi",
        video="dvvideo",
        size=(720, 576),
        pixels="yuv420p",
        colour=UNTAGGED,
        filters="setsar=16/15",
        sound="-c:a pcm_s16le",
        shown=(768, 576),
        codec="dvvideo",
    ),
    Case(name="opus in mp4", sound="-c:a libopus"),
    Case(name="vorbis in mkv", suffix=".mkv", sound="-c:a libvorbis"),
    Case(
        name="5.1 opus in webm",
        suffix=".webm",
        video=VP9,
        channels="5.1",
        sound="-c:a libopus -mapping_family 1",
        codec="vp9",
    ),
    Case(
        name="interlaced, bottom first, ts",
        suffix=".ts",
        rate="50",
        filters="tinterlace=interleave_bottom,setfield=bff",
        kept=EVEN,
        options="-flags +ilme+ildct -x264-params bff=1",
        video="libx264 -preset ultrafast -g 12",
    ),
    Case(name="5 fps", rate="5", fps="25"),
    Case(name="7.5 fps", rate="15/2", seconds=2.8, fps="30", frames=84),
    Case(name="18 fps", rate="18", fps="24000/1001", frames=72),
    Case(name="50 fps", rate="50", fps="50", frames=150),
    Case(
        name="59.94 fps, m2ts",
        suffix=".m2ts",
        rate="60000/1001",
        fps="60000/1001",
        frames=180,
        sound="-c:a ac3",
    ),
    Case(name="100 fps", rate="100", fps="50", frames=150),
    Case(
        name="variable rate, a long pause",
        suffix=".mkv",
        rate="30",
        kept=frozenset([*range(10), 30, 31, 32, *range(80, 90)]),
        fps="30",
        frames=90,
    ),
    Case(
        name="variable rate mp4, 10 to 60",
        rate="60",
        kept=frozenset(n for n in range(180) if n > 90 or n % 6 == 0),
        fps="60",
        frames=180,
    ),
    Case(
        name="variable rate, hevc mov",
        suffix=".mov",
        rate="60",
        video=X265,
        options="-tag:v hvc1",
        kept=frozenset(n for n in range(180) if n % 5 != 3 and n % 11),
        fps="60",
        frames=179,
        first=1,
        codec="hevc",
    ),
    Case(name="pictures later than sound", pictures_from=0.6),
    Case(name="pictures later than sound, mkv", suffix=".mkv", pictures_from=0.6),
    Case(name="pictures later than sound, ts", suffix=".ts", pictures_from=0.6),
    Case(name="sound ends early", sound_for=2),
    Case(name="sound goes on", sound_for=4),
    Case(name="sound goes on, ts", suffix=".ts", sound_for=4),
    Case(
        name="fragments from a later time",
        options="-output_ts_offset 1000 -movflags +frag_keyframe+empty_moov -use_editlist 0",
    ),
    Case(name="written to a pipe, mkv", suffix=".mkv", options="-live 1"),
    Case(name="timecode track", suffix=".mov", options="-timecode 01:00:00:00"),
    Case(
        name="size changes, ts",
        suffix=".ts",
        video=X264_IN_ORDER,
        frames=150,
        goes_on=(
            75,
            Case(
                name="larger",
                suffix=".ts",
                video=X264_IN_ORDER,
                size=(320, 240),
                options="-output_ts_offset 3.02134",
            ),
        ),
    ),
    Case(
        name="shape changes, ts",
        suffix=".ts",
        video=X264_IN_ORDER,
        frames=150,
        goes_on=(
            75,
            Case(
                name="portrait",
                suffix=".ts",
                video=X264_IN_ORDER,
                size=(120, 160),
                options="-output_ts_offset 3.02134",
            ),
        ),
    ),
)

# What the browser's player shall play too: one of each codec, shape, rate and kind of sound.
IN_BROWSER = (
    "h264 mov",
    "h264 ts",
    "h264 full range",
    "hevc mkv, 10 bit",
    "vp9 webm",
    "av1 mp4",
    "prores mov",
    "hlg",
    "turned 90",
    "oblong pixels",
    "interlaced mpeg2 ts",
    "variable rate, a long pause",
    "23.976 fps",
    "240 fps",
    "no sound",
    "7.1 sound",
    "sound later than pictures",
    "sound ends early",
    "one frame",
)


def make(case: Case, path: Path) -> None:
    """Write the file of a case."""
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "first" + case.suffix) if case.copied else path
        _ffmpeg(*_inputs(case), *_streams(case), *case.options.split(), str(first))
        if case.copied:
            before, after = (options.split() for options in case.copied)
            _ffmpeg(*before, "-i", str(first), "-map", "0", "-c", "copy", *after, str(path))
    if case.goes_on:
        with tempfile.TemporaryDirectory() as folder:
            next_part = Path(folder, "next" + case.suffix)
            make(case.goes_on[1], next_part)
            path.write_bytes(path.read_bytes() + next_part.read_bytes())
    if case.altered:
        path.write_bytes(case.altered(path.read_bytes()))


def _inputs(case: Case) -> list[str]:
    width, height = case.size
    inputs = ["-itsoffset", str(case.pictures_from)] if case.pictures_from else []
    inputs += ["-f", "lavfi", "-i", f"color=s={width}x{height}:r={case.rate}:d={case.seconds}"]
    if case.sound is None:
        return inputs
    begins, ends = (float(time) - case.sound_from for time in LIT)
    lit = f"between(t\\,{begins}\\,{ends})"
    lasts = case.sound_for or case.seconds + case.pictures_from - case.sound_from
    rate = f"s={case.samples}:d={lasts}:c={case.channels}"
    places = len(CHANNELS[case.channels])
    beep = "|".join([f"0.4*sin(2000*PI*t)*{lit}"] * places)
    decoy = "|".join(["0.4*sin(600*PI*t)"] * places)
    inputs += ["-itsoffset", str(case.sound_from)]
    for tone in [decoy, beep] if case.decoy else [beep]:
        inputs += ["-f", "lavfi", "-i", f"aevalsrc={tone}:{rate}"]
    return inputs


CHANNELS = {"mono": "c", "stereo": "lr", "5.1": "lrcwsS", "7.1": "lrcwsSbB"}


def _streams(case: Case) -> list[str]:
    streams = ["-vf", _card(case), "-pix_fmt", case.pixels, "-c:v", *case.video.split()]
    streams += ["-fps_mode", "vfr"] if case.kept else []
    if case.sound is None:
        return [*streams, "-map", "0:v"]
    streams += ["-map", "0:v", "-map", "1:a", *(["-map", "2:a"] if case.decoy else []), *case.sound.split()]
    return streams + (["-disposition:a:0", "0", "-disposition:a:1", "default"] if case.decoy else [])


def _card(case: Case) -> str:
    """Return the filters that draw the card and turn it into the source's samples."""
    boxes = [_box(0, 0, 1, 1, (GREY, GREY, GREY))]
    for colour, (x, y) in zip(CORNERS, ((0, 0), (11, 0), (0, 11), (11, 11)), strict=True):
        boxes.append(_box(x / 16, y / 16, 5 / 16, 5 / 16, colour))
    boxes.append(_box(0, 3 / 8, 1, 1 / 4, (0, 0, 0)))
    for bit in range(BITS):
        lit = f"mod(floor(n/{1 << BITS - 1 - bit})\\,2)"
        boxes.append(_box(bit / BITS, 3 / 8, 1 / BITS, 1 / 4, (140, 140, 140), lit))
    lamp = f"gte(t+1e-6\\,{float(LIT[0])})*lt(t+1e-6\\,{float(LIT[1])})"
    boxes.append(_box(3 / 8, 0, 1 / 4, 1 / 4, (0, 0, 0)))
    boxes.append(_box(3 / 8, 0, 1 / 4, 1 / 4, (140, 140, 140), lamp))
    kept = [f"select={_any_of(sorted(case.kept))}"] if case.kept else []
    chain = ["format=gbrp", *boxes, *_samples(case), *([case.filters] if case.filters else kept)]
    return ",".join(chain)


def _any_of(numbers: list[int]) -> str:
    """Return the expression that is true of these frames; ffmpeg cannot read long sums without brackets."""
    if len(numbers) == 1:
        return f"eq(n\\,{numbers[0]})"
    half = len(numbers) // 2
    return f"({_any_of(numbers[:half])}+{_any_of(numbers[half:])})"


def _box(
    x: float, y: float, width: float, height: float, colour: tuple[int, int, int], when: str = "1"
) -> str:
    shade = "0x" + bytes(colour).hex()
    return f"drawbox=x=iw*{x}:y=ih*{y}:w=iw*{width}:h=ih*{height}:c={shade}:t=fill:enable={when}"


def _samples(case: Case) -> list[str]:
    colour = case.colour
    if colour.wide:  # white of the card lies at 203 cd/m2, ITU-R BT.2408
        return [
            "format=gbrp",
            "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc",
            "zscale=t=linear:npl=203",
            "format=gbrpf32le",
            f"zscale=p=bt2020:t={colour.wide}:m=bt2020nc:r=tv:npl=203",
            f"format={case.pixels}",
        ]
    if case.pixels.startswith(("rgb", "gbr")):
        return [f"format={case.pixels}"]
    extent = "pc" if colour.full else "tv"
    tags = colour.tags or "unknown"
    return [
        f"scale=out_color_matrix={colour.matrix}:out_range={extent}:flags=accurate_rnd+full_chroma_inp",
        f"format={case.pixels}",
        f"setparams=colorspace={tags}:color_primaries={tags}:color_trc={tags}",
    ]


def _ffmpeg(*arguments: str) -> None:
    command = [FFMPEG, "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True)


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        make(case, folder / (case.name.replace(" ", "-") + case.suffix))


if __name__ == "__main__":
    main(sys.argv[1:])
