"""A tool gets so much memory, time and disk: what asks for more is too large, and not tried again."""

import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from functions.core.errors import SourceRejectedError
from functions.core.settings import settings
from functions.process import sandbox
from functions.process.sandbox import MediaError
from tests.unit.process.conftest import Clips, Json, Pipeline

SOON = 20
Put = Callable[[bytes], Pipeline]


@pytest.fixture
def large(clips: Clips, upload: Put) -> Pipeline:
    """Upload pictures in 4K, which take some 300 MB and some seconds to encode."""
    return upload(clips.make(size="3840x2160", seconds=3, sound=None))


@pytest.fixture
def plan(large: Pipeline) -> Json:
    return large.probe()


def encoded_as(pipeline: Pipeline, plan: Json) -> str:
    started = time.monotonic()
    with pytest.raises(SourceRejectedError) as rejection:
        pipeline.encode(plan, plan["chunks"][0])
    assert time.monotonic() - started < SOON
    return str(rejection.value)


@pytest.mark.parametrize("megabytes", [128, 200])
def test_pictures_that_need_more_memory_than_the_function_has(
    megabytes: int, large: Pipeline, plan: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder without memory tries again with every packet, and its complaints have no end."""
    monkeypatch.setattr(sandbox, "FEWEST_PROCESSORS", 1024)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", str(megabytes + sandbox.OWN_MEGABYTES))
    settings.cache_clear()
    assert encoded_as(large, plan) == "too_large"


def test_pictures_that_need_more_time_than_the_processors_have(
    large: Pipeline, plan: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SHARE_OF_TIME", 0.01)  # of a minute: one second of both processors
    assert encoded_as(large, plan) == "too_large"


def test_pictures_that_need_more_room_than_the_disk_has(
    large: Pipeline, plan: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=20_000))
    assert encoded_as(large, plan) == "too_large"


def test_a_disk_that_is_full_is_told_from_a_passing_failure() -> None:
    full = "echo 'Error writing trailer of /tmp/x/v240.mp4: No space left on device' >&2; exit 228"
    with pytest.raises(SourceRejectedError, match="too_large"):
        sandbox.run(["/bin/sh", "-c", full], seconds=5)


def test_a_tool_that_somebody_else_ends_is_tried_again() -> None:
    with pytest.raises(MediaError):
        sandbox.run(["/bin/sh", "-c", "kill -9 $$"], seconds=5)


def test_what_a_tool_starts_has_its_limits_too(tmp_path: Path) -> None:
    with (tmp_path / "limits").open("w+b") as answer:
        sandbox.run(["/bin/sh", "-c", "/bin/cat /proc/self/limits; :"], seconds=100, answer=answer)
        answer.seek(0)
        limits = {line[:25].strip(): line[25:].split() for line in answer.read().decode().splitlines()}
    allowed = sandbox._Limits.of(100)
    assert limits["Max data size"][:2] == [str(allowed.memory)] * 2
    assert limits["Max cpu time"][:2] == [str(allowed.seconds)] * 2 == ["154", "154"]
    assert int(limits["Max file size"][0]) == pytest.approx(allowed.file, rel=0.1)
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] == resource.RLIM_INFINITY, "our own is none"
