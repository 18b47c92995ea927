"""A run whose plan was refused costs nothing more."""

from random import Random
from typing import Any

import pytest
from asl import Machine, play
from test_processing import machine

PLAN = {"audio": None, "early": False, "audio_chunks": [], "chunks": [{"index": 0}]}


@pytest.mark.parametrize(
    ("answer", "goes_on"),
    [({"admitted": True}, True), ({"admitted": False}, False), (None, True)],
    ids=["admitted", "refused", "by the release before"],
)
def test_what_is_beyond_the_day_ends_before_anything_is_encoded(
    stages: Any, answer: Any, *, goes_on: bool
) -> None:
    called = []

    async def invoke(function: str, payload: Any) -> Any:
        called.append(payload.get("action", function.removeprefix("Processing")[:6]))
        answers = {
            "claim": {"claimed": True, "job": {}},
            "plan": answer,
            "Poster": {"poster_key": "", "posters": []},
        }
        return PLAN if called[-1].startswith("Probe") else answers.get(called[-1], {})

    play(Machine(machine(stages("dev")), invoke, Random(1)).execute("run", {"source_key": "source/1"}))
    assert called[:3] == ["claim", called[1], "plan"]
    assert ("finish" in called) is goes_on
    assert len(called) > 3 if goes_on else len(called) == 3
