"""Random lives of videos and accounts: after every step, all that is stored is what a plain model says.

Two people and an administrator ask the whole API; the machine, its late messages and the sweep call the real
handlers, against a real database; services refuse, answers and messages get lost or come twice.

- What is stored: `Film`, `Account`, `Seat` and `Share` are what the model knows of a row each.
- What is called: `Cloud` and its `Bucket` play AWS. They deliver nothing by themselves.
- What may happen: each `@rule` of `Life` is one step. It says beforehand what must come of it: the status of
  the answer, and what `expect` holds against the tables.
- What is true after every step: `all_is_well`. What is true once nothing is in flight: `come_to_rest`, a step
  like others and the end of every life. Both fail by these names:
  I1 a video is in one state, and somebody looks after one that is not at its end
  I2 in the bucket is what the tables name, and nothing else
  I3 what is served is there
  I4 of what is deleted nothing is left, and nothing acts on it
  I5 a quota's use is the sum of what is stored
  I6 who follows the log of changes sees what is there
  I7 a video's attempt belongs to one run

STREAMTIME_LIVES says how many lives are lived, STREAMTIME_LIFE_STEPS of how many steps each, and
STREAMTIME_LIFE_SEED which ones. The same number lives the same lives, but not in runs of many hundreds: there
the choices went other ways from run to run.
"""

import base64
import json
import logging
import os
import re
import sys
import time
from collections import ChainMap, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from types import SimpleNamespace
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import and_, create_engine, event, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from functions.core import database, events, limits, models, storage
from functions.core import settings as settings_module
from functions.core.caller import token_hash
from functions.core.models import Base, Event, Link, Role, Upload, User, Video, VideoState, Visibility
from functions.core.models import Session as BrowserSession
from functions.core.views import VideoView
from functions.records import handler as records
from functions.sharing import service as sharing
from functions.sweep import handler as sweep
from functions.uploads import service as uploads
from tests.unit.conftest import CRC64, LAMBDA, PASSWORD, Browser, FakeStorage

LIVES = int(os.environ.get("STREAMTIME_LIVES", "1000"))
STEPS = int(os.environ.get("STREAMTIME_LIFE_STEPS", "10"))
SEED = int(os.environ.get("STREAMTIME_LIFE_SEED", "1"))
SHARES = 4  # of the lives, for test processes side by side

UPLOADING, UPLOADED, PROCESSING, READY, FAILED = VideoState
PART_BYTES, MOST_BYTES, QUOTA_BYTES = 8, 24, 64
TRASH, GRACE, LINK = timedelta(days=3), timedelta(days=7), timedelta(days=30)
RECENT = LATE_WRITER = timedelta(minutes=15)
LEASE = timedelta(hours=2)
VIDEOS_AT_ONCE = 2
NAMES = ("ann", "bob", "eve")
WATCHED = {"users", "sessions", "videos", "uploads", "links"}
WRITES = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) (\w+)")
NOT_TOLD = {"eta_seconds", "updated_at", "poster_url"}
"""What changes in a view without any event."""


# What must be true, of a row each


@dataclass(frozen=True)
class Film:
    owner: UUID
    size: int
    state: VideoState = UPLOADING
    attempt: int = 0
    execution: str | None = None
    version: int = 1
    visibility: Visibility = Visibility.PRIVATE
    is_published: bool = False
    revision: int | None = None
    stored: int = 0
    trashed_at: datetime | None = None
    is_purged: bool = False
    has_upload: bool = True
    lease: datetime | None = field(default=None, compare=False)

    def changed(self, **values):
        """Return what it is when a person has changed something."""
        new = replace(self, **values)
        return self if new == self else replace(new, version=self.version + 1)


@dataclass(frozen=True)
class Account:
    is_disabled: bool = False
    delete_at: datetime | None = None


@dataclass(frozen=True)
class Seat:
    """A device that is signed in."""

    user: UUID
    since: datetime


@dataclass(frozen=True)
class Share:
    film: UUID
    expires_at: datetime
    most: int | None
    views: int = 0
    is_revoked: bool = False


# What the functions call


class RefusedError(Exception):
    """A service is there but says no, or its answer gets lost."""


@dataclass
class Run:
    """An execution of the machine, by what it has done so far."""

    name: str
    key: str
    began: datetime
    job: dict | None = None
    done: int = 0
    ended: datetime | None = None
    was_cut: bool = False


@dataclass
class Message:
    body: dict
    visible_at: datetime


def refusable(name):
    act = getattr(FakeStorage, name)

    def call(self, *arguments, **named):
        with self.cloud.call("storage"):
            return act(self, *arguments, **named)

    return call


class Bucket(FakeStorage):
    def __init__(self, cloud):
        super().__init__()
        self.cloud = cloud
        self.begun = {}

    def start_upload(self, key):
        with self.cloud.call("storage"):
            upload_id = super().start_upload(key)
            self.begun[key, upload_id] = self.cloud.now
        return upload_id

    def complete_upload(self, key, upload_id, parts):
        with self.cloud.call("storage"):
            stored = super().complete_upload(key, upload_id, parts)
            self.cloud.created.append(key)
        return stored

    parts, abort_upload, open_uploads, size, checksum = map(
        refusable, ("parts", "abort_upload", "open_uploads", "size", "checksum")
    )
    keys, delete, names, last_change, versions, erase = map(
        refusable, ("keys", "delete", "names", "last_change", "versions", "erase")
    )

    def drop_old(self):
        """Abort what has been open for a week, as the bucket's lifecycle does."""
        for upload, begun in self.begun.items():
            if begun <= self.cloud.now - timedelta(days=7):
                self.uploads.pop(upload, None)


class Cloud:
    """Queue, topic and machine in memory: what they are told stays until somebody hands it over.

    The next call of `trouble`'s service is refused or, if it is late, done without an answer.
    """

    exceptions = SimpleNamespace(ExecutionDoesNotExist=KeyError)

    def __init__(self):
        self.now = datetime(2030, 1, 1, tzinfo=UTC)
        self.bucket = Bucket(self)
        self.messages, self.created, self.runs, self.broken = [], [], [], []
        self.trouble, self.has_struck = None, False
        self.written = {*WATCHED}

    @contextmanager
    def call(self, service):
        self.strike(service, late=False)
        yield
        self.strike(service, late=True)

    def strike(self, service, *, late):
        if self.trouble == (service, late):
            self.trouble, self.has_struck = None, True
            if service == "commit":
                gone = psycopg.OperationalError("server closed the connection unexpectedly")
                raise OperationalError("COMMIT", None, gone)
            raise RefusedError(service)

    def send_message(self, *, QueueUrl, MessageBody, DelaySeconds):  # noqa: ARG002, N803  (as AWS calls them)
        with self.call("queue"):
            visible_at = self.now + timedelta(seconds=DelaySeconds)
            self.messages.append(Message(json.loads(MessageBody), visible_at))

    def publish(self, *, TopicArn, Message):  # noqa: ARG002, N803
        with self.call("topic"):
            json.loads(Message)

    def start_execution(self, *, stateMachineArn, input):  # noqa: A002, ARG002, N803
        with self.call("machine"):
            self.start(json.loads(input)["source_key"])

    def stop_execution(self, *, executionArn, cause):  # noqa: ARG002, N803
        with self.call("machine"):
            self.stop(next(run for run in self.runs if run.name == executionArn))

    def start(self, key):
        self.runs.append(Run(f"run-{len(self.runs) + 1}", key, self.now))

    def stop(self, run):
        if run.ended is None:
            run.ended, run.was_cut = self.now, True
            self.broken.append(run)

    def pass_time(self, **time):
        self.now += timedelta(**time)
        for run in self.runs:
            if run.began + LEASE <= self.now:
                self.stop(run)

    @property
    def visible(self):
        return [message for message in self.messages if message.visible_at <= self.now]

    @property
    def running(self):
        return [run for run in self.runs if run.ended is None]

    @property
    def writing(self):
        """Return the runs whose functions may still be at work, though nobody waits for them."""
        return [run for run in self.runs if run.job and run.was_cut and self.now < run.ended + LATE_WRITER]


@pytest.fixture(autouse=True)
def doorbells():
    """Nothing is taken out of `functions.core.events` here."""


@pytest.fixture
def clouds(monkeypatch):
    """Return the list of all clouds there have been: it is the last that functions call."""
    for name, value in {
        "MAX_UPLOAD_BYTES": MOST_BYTES,
        "TRASH_DAYS": TRASH.days,
        "VIDEOS_AT_ONCE": VIDEOS_AT_ONCE,
        "PROCESSING_LEASE_SECONDS": int(LEASE.total_seconds()),
    }.items():
        monkeypatch.setenv(name, str(value))
    settings_module.settings.cache_clear()
    made = []

    class Clock(datetime):
        @classmethod
        def now(cls, _zone):
            return made[-1].now

    monkeypatch.setattr(models, "datetime", Clock)

    def timestamp():
        return made[-1].now.timestamp()

    for module in (events, sweep, sharing):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=timestamp))
    for module in ("accounts.routes", "uploads.routes", "library.routes", "sharing.routes", "sweep.handler"):
        monkeypatch.setattr(f"functions.{module}.media_storage", lambda: made[-1].bucket)
    monkeypatch.setattr(events, "client", lambda _service: made[-1])
    monkeypatch.setattr(storage, "_sign", lambda message: b"signed:" + message)
    monkeypatch.setattr(limits, "_book", lambda _key, *, moment, **_: moment)
    monkeypatch.setattr(limits, "_unbook", lambda _key, **_: None)
    monkeypatch.setattr(uploads, "MIN_PART_BYTES", PART_BYTES)
    return made


@pytest.fixture
def connection(clouds, database_url, monkeypatch):
    """Return the one connection of all functions, whose commits may meet with trouble."""

    def before_execute(connection, _cursor, statement, *_):
        for verb, table in WRITES.findall(statement):
            connection.info.setdefault("touched", set()).add(table)
            clouds[-1].written |= WATCHED if verb == "DELETE FROM" else {table}  # others may go with it

    def before_commit(_session):
        clouds[-1].strike("commit", late=False)

    def after_commit(_session):
        clouds[-1].strike("commit", late=True)

    # Without the functions' own time limits: on a busy machine, one of thousands of questions takes long.
    engine = create_engine(database_url)
    with engine.connect() as opened:
        monkeypatch.setattr(database, "engine", lambda: opened)
        event.listen(opened, "before_cursor_execute", before_execute)
        event.listen(Session, "before_commit", before_commit)
        event.listen(Session, "after_commit", after_commit)
        yield opened
        event.remove(Session, "before_commit", before_commit)
        event.remove(Session, "after_commit", after_commit)
    engine.dispose()


@pytest.fixture
def stage_of(clouds, connection, pool, database_url):
    """Return a context of an empty account with three people, which leaves nothing behind."""

    @contextmanager
    def new():
        clouds.append(Cloud())
        pool.__init__()
        people = [
            User(
                id=pool.add(f"{name}@example.org", name),
                email=f"{name}@example.org",
                display_name=name,
                role=Role.ADMIN if name == "eve" else Role.MEMBER,
                quota_bytes=QUOTA_BYTES,
            )
            for name in NAMES
        ]
        with database.transaction() as session:
            session.add_all(people)
        yield clouds[-1], reader, {person.display_name: person.id for person in people}
        touched = connection.info.pop("touched")
        for table in reversed(Base.metadata.sorted_tables):
            if table.name in touched:
                reader.execute(table.delete())

    onlooker = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with onlooker.connect() as reader:
        yield new
    onlooker.dispose()


# The lives


def one_of_its(name):
    return st.runner().flatmap(lambda life: st.sampled_from(getattr(life, name)))


def if_any(name):
    return precondition(lambda life: bool(getattr(life, name)))


ASKING = st.sampled_from(["owner"] * 5 + ["owner's phone", "stranger", "administrator", "nobody"])
CHECKSUM = st.sampled_from(["", "", "right", "right", "wrong"])
VERSION = st.sampled_from(["", "", "right", "right", "stale"])
VISIBILITY = st.sampled_from([*Visibility])
OWNER = st.sampled_from(["ann", "ann", "ann", "bob"])


class Life(RuleBasedStateMachine):
    lived = steps = asked = 0

    def __init__(self, stage_of):
        super().__init__()
        self.stage = stage_of()
        self.cloud, self.reader, self.people = self.stage.__enter__()
        self.bucket = self.cloud.bucket
        self.truth, self.seen, self.told = {}, dict.fromkeys(self.people.values(), 0), {}
        self.stored, self.owners, self.shares = {}, {}, []
        self.tokens = {name: [] for name in NAMES}
        self.messages_told = []
        self.claimed, self.made = defaultdict(set), defaultdict(dict)
        self.pages, self.weeks, self.was_in_trouble = {}, 0, False
        self.truth = self.look()
        self.seat(*NAMES, "ann")

    # How things are

    def look(self):
        """Return all that is stored, of which is read again what was written since."""
        written, self.cloud.written = self.cloud.written, set()
        with Session(self.reader) as session:
            if written & {"videos", "uploads"}:
                self.stored["videos"] = self.read_videos(session)
            if "users" in written:
                self.stored["users"] = self.read_users(session)
            if "sessions" in written:
                self.stored["sessions"] = self.read_seats(session)
            if "links" in written:
                self.stored["links"] = self.read_links(session)
        return {key: value for rows in self.stored.values() for key, value in rows.items()}

    def read_videos(self, session):
        found = session.execute(select(Video, Upload.video_id).outerjoin(Upload, Upload.video_id == Video.id))
        films, self.views = {}, {}
        for video, upload in found:
            if not video.purge_started_at:
                self.views[video.id] = VideoView.of(video).model_dump(mode="json", exclude=NOT_TOLD)
            films[video.id] = Film(
                owner=video.owner_id,
                size=video.size_bytes,
                state=video.state,
                attempt=video.attempt,
                execution=video.execution,
                version=video.version,
                visibility=video.visibility,
                is_published=video.published_at is not None,
                revision=video.revision,
                stored=video.stored_bytes,
                trashed_at=video.trashed_at,
                is_purged=video.purge_started_at is not None,
                has_upload=upload is not None,
                lease=video.lease_expires_at,
            )
        return films

    def read_users(self, session):
        found = session.execute(select(User.id, User.disabled_at, User.delete_at, User.last_event_seq)).all()
        self.take_in(session, {user.id: user.last_event_seq for user in found})
        return {user.id: Account(user.disabled_at is not None, user.delete_at) for user in found}

    def read_seats(self, session):
        there = BrowserSession.expires_at > self.cloud.now
        seats = select(BrowserSession.token_hash, BrowserSession.user_id, BrowserSession.authenticated_at)
        return {token: Seat(user, since) for token, user, since in session.execute(seats.where(there))}

    def read_links(self, session):
        return {
            link.id: Share(
                link.video_id, link.expires_at, link.max_views, link.views, link.revoked_at is not None
            )
            for link in session.scalars(select(Link))
        }

    def take_in(self, session, latest):
        behind = [user for user, seq in latest.items() if seq != self.seen[user]]
        if behind:
            newer = [and_(Event.user_id == user, Event.seq > self.seen[user]) for user in behind]
            for found in session.scalars(select(Event).where(or_(*newer)).order_by(Event.user_id, Event.seq)):
                self.seen[found.user_id] += 1
                assert found.seq == self.seen[found.user_id], "I6: a number is missing in the log"
                view = found.payload and {
                    name: value for name, value in found.payload.items() if name not in NOT_TOLD
                }
                self.told[found.video_id] = view
        assert {user: self.seen[user] for user in latest} == latest, "I6: the log ends too early"

    def expect(self, *stages, is_done=True, or_nothing=False):
        """Hold all that is stored against what must have come of the step, in one stage or in several.

        Each stage says what is different, None for what is gone. After trouble, what was begun may have been
        cut off after any of them; what was answered well is done.
        """
        after = [
            {key: value for key, value in {**self.truth, **stage}.items() if value is not None}
            for stage in (stages or ({},))
        ]
        allowed = after[-1:]
        if or_nothing or (self.cloud.has_struck and not is_done):
            allowed = [self.truth, *after]
        found = self.look()
        if found not in allowed:
            keys = [key for key in {**allowed[-1], **found} if allowed[-1].get(key) != found.get(key)]
            lines = [f"{key}: {found.get(key)}, not {allowed[-1].get(key)}" for key in keys]
            raise AssertionError("\n".join(["It is not as it must be:", *lines]))
        self.truth, self.cloud.has_struck = found, False

    @property
    def films(self):
        return {key: value for key, value in self.truth.items() if isinstance(value, Film)}

    def of(self, user):
        return {key: film for key, film in self.films.items() if film.owner == user}

    def used(self, user):
        return sum(film.size + film.stored for film in self.of(user).values())

    def without(self, *film_ids):
        """Return the stage in which these videos are gone, with all that goes with them."""
        links = [key for key, it in self.truth.items() if isinstance(it, Share) and it.film in film_ids]
        return dict.fromkeys([*film_ids, *links])

    def without_seats(self, user, but=None):
        seats = [key for key, it in self.truth.items() if isinstance(it, Seat) and it.user == user]
        return dict.fromkeys([seat for seat in seats if seat != but])

    def is_shown(self, user):
        account = self.truth.get(user)
        return account is not None and not account.is_disabled and account.delete_at is None

    def has_ended(self, user):
        account = self.truth.get(user)
        return account is None or (account.delete_at is not None and account.delete_at <= self.cloud.now)

    def who(self, token):
        """Return who asks with this token, None for nobody."""
        seat = self.truth.get(token and token_hash(token))
        if seat is None or self.has_ended(seat.user) or self.truth[seat.user].is_disabled:
            return None
        return seat.user

    # How people ask

    def seat(self, *names):
        """Sign people in behind the API's back, without trouble; who is gone gets a useless token."""
        trouble, self.cloud.trouble = self.cloud.trouble, None
        with database.transaction() as session:
            for name in names:
                token, user = f"{name}-{len(self.tokens[name])}", self.people[name]
                self.tokens[name].append(token)
                if user in self.truth:
                    session.add(BrowserSession(token_hash=token_hash(token), user_id=user))
                    self.truth[token_hash(token)] = Seat(user, self.cloud.now)
        self.cloud.trouble = trouble

    def recent(self, name):
        """Return the token of somebody who has shown a moment ago who they are, if that can be."""
        seat = self.truth.get(token_hash(self.tokens[name][-1]))
        if seat is None or seat.since <= self.cloud.now - RECENT:
            self.seat(name)
        return self.tokens[name][-1]

    def token(self, asking, film_id):
        owner = self.owners[film_id]
        match asking:
            case "owner":
                return self.tokens[owner][-1]
            case "owner's phone":
                return self.tokens[owner][0]
            case "stranger":
                return self.tokens["bob" if owner == "ann" else "ann"][-1]
            case "administrator":
                return self.tokens["eve"][-1]
        return None

    def mine(self, token, film_id):
        """Return the film if it is there for who asks."""
        film = self.truth.get(film_id)
        user = self.who(token)
        return film if film and user and film.owner == user and not film.is_purged else None

    def send(self, token, status, method, path, body=None, **headers):
        """Ask, and return the answer and whether it is what it must be; trouble may end it otherwise."""
        Life.asked += 1
        answer = Browser(token).send(method, path, body, **headers)
        if self.cloud.has_struck and answer.status in {500, 503}:
            return answer, False
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.json}, not {status}"
        return answer, True

    def ask(self, token, status, method, path, body=None, *, stage=None, is_open=False, **headers):
        """Ask for something of which the model knows how it ends."""
        if not is_open and self.who(token) is None:
            status, stage = 401, None
        answer, is_done = self.send(token, status, method, path, body, **headers)
        self.expect(stage or {}, is_done=is_done)
        return answer

    # Uploads

    @initialize(owner=OWNER, size=st.integers(1, MOST_BYTES), steps=st.integers(0, 8))
    def begin_with_one(self, owner, size, steps):
        self.begin(owner, size)
        if steps and self.owners:
            (film_id,) = self.owners
            self.send_parts(film_id, 3)
            self.complete("owner", film_id, "")
            self.tell_of_object(self.cloud.created[0], again=False)
            self.work(self.cloud.runs[0], steps - 1)

    @rule(owner=OWNER, size=st.integers(1, MOST_BYTES))
    def begin(self, owner, size):
        token = self.tokens[owner][-1]
        user = self.who(token)
        fits = user and self.used(user) + size <= QUOTA_BYTES
        body = {"file_name": "cat.mp4", "size": size}
        status = 401 if not user else 201 if fits else 409
        self._adopt(*self.send(token, status, "POST", "/api/uploads", body), Film(user, size), owner)

    def _adopt(self, answer, is_done, made, owner=None):
        """Take up what was made, under the name that it was given: after trouble it may be there or not."""
        new = [key for key, value in self.look().items() if key not in self.truth and value == made]
        if is_done and answer.status == 201:
            named = answer.json.get("video_id") or answer.json["link"]["id"]
            assert new == [UUID(named)]
        assert len(new) <= 1
        for key in new:
            if owner:
                self.owners[key] = owner
        self.expect(dict.fromkeys(new, made))
        return new

    @property
    def open_uploads(self):
        return [film_id for film_id in self.owners if self._open_upload(film_id)]

    @property
    def film_ids(self):
        return [*self.owners]

    def _open_upload(self, film_id):
        found = self.bucket.uploads
        return next((upload for upload in found if upload[0] == f"source/{film_id}"), None)

    def _lengths(self, size):
        return {
            number + 1: min(PART_BYTES, size - at) for number, at in enumerate(range(0, size, PART_BYTES))
        }

    @if_any("open_uploads")
    @rule(film_id=one_of_its("open_uploads"), count=st.integers(1, 3))
    def send_parts(self, film_id, count):
        """Send parts that are missing, as their addresses allow."""
        upload, film = self._open_upload(film_id), self.truth.get(film_id)
        if film and upload:
            missing = {
                n: size
                for n, size in self._lengths(film.size).items()
                if n not in self.bucket.uploads[upload]
            }
            for number in [*missing][:count]:
                self.bucket.put_part(*upload, number, b"x" * missing[number])

    @if_any("owners")
    @rule(asking=ASKING, film_id=one_of_its("film_ids"), checksum=CHECKSUM)
    def complete(self, asking, film_id, checksum):
        token = self.token(asking, film_id)
        film = self.mine(token, film_id)
        body = None
        if checksum:
            crc = CRC64.calc(b"x" * film.size) if film and checksum == "right" else 0
            body = {"checksum": base64.b64encode(crc.to_bytes(8)).decode()}
        status, stage = self._completed(film_id, film) if film else (404, None)
        if status == 200 and checksum == "wrong":
            status, stage = 409, None
        self.ask(token, status, "POST", f"/api/uploads/{film_id}/complete", body, stage=stage)

    def _completed(self, film_id, film):
        if not film.has_upload:
            return 200, None
        upload = self._open_upload(film_id)
        if upload and set(self.bucket.uploads[upload]) != set(self._lengths(film.size)):
            return 409, None
        if not upload and f"source/{film_id}" not in self.bucket.objects:
            return 404, None
        return 200, {film_id: replace(film, state=UPLOADED, has_upload=False)}

    @if_any("owners")
    @rule(asking=ASKING, film_id=one_of_its("film_ids"))
    def abort(self, asking, film_id):
        token = self.token(asking, film_id)
        film = self.mine(token, film_id)
        is_open = film and film.has_upload
        stage = self.without(film_id) if is_open else None
        self.ask(token, 204 if is_open else 404, "DELETE", f"/api/uploads/{film_id}", stage=stage)

    # The drive

    @if_any("owners")
    @rule(
        asking=ASKING,
        film_id=one_of_its("film_ids"),
        action=st.sampled_from(["publish", "unpublish", "trash", "restore", "edit"]),
        visibility=VISIBILITY,
        version=VERSION,
    )
    def change(self, asking, film_id, action, visibility, version):
        token = self.token(asking, film_id)
        film = self.mine(token, film_id)
        given = film.version - (version == "stale") if film else 1
        headers = {"if_match": f'"{given}"'} if version else {}
        method, path, body = {
            "publish": ("POST", "/publish", {"visibility": visibility}),
            "unpublish": ("POST", "/unpublish", None),
            "trash": ("DELETE", "", None),
            "restore": ("POST", "/restore", None),
            "edit": ("PATCH", "", {"visibility": visibility}),
        }[action]
        status, stage = 404, None
        if action == "edit" and not version:
            status = 428
        elif film and version == "stale":
            status = 412
        elif film:
            status, new = self._changed(film, action, visibility)
            stage = {film_id: new}
        self.ask(token, status, method, f"/api/videos/{film_id}{path}", body, stage=stage, **headers)

    @if_any("owners")
    @rule(
        asking=ASKING,
        film_ids=st.runner().flatmap(
            lambda life: st.lists(st.sampled_from(life.film_ids), min_size=1, max_size=3, unique=True)
        ),
        action=st.sampled_from(["publish", "unpublish", "trash", "restore"]),
        visibility=VISIBILITY,
    )
    def change_many(self, asking, film_ids, action, visibility):
        token = self.token(asking, film_ids[0])
        stage, refused = {}, set()
        for film_id in film_ids:
            film = self.mine(token, film_id)
            status, stage[film_id] = self._changed(film, action, visibility) if film else (404, None)
            if status != 200:
                refused.add(str(film_id))
                del stage[film_id]
        body = {"action": action, "ids": [*map(str, film_ids)], "visibility": visibility}
        answer = self.ask(token, 200, "POST", "/api/videos/bulk", body, stage=stage)
        if answer.status == 200:
            assert {it["id"] for it in answer.json["results"] if it["problem"]} == refused

    def _changed(self, film, action, visibility):
        if (action == "publish" and film.trashed_at) or (action == "trash" and film.state is UPLOADING):
            return 409, film
        values = {
            "publish": {"is_published": True, "visibility": visibility},
            "unpublish": {"is_published": False, "visibility": Visibility.PRIVATE},
            "trash": {"trashed_at": film.trashed_at or self.cloud.now},
            "restore": {"trashed_at": None},
            "edit": {"visibility": visibility},
        }[action]
        if action == "edit":
            return 200, replace(film, **values, version=film.version + 1)
        return 200, film if action == "unpublish" and not film.is_published else film.changed(**values)

    @if_any("owners")
    @rule(asking=ASKING, film_id=one_of_its("film_ids"), first=st.booleans())
    def purge(self, asking, film_id, first):
        token = self.token(asking, film_id)
        film = self.mine(token, film_id)
        if first and film and film.state is not UPLOADING and not film.trashed_at:
            self.change(asking, film_id, "trash", Visibility.PRIVATE, "")
            film = self.mine(token, film_id)
        status = 404 if not film else 202 if film.trashed_at else 409
        stage = {film_id: replace(film, is_purged=True, attempt=film.attempt + 1)} if status == 202 else None
        self.ask(token, status, "POST", f"/api/videos/{film_id}/purge", stage=stage)

    @if_any("owners")
    @rule(asking=ASKING, film_id=one_of_its("film_ids"))
    def retry(self, asking, film_id):
        token = self.token(asking, film_id)
        film = self.mine(token, film_id)
        status = 404 if not film else 200 if film.state is FAILED else 409
        stage = {film_id: replace(film, state=UPLOADED)} if status == 200 else None
        self.ask(token, status, "POST", f"/api/videos/{film_id}/retry", stage=stage)

    # What others see

    @if_any("owners")
    @rule(
        asking=ASKING,
        film_id=one_of_its("film_ids"),
        path=st.sampled_from(["", "/details", "/original", "/links", "/posters"]),
    )
    def watch(self, asking, film_id, path):
        """Watch, and look at what there is to see: nobody sees what is not theirs to see."""
        token = self.token(asking, film_id)
        user, film = self.who(token), self.truth.get(film_id)
        status = 404
        if film and not film.is_purged:
            if film.owner == user:
                status = 410 if film.trashed_at else 200
            elif self._is_on_show(film) and film.visibility is not Visibility.PRIVATE:
                status = 200
        self.ask(token, status, "GET", f"/api/videos/{film_id}/watch", is_open=True)
        if not self.mine(token, film_id):
            self.ask(token, 404, "GET", f"/api/videos/{film_id}{path}")

    def _is_on_show(self, film):
        shown = film.is_published and film.state is READY and not film.trashed_at and not film.is_purged
        return shown and self.is_shown(film.owner)

    @rule(name=st.sampled_from(["", *NAMES]))
    def explore(self, name):
        token = self.tokens[name][-1] if name else None
        user = self.who(token)
        answer = self.ask(token, 200, "GET", "/api/explore", is_open=True)
        shown = {
            str(key)
            for key, film in self.films.items()
            if self._is_on_show(film) and (film.visibility is Visibility.PUBLIC or film.owner == user)
        }
        if answer.status == 200:
            assert {item["id"] for item in answer.json["items"]} == shown

    @rule(name=OWNER)
    def look_at_usage(self, name):
        token = self.tokens[name][-1]
        answer = self.ask(token, 200, "GET", "/api/usage")
        if answer.status == 200:
            assert answer.json["used_bytes"] == self.used(self.people[name]), "I5"

    @rule(name=OWNER)
    def catch_up(self, name):
        """Ask for the changes since the last time, and know by them what the drive holds now."""
        token, user = self.tokens[name][-1], self.people[name]
        seq, view, week = self.pages.get(name, (None, {}, 0))
        path = "/api/events" if seq is None else f"/api/events?after={seq}"
        answer = self.ask(token, 200, "GET", path)
        if answer.status != 200:
            return
        assert not answer.json["reset"] or week < self.weeks, "I6: nothing is old enough to be tidied away"
        here = {key: self.views[key] for key in self.of(user) if key in self.views}
        if seq is None or answer.json["reset"]:
            view = here
        for item in answer.json["items"]:
            seq += 1
            assert item["seq"] == seq
            told = item["video"] and {key: it for key, it in item["video"].items() if key not in NOT_TOLD}
            view = {**view, UUID(item["video_id"]): told}
        view = {key: told for key, told in view.items() if told}
        assert view == here, "I6: who followed the log sees something else than who looks"
        self.pages[name] = (answer.json["latest"], view, self.weeks)

    # Links

    @if_any("owners")
    @rule(asking=ASKING, film_id=one_of_its("film_ids"), most=st.sampled_from([None, 1, 2]))
    def give_link(self, asking, film_id, most):
        token = self.token(asking, film_id)
        film = self.mine(token, film_id)
        status = 401 if not self.who(token) else 404 if not film else 409 if film.trashed_at else 201
        path, body = f"/api/videos/{film_id}/links", {"name": "Grandma", "max_views": most}
        answer, is_done = self.send(token, status, "POST", path, body)
        made = self._adopt(answer, is_done, Share(film_id, self.cloud.now + LINK, most))
        if made and is_done:
            self.shares.append((made[0], answer.json["token"], film_id))

    @if_any("shares")
    @rule(asking=ASKING, share=one_of_its("shares"))
    def revoke_link(self, asking, share):
        link_id, _, film_id = share
        token = self.token(asking, film_id)
        link = self.mine(token, film_id) and self.truth.get(link_id)
        stage = {link_id: replace(link, is_revoked=True)} if link else None
        self.ask(token, 204 if link else 404, "DELETE", f"/api/links/{link_id}", stage=stage)

    @if_any("shares")
    @rule(share=one_of_its("shares"))
    def open_link(self, share):
        link_id, secret, film_id = share
        link, film = self.truth.get(link_id), self.truth.get(film_id)
        opens = (
            link
            and not link.is_revoked
            and link.expires_at > self.cloud.now
            and (link.most is None or link.views < link.most)
            and film.state is READY
            and not film.trashed_at
            and not film.is_purged
            and self.is_shown(film.owner)
        )
        stage = {link_id: replace(link, views=link.views + 1)} if opens else None
        body = {"token": secret}
        self.ask(None, 200 if opens else 404, "POST", "/api/shared", body, stage=stage, is_open=True)

    # Accounts

    @rule(name=st.sampled_from(NAMES))
    def sign_in(self, name):
        user = self.people[name]
        refused = self.has_ended(user) or self.truth[user].is_disabled
        body = {"email": f"{name}@example.org", "password": PASSWORD}
        answer, _ = self.send(None, 401 if refused else 200, "POST", "/api/auth/sign-in", body)
        browser = Browser()
        browser.keep(answer)
        seat = Seat(user, self.cloud.now)
        new = [key for key, it in self.look().items() if key not in self.truth and it == seat]
        assert len(new) <= (not refused)
        if browser.token:
            assert new == [token_hash(browser.token)]
            self.tokens[name].append(browser.token)
        self.expect(dict.fromkeys(new, seat))

    @rule(name=OWNER, first=st.booleans())
    def sign_out(self, name, first):
        token = self.tokens[name][0 if first else -1]
        self.ask(token, 204, "POST", "/api/auth/sign-out", stage={token_hash(token): None}, is_open=True)

    @rule(name=OWNER)
    def sign_out_elsewhere(self, name):
        token = self.tokens[name][-1]
        stage = self.without_seats(self.people[name], but=token_hash(token))
        self.ask(token, 204, "DELETE", "/api/me/sessions", stage=stage)

    @rule(name=OWNER)
    def give_up(self, name):
        token, user = self.recent(name), self.people[name]
        account = self.truth.get(user)
        stage = None
        if account:
            end = min(self.cloud.now + GRACE, account.delete_at or self.cloud.now + GRACE)
            stage = {user: replace(account, delete_at=end)} | self.without_seats(user, but=token_hash(token))
        self.ask(token, 200, "DELETE", "/api/me", stage=stage)

    @rule(name=OWNER)
    def keep(self, name):
        user = self.people[name]
        account = self.truth.get(user)
        stage = {user: replace(account, delete_at=None)} if account else None
        self.ask(self.tokens[name][-1], 200, "POST", "/api/me/keep", stage=stage)

    @rule(
        name=st.sampled_from(["ann", "bob"]),
        action=st.sampled_from(["disable", "enable", "enable", "delete", "keep", "keep"]),
    )
    def administer(self, name, action):
        token, user = self.recent("eve"), self.people[name]
        account = self.truth.get(user)
        path = f"/api/admin/users/{user}"
        method, path, body = {
            "disable": ("PATCH", path, {"disabled": True}),
            "enable": ("PATCH", path, {"disabled": False}),
            "delete": ("DELETE", path, None),
            "keep": ("POST", f"{path}/keep", None),
        }[action]
        status, stage = (404, None) if account is None else self._administered(user, account, action)
        self.ask(token, status, method, path, body, stage=stage)

    def _administered(self, user, account, action):
        match action:
            case "keep" if self.has_ended(user):
                return 409, None
            case "keep":
                return 200, {user: replace(account, delete_at=None)}
            case "delete":
                end = min(self.cloud.now + GRACE, account.delete_at or self.cloud.now + GRACE)
                account = replace(account, is_disabled=True, delete_at=end)
            case _:
                account = replace(account, is_disabled=action == "disable")
        return 200, {user: account} | self.without_seats(user)

    @if_any("owners")
    @rule(film_id=one_of_its("film_ids"))
    def cancel(self, film_id):
        """Have the administrator stop a video's processing."""
        token, film = self.recent("eve"), self.truth.get(film_id)
        status, stage = 404, None
        if film and not film.is_purged:
            status = 204 if film.state in {UPLOADED, PROCESSING} else 409
            stage = {film_id: replace(film, state=FAILED)} if status == 204 else None
        self.ask(token, status, "POST", f"/api/admin/jobs/{film_id}/cancel", stage=stage)

    # The machine

    @property
    def created(self):
        return self.cloud.created

    @property
    def broken(self):
        return self.cloud.broken

    @property
    def running(self):
        return self.cloud.running

    @property
    def writing(self):
        return self.cloud.writing

    @property
    def visible(self):
        return self.cloud.visible

    @if_any("created")
    @rule(key=one_of_its("created"), again=st.booleans())
    def tell_of_object(self, key, again):
        self.cloud.start(key)
        if not again:
            self.created.remove(key)

    @if_any("created")
    @rule(key=one_of_its("created"))
    def lose_object_event(self, key):
        self.created.remove(key)

    @if_any("running")
    @rule(run=one_of_its("running"), steps=st.integers(1, 7))
    def work(self, run, steps):
        for _ in range(steps):
            if run.ended is None:
                self._go_on(run)

    @if_any("running")
    @rule(run=one_of_its("running"), code=st.sampled_from(["not_a_video", "internal"]))
    def fail(self, run, code):
        """Let a function fail for good: the machine tells so, or ends if it can't."""
        if run.job is None:
            self.cloud.stop(run)
            return
        error = {"Error": "SourceRejectedError", "Cause": json.dumps({"errorMessage": code})}
        _, is_done = self.tell({"action": "fail", "job": run.job, "error": error})
        run.ended, run.was_cut = self.cloud.now, True
        if not is_done:
            self.broken.append(run)

    @if_any("running")
    @rule(run=one_of_its("running"), silently=st.booleans())
    def vanish(self, run, silently):
        """Let an execution be stopped from outside; nobody may hear of it."""
        self.cloud.stop(run)
        if silently:
            self.broken.remove(run)

    @if_any("broken")
    @rule(run=one_of_its("broken"), again=st.booleans())
    def tell_of_end(self, run, again):
        detail = {"executionArn": run.name, "input": json.dumps({"source_key": run.key})}
        _, is_done = self.tell({"detail-type": "Step Functions Execution Status Change", "detail": detail})
        if is_done and not again:
            self.broken.remove(run)

    @if_any("messages_told")
    @rule(message=one_of_its("messages_told"))
    def tell_again(self, message):
        """Hand over once more what was handed over before, however long ago."""
        self.tell(message)

    @if_any("writing")
    @rule(run=one_of_its("writing"))
    def write_late(self, run):
        """Let a function end that was at work when its run did."""
        self.bucket.objects[f"media/{run.job['video_id']}/{run.job['revision']}/v60/late.mp4"] = b"late"

    def _go_on(self, run):
        if run.job is None:
            answer, is_done = self.tell({"action": "claim", "source_key": run.key, "execution": run.name})
            if is_done and not answer["claimed"]:
                run.ended = self.cloud.now
            elif is_done:
                run.job = answer["job"]
                self.claimed[run.job["video_id"], run.job["attempt"]].add(run.name)
            return
        act = [self._plan, self._original, self._poster, self._chunk, self._chunk, self._finish][run.done]
        message = act(run.job, run.done)
        answer, is_done = self.tell({"job": run.job, **message})
        run.done += is_done
        if is_done and (run.done == 6 or (message["action"] == "plan" and not answer["admitted"])):
            run.ended = self.cloud.now

    def _write(self, job, name, size):
        key = f"media/{job['video_id']}/{job['revision']}/{name}"
        self.made[UUID(job["video_id"]), job["revision"]][key] = size
        self.bucket.objects[key] = b"m" * size

    def _plan(self, job, _step):
        self.bucket.objects[f"work/{job['video_id']}/{job['revision']}.mkv"] = b"copy"
        facts = {"duration_ms": 8000, "width": 80, "height": 60, "fps": "30/1", "rotation": 0, "hdr": False}
        found = {"video_codec": "h264", "audio": None, "chunks": [{"index": 0}, {"index": 1}], "cost_ms": 1}
        return {"action": "plan", "plan": facts | found}

    def _original(self, job, _step):
        self.bucket.objects[f"media/{job['video_id']}/{job['revision']}/original.mp4"] = b"original"
        return {"action": "original"}

    def _poster(self, job, _step):
        self._write(job, "posters/0.jpg", 1)
        self._write(job, "posters/0-card.jpg", 1)
        return {"action": "posters", "posters": [0]}

    def _chunk(self, job, step):
        index = step - 3
        self._write(job, f"v60/{index}.mp4", 2)
        rungs = [{"height": 60, "bytes": 2, "frames": 120, "duration_ms": 4000}]
        return {"action": "chunk", "chunk": {"index": index, "rungs": rungs}}

    def _finish(self, job, _step):
        self._write(job, "master.m3u8", 1)
        stored = sum(self.made[UUID(job["video_id"]), job["revision"]].values())
        rung = {"height": 60, "width": 80, "bytes": 4, "bandwidth": 1000, "codecs": "avc1.64001f"}
        return {"action": "finish", "package": {"stored_bytes": stored, "renditions": [rung]}}

    def tell(self, message):
        """Hand records a message; return its answer, and whether there was one."""
        answer, is_done = self._hand_over(records, message)
        stage, or_nothing = self._recorded(message, answer)
        self.expect(stage, is_done=is_done, or_nothing=or_nothing)
        self.messages_told.append(message)
        return answer, is_done

    def _hand_over(self, function, message):
        try:
            return function.handle(message, LAMBDA), True
        except Exception:
            if not self.cloud.has_struck:
                raise
            return None, False

    def _recorded(self, message, answer):
        """Return what changes by a message, and whether it may as well change nothing."""
        if message.get("action") == "claim":
            return self._claimed(UUID(message["source_key"].removeprefix("source/")), message, answer)
        if "detail" in message:
            given = json.loads(message["detail"]["input"])
            film_id, action = UUID(given["source_key"].removeprefix("source/")), "fail"
            film = self.truth.get(film_id)
            is_its = film and film.execution == message["detail"]["executionArn"]
        else:
            film_id, action = UUID(message["job"]["video_id"]), message["action"]
            film = self.truth.get(film_id)
            is_its = film and film.attempt == message["job"]["attempt"]
        if not is_its or film.state is not PROCESSING or film.is_purged:
            return {}, False
        if action == "fail":
            return {film_id: replace(film, state=FAILED)}, False
        if action == "finish":
            stored = message["package"]["stored_bytes"]
            revision = message["job"]["revision"]
            return {film_id: replace(film, state=READY, revision=revision, stored=stored)}, False
        return {}, False

    def _claimed(self, film_id, message, answer):
        film = self.truth.get(film_id)
        name, claimed = message["execution"], answer and answer["claimed"]
        if not film or film.is_purged:
            assert not claimed
            return {}, False
        if film.execution == name:
            assert answer is None or claimed == (film.state is PROCESSING)
            return {}, False
        if film.state not in {UPLOADING, UPLOADED}:
            assert not claimed
            return {}, False
        taken = replace(film, state=PROCESSING, attempt=film.attempt + 1, execution=name, has_upload=False)
        others = [
            it for key, it in self.films.items() if key != film_id and it.state in {UPLOADED, PROCESSING}
        ]
        if answer is not None and not claimed:
            assert others, "a video with nobody before it has to wait"
            return {}, False
        return {film_id: taken}, answer is None

    # The sweep

    @if_any("visible")
    @rule(message=one_of_its("visible"), again=st.booleans())
    def deliver(self, message, again):
        """Hand the sweep a message that has waited long enough; the queue may hand it over once more."""
        record = {
            "messageId": "1",
            "body": json.dumps(message.body),
            "eventSource": "aws:sqs",
            "receiptHandle": "r",
        }
        job, subject = message.body["job"], UUID(message.body["video_id"])
        is_due = message.body["due"] <= self.cloud.now.timestamp()
        stages, or_nothing = (
            getattr(self, f"_after_{job}", self._after_others)(subject) if is_due else ([{}], False)
        )
        _, is_done = self._hand_over(sweep, {"Records": [record]})
        self.expect(*stages, is_done=is_done, or_nothing=or_nothing)
        if is_done and not again:
            self.cloud.messages.remove(message)
        elif not is_done:
            message.visible_at = self.cloud.now + timedelta(minutes=12)

    def _after_others(self, _subject):
        return [{}], False

    def _after_job(self, film_id):
        film = self.truth.get(film_id)
        is_at_work = film and not film.is_purged and film.state in {UPLOADED, PROCESSING}
        if is_at_work and film.lease and film.lease <= self.cloud.now:
            # One that waits for its turn is not at its end.
            return [{film_id: replace(film, state=FAILED)}], film.state is UPLOADED
        return [{}], False

    def _after_check_upload(self, film_id):
        film = self.truth.get(film_id)
        if not film or film.is_purged or not film.has_upload:
            return [{}], False
        return [self._completed(film_id, film)[1] or {}], False

    def _after_drop_upload(self, film_id):
        film = self.truth.get(film_id)
        if not film or film.state is not UPLOADING or f"source/{film_id}" in self.bucket.objects:
            return [{}], False
        whole = None if film.is_purged else self._completed(film_id, film)[1]
        return [whole or self.without(film_id)], False

    def _after_purge(self, film_id):
        film = self.truth.get(film_id)
        is_over = film and film.trashed_at and film.trashed_at + TRASH <= self.cloud.now
        return self._after_discard(film_id) if film and (film.is_purged or is_over) else ([{}], False)

    def _after_discard(self, film_id):
        film = self.truth.get(film_id)
        if not film:
            return [{}], False
        marked = film if film.is_purged else replace(film, is_purged=True, attempt=film.attempt + 1)
        return [{film_id: marked}, self.without(film_id)], False

    def _after_delete_account(self, user):
        if user not in self.truth or not self.has_ended(user):
            return [{}], False
        films = self.of(user)
        if not films:
            return [{user: None} | self.without_seats(user)], False
        # Cut off anywhere, some are untouched and some are marked; at the end all are gone.
        ends = [({}, *self._after_discard(film_id)[0]) for film_id in films]
        ways = product(*ends) if self.cloud.trouble else [[end[-1] for end in ends]]
        return [dict(ChainMap(*way)) for way in ways], False

    @rule()
    def sweep_daily(self):
        _, is_done = self._hand_over(sweep, {"job": "daily"})
        self.expect(is_done=is_done)

    @rule(minutes=st.sampled_from([5, 16, 46, 130]))
    def wait(self, minutes):
        self.cloud.pass_time(minutes=minutes)

    @rule()
    def wait_for_a_week(self):
        """Let every session, every open upload and every grace come to its end."""
        self.cloud.pass_time(days=8)
        self.bucket.drop_old()
        self.weeks += 1
        self.cloud.written.add("sessions")  # of which those that are over count no more
        self.expect({key: None for key, it in self.truth.items() if isinstance(it, Seat)})
        self.seat(*NAMES)

    @rule(service=st.sampled_from(["storage", "queue", "topic", "machine", "commit"]), late=st.booleans())
    def expect_trouble(self, service, late):
        """Let the next call of a service be refused, or its answer get lost."""
        self.cloud.trouble, self.was_in_trouble = (service, late), True

    # What is true after every step

    @invariant()
    def all_is_well(self):
        Life.steps += 1
        self.cloud.now += timedelta(seconds=1)
        watched = {it.body["video_id"] for it in self.cloud.messages if it.body["job"] == "job"}
        at_work = 0
        for film_id, film in self.films.items():
            assert film.has_upload == (film.state is UPLOADING), "I1"
            if film.is_purged:
                assert self.told[film_id] is None, "I6"
                continue
            if film.state in {UPLOADED, PROCESSING}:
                assert str(film_id) in watched, f"I1: nobody looks after {film_id}"
                assert film.state is UPLOADED or film.lease, "I1"
            at_work += film.state is PROCESSING and film.lease >= self.cloud.now
            assert self.told[film_id] == self.views[film_id], "I6: the log tells something else"
            if film.state is not UPLOADING:
                assert f"source/{film_id}" in self.bucket.objects, "the original is lost"
            assert self._served(film_id, film) <= self.bucket.objects.keys(), "I3: something is missing"
        assert at_work <= VIDEOS_AT_ONCE
        for film_id in self.owners.keys() - self.truth.keys():
            assert self.told.get(film_id) is None, "I6: nobody was told that it is gone"
        assert all(len(names) == 1 for names in self.claimed.values()), "I7"

    def _served(self, film_id, film):
        return set() if film.revision is None else {*self.made[film_id, film.revision]}

    # What is true when nothing is in flight

    @rule()
    def come_to_rest(self):
        """Let everything that is under way come to its end, without any trouble."""
        self.cloud.trouble = None
        for _ in range(1000):
            if self.created:
                self.tell_of_object(self.created[0], again=False)
            elif self.broken:
                self.tell_of_end(self.broken[0], again=False)
            elif self.running:
                self.work(self.running[0], 8)
            elif self.cloud.messages:
                message = min(self.cloud.messages, key=lambda it: (it.body["due"], it.visible_at))
                due = datetime.fromtimestamp(message.body["due"], UTC)
                self.cloud.now = max(self.cloud.now, message.visible_at, due)
                self.deliver(message, again=False)
            else:
                break
        else:
            raise AssertionError("it never comes to rest")
        self._is_at_rest()

    def _is_at_rest(self):
        stored = {}
        for film_id, film in self.films.items():
            assert not film.is_purged, "I4"
            assert film.state in {UPLOADING, READY, FAILED}, "I1"
            source = f"source/{film_id}"
            if film.state is not UPLOADING or source in self.bucket.objects:
                stored[source] = film.size
            stored |= self.made[film_id, film.revision] if film.revision is not None else {}
        assert {key: len(body) for key, body in self.bucket.objects.items()} == stored, "I2"
        for user in self.people.values():
            whole = [f for f, it in self.of(user).items() if it.state is not UPLOADING]
            taken = sum(size for key, size in stored.items() if any(str(f) in key for f in whole))
            reserved = sum(film.size for film in self.of(user).values() if film.state is UPLOADING)
            assert taken + reserved == self.used(user), "I5"
        for upload in self.bucket.uploads:
            film = self.truth.get(UUID(upload[0].removeprefix("source/")))
            # What trouble left open, the bucket aborts by itself after a week.
            is_left = self.was_in_trouble and self.bucket.begun[upload] > self.cloud.now - timedelta(days=7)
            assert is_left or (film and film.has_upload), "I4: an upload is open that nobody has"

    def teardown(self):
        with self.stage_is_left():
            if sys.exc_info()[0] is None:
                self.come_to_rest()
                Life.lived += 1

    @contextmanager
    def stage_is_left(self):
        try:
            yield
        finally:
            self.stage.__exit__(None, None, None)


@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_happens_to_videos_and_accounts_all_of_it_stays_true(stage_of, show, share):
    @seed(SEED * SHARES + share)
    def live():
        return Life(stage_of)

    began = time.monotonic()
    Life.lived = Life.steps = Life.asked = 0
    chosen = settings(
        max_examples=LIVES // SHARES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[*HealthCheck],
    )
    logging.disable()  # thousands of lines that nobody reads
    try:
        run_state_machine_as_test(live, settings=chosen)
    finally:
        logging.disable(logging.NOTSET)
    assert Life.lived >= LIVES // SHARES
    took = time.monotonic() - began
    show(f"{Life.lived} lives, {Life.steps} steps, {Life.asked} requests, {took:.0f} s")


def test_a_run_that_goes_on_while_its_video_is_deleted_leaves_nothing(stage_of):
    life = Life(stage_of)
    with life.stage_is_left():
        life.begin_with_one("ann", 9, 4)
        (film_id,) = life.owners
        life.cancel(film_id)
        life.purge("owner", film_id, first=True)
        for job in ("purge", "stop", "remove_bytes"):  # too late, and too early
            message = next(it for it in life.cloud.messages if it.body["job"] == job)
            life.cloud.now = max(life.cloud.now, message.visible_at)
            life.deliver(message, again=False)
        assert life.running
        life.come_to_rest()
        assert not life.bucket.objects
