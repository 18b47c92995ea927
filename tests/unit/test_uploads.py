"""Uploads: what two requests at once may not break, and what is refused."""

import base64
import threading
from typing import ClassVar
from uuid import UUID

import anycrc
import pytest
from sqlalchemy import create_engine, text

from functions.core import storage
from functions.core.models import EventKind
from functions.core.repositories import VideoRepository
from functions.sweep import service as sweep


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


FILM = {"file_name": "film.mp4", "size": 20 * 1024**2, "fingerprint": "film"}


@pytest.mark.usefixtures("bucket")
def test_the_start_of_an_upload_brings_the_addresses_of_its_first_parts(ann):
    started = ann.post("/api/uploads", FILM | {"size": 90 * 1024**2}).json
    assert [address["number"] for address in started["addresses"]["urls"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    signed = ann.post(f"/api/uploads/{started['video_id']}/parts", {"numbers": [1]}).json
    assert signed["expires_in"] == started["addresses"]["expires_in"]
    assert ann.get(f"/api/uploads/{started['video_id']}").json["addresses"] is None


def test_the_same_file_goes_on_with_its_unfinished_upload(ann, bob, bucket):
    begun = ann.post("/api/uploads", FILM).json
    ((key, upload_id),) = bucket.uploads
    bucket.put_part(key, upload_id, 2, b"x" * begun["part_size"])
    going_on = ann.post("/api/uploads", FILM).json
    assert going_on["video_id"] == begun["video_id"]
    assert [part["number"] for part in going_on["parts"]] == [2]
    assert [address["number"] for address in going_on["addresses"]["urls"]] == [1, 3]
    others = [bob.post("/api/uploads", FILM), ann.post("/api/uploads", FILM | {"size": 5})]
    others += [ann.post("/api/uploads", FILM | {"again": True})]
    assert len({begun["video_id"], *(other.json["video_id"] for other in others)}) == 4


def test_an_upload_that_the_storage_dropped_is_begun_anew(ann, bucket):
    begun = ann.post("/api/uploads", FILM).json
    bucket.uploads.clear()
    anew = ann.post("/api/uploads", FILM)
    assert anew.status == 201
    assert anew.json["video_id"] != begun["video_id"]


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


CHECKSUM = base64.b64encode(anycrc.Model("CRC64-NVME").calc(b"x" * 10).to_bytes(8)).decode()


def test_what_arrived_as_the_browser_read_it_is_completed(ann, bucket):
    video_id = start(ann, bucket)
    answer = ann.post(f"/api/uploads/{video_id}/complete", {"checksum": CHECKSUM})
    assert (answer.status, answer.json["state"]) == (200, "uploaded")


@pytest.mark.parametrize("is_claimed", [False, True])
def test_what_did_not_arrive_as_the_browser_read_it_is_refused_and_deleted(
    ann, bucket, doorbells, elsewhere, is_claimed
):
    video_id = start(ann, bucket)
    answer = ann.post(f"/api/uploads/{video_id}/complete", {"checksum": "AAAAAAAAAAA="})
    assert (answer.status, answer.json["code"]) == (409, "checksum_mismatch")
    assert doorbells.watched[-1] == ("discard", video_id, 0)
    if is_claimed:  # the bucket's event was quicker
        elsewhere("UPDATE videos SET state = 'processing', execution = 'run-1' WHERE id = :id", video_id)
    for _ in range(2):
        sweep.discard(bucket, UUID(video_id))
    assert doorbells.stopped == (["run-1"] if is_claimed else [])
    assert bucket.objects == {}
    assert ann.get(f"/api/videos/{video_id}").status == 404
    assert ann.get("/api/usage").json["originals_bytes"] == 0


def test_what_was_typed_about_a_damaged_file_comes_with_the_refusal_and_goes_with_the_next_try(ann, bucket):
    typed = {"title": "Our wedding", "description": "In May.", "visibility": "unlisted"}
    video_id = start(ann, bucket)
    assert ann.send("PATCH", f"/api/videos/{video_id}", typed, if_match='"1"').status == 200
    refusal = ann.post(f"/api/uploads/{video_id}/complete", {"checksum": "AAAAAAAAAAA="}).json
    told = {name: refusal[name] for name in typed}
    again = ann.post("/api/uploads", {"file_name": "a.mp4", "size": 10, **told}).json["video_id"]
    video = ann.get(f"/api/videos/{again}").json
    assert again != video_id
    assert {name: video[name] for name in typed} == typed


def test_a_join_that_takes_long_is_asked_for_again_and_happens_once(ann, bucket, monkeypatch):
    video_id = start(ann, bucket)
    join, may_join, joined = bucket.complete_upload, threading.Event(), threading.Event()

    class SlowS3:
        """Joins in its own time, whoever waits for it."""

        def complete_multipart_upload(self, **asked):
            may_join.wait(10)
            key, upload_id = asked["Key"], asked["UploadId"]
            join(key, upload_id, bucket.parts(key, upload_id))
            joined.set()
            return {}

    monkeypatch.setattr(storage, "_s3", SlowS3)
    monkeypatch.setattr(storage, "JOIN_SECONDS", 0.01)
    monkeypatch.setattr(bucket, "complete_upload", storage.MediaStorage("media").complete_upload)
    for _ in range(2):
        answer = ann.post(f"/api/uploads/{video_id}/complete", {"checksum": CHECKSUM})
        assert (answer.status, answer.json["code"]) == (409, "still_joining")
        assert ann.get(f"/api/videos/{video_id}").json["state"] == "uploading"
    may_join.set()
    assert joined.wait(10)
    for _ in range(2):
        answer = ann.post(f"/api/uploads/{video_id}/complete", {"checksum": CHECKSUM})
        assert (answer.status, answer.json["state"]) == (200, "uploaded")
    assert list(bucket.objects) == [f"source/{video_id}"]


def test_what_processing_has_begun_with_is_compared_all_the_same(ann, bucket, doorbells, elsewhere):
    video_id = start(ann, bucket)
    ((key, upload_id),) = bucket.uploads
    bucket.complete_upload(key, upload_id, bucket.parts(key, upload_id))  # by a request whose answer got lost
    elsewhere("UPDATE videos SET state = 'processing' WHERE id = :id", video_id)
    elsewhere("DELETE FROM uploads WHERE video_id = :id", video_id)
    completed = ann.post(f"/api/uploads/{video_id}/complete", {"checksum": CHECKSUM})
    assert (completed.status, completed.json["state"]) == (200, "processing")
    refused = ann.post(f"/api/uploads/{video_id}/complete", {"checksum": "AAAAAAAAAAA="})
    assert (refused.status, refused.json["code"]) == (409, "checksum_mismatch")
    assert ("discard", video_id, 0) in doorbells.watched


def test_a_storage_that_tells_no_checksum_is_taken_at_its_word(ann, bucket, monkeypatch):
    monkeypatch.setattr(bucket, "checksum", lambda _key: None)
    video_id = start(ann, bucket)
    assert ann.post(f"/api/uploads/{video_id}/complete", {"checksum": "AAAAAAAAAAA="}).status == 200


def test_a_checksum_that_is_none_is_refused(ann, bucket):
    video_id = start(ann, bucket)
    assert ann.post(f"/api/uploads/{video_id}/complete", {"checksum": "deadbeef"}).status == 400


class TestTheSameFileAgain:
    FILE: ClassVar = {"file_name": "again.mp4", "size": 10, "fingerprint": "f" * 64}

    @pytest.fixture
    def first(self, ann, bucket, elsewhere):  # noqa: ARG002  # what is uploaded goes there
        """Return the id of a video made of the file."""
        video_id = ann.post("/api/uploads", {**self.FILE, "file_name": "first.mp4"}).json["video_id"]
        elsewhere("UPDATE videos SET state = 'ready' WHERE id = :id", video_id)
        elsewhere("DELETE FROM uploads WHERE video_id = :id", video_id)
        return video_id

    def test_is_pointed_out_and_sent_only_if_it_is_wanted(self, ann, bucket, first):
        refused = ann.post("/api/uploads", self.FILE)
        assert refused.status == 409
        assert refused.json["code"] == "duplicate"
        assert (refused.json["video_id"], refused.json["title"]) == (first, "first")
        assert len(bucket.uploads) == 1
        assert ann.post("/api/uploads", {**self.FILE, "again": True}).status == 201

    @pytest.mark.usefixtures("first")
    def test_is_nobody_elses_business(self, bob):
        assert bob.post("/api/uploads", self.FILE).status == 201

    @pytest.mark.parametrize("change", ["state = 'failed'", "trashed_at = now()", "size_bytes = 11"])
    def test_is_another_one_if_the_first_is_of_no_use(self, ann, elsewhere, first, change):
        elsewhere(f"UPDATE videos SET {change} WHERE id = :id", first)
        assert ann.post("/api/uploads", self.FILE).status == 201
