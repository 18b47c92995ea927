"""The sweep: what is due is done, what is not is left, and each job can be done again."""

import json
import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from functions.core import database
from functions.core.models import Event, EventKind, Session, Upload, User, Video, VideoState, now
from functions.sweep import handler as sweep


def do(job, video_id, lambda_context, *, due=0):
    message = {"job": job, "video_id": str(video_id), "due": int(time.time()) + due}
    record = {"messageId": "1", "body": json.dumps(message), "eventSource": "aws:sqs", "receiptHandle": "r"}
    return sweep.handle({"Records": [record]}, lambda_context)


def read(video_id):
    with database.transaction() as session:
        return session.get(Video, video_id)


def test_a_message_that_is_not_due_hops_on(ann, add_video, bucket, doorbells, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADED)
    do("job", video_id, lambda_context, due=2000)
    (hop,) = doorbells.watched
    assert hop[:2] == ("job", str(video_id))
    assert 1990 <= hop[2] <= 2000
    assert doorbells.started == []


def test_a_video_that_never_began_is_started(ann, add_video, bucket, doorbells, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADED)
    do("job", video_id, lambda_context)
    assert doorbells.started == [f"source/{video_id}"]
    assert ("job", str(video_id), 900) in doorbells.watched


@pytest.mark.parametrize(("minutes", "state"), [(-1, VideoState.FAILED), (5, VideoState.PROCESSING)])
def test_only_a_job_that_outlived_its_lease_is_ended(
    ann, add_video, bucket, doorbells, lambda_context, minutes, state
):
    lease = now() + timedelta(minutes=minutes)
    video_id = add_video(ann, state=VideoState.PROCESSING, lease_expires_at=lease, execution="run-1")
    do("job", video_id, lambda_context)
    assert read(video_id).state is state
    assert doorbells.stopped == (["run-1"] if state is VideoState.FAILED else [])


def test_a_purge_that_s3_refuses_is_left_to_the_queue_and_ends_the_second_time(
    ann, add_video, bucket, monkeypatch, lambda_context
):
    video_id = add_video(ann, trashed_at=now(), purge_at=now())
    bucket.objects = {f"source/{video_id}": b"s", f"media/{video_id}/1/master.m3u8": b"m"}
    with monkeypatch.context() as broken:
        broken.setattr(bucket, "delete", lambda _keys: None)
        with pytest.raises(Exception, match="All records failed"):
            do("purge", video_id, lambda_context)
    assert read(video_id).purge_started_at is not None
    assert do("purge", video_id, lambda_context) == {"batchItemFailures": []}
    assert read(video_id) is None
    assert do("purge", video_id, lambda_context) == {"batchItemFailures": []}
    assert bucket.objects == {}


def test_a_video_restored_in_the_meantime_is_not_purged(ann, add_video, bucket, lambda_context):
    video_id = add_video(ann)
    bucket.objects = {f"source/{video_id}": b"s"}
    do("purge", video_id, lambda_context)
    assert read(video_id) is not None
    assert bucket.objects


def test_tidying_keeps_only_the_revision_that_is_served(ann, add_video, bucket, lambda_context):
    video_id = add_video(ann, revision=2, attempt=2)
    kept = f"media/{video_id}/2/master.m3u8"
    bucket.objects = {kept: b"", f"media/{video_id}/1/master.m3u8": b"", f"source/{video_id}": b""}
    bucket.objects[f"work/{video_id}/2.mkv"] = b""
    do("tidy", video_id, lambda_context)
    assert set(bucket.objects) == {kept, f"source/{video_id}"}


def test_the_daily_sweep_finds_what_is_due(ann, add_video, bucket, doorbells, lambda_context):
    due = add_video(ann, trashed_at=now(), purge_at=now() - timedelta(minutes=1))
    kept = add_video(ann, trashed_at=now(), purge_at=now() + timedelta(days=1))
    over = add_video(ann, trash_at=now() - timedelta(minutes=1))
    add_video(ann, trash_at=now() + timedelta(minutes=1))
    stuck = add_video(ann, state=VideoState.PROCESSING, lease_expires_at=now() - timedelta(minutes=1))
    dead = add_video(ann, state=VideoState.UPLOADING, revision=None)
    bucket.uploads[f"source/{dead}", "u"] = {}
    with database.transaction() as session:
        yesterday = now() - timedelta(days=1)
        session.add(Upload(video_id=dead, s3_upload_id="u", size_bytes=1, part_size=1, expires_at=yesterday))
        session.add(Session(token_hash="old", user_id=ann.user.id, expires_at=yesterday))
        long_ago = now() - timedelta(days=8)
        session.get_one(User, ann.user.id).last_event_seq = 1
        old = Event(
            user_id=ann.user.id,
            seq=1,
            video_id=kept,
            kind=EventKind.REMOVED,
            payload=None,
            created_at=long_ago,
        )
        session.add(old)
    assert sweep.handle({"job": "daily"}, lambda_context) == {
        "delete_account": 0,
        "trash": 1,
        "purge": 1,
        "job": 1,
        "export": 0,
        "remove_export": 0,
        "drop_upload": 1,
        "objects": 0,
        "rows": 0,
    }
    assert doorbells.watched == [
        ("trash", str(over), 0),
        ("purge", str(due), 0),
        ("job", str(stuck), 0),
        ("drop_upload", str(dead), 0),
    ]
    assert read(kept) is not None
    do("drop_upload", dead, lambda_context)
    assert read(dead) is None
    assert bucket.uploads == {}
    with database.transaction() as session:
        assert session.query(Session).filter_by(token_hash="old").count() == 0
    assert ann.get("/api/events?after=0").json["reset"], "events that were tidied away cannot be replayed"


def test_an_expired_upload_that_is_whole_after_all_is_processed_and_not_dropped(
    ann, add_video, bucket, doorbells, lambda_context
):
    video_id = add_video(ann, state=VideoState.UPLOADING, revision=None)
    bucket.objects = {f"source/{video_id}": b"whole"}
    do("drop_upload", video_id, lambda_context)
    assert read(video_id) is not None
    assert doorbells.started == [f"source/{video_id}"]


@pytest.fixture
def left_alone(ann, bucket):
    """Return a function that starts an upload of two parts, sends some, and never says that it is done."""

    def begin(*numbers):
        size = 8 * 1024**2 + 5
        video_id = ann.post("/api/uploads", {"file_name": "a.mp4", "size": size}).json["video_id"]
        ((key, upload_id),) = bucket.uploads
        for number in numbers:
            bucket.put_part(key, upload_id, number, b"x" * (5 if number == 2 else 8 * 1024**2))
        return UUID(video_id)

    return begin


@pytest.mark.parametrize("job", ["check_upload", "drop_upload"])
def test_an_upload_whose_parts_are_all_there_is_completed_though_its_page_is_gone(
    left_alone, bucket, doorbells, lambda_context, job
):
    video_id = left_alone(1, 2)
    do(job, video_id, lambda_context)
    assert read(video_id).state is VideoState.UPLOADED
    assert len(bucket.objects[f"source/{video_id}"]) == 8 * 1024**2 + 5
    assert ("job", str(video_id), 900) in doorbells.watched
    assert doorbells.announced[-1]["event"]["video"]["state"] == "uploaded"
    do(job, video_id, lambda_context)
    assert read(video_id).state is VideoState.UPLOADED, "a second look changes nothing"


def test_a_look_leaves_an_upload_alone_that_still_lacks_a_part(ann, left_alone, bucket, lambda_context):
    video_id = left_alone(2)
    do("check_upload", video_id, lambda_context)
    assert read(video_id).state is VideoState.UPLOADING
    shown = ann.get(f"/api/uploads/{video_id}").json
    assert [part["number"] for part in shown["parts"]] == [2]
    assert shown["last_part_at"] == "2026-11-25T00:00:00Z"


def test_a_look_at_an_upload_that_s3_dropped_leaves_it_to_its_end(left_alone, bucket, lambda_context):
    video_id = left_alone(1, 2)
    bucket.uploads.clear()
    do("check_upload", video_id, lambda_context)
    assert read(video_id).state is VideoState.UPLOADING
    do("drop_upload", video_id, lambda_context)
    assert read(video_id) is None


def test_bytes_without_a_row_are_removed_and_bytes_with_one_are_not(ann, add_video, bucket, lambda_context):
    video_id = add_video(ann)
    bucket.objects = {f"source/{video_id}": b"s"}
    do("remove_bytes", video_id, lambda_context)
    assert bucket.objects
    nobodys = uuid4()
    bucket.objects[f"media/{nobodys}/1/v720/00003.mp4"] = b"late"
    bucket.uploads[f"media/{nobodys}/1/v720/00004.mp4", "u"] = {}
    do("remove_bytes", nobodys, lambda_context)
    assert list(bucket.objects) == [f"source/{video_id}"]
    assert bucket.uploads == {}
