"""Whatever dies, is told twice, late or in reverse, or is deleted: the end is that of a clean run."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import pytest
from asl import StateError, play

from tests.unit.resilience.cloud import Call, Cloud, Fault, Moment, RefusedError, WorkerKilledError

Clouds = Callable[..., Cloud]
Found = dict[str, list[str]]
ZOMBIE_SECONDS = 850
"""After which a worker that was given up is still at work: none may run for longer than 900."""
OUTAGE_SECONDS = 600


@dataclass
class Once:
    """Strikes at one moment."""

    number: int
    act: Callable[[Moment], None]
    struck: str = ""

    def __call__(self, moment: Moment) -> None:
        if moment.number == self.number:
            self.struck = str(moment)
            self.act(moment)


@dataclass
class At:
    """Does something to one of the machine's invocations."""

    number: int
    act: Callable[[Cloud, Call], Any]
    struck: str = ""

    async def __call__(self, cloud: Cloud, number: int, name: str, call: Call) -> Any:
        if number != self.number:
            return call()
        self.struck = f"invocation {number}, {name}"
        answer = self.act(cloud, call)
        await asyncio.sleep(1)  # where the machine takes notice, if it was stopped
        return answer


def process(cloud: Cloud) -> Cloud:
    play(cloud.live("POST", f"/api/uploads/{cloud.video_id}/complete"))
    return cloud


def retry(cloud: Cloud) -> Cloud:
    cloud.fault, cloud.around = nothing, None
    play(cloud.live("POST", f"/api/videos/{cloud.video_id}/retry"))
    return cloud


def at_every_moment(cloud: Clouds, act: Callable[[Moment], None]) -> Iterator[tuple[str, Cloud]]:
    """Do something before each effect of a run, one run after the other, until none is left."""
    for number in count(1):
        world = process(cloud(fault=(fault := Once(number, act))))
        if not fault.struck:
            return
        yield fault.struck, world


def at_every_invocation(cloud: Clouds, act: Callable[[Cloud, Call], Any]) -> Iterator[tuple[str, Cloud]]:
    for number in count(1):
        world = process(cloud(around=(around := At(number, act))))
        if not around.struck:
            return
        yield around.struck, world


def wrong(world: Cloud, clean: Cloud, *, may_fail: bool = False) -> list[str]:
    """Say what is not as in the clean run, or does not become so by trying again."""
    problems = unsettled(world)
    if may_fail and world.state == "failed":
        problems += [f"failed, and left {it}" for it in world.leftovers()]
        problems += unsettled(retry(world))
    if (world.state, world.told()) != ("ready", "ready"):
        problems.append(f"is {world.state}, and people were told {world.told()}")
    kept, wanted = world.kept(), clean.kept()
    problems += [
        f"{part} {name}: {kept[part].get(name)} instead of {wanted[part].get(name)}"
        for part in wanted
        for name in {**kept[part], **wanted[part]}
        if kept[part].get(name) != wanted[part].get(name)
    ]
    return problems + residue(world)


def unsettled(world: Cloud) -> list[str]:
    final = {"ready", "failed", "gone"}
    late = {request: state for request, state in world.states.items() if state not in final}
    return [f"{state} after the lease of {request}" for request, state in late.items()]


def residue(world: Cloud) -> list[str]:
    return [f"left over: {it}" for it in world.leftovers()] + [
        f"nobody took {it}" for it in world.dead_letters
    ]


def check(found: Found, *, least: int) -> None:
    print(f"{len(found)} points")  # noqa: T201 (pytest shows it on request)
    assert len(found) >= least
    bad = {where: problems for where, problems in found.items() if problems}
    assert not bad, "\n".join(f"{where}: {problems}" for where, problems in bad.items())


def nothing(_moment: Moment) -> None:
    pass


def killed(_moment: Moment) -> None:
    raise WorkerKilledError


def refused(moment: Moment) -> None:
    if not moment.effect.startswith("run"):  # a tool is no service
        raise RefusedError("SlowDown")


def deleted(moment: Moment) -> None:
    if moment.worker.holds_rows:
        moment.cloud.after_worker(moment.cloud.delete)
    else:
        moment.cloud.delete()


@pytest.fixture
def source() -> str:
    """Take the upload that plays early, where a test does not ask for the one that is copied too."""
    return ".mp4"


@pytest.fixture
def clean(cloud: Clouds, source: str) -> Cloud:
    """Make a run in which nothing goes wrong."""
    undisturbed = process(cloud(source))
    assert wrong(undisturbed, undisturbed) == []
    return undisturbed


@pytest.mark.parametrize(("act", "source"), [(killed, ".mp4"), (killed, ".ts"), (refused, ".mp4")])
def test_a_worker_may_die_or_be_refused_at_any_moment(cloud, source, clean, act):
    runs = at_every_moment(partial(cloud, source), act)
    check({where: wrong(world, clean) for where, world in runs}, least=60)


def test_a_video_may_be_deleted_at_any_moment(cloud, source):
    found: Found = {}
    for where, world in at_every_moment(partial(cloud, source), deleted):
        found[where] = residue(world) + [f"is {world.state}"] * (world.state != "gone")
        assert world.bucket.objects == {}
    check(found, least=60)


def test_whoever_deletes_a_video_may_die_at_any_moment(cloud):
    found: Found = {}
    for number in count(1):
        world = process(cloud())
        world.fault = fault = Once(world.moments + number, killed)
        play(world.live("DELETE", f"/api/videos/{world.video_id}"))
        play(world.live("POST", f"/api/videos/{world.video_id}/purge"))
        if not fault.struck:
            break
        found[fault.struck] = residue(world) + [f"is {world.state}"] * (world.state != "gone")
    check(found, least=10)


def twice(_cloud: Cloud, call: Call) -> Any:
    call()
    return call()


def given_up(cloud: Cloud, call: Call) -> Any:
    """Take for dead a worker that only has not got that far yet."""

    async def late() -> None:
        with suppress(StateError):
            call()

    cloud.later(ZOMBIE_SECONDS, late)
    raise StateError("Lambda.ClientExecutionTimeoutException")


def stopped(cloud: Cloud, _call: Call) -> None:
    cloud.stop_all()


def lost(cloud: Cloud, call: Call) -> None:
    """Have the machine itself gone, and nobody told."""
    call()
    cloud.stop_all(silently=True)


@pytest.mark.parametrize(
    ("act", "source"),
    [
        (twice, ".mp4"),
        (given_up, ".mp4"),
        (given_up, ".ts"),
        (stopped, ".mp4"),
        (lost, ".mp4"),
        (lost, ".ts"),
    ],
)
def test_an_invocation_may_be_repeated_or_given_up_or_be_the_last(cloud, source, clean, act):
    runs = at_every_invocation(partial(cloud, source), act)
    check({where: wrong(world, clean, may_fail=True) for where, world in runs}, least=12)


def workers_of(cloud: Clouds) -> list[str]:
    names: dict[str, None] = {}
    process(cloud(fault=lambda moment: names.setdefault(moment.worker.name)))
    return [*names]


@pytest.mark.parametrize("mute", [False, True])
def test_what_dies_again_and_again_fails_the_video_and_retry_mends_it(cloud, source, clean, mute):
    """Where records is `mute`, it can tell of no failure either: only the watchdog is left, and dies once."""

    def dies(name: str) -> Fault:
        sweep_has_died: list[bool] = []

        def strike(moment: Moment) -> None:
            worker = moment.worker.name
            if worker == name or (mute and worker in {"records (fail)", "records (end of execution)"}):
                raise WorkerKilledError
            if mute and worker == "sweep (job)" and moment.cloud.is_after_lease and not sweep_has_died:
                sweep_has_died.append(True)
                raise WorkerKilledError

        return strike

    found: Found = {}
    for name in workers_of(partial(cloud, source)):
        if name.startswith(("process.", "records")):
            world = process(cloud(source, fault=dies(name)))
            world.dead_letters.clear()
            found[name] = wrong(world, clean, may_fail=True)
    check(found, least=10)


@pytest.mark.parametrize("effect", ["run", "store", "delete", "commit", "send", "start", "ring", ""])
def test_a_service_may_be_out_for_ten_minutes(cloud, source, clean, effect):
    """The empty word is all of them at once."""

    def out(moment: Moment) -> None:
        if moment.effect.startswith(effect) and 20 < moment.cloud.elapsed < OUTAGE_SECONDS:
            raise RefusedError("ServiceUnavailable")

    world = process(cloud(source, fault=out))
    world.dead_letters[:] = [
        it for it in world.dead_letters if "job" in it
    ]  # the machine's: the lease ends it
    assert wrong(world, clean, may_fail=True) == []


@pytest.mark.parametrize("delays", [(), (0,), (0.5, 0.5), (0.5, 30, 5000), (1000,), (20000,)])
def test_the_buckets_event_may_come_twice_or_late_or_never(cloud, source, clean, delays):
    assert wrong(process(cloud(source, event_delays=delays)), clean) == []


@pytest.mark.parametrize("direction", [1, -1])
def test_whatever_was_told_may_be_told_again_in_order_or_in_reverse(cloud, source, clean, direction):
    async def again(world: Cloud, _number: int, name: str, call: Call) -> Any:
        answer = call()
        for told in list(world.told_to_records)[::direction]:
            world.replay(told)
        return answer

    world = cloud(source, around=again)
    assert wrong(process(world), clean) == []
    for told in world.told_to_records[::direction]:
        world.replay(told)
    assert wrong(world, clean) == []


@pytest.mark.parametrize("direction", [1, -1])
def test_what_an_attempt_that_failed_had_told_changes_nothing_in_the_next(cloud, source, clean, direction):
    def dies(moment: Moment) -> None:
        if moment.worker.name == "process.package":
            raise WorkerKilledError

    async def stale(world: Cloud, _number: int, _name: str, call: Call) -> Any:
        for told in first[::direction]:
            world.replay(told)
        return call()

    world = process(cloud(source, fault=dies))
    assert world.state == "failed"
    first = list(world.told_to_records)
    assert len(first) > 5
    world.fault, world.around = nothing, stale
    play(world.live("POST", f"/api/videos/{world.video_id}/retry"))
    assert wrong(world, clean) == []
