"""How long a video still takes: within a factor of two from the first chunk on, and never made up."""

import heapq
import random
from datetime import UTC, datetime, timedelta

import pytest

from functions.core import database, models
from functions.core.models import Video, VideoState
from functions.core.settings import settings
from functions.records import handler as records
from functions.records import service

RUNG = {"height": 720, "bytes": 400, "frames": 120, "duration_ms": 4000}
FACTS = {"duration_ms": 8000, "width": 1280, "height": 720, "fps": "30/1", "rotation": 0, "hdr": False}
PLAN = FACTS | {"video_codec": "h264", "audio": None}
PACKAGE = {"stored_bytes": 900, "renditions": []}
START = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """The time the functions see, in seconds since the test began."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (models, service):
        monkeypatch.setattr(module, "now", clock.now)
    return clock


@pytest.fixture
def run(ann, add_video, clock, lambda_context):
    """Return a function that begins a run and returns another, which records one of its steps."""

    def begin(chunks):
        video_id = add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None)
        claim = {"action": "claim", "source_key": f"source/{video_id}", "execution": "run"}
        job = records.handle(claim, lambda_context)["job"]

        def record(action, **facts):
            records.handle({"action": action, "job": job, **facts}, lambda_context)
            with database.transaction() as session:
                return session.get_one(Video, video_id)

        clock.seconds += 7  # the probe: no measure of how long encoding takes
        record("plan", plan=PLAN | {"chunks": [{}] * chunks})
        return record

    return begin


def chunk(index):
    return {"index": index, "rungs": [RUNG]}


def encode(lengths, workers):
    """Return when each chunk is done, in seconds, if as many as there are workers are encoded at once."""
    free, done = [0.0] * workers, []
    for length in lengths:
        done.append(heapq.heappop(free) + length)
        heapq.heappush(free, done[-1])
    return sorted(done)


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("chunks", [5, 16])
def test_it_is_told_within_a_factor_of_two_from_the_first_chunk_on(
    run, clock, doorbells, monkeypatch, concurrency, chunks
):
    monkeypatch.setenv("ENCODE_CONCURRENCY", str(concurrency))
    settings.cache_clear()
    chance, ratios = random.Random(f"{concurrency} {chunks}"), []
    for _ in range(10):
        record = run(chunks)
        start = clock.seconds
        done = encode([chance.uniform(6, 14) for _ in range(chunks)], concurrency)
        ready = start + done[-1] + chance.uniform(3, 8)
        for index, seconds in enumerate(done):
            clock.seconds = start + seconds
            record("chunk", chunk=chunk(index))
            told = doorbells.announced[-1]["event"]["video"]["eta_seconds"]
            ratios.append(told / (ready - clock.seconds))
    good = [ratio for ratio in ratios if 1 / 2 <= ratio <= 2]
    assert len(good) >= 0.95 * len(ratios), sorted(ratios)


def test_it_counts_down_between_two_chunks(run, clock):
    record = run(10)
    clock.seconds += 30
    video = record("chunk", chunk=chunk(0))
    told = video.eta_seconds
    clock.seconds += 20
    assert video.eta_seconds == told - 20


def test_nobody_can_tell_before_the_first_chunk_and_when_it_is_overdue(run, clock):
    record = run(10)
    assert record("plan", plan=PLAN | {"chunks": [{}] * 10}).eta_seconds is None
    clock.seconds += 30
    video = record("chunk", chunk=chunk(0))
    clock.seconds += video.eta_seconds
    assert video.eta_seconds is None


def test_a_plan_that_is_told_twice_does_not_start_the_clock_again(run, clock):
    record = run(10)
    clock.seconds += 30
    began = record("plan", plan=PLAN | {"chunks": [{}] * 10}).encoding_started_at
    assert (clock.now() - began).total_seconds() == 30


@pytest.mark.parametrize(
    ("action", "facts"),
    [("finish", {"package": PACKAGE}), ("fail", {"error": {"Error": "States.Timeout"}})],
)
def test_it_is_forgotten_when_the_run_ends(run, clock, action, facts):
    record = run(10)
    clock.seconds += 30
    record("chunk", chunk=chunk(0))
    video = record(action, **facts)
    assert (video.encoding_started_at, video.ready_expected_at, video.eta_seconds) == (None, None, None)


def test_a_run_that_the_release_before_began_tells_its_percentage_alone(ann, add_video, lambda_context):
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=1, revision=None, chunk_count=4)
    job = {"video_id": str(video_id), "attempt": 1}
    records.handle({"action": "chunk", "job": job, "chunk": chunk(0)}, lambda_context)
    answer = ann.get(f"/api/videos/{video_id}").json
    assert (answer["progress"], answer["eta_seconds"]) == (25, None)


def test_an_event_that_the_release_before_wrote_is_still_told(ann, add_video):
    video_id = add_video(ann)
    ann.send("DELETE", f"/api/videos/{video_id}")
    with database.transaction() as session:
        (event,) = session.query(models.Event).all()
        event.payload = {name: value for name, value in event.payload.items() if name != "eta_seconds"}
    (told,) = ann.get("/api/events?after=0").json["items"]
    assert told["video"]["eta_seconds"] is None
