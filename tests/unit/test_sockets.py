"""Sockets: each knows the session that opened it, and is closed when that ends."""

import json

import pytest
from botocore.exceptions import ClientError

from functions.core import database
from functions.core.database import after_commit
from functions.core.models import Session as BrowserSession
from functions.core.models import User, now
from functions.core.sessions import TICKETS_ARE_OVER
from functions.core.settings import settings
from functions.live import connect, notify, sockets
from functions.sweep import handler as sweep
from tests.unit.conftest import PASSWORD, Browser

NEW = "Battery-staple-8"
PROOF = {"password": PASSWORD}
BOB = PROOF | {"email": "bob@example.org"}
RESET = {"email": "ann@example.org", "code": "123456", "password": NEW}


def session_of(browser):
    return next(it["id"] for it in browser.get("/api/me/sessions").json["items"] if it["current"])


@pytest.fixture
def laptop(ann):
    """Return a second browser that Ann is signed in with."""
    browser = Browser()
    browser.keep(browser.post("/api/auth/sign-in", {"email": ann.user.email, "password": PASSWORD}))
    return browser


@pytest.mark.parametrize(
    ("end", "going_on"),
    [
        (lambda ann, _laptop: ann.post("/api/auth/sign-out"), ["laptop"]),
        (lambda ann, _laptop: ann.post("/api/auth/sign-out-everywhere"), []),
        (lambda ann, _laptop: ann.send("DELETE", "/api/me/sessions"), ["ann"]),
        (lambda ann, laptop: ann.send("DELETE", f"/api/me/sessions/{session_of(laptop)}"), ["ann"]),
        (lambda ann, _laptop: ann.post("/api/me/password", PROOF | {"new_password": NEW}), ["ann"]),
        (lambda ann, _laptop: ann.send("DELETE", "/api/me"), ["ann"]),
        (lambda ann, _laptop: ann.post("/api/auth/sign-in", BOB), ["laptop"]),
        (lambda _ann, _laptop: Browser().post("/api/auth/reset", RESET), []),
    ],
    ids=["here", "everywhere", "others", "device", "password", "account", "somebody else", "reset"],
)
def test_the_sockets_of_a_session_close_however_it_ends(ann, bob, laptop, doorbells, end, going_on):
    names = {"ann": session_of(ann), "laptop": session_of(laptop)}
    assert end(ann, laptop).status < 300
    closed = next(it for it in doorbells.announced if "close" in it)
    assert (closed["user_id"], closed["for_good"]) == (str(ann.user.id), False)
    assert closed["but"] == [names[it] for it in going_on]
    assert doorbells.watched[0] == ("close_sockets", str(ann.user.id), TICKETS_ARE_OVER)


def test_nobodys_sockets_close_where_no_session_ended(ann, bob, laptop, doorbells):
    assert bob.send("DELETE", f"/api/me/sessions/{session_of(laptop)}").status == 404
    assert ann.post("/api/me/password", PROOF | {"new_password": "weak"}).status == 400
    Browser("made-up").post("/api/auth/sign-out")
    assert doorbells.announced == []


def test_what_a_ticket_of_before_opened_is_closed_too(ann, laptop, bucket, doorbells):
    going_on = {session_of(ann), session_of(laptop)}
    sweep.service.JOBS["close_sockets"](bucket, ann.user.id)
    assert set(doorbells.announced.pop()["but"]) == going_on
    with database.transaction() as session:
        session.add(BrowserSession(token_hash="f" * 64, user_id=ann.user.id))
        session.get_one(User, ann.user.id).disabled_at = now()
    sweep.service.JOBS["close_sockets"](bucket, ann.user.id)
    assert doorbells.announced.pop()["but"] == [], "a session of a disabled account does not go on"


def test_what_follows_a_commit_does_not_follow_a_part_of_it(ann):
    happened = []
    with database.transaction() as session:
        with session.begin_nested():
            session.get_one(User, ann.user.id)
            after_commit(session, lambda: happened.append("closed"))
        assert happened == []
    assert happened == ["closed"]


class GoneError(ClientError):
    pass


class Table:
    """Stands in for both tables of the sockets."""

    class exceptions:  # noqa: N801 (boto's name)
        ConditionalCheckFailedException = KeyError

    def __init__(self):
        self.items = {}

    def put_item(self, *, TableName, Item):  # noqa: N803 (boto's names)
        key = Item.get("token_hash") or Item["connection_id"]
        self.items[TableName, key["S"]] = Item

    def get_item(self, *, TableName, Key):  # noqa: N803
        ((_, key),) = Key.items()
        found = self.items.get((TableName, key["S"]))
        return {"Item": found} if found else {}

    def delete_item(self, *, TableName, Key, **_):  # noqa: N803
        ((_, key),) = Key.items()
        found = self.items.pop((TableName, key["S"]), None)
        return {"Attributes": found} if found else {}

    def get_paginator(self, _operation):
        return self

    def paginate(self, *, TableName, ExpressionAttributeValues, **_):  # noqa: N803
        of = ExpressionAttributeValues[":user"]
        found = [it for (table, _), it in self.items.items() if table == TableName and it["user_id"] == of]
        return [{"Items": [{"connection_id": it["connection_id"]} for it in found]}]


class Gateway:
    """Closes sockets, but for those that it has trouble with."""

    class exceptions:  # noqa: N801 (boto's name)
        GoneException = GoneError

    def __init__(self):
        self.closed, self.trouble = [], {}

    def delete_connection(self, *, ConnectionId):  # noqa: N803
        if ConnectionId in self.trouble:
            raise self.trouble[ConnectionId]({"Error": {"Code": "X"}}, "DeleteConnection")
        self.closed.append(ConnectionId)


@pytest.fixture
def table(monkeypatch):
    fake = Table()
    monkeypatch.setattr(sockets, "_dynamodb", lambda: fake)
    return fake


@pytest.fixture
def gateway(monkeypatch):
    fake = Gateway()
    monkeypatch.setattr(sockets, "_gateway", lambda: fake)
    return fake


@pytest.fixture
def notified(lambda_context):
    def tell(**change):
        notify.handle({"Records": [{"Sns": {"Message": json.dumps(change)}}]}, lambda_context)

    return tell


def open_socket(browser, name, lambda_context):
    ticket = browser.post("/api/live/ticket").json["ticket"]
    event = {
        "requestContext": {"routeKey": "$connect", "connectionId": name},
        "headers": {"Origin": "https://drive.test", "X-Viewer-Host": "drive.test"},
        "queryStringParameters": {"ticket": ticket},
    }
    assert connect.handle(event, lambda_context) == {"statusCode": 200}


def test_the_sockets_of_sessions_that_go_on_stay_open(
    ann, bob, laptop, table, gateway, notified, doorbells, lambda_context
):
    for browser, names in ((ann, "ab"), (laptop, "cd"), (bob, "e")):
        for name in names:
            open_socket(browser, name, lambda_context)
    table.put_item(
        TableName=settings().connections_table,
        Item={"connection_id": {"S": "of the release before"}, "user_id": {"S": str(ann.user.id)}},
    )
    laptop.post("/api/auth/sign-out")
    notified(**doorbells.announced.pop())
    assert gateway.closed == ["c", "d", "of the release before"]
    ann.post("/api/auth/sign-out-everywhere")
    notified(**doorbells.announced.pop())
    assert "e" not in gateway.closed
    assert {"a", "b"} < set(gateway.closed)


def test_a_socket_that_stays_open_is_tried_again_after_the_others(table, gateway, notified, monkeypatch):
    forgotten = []
    monkeypatch.setattr(sockets, "_forget_unless_new", forgotten.append)
    for name, user in {"phone": "ann", "gone": "ann", "laptop": "ann", "other": "bob"}.items():
        sockets.remember(name, sockets.Page(user, "session"))
    gateway.trouble = {"gone": GoneError}
    notified(user_id="ann", close=True)
    assert (gateway.closed, forgotten) == (["phone", "laptop"], ["gone"])
    gateway.trouble["phone"] = ClientError
    with pytest.raises(ClientError):
        notified(user_id="ann", close=True)
    assert gateway.closed == ["phone", "laptop", "laptop"]
