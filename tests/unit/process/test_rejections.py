"""Uploads that are no video, or not all of one: each ends with its own reason, and none opens a door."""

import io
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from functions.core.errors import SourceRejectedError
from functions.core.settings import settings
from functions.process import media, sandbox
from functions.process.plan import Container
from functions.process.sandbox import MediaError, Upload
from tests.unit.process import hostile
from tests.unit.process.conftest import FFMPEG, Clips, FolderStorage, Pipeline, ffmpeg
from tests.unit.process.hostile import Bad, Bait

# Of 60 seconds that a person may be kept waiting for the reason: this machine may be slower tomorrow.
SOON = 20
Put = Callable[[bytes], Pipeline]


def rejected_as(pipeline: Pipeline) -> str:
    with pytest.raises(SourceRejectedError) as rejection:
        pipeline.probe()
    return str(rejection.value)


def picture(form: str) -> bytes:
    saved = io.BytesIO()
    Image.new("RGB", (640, 360), "navy").save(saved, form)
    return saved.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"Dear diary, this is no video.\n" * 50,
        b"<!doctype html><script>alert(1)</script>",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/secret\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        random.Random(1).randbytes(5000),
    ],
    ids=["empty", "one byte", "text", "html", "playlist", "concat", "noise"],
)
def test_what_is_no_video(data: bytes, upload: Put) -> None:
    assert rejected_as(upload(data)) == "not_a_video"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF"])
def test_a_picture_holds_no_video(form: str, upload: Put) -> None:
    assert rejected_as(upload(picture(form))) == "no_video"


@pytest.mark.parametrize("suffix", [".mp3", ".wav", ".flac", ".m4a", ".mka", ".ogg", ".wma"])
def test_sound_alone_holds_no_video(suffix: str, upload: Put, tmp_path: Path) -> None:
    path = tmp_path / f"song{suffix}"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", str(path))
    assert rejected_as(upload(path.read_bytes())) == "no_video"


def test_a_song_with_its_cover_holds_no_video(upload: Put, tmp_path: Path) -> None:
    cover, song = tmp_path / "cover.jpg", tmp_path / "song.m4a"
    cover.write_bytes(picture("JPEG"))
    ffmpeg(
        *["-f", "lavfi", "-i", "sine=d=1", "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy"],
        *["-disposition:v", "attached_pic", str(song)],
    )
    assert rejected_as(upload(song.read_bytes())) == "no_video"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
@pytest.mark.parametrize(
    ("suffix", "options"),
    [(".mp4", []), (".mp4", ["-movflags", "+faststart"]), (".mkv", [])],
    ids=["index last", "index first", "mkv"],
)
def test_half_a_video_is_corrupt(
    suffix: str, options: list[str], share: float, clips: Clips, upload: Put
) -> None:
    whole = clips.make(*options, suffix=suffix, seconds=9)
    assert rejected_as(upload(whole[: int(len(whole) * share)])) == "corrupt"


def test_a_video_cut_off_behind_an_open_box_is_corrupt(clips: Clips, upload: Put) -> None:
    """A box of length zero runs to the end of the file wherever that is: the packets tell."""
    whole = clips.make("-movflags", "+faststart", seconds=9)
    at = whole.index(b"mdat") - 4
    open_ended = whole[:at] + bytes(4) + whole[at + 4 :]
    assert upload(open_ended).probe()["frames"] == 225
    assert rejected_as(upload(open_ended[: len(whole) // 2])) == "corrupt"


@pytest.mark.parametrize("head", [b"\0\0\0\x18ftypisom", b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01"])
def test_noise_behind_a_true_beginning_is_corrupt(head: bytes, upload: Put) -> None:
    assert rejected_as(upload(head + random.Random(2).randbytes(9000))) == "corrupt"


def test_limits_hold_before_anything_is_encoded(
    clips: Clips, upload: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = upload(clips.make(seconds=9))
    monkeypatch.setenv("MAX_DURATION_SECONDS", "8")
    settings.cache_clear()
    assert rejected_as(pipeline) == "too_long"
    monkeypatch.setenv("MAX_DURATION_SECONDS", "60")
    monkeypatch.setenv("MAX_PIXELS", "100000")
    settings.cache_clear()
    assert rejected_as(pipeline) == "too_large"


def test_a_time_far_away_is_too_long(clips: Clips, upload: Put, tmp_path: Path) -> None:
    """Nothing is planned for it: the plan of such a time would fill the memory."""
    late = tmp_path / "late.mkv"
    whole = tmp_path / "whole.mkv"
    whole.write_bytes(clips.make(suffix=".mkv", seconds=2, sound=None))
    far = r"if(eq(N\,49)\,1e10/TB\,PTS)"
    ffmpeg("-i", str(whole), "-c", "copy", "-bsf:v", f"setts=pts={far}:dts={far}", str(late))
    assert rejected_as(upload(late.read_bytes())) == "too_long"


def test_pictures_without_a_size_are_corrupt(clips: Clips, upload: Put) -> None:
    """H.264 keeps the size in its parameter sets, here made padding."""
    whole = clips.make(suffix=".ts", seconds=2, sound=None)
    without = whole.replace(b"\0\0\0\1\x67", b"\0\0\0\1\x0c")
    assert without != whole
    assert rejected_as(upload(without)) == "corrupt"


@pytest.mark.parametrize(("kind", "codec"), [("avi", "mpeg4"), ("flv", "flv1"), ("wmv", "wmv2")])
def test_half_a_video_that_states_its_size_is_corrupt(
    kind: str, codec: str, clips: Clips, upload: Put
) -> None:
    whole = clips.make(suffix=f".{kind}", codec=codec, seconds=9, sound=44_100)
    assert rejected_as(upload(whole[: len(whole) // 2])) == "corrupt"


def test_a_copy_that_finds_no_room_is_too_large(
    clips: Clips, upload: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = upload(clips.make(suffix=".ts", seconds=2))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert rejected_as(pipeline) == "too_large"


@pytest.fixture
def canary() -> Iterator[tuple[str, list[object]]]:
    """Listen where hostile files point; give the address and the connections that came."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            while True:
                try:
                    connection, address = listener.accept()
                except OSError:
                    return
                came.append(address)
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("bad", hostile.FILES, ids=lambda bad: bad.name)
def test_it_ends_soon_with_a_reason_and_reaches_nobody(
    bad: Bad, canary: tuple[str, list[object]], upload: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, came = canary
    secret = tmp_path / "secret"
    secret.write_text("The secret of this machine. " * 50)
    monkeypatch.setenv("MAX_DURATION_SECONDS", "1200")
    settings.cache_clear()
    pipeline = upload(bad.make(Bait(url, str(secret))))
    started = time.monotonic()
    assert ending(pipeline) == bad.ends
    assert time.monotonic() - started < SOON
    assert came == []


def ending(pipeline: Pipeline) -> str:
    try:
        pipeline.run()
    except SourceRejectedError as rejection:
        return str(rejection)
    return hostile.READY


PLAYLISTS = [
    bad
    for bad in hostile.FILES
    if bad.ends == "not_a_video" and bad.name.startswith(("hls", "dash", "concat", "session"))
]


@pytest.mark.parametrize("bad", PLAYLISTS, ids=lambda bad: bad.name)
def test_a_playlist_leads_nowhere_by_any_demuxer(
    bad: Bad, canary: tuple[str, list[object]], upload: Put, storage: FolderStorage
) -> None:
    """Its first bytes gave it away; ffprobe must not follow it either."""
    url, came = canary
    pipeline = upload(bad.make(Bait(url, "/etc/hostname")))
    for demuxer in Container:
        with pytest.raises(SourceRejectedError):
            media.inspect(Upload(storage.source_url(pipeline.job["source_key"]), demuxer), seconds=10)
    assert came == []


def test_the_canary_sings(canary: tuple[str, list[object]], storage: FolderStorage) -> None:
    """Without our options the same playlist does make ffmpeg connect, so the test above can fail."""
    url, came = canary
    storage.put("list.m3u8", hostile.FILES[0].make(Bait(url, "")), "text/plain")
    command = [FFMPEG, "-v", "quiet", "-i", storage.source_url("list.m3u8"), "-f", "null", "-"]
    subprocess.run(command, check=False, timeout=20)
    assert came


def test_ffmpeg_sees_none_of_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    with (tmp_path / "environment").open("w+b") as answer:
        sandbox.run(["/usr/bin/env"], seconds=5, answer=answer)
        answer.seek(0)
        assert answer.read() == b""


def test_the_signature_of_an_address_is_not_logged() -> None:
    said = "https://bucket.example/source/1?X-Amz-Signature=abc&X-Amz-Date=1: Server returned 403 Forbidden"
    with pytest.raises(MediaError) as failure:
        sandbox.run(["/bin/sh", "-c", f"echo '{said}' >&2; exit 1"], seconds=5)
    assert str(failure.value).endswith("https://bucket.example/source/1: Server returned 403 Forbidden")


def test_a_process_out_of_time_ends_with_all_it_started() -> None:
    with pytest.raises(MediaError):
        sandbox.run(["/bin/sh", "-c", "/bin/sleep 97.531 & /bin/sleep 97.531"], seconds=0.3)
    alive = [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"97.531" in _read(path)]
    assert alive == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
