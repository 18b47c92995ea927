"""A person with a browser, played over HTTP: knows the public address and nothing else."""

import base64
import hmac
import itertools
import secrets
import time
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, TypeVar

import httpx

Found = TypeVar("Found")
PASSWORD = "Correct-horse-7"


def eventually(look: Callable[[], Found], *, seconds: float = 30, what: str = "it") -> Found:
    """Ask until the answer is true; poll, never sleep for a fixed time."""
    deadline = time.monotonic() + seconds
    for pause in itertools.chain([0.02, 0.05, 0.1, 0.2], itertools.repeat(0.3)):
        if found := look():
            return found
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
    raise AssertionError(f"{what} did not happen within {seconds} s; last seen: {found!r}")


def app_code(secret: str, *, steps: int = 0) -> str:
    """Return what an authenticator app shows now, or `steps` half minutes later (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = int(time.time() // 30) + steps
    digest = hmac.digest(key, counter.to_bytes(8), "sha1")
    start = digest[-1] & 0xF
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06}"


class Person:
    """Keeps cookies by path like a browser, also over plain http on localhost."""

    def __init__(self, edge: str, address: str | None = None) -> None:
        """Open a browser at `edge`, at one of this machine's own addresses."""
        transport = httpx.HTTPTransport(local_address=address)
        self.http = httpx.Client(base_url=edge, timeout=30, transport=transport)
        self.cookies: dict[tuple[str, str], str] = {}
        self.origin = edge
        self.email = f"{secrets.token_hex(6)}@example.org"

    def close(self) -> None:
        self.http.close()

    def send(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        sent = {"origin": self.origin} | {name.replace("_", "-"): value for name, value in headers.items()}
        sent["cookie"] = "; ".join(
            f"{name}={value}" for (where, name), value in self.cookies.items() if path.startswith(where)
        )
        answer = self.http.request(method, path, json=json, headers=sent)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[morsel["path"], name] = morsel.value
        return answer

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, **headers)

    def post(self, path: str, json: Any = None, **headers: str) -> httpx.Response:
        return self.send("POST", path, json, **headers)

    def ask(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """Send and return the JSON of an answer that must be good."""
        answer = self.send(method, path, json, **headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def sign_up(self, name: str = "Ann") -> "Person":
        body = {"email": self.email, "password": PASSWORD, "display_name": name}
        code = self.ask("POST", "/api/auth/sign-up", body)["code_hint"]
        self.ask("POST", "/api/auth/confirm", {"email": self.email, "code": code})
        self.sign_in()
        return self

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        return self.post("/api/auth/sign-in", {"email": self.email, "password": password})

    def start_upload(self, name: str, size: int) -> dict[str, Any]:
        upload: dict[str, Any] = self.ask("POST", "/api/uploads", {"file_name": name, "size": size})
        return upload

    def put_parts(self, upload: dict[str, Any], body: bytes, numbers: list[int]) -> None:
        video_id, size = upload["video_id"], upload["part_size"]
        signed = self.ask("POST", f"/api/uploads/{video_id}/parts", {"numbers": numbers})
        for part in signed["urls"]:
            start = (part["number"] - 1) * size
            httpx.put(part["url"], content=body[start : start + size], timeout=60).raise_for_status()

    def upload(self, source: Path | bytes, name: str | None = None) -> str:
        """Upload a file whole and return the video's id."""
        body = source if isinstance(source, bytes) else source.read_bytes()
        upload = self.start_upload(name or getattr(source, "name", "video.mp4"), len(body))
        self.put_parts(upload, body, list(range(1, upload["part_count"] + 1)))
        self.ask("POST", f"/api/uploads/{upload['video_id']}/complete")
        video_id: str = upload["video_id"]
        return video_id

    def download(self, video_id: str, directory: Path) -> list[Path]:
        """Fetch master, media playlists and every byte they name, as a player would; return the playlists."""
        watch = self.ask("GET", f"/api/videos/{video_id}/watch")
        self.ask("POST", f"/api/videos/{video_id}/grant")
        base = watch["playback"]["url"].rsplit("/", 1)[0]
        waiting, playlists = ["master.m3u8"], []
        while waiting:
            name = waiting.pop()
            path = directory / name
            if path.exists():
                continue
            answer = self.get(f"{base}/{name}")
            assert answer.status_code == 200, f"{name}: {answer.status_code}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.content)
            if name.endswith(".m3u8"):
                playlists.append(path)
                folder = name.rpartition("/")[0]
                for line in answer.text.splitlines():
                    named = line.split('URI="')[1].split('"')[0] if 'URI="' in line else line
                    if named and not named.startswith("#"):
                        waiting.append(f"{folder}/{named}" if folder else named)
        return playlists

    def video(self, video_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/api/videos/{video_id}")
        return found

    def settled(self, video_id: str, *, seconds: float = 120) -> dict[str, Any]:
        """Wait until the video is ready or failed."""
        states = {"ready", "failed"}
        return eventually(
            lambda: v if (v := self.video(video_id))["state"] in states else None,
            seconds=seconds,
            what="the end",
        )
