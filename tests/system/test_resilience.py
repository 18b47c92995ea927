"""Workers of the stage are killed, runs are stopped, events come again: the video becomes ready."""

import array
import fcntl
import json
import os
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from client import eventually

PROC = Path("/proc")
pytestmark = pytest.mark.skipif(not PROC.exists(), reason="finds the stage's processes in /proc")


class Worker:
    """A process in which the emulator runs one function, again and again."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def function(self) -> str:
        with suppress(OSError):
            for line in (PROC / str(self.pid) / "environ").read_bytes().split(b"\0"):
                if line.startswith(b"AWS_LAMBDA_FUNCTION_NAME="):
                    return line.partition(b"=")[2].decode()
        return ""

    @property
    def has_work(self) -> bool:
        """Tell whether it was given something that it has not taken up yet."""
        waiting = array.array("i", [0])
        with suppress(OSError):
            pipe = os.open(PROC / str(self.pid) / "fd" / "0", os.O_RDONLY | os.O_NONBLOCK)
            fcntl.ioctl(pipe, termios.FIONREAD, waiting)
            os.close(pipe)
        return waiting[0] > 0

    @property
    def tools(self) -> list[int]:
        return children(self.pid)

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def children(pid: int) -> list[int]:
    with suppress(OSError):
        tasks = (PROC / str(pid) / "task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


@pytest.fixture
def workers(stage) -> Iterator[Callable[[str], list[Worker]]]:
    """Return a function that finds the workers of a function; those that a test halted go on after it."""
    emulator = int(Path(stage["data"], "run", "emulator.pid").read_text())
    found: list[Worker] = []

    def of(step: str) -> list[Worker]:
        mine = [Worker(pid) for pid in children(emulator)]
        found[:] = [worker for worker in mine if worker.function == stage["functions"][step]]
        return [*found]

    yield of
    for worker in found:
        worker.send(signal.SIGCONT)


@pytest.fixture
def kept(rows, bucket) -> Callable[[str], None]:
    """Return a function that holds what is kept of a video against what a clean run leaves."""

    def check(video_id: str, *, attempt: int = 1) -> None:
        assert rows("SELECT state, revision, attempt FROM videos WHERE id = %s", video_id) == [
            ("ready", attempt, attempt)
        ]
        planned = rows("SELECT chunk_count FROM videos WHERE id = %s", video_id)[0][0]
        chunks = "SELECT revision, height, count(*) FROM chunks WHERE video_id = %s GROUP BY 1, 2"
        renditions = "SELECT revision, height, %s FROM renditions WHERE video_id = %s"
        told = eventually(
            lambda: sorted(rows(chunks, video_id)) == sorted(rows(renditions, planned, video_id)),
            what="each chunk of each rendition recorded once",
        )
        assert told
        wanted = (f"source/{video_id}", f"media/{video_id}/{attempt}/")
        eventually(
            lambda: all(key.startswith(wanted) for key in bucket.keys(video_id)),
            what="tidying up",
        )

    return check


@pytest.fixture(scope="module")
def clip(make_clip) -> Path:
    return make_clip("killed.mp4", seconds=20)


@pytest.mark.parametrize("step", ["records", "probe", "poster", "package"])
def test_a_worker_killed_with_its_work_before_it_is_replaced(ann, ready, clip, workers, kept, step):
    idle = workers(step)
    assert idle, f"{step} has run before"
    for worker in idle:
        worker.send(signal.SIGSTOP)
    video_id = ann.upload(clip)
    busy = eventually(lambda: [it for it in idle if it.has_work], seconds=60, what=f"work for {step}")
    busy[0].send(signal.SIGKILL)
    for worker in idle:
        worker.send(signal.SIGCONT)
    assert ann.settled(video_id)["state"] == "ready"
    kept(video_id)


@pytest.mark.parametrize("step", ["encode", "audio"])
def test_a_worker_killed_together_with_its_ffmpeg_is_replaced(ann, ready, make_clip, workers, kept, step):
    video_id = ann.upload(make_clip("long.mp4", seconds=30))
    busy = eventually(
        lambda: [it for it in workers(step) if it.tools], seconds=60, what=f"ffmpeg of {step} at work"
    )
    for pid in busy[0].tools:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    busy[0].send(signal.SIGKILL)
    assert ann.settled(video_id)["state"] == "ready"
    kept(video_id)


def test_a_run_that_somebody_stops_fails_and_retry_makes_the_video(ann, make_clip, aws, rows, kept):
    video_id = ann.upload(make_clip("stopped.mp4", seconds=30))
    execution = eventually(
        lambda: rows("SELECT execution FROM videos WHERE id = %s AND progress >= 0", video_id)[0:1],
        what="a run",
    )[0][0]
    aws("stepfunctions").stop_execution(executionArn=execution)
    video = ann.settled(video_id)
    assert (video["state"], video["failure"]["code"], video["failure"]["retry"]) == (
        "failed",
        "internal",
        True,
    )
    ann.ask("POST", f"/api/videos/{video_id}/retry")
    assert ann.settled(video_id)["state"] == "ready"
    kept(video_id, attempt=2)


def test_an_event_that_comes_again_and_again_starts_one_run(ann, clip, aws, stage, kept):
    machine = aws("stepfunctions")
    video_id = ann.upload(clip)
    again = json.dumps({"source_key": f"source/{video_id}"})
    for _ in range(3):
        machine.start_execution(stateMachineArn=stage["state_machine"], input=again)
    assert ann.settled(video_id)["state"] == "ready"
    late = machine.start_execution(stateMachineArn=stage["state_machine"], input=again)["executionArn"]
    eventually(lambda: machine.describe_execution(executionArn=late)["status"] == "SUCCEEDED", what="an end")
    kept(video_id)


def test_an_upload_whose_page_is_gone_after_its_last_part_becomes_a_video(ann, clip, stage, aws):
    body = clip.read_bytes()
    upload = ann.start_upload("left alone.mp4", len(body))
    ann.put_parts(upload, body, list(range(1, upload["part_count"] + 1)))
    look = {"job": "check_upload", "video_id": upload["video_id"], "due": 0}
    aws("sqs").send_message(QueueUrl=stage["queues"]["watchdog"], MessageBody=json.dumps(look))
    assert ann.settled(upload["video_id"])["state"] == "ready"
