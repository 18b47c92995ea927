"""Which picture stands for a video: ours until its owner chooses another, or a moment of their own."""

import json

import pytest

from functions.core import database, events
from functions.core.models import Video, VideoState
from functions.records import handler as records

CHOICE = {"poster_revision": 1, "poster_times": [2500, 1000, 5000], "duration_ms": 10_000}


def read(video_id):
    with database.transaction() as session:
        return session.get_one(Video, video_id)


@pytest.fixture
def frames(monkeypatch):
    wanted = []
    monkeypatch.setattr(events, "start_frame", lambda video, at_ms: wanted.append((str(video.id), at_ms)))
    return wanted


@pytest.fixture
def choose(ann):
    """Return a function by which Ann, or whoever, chooses a moment; by default on what she sees."""

    def send(video_id, at_ms, *, by=ann, version=None):
        seen = version or read(video_id).version
        return by.send("PUT", f"/api/videos/{video_id}/poster", {"at_ms": at_ms}, if_match=f'"{seen}"')

    return send


def test_the_picture_comes_as_soon_as_it_is_made(ann, add_video, doorbells, lambda_context):
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=1, revision=None)
    assert ann.get(f"/api/videos/{video_id}").json["poster_url"] is None
    job = {"video_id": str(video_id), "attempt": 1, "revision": 1}
    records.handle({"action": "posters", "job": job, "posters": [2500, 1000]}, lambda_context)
    video = ann.get(f"/api/videos/{video_id}").json
    assert video["poster_url"].startswith(f"/media/{video_id}/1/posters/2500-card.jpg?")
    assert doorbells.announced[-1]["event"]["video"]["picture"] == video["picture"]
    records.handle({"action": "posters", "job": job | {"attempt": 2}, "posters": [1]}, lambda_context)
    assert read(video_id).poster_times == [2500, 1000], "of another attempt"


def test_a_picture_that_is_there_is_chosen_at_once_and_told(ann, add_video, choose, doorbells, frames):
    video_id = add_video(ann, **CHOICE)
    offered = ann.get(f"/api/videos/{video_id}/posters").json
    assert [item["at_ms"] for item in offered["items"]] == [1000, 2500, 5000]
    assert offered["chosen_ms"] == 2500
    answer = choose(video_id, 5000)
    assert answer.status == 200
    assert "posters/5000-card.jpg?" in answer.json["poster_url"]
    assert doorbells.announced[-1]["event"]["video"]["picture"].endswith("posters/5000-card.jpg")
    assert ann.get(f"/api/videos/{video_id}/posters").json["chosen_ms"] == 5000
    assert frames == []


def test_a_moment_of_ones_own_is_made_first(ann, add_video, choose, frames, lambda_context, doorbells):
    video_id = add_video(ann, stored_bytes=100, **CHOICE)
    waiting = choose(video_id, 7300).json
    assert waiting["picture"].endswith("posters/2500-card.jpg")
    assert waiting["picture_pending"]
    assert frames == [(str(video_id), 7300)]
    job = {"video_id": str(video_id), "attempt": 1, "revision": 1}
    for _ in range(2):
        frame = {"action": "frame", "job": job, "frame": {"at_ms": 7300, "bytes": 40}}
        records.handle(frame, lambda_context)
    video = read(video_id)
    assert (video.poster_ms, video.stored_bytes, video.version) == (7300, 140, 3)
    assert doorbells.announced[-1]["event"]["video"]["picture"].endswith("posters/7300-card.jpg")
    assert not doorbells.announced[-1]["event"]["video"]["picture_pending"]
    assert ("tidy", str(video_id), 0) in doorbells.watched


@pytest.mark.parametrize(
    "changed", [{"attempt": 2}, {"state": VideoState.FAILED}], ids=["another run", "failed"]
)
def test_a_moment_of_what_is_no_longer_served_changes_nothing(ann, add_video, lambda_context, changed):
    video_id = add_video(ann, **CHOICE | changed)
    frame = {"at_ms": 7300, "bytes": 40}
    job = {"video_id": str(video_id), "attempt": 1, "revision": 1}
    records.handle({"action": "frame", "job": job, "frame": frame}, lambda_context)
    assert read(video_id).poster_times == CHOICE["poster_times"]


@pytest.mark.parametrize(
    ("at_ms", "values", "status"),
    [
        (10_000, {}, 400),
        (-1, {}, 400),
        (7300, {"state": VideoState.PROCESSING}, 409),
        (7300, {"poster_times": [*range(12)]}, 409),
        (2500, {"poster_revision": None}, 409),
    ],
)
def test_what_cannot_be_chosen_is_said_in_a_sentence(ann, add_video, choose, frames, at_ms, values, status):
    answer = choose(add_video(ann, **CHOICE | values), at_ms)
    assert (answer.status, frames) == (status, [])
    assert answer.json["detail"]


def test_only_its_owner_chooses_and_only_on_what_they_saw(ann, bob, add_video, choose):
    video_id = add_video(ann, **CHOICE)
    assert choose(video_id, 5000, by=bob).status == 404
    assert bob.get(f"/api/videos/{video_id}/posters").status == 404
    assert choose(video_id, 5000, version=7).status == 412
    assert read(video_id).poster_ms == 2500


def test_a_choice_outlives_another_run(ann, add_video, choose, lambda_context):
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=1, **CHOICE | {"revision": None})
    choose(video_id, 5000)
    job = {"video_id": str(video_id), "attempt": 1, "revision": 1}
    records.handle({"action": "fail", "job": job, "error": {"Error": "x", "Cause": ""}}, lambda_context)
    assert ann.get(f"/api/videos/{video_id}").json["poster_url"] is None
    ann.post(f"/api/videos/{video_id}/retry")
    claim = {"action": "claim", "source_key": f"source/{video_id}", "execution": "run-2"}
    job = records.handle(claim, lambda_context)["job"]
    records.handle({"action": "posters", "job": job, "posters": [1000, 5000]}, lambda_context)
    assert read(video_id).card_key == f"media/{video_id}/2/posters/5000-card.jpg"


def test_a_video_of_the_release_before_keeps_its_card(ann, add_video):
    video_id = add_video(ann)
    assert ann.get(f"/api/videos/{video_id}").json["picture"] == f"media/{video_id}/1/card.jpg"
    assert ann.get(f"/api/videos/{video_id}/posters").json == {"items": [], "chosen_ms": None}


def test_a_later_choice_wins_over_a_moment_that_is_being_made(ann, add_video, choose, frames, lambda_context):
    video_id = add_video(ann, **CHOICE)
    choose(video_id, 7300)
    choose(video_id, 5000)
    job = {"video_id": str(video_id), "attempt": 1, "revision": 1}
    frame = {"action": "frame", "job": job, "frame": {"at_ms": 7300, "bytes": 40}}
    records.handle(frame, lambda_context)
    video = read(video_id)
    assert (video.poster_ms, video.poster_times) == (5000, [2500, 1000, 5000, 7300])


@pytest.mark.parametrize("ended", ["caught", "stopped"])
def test_its_owner_learns_of_a_picture_that_cannot_be_made_and_the_video_stays(
    ended, ann, add_video, choose, frames, doorbells, lambda_context
):
    video_id = add_video(ann, **CHOICE)
    choose(video_id, 7300)
    given = {"job": {"video_id": str(video_id), "attempt": 1, "revision": 1}, "at_ms": 7300}
    told = {"executionArn": "run-3", "status": "ABORTED", "input": json.dumps(given)}
    stopped = {"detail-type": "Step Functions Execution Status Change", "detail": told}
    records.handle({"action": "no_frame", **given} if ended == "caught" else stopped, lambda_context)
    video = doorbells.announced[-1]["event"]["video"]
    assert (video["state"], video["picture_pending"]) == ("ready", False)
    assert video["picture"].endswith("posters/2500-card.jpg")


def test_nothing_is_promised_when_the_work_cannot_be_begun(ann, add_video, choose, monkeypatch):
    video_id = add_video(ann, **CHOICE)

    def refuse(_video, _at_ms):
        raise ConnectionError

    monkeypatch.setattr(events, "start_frame", refuse)
    assert choose(video_id, 7300).status == 500
    assert read(video_id).poster_wanted_ms is None
