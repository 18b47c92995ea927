"""What the functions tell of their work: metrics as EMF, the same keys in logs and traces, never a secret."""

import ast
import importlib
import json
import os
import socket
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from functions.core import database
from functions.core.caller import SESSION_COOKIE
from functions.core.models import Video, VideoState, now
from functions.core.observability import logger, metrics
from functions.process import encode
from functions.process.plan import Chunk, ChunkTask, Job
from functions.records import handler as records
from functions.records import service
from functions.sweep import handler as sweep

ROOT = Path(__file__).parents[2]
FINISHED = {"stored_bytes": 900, "renditions": []}


@pytest.fixture
def counted(capsys, monkeypatch):
    """Return a function that reads what was counted since it was last called: {name: value}."""
    monkeypatch.setattr(metrics.provider, "service", "me")

    def read():
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        found = {}
        for line in lines:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"].startswith("StreamTime/")
            assert directive["Dimensions"] == [["service"]]
            assert line["service"] == "me"
            for metric in directive["Metrics"]:
                assert metric["Name"] not in found
                found[metric["Name"]] = sum(line[metric["Name"]])
        return found

    return read


@pytest.fixture
def log(monkeypatch):
    written = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    return written


def test_stages_of_one_account_count_apart() -> None:
    code = "from functions.core.observability import metrics; print(metrics.provider.namespace)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "STAGE": "prod"},
        cwd=ROOT,
    )
    assert ran.stdout == "StreamTime/prod\n"


def record(action, lambda_context, **facts):
    return records.handle({"action": action, **facts}, lambda_context)


def claim(video_id, lambda_context, execution="run-1"):
    return record("claim", lambda_context, source_key=f"source/{video_id}", execution=execution)


def test_bytes_are_counted_when_they_have_arrived_and_not_again(ann, add_video, counted, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None, size_bytes=12345)
    job = claim(video_id, lambda_context)["job"]
    assert counted() == {"UploadedBytes": 12345}
    claim(video_id, lambda_context)
    assert counted() == {}
    record("fail", lambda_context, job=job, error={"Error": "Lambda.Unknown"})
    assert counted() == {"VideosFailed": 1}
    ann.post(f"/api/videos/{video_id}/retry")
    claim(video_id, lambda_context, "run-2")
    assert counted() == {}, "another attempt at the same bytes"


def test_a_video_that_becomes_ready_is_counted_once_with_its_time(ann, add_video, counted, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None)
    job = claim(video_id, lambda_context)["job"]
    with database.transaction() as session:
        session.get_one(Video, video_id).lease_expires_at -= timedelta(seconds=100)
    counted()
    record("finish", lambda_context, job=job, package=FINISHED)
    found = counted()
    assert found.keys() == {"VideosReady", "ProcessingSeconds"}
    assert found["VideosReady"] == 1
    assert 100 <= found["ProcessingSeconds"] < 160
    record("finish", lambda_context, job=job, package=FINISHED)
    record("fail", lambda_context, job=job, error={"Error": "Lambda.Unknown"})
    assert counted() == {}, "late messages"


def test_what_was_rolled_back_is_not_counted(ann, add_video, counted, lambda_context, monkeypatch):
    video_id = add_video(ann, state=VideoState.PROCESSING, attempt=1, lease_expires_at=now())
    monkeypatch.setattr(service, "VideoRepository", BreaksAtTheEnd)
    with pytest.raises(ConnectionError):
        record("finish", lambda_context, job={"video_id": str(video_id), "attempt": 1}, package=FINISHED)
    assert counted() == {}


class BreaksAtTheEnd(service.VideoRepository):
    def record_renditions(self, _renditions):
        raise ConnectionError


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("late", [True, False])
def test_the_daily_sweep_counts_what_it_finds_also_where_that_is_nothing(
    ann, add_video, counted, lambda_context, late
):
    lease = now() + timedelta(minutes=-1 if late else 5)
    add_video(ann, state=VideoState.PROCESSING, lease_expires_at=lease)
    sweep.handle({"job": "daily"}, lambda_context)
    assert counted() == {"StuckJobs": int(late), "ObjectsWithoutRow": 0, "RowsWithoutObjects": 0}


def test_a_purge_is_counted_when_it_is_done(ann, add_video, bucket, counted, lambda_context):
    video_id = add_video(ann, trashed_at=now(), purge_at=now())
    message = {"job": "purge", "video_id": str(video_id), "due": 0}
    event = {"Records": [{"messageId": "1", "body": json.dumps(message), "eventSource": "aws:sqs"}]}
    for expected in ({"PurgedVideos": 1}, {}):
        sweep.handle(event, lambda_context)
        assert counted() == expected


def test_encoding_tells_how_long_each_chunk_took(counted, lambda_context, monkeypatch):
    track = SimpleNamespace(size=10, frames=1, duration=1, timescale=1)
    monkeypatch.setattr(encode, "media_storage", lambda: None)
    monkeypatch.setattr(encode, "encode", lambda *_arguments, **_more: {360: track})
    job = Job(video_id="v", revision=1, attempt=1, source_key="source/v")
    task = ChunkTask.model_construct(job=job, plan=None, chunk=Chunk.model_construct(index=0))
    monkeypatch.setattr(ChunkTask, "model_validate", lambda _event: task)
    encode.handle({}, lambda_context)
    assert counted().keys() == {"EncodeSeconds"}


def test_a_request_that_counts_nothing_writes_no_metric(anybody, capsys):
    anybody.get("/api/health")
    assert "_aws" not in capsys.readouterr().out


def handlers():
    """Find every function's module: those that define `handle`."""
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "functions").rglob("*.py")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "handle"
            for node in ast.parse(path.read_text()).body
        )
    )


@pytest.mark.parametrize("module", handlers())
def test_every_handler_is_observed_and_in_no_other_way(module):
    source = Path(importlib.import_module(module).__file__).read_text()
    (handle,) = [node for node in ast.parse(source).body if getattr(node, "name", "") == "handle"]
    assert [ast.unparse(decorator) for decorator in handle.decorator_list] == ["observed"]


def test_logs_name_the_video_the_attempt_and_the_execution(ann, add_video, log, lambda_context):
    video_id = add_video(ann, state=VideoState.UPLOADED, attempt=0, revision=None)
    job = claim(video_id, lambda_context)["job"]
    record("fail", lambda_context, job=job, error={"Error": "Lambda.Unknown"})
    line = json.loads(log.getvalue().splitlines()[-1])
    assert {name: line[name] for name in ("video_id", "attempt", "execution", "action")} == {
        "video_id": str(video_id),
        "attempt": 1,
        "execution": "run-1",
        "action": "fail",
    }


def test_a_request_is_logged_by_its_route_and_its_video_and_without_what_opens_anything(
    ann, add_video, bucket, log
):
    video_id = ann.post("/api/uploads", {"file_name": "a.mp4", "size": 20 * 1024**2}).json["video_id"]
    urls = ann.post(f"/api/uploads/{video_id}/parts", {"numbers": [1]}).json["urls"]
    granted = ann.post(f"/api/videos/{add_video(ann)}/grant")
    said = log.getvalue()
    assert '"route":"/api/uploads/{video_id}/parts"' in said
    assert f'"video_id":"{video_id}"' in said
    assert f'"user_id":"{ann.user.id}"' in said
    secrets = [ann.token, urls[0]["url"], *(cookie.split(";")[0] for cookie in granted.cookies)]
    assert len(secrets) == 6
    assert [secret for secret in secrets if secret in said] == []
    assert SESSION_COOKIE not in said


TRACED_CALL = """
import sys
from unittest.mock import Mock
from functions.core import observability

@observability.observed
def handle(event, context):
    observability.about(video_id="v1", attempt=2, execution="run-1")
    return {"url": "https://bucket.test/key?X-Amz-Signature=secret"}

context = Mock(aws_request_id="r", function_name="f", memory_limit_in_mb=1, invoked_function_arn="a")
handle({}, context)
assert "botocore.session" not in sys.modules
"""


def test_a_traced_call_is_found_by_its_video_and_keeps_its_answer_to_itself():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(20)
        environment = {
            **os.environ,
            "LAMBDA_TASK_ROOT": str(ROOT),
            "POWERTOOLS_TRACE_DISABLED": "false",
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        }
        subprocess.run([sys.executable, "-c", TRACED_CALL], check=True, env=environment, cwd=ROOT)
        sent = daemon.recv(65536).decode()
    segment = json.loads(sent.splitlines()[1])
    assert (
        segment["annotations"] | {"video_id": "v1", "attempt": 2, "execution": "run-1"}
        == (segment["annotations"])
    )
    assert "Signature" not in sent
