"""What people take along: all that is kept of them and nothing else, for a day, to nobody else."""

import io
import json
import time
from datetime import timedelta
from zipfile import ZipFile

import pytest
from sqlalchemy import update

from functions.accounts.service import EXPORTS_OF
from functions.core import database
from functions.core.models import Export, Link, User, now
from functions.core.models import Session as BrowserSession
from functions.sweep import handler as sweep
from tests.unit.conftest import Browser

FILES = {"profile.json", "videos.json", "links.json", "positions.json", "devices.json", "history.json"}


@pytest.fixture
def do(lambda_context):
    """Return a function that does a job of the queue for somebody."""

    def run(job, browser):
        message = {"job": job, "video_id": str(browser.user.id), "due": int(time.time())}
        record = {"messageId": "1", "body": json.dumps(message), "eventSource": "aws:sqs"}
        sweep.handle({"Records": [record | {"receiptHandle": "r"}]}, lambda_context)

    return run


def key(browser):
    return f"exports/{browser.user.id}.zip"


def ask(browser):
    return browser.post("/api/me/export")


def read(bucket, browser):
    archive = ZipFile(io.BytesIO(bucket.objects[key(browser)]))
    return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def made_ago(browser, **age):
    with database.transaction() as session:
        mine = update(Export).where(Export.user_id == browser.user.id)
        session.execute(mine.values(ready_at=now() - timedelta(**age)))


def test_all_of_ones_own_is_in_it_and_nothing_of_others(ann, bob, add_video, bucket, do, doorbells):
    video_id, theirs = add_video(ann, title="Café ☕"), add_video(bob, title="Bob's own")
    link = ann.post(f"/api/videos/{video_id}/links", {"name": "Grandma", "passcode": "open-sesame"}).json
    bob.post(f"/api/videos/{theirs}/links", {"name": "Bob's grandma"})
    Browser().post("/api/shared", {"token": link["token"]}, x_viewer_address="203.0.113.77")
    assert ann.get("/api/me/export").json == dict.fromkeys(
        ("asked_at", "ready_at", "expires_at", "size_bytes")
    )
    assert ask(ann).status == 202
    assert ("export", str(ann.user.id), 0) in doorbells.watched
    do("export", ann)
    found = read(bucket, ann)
    assert set(found) == FILES
    assert found["profile.json"]["email"] == "ann@example.org"
    (video,) = found["videos.json"]
    assert (video["title"], video["visibility"], video["state"]) == ("Café ☕", "private", "ready")
    assert video["original"] == f"https://drive.test/api/videos/{video_id}/original/file"
    assert [(it["name"], it["has_passcode"]) for it in found["links.json"]] == [("Grandma", True)]
    assert len(found["devices.json"]) == 1
    assert next(it["action"] for it in found["history.json"]) == "link_created"
    text = json.dumps(found)
    with database.transaction() as session:
        secrets = [it.token_hash for it in session.query(Link)] + [
            it.passcode_hash for it in session.query(Link)
        ]
        secrets += [it.token_hash for it in session.query(BrowserSession)]
    for word in (*filter(None, secrets), "203.0.113", "Bob"):
        assert word not in text, word


def test_an_empty_drive_has_its_files_too(ann, bucket, do):
    ask(ann)
    do("export", ann)
    assert read(bucket, ann)["videos.json"] == []


def test_it_is_given_to_its_owner_for_a_day(ann, bob, anybody, bucket, do):
    assert ann.get("/api/me/export/file").status == 404
    ask(ann)
    assert ann.get("/api/me/export/file").status == 404
    do("export", ann)
    state = ann.get("/api/me/export").json
    assert state["size_bytes"] == len(bucket.objects[key(ann)])
    given = ann.get("/api/me/export/file").json
    assert given["url"].startswith(f"https://bucket.test/{key(ann)}")
    assert "attachment" in given["url"]
    assert given["expires_in"] == 60
    assert [bob.get("/api/me/export/file").status, anybody.get("/api/me/export/file").status] == [404, 401]
    made_ago(ann, hours=23)
    assert ann.get("/api/me/export/file").status == 200
    made_ago(ann, hours=25)
    assert ann.get("/api/me/export/file").status == 404
    assert ann.get("/api/me/export").json["asked_at"] is None


def test_asking_wants_a_recent_sign_in_and_is_limited(ann):
    answers = [ask(ann).status for _ in range(EXPORTS_OF.burst + 1)]
    assert answers == [202] * EXPORTS_OF.burst + [429]
    with database.transaction() as session:
        session.execute(update(BrowserSession).values(authenticated_at=None))
    assert ask(ann).json["code"] == "reauthenticate"


def test_the_sweep_removes_what_was_offered_for_a_day(ann, bob, bucket, do, doorbells, lambda_context):
    for browser in (ann, bob):
        ask(browser)
        do("export", browser)
    made_ago(ann, hours=25)
    doorbells.watched.clear()
    sweep.handle({"job": "daily"}, lambda_context)
    assert doorbells.watched == [("remove_export", str(ann.user.id), 0)]
    for _ in range(2):
        do("remove_export", ann)
        do("remove_export", bob)
    assert list(bucket.objects) == [key(bob)]
    with database.transaction() as session:
        assert [it.user_id for it in session.query(Export)] == [bob.user.id]


def test_one_whose_message_was_lost_is_made_after_the_next_night(
    ann, bob, bucket, do, doorbells, lambda_context
):
    ask(ann)
    ask(bob)
    with database.transaction() as session:
        session.execute(
            update(Export).where(Export.user_id == ann.user.id).values(asked_at=now() - Export.MADE)
        )
    doorbells.watched.clear()
    assert sweep.handle({"job": "daily"}, lambda_context)["export"] == 1
    assert doorbells.watched == [("export", str(ann.user.id), 0)], "another's is on its way"
    do("export", ann)
    assert ann.get("/api/me/export").json["ready_at"] is not None
    assert sweep.handle({"job": "daily"}, lambda_context)["export"] == 0


def test_one_that_is_told_twice_or_asked_for_anew_is_made_once_more(ann, add_video, bucket, do, monkeypatch):
    ask(ann)
    upload = bucket.upload_file

    def ask_meanwhile(path, *rest):
        upload(path, *rest)
        add_video(ann)
        ask(ann)
        monkeypatch.setattr(bucket, "upload_file", upload)

    monkeypatch.setattr(bucket, "upload_file", ask_meanwhile)
    do("export", ann)
    assert ann.get("/api/me/export").json["ready_at"] is None
    do("export", ann)
    do("export", ann)
    assert ann.get("/api/me/export").json["ready_at"]
    assert len(read(bucket, ann)["videos.json"]) == 1


def test_of_an_account_that_went_meanwhile_nothing_stays(ann, bucket, do, monkeypatch):
    ask(ann)
    upload = bucket.upload_file

    def go_meanwhile(path, *rest):
        upload(path, *rest)
        with database.transaction() as session:
            session.delete(session.get_one(User, ann.user.id))

    monkeypatch.setattr(bucket, "upload_file", go_meanwhile)
    do("export", ann)
    assert bucket.objects == {}
    do("export", ann)
    assert bucket.objects == {}


def test_the_link_to_an_original_leads_its_owner_there(ann, bob, anybody, add_video, bucket):
    path = f"/api/videos/{add_video(ann)}/original/file"
    answer = ann.get(path)
    assert (answer.status, answer.headers["Location"].startswith("https://bucket.test/source/")) == (
        303,
        True,
    )
    assert [bob.get(path).status, anybody.get(path).status] == [404, 401]
