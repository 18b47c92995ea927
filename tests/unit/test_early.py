"""Watching the original before the ladder is there: who may, for how long, and what is left of it."""

import pytest

from functions.core import database
from functions.core.models import Video, VideoState
from functions.records import handler as records
from functions.sweep import service as sweep

PACKAGE = {"stored_bytes": 900, "renditions": []}


def read(video_id):
    with database.transaction() as session:
        return session.get_one(Video, video_id)


@pytest.fixture
def run(ann, add_video, lambda_context):
    """Return a video of Ann's that is being processed, and a function that records a step of it."""
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=2, revision=None, execution="run-2")
    job = {"video_id": str(video_id), "attempt": 2, "revision": 2}

    def record(action, attempt=2, **facts):
        records.handle({"action": action, "job": job | {"attempt": attempt}, **facts}, lambda_context)

    return video_id, record


def test_its_owner_watches_the_original_until_the_ladder_is_there(ann, run):
    video_id, record = run
    assert ann.get(f"/api/videos/{video_id}/watch").json["early"] is None
    assert ann.post(f"/api/videos/{video_id}/grant").status == 404
    record("original")
    watch = ann.get(f"/api/videos/{video_id}/watch").json
    assert watch["early"] == {"url": f"/media/{video_id}/2/original.mp4", "type": "video/mp4"}
    assert watch["playback"] is None
    granted = ann.post(f"/api/videos/{video_id}/grant")
    assert granted.status == 200
    assert all(f"Path=/media/{video_id}/" in cookie for cookie in granted.cookies)
    record("finish", package=PACKAGE)
    watch = ann.get(f"/api/videos/{video_id}/watch").json
    assert (watch["early"], watch["playback"]["url"]) == (None, f"/media/{video_id}/2/master.m3u8")


def test_it_is_told_live_once_however_often_it_is_recorded(run, doorbells):
    _, record = run
    record("original")
    record("original")
    assert [told["event"]["video"]["early"] for told in doorbells.announced] == [True, True]
    record("finish", package=PACKAGE)
    assert doorbells.announced[-1]["event"]["video"]["early"] is False
    record("original")
    assert len(doorbells.announced) == 3


def test_nobody_else_watches_it_early_not_even_when_it_is_published(ann, bob, anybody, run):
    video_id, record = run
    record("original")
    ann.post(f"/api/videos/{video_id}/publish", {"visibility": "public"})
    for other in (bob, anybody):
        assert other.get(f"/api/videos/{video_id}/watch").status == 404
        assert other.post(f"/api/videos/{video_id}/grant").status == 404


def test_what_an_earlier_attempt_copied_is_not_shown(run):
    video_id, record = run
    record("original", attempt=1)
    assert read(video_id).early_revision is None


def test_a_failed_run_takes_its_original_along(ann, run, bucket):
    video_id, record = run
    record("original")
    bucket.objects = {f"media/{video_id}/2/original.mp4": b"o", f"source/{video_id}": b"s"}
    record("fail", error={"Error": "MemoryError", "Cause": ""})
    assert ann.get(f"/api/videos/{video_id}/watch").json["early"] is None
    assert ann.post(f"/api/videos/{video_id}/grant").status == 404
    sweep.tidy(bucket, video_id)
    assert [*bucket.objects] == [f"source/{video_id}"]


def test_the_original_is_removed_when_there_is_something_better(run, bucket, doorbells):
    video_id, record = run
    record("original")
    kept = {f"media/{video_id}/2/master.m3u8": b"m", f"media/{video_id}/2/v720/00000.mp4": b"v"}
    bucket.objects = {**kept, f"media/{video_id}/2/original.mp4": b"o"}
    record("finish", package=PACKAGE)
    sweep.tidy(bucket, video_id)
    assert f"media/{video_id}/2/original.mp4" in bucket.objects, "somebody may be watching it"
    assert ("drop_original", str(video_id), 30) in doorbells.watched
    sweep.drop_original(bucket, video_id)
    assert bucket.objects == kept


def test_how_far_the_rest_is_comes_with_it(ann, run):
    video_id, record = run
    record("original")
    with database.transaction() as session:
        session.get_one(Video, video_id).progress = 40
    watch = ann.get(f"/api/videos/{video_id}/watch").json
    assert (watch["progress"], watch["eta_seconds"]) == (40, None)


def test_the_pictures_shown_while_seeking_come_with_the_ladder(ann, run):
    video_id, record = run
    assert ann.get(f"/api/videos/{video_id}/watch").json["storyboard"] is None
    record("finish", package=PACKAGE | {"storyboard": True})
    address = ann.get(f"/api/videos/{video_id}/watch").json["storyboard"]
    assert address == f"/media/{video_id}/2/storyboard.vtt"


def test_a_run_of_the_release_before_has_no_pictures_to_show(ann, run):
    video_id, record = run
    record("finish", package=PACKAGE)
    assert ann.get(f"/api/videos/{video_id}/watch").json["storyboard"] is None
