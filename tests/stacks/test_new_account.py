"""The account of somebody who starts with AWS: ten functions at once, and several people's videos."""

import asyncio
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from asl import Machine, StateError, play
from synthesis import Stage
from test_processing import machine, states

from stacks.config import STAGES, StageConfig

QUOTA = 10
SECONDS = {
    "Records": 0.2,
    "Probe": 8,
    "Poster": 6,
    "Resize": 2,
    "Original": 20,
    "Audio": 30,
    "Encode": 100,
    "Package": 5,
}
"""How long a function runs, of a video of which each chunk takes a while; give or take a fifth."""
SWEEP_SECONDS = 0.5
PAGE_SECONDS = 0.1


@dataclass
class Account:
    """Runs as many functions at once as it may; what records and the sweep decide is decided as they do."""

    definition: dict[str, Any]
    videos_at_once: int
    chunks: int
    random: Random = field(default_factory=lambda: Random(10))
    running: int = 0
    throttled: int = 0
    at_work: int = 0
    waiting: list[str] = field(default_factory=list)
    ready: set[str] = field(default_factory=set)
    longest_wait: float = 0
    tasks: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    async def run(self, seconds: float) -> None:
        if self.running == QUOTA:
            self.throttled += 1
            raise StateError("Lambda.TooManyRequestsException")
        self.running += 1
        await asyncio.sleep(seconds * self.random.uniform(0.8, 1.2))
        self.running -= 1

    async def invoke(self, function: str, payload: Any) -> Any:
        step = next(step for step in SECONDS if function.startswith(f"Processing{step}"))
        await self.run(SECONDS[step])
        return {
            "Records": lambda: self.record(payload),
            "Probe": lambda: {"audio_chunks": [0], "early": True, "chunks": [*range(self.chunks)]},
            "Poster": lambda: {"poster_key": "poster", "posters": []},
        }.get(step, dict)()

    def record(self, payload: Any) -> Any:
        if payload["action"] == "claim":
            if self.at_work >= self.videos_at_once or payload["source_key"] not in self.waiting:
                return {"claimed": False, "job": None}
            self.at_work += 1
            self.waiting.remove(payload["source_key"])
            return {"claimed": True, "job": payload["source_key"]}
        if payload["action"] == "finish":
            self.at_work -= 1
            self.ready.add(payload["job"])
            if self.waiting:
                self.tasks.create_task(self.sweep(self.waiting[0]))
        return {}

    async def sweep(self, video: str) -> None:
        """Start a video whose turn has come; the message stays in its queue while no function is free."""
        while True:
            try:
                await self.run(SWEEP_SECONDS)
            except StateError:
                await asyncio.sleep(self.random.uniform(1, 10))
            else:
                return await self.execute(video)

    async def execute(self, video: str) -> None:
        await Machine(self.definition, self.invoke, self.random).execute(
            f"run of {video}", {"source_key": video}
        )

    async def look_at_pages(self, until: asyncio.Event) -> None:
        """Somebody asks the API every other second; a page that gets no answer asks again."""
        clock = asyncio.get_running_loop()
        while not until.is_set():
            asked = clock.time()
            while True:
                try:
                    await self.run(PAGE_SECONDS)
                    break
                except StateError:
                    await asyncio.sleep(1)
            self.longest_wait = max(self.longest_wait, clock.time() - asked)
            await asyncio.sleep(2)

    async def process(self, videos: int) -> None:
        """Take uploads that end at about the same time; return when all are ready, or raise what failed."""
        self.waiting = [f"source/{number}" for number in range(videos)]
        done = asyncio.Event()
        pages = asyncio.create_task(self.look_at_pages(done))
        async with self.tasks:
            for video in [*self.waiting]:
                self.tasks.create_task(self.execute(video))
                await asyncio.sleep(2)
        done.set()
        await pages


@pytest.fixture
def new_account(stages) -> Stage:
    stage: Stage = stages("dev")
    assert stage.config.lambda_concurrency == QUOTA
    return stage


@pytest.mark.parametrize(("videos", "chunks"), [(1, 40), (2, 12), (5, 12), (20, 2)])
def test_every_video_becomes_ready_and_people_are_answered_at_once(
    new_account: Stage, videos: int, chunks: int
) -> None:
    account = Account(machine(new_account), new_account.config.videos_at_once, chunks)
    play(account.process(videos))
    assert len(account.ready) == videos
    assert account.longest_wait <= PAGE_SECONDS * 1.2
    assert account.throttled == 0


@pytest.mark.parametrize("videos", [3, 8])
def test_even_where_all_are_processed_at_once_every_video_becomes_ready(
    new_account: Stage, videos: int
) -> None:
    """What a quota that was overstated does: functions wait for each other, and so do people, for minutes."""
    account = Account(machine(new_account), videos_at_once=videos, chunks=12)
    play(account.process(videos))
    assert len(account.ready) == videos
    assert account.throttled > 100
    assert account.longest_wait > 60


def test_a_machine_that_never_gets_a_function_ends_with_an_error(new_account: Stage) -> None:
    account = Account(machine(new_account), videos_at_once=1, chunks=1, running=QUOTA)
    account.waiting = ["source/0"]
    with pytest.raises(StateError, match=r"TooManyRequests|States.Timeout"):
        play(account.execute("source/0"))


def test_nothing_reserves_what_a_new_account_does_not_have(stages) -> None:
    for name in STAGES:
        for function in stages(name).resources("AWS::Lambda::Function").values():
            assert "ReservedConcurrentExecutions" not in function


def test_chunks_and_messages_leave_functions_for_people(new_account: Stage) -> None:
    chunks = dict(states(machine(new_account)))["Chunks"]["MaxConcurrency"]
    messages = new_account.one("AWS::Lambda::EventSourceMapping")["ScalingConfig"]["MaximumConcurrency"]
    assert chunks <= QUOTA // 2
    assert messages == 2
    assert chunks + 2 + messages < QUOTA


def test_a_throttled_task_waits_for_a_long_time(new_account: Stage) -> None:
    for name, state in states(machine(new_account)):
        if state["Type"] == "Task":
            (busy,) = [it for it in state["Retry"] if "Lambda.TooManyRequestsException" in it["ErrorEquals"]]
            delays = [
                min(busy["IntervalSeconds"] * busy.get("BackoffRate", 2) ** attempt, busy["MaxDelaySeconds"])
                for attempt in range(busy["MaxAttempts"])
            ]
            assert sum(delays) / 2 > 20 * 60, name


@pytest.mark.parametrize(
    ("quota", "chunks", "videos"), [(10, 4, 1), (10, 2, 2), (100, 4, 14), (1000, 40, 23)]
)
def test_as_many_videos_are_processed_at_once_as_find_functions(quota: int, chunks: int, videos: int) -> None:
    stage: StageConfig = replace(STAGES["dev"], lambda_concurrency=quota, encode_concurrency=chunks)
    assert stage.videos_at_once == videos
