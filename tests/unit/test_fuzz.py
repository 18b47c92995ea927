"""The API against what schemathesis makes of its description: no failure of ours, no answer unlike described.

Whoever asks is anonymous, a person with videos, or an administrator; each request is made undone. How many
are made up for a route is STREAMTIME_FUZZ; the ten thousand of docs/security.md are
`STREAMTIME_FUZZ=25 ./dev test unit -- -k test_fuzz`.
"""

import base64
import copy
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from sqlalchemy import select

from functions.api.handler import handle
from functions.core import database
from functions.core.caller import SESSION_COOKIE
from functions.core.models import Link, Role, User, VideoState, Visibility, now
from functions.core.models import Session as BrowserSession
from functions.live import sockets
from tests.unit.conftest import LAMBDA

IDENTIFIER = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
CONFIG = {
    "cache": {"enabled": False},
    "seed": int(os.environ.get("STREAMTIME_FUZZ_SEED", "1")),
    "generation": {"max-examples": int(os.environ.get("STREAMTIME_FUZZ", "1")), "database": "none"},
    "phases": {"examples": {"enabled": False}, "stateful": {"enabled": False}},
    "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
}


@dataclass
class Gateway:
    """Plays API Gateway before the handler, as a WSGI application."""

    token: str | None
    undone: Callable[[], AbstractContextManager[None]]
    there: dict[str, list[UUID]]
    statuses: Counter[int] = field(default_factory=Counter)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self.undone():
            answer = handle(self._event(environ), LAMBDA)
        self.statuses[answer["statusCode"]] += 1
        start_response(
            f"{answer['statusCode']} {HTTPStatus(answer['statusCode']).phrase}", [*answer["headers"].items()]
        )
        return [answer["body"].encode()]

    def _one_that_is_there(self, path: str) -> str:
        """Put something that is there in the place of most identifiers that nothing has."""
        kind = path.removeprefix("/api/admin").removeprefix("/api").split("/")[1]
        choices = self.there.get(kind, [])

        def choose(found: re.Match[str]) -> str:
            chosen = UUID(found[0]).int % (len(choices) + 1)
            return str(choices[chosen]) if chosen < len(choices) else found[0]

        return re.sub(IDENTIFIER, choose, path)

    def _event(self, environ: dict[str, Any]) -> dict[str, Any]:
        path = self._one_that_is_there(environ["PATH_INFO"].encode("latin-1").decode(errors="replace"))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        body = environ["wsgi.input"].read()
        said_to_be_text = headers.get("content-type", "").startswith(("application/json", "text/"))
        text = body.decode(errors="replace") if said_to_be_text else base64.b64encode(body).decode()
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": environ["QUERY_STRING"],
            "headers": headers | {"x-viewer-host": "drive.test", "x-viewer-address": "203.0.113.9"},
            "cookies": [f"{SESSION_COOKIE}={self.token}"] if self.token else [],
            "queryStringParameters": {name: ",".join(values) for name, values in query.items()},
            "requestContext": {
                "http": {"method": environ["REQUEST_METHOD"], "path": path},
                "stage": "$default",
                "requestId": "r",
            },
            "body": text,
            "isBase64Encoded": not said_to_be_text,
        }


@pytest.fixture
def undone(connection, bucket, pool, counters):
    """Return a context whose request leaves nothing behind."""

    @contextmanager
    def context():
        kept = copy.deepcopy((bucket.__dict__, pool.__dict__))
        with connection.begin_nested() as part:
            yield
            part.rollback()
        bucket.__dict__, pool.__dict__ = kept
        counters.free_at.clear()

    return context


@pytest.fixture
def gateway(undone, sign_in, add_video, monkeypatch):
    """Return a function that lets somebody ask who has, unless anonymous, a video in each state."""
    monkeypatch.setattr(sockets, "issue_ticket", lambda _page: "ticket")
    browser = sign_in("ann")
    videos = [add_video(browser, state=state) for state in VideoState]
    videos.append(add_video(browser, trashed_at=now()))
    videos.append(add_video(browser, visibility=Visibility.PUBLIC, published_at=now()))
    with database.transaction() as session:
        link = Link(video_id=videos[-1], token_hash="0" * 64, name="Grandma")
        session.add(link)
        sessions = list(session.scalars(select(BrowserSession.id)))
    there = {
        "videos": videos,
        "uploads": videos,
        "links": [link.id],
        "users": [browser.user.id],
        "me": sessions,
    }

    def of(actor):
        if actor == "administrator":
            with database.transaction() as session:
                session.get_one(User, browser.user.id).role = Role.ADMIN
        return Gateway(None if actor == "anonymous" else browser.token, undone, there)

    return of


@pytest.mark.parametrize("actor", ["anonymous", "person", "administrator"])
def test_nothing_fails_and_every_answer_is_as_described(gateway, actor, show):
    asked = gateway(actor)
    config = SchemathesisConfig.from_dict(CONFIG)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", asked, config=config)
    began, wrong = time.monotonic(), Counter()
    for event in engine.from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            wrong[f"{event.label}: {event.info.format()}"] += 1
        if isinstance(event, ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if failure := check.failure_info and check.failure_info.failure:
                        sent = event.recorder.cases[case_id].value.as_curl_command()
                        wrong[f"{failure.title}: {failure.message}\n{sent}"] += 1
    took, cases = time.monotonic() - began, asked.statuses.total()
    answered = ", ".join(f"{status:d} {count} times" for status, count in sorted(asked.statuses.items()))
    show(f"As {actor}: {cases} requests, {len(wrong)} wrong, {took:.0f} s; answered {answered}")
    assert not wrong, "\n\n".join(wrong)
