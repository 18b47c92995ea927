"""The web app says in other languages what the server says in English, by its codes."""

import re

import pytest

from functions.core.errors import FailureCode, ProblemError
from local.deployment import FRONTEND

# Their status alone says it all.
BY_STATUS = {"not_signed_in", "not_found", "waking"}


def subclasses(cls: type[ProblemError]) -> set[type[ProblemError]]:
    direct = set(cls.__subclasses__())
    return direct | {below for one in direct for below in subclasses(one)}


def cases(file: str) -> set[str]:
    return set(re.findall(r'case "(\w+)":', (FRONTEND / "src" / "lib" / file).read_text()))


@pytest.mark.parametrize("code", sorted({cls.code for cls in subclasses(ProblemError)} - BY_STATUS))
def test_a_refusal_has_words_in_other_languages(code: str) -> None:
    assert code in cases("problem.ts")


@pytest.mark.parametrize("code", FailureCode)
def test_a_failure_of_a_video_has_words_in_other_languages(code: FailureCode) -> None:
    assert code in cases("failure.ts")
