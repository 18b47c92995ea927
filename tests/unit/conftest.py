"""Fixtures of unit tests: the functions run whole; only AWS itself is played by the fakes below."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

import anycrc
import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from functions.core import database, events, identity, letters, limits, storage
from functions.core import settings as settings_module
from functions.core.caller import SESSION_COOKIE, token_hash
from functions.core.errors import InvalidCodeError, InvalidCredentialsError, InvalidInputError
from functions.core.models import Base, User, Video, VideoState
from functions.core.models import Session as BrowserSession
from functions.core.storage import MissingObjectError, Part

PASSWORD = "Correct-horse-7"
CRC64 = anycrc.Model("CRC64-NVME")
ARRIVED = datetime(2026, 11, 25, tzinfo=UTC)


class FakeStorage:
    """A bucket in memory, with S3's rules for multipart uploads."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[tuple[str, str], dict[int, bytes]] = {}
        self.stored_at: dict[str, datetime] = {}
        self.older: list[tuple[str, str]] = []
        """Key and version of what was overwritten or deleted, should the bucket keep that."""

    def start_upload(self, key: str) -> str:
        upload_id = uuid4().hex
        self.uploads[key, upload_id] = {}
        return upload_id

    def part_url(self, key: str, upload_id: str, number: int, size: int) -> str:
        return f"https://bucket.test/{key}?partNumber={number}&uploadId={upload_id}&length={size}"

    def download_url(self, key: str, file_name: str) -> str:
        return f"https://bucket.test/{key}?{urlencode({'disposition': storage.attachment(file_name)})}"

    def upload_file(self, path: Path, key: str, _content_type: str) -> None:
        self.objects[key] = path.read_bytes()

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
        self.size(key)
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

    def names(self, folder: str, *, after: str, most: int) -> tuple[list[str], bool]:
        names = {key.split("/")[1] for key in self.objects if key.startswith(f"{folder}/")}
        left = sorted(name for name in names if name > after)
        return left[:most], len(left) > most

    def last_change(self, prefix: str) -> datetime | None:
        there = [*self.versions(prefix), *self.open_uploads(prefix)]
        return max((self.stored_at.get(key, ARRIVED) for key, _ in there), default=None)

    def versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        yield from [(key, "null") for key, _ in self.keys(prefix)]
        yield from [found for found in self.older if found[0].startswith(prefix)]

    def erase(self, prefix: str) -> int:
        doomed = [*self.versions(prefix)]
        self.older = [found for found in self.older if found not in doomed]
        self.delete(key for key, _ in self.keys(prefix))
        return len(doomed)

    def delete(self, keys: Iterator[str]) -> None:
        for key in list(keys):
            del self.objects[key]

    def _upload(self, key: str, upload_id: str) -> dict[int, bytes]:
        try:
            return self.uploads[key, upload_id]
        except KeyError as error:
            raise MissingObjectError(upload_id) from error


class FakeUserPool:
    """A user pool in memory; the code it sends is always the same."""

    CODE = "123456"
    APP_CODES = ("111111", "222222", "333333")

    def __init__(self) -> None:
        self.ids: dict[str, UUID] = {}
        self.names: dict[UUID, str] = {}
        self.passwords: dict[UUID, str] = {}
        self.unconfirmed: set[UUID] = set()
        self.totp: set[UUID] = set()
        self.mails: list[str] = []

    def add(self, email: str, name: str, password: str = PASSWORD) -> UUID:
        user_id = uuid4()
        self.ids[email], self.names[user_id], self.passwords[user_id] = user_id, name, password
        return user_id

    def sign_up(self, email: str, password: str, display_name: str) -> UUID | None:
        self._check(password)
        if email in self.ids and self.ids[email] not in self.unconfirmed:
            return None
        self.mails.append(email)
        user_id = self.add(email, display_name, password)
        self.unconfirmed.add(user_id)
        return user_id

    def confirm(self, email: str, code: str) -> UUID:
        user_id = self.ids.get(email)
        if user_id not in self.unconfirmed or code != self.CODE:
            raise InvalidCodeError(identity.WRONG_CODE)
        self.unconfirmed.remove(user_id)
        return user_id

    def resend(self, email: str) -> None:
        self.mails.append(email)

    def authenticate(self, email: str, password: str) -> identity.Identity | identity.PasswordProof:
        user_id = self.ids.get(email)
        if user_id is None or self.passwords[user_id] != password:
            raise InvalidCredentialsError("This e-mail address and password do not belong together.")
        if user_id in self.totp:
            return identity.PasswordProof(email, "session")
        return identity.Identity(user_id, email, self.names[user_id])

    def answer(self, proof: identity.PasswordProof, code: str) -> identity.Identity:
        if code not in self.APP_CODES:
            raise InvalidCodeError(identity.WRONG_CODE)
        user_id = self.ids[proof.email]
        return identity.Identity(user_id, proof.email, self.names[user_id])

    def start_totp(self, _email: str, _password: str) -> str:
        return "JBSWY3DPEHPK3PXP"

    def enable_totp(self, user_id: UUID, _email: str, _password: str, code: str) -> None:
        if code not in self.APP_CODES:
            raise InvalidCodeError(identity.WRONG_CODE)
        self.totp.add(user_id)

    def disable_totp(self, user_id: UUID) -> None:
        self.totp.discard(user_id)

    def delete(self, user_id: UUID) -> None:
        self.ids = {email: found for email, found in self.ids.items() if found != user_id}

    def prove_address(self, user_id: UUID, email: str) -> None:
        self.sign_up(email, "not-known-to-anybody", str(user_id))

    def move(self, user_id: UUID, email: str, *, proved_by: UUID) -> None:
        self.delete(proved_by)
        self.delete(user_id)
        self.ids[email] = user_id

    def forgot(self, email: str) -> None:
        self.mails.append(email)

    def reset(self, email: str, code: str, password: str) -> None:
        if email not in self.ids or code != self.CODE:
            raise InvalidCodeError(identity.WRONG_CODE)
        self.set_password(self.ids[email], password)

    def set_password(self, user_id: UUID, password: str) -> None:
        self._check(password)
        self.passwords[user_id] = password

    @staticmethod
    def _check(password: str) -> None:
        if len(password) < 10:
            raise InvalidInputError(identity.WEAK_PASSWORD)


class FakeCounters:
    """The table of limits in memory, and a clock that only tests move."""

    def __init__(self) -> None:
        self.moment = 1_800_000_000_000
        self.free_at: dict[str, int] = {}

    def book(self, key: str, *, moment: int, step: int, latest: int) -> int:
        free_at = max(self.free_at.get(key, 0), moment)
        if free_at <= latest:
            self.free_at[key] = free_at + step
        return free_at

    def unbook(self, key: str, *, step: int) -> None:
        self.free_at[key] -= step


@dataclass
class FakeQueues:
    """Dead letter queues in memory; what was taken stays hidden. One of no test's is empty."""

    letters: dict[str, dict[str, tuple[str, str | None]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def put(self, queue: str, body: Any, reason: str | None = None) -> str:
        message_id = str(uuid4())
        text_ = body if isinstance(body, str) else json.dumps(body)
        self.letters.setdefault(queue, {})[message_id] = (text_, reason)
        return message_id

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803  (as SQS calls them)
        visible, hidden = AttributeNames
        return {"Attributes": {visible: str(len(self.letters.get(QueueUrl, {}))), hidden: "0"}}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        letters_here = self.letters.get(asked["QueueUrl"], {})
        here = [it for it in letters_here if it not in self.hidden][: asked["MaxNumberOfMessages"]]
        self.hidden |= set(here) if asked["VisibilityTimeout"] else set()
        found = [
            {
                "MessageId": it,
                "ReceiptHandle": it,
                "Body": letters_here[it][0],
                "Attributes": {"SentTimestamp": "1800000000000"},
                "MessageAttributes": {"ERROR_MESSAGE": {"StringValue": reason}} if reason else {},
            }
            for it in here
            for reason in [letters_here[it][1]]
        ]
        return {"Messages": found} if found else {}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        del self.letters[QueueUrl][ReceiptHandle]


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
        "MAILS_PER_HOUR": "1000",
        "MAX_UPLOAD_BYTES": str(100 * 1024**2),
        "QUOTA_BYTES": str(200 * 1024**2),
        "DEAD_LETTER_QUEUES": json.dumps({it: it for it in letters.LetterQueue}),
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
def connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """Let every request be part of one transaction, so that each can be made undone."""
    with database.engine().connect() as opened, opened.begin() as whole:

        @contextmanager
        def transaction() -> Iterator[Session]:
            joined = Session(opened, expire_on_commit=False, join_transaction_mode="create_savepoint")
            with joined as session, session.begin():
                yield session

        monkeypatch.setattr(database, "transaction", transaction)
        yield opened
        whole.rollback()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> FakeStorage:
    fake = FakeStorage()
    for module in ("accounts.routes", "uploads.routes", "library.routes", "sharing.routes", "sweep.handler"):
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


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> FakeUserPool:
    fake = FakeUserPool()
    for module in ("accounts.routes", "admin.routes", "sweep.service"):
        monkeypatch.setattr(f"functions.{module}.IdentityProvider", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def counters(monkeypatch: pytest.MonkeyPatch) -> FakeCounters:
    fake = FakeCounters()
    monkeypatch.setattr(limits, "_book", fake.book)
    monkeypatch.setattr(limits, "_unbook", fake.unbook)
    monkeypatch.setattr(limits, "_milliseconds", lambda: fake.moment)
    return fake


@pytest.fixture(autouse=True)
def queues(monkeypatch: pytest.MonkeyPatch) -> FakeQueues:
    fake = FakeQueues()
    monkeypatch.setattr(letters, "_sqs", lambda: fake)
    return fake


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

    def keep(self, answer: Answer) -> None:
        """Take the session's cookie of an answer, as a browser does."""
        morsels = [morsel for line in answer.cookies for morsel in SimpleCookie(line).values()]
        self.token = next((it.value or None for it in morsels if it.key == SESSION_COOKIE), self.token)


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
def sign_in(pool: FakeUserPool) -> Callable[[str], Browser]:
    """Return a function that makes an account and a browser signed in to it."""

    def make(name: str) -> Browser:
        token = f"token-of-{name}"
        with database.transaction() as opened:
            email = f"{name}@example.org"
            user = User(
                id=pool.add(email, name.title()),
                email=email,
                display_name=name.title(),
                quota_bytes=200 * 1024**2,
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
