"""What one page sends is told to the person's other pages, and to nobody else; junk is told to nobody."""

import json
from uuid import UUID

import pytest
from botocore.exceptions import ClientError

from functions.live import relay, sockets

VIDEO = "0192f0a0-0000-7000-8000-000000000001"
SOCKETS = {"phone": "ada", "laptop": "ada", "tablet": "ada", "theirs": "ben"}


@pytest.fixture
def heard(monkeypatch):
    """Keep what each socket is sent."""
    messages: dict[str, list] = {name: [] for name in SOCKETS}
    pages = {name: sockets.Page(user, "session") for name, user in SOCKETS.items()}
    monkeypatch.setattr(sockets, "whose", pages.get)
    monkeypatch.setattr(
        sockets, "_of_user", lambda user: [it for it, whose in SOCKETS.items() if whose == user]
    )
    monkeypatch.setattr(sockets, "send", lambda name, message: messages[name].append(json.loads(message)))
    return messages


@pytest.fixture
def say(lambda_context):
    def send(body, *, by="phone"):
        event = {"requestContext": {"routeKey": "upload", "connectionId": by}}
        body = body if isinstance(body, str) else json.dumps(body)
        return relay.handle(event | ({"body": body} if body else {}), lambda_context)

    return send


def sent(**bytes_of):
    return {"action": "upload", "sent": {VIDEO: 1_000, **bytes_of}}


def test_the_persons_other_pages_are_told_and_nobody_else(heard, say):
    assert say(sent()) == {"statusCode": 200}
    told = {"kind": "upload.sent", "sent": {VIDEO: 1_000}}
    assert heard == {"phone": [], "laptop": [told], "tablet": [told], "theirs": []}


def test_a_page_that_can_not_be_told_keeps_no_other_waiting(heard, say, monkeypatch):
    def send(name, message):
        if name == "laptop":
            raise ClientError({"Error": {"Code": "LimitExceededException"}}, "PostToConnection")
        heard[name].append(json.loads(message))

    monkeypatch.setattr(sockets, "send", send)
    say(sent())
    assert [len(heard[name]) for name in ("laptop", "tablet")] == [0, 1]


def test_a_socket_that_nobody_knows_tells_nobody(heard, say):
    assert say(sent(), by="stranger") == {"statusCode": 200}
    assert not any(heard.values())


@pytest.mark.parametrize(
    "body",
    [
        "",
        "upload",
        "[]",
        "null",
        {"action": "upload"},
        {"action": "upload", "sent": {}},
        {"action": "upload", "sent": [VIDEO]},
        {"action": "other", "sent": {VIDEO: 1}},
        {"action": "upload", "sent": {VIDEO: 1}, "user_id": "ben"},
        {"action": "upload", "sent": {"../../etc": 1}},
        {"action": "upload", "sent": {VIDEO: -1}},
        {"action": "upload", "sent": {VIDEO: 2**53}},
        {"action": "upload", "sent": {VIDEO: 1.5}},
        {"action": "upload", "sent": {VIDEO: "1"}},
        {"action": "upload", "sent": {VIDEO: True}},
        {"action": "upload", "sent": {str(UUID(int=number)): 1 for number in range(11)}},
        json.dumps(sent()) + " " * relay.MAX_MESSAGE_BYTES,
        '{"action": "upload", "sent": ' * 400,
    ],
)
def test_junk_is_told_to_nobody_and_is_no_failure(heard, say, body):
    assert say(body) == {"statusCode": 200}
    assert not any(heard.values())


def test_what_is_said_too_often_is_told_to_nobody_until_a_while_later(heard, say, counters):
    for _ in range(2 * relay.TOLD_BY.burst):
        assert say(sent()) == {"statusCode": 200}
    assert len(heard["laptop"]) == relay.TOLD_BY.burst
    say(sent(), by="laptop")
    assert heard["phone"] == [], "all pages of one person count together"
    say(sent(), by="theirs")
    counters.moment += 250
    say(sent())
    assert len(heard["laptop"]) == relay.TOLD_BY.burst + 1
