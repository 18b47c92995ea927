"""Bucket and tables: what one lacks is found, told and healed; what is new is left alone."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from functions.core import database
from functions.core.models import Audit, AuditAction, Video, VideoState, now, uuid7
from functions.core.observability import metrics
from functions.sweep import handler as sweep
from functions.sweep import orphans

LONG_AGO = timedelta(days=2)


@pytest.fixture
def put(bucket):
    """Return a function that stores objects, and when that was."""

    def at(age, *keys):
        for key in keys:
            bucket.objects[key] = b"bytes"
            bucket.stored_at[key] = now() - age

    return at


@pytest.fixture
def add_old(ann, add_video, put):
    """Return a function that makes a video of long ago that lacks nothing, but for what it is told."""

    def add(*, lacks=(), **values):
        video_id = add_video(ann, updated_at=now() - LONG_AGO, **values)
        there = {"source": f"source/{video_id}", "media": f"media/{video_id}/1/master.m3u8"}
        put(LONG_AGO, *(key for folder, key in there.items() if folder not in lacks))
        return video_id

    return add


@pytest.fixture
def walk(bucket, doorbells, monkeypatch):
    """Return a function that walks on for a night, does what follows, and says which jobs that were."""
    counted = {}
    monkeypatch.setattr(metrics, "add_metric", lambda name, _unit, value: counted.update({name: value}))

    def one_night():
        counted.clear()
        doorbells.watched.clear()
        found = orphans.look(bucket)
        assert counted == {"ObjectsWithoutRow": found["objects"], "RowsWithoutObjects": found["rows"]}
        jobs = [(job, UUID(subject)) for job, subject, _ in doorbells.watched]
        for job, video_id in jobs:
            sweep.service.JOBS[job](bucket, video_id)
        return jobs

    return one_night


def read(video_id):
    with database.transaction() as session:
        return session.get_one(Video, video_id)


def told():
    with database.transaction() as session:
        return [it.details for it in session.query(Audit).filter_by(action=AuditAction.ORPHANS_FOUND)]


def delete(video_id):
    """Leave the receipt of a deletion."""
    with database.transaction() as session:
        details = {"video": str(video_id), "bytes": 1, "added": ""}
        entry = Audit(
            action=AuditAction.VIDEO_PURGED,
            user_id=uuid4(),
            actor_id=None,
            network="",
            user_agent="",
            details=details,
        )
        session.add(entry)


def test_a_drive_that_is_whole_gives_the_walk_nothing_to_do(add_old, add_video, ann, bucket, put, walk):
    add_old()
    add_old(state=VideoState.FAILED, lacks={"media"})
    add_old(state=VideoState.UPLOADING, lacks={"source", "media"})
    add_video(ann)  # of a moment ago: its objects may be on their way
    before = dict(bucket.objects)
    assert walk() == []
    assert (bucket.objects, told()) == (before, [])


def test_objects_of_a_deleted_video_are_found_in_each_folder_and_removed(add_old, bucket, put, walk):
    kept, gone = add_old(), uuid7()
    delete(gone)
    whole = dict(bucket.objects)
    put(LONG_AGO, f"source/{gone}", f"media/{gone}/1/v720/1.mp4", f"work/{gone}/1.mkv")
    bucket.older.append((f"source/{gone}", "an older version"))
    bucket.uploads[f"media/{gone}/1/original.mp4", "u"] = {}
    assert set(walk()) == {("remove_orphan", gone)}
    assert (bucket.objects, bucket.older, bucket.uploads) == (whole, [], {})
    assert told() == [{"objects": 3, "rows": 0}]
    assert walk() == []
    assert read(kept)


@pytest.mark.parametrize(
    ("is_explained", "age", "stays"),
    [
        (True, timedelta(hours=23), True),
        (True, timedelta(hours=25), False),
        (False, timedelta(days=34), True),
        (False, timedelta(days=36), False),
    ],
)
def test_what_is_new_stays_and_what_nobody_deleted_until_no_backup_can_explain_it(
    bucket, put, walk, is_explained, age, stays
):
    nobodys = uuid7()
    if is_explained:
        delete(nobodys)
    put(timedelta(days=90), f"source/{nobodys}")
    put(age, f"media/{nobodys}/1/master.m3u8")
    assert len(walk()) == 2, "it is told of all the same"
    assert bool(bucket.objects) is stays


def test_a_video_that_got_its_row_in_the_meantime_is_left_alone(add_old, bucket):
    video_id = add_old()
    delete(video_id)
    orphans.remove_orphan(bucket, video_id)
    assert len(bucket.objects) == 2


def test_what_is_not_ours_is_left_alone(bucket, put, walk):
    put(timedelta(days=90), "source/readme.txt", "media/LOGO/1.png", f"work/{str(uuid7()).upper()}/1")
    assert walk() == []
    assert len(bucket.objects) == 3


def test_a_video_that_lost_what_was_made_of_it_is_made_again(ann, add_old, doorbells, walk):
    video_id = add_old(lacks={"media"}, stored_bytes=500, published_at=now())
    assert walk() == [("mend", video_id)]
    assert doorbells.started == [f"source/{video_id}"]
    video = read(video_id)
    assert (video.state, video.revision, video.stored_bytes) == (VideoState.UPLOADED, None, 0)
    assert video.published_at is not None
    assert ann.get("/api/usage").json["used_bytes"] == video.size_bytes
    assert told() == [{"objects": 0, "rows": 1}]


@pytest.mark.parametrize("state", [VideoState.READY, VideoState.FAILED])
def test_a_video_that_lost_everything_says_so_and_offers_no_retry(ann, add_old, walk, state):
    video_id = add_old(lacks={"source", "media"}, state=state)
    assert ("mend", video_id) in walk()
    failure = ann.get(f"/api/videos/{video_id}").json["failure"]
    assert (failure["code"], failure["retry"]) == ("lost", False)
    assert read(video_id).state is VideoState.FAILED
    with database.transaction() as session:
        session.execute(update(Video).values(updated_at=now() - LONG_AGO))
    assert walk() == [], "it is known"


def test_a_video_that_plays_without_its_original_goes_on_playing(add_old, walk):
    video_id = add_old(lacks={"source"})
    assert walk() == [("mend", video_id)]
    assert read(video_id).state is VideoState.READY


def test_one_that_is_being_deleted_or_has_changed_is_not_mended(add_old, bucket, doorbells):
    purged, changed = add_old(lacks={"media"}, purge_started_at=now()), add_old(lacks={"media"})
    with database.transaction() as session:
        session.execute(update(Video).where(Video.id == changed).values(updated_at=now()))
    for video_id in (purged, changed):
        orphans.mend(bucket, video_id)
        assert read(video_id).state is VideoState.READY
    assert doorbells.started == []


def test_a_walk_goes_on_where_it_ended_and_begins_anew_at_the_end(add_old, bucket, monkeypatch, walk):
    monkeypatch.setattr(orphans, "NAMES", 2)
    monkeypatch.setattr(orphans, "PAGES", 2)
    videos = sorted(add_old(lacks={"media"} if number in {1, 6} else ()) for number in range(9))
    asked = []
    names = bucket.names

    def counted(folder, *, after, most):
        asked.append((folder, after))
        return names(folder, after=after, most=most)

    monkeypatch.setattr(bucket, "names", counted)
    nights = [walk() for _ in range(4)]
    assert [night for night in nights if night] == nights[:2], "each of them in one night"
    assert {video_id for night in nights for _, video_id in night} == {videos[1], videos[6]}
    source = [after for folder, after in asked if folder == "source"]
    assert source[:6] == ["", *(str(videos[number]) for number in (1, 3, 5, 7)), ""]


def test_a_walk_that_finds_a_lot_does_the_rest_another_time(add_old, bucket, monkeypatch, walk):
    monkeypatch.setattr(orphans, "NAMES", 2)
    monkeypatch.setattr(orphans, "ENOUGH", 3)
    for _ in range(10):
        add_old(lacks={"media"})
    first = walk()
    assert 3 <= len(first) <= 5
    mended = set(first)
    for _ in range(5):
        mended |= set(walk())
    assert len(mended) == 10
