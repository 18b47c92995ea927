"""Live updates: the socket tells each change once, in order, to the right person, and a gap can be closed."""

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from client import eventually
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from functions.core.aws import client
from functions.core.settings import settings
from functions.live import connect as connect_function
from functions.live import sockets


@contextmanager
def socket(stage, person, *, ticket=None, origin=None):
    ticket = ticket or person.ask("POST", "/api/live/ticket")["ticket"]
    with connect(f"{stage['live']}?ticket={ticket}", origin=origin or stage["edge"]) as opened:
        yield opened


def hear(opened, until, seconds=60):
    """Listen until a message satisfies `until`; return all that was heard."""
    heard = []
    while not heard or not until(heard[-1]):
        heard.append(json.loads(opened.recv(timeout=seconds)))
    return heard


def test_the_page_hears_every_step_from_uploading_to_ready(stage, person, make_clip):
    ann = person("Ann")
    with socket(stage, ann) as live:
        video_id = ann.upload(make_clip("live.mp4", seconds=20))
        heard = hear(live, lambda event: event["video"]["state"] == "ready")
    assert {event["video_id"] for event in heard} == {video_id}
    assert [event["seq"] for event in heard] == list(range(1, len(heard) + 1))
    states = list(dict.fromkeys(event["video"]["state"] for event in heard))
    # The bucket's own event may be quicker than the answer to "complete": then nobody sees "uploaded".
    assert [state for state in states if state != "uploaded"] == ["uploading", "processing", "ready"]
    progress = [event["video"]["progress"] for event in heard if event["video"]["progress"] is not None]
    assert progress == sorted(progress)
    assert any(0 < step < 100 for step in progress)
    assert any(event["video"]["eta_seconds"] for event in heard)


def test_nobody_hears_what_happens_in_another_drive(stage, person, make_clip):
    ann, bob = person("Ann"), person("Bob")
    with socket(stage, bob) as live:
        ann.settled(ann.upload(make_clip("secret.mp4", seconds=1)))
        mine = bob.start_upload("mine.mp4", 10)["video_id"]
        heard = hear(live, lambda event: event["video_id"] == mine)
    assert {event["video_id"] for event in heard} == {mine}


def test_after_a_cut_the_missed_changes_are_fetched_in_order(stage, person, make_clip):
    ann = person("Ann")
    with socket(stage, ann) as live:
        video_id = ann.start_upload("gap.mp4", 10)["video_id"]
        seen = hear(live, lambda event: event["video_id"] == video_id)[-1]["seq"]
    ann.settled(ann.upload(make_clip("gap.mp4", seconds=1)))
    missed = ann.ask("GET", f"/api/events?after={seen}")
    numbers = [event["seq"] for event in missed["items"]]
    assert numbers == list(range(seen + 1, missed["latest"] + 1))
    assert missed["items"][-1]["video"]["state"] == "ready"
    assert not missed["reset"]
    assert ann.ask("GET", f"/api/events?after={missed['latest']}")["items"] == []
    assert ann.ask("GET", "/api/events?after=999999")["reset"]


def test_what_one_page_sends_is_told_to_the_others_of_that_person_only(stage, person):
    ann, bob = person("Ann"), person("Bob")
    video_id = ann.start_upload("long.mp4", 10)["video_id"]
    with socket(stage, ann) as phone, socket(stage, ann) as laptop, socket(stage, bob) as other:
        phone.send("nonsense")
        phone.send(json.dumps({"action": "upload", "sent": "all of it"}))
        phone.send(json.dumps({"action": "upload", "sent": {video_id: 7}}))
        told = {"kind": "upload.sent", "sent": {video_id: 7}}
        assert hear(laptop, lambda message: message["kind"] == "upload.sent")[-1] == told
        for person_of, quiet in ((ann, phone), (bob, other)):
            last = person_of.start_upload("last.mp4", 10)["video_id"]
            heard = hear(quiet, lambda message, last=last: message.get("video_id") == last)
            assert {message["kind"] for message in heard} == {"video.changed"}


def test_a_session_that_ends_takes_its_socket_along_and_no_other(stage, person):
    ann = person("Ann")
    with socket(stage, ann) as staying:
        elsewhere = dict(ann.cookies)
        ann.cookies = {}
        ann.sign_in()
        with socket(stage, ann) as ending:
            ending.send("ping")
            assert ending.recv(timeout=10) == "pong"
            ann.ask("POST", "/api/auth/sign-out")
            with pytest.raises(ConnectionClosed):
                ending.recv(timeout=120)
        ann.cookies = elsewhere
        staying.send("ping")
        assert staying.recv(timeout=10) == "pong"


def test_a_ticket_opens_exactly_one_socket_of_many_at_once(stage, ann):
    ticket = ann.ask("POST", "/api/live/ticket")["ticket"]

    def try_it(_):
        try:
            with socket(stage, ann, ticket=ticket):
                return 1
        except (InvalidStatus, ConnectionClosed):
            return 0

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(try_it, range(30))) == 1


@pytest.fixture
def opening(stage, monkeypatch):
    """Return a function that asks the function itself, here, to open a socket: thousands at once, at no cost.

    Its tables are the stage's.
    """
    for name, value in {
        "STAGE": "local",
        "AWS_ENDPOINT_URL": stage["aws_endpoint"],
        "AWS_DEFAULT_REGION": stage["region"],
        "AWS_ACCESS_KEY_ID": stage["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": stage["secret_access_key"],
        "TICKETS_TABLE": stage["tables"]["tickets"],
        "CONNECTIONS_TABLE": stage["tables"]["connections"],
    }.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    client.cache_clear()
    client("dynamodb")
    host = stage["edge"].partition("//")[2]

    def ask(connection_id, ticket):
        event = {
            "requestContext": {"routeKey": "$connect", "connectionId": connection_id},
            "headers": {"Origin": stage["edge"], "X-Viewer-Host": host},
            "queryStringParameters": {"ticket": ticket},
        }
        return connect_function._open(event, connection_id)["statusCode"]

    yield ask
    settings.cache_clear()
    client.cache_clear()


def test_of_a_thousand_uses_of_one_ticket_at_once_one_opens_a_socket(ann, opening, show):
    ticket = ann.ask("POST", "/api/live/ticket")["ticket"]
    began = time.monotonic()
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda n: opening(f"use-{n}-{ticket[:8]}", ticket), range(1000)))
    show(
        f"One ticket, 1000 uses in 50 threads: {answers.count(200)} opened, {answers.count(403)} refused, "
        f"{time.monotonic() - began:.1f} s"
    )
    assert (answers.count(200), answers.count(403)) == (1, 999)
    sockets.forget(f"use-{answers.index(200)}-{ticket[:8]}")


def test_guesses_at_a_ticket_open_nothing_however_many_there_are(ann, opening, show):
    """No number of them is too many: a ticket is 256 bits and good for half a minute."""
    ticket = ann.ask("POST", "/api/live/ticket")["ticket"]
    began = time.monotonic()
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda n: opening(f"guess-{n}", secrets.token_urlsafe(32)), range(500)))
    took = time.monotonic() - began
    opened = len(answers) - answers.count(403)
    show(f"Tickets: {opened} of {len(answers)} guesses opened a socket, {len(answers) / took:.0f} a second")
    assert set(answers) == {403}
    assert opening(f"owner-{ticket[:8]}", ticket) == 200, "the right one is still good"
    sockets.forget(f"owner-{ticket[:8]}")


@pytest.mark.parametrize("ticket", ["nonsense", "x" * 43])
def test_a_made_up_ticket_opens_nothing(stage, ann, ticket):
    with pytest.raises(InvalidStatus), socket(stage, ann, ticket=ticket):
        pass


def test_another_site_cannot_open_a_socket(stage, ann):
    with pytest.raises(InvalidStatus), socket(stage, ann, origin="https://evil.example"):
        pass


def test_a_ping_is_answered_and_a_closed_socket_is_forgotten(stage, person, aws):
    ann = person("Ann")
    table = {"TableName": stage["tables"]["connections"]}

    def connections():
        found = aws("dynamodb").scan(**table)["Items"]
        return [item for item in found if item["user_id"]["S"] == ann.ask("GET", "/api/me")["id"]]

    with socket(stage, ann) as live:
        live.send("ping")
        assert live.recv(timeout=10) == "pong"
        assert len(connections()) == 1
    eventually(lambda: connections() == [], what="forgetting the socket")


def test_a_socket_that_is_still_opening_is_not_forgotten_and_one_that_is_gone_is(stage, person, aws):
    """API Gateway calls both gone: forgetting the first would leave its page deaf, and sure of being live."""
    ann = person("Ann")
    dynamodb, table = aws("dynamodb"), stage["tables"]["connections"]
    user = ann.ask("GET", "/api/me")["id"]

    def put(connection_id, expires_in):
        item = {"connection_id": {"S": connection_id}, "user_id": {"S": user}}
        item["expires_at"] = {"N": str(int(time.time()) + expires_in)}
        dynamodb.put_item(TableName=table, Item=item)

    def is_there(connection_id):
        return "Item" in dynamodb.get_item(TableName=table, Key={"connection_id": {"S": connection_id}})

    put(opening := f"opening-{user}", 7200)
    put(gone := f"gone-{user}", 3600)
    with socket(stage, ann) as live:
        ann.start_upload("a.mp4", 10)
        hear(live, lambda event: event["kind"] == "video.changed")
        eventually(lambda: not is_there(gone), what="forgetting the socket that is gone")
    assert is_there(opening)
    dynamodb.delete_item(TableName=table, Key={"connection_id": {"S": opening}})
