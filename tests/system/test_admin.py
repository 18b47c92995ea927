"""Administration on a real stage: what disabling ends, who sees what is processed, a lost second factor."""

import json

import pytest
from client import PASSWORD, app_code, eventually
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


@pytest.fixture
def boss(person, rows):
    boss = person("Boss")
    rows("UPDATE users SET role = 'admin' WHERE email = %s RETURNING id", boss.email)
    return boss


def change(boss, person, **values):
    (found,) = boss.ask("GET", f"/api/admin/users?q={person.email}")["items"]
    return boss.ask("PATCH", f"/api/admin/users/{found['id']}", values)


def test_nobody_but_administrators_finds_administration(boss, ann, stranger):
    for path in ("users", "usage", "jobs", "dead-letters", "audit"):
        assert ann.get(f"/api/admin/{path}").text == ann.get("/api/nothing").text
        assert [it.get(f"/api/admin/{path}").status_code for it in (ann, stranger, boss)] == [404, 401, 200]


def test_disabling_ends_sessions_sockets_and_what_is_shown_until_it_is_undone(
    stage, boss, person, stranger, make_clip
):
    eve = person("Eve")
    video = eve.upload(make_clip("eve.mp4", seconds=1))
    eve.settled(video)
    eve.ask("POST", f"/api/videos/{video}/publish", {"visibility": "public"})
    token = eve.ask("POST", f"/api/videos/{video}/links", {"name": "Bob"})["token"]

    def shown():
        return [
            stranger.get(f"/api/videos/{video}/watch").status_code,
            stranger.post(f"/api/videos/{video}/grant").status_code,
            stranger.post("/api/shared", {"token": token}).status_code,
        ]

    assert shown() == [200, 200, 200]

    def open_socket(ticket):
        return connect(f"{stage['live']}?ticket={ticket}", origin=stage["edge"])

    with open_socket(eve.ask("POST", "/api/live/ticket")["ticket"]) as live:
        live.send("ping")
        assert live.recv(timeout=10) == "pong"
        ticket = eve.ask("POST", "/api/live/ticket")["ticket"]
        assert change(boss, eve, disabled=True)["disabled_at"]
        assert eve.get("/api/me").status_code == 401
        with open_socket(ticket) as late:  # by a ticket of before, for as long as such a one is good
            for opened in (live, late):
                with pytest.raises(ConnectionClosed):
                    opened.recv(timeout=120)
    assert eve.sign_in().status_code == 401
    assert shown() == [404, 404, 404]
    change(boss, eve, disabled=False)
    assert shown() == [200, 200, 200]
    assert [eve.get("/api/me").status_code, eve.sign_in().status_code] == [401, 200]


def test_a_failure_is_seen_with_its_reason_and_without_its_name(boss, person):
    eve = person("Eve")
    video = eve.upload(b"no video at all " * 100, "a-secret-name.mp4")
    assert eve.settled(video)["state"] == "failed"
    answer = boss.get("/api/admin/jobs?state=failed&limit=100")
    (job,) = [it for it in answer.json()["items"] if it["video_id"] == video]
    assert (job["owner"]["email"], job["failure"]["code"]) == (eve.email, "not_a_video")
    assert "a-secret-name" not in json.dumps(answer.json())
    assert boss.get(f"/api/videos/{video}").status_code == 404


def test_a_lost_authenticator_app_is_reset_and_written_down(boss, person):
    eve = person("Eve")
    me = eve.ask("GET", "/api/me")["id"]
    secret = eve.ask("POST", "/api/me/totp", {"password": PASSWORD})["secret"]
    eve.ask("POST", "/api/me/totp/verify", {"password": PASSWORD, "code": app_code(secret)})
    assert eve.sign_in().status_code == 202
    boss.ask("POST", f"/api/admin/users/{me}/reset-totp")
    assert [eve.get("/api/me").status_code, eve.sign_in().status_code] == [401, 200]
    written = boss.ask("GET", f"/api/admin/audit?user_id={me}&action=totp_reset")["items"]
    assert [(it["actor"]["email"], it["user"]["email"]) for it in written] == [(boss.email, eve.email)]


def test_a_run_that_is_cancelled_is_stopped_and_its_video_can_be_tried_again(
    boss, person, rows, aws, make_clip
):
    eve = person("Eve")
    video = eve.upload(make_clip("eve.mp4", seconds=20))
    eventually(lambda: eve.video(video)["state"] == "processing", what="a run")
    boss.ask("POST", f"/api/admin/jobs/{video}/cancel")
    assert eve.video(video)["failure"]["code"] == "cancelled"
    ((execution,),) = rows("SELECT execution FROM videos WHERE id = %s", video)
    machine = aws("stepfunctions")
    eventually(lambda: machine.describe_execution(executionArn=execution)["status"] == "ABORTED", what="it")
    boss.ask("POST", f"/api/admin/jobs/{video}/retry")
    eventually(lambda: eve.video(video)["state"] == "processing", what="another run")
    boss.ask("POST", f"/api/admin/jobs/{video}/cancel")


def test_dead_letters_are_handled_by_whom_they_were_for(stage, boss, person, rows, aws):
    eve = person("Eve")
    video = eve.upload(b"no video at all " * 100)
    eve.settled(video)
    eve.ask("DELETE", f"/api/videos/{video}")
    rows("UPDATE videos SET purge_at = now() WHERE id = %s RETURNING id", video)
    letter = {"job": "purge", "video_id": video, "due": 1}
    queue = stage["queues"]["watchdog_dead_letters"]
    aws("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(letter))

    def waiting():
        found = {it["queue"]: it["letters"] for it in boss.ask("GET", "/api/admin/dead-letters")["items"]}
        return [it["video_id"] for it in found["watchdog"]]

    assert video in waiting()
    assert boss.ask("POST", "/api/admin/dead-letters/watchdog/redrive")["handled"] >= 1
    eventually(lambda: not rows("SELECT id FROM videos WHERE id = %s", video), what="the purge")
    assert video not in waiting()
