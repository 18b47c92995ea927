"""What one person may have processed in a day, and whose turn it is where functions are few."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest

from functions.core import database
from functions.core.models import Run, Video, VideoState
from functions.core.settings import settings
from functions.records import handler as records
from functions.sweep import handler as sweep
from tests.unit.test_records import PACKAGE, PLAN

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def three_hours(monkeypatch):
    monkeypatch.setenv("DAILY_PROCESSING_SECONDS", str(3 * 3600))
    settings.cache_clear()


@pytest.fixture
def run(add_video, lambda_context):
    """Return a function that takes a video up to its plan and returns the job and whether it may go on."""

    def begin(owner, *, hours=1.0, video_id=None):
        video_id = video_id or add_video(owner, state=VideoState.UPLOADED, attempt=0, revision=None)
        claim = {"action": "claim", "source_key": f"source/{video_id}", "execution": f"of-{video_id}"}
        with database.transaction() as session:
            claim["execution"] += f"-{session.get_one(Video, video_id).attempt}"
        job = records.handle(claim, lambda_context)["job"]
        return job, tell_plan(job, lambda_context, hours=hours)

    return begin


def tell_plan(job, lambda_context, *, hours):
    plan = PLAN | {"cost_ms": int(hours * HOUR_MS)}
    return records.handle({"action": "plan", "job": job, "plan": plan}, lambda_context)["admitted"]


def read(video_id):
    with database.transaction() as session:
        return session.get_one(Video, video_id)


def age_runs(by):
    with database.transaction() as session:
        for found in session.query(Run):
            found.started_at -= by


def test_what_goes_beyond_the_day_fails_with_a_reason_and_can_be_tried_again_tomorrow(ann, bob, run):
    assert [run(ann)[1] for _ in range(3)] == [True] * 3, "up to the limit"
    job, admitted = run(ann, hours=0.001)
    assert not admitted
    assert run(bob)[1], "everybody has a day of their own"
    answer = ann.get(f"/api/videos/{job['video_id']}").json
    assert answer["state"] == "failed"
    assert answer["failure"] == {
        "code": "daily_limit",
        "message": "You have had as much video processed today as this drive allows in a day.",
        "action": "Your file is safe. Try again tomorrow.",
        "retry": True,
    }
    age_runs(timedelta(hours=23))
    assert ann.post(f"/api/videos/{job['video_id']}/retry").status == 200
    assert not run(ann, hours=0.001, video_id=job["video_id"])[1]
    age_runs(timedelta(hours=1))
    assert ann.post(f"/api/videos/{job['video_id']}/retry").status == 200
    assert run(ann, hours=3, video_id=job["video_id"])[1]
    assert read(job["video_id"]).state is VideoState.PROCESSING


def test_every_attempt_counts_and_a_deleted_video_gives_nothing_back(
    ann, run, bucket, doorbells, lambda_context
):
    job, _ = run(ann, hours=1.5)
    error = {"Error": "Lambda.Unknown", "Cause": "{}"}
    records.handle({"action": "fail", "job": job, "error": error}, lambda_context)
    ann.post(f"/api/videos/{job['video_id']}/retry")
    again, admitted = run(ann, hours=1.5, video_id=job["video_id"])
    assert admitted
    records.handle({"action": "finish", "job": again, "package": PACKAGE}, lambda_context)
    with database.transaction() as session:
        session.get_one(Video, job["video_id"]).start_purge()
    sweep.service.purge(bucket, job["video_id"])
    assert not run(ann, hours=0.001)[1]


def test_a_plan_that_is_told_again_is_answered_alike(ann, run, lambda_context):
    job, _ = run(ann, hours=2)
    assert tell_plan(job, lambda_context, hours=2)
    refused, _ = run(ann, hours=2)
    assert not tell_plan(refused, lambda_context, hours=2)
    assert run(ann, hours=1)[1], "what was refused took nothing"


def test_a_run_that_the_release_before_began_counts_as_well(ann, run, lambda_context):
    job, _ = run(ann, hours=0)
    with database.transaction() as session:
        session.query(Run).delete()
    assert tell_plan(job, lambda_context, hours=3)
    assert not run(ann, hours=0.001)[1]


def test_of_many_plans_at_once_no_more_are_admitted_than_the_day_holds(ann, run, lambda_context):
    jobs = [run(ann, hours=0)[0] for _ in range(8)]
    together, admitted = threading.Barrier(len(jobs)), []

    def tell(job):
        together.wait()
        admitted.append(tell_plan(job, lambda_context, hours=1))

    threads = [threading.Thread(target=tell, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == [False] * 5 + [True] * 3


def test_runs_are_forgotten_when_they_no_longer_count(ann, run, bucket):
    run(ann)
    age_runs(timedelta(hours=25))
    run(ann)
    sweep.service.daily(bucket)
    with database.transaction() as session:
        assert session.query(Run).count() == 1


@pytest.mark.parametrize("turns", [1, 3])
def test_one_persons_many_videos_keep_nobody_waiting(
    turns, ann, bob, sign_in, add_video, doorbells, monkeypatch, lambda_context
):
    """Played to the end: whoever has the turn ends, and the next in line gets it."""
    monkeypatch.setenv("VIDEOS_AT_ONCE", str(turns))
    settings.cache_clear()
    cid = sign_in("cid")
    waiting = [(ann, 8), (bob, 2), (cid, 1)]
    owners = {}
    for owner, count in waiting:
        for _ in range(count):
            owners[add_video(owner, state=VideoState.UPLOADED, attempt=0, revision=None)] = owner
    order, at_work = [], []

    def claim(video_id):
        claim = {"action": "claim", "source_key": f"source/{video_id}", "execution": str(uuid4())}
        answer = records.handle(claim, lambda_context)
        if answer["claimed"]:
            order.append(owners[video_id])
            at_work.append(answer["job"])

    for video_id in owners:  # the bucket's events, Ann's first
        claim(video_id)
    while at_work:
        doorbells.watched.clear()
        records.handle({"action": "finish", "job": at_work.pop(0), "package": PACKAGE}, lambda_context)
        for greedy in list(owners)[:3]:  # the watchdog looks after those who wait, again and again
            claim(greedy)
        for job, video_id, _ in doorbells.watched:
            if job == "job":
                claim(next(known for known in owners if str(known) == video_id))
    assert len(order) == len(owners)
    assert max(order.index(cid), order.index(bob)) <= max(3, turns)
    assert order[:6].count(bob) == 2


def test_a_video_that_is_deleted_at_work_passes_its_turn_on(ann, bob, add_video, bucket, doorbells):
    waiting = add_video(bob, state=VideoState.UPLOADED, attempt=0, revision=None)
    at_work = add_video(ann, state=VideoState.PROCESSING, attempt=1, revision=None, execution="run-1")
    with database.transaction() as session:
        session.get_one(Video, at_work).start_purge()
    sweep.service.purge(bucket, at_work)
    assert ("job", str(waiting), 0) in doorbells.watched


def test_nobody_has_all_the_turns_there_are(ann, bob, monkeypatch, doorbells, lambda_context):
    """Five hundred uploads of one person, no turn over: whoever comes with one is at work at once."""
    monkeypatch.setenv("VIDEOS_AT_ONCE", "4")
    settings.cache_clear()

    def claim(video_id):
        claim = {"action": "claim", "source_key": f"source/{video_id}", "execution": str(uuid4())}
        return records.handle(claim, lambda_context)

    def upload(owner, number):
        facts = {"file_name": "a.mp4", "title": "A", "size_bytes": 1, "state": VideoState.UPLOADED}
        made = [Video(owner_id=owner.user.id, **facts) for _ in range(number)]
        with database.transaction() as session:
            session.add_all(made)
        return [video.id for video in made]

    many = upload(ann, 500)
    at_work = [answer["job"] for answer in map(claim, many[:20]) if answer["claimed"]]
    assert len(at_work) == 3
    first, second = upload(bob, 2)
    assert claim(first)["claimed"]
    assert not claim(second)["claimed"], "all turns are taken"
    records.handle({"action": "finish", "job": at_work[0], "package": PACKAGE}, lambda_context)
    assert ("job", str(second), 0) in doorbells.watched
