"""Deleting for good: whatever dies or is refused on the way, nothing is left in the end but the receipt."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, event, func, select, text

from functions.core import database, events
from functions.core.models import (
    Audit,
    AuditAction,
    Base,
    Chunk,
    Event,
    Rendition,
    Run,
    Upload,
    Video,
    VideoState,
    now,
)
from functions.records import handler as records
from functions.sweep import handler as sweep

FILE, TITLE, DESCRIPTION = "VID_4711 Καλοκαίρι.mp4", "Grandma's 90th birthday", "At the lake, all of us"


class KilledError(BaseException):
    """The process is gone: nothing in it can catch this."""


class RefusedError(Exception):
    """A service says no."""


@pytest.fixture
def add_whole_video(ann, bob, add_video, bucket):
    """Return a function that makes a video of which there is something everywhere."""

    def add(**values):
        facts = {"file_name": FILE, "title": "First", "description": DESCRIPTION, "fingerprint": FILE}
        video_id = add_video(ann, published_at=now(), visibility="public", attempt=2, **facts)
        assert ann.send("PATCH", f"/api/videos/{video_id}", {"title": TITLE}, if_match='"1"').status == 200
        assert bob.send("PUT", f"/api/videos/{video_id}/progress", {"position_ms": 5}).status == 204
        assert ann.post(f"/api/videos/{video_id}/links", {"name": "Bob"}).status == 201
        with database.transaction() as session:
            session.add_all(
                [
                    Chunk(video_id=video_id, revision=2, index=0, height=720, bytes=1, duration_ms=1),
                    Rendition(
                        video_id=video_id,
                        revision=2,
                        height=720,
                        width=1280,
                        bytes=1,
                        bandwidth=1,
                        codecs="avc1",
                    ),
                    Run(video_id=video_id, attempt=1, user_id=ann.user.id),
                    Run(video_id=video_id, attempt=2, user_id=ann.user.id),
                    Upload(video_id=video_id, s3_upload_id="u", size_bytes=1, part_size=1, fingerprint=FILE),
                ]
            )
            for name, value in values.items():
                setattr(session.get_one(Video, video_id), name, value)
        for key in (f"source/{video_id}", f"media/{video_id}/2/v720/1.mp4", f"work/{video_id}/2.mkv"):
            bucket.objects[key] = b"bytes"
            bucket.older.append((key, "an older version"))
            bucket.uploads[key, "open"] = {1: b"part"}
        bucket.older.append((f"media/{video_id}/1/master.m3u8", "a mark of deletion"))
        ann.send("DELETE", f"/api/videos/{video_id}")
        ann.post(f"/api/videos/{video_id}/purge")
        return video_id

    return add


def traces(video_id):
    """Say in which tables there is anything of the video, by whatever it could be known."""
    words = [str(video_id), FILE, TITLE, DESCRIPTION, "First"]
    with database.transaction() as session:
        return {
            table
            for table in Base.metadata.tables
            for row in session.execute(text(f"SELECT t::text FROM {table} t")).scalars()
            if any(word in row for word in words)
        }


def receipts(video_id):
    with database.transaction() as session:
        entries = session.query(Audit).filter_by(action=AuditAction.VIDEO_PURGED)
        return [entry for entry in entries if entry.details["video"] == str(video_id)]


def test_nothing_is_left_of_a_video_but_its_receipt(ann, add_whole_video, bucket):
    video_id = add_whole_video()
    assert traces(video_id) > {"videos", "uploads", "chunks", "renditions", "runs", "links", "progress"}
    sweep.service.purge(bucket, video_id)
    assert (bucket.objects, bucket.older, bucket.uploads) == ({}, [], {})
    assert traces(video_id) == {"audit", "events"}
    with database.transaction() as session:
        told = session.query(Event).filter_by(video_id=video_id).all()
        assert {(it.kind.value, it.payload) for it in told} == {("video.removed", None)}
        for it in told:
            it.created_at -= timedelta(days=8)
    sweep.service.daily(bucket)
    assert traces(video_id) == {"audit"}
    (receipt,) = receipts(video_id)
    assert (receipt.user_id, receipt.actor_id) == (ann.user.id, None)
    assert set(receipt.details) == {"video", "bytes", "added"}


def test_pages_that_were_away_learn_that_it_is_gone_and_no_more(ann, add_whole_video, bucket):
    video_id = add_whole_video()
    sweep.service.purge(bucket, video_id)
    told = ann.get("/api/events?after=0").json
    assert not told["reset"]
    assert {(it["kind"], it["video_id"], it["video"]) for it in told["items"]} == {
        ("video.removed", str(video_id), None)
    }


@dataclass
class Strike:
    """Strikes one of the calls that a deletion makes of others."""

    number: int
    error: type[BaseException]
    calls: int = 0
    struck: str = ""

    def __call__(self, what: str) -> None:
        self.calls += 1
        if self.calls == self.number:
            self.struck = what
            raise self.error(what)


@pytest.fixture
def strike_at(bucket, monkeypatch):
    """Return a function that does something with one of its calls struck, and says which it was."""

    def at(number: int, error: type[BaseException], act: Callable[[], object]) -> str:
        strike = Strike(number, error)

        def struck(name, call):
            def instead(*args, **named):
                strike(name)
                return call(*args, **named)

            return instead

        def statement(_connection, _cursor, sql, *_):
            strike(sql.split("\n")[0])

        def commit(_connection):
            strike("COMMIT")

        engine = database.engine()
        event.listen(engine, "before_cursor_execute", statement)
        event.listen(engine, "commit", commit)
        try:
            with monkeypatch.context() as patched:
                for name in ("versions", "erase", "open_uploads", "abort_upload"):
                    patched.setattr(bucket, name, struck(name, getattr(bucket, name)))
                for name in ("watch", "_announce", "stop_processing"):
                    patched.setattr(events, name, struck(name, getattr(events, name)))
                with suppress(error):
                    act()
        finally:
            event.remove(engine, "before_cursor_execute", statement)
            event.remove(engine, "commit", commit)
        return strike.struck

    return at


@pytest.mark.parametrize("error", [KilledError, RefusedError])
def test_a_purge_may_be_struck_at_every_call_and_every_statement(
    add_whole_video, bucket, doorbells, strike_at, error
):
    struck = []
    for number in count(1):
        video_id = add_whole_video(state=VideoState.PROCESSING, execution="run-2")
        what = strike_at(number, error, lambda: sweep.service.purge(bucket, video_id))  # noqa: B023
        if not what:
            break
        struck.append(what)
        sweep.service.purge(bucket, video_id)  # by the message that comes back, or by the daily sweep
        assert (bucket.objects, bucket.older, bucket.uploads) == ({}, [], {}), what
        assert traces(video_id) <= {"audit", "events"}, what
        assert len(receipts(video_id)) == 1, what
        assert "run-2" in doorbells.stopped, what
        assert ("remove_bytes", str(video_id), 900) in doorbells.watched, what
    assert {"versions", "erase", "open_uploads", "abort_upload", "watch", "COMMIT"} <= set(struck)
    assert any(what.startswith("DELETE FROM videos") for what in struck)
    assert len(struck) >= 25


def test_a_purge_that_was_cut_off_and_whose_message_is_lost_is_found_by_the_daily_sweep(
    add_whole_video, bucket, doorbells, strike_at
):
    video_id = add_whole_video()
    strike_at(9, KilledError, lambda: sweep.service.purge(bucket, video_id))
    doorbells.watched.clear()
    sweep.service.daily(bucket)
    assert ("purge", str(video_id), 0) in doorbells.watched


def test_what_a_run_still_writes_after_its_video_is_gone_is_removed_and_told_to_nobody(
    ann, add_video, bucket, doorbells, lambda_context
):
    video_id = add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None)
    bucket.objects[f"source/{video_id}"] = b"original"
    claim = {"action": "claim", "source_key": f"source/{video_id}", "execution": "run-1"}
    job = records.handle(claim, lambda_context)["job"]
    ann.send("DELETE", f"/api/videos/{video_id}")
    ann.post(f"/api/videos/{video_id}/purge")
    with database.transaction() as session:
        assert session.get_one(Video, video_id).attempt == job["attempt"] + 1
    sweep.service.purge(bucket, video_id)
    assert doorbells.stopped == ["run-1"]
    doorbells.announced.clear()
    late = f"media/{video_id}/{job['attempt']}/v720/00007.mp4"
    bucket.objects[late] = b"by a function that had begun before"
    records.handle({"action": "finish", "job": job, "package": {"stored_bytes": 1}}, lambda_context)
    assert doorbells.announced == []
    for name, subject, _ in list(doorbells.watched):
        if name == "remove_bytes":
            sweep.service.remove_bytes(bucket, UUID(subject))
    assert bucket.objects == {}
    assert traces(video_id) <= {"audit", "events"}


# The trash


def test_the_trash_is_emptied_a_few_at_a_time_and_what_was_not_in_it_stays(
    ann, bob, add_video, bucket, doorbells, monkeypatch
):
    monkeypatch.setattr(sweep.service, "EMPTIED_AT_ONCE", 2)
    in_trash = {str(add_video(ann, trashed_at=now(), purge_at=now() + timedelta(days=30))) for _ in range(5)}
    kept = [add_video(ann), add_video(bob, trashed_at=now(), purge_at=now() + timedelta(days=30))]
    assert ann.post("/api/trash/empty").status == 202
    later = add_video(ann, trashed_at=now(), purge_at=now() + timedelta(days=30))
    runs, purged = 0, set()
    while doorbells.watched:
        job, subject, _ = doorbells.watched.pop(0)
        runs += job == "empty_trash"
        purged |= {subject} if job == "purge" else set()
        if job in {"empty_trash", "purge"}:
            sweep.service.JOBS[job](bucket, UUID(subject))
    assert (runs, purged) == (3, in_trash)
    assert [it["id"] for it in ann.get("/api/trash").json["items"]] == [str(later)]
    with database.transaction() as session:
        assert all(session.get(Video, video_id) for video_id in kept)


def test_the_job_that_empties_the_trash_is_sent_for_once_it_can_see_what_is_due(
    ann, add_video, database_url, doorbells, monkeypatch
):
    video_id = add_video(ann, trashed_at=now(), purge_at=now() + timedelta(days=30))
    watch, due = events.watch, []

    def look(job, subject, **delay):
        with create_engine(database_url, poolclass=NullPool).connect() as elsewhere:
            due.extend(elsewhere.scalars(select(Video.id).where(Video.purge_at <= func.now())))
        watch(job, subject, **delay)

    monkeypatch.setattr(events, "watch", look)
    ann.post("/api/trash/empty")
    assert due == [video_id]
    assert doorbells.watched == [("empty_trash", str(ann.user.id), 0)]


def test_what_is_restored_before_its_turn_stays(ann, add_video, bucket, doorbells):
    video_id = add_video(ann, trashed_at=now(), purge_at=now() + timedelta(days=30))
    ann.post("/api/trash/empty")
    assert ann.post(f"/api/videos/{video_id}/restore").status == 200
    sweep.service.empty_trash(bucket, ann.user.id)
    assert ann.get(f"/api/videos/{video_id}").status == 200


def test_pages_are_told_again_when_all_copies_are_gone_and_there_is_a_receipt(
    ann, add_whole_video, bucket, doorbells
):
    video_id = add_whole_video()
    doorbells.announced.clear()
    sweep.service.purge(bucket, video_id)
    (told,) = doorbells.announced
    assert (told["event"]["kind"], told["event"]["video_id"]) == ("video.removed", str(video_id))
    assert ann.get("/api/trash/receipts").json["items"][0]["video_id"] == str(video_id)


def test_receipts_are_shown_for_thirty_days_and_to_their_owner_alone(ann, bob, add_video, bucket):
    for owner, size in ((ann, 1), (ann, 2), (bob, 3)):
        video_id = add_video(owner, size_bytes=size, stored_bytes=10, trashed_at=now(), purge_at=now())
        sweep.service.purge(bucket, video_id)
    shown = ann.get("/api/trash/receipts").json["items"]
    assert [it["bytes"] for it in shown] == [12, 11]
    assert {*shown[0]} == {"id", "video_id", "removed_at", "added_at", "bytes"}
    page = ann.get("/api/trash/receipts?limit=1").json
    rest = ann.get(f"/api/trash/receipts?limit=1&cursor={page['next_cursor']}").json
    assert [*page["items"], *rest["items"]] == shown
    with database.transaction() as session:
        for entry in session.query(Audit):
            entry.created_at -= timedelta(days=30)
    assert ann.get("/api/trash/receipts").json["items"] == []
    assert len(receipts(shown[0]["video_id"])) == 1, "the log keeps it"
