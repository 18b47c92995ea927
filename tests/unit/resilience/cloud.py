"""An AWS account in one process: the real handlers behind the deployed machine, on a clock nobody waits for.

What a worker does to the world outside itself (it runs a tool, stores or deletes an object, commits, sends a
message, answers) is an effect. Before each of them a fault may strike; between two of them nothing can be
told apart from the outside, so these are all the moments at which a worker can die.
"""

import asyncio
import hashlib
import json
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import IO, Any
from uuid import UUID

from asl import Machine, StateError
from sqlalchemy import select

from functions.core import database
from functions.core.models import Base, Event, Run, Video
from functions.core.storage import MissingObjectError
from tests.unit.conftest import LAMBDA, Answer, Browser, FakeStorage

Handler = Callable[[Any, Any], Any]
Fault = Callable[["Moment"], None]
Call = Callable[[], Any]
TEMPORARY = re.compile(re.escape(tempfile.gettempdir()) + r"/tmp\w+")
OWN = {"id", "video_id", "owner_id", "revision", "poster_revision", "attempt", "execution", "version"}
"""Columns in which two videos, or two runs of one, differ."""
HISTORY = {Event.__tablename__, Run.__tablename__}
"""Tables of what happened on the way, not of what there is in the end."""
GRACE_SECONDS = 15 * 60
LONGEST_SECONDS = 2 * 86400
ASYNC_RETRIES = (0, 60, 120)
"""Seconds after which Lambda hands over an event that nobody waits for, and does so again if it failed."""


class WorkerKilledError(BaseException):
    """The process is gone: nothing in it can catch this."""


class RefusedError(Exception):
    """A service is there but says no: throttled, or broken for a while."""


@dataclass(frozen=True)
class Moment:
    """The instant before an effect: the how many-th of all, whose, and of what."""

    number: int
    cloud: "Cloud"
    worker: "Worker"
    effect: str

    def __str__(self) -> str:
        return f"moment {self.number}, {self.worker.name} about to {self.effect}"


@dataclass
class Worker:
    """One invocation of a function."""

    name: str
    payload: Any
    is_dead: bool = False

    @property
    def holds_rows(self) -> bool:
        return not self.name.startswith("process.")


class Bucket(FakeStorage):
    """The media bucket in memory. What ffmpeg reads of it is served under the digest of its bytes."""

    def __init__(self, cloud: "Cloud") -> None:
        super().__init__()
        self._cloud = cloud

    def source_url(self, key: str) -> str:
        return self._cloud.web.put(self.get(key))

    def get(self, key: str) -> bytes:
        try:
            return self.objects[key]
        except KeyError as error:
            raise MissingObjectError(key) from error

    def read_range(self, key: str, start: int, end: int) -> bytes:
        return self.get(key)[start:end]

    def put(self, key: str, body: bytes, content_type: str) -> None:
        assert content_type
        self._cloud.effect(f"store {key.split('/', 2)[-1]}")
        self.objects[key] = body

    def upload_file(self, path: Path, key: str, content_type: str) -> None:
        self.put(key, path.read_bytes(), content_type)

    def join(self, key: str, content_type: str, head: bytes, source: str, start: int, end: int) -> None:
        self.put(key, head + self.read_range(source, start, end), content_type)

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        yield from list(super().keys(prefix))

    def delete(self, keys: Iterable[str]) -> None:
        doomed = list(keys)
        if doomed:
            self._cloud.effect(f"delete {len(doomed)} objects")
        super().delete(iter(doomed))

    def complete_upload(self, key: str, upload_id: str, parts: list[Any]) -> None:
        self._cloud.effect("join the parts")
        super().complete_upload(key, upload_id, parts)
        self._cloud.object_created(key)

    def abort_upload(self, key: str, upload_id: str) -> None:
        self._cloud.effect("abort an upload")
        super().abort_upload(key, upload_id)


@dataclass(frozen=True)
class Web:
    """A folder that a server serves by range."""

    root: Path
    address: str

    def put(self, body: bytes) -> str:
        name = hashlib.sha256(body).hexdigest()
        if not (path := self.root / name).exists():
            path.write_bytes(body)
        return f"{self.address}/{name}"


class Tools:
    """Runs ffmpeg and ffprobe, each command once: the same command on the same bytes does the same again."""

    def __init__(self, run: Callable[..., str]) -> None:
        self._run = run
        self._known: dict[tuple[str, ...], tuple[str, bytes, dict[str, bytes]]] = {}

    def run(self, command: Sequence[str], *, seconds: float, answer: IO[bytes] | None = None) -> str:
        folders = {found for word in command for found in TEMPORARY.findall(word)}
        key = tuple(TEMPORARY.sub("", word) for word in command)
        if key not in self._known:
            log = self._run(command, seconds=seconds, answer=answer)
            printed = b""
            if answer is not None:
                answer.seek(0)
                printed = answer.read()
            files = {
                str(path.relative_to(folder)): path.read_bytes()
                for folder in folders
                for path in Path(folder).rglob("*")
                if path.is_file()
            }
            self._known[key] = log, printed, files
            return log
        log, printed, files = self._known[key]
        for name, body in files.items():
            (folder,) = folders
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        if answer is not None:
            answer.write(printed)
        return log


@dataclass(frozen=True)
class Deployed:
    """What the template says of the processing: the machine, its functions, the watchdog's queue."""

    machine: Mapping[str, Any]
    handlers: Mapping[str, Handler]
    lease_seconds: int
    visibility_seconds: int
    most_receives: int

    def handler(self, folder: str) -> Handler:
        return next(handler for handler in self.handlers.values() if f".{folder}." in handler.__module__)


@dataclass
class Cloud:
    """An account in which one video is uploaded; `fault` and `around` decide what goes wrong, and where."""

    deployed: Deployed
    web: Web
    browser: Browser
    fault: Fault = lambda _moment: None
    around: Callable[["Cloud", int, str, Call], Awaitable[Any]] | None = None
    event_delays: Sequence[float] = (0.5,)
    epoch: float = field(default_factory=lambda: datetime.now(UTC).timestamp())
    bucket: Bucket = field(init=False)
    video_id: UUID = field(init=False)
    moments: int = 0
    executions: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    vanishing: set[str] = field(default_factory=set)
    invoked: list[tuple[str, Handler, Any]] = field(default_factory=list)
    dead_letters: list[Any] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    _worker: Worker | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _after: list[Call] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _tasks: asyncio.TaskGroup | None = None
    _started: Counter[str] = field(default_factory=Counter)

    # The clock

    def time(self) -> float:
        return self.epoch + (self._loop.time() if self._loop else 0)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    @property
    def elapsed(self) -> float:
        """Seconds since the last thing that a person asked for."""
        return self._loop.time() if self._loop else 0

    @property
    def is_after_lease(self) -> bool:
        return self.elapsed > self.deployed.lease_seconds

    # Workers and what strikes them

    def effect(self, what: str) -> None:
        with self._lock:
            worker = self._worker
            if worker is None:
                return
            if worker.is_dead:
                raise WorkerKilledError
            self.moments += 1
            try:
                self.fault(Moment(self.moments, self, worker, what))
            except WorkerKilledError:
                worker.is_dead = True
                raise

    def after_worker(self, act: Call) -> None:
        """Do something that the worker's locks keep from being done now."""
        self._after.append(act)

    def call(self, name: str, handler: Handler, payload: Any) -> Any:
        """Invoke a function as Lambda does; what it raises is told as Step Functions is told."""
        outer, self._worker = self._worker, Worker(name, payload)
        try:
            answer = json.loads(json.dumps(handler(json.loads(json.dumps(payload)), LAMBDA)))
            self.effect("answer")
        except WorkerKilledError:
            raise StateError("Runtime.ExitError", "{}") from None
        except Exception as error:
            cause = {"errorType": type(error).__name__, "errorMessage": str(error)}
            raise StateError(cause["errorType"], json.dumps(cause)) from error
        finally:
            self._worker = outer
            while outer is None and self._after:
                self._after.pop(0)()
        return answer

    # Step Functions

    def start_execution(self, source_key: str) -> None:
        self._started[source_key] += 1
        name = f"run-{self._started[source_key]} of {source_key}"
        self.executions[name] = self.later(0, self._execute, name, {"source_key": source_key})

    async def _execute(self, name: str, given: Mapping[str, Any]) -> None:
        status = ""
        try:
            await Machine(self.deployed.machine, self._invoke, Random(name)).execute(name, given)
        except StateError as failure:
            status = "TIMED_OUT" if failure.error == "States.Timeout" else "FAILED"
        except asyncio.CancelledError:
            status = "ABORTED"
        if status and name not in self.vanishing:
            detail = {"executionArn": name, "status": status, "input": json.dumps(given)}
            event = {"detail-type": "Step Functions Execution Status Change", "detail": detail}
            self.later(1, self._tell, self.deployed.handler("records"), event)

    async def _invoke(self, function: str, payload: Any) -> Any:
        handler = self.deployed.handlers[function]
        name = handler.__module__.removeprefix("functions.").removesuffix(".handler")
        name = f"{name} ({payload['action']})" if "action" in payload else name
        self.invoked.append((name, handler, payload))
        number = len(self.invoked)
        # The later a chunk lies in the video, the sooner it is done: answers come in reverse.
        index = payload.get("chunk", {}).get("index", 0)
        await asyncio.sleep(20 / (1 + index))

        def call() -> Any:
            return self.call(name, handler, payload)

        return await self.around(self, number, name, call) if self.around else call()

    def stop_execution(self, name: str) -> None:
        self.executions[name].cancel()

    def stop_all(self, *, silently: bool = False) -> None:
        """Stop what runs; silently, so that nobody hears of it."""
        for name, execution in self.executions.items():
            if not execution.done():
                self.vanishing |= {name} if silently else set()
                execution.cancel()

    # Queues and events

    def object_created(self, key: str) -> None:
        for delay in self.event_delays:
            self.later(delay, self._start, key)

    async def _start(self, key: str) -> None:
        self.start_execution(key)

    @property
    def told_to_records(self) -> list[tuple[str, Handler, Any]]:
        return [message for message in self.invoked if message[0].startswith("records")]

    def replay(self, message: tuple[str, Handler, Any]) -> None:
        """Hand over a message that was handed over before."""
        with suppress(StateError):
            self.call(*message)

    def send(self, body: str, delay: float) -> None:
        if self._tasks is None:
            return  # a look at the upload, should its end not come: it comes at once in all lives here
        self.later(delay, self._receive, body)

    async def _receive(self, body: str) -> None:
        for _ in range(self.deployed.most_receives):
            if self.receive(body):
                return
            await asyncio.sleep(self.deployed.visibility_seconds)
        self.dead_letters.append(json.loads(body))

    def receive(self, body: str) -> bool:
        record = {"messageId": "1", "body": body, "eventSource": "aws:sqs", "receiptHandle": "r"}
        name = f"sweep ({json.loads(body)['job']})"
        try:
            answer = self.call(name, self.deployed.handler("sweep"), {"Records": [record]})
        except StateError:
            return False
        return not answer["batchItemFailures"]

    async def _tell(self, handler: Handler, event: Mapping[str, Any]) -> None:
        for delay in ASYNC_RETRIES:
            await asyncio.sleep(delay)
            try:
                self.call("records (end of execution)", handler, event)
            except StateError:
                continue
            return
        self.dead_letters.append(event)

    def later(
        self, seconds: float, act: Callable[..., Coroutine[Any, Any, None]], *arguments: Any
    ) -> "asyncio.Task[None]":
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await act(*arguments)

        assert self._tasks is not None
        return self._tasks.create_task(wait())

    # People

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Ask once."""
        answers: list[Answer] = []

        def handle(_event: Any, _context: Any) -> None:
            answers.append(self.browser.send(method, path, body))

        self.call(f"api {path.rsplit('/', 1)[-1]}", handle, {})
        return answers[0]

    def delete(self) -> None:
        """Delete the video for good, and have its bytes removed this very moment."""
        if self.ask("DELETE", f"/api/videos/{self.video_id}").status == HTTPStatus.CONFLICT:
            self.ask("DELETE", f"/api/uploads/{self.video_id}")
        else:
            self.ask("POST", f"/api/videos/{self.video_id}/purge")
            self.receive(json.dumps({"job": "purge", "video_id": str(self.video_id), "due": 0}))

    async def insist(self, method: str, path: str, body: Any = None) -> Answer:
        """Ask until there is an answer that is not the drive's own failure."""
        for _ in range(5):
            try:
                answer = self.ask(method, path, body)
            except StateError:
                answer = None
            if answer is not None and answer.status < 500:
                return answer
            await asyncio.sleep(2)
        raise AssertionError(f"{method} {path} has no answer")

    # One life of the video

    def __post_init__(self) -> None:
        self.bucket = Bucket(self)

    def upload(self, body: bytes) -> None:
        """Send every byte, without completing the upload."""
        answer = self.browser.send("POST", "/api/uploads", {"file_name": "cat.ts", "size": len(body)})
        self.video_id = UUID(answer.json["video_id"])
        ((key, upload_id),) = self.bucket.uploads
        self.bucket.put_part(key, upload_id, 1, body)

    @property
    def deadline(self) -> float:
        """The seconds after which a video is at its end, whatever has happened."""
        return self.deployed.lease_seconds + GRACE_SECONDS

    async def live(self, method: str, path: str) -> None:
        """Do as a person asked, and let everything that follows from it come to its end."""
        self._loop = asyncio.get_running_loop()

        async def look() -> None:
            self.states[path] = self.state

        async with asyncio.timeout(LONGEST_SECONDS), asyncio.TaskGroup() as self._tasks:
            self.later(self.deadline, look)
            await self.insist(method, path)
        self.epoch += self._loop.time()
        self._loop = self._tasks = None
        self.moments_before_retry = self.moments

    @property
    def state(self) -> str:
        """The video's state; "gone" when nobody sees it any more."""
        with database.transaction() as session:
            video = session.get(Video, self.video_id)
            return "gone" if video is None or video.purge_started_at else str(video.state)

    def leftovers(self) -> list[str]:
        """Return what has no row that it belongs to: objects, open uploads, rows of other revisions."""
        with database.transaction() as session:
            video = session.get(Video, self.video_id)
            prefixes = [] if video is None else [video.source_key]
            if video and video.revision is not None:
                prefixes.append(f"media/{video.id}/{video.revision}/")
            rows = [
                str(table)
                for table in Base.metadata.sorted_tables
                if "revision" in table.columns and "video_id" in table.columns
                for row in session.execute(select(table).where(table.c.video_id == self.video_id))
                if video is None or row.revision != video.revision
            ]
        objects = [key for key in self.bucket.objects if not key.startswith(tuple(prefixes) or "-")]
        return [*objects, *map(str, self.bucket.uploads), *rows]

    def kept(self) -> dict[str, Any]:
        """Return all that is kept of the video, in words that are the same for every video."""
        with database.transaction() as session:
            video = session.get_one(Video, self.video_id)
            tables = [table for table in Base.metadata.sorted_tables if "video_id" in table.columns]
            rows = {
                table.name: sorted(
                    repr(sorted((name, value) for name, value in row._mapping.items() if name not in OWN))
                    for row in session.execute(select(table).where(table.c.video_id == video.id))
                )
                for table in tables
                if table.name not in HISTORY
            }
            facts = session.execute(select(Video.__table__).where(Video.id == video.id)).one()._mapping
        about = {
            name: value is not None if isinstance(value, datetime) else value
            for name, value in facts.items()
            if name not in OWN
        }
        objects = {
            key.replace(str(video.id), "ID").replace(f"ID/{video.revision}/", "ID/R/"): hashlib.sha256(
                body
            ).hexdigest()
            for key, body in self.bucket.objects.items()
        }
        return {"video": about, "rows": rows, "objects": objects}

    def told(self) -> str:
        """Return the state that the log of changes ends with, after looking that no number is missing."""
        with database.transaction() as session:
            found = session.scalars(
                select(Event).where(Event.video_id == self.video_id).order_by(Event.seq)
            ).all()
        assert [event.seq for event in found] == list(range(1, len(found) + 1))
        return found[-1].payload["state"] if found[-1].payload else "gone"
