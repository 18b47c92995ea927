"""Uploads: what two requests at once may not break."""

import pytest
from sqlalchemy import create_engine, text

from functions.core.models import EventKind
from functions.core.repositories import VideoRepository


@pytest.fixture
def elsewhere(database_url):
    """Return a function that changes the database at once, as another function would meanwhile."""
    engine = create_engine(database_url)

    def change(sql, video_id):
        with engine.begin() as connection:
            connection.execute(text(sql), {"id": video_id})

    yield change
    engine.dispose()


def start(person, bucket, size=10):
    video_id = person.post("/api/uploads", {"file_name": "a.mp4", "size": size}).json["video_id"]
    ((key, upload_id),) = bucket.uploads
    bucket.put_part(key, upload_id, 1, b"x" * size)
    return video_id


def test_an_upload_given_up_while_it_is_joined_leaves_no_bytes_behind(
    ann, bucket, doorbells, elsewhere, monkeypatch
):
    video_id = start(ann, bucket)
    join = bucket.complete_upload

    def join_and_give_up(key, upload_id, parts):
        join(key, upload_id, parts)
        elsewhere("DELETE FROM videos WHERE id = :id", video_id)

    monkeypatch.setattr(bucket, "complete_upload", join_and_give_up)
    assert ann.post(f"/api/uploads/{video_id}/complete").status == 404
    assert ("remove_bytes", video_id, 0) in doorbells.watched


def test_giving_up_looks_at_the_video_as_it_is_now(ann, bucket, elsewhere, monkeypatch):
    video_id = start(ann, bucket)
    read = VideoRepository.owned

    def completed_meanwhile(self, found_id, owner_id, *, lock=False):
        if lock:
            elsewhere("UPDATE videos SET state = 'uploaded' WHERE id = :id", video_id)
        return read(self, found_id, owner_id, lock=lock)

    with monkeypatch.context() as racing:
        racing.setattr(VideoRepository, "owned", completed_meanwhile)
        answer = ann.send("DELETE", f"/api/uploads/{video_id}")
    assert answer.json["code"] == "invalid_state"
    assert ann.get(f"/api/videos/{video_id}").json["state"] == "uploaded"


def test_a_refused_reservation_leaves_no_open_upload(ann, bucket):
    for _ in range(2):
        assert ann.post("/api/uploads", {"file_name": "a.mp4", "size": 100 * 1024**2}).status == 201
    assert ann.post("/api/uploads", {"file_name": "c.mp4", "size": 1}).json["code"] == "quota_exceeded"
    assert len(bucket.uploads) == 2


def test_giving_up_tells_the_other_pages_and_looks_for_late_parts(ann, bucket, doorbells):
    video_id = start(ann, bucket)
    assert ann.send("DELETE", f"/api/uploads/{video_id}").status == 204
    assert doorbells.announced[-1]["event"]["kind"] == EventKind.REMOVED
    assert ("remove_bytes", video_id, 900) in doorbells.watched


def sign(person, video_id):
    assert person.post(f"/api/uploads/{video_id}/parts", {"numbers": [1]}).status == 200


def test_whoever_signs_parts_has_the_upload_looked_after_once_they_can_no_longer_arrive(
    ann, bucket, doorbells, elsewhere
):
    video_id = start(ann, bucket)
    looks = [("check_upload", video_id, 2700)]
    sign(ann, video_id)
    sign(ann, video_id)
    assert doorbells.watched == looks, "one look serves all that is signed early enough before it"
    elsewhere("UPDATE uploads SET check_at = now() + interval '29 minutes' WHERE video_id = :id", video_id)
    sign(ann, video_id)
    assert doorbells.watched == looks * 2
