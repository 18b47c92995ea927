"""Accounts that are given up: a week to keep them, then nothing is left of them but a receipt."""

import json
import time
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from functions.core import database, events, leaving
from functions.core.journal import Journal, Visit
from functions.core.leaving import GRACE
from functions.core.models import (
    Audit,
    AuditAction,
    Base,
    Challenge,
    Event,
    Export,
    Link,
    Progress,
    RecoveryCode,
    Role,
    Run,
    User,
    VideoState,
    Visibility,
    now,
)
from functions.core.models import Session as BrowserSession
from functions.core.repositories import AuditRepository
from functions.core.sessions import TICKETS_ARE_OVER
from functions.live import notify, sockets
from functions.sweep import handler as sweep
from tests.unit.conftest import PASSWORD, Browser

SHOWN = {"visibility": Visibility.PUBLIC, "published_at": now()}
OVER = timedelta(seconds=1)


def change(browser, **values):
    with database.transaction() as session:
        session.execute(update(User).where(User.id == browser.user.id).values(values))


def give_up(browser):
    return browser.send("DELETE", "/api/me")


def enter(email="ann@example.org"):
    browser = Browser()
    answer = browser.post("/api/auth/sign-in", {"email": email, "password": PASSWORD})
    browser.keep(answer)
    return browser, answer


@pytest.fixture
def log():
    def tell(browser):
        with database.transaction() as session:
            statement = select(Audit).where(Audit.user_id == browser.user.id).order_by(Audit.id)
            return [(it.action.value, it.actor_id) for it in session.scalars(statement)]

    return tell


@pytest.fixture
def work_off(doorbells, bucket, lambda_context):
    """Return a function that does the jobs of the queue until none is left, as far as they are due."""

    def work():
        done = []
        while doorbells.watched:
            job, subject, seconds = doorbells.watched.pop(0)
            if seconds:
                continue
            done.append(job)
            message = {"job": job, "video_id": subject, "due": int(time.time())}
            record = {"messageId": "1", "body": json.dumps(message), "eventSource": "aws:sqs"}
            sweep.handle({"Records": [record | {"receiptHandle": "r"}]}, lambda_context)
        return done

    return work


@pytest.fixture
def at_night(work_off, lambda_context):
    """Return a function that sweeps, and does all that follows from it."""

    def go():
        sweep.handle({"job": "daily"}, lambda_context)
        return work_off()

    return go


def everything():
    """Return every row of every table, as text, by table."""
    with database.transaction() as session:
        return {
            name: [row[0] for row in session.execute(text(f"SELECT t::text FROM {name} t"))]
            for name in Base.metadata.tables
        }


def traces(*words):
    found = (
        (table, word)
        for table, rows in everything().items()
        for row in rows
        for word in words
        if str(word) in row
    )
    return sorted(found, key=str)


def receipts(*ids):
    """Return the traces that stay: that the account is deleted, and the receipts of its videos."""
    return sorted((("audit", it) for it in ids), key=str)


# A week to think it over


def test_giving_up_an_account_asks_for_a_recent_sign_in(ann, log):
    with database.transaction() as session:
        session.execute(update(BrowserSession).values(authenticated_at=now() - BrowserSession.RECENT))
    refused = give_up(ann)
    assert (refused.status, refused.json["code"]) == (401, "reauthenticate")
    assert log(ann) == []
    ann.keep(ann.post("/api/auth/reauthenticate", {"password": PASSWORD}))
    end = datetime.fromisoformat(give_up(ann).json["delete_at"])
    assert GRACE - timedelta(minutes=1) < end - now() <= GRACE
    assert log(ann)[-1] == ("deletion_asked", ann.user.id)


def test_other_devices_are_signed_out_and_nothing_is_seen_by_others_until_it_is_kept(
    ann, bob, anybody, add_video, doorbells, log
):
    video_id = add_video(ann, **SHOWN)
    token = ann.post(f"/api/videos/{video_id}/links", {"name": "Grandma"}).json["token"]
    other, _ = enter()

    def seen():
        return [
            len(anybody.get("/api/explore").json["items"]),
            bob.get(f"/api/videos/{video_id}/watch").status,
            bob.post(f"/api/videos/{video_id}/grant").status,
            anybody.get(f"/api/users/{ann.user.id}").status,
            anybody.post("/api/shared", {"token": token}).status,
        ]

    before = seen()
    assert before == [1, 200, 200, 200, 200]
    doorbells.announced.clear()
    give_up(ann)
    assert seen() == [0, 404, 404, 404, 404]
    assert [ann.get("/api/me").status, other.get("/api/me").status] == [200, 401]
    closed, told = doorbells.announced
    assert (closed["user_id"], closed["close"], len(closed["but"])) == (str(ann.user.id), True, 1)
    assert (told["mail"]["to"], "Keep my account" in told["mail"]["text"]) == (ann.user.email, True)
    assert doorbells.watched == [("close_sockets", str(ann.user.id), TICKETS_ARE_OVER)]
    assert ann.get(f"/api/videos/{video_id}/watch").status == 200

    back, answer = enter()
    assert answer.json["delete_at"]
    assert back.post("/api/me/keep").json["delete_at"] is None
    assert seen() == before
    assert back.post("/api/me/keep").status == 200
    assert [action for action, _ in log(ann)].count("account_kept") == 1


def test_asking_again_does_not_put_the_end_off(ann):
    first = give_up(ann).json["delete_at"]
    assert give_up(ann).json["delete_at"] == first


def test_an_account_that_is_over_cannot_be_kept_or_entered(ann, at_night, doorbells):
    give_up(ann)
    change(ann, delete_at=now() - OVER)
    assert ann.post("/api/me/keep").status == 401
    assert enter()[1].status == 401


def test_the_last_administrator_cannot_leave(ann, bob):
    change(ann, role=Role.ADMIN)
    refused = give_up(ann)
    assert (refused.status, refused.json["code"]) == (409, "invalid_state")
    assert give_up(bob).status == 200
    change(bob, role=Role.ADMIN)
    assert give_up(ann).status == 409, "who is leaving too runs the drive no more"
    bob.post("/api/me/keep")
    assert give_up(ann).status == 200
    assert ann.get("/api/admin/users").status == 404
    assert give_up(bob).status == 409
    ann.post("/api/me/keep")
    assert ann.get("/api/admin/users").status == 200


def test_the_sweep_leaves_who_may_still_come_back(ann, bob, at_night):
    give_up(ann)
    assert "delete_account" not in at_night()
    change(ann, delete_at=now() - OVER)
    change(bob, delete_at=now() + OVER * 60)
    assert at_night().count("delete_account") == 1
    assert bob.get("/api/me").status == 200


# Nothing is left


@pytest.fixture
def full(ann, bob, add_video, bucket, pool):
    """Let Ann have some of everything, also in other people's drives; return the words that name her."""
    video_id = add_video(ann, **SHOWN, title="Zebras of Ann", file_name="zebra.mp4")
    sending = ann.post("/api/uploads", {"file_name": "giraffe.mp4", "size": 20 * 1024**2}).json["video_id"]
    theirs = add_video(bob, **SHOWN)
    link = ann.post(f"/api/videos/{video_id}/links", {"name": "Grandma of Ann"}).json
    Browser().post("/api/shared", {"token": link["token"]})
    ann.send("PATCH", f"/api/videos/{video_id}", {"title": "Zebras"}, if_match='"1"')
    ann.send("PUT", f"/api/videos/{theirs}/progress", {"position_ms": 5})
    bob.send("PUT", f"/api/videos/{video_id}/progress", {"position_ms": 5})
    ann.post("/api/me/totp", {"password": PASSWORD})
    ann.keep(ann.post("/api/me/totp/verify", {"password": PASSWORD, "code": pool.APP_CODES[0]}))
    enter()
    ann.post("/api/me/export")
    bucket.objects |= {f"source/{video_id}": b"", f"media/{video_id}/1/master.m3u8": b""}
    bucket.objects[f"exports/{ann.user.id}.zip"] = b""
    with database.transaction() as session:
        session.add(Run(video_id=video_id, attempt=1, user_id=ann.user.id))
        mine = [Audit.user_id == bob.user.id, AuditAction.QUOTA_SET]
        session.add(
            Audit(
                action=mine[1],
                user_id=bob.user.id,
                actor_id=ann.user.id,
                network="203.0.113.0/24",
                user_agent="Ann's browser",
                details={"bytes": 5},
            )
        )
    held = everything()
    for table in (Audit, Challenge, Event, Export, Link, Progress, RecoveryCode, Run, BrowserSession):
        assert held[table.__tablename__], table
    return [ann.user.id, ann.user.email, "Ann", "ebra", "iraffe", video_id, sending]


def test_nothing_names_a_deleted_account_but_the_receipt(ann, bob, full, at_night, bucket, pool, doorbells):
    give_up(ann)
    change(ann, delete_at=now() - OVER)
    doorbells.announced.clear()
    at_night()
    videos = full[-2:]
    assert traces(*full) == receipts(ann.user.id, *videos)
    with database.transaction() as session:
        (receipt,) = session.scalars(select(Audit).where(Audit.user_id == ann.user.id))
        purged = session.scalars(select(Audit).where(Audit.action == AuditAction.VIDEO_PURGED)).all()
        assert {(it.user_id, it.actor_id, it.network, it.user_agent) for it in purged} == {
            (None, None, "", "")
        }
        assert all(AuditRepository(session).has_receipt(video_id) for video_id in videos)
        about_bob = session.scalars(select(Audit).where(Audit.action == AuditAction.QUOTA_SET)).one()
    assert (receipt.action, receipt.actor_id) == (AuditAction.ACCOUNT_DELETED, None)
    assert (receipt.network, receipt.user_agent, receipt.details) == ("", "", {})
    assert (about_bob.actor_id, about_bob.network, about_bob.user_agent) == (None, "", "")
    assert (bucket.objects, bucket.uploads) == ({}, {})
    assert ann.user.email not in pool.ids
    closed = {"user_id": str(ann.user.id), "close": True, "but": [], "for_good": True}
    assert doorbells.announced[-1] == closed
    assert bob.get("/api/videos").json["items"]
    assert at_night() == []


@pytest.mark.parametrize("blow", range(0, 44, 3))
def test_a_deletion_that_is_cut_off_anywhere_ends_the_next_time(
    ann, full, at_night, bucket, pool, monkeypatch, blow
):
    """Every third call to something outside the database dies once, each in a night of its own."""
    give_up(ann)
    change(ann, delete_at=now() - OVER)
    calls = iter(range(blow, -1, -1))

    def deadly(act):
        def call(*args, **kwargs):
            if next(calls, None) == 0:
                raise KeyboardInterrupt
            return act(*args, **kwargs)

        return call

    with monkeypatch.context() as broken:
        for name in ("versions", "erase", "open_uploads", "abort_upload"):
            broken.setattr(bucket, name, deadly(getattr(bucket, name)))
        broken.setattr(events, "_announce", deadly(events._announce))
        broken.setattr(events, "watch", deadly(events.watch))
        broken.setattr(pool, "delete", deadly(pool.delete))
        with pytest.raises(KeyboardInterrupt):
            at_night()
    at_night()
    assert traces(*full) == receipts(ann.user.id, *full[-2:])
    assert (bucket.objects, bucket.uploads, ann.user.email in pool.ids) == ({}, {}, False)


def test_a_video_that_begins_at_the_last_moment_is_deleted_too(ann, add_video, at_night, pool, monkeypatch):
    give_up(ann)
    change(ann, delete_at=now() - OVER)
    delete, late = pool.delete, []

    def just_before(user_id):
        if not late:
            late.append(add_video(ann, state=VideoState.UPLOADING))
        delete(user_id)

    monkeypatch.setattr(pool, "delete", just_before)
    with pytest.raises(Exception, match="All records failed"):
        at_night()
    at_night()
    assert traces(ann.user.id, *late) == receipts(ann.user.id, *late)


def test_a_full_drive_goes_by_and_by(ann, add_video, at_night, bucket, monkeypatch):
    monkeypatch.setattr("functions.sweep.service.VIDEOS_A_TURN", 2)
    for _ in range(5):
        add_video(ann)
    give_up(ann)
    change(ann, delete_at=now() - OVER)
    assert at_night().count("delete_account") == 4
    assert traces(ann.user.id) == receipts(ann.user.id)


def test_the_address_of_a_deleted_account_begins_anew(ann, at_night, bucket, anybody):
    give_up(ann)
    change(ann, delete_at=now() - OVER)
    at_night()
    body = {"email": ann.user.email, "password": PASSWORD, "display_name": "Ann again"}
    assert anybody.post("/api/auth/sign-up", body).status == 202
    anybody.post("/api/auth/confirm", {"email": ann.user.email, "code": "123456"})
    again, answer = enter()
    assert answer.json["id"] != str(ann.user.id)
    assert again.get("/api/videos").json["items"] == []


def test_the_tickets_of_who_is_gone_are_taken_back(monkeypatch, lambda_context):
    class Table:
        def get_paginator(self, operation):
            assert operation == "scan"
            return self

        @staticmethod
        def paginate(*, ExpressionAttributeValues, **_):  # noqa: N803 (boto's name)
            whose = ExpressionAttributeValues[":user"]["S"]
            yield from ({"Items": [{"token_hash": {"S": it}}]} for it, user in held.items() if user == whose)

        @staticmethod
        def delete_item(*, Key, **_):  # noqa: N803 (boto's name)
            taken.append(Key["token_hash"]["S"])

    held, taken = {"one": "ann", "two": "bob", "three": "ann"}, []
    monkeypatch.setattr(sockets, "_dynamodb", Table)
    monkeypatch.setattr(sockets, "close", lambda _user, **_: None)
    for change in ({"close": True}, {"close": True, "for_good": True}):
        message = json.dumps({"user_id": "ann"} | change)
        notify.handle({"Records": [{"Sns": {"Message": message}}]}, lambda_context)
    assert taken == ["one", "three"]


# By an administrator


def test_an_administrator_may_delete_an_account_at_once(ann, bob, add_video, work_off, bucket):
    change(bob, role=Role.ADMIN)
    add_video(ann)
    with database.transaction() as session:
        journal = Journal(session, Visit(""))
        leaving.give_up(session, journal, ann.user.id, by=bob.user.id, grace=timedelta())
    assert ann.get("/api/me").status == 401
    assert work_off().count("delete_account") == 2
    with database.transaction() as session:
        (receipt,) = session.scalars(select(Audit).where(Audit.user_id == ann.user.id))
    assert (receipt.action, receipt.actor_id) == (AuditAction.ACCOUNT_DELETED, bob.user.id)
    assert traces(ann.user.email) == []


def test_nobody_is_deleted_who_is_not_there_or_by_who_is_no_administrator(ann, bob):
    for user_id, by in ((ann.user.id, bob.user.id), (uuid4(), ann.user.id)):
        with pytest.raises(Exception, match="nothing here"), database.transaction() as session:
            leaving.give_up(session, Journal(session, Visit("")), user_id, by=by)
    assert ann.get("/api/me").json["delete_at"] is None
