"""Records: a result is written once, for the attempt it belongs to, and told in order."""

from datetime import timedelta
from uuid import uuid4

import pytest

from functions.core import database
from functions.core.models import EventKind, Video, VideoState
from functions.core.settings import settings
from functions.records import handler as records
from functions.sweep import handler as sweep

PLAN = {
    "duration_ms": 8000,
    "width": 1280,
    "height": 720,
    "fps": "30/1",
    "rotation": 0,
    "hdr": False,
    "video_codec": "h264",
    "audio": {"codec": "aac", "channels": 2},
    "chunks": [{"index": 0}, {"index": 1}],
}
PACKAGE = {
    "stored_bytes": 900,
    "renditions": [
        {
            "height": 720,
            "width": 1280,
            "bytes": 800,
            "bandwidth": 3_000_000,
            "codecs": "avc1.64001f,mp4a.40.2",
        }
    ],
}


def chunk(index):
    return {"index": index, "rungs": [{"height": 720, "bytes": 400, "frames": 120, "duration_ms": 4000}]}


def read(video_id):
    with database.transaction() as session:
        return session.get_one(Video, video_id)


def record(action, lambda_context, **facts):
    return records.handle({"action": action, **facts}, lambda_context)


def claim(video_id, lambda_context, execution="run-1"):
    return record("claim", lambda_context, source_key=f"source/{video_id}", execution=execution)


def test_only_one_of_two_executions_gets_the_video(ann, add_video, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None)
    first = claim(video_id, lambda_context)
    assert first["job"] == {
        "video_id": str(video_id),
        "attempt": 1,
        "revision": 1,
        "source_key": f"source/{video_id}",
        "execution": "run-1",
    }
    assert claim(video_id, lambda_context, "run-2") == {"claimed": False, "job": None}
    assert claim(video_id, lambda_context)["claimed"], (
        "a repeated claim of the same execution is answered alike"
    )
    assert read(video_id).attempt == 1


def test_an_event_that_comes_before_the_upload_is_recorded_is_not_lost(ann, add_video, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADING, attempt=0, revision=None)
    assert claim(video_id, lambda_context)["claimed"]


def test_an_event_for_a_video_that_is_gone_ends_quietly(lambda_context):
    nothing = "01a20c85-cf20-7ada-8a49-8cc3ea4a71ea"
    assert not claim(nothing, lambda_context)["claimed"]


def test_a_run_goes_from_claim_to_ready_and_tells_each_step(ann, add_video, doorbells, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None)
    job = claim(video_id, lambda_context)["job"]
    record("plan", lambda_context, job=job, plan=PLAN)
    record("chunk", lambda_context, job=job, chunk=chunk(0))
    record("chunk", lambda_context, job=job, chunk=chunk(0))
    assert read(video_id).progress == 50, "a chunk that is told twice counts once"
    record("chunk", lambda_context, job=job, chunk=chunk(1))
    record("finish", lambda_context, job=job, package=PACKAGE)
    video = read(video_id)
    assert (video.state, video.revision, video.stored_bytes) == (VideoState.READY, 1, 900)
    assert (video.duration_ms, video.width, video.audio_codec) == (8000, 1280, "aac")
    events = [announced["event"] for announced in doorbells.announced]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["video"]["progress"] for event in events] == [0, 0, 50, 99, None]


def test_results_of_an_earlier_attempt_change_nothing(ann, add_video, lambda_context):
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=2, revision=None, execution="run-2")
    stale = {"video_id": str(video_id), "attempt": 1, "revision": 1}
    record("plan", lambda_context, job=stale, plan=PLAN)
    record("chunk", lambda_context, job=stale, chunk=chunk(0))
    record("finish", lambda_context, job=stale, package=PACKAGE)
    record("fail", lambda_context, job=stale, error={"Error": "States.Timeout", "Cause": ""})
    video = read(video_id)
    assert (video.state, video.revision, video.width) == (VideoState.PROCESSING, None, None)


@pytest.mark.parametrize(
    "told",
    [
        {"action": "plan", "plan": PLAN},
        {"action": "finish", "package": PACKAGE},
        {"action": "fail", "error": {"Error": "States.Timeout", "Cause": ""}},
    ],
)
@pytest.mark.parametrize("attempt", [None, 2])
def test_what_a_run_wrote_that_nobody_waited_for_is_tidied_after_its_end(
    ann, add_video, doorbells, lambda_context, told, attempt
):
    video_id = uuid4() if attempt is None else add_video(ann, attempt=attempt)
    records.handle({"job": {"video_id": str(video_id), "attempt": 1, "revision": 1}, **told}, lambda_context)
    assert [(job, str(video_id), 900) for job in ("tidy", "remove_bytes")] == doorbells.watched


def test_what_a_stopped_run_wrote_is_tidied_after_its_end(ann, add_video, doorbells, lambda_context):
    video_id = add_video(ann, state=VideoState.FAILED, revision=None, execution="run-1")
    detail = {"executionArn": "run-1", "status": "ABORTED", "input": f'{{"source_key": "source/{video_id}"}}'}
    ended = {"detail-type": "Step Functions Execution Status Change", "detail": detail}
    records.handle(ended, lambda_context)
    assert [(job, str(video_id), 900) for job in ("tidy", "remove_bytes")] == doorbells.watched


def test_a_rejected_source_keeps_its_reason_and_anything_else_is_internal(ann, add_video, lambda_context):
    errors = {
        "corrupt": {"Error": "SourceRejectedError", "Cause": '{"errorMessage": "corrupt"}'},
        "internal": {"Error": "MemoryError", "Cause": "not even JSON"},
    }
    for code, error in errors.items():
        video_id = add_video(ann, state=VideoState.PROCESSING, attempt=1, revision=None)
        record("fail", lambda_context, job={"video_id": str(video_id), "attempt": 1}, error=error)
        answer = ann.get(f"/api/videos/{video_id}").json
        assert (answer["state"], answer["failure"]["code"]) == ("failed", code)
        assert answer["failure"]["retry"] is (code == "internal")


def test_an_execution_that_was_cut_off_fails_the_video_it_held(ann, add_video, lambda_context):
    held = add_video(ann, state=VideoState.PROCESSING, attempt=1, revision=None, execution="run-1")
    event = {
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": "run-1",
            "status": "TIMED_OUT",
            "input": f'{{"source_key": "source/{held}"}}',
        },
    }
    records.handle(event | {"detail": event["detail"] | {"executionArn": "another"}}, lambda_context)
    assert read(held).state is VideoState.PROCESSING
    records.handle(event, lambda_context)
    assert read(held).state is VideoState.FAILED


def test_a_video_trashed_while_it_is_processed_still_becomes_ready(ann, add_video, lambda_context):
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=1, revision=None)
    ann.send("DELETE", f"/api/videos/{video_id}")
    record("finish", lambda_context, job={"video_id": str(video_id), "attempt": 1}, package=PACKAGE)
    assert ann.post(f"/api/videos/{video_id}/restore").json["state"] == "ready"


def test_a_purge_ends_the_run_and_fences_its_late_results(ann, add_video, bucket, doorbells, lambda_context):
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=1, revision=None, execution="run-1")
    bucket.objects = {f"source/{video_id}": b"s", f"media/{video_id}/1/v720/00000.mp4": b"m"}
    ann.send("DELETE", f"/api/videos/{video_id}")
    assert ann.post(f"/api/videos/{video_id}/purge").status == 202
    record("finish", lambda_context, job={"video_id": str(video_id), "attempt": 1}, package=PACKAGE)
    assert read(video_id).state is VideoState.PROCESSING
    sweep.service.purge(bucket, video_id)
    assert bucket.objects == {}
    assert doorbells.stopped == ["run-1"]
    assert ("remove_bytes", str(video_id), 900) in doorbells.watched
    assert doorbells.announced[-1]["event"]["kind"] == EventKind.REMOVED


@pytest.fixture
def one_turn(monkeypatch, ann, add_video):
    """Let one video be processed at once; return that one, and the next two in the order they arrived."""
    monkeypatch.setenv("VIDEOS_AT_ONCE", "1")
    settings.cache_clear()
    return [add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None) for _ in range(3)]


def test_a_video_whose_turn_has_not_come_waits_as_it_is(one_turn, doorbells, lambda_context):
    first, second, _ = one_turn
    claim(first, lambda_context)
    assert claim(second, lambda_context, "run-2") == {"claimed": False, "job": None}
    assert (read(second).state, read(second).attempt) == (VideoState.UPLOADED, 0)
    assert ("drop_upload", str(second), 900) not in doorbells.watched
    assert claim(first, lambda_context)["claimed"], "its own turn is not taken from it"


@pytest.mark.parametrize(
    ("action", "facts"),
    [("finish", {"package": PACKAGE}), ("fail", {"error": {"Error": "Lambda.Unknown"}})],
)
def test_whoever_ends_starts_the_one_that_has_waited_longest(
    one_turn, doorbells, lambda_context, action, facts
):
    first, second, third = one_turn
    job = claim(first, lambda_context)["job"]
    record(action, lambda_context, job=job, **facts)
    assert ("job", str(second), 0) in doorbells.watched
    assert ("job", str(third), 0) not in doorbells.watched
    assert claim(second, lambda_context, "run-2")["claimed"]


def test_a_video_that_outlived_its_lease_takes_nobodys_turn(one_turn, lambda_context):
    first, second, _ = one_turn
    claim(first, lambda_context)
    with database.transaction() as session:
        session.get_one(Video, first).lease_expires_at -= timedelta(days=1)
    assert claim(second, lambda_context, "run-2")["claimed"]


def test_one_that_waits_before_its_upload_was_completed_is_looked_after(
    one_turn, ann, add_video, doorbells, lambda_context
):
    claim(one_turn[0], lambda_context)
    early = add_video(ann, state=VideoState.UPLOADING, attempt=0, revision=None)
    assert not claim(early, lambda_context, "run-2")["claimed"]
    assert ("drop_upload", str(early), 900) in doorbells.watched
