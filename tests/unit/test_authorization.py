"""Who gets what: every route of the API's own description, every actor, a video in every state.

What is expected stands in authorization.toml. Besides the status, each answer is held against what nobody may
learn or change: see `_Trial`.
"""

import copy
import json
import re
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from functions.api import handler
from functions.core import database
from functions.core.caller import token_hash
from functions.core.errors import FailureCode
from functions.core.models import Link, Role, Upload, User, Video, VideoState, Visibility, now
from functions.core.models import Session as BrowserSession
from functions.live import sockets
from functions.sharing import service as sharing
from tests.unit.conftest import PASSWORD, Answer, Browser, FakeCounters, FakeStorage, FakeUserPool

TABLE = tomllib.loads(Path(__file__).with_name("authorization.toml").read_text())
ACTORS = ["anonymous", *TABLE["instead"]]
READY = {"state": VideoState.READY, "revision": 1, "poster_revision": 1, "poster_times": [500]}
PUBLIC = READY | {"visibility": Visibility.PUBLIC, "published_at": now()}
STATES: dict[str, dict[str, Any]] = {
    "uploading": {"state": VideoState.UPLOADING, "revision": None},
    "uploaded": {"state": VideoState.UPLOADED, "revision": None},
    "processing": {"state": VideoState.PROCESSING, "revision": None},
    "failed": {"state": VideoState.FAILED, "revision": None, "failure_code": FailureCode.INTERNAL},
    "draft": READY,
    "unlisted": PUBLIC | {"visibility": Visibility.UNLISTED},
    "public": PUBLIC,
    "trashed": PUBLIC | {"trashed_at": now()},
    "purging": PUBLIC | {"trashed_at": now(), "purge_started_at": now()},
    "hidden": PUBLIC,
}
SAFE = {"GET", "HEAD"}
OF_A_VIDEO = re.compile(r"\{video_id}|\{link_id}|/bulk$|/shared")
SIZE = 1000


@pytest.fixture
def document(anybody) -> dict[str, Any]:
    return anybody.get("/api/openapi.json").json


def operations(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, item in document["paths"].items() for method in item]


def expected(route: str, actor: str, state: str | None) -> int:
    """Look up what the table says; KeyError where it says nothing."""
    changes = {} if route.partition(" ")[0] in SAFE else TABLE["changes"]
    said, who = TABLE["routes"][route], actor
    while who not in changes and who not in said:
        who = TABLE["instead"][who]
    found = changes.get(who, said.get(who))
    if isinstance(found, dict):
        found = found.get(state, found["else"])
    return int(found)


def test_every_route_has_its_expectation_and_every_expectation_its_route(document):
    described = {f"{method} {path}" for method, path in operations(document)}
    assert described == set(TABLE["routes"]), "write down in authorization.toml who gets what by a new route"
    routes = [*handler.app._static_routes, *handler.app._dynamic_routes]
    mounted = {f"{method} {it.openapi_path}" for it in routes for method in [it.method]}
    assert mounted - described == {"GET /api/openapi.json"}, "a route that is not described"


# The world


@dataclass(frozen=True)
class World:
    """A drive with a video in every state, and everybody who might ask for them."""

    owner: Browser
    other: Browser
    actors: dict[str, Browser]
    session_id: UUID
    videos: dict[str, UUID]
    links: dict[str, UUID]
    opened: dict[tuple[str, str], dict[str, str]]
    """(actor, state) → the token of a link that the actor has or had, and what its opening was answered."""


@pytest.fixture
def world(connection, sign_in, anybody, bucket, monkeypatch) -> World:
    monkeypatch.setattr(sockets, "issue_ticket", lambda _page: "ticket")
    people = {name: sign_in(name) for name in ("owner", "stranger", "admin", "other", "disabled", "hidden")}
    owner = people["owner"]
    actors = dict.fromkeys(ACTORS, anybody) | people
    actors |= {"forged": Browser("made-up"), "owner elsewhere": owner}
    videos, links, opened = {}, {}, {}
    with database.transaction() as session:
        for whose, token, age in (
            ("other", "expired", {"expires_at": now()}),
            ("owner", "before", {"authenticated_at": None}),
            ("admin", "long ago", {"authenticated_at": None}),
        ):
            user_id = people[whose].user.id
            session.add(BrowserSession(token_hash=token_hash(token), user_id=user_id, **age))
        second = BrowserSession(token_hash=token_hash("second"), user_id=owner.user.id)
        session.add(second)
        session.get_one(User, people["admin"].user.id).role = Role.ADMIN
        for name in ("disabled", "hidden"):
            session.get_one(User, people[name].user.id).disabled_at = now()
        for state, values in STATES.items():
            whose = people["hidden" if state == "hidden" else "owner"]
            video = Video(
                owner_id=whose.user.id,
                file_name=f"«{state}».mp4",
                title=f"«{state}»",
                size_bytes=SIZE,
                duration_ms=1000,
                **values,
            )
            session.add(video)
            session.flush()
            videos[state] = video.id
            for holder, more in {
                "holder": {"may_download": True},
                "revoked": {"revoked_at": now()},
                "lapsed": {"expires_at": now() - timedelta(seconds=1)},
                "guesser": {"passcode_hash": sharing._hash("tulips")},
            }.items():
                token = f"{holder} of {state}"
                link = Link(video_id=video.id, token_hash=token_hash(token), name="Grandma", **more)
                session.add(link)
                session.flush()
                viewing = "1.0" if holder == "guesser" else sharing._sign(link, int(time.time()))
                opened[holder, state] = {"token": token, "viewing": viewing}
                if holder == "holder":
                    links[state] = link.id
            bucket.objects[video.source_key] = b"v" * SIZE
        uploading = session.get_one(Video, videos["uploading"])
        upload_id = bucket.start_upload(uploading.source_key)
        bucket.put_part(uploading.source_key, upload_id, 1, b"v" * SIZE)
        upload = Upload(
            video_id=uploading.id, s3_upload_id=upload_id, size_bytes=SIZE, part_size=SIZE, fingerprint=""
        )
        session.add(upload)
    actors |= {
        "expired": Browser("expired"),
        "owner of before": Browser("before", owner.user),
        "admin of before": Browser("long ago", people["admin"].user),
    }
    return World(owner, people["other"], actors, second.id, videos, links, opened)


def body(route: str, world: World, actor: str, state: str | None, video: UUID | None) -> Any:
    """Return what a person would send by that route."""
    known = {"email": "owner@example.org", "code": "000000", "password": "Wrong-horse-7"}
    proof = {"password": PASSWORD, "code": FakeUserPool.APP_CODES[0]}
    link = world.opened.get((actor, state or ""), {"token": "A" * 43, "viewing": "1.0"})
    opening = {"token": link["token"]} | ({"passcode": "wrong"} if actor == "guesser" else {})
    bodies: dict[str, Any] = {
        "POST /api/auth/sign-up": known | {"display_name": "Eve"},
        "POST /api/auth/confirm": known,
        "POST /api/auth/resend": known,
        "POST /api/auth/sign-in": known,
        "POST /api/auth/challenge": {"challenge": "made up", "code": "000000"},
        "POST /api/auth/forgot": known,
        "POST /api/auth/reset": known,
        "POST /api/auth/reauthenticate": proof,
        "PATCH /api/me": {"display_name": "Eve"},
        "POST /api/me/password": proof | {"new_password": "Battery-staple-8"},
        "POST /api/me/totp": proof,
        "POST /api/me/totp/verify": proof,
        "POST /api/me/email": {"email": "new@example.org"},
        "POST /api/me/email/confirm": {"email": "new@example.org", "code": "000000"},
        "POST /api/uploads": {"file_name": "mine.mp4", "size": 10},
        "POST /api/uploads/{video_id}/parts": {"numbers": [1]},
        "PATCH /api/videos/{video_id}": {"title": "Mine"},
        "PUT /api/videos/{video_id}/poster": {"at_ms": 500},
        "PUT /api/videos/{video_id}/progress": {"position_ms": 1},
        "POST /api/videos/{video_id}/links": {"name": "Grandpa"},
        "POST /api/videos/bulk": {"action": "trash", "ids": [str(video)]},
        "PATCH /api/links/{link_id}": {"name": "Grandpa"},
        "POST /api/shared": opening,
        "POST /api/shared/grant": link,
        "POST /api/shared/original": link,
        "PATCH /api/admin/users/{user_id}": {"role": "admin", "quota_bytes": 1},
    }
    return bodies.get(route)


# What is held against each answer


@dataclass
class _Trial:
    """Asks each route as each actor, each time in the same world, and writes down what is wrong.

    Wrong is another status than the table's; what belongs to somebody else and answers unlike nothing at all;
    a video's name in an answer to whom it isn't shown; a change of the owner's by anybody else, or by a
    request that was refused; and an answer that caches may keep.
    """

    world: World
    connection: Connection
    bucket: FakeStorage
    pool: FakeUserPool
    counters: FakeCounters
    pairs: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._kept = copy.deepcopy((self.bucket.__dict__, self.pool.__dict__))
        self._owners = self._belongings()
        self._nothing: dict[tuple[str, str], str] = {}

    def run(self, method: str, path: str, actor: str, state: str | None) -> None:
        self.pairs += 1
        route = f"{method} {path}"
        video = self.world.videos.get(state or "")
        with self._undone():
            answer = self.ask(method, path, actor, state, video)
            status = answer.status
            if path.endswith("/bulk") and status == 200:
                problem = answer.json["results"][0]["problem"]
                status = problem["status"] if problem else status
            wanted = expected(route, actor, state)
            faults = [f"{wanted} expected"] if status != wanted else []
            faults += self._faults(route, actor, state, status, answer)
        if status == 404 and state and not actor.startswith("owner"):
            told, nothing = self._told(answer, video), self._told_of_nothing(method, path, actor)
            faults += ["tells that there is something"] if told != nothing else []
        self.wrong += [f"{route} by {actor}, {state}: {status}: {fault}" for fault in faults]

    def ask(self, method: str, path: str, actor: str, state: str | None, video: UUID | None) -> Answer:
        ids = {
            "{video_id}": video,
            "{link_id}": self.world.links.get(state or "", uuid4()),
            "{session_id}": self.world.session_id,
            "{queue}": "uploads",
            "{user_id}": self.world.other.user.id if "/admin/" in path else self.world.owner.user.id,
        }
        target = re.sub(r"\{\w+}", lambda name: str(ids[name[0]]), path)
        headers = {"if_match": '"1"'} if method in {"PATCH", "PUT"} else {}
        if actor == "owner elsewhere":
            headers |= {"sec_fetch_site": "cross-site"}
        asks = self.world.actors[actor]
        return asks.send(method, target, body(f"{method} {path}", self.world, actor, state, video), **headers)

    def _faults(self, route: str, actor: str, state: str | None, status: int, answer: Answer) -> list[str]:
        path = route.split()[1]
        owns = actor.startswith("owner")
        acts = status < 400 and (
            owns
            or (actor.startswith("admin") and "/admin/" in path)
            or (actor == "holder" and "/shared" in path)
        )
        faults = []
        if not acts and self._belongings() != self._owners:
            faults.append("changed what is the owner's")
        if seen := self._named(answer) - self._shown(path, actor, state, status):
            faults.append(f"names {seen}")
        if answer.headers["Cache-Control"] != "no-store":
            faults.append("may be kept")
        if answer.status >= 400 and answer.headers["Content-Type"] != "application/problem+json":
            faults.append("is no problem of ours")
        return faults

    def _told_of_nothing(self, method: str, path: str, actor: str) -> str:
        """Return what is answered of a video or a link that isn't there."""
        route = f"{method} {path}"
        if (route, actor) not in self._nothing:
            video = uuid4()
            with self._undone():
                self._nothing[route, actor] = self._told(self.ask(method, path, actor, None, video), video)
        return self._nothing[route, actor]

    @staticmethod
    def _told(answer: Answer, video: UUID | None) -> str:
        return json.dumps(answer.json).replace(str(video), "")

    @staticmethod
    def _named(answer: Answer) -> set[str]:
        return set(re.findall("«([a-z]+)»", json.dumps(answer.json, ensure_ascii=False)))

    @staticmethod
    def _shown(path: str, actor: str, state: str | None, status: int) -> set[str]:
        """Return whose names the answer may hold."""
        if actor.startswith("owner"):
            return {*STATES} - {"hidden", "purging"}
        if path == "/api/shared" and actor == "holder" and status == 200:
            return {state or ""}
        return {"public", *({"unlisted"} & {state})}

    def _belongings(self) -> str:
        """Sum up all that is the owner's."""
        of_owner = {
            "users": "id = :owner",
            "videos": "title LIKE '«%'",
            "uploads": "video_id IN (SELECT id FROM videos WHERE title LIKE '«%')",
            "links": "true",
            "sessions": "user_id = :owner",
            "recovery_codes": "user_id = :owner",
            "events": "user_id = :owner",
        }
        rows = " UNION ALL ".join(
            f"SELECT '{table}' || t::text AS r FROM {table} t WHERE {which}"
            for table, which in of_owner.items()
        )
        sum_up = text(f"SELECT md5(string_agg(r, '|' ORDER BY r)) FROM ({rows}) rows")
        return str(self.connection.execute(sum_up, {"owner": self.world.owner.user.id}).scalar_one())

    @contextmanager
    def _undone(self) -> Iterator[None]:
        with self.connection.begin_nested() as part:
            yield
            part.rollback()
        self.bucket.__dict__, self.pool.__dict__ = copy.deepcopy(self._kept)
        self.counters.free_at.clear()


def test_everybody_gets_what_is_theirs_and_nothing_else(
    document, world, connection, bucket, pool, counters, show
):
    trial = _Trial(world, connection, bucket, pool, counters)
    began = time.monotonic()
    for method, path in operations(document):
        states = STATES if OF_A_VIDEO.search(path) else [None]
        for actor in ACTORS:
            for state in states:
                trial.run(method, path, actor, state)
    show(
        f"{len(operations(document))} routes, {len(ACTORS)} actors, a video's {len(STATES)} states: "
        f"{trial.pairs} pairs, {len(trial.wrong)} wrong, {time.monotonic() - began:.0f} s"
    )
    assert not trial.wrong, "\n".join(trial.wrong)
