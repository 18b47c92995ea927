"""Watching: who is told what of a video, where they stopped, and what is on show for whom."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from functions.core import database
from functions.core.errors import FailureCode
from functions.core.models import Progress, Video, VideoState, Visibility, now
from functions.core.repositories import VideoRepository


def published(visibility, **values):
    return {"visibility": visibility, "published_at": now(), **values}


def places():
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Progress))


@pytest.fixture
def save():
    return lambda browser, video_id, position_ms: browser.send(
        "PUT", f"/api/videos/{video_id}/progress", {"position_ms": position_ms}
    )


@pytest.fixture
def position():
    return lambda browser, video_id: browser.get(f"/api/videos/{video_id}/watch").json["position_ms"]


# Where people stopped


def test_each_person_goes_on_where_they_themselves_stopped_last(ann, bob, add_video, save, position):
    video_id = add_video(ann, duration_ms=60_000, **published(Visibility.PUBLIC))
    assert position(bob, video_id) == 0
    assert save(bob, video_id, 30_000).status == 204
    assert save(bob, video_id, 20_500).status == 204
    assert save(ann, video_id, 1_000).status == 204
    assert (position(bob, video_id), position(ann, video_id), places()) == (20_500, 1_000, 2)


def test_nobody_stops_behind_the_end(ann, add_video, save, position):
    video_id = add_video(ann, duration_ms=60_000)
    save(ann, video_id, 2**53 - 1)
    assert position(ann, video_id) == 60_000


def test_a_video_whose_length_is_not_known_yet_takes_any_place(ann, add_video, save, position):
    video_id = add_video(ann, state=VideoState.PROCESSING, duration_ms=None, revision=None, early_revision=1)
    save(ann, video_id, 90_000)
    assert position(ann, video_id) == 90_000


def test_without_an_account_there_is_no_place_to_keep_it(ann, anybody, add_video, save, position):
    video_id = add_video(ann, **published(Visibility.PUBLIC))
    assert position(anybody, video_id) is None
    assert save(anybody, video_id, 100).status == 401


@pytest.mark.parametrize(
    "hidden",
    [
        {},
        published(Visibility.PRIVATE),
        published(Visibility.PUBLIC, trashed_at=now()),
        published(Visibility.PUBLIC, purge_started_at=now()),
        published(Visibility.PUBLIC, state=VideoState.FAILED),
        published(Visibility.PUBLIC, published_at=None),
    ],
    ids=["draft", "private", "in the trash", "being deleted", "failed", "public draft"],
)
def test_what_a_stranger_may_not_watch_answers_like_nothing_at_all(ann, bob, add_video, save, hidden):
    video_id = add_video(ann, **hidden)
    refusals = [save(bob, video_id, 100), save(bob, uuid4(), 100)]
    assert [refusal.status for refusal in refusals] == [404, 404]
    assert refusals[0].json == refusals[1].json
    assert places() == 0


def test_a_place_is_kept_for_an_unlisted_video_and_hidden_again_with_it(ann, bob, add_video, save):
    video_id = add_video(ann, **published(Visibility.UNLISTED))
    assert save(bob, video_id, 100).status == 204
    with database.transaction() as session:
        session.get_one(Video, video_id).visibility = Visibility.PRIVATE
    assert bob.get(f"/api/videos/{video_id}/watch").status == 404
    assert save(bob, video_id, 200).status == 404


def test_nothing_is_kept_of_a_video_in_the_trash(ann, add_video, save):
    video_id = add_video(ann, trashed_at=now())
    assert save(ann, video_id, 100).status == 404


def test_a_place_goes_with_its_video(ann, bob, add_video, save):
    video_id = add_video(ann, **published(Visibility.PUBLIC))
    save(bob, video_id, 100)
    with database.transaction() as session:
        videos = VideoRepository(session)
        videos.remove(videos.owned(video_id, ann.user.id))
    assert places() == 0


@pytest.mark.parametrize("junk", [-1, 2**63, 1.5, "soon", None])
def test_a_place_is_a_whole_number_of_milliseconds(ann, add_video, save, junk):
    assert save(ann, add_video(ann), junk).status == 400


# What the owner is told, and nobody else


def test_only_its_owner_is_told_that_a_video_is_in_the_trash(ann, bob, anybody, add_video):
    video_id = add_video(ann, **published(Visibility.PUBLIC, trashed_at=now()))
    for method, path in (("GET", "watch"), ("POST", "grant")):
        answer = ann.send(method, f"/api/videos/{video_id}/{path}")
        assert (answer.status, answer.json["code"]) == (410, "in_trash")
        assert [other.send(method, f"/api/videos/{video_id}/{path}").status for other in (bob, anybody)] == [
            404,
            404,
        ]


def test_nobody_is_told_of_a_video_that_is_being_deleted(ann, add_video):
    video_id = add_video(ann, trashed_at=now(), purge_started_at=now())
    assert ann.get(f"/api/videos/{video_id}/watch").status == 404


def test_its_owner_is_told_why_a_video_failed(ann, add_video):
    video_id = add_video(ann, state=VideoState.FAILED, failure_code=FailureCode.CORRUPT)
    failure = ann.get(f"/api/videos/{video_id}/watch").json["failure"]
    assert (failure["code"], failure["retry"]) == ("corrupt", False)
    assert failure["message"]
    assert failure["action"]


# What is on show


@pytest.fixture
def shelf(ann, bob, add_video):
    """Return the ids of published videos, the last published first, by the name of what they are."""
    kinds = {
        "bob's": (bob, Visibility.PUBLIC),
        "private": (ann, Visibility.PRIVATE),
        "public": (ann, Visibility.PUBLIC),
        "unlisted": (ann, Visibility.UNLISTED),
        "older": (ann, Visibility.PUBLIC),
    }
    add_video(ann)
    return {
        name: str(add_video(owner, visibility=visibility, published_at=now() - timedelta(minutes=minutes)))
        for minutes, (name, (owner, visibility)) in enumerate(kinds.items())
    }


def listed(browser, path, shelf, limit=100):
    names = {video_id: name for name, video_id in shelf.items()}
    found, cursor = [], ""
    while True:
        page = browser.get(f"{path}?limit={limit}{cursor}").json
        found += [names[video["id"]] for video in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_explore_shows_everybodys_public_videos_and_ones_own_others(ann, bob, anybody, shelf, limit):
    assert listed(ann, "/api/explore", shelf, limit) == ["bob's", "private", "public", "unlisted", "older"]
    for other in (bob, anybody):
        assert listed(other, "/api/explore", shelf, limit) == ["bob's", "public", "older"]


@pytest.mark.parametrize("limit", [1, 100])
def test_a_persons_page_shows_their_other_videos_only_to_themselves(ann, bob, anybody, shelf, limit):
    path = f"/api/users/{ann.user.id}/videos"
    assert listed(ann, path, shelf, limit) == ["private", "public", "unlisted", "older"]
    for other in (bob, anybody):
        assert listed(other, path, shelf, limit) == ["public", "older"]


def test_own_videos_of_a_kind_that_only_their_owner_sees_say_so(ann, shelf):
    items = ann.get("/api/explore").json["items"]
    assert {(video["mine"], video["visibility"]) for video in items if video["id"] != shelf["bob's"]} == {
        (True, "private"),
        (True, "public"),
        (True, "unlisted"),
    }
