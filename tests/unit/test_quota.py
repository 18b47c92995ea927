"""Room in a drive: exact to the byte however many ask at once, and given back by whatever ends a video."""

import threading
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import create_engine, update

from functions.core import database
from functions.core.errors import QuotaExceededError
from functions.core.limits import Limit
from functions.core.models import User
from functions.records import handler as records
from functions.sweep import handler as sweep
from functions.uploads import service as uploads
from tests.unit.test_records import PACKAGE, PLAN

SIZE = 1_000_003
AT_ONCE = 50


@pytest.fixture
def connections(database_url, monkeypatch):
    """Give every thread a connection of its own, as functions have, and none a reason to give up."""
    engine = create_engine(database_url, pool_size=AT_ONCE)
    monkeypatch.setattr(database, "engine", lambda: engine)
    yield
    engine.dispose()


@pytest.mark.usefixtures("connections")
@pytest.mark.parametrize("spare", [0, SIZE - 1])
def test_of_fifty_uploads_that_begin_at_once_as_many_as_fit_get_their_room(ann, bucket, spare):
    with database.transaction() as session:
        session.execute(update(User).values(quota_bytes=20 * SIZE + spare))
    gate, outcomes = threading.Barrier(AT_ONCE), []

    def begin():
        gate.wait()
        try:
            with database.transaction() as session:
                uploads.start(session, bucket, ann.user, file_name="a.mp4", size=SIZE, fingerprint="")
        except QuotaExceededError:
            outcomes.append("refused")
        else:
            outcomes.append("begun")

    threads = [threading.Thread(target=begin) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count("begun"), outcomes.count("refused")) == (20, 30)
    assert ann.get("/api/usage").json["used_bytes"] == 20 * SIZE
    assert len(bucket.uploads) == 20, "whoever is refused leaves no open upload"
    if spare:
        assert ann.post("/api/uploads", {"file_name": "a.mp4", "size": spare}).status == 201
    assert ann.post("/api/uploads", {"file_name": "a.mp4", "size": 1}).json["code"] == "quota_exceeded"


class Drive:
    """Two people's videos, each at some point of its life, and what the bucket has of them."""

    def __init__(self, people, bucket, doorbells, lambda_context, random):
        self.people, self.bucket, self.doorbells = people, bucket, doorbells
        self.context, self.random = lambda_context, random
        self.videos = {}

    def begin(self):
        person = self.random.choice(self.people)
        size = self.random.randint(1, 30)
        answer = person.post("/api/uploads", {"file_name": "a.mp4", "size": size})
        assert answer.status == 201
        self.videos[answer.json["video_id"]] = (person, size)

    def send_all(self, video_id):
        person, size = self.videos[video_id]
        for key, upload_id in self.bucket.open_uploads(f"source/{video_id}"):
            self.bucket.put_part(key, upload_id, 1, b"x" * size)
        person.post(f"/api/uploads/{video_id}/complete")

    def give_up(self, video_id):
        self.videos[video_id][0].send("DELETE", f"/api/uploads/{video_id}")

    def expire(self, video_id):
        sweep.service.drop_upload(self.bucket, UUID(video_id))

    def process(self, video_id):
        claim = {
            "action": "claim",
            "source_key": f"source/{video_id}",
            "execution": str(self.random.random()),
        }
        if f"source/{video_id}" not in self.bucket.objects:
            return  # the bucket tells of whole uploads only
        job = records.handle(claim, self.context)["job"]
        if job is None:
            return
        records.handle({"action": "plan", "job": job, "plan": PLAN}, self.context)
        prefix = f"media/{video_id}/{job['attempt']}/"
        size = self.random.randint(1, 50)
        self.bucket.objects[f"{prefix}v720/1.mp4"] = b"x" * size
        if self.random.random() < 0.3:
            records.handle({"action": "fail", "job": job, "error": {"Error": "any"}}, self.context)
        else:
            package = PACKAGE | {"stored_bytes": size}
            records.handle({"action": "finish", "job": job, "package": package}, self.context)

    def ask(self, method, path, video_id):
        self.videos[video_id][0].send(method, f"/api/videos/{video_id}{path}")

    def live(self):
        """Let something happen to somebody's video, whether it can or not, and all that follows from it."""
        video_id = self.random.choice([*self.videos])
        acts = [
            self.begin,
            lambda: self.send_all(video_id),
            lambda: self.give_up(video_id),
            lambda: self.expire(video_id),
            lambda: self.process(video_id),
            lambda: self.process(video_id),
            lambda: self.ask("POST", "/retry", video_id),
            lambda: self.ask("DELETE", "", video_id),
            lambda: self.ask("POST", "/restore", video_id),
            lambda: self.ask("POST", "/purge", video_id),
        ]
        self.random.choice(acts)()
        while self.doorbells.watched:
            job, subject, _ = self.doorbells.watched.pop(0)
            if job in {"purge", "remove_bytes", "tidy"}:
                sweep.service.JOBS[job](self.bucket, UUID(subject))

    def stored(self, person):
        """Add up what the bucket has of a person, and what it will have once their uploads are whole."""
        own = {video_id: size for video_id, (owner, size) in self.videos.items() if owner is person}
        objects = sum(len(body) for key, body in self.bucket.objects.items() if key.split("/")[1] in own)
        return objects + sum(own.get(key.split("/")[1], 0) for key, _ in self.bucket.uploads)


@pytest.mark.parametrize("seed", range(4))
def test_what_a_drive_takes_is_what_is_stored_after_any_life(
    ann, bob, bucket, doorbells, lambda_context, seed
):
    drive = Drive((ann, bob), bucket, doorbells, lambda_context, Random(seed))
    drive.begin()
    for step in range(100):
        drive.live()
        for person in drive.people:
            used = person.get("/api/usage").json["used_bytes"]
            assert used == drive.stored(person), f"after step {step}"
    for video_id, (person, _) in drive.videos.items():
        person.send("DELETE", f"/api/uploads/{video_id}")
        drive.ask("DELETE", "", video_id)
        drive.ask("POST", "/purge", video_id)
        sweep.service.purge(bucket, UUID(video_id))
    assert [person.get("/api/usage").json["used_bytes"] for person in drive.people] == [0, 0]
    assert bucket.objects == {}
    assert bucket.uploads == {}


def test_who_begins_uploads_too_often_is_told_when_to_go_on(ann, bob, bucket, counters, monkeypatch):
    monkeypatch.setattr(uploads, "UPLOADS_OF", Limit("few", burst=3, every=timedelta(seconds=4)))
    body = {"file_name": "a.mp4", "size": 1}
    assert [ann.post("/api/uploads", body).status for _ in range(4)] == [201, 201, 201, 429]
    refused = ann.post("/api/uploads", body)
    assert (refused.json["code"], refused.headers["Retry-After"]) == ("too_many_requests", "4")
    assert bob.post("/api/uploads", body).status == 201, "everybody counts for themselves"
    assert len(bucket.uploads) == 4
    counters.moment += 4000
    assert ann.post("/api/uploads", body).status == 201


def test_a_folder_of_five_hundred_files_is_not_too_often():
    assert uploads.UPLOADS_OF.burst > 500
