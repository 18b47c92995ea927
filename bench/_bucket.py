"""A media bucket that is a folder, for benchmarks: what is not in it is read over loopback HTTP, as from S3.

It is served by a process of its own, so that its work is nobody's who is measured.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from functions.core.storage import LEAST_PART_BYTES, MOST_COPIES, MediaStorage, MissingObjectError

BLOCK_BYTES = 1024**2


class Bucket(MediaStorage):
    """The part of `MediaStorage` that processing uses."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.name)
        self._folder = folder

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._server = subprocess.Popen([sys.executable, "-m", __name__, str(self._folder), str(self._port)])
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
            except ConnectionRefusedError:
                if self._server.poll() is not None:
                    raise SystemExit("the bucket's server ended") from None
                time.sleep(0.02)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait()

    def path(self, key: str) -> Path:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def source_url(self, key: str) -> str:
        return f"http://127.0.0.1:{self._port}/{key}"

    def size(self, key: str) -> int:
        return self.path(key).stat().st_size

    def read_range(self, key: str, start: int, end: int) -> bytes:
        with self.path(key).open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def get(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError as error:
            raise MissingObjectError(key) from error

    def put(self, key: str, body: bytes, content_type: str) -> None:  # noqa: ARG002  # a folder keeps no types
        self.path(key).write_bytes(body)

    def upload_file(self, path: Path, key: str, content_type: str) -> None:  # noqa: ARG002
        shutil.copyfile(path, self.path(key))

    def join(self, key: str, content_type: str, head: bytes, source: str, start: int, end: int) -> None:  # noqa: ARG002
        """Take as long as one part: S3 copies them side by side. The others are left empty."""
        part = max(LEAST_PART_BYTES, -(-(end - start) // MOST_COPIES))
        with self.path(source).open("rb") as media, self.path(key).open("wb") as joined:
            joined.write(head + os.pread(media.fileno(), min(part, end - start), start))
            joined.truncate(len(head) + end - start)

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        for path in sorted(self._folder.rglob("*")):
            key = path.relative_to(self._folder).as_posix()
            if path.is_file() and key.startswith(prefix):
                yield key, path.stat().st_size


class _Ranges(BaseHTTPRequestHandler):
    """Answers with a range of a file below the working directory."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.path.lstrip("/"))
        size = path.stat().st_size
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last) + 1 if last else size, size)
        if start >= size:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        with path.open("rb") as file:
            try:
                self.connection.sendfile(file, start, end - start)
            except ConnectionError:
                self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def serve(folder: str, port: int) -> None:
    os.chdir(folder)
    ThreadingHTTPServer(("127.0.0.1", port), _Ranges).serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
