"""Plays a state machine's definition as Step Functions would, on a clock that nobody has to wait for.

It knows the states, paths and retries that our workflow uses; what they mean is the Amazon States Language,
https://states-language.net.
"""

import asyncio
import selectors
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from random import Random
from typing import Any

Invoke = Callable[[str, Any], Awaitable[Any]]


class StateError(Exception):
    """What ends a state: an error's name, and its cause."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error, cause)
        self.error, self.cause = error, cause

    def is_one_of(self, names: list[str]) -> bool:
        return self.error in names or "States.ALL" in names


class _Clock(selectors.SelectSelector):
    """Where an event loop would wait, time has passed already."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits for something else")
        self.now += timeout
        return super().select(0)


def play(main: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in an event loop whose seconds are free."""

    def loop() -> asyncio.AbstractEventLoop:
        clock = _Clock()
        made = asyncio.SelectorEventLoop(clock)
        made.time = lambda: clock.now
        return made

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main)


class Machine:
    """A definition, and what its tasks call: it answers, or raises StateError."""

    def __init__(self, definition: Mapping[str, Any], invoke: Invoke, random: Random) -> None:
        self._definition, self._invoke, self._random = definition, invoke, random

    async def execute(self, name: str, given: Any) -> Any:
        try:
            async with asyncio.timeout(self._definition["TimeoutSeconds"]):
                return await self._run(self._definition, given, {"Execution": {"Id": name}})
        except TimeoutError:
            raise StateError("States.Timeout") from None

    async def _run(self, states: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> Any:
        name = states["StartAt"]
        while name:
            state = states["States"][name]
            try:
                data, name = await self._retried(state, data, context)
            except StateError as failure:
                catchers = [it for it in state.get("Catch", []) if failure.is_one_of(it["ErrorEquals"])]
                if not catchers:
                    raise
                said = {"Error": failure.error, "Cause": failure.cause}
                data, name = _put(data, catchers[0]["ResultPath"], said), catchers[0]["Next"]
        return data

    async def _retried(
        self, state: Mapping[str, Any], data: Any, context: Mapping[str, Any]
    ) -> tuple[Any, str | None]:
        tries: Counter[int] = Counter()
        while True:
            try:
                return await self._enter(state, data, context)
            except StateError as failure:
                retriers = [
                    *enumerate(state.get("Retry", [])),
                    (-1, {"MaxAttempts": 0, "ErrorEquals": ["States.ALL"]}),
                ]
                index, policy = next(it for it in retriers if failure.is_one_of(it[1]["ErrorEquals"]))
                if tries[index] >= policy["MaxAttempts"]:
                    raise
                most = policy["IntervalSeconds"] * policy.get("BackoffRate", 2) ** tries[index]
                tries[index] += 1
                assert policy["JitterStrategy"] == "FULL"
                await asyncio.sleep(self._random.uniform(0, min(most, policy.get("MaxDelaySeconds", most))))

    async def _enter(
        self, state: Mapping[str, Any], data: Any, context: Mapping[str, Any]
    ) -> tuple[Any, str | None]:
        given = _get(data, state.get("InputPath", "$"), context)
        if state["Type"] == "Choice":
            chosen = [rule["Next"] for rule in state["Choices"] if _holds(rule, given, context)]
            return data, (chosen or [state["Default"]])[0]
        if state["Type"] == "Fail":
            raise StateError(
                _get(data, state["ErrorPath"], context), _get(data, state.get("CausePath", "$"), context)
            )
        if "Parameters" in state:
            given = _fill(state["Parameters"], given, context)
        match state["Type"]:
            case "Task":
                result = await self._invoke(state["Resource"], given)
            case "Parallel":
                result = await _together(self._run(branch, given, context) for branch in state["Branches"])
            case "Map":
                result = await self._map(state, given, context)
            case "Pass" | "Succeed":
                result = given
        data = _put(data, state.get("ResultPath", "$"), result)
        return (data if state.get("OutputPath", "$") else {}), state.get("Next")

    async def _map(self, state: Mapping[str, Any], given: Any, context: Mapping[str, Any]) -> list[Any]:
        turns = asyncio.Semaphore(state["MaxConcurrency"])

        async def one(item: Any) -> Any:
            async with turns:
                mine = {**context, "Map": {"Item": {"Value": item}}}
                return await self._run(
                    state["ItemProcessor"], _fill(state["ItemSelector"], given, mine), mine
                )

        return await _together(one(item) for item in _get(given, state["ItemsPath"], context))


async def _together(parts: Any) -> list[Any]:
    """Wait for all; the first that fails stops the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in parts]
    except ExceptionGroup as failures:
        first = failures.exceptions[0]
        raise (first if isinstance(first, StateError) else failures) from None
    return [task.result() for task in tasks]


def _get(data: Any, path: str | None, context: Mapping[str, Any]) -> Any:
    if path is None:
        return {}
    found: Any = context if path.startswith("$$") else data
    for key in path.lstrip("$").split(".")[1:]:
        found = found[key]
    return found


def _put(data: Any, path: str | None, result: Any) -> Any:
    if path is None:
        return data
    key = path.removeprefix("$").removeprefix(".")
    return {**data, key: result} if key else result


def _fill(template: Mapping[str, Any], given: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key.removesuffix(".$"): _get(given, value, context) if key.endswith(".$") else value
        for key, value in template.items()
    }


def _holds(rule: Mapping[str, Any], given: Any, context: Mapping[str, Any]) -> bool:
    if "And" in rule:
        return all(_holds(part, given, context) for part in rule["And"])
    try:
        value = _get(given, rule["Variable"], context)
    except (KeyError, TypeError):  # nothing lies inside null
        return rule.get("IsPresent") is False
    if "IsPresent" in rule:
        return bool(rule["IsPresent"])
    if "IsNull" in rule:
        return (value is None) == rule["IsNull"]
    return value == rule.get("BooleanEquals", rule.get("StringEquals"))
