"""Fixtures of unit tests: the functions run whole; only AWS itself is played by the fakes below."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

import anycrc
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from functions.core import database, events, storage
from functions.core import settings as settings_module
from functions.core.caller import SESSION_COOKIE, token_hash
from functions.core.models import Base, User, Video, VideoState
from functions.core.models import Session as BrowserSession
from functions.core.storage import MissingObjectError, Part

CRC64 = anycrc.Model("CRC64-NVME")
ARRIVED = datetime(2026, 11, 25, tzinfo=UTC)


class FakeStorage:
    """A bucket in memory, with S3's rules for multipart uploads."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[tuple[str, str], dict[int, bytes]] = {}

    def start_upload(self, key: str) -> str:
        upload_id = uuid4().hex
        self.uploads[key, upload_id] = {}
        return upload_id

    def part_url(self, key: str, upload_id: str, number: int, size: int) -> str:
        return f"https://bucket.test/{key}?partNumber={number}&uploadId={upload_id}&length={size}"

    def download_url(self, key: str, file_name: str) -> str:
        return f"https://bucket.test/{key}?{urlencode({'disposition': storage.attachment(file_name)})}"

    def put_part(self, key: str, upload_id: str, number: int, body: bytes) -> None:
        self.uploads[key, upload_id][number] = body

    def parts(self, key: str, upload_id: str) -> list[Part]:
        bodies = sorted(self._upload(key, upload_id).items())
        return [Part(n, len(body), f'"{n}"', ARRIVED) for n, body in bodies]

    def complete_upload(self, key: str, upload_id: str, parts: list[Part]) -> str | None:
        bodies = self._upload(key, upload_id)
        self.objects[key] = b"".join(bodies[part.number] for part in parts)
        del self.uploads[key, upload_id]
        return self.checksum(key)

    def checksum(self, key: str) -> str | None:
        return base64.b64encode(CRC64.calc(self.objects[key]).to_bytes(8)).decode()

    def abort_upload(self, key: str, upload_id: str) -> None:
        self.uploads.pop((key, upload_id), None)

    def open_uploads(self, prefix: str) -> list[tuple[str, str]]:
        return [found for found in self.uploads if found[0].startswith(prefix)]

    def size(self, key: str) -> int:
        if key not in self.objects:
            raise MissingObjectError(key)
        return len(self.objects[key])

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        yield from [(key, len(body)) for key, body in self.objects.items() if key.startswith(prefix)]

    def delete(self, keys: Iterator[str]) -> int:
        doomed = list(keys)
        for key in doomed:
            del self.objects[key]
        return len(doomed)

    def _upload(self, key: str, upload_id: str) -> dict[int, bytes]:
        try:
            return self.uploads[key, upload_id]
        except KeyError as error:
            raise MissingObjectError(upload_id) from error


@dataclass
class Doorbells:
    """What was sent to other services after a commit."""

    announced: list[dict[str, Any]] = field(default_factory=list)
    watched: list[tuple[str, str, int]] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def stage(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give every test the environment of a function and an empty database."""
    for name, value in {
        "STAGE": "test",
        "DATABASE_URL": database_url,
        "MEDIA_BUCKET": "media",
        "SIGNING_KEY_PAIR_ID": "K1",
        "CONFIRMATION_CODE_HINT": "123456",
        "MAX_UPLOAD_BYTES": str(100 * 1024**2),
        "QUOTA_BYTES": str(200 * 1024**2),
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_SERVICE_NAME": "test",
    }.items():
        monkeypatch.setenv(name, value)
    settings_module.settings.cache_clear()
    yield
    settings_module.settings.cache_clear()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)}"))
    engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def _close_pool() -> Iterator[None]:
    yield
    if database.engine.cache_info().currsize:
        database.engine().dispose()


@pytest.fixture
def session() -> Iterator[Session]:
    """Open a transaction that commits at the end, as a request's does."""
    with database.transaction() as opened:
        yield opened


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> FakeStorage:
    fake = FakeStorage()
    for module in ("uploads.routes", "library.routes", "sweep.handler"):
        monkeypatch.setattr(f"functions.{module}.media_storage", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def doorbells(monkeypatch: pytest.MonkeyPatch) -> Doorbells:
    rung = Doorbells()
    monkeypatch.setattr(events, "_announce", rung.announced.append)
    monkeypatch.setattr(
        events, "watch", lambda job, video, *, seconds=0: rung.watched.append((job, str(video), seconds))
    )
    monkeypatch.setattr(events, "start_processing", rung.started.append)
    monkeypatch.setattr(events, "stop_processing", rung.stopped.append)
    monkeypatch.setattr(storage, "_sign", lambda message: b"signed:" + message)
    storage._signed_url.cache_clear()
    return rung


@dataclass
class Answer:
    status: int
    json: Any
    headers: dict[str, str]
    cookies: list[str]


class Browser:
    """Sends API Gateway events (payload 2.0) to the whole api function."""

    def __init__(self, token: str | None = None, user: User | None = None) -> None:
        self.token = token
        self.user = user

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        from functions.api.handler import handle  # noqa: PLC0415 (settings must be there first)

        path, _, query = path.partition("?")
        sent = {"host": "drive.test", "x-viewer-host": "drive.test", "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": sent,
            "cookies": [f"{SESSION_COOKIE}={self.token}"] if self.token else [],
            "queryStringParameters": dict(parse_qsl(query, keep_blank_values=True)),
            "requestContext": {
                "http": {"method": method, "path": path},
                "stage": "$default",
                "requestId": "r",
            },
            "body": body if isinstance(body, str | None) else json.dumps(body),
            "isBase64Encoded": False,
        }
        result = handle(event, LAMBDA)
        text_ = result.get("body") or ""
        return Answer(
            result["statusCode"],
            json.loads(text_) if text_ else None,
            result["headers"],
            result.get("cookies", []),
        )

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)


class LambdaContext:
    function_name = "test"
    memory_limit_in_mb = 128
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:test"
    aws_request_id = "request"
    log_group_name = "group"
    log_stream_name = "stream"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


LAMBDA: Any = LambdaContext()


@pytest.fixture
def lambda_context() -> Any:
    return LAMBDA


@pytest.fixture
def sign_in() -> Callable[[str], Browser]:
    """Return a function that makes an account and a browser signed in to it."""

    def make(name: str) -> Browser:
        token = f"token-of-{name}"
        with database.transaction() as opened:
            user = User(
                id=uuid4(), email=f"{name}@example.org", display_name=name.title(), quota_bytes=200 * 1024**2
            )
            opened.add(user)
            opened.flush()
            opened.add(BrowserSession(token_hash=token_hash(token), user_id=user.id))
        return Browser(token, user)

    return make


@pytest.fixture
def ann(sign_in: Callable[[str], Browser]) -> Browser:
    return sign_in("ann")


@pytest.fixture
def bob(sign_in: Callable[[str], Browser]) -> Browser:
    return sign_in("bob")


@pytest.fixture
def anybody() -> Browser:
    return Browser()


@pytest.fixture
def add_video() -> Callable[..., UUID]:
    """Return a function that puts a video, ready unless told otherwise, into somebody's drive."""

    def add(owner: Browser, **values: Any) -> UUID:
        assert owner.user is not None
        ready = {"state": VideoState.READY, "revision": 1, "attempt": 1, "duration_ms": 1000}
        facts = {"file_name": "cat.mp4", "title": "Cat", "size_bytes": 1000} | ready | values
        with database.transaction() as opened:
            video = Video(owner_id=owner.user.id, **facts)
            opened.add(video)
        return video.id

    return add
