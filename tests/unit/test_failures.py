"""Why a video failed: a closed list, each reason with what happened, what to do, and whether Retry helps."""

import json
import re
from pathlib import Path

import pytest

from functions.core.errors import FailureCode
from functions.core.models import VideoState
from functions.core.views import FAILURES

ROOT = Path(__file__).parents[2]
SOURCES = "".join(
    path.read_text()
    for where in ("process/*.py", "records/*.py", "sweep/*.py", "core/processing.py")
    for path in (ROOT / "functions").glob(where)
)


def test_every_reason_has_one_sentence_and_one_thing_to_do():
    assert set(FAILURES) == set(FailureCode)
    for message, action in FAILURES.values():
        assert re.fullmatch(r"[A-Z][^.!?]+\.", message)
        assert re.fullmatch(r"[A-Z].+\.", action)
    assert len(set(FAILURES.values())) == len(FAILURES)


@pytest.mark.parametrize("code", [code for code in FailureCode if code is not FailureCode.INTERNAL])
def test_every_reason_but_our_own_failure_is_given_somewhere(code):
    assert f"FailureCode.{code.name}" in SOURCES


@pytest.mark.parametrize("code", FailureCode)
def test_a_person_is_told_the_reason_and_offered_retry_only_where_it_helps(ann, add_video, code):
    video_id = add_video(ann, state=VideoState.FAILED, revision=None, failure_code=code)
    failure = ann.get(f"/api/videos/{video_id}").json["failure"]
    message, action = FAILURES[code]
    retry = "ry again" in action
    assert failure == {"code": code, "message": message, "action": action, "retry": retry}


def test_the_browser_knows_the_same_list():
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert document["components"]["schemas"]["FailureCode"]["enum"] == [*FailureCode]
