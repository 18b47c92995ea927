"""Bringing the local stage up, keeping it up, and taking it down."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import httpx

from local.deployment import deploy
from local.emulator import emulator
from local.part import Part, hold, living_pid, pid_file, stop_process, write_pid
from local.postgres import Server
from local.progress import say, step
from local.settings import ROOT, VARIABLES, Settings, StageError, is_listening

SUPERVISOR = "supervisor"
PARTS = ("postgres", "emulator", "edge")
READY = "ready"


class StoppedError(BaseException):
    """The person, or the system, wants the stage to end."""


def up(settings: Settings, *, detach: bool) -> None:
    if living_pid(pid_file(settings, SUPERVISOR)):
        _refresh(settings)
    elif detach:
        _detach(settings)
    else:
        _supervise(settings)


def down(settings: Settings) -> None:
    stopped = stop_process(pid_file(settings, SUPERVISOR))
    stopped |= _stop_leftovers(settings)
    say("StreamTime is down." if stopped else "StreamTime was not up.")


def reset(settings: Settings) -> None:
    down(settings)
    if settings.data.exists() and not (settings.data / "run").exists():
        raise StageError(
            f"{settings.data} does not look like a data directory of StreamTime: nothing removed."
        )
    shutil.rmtree(settings.data, ignore_errors=True)
    say(f"Removed {settings.data}: accounts, videos and all.")


def states(settings: Settings) -> dict[str, dict[str, int | str | None]]:
    """Tell of each part which process it is and whether it runs."""
    pids = {name: living_pid(pid_file(settings, name)) for name in (SUPERVISOR, *PARTS)}
    return {name: {"pid": pid, "state": "running" if pid else "stopped"} for name, pid in pids.items()}


def is_ready(settings: Settings) -> bool:
    return (settings.data / "run" / READY).exists() and living_pid(pid_file(settings, SUPERVISOR)) is not None


def _supervise(settings: Settings) -> None:
    """Run the stage in this process until it is told to stop or a part ends."""
    started = time.monotonic()
    ready = settings.data / "run" / READY
    parts: list[Part] = []
    with hold(pid_file(settings, SUPERVISOR)) as lock, _signals_raise():
        ready.unlink(missing_ok=True)
        write_pid(lock, os.getpid())
        try:
            _stop_leftovers(settings)
            _check_ports(settings)
            _start(settings, parts)
            say(f"\nStreamTime is up after {time.monotonic() - started:.0f} s: {settings.origin}")
            say("Sign up there with any address; the page shows the code. Stop with Ctrl-C or ./dev down.")
            ready.touch()
            while True:
                time.sleep(0.5)
                for part in parts:
                    part.check()
        except StoppedError:
            say()
        except StageError as error:
            say(f"\n{error}")
            raise SystemExit(1) from error
        finally:
            ready.unlink(missing_ok=True)
            _stop(parts)


def _start(settings: Settings, parts: list[Part]) -> None:
    server = Server(
        settings.data / "postgres", settings.database_port, password=settings.secrets.database_password
    )
    with step("Starting PostgreSQL"):
        server.initialise()
        _start_part(server.part, parts)
    with step("Starting the AWS emulator"):
        _start_part(emulator(settings), parts)
    deploy(settings)
    with step("Starting the edge"):
        _start_part(edge(settings), parts)
    with step("Waiting for the API"):
        _wait_for_api(settings)


def _start_part(part: Part, parts: list[Part]) -> None:
    parts.append(part)
    part.start()


def edge(settings: Settings) -> Part:
    return Part(
        name="edge",
        command=[sys.executable, "-m", "local.edge"],
        settings=settings,
        is_ready=lambda: is_listening(settings.edge_port),
        environment=settings.environment,
    )


def _wait_for_api(settings: Settings, timeout: float = 60) -> None:
    """Wait for the first answer: it starts the function, so that the first person needn't."""
    deadline = time.monotonic() + timeout
    while True:
        answer = httpx.get(f"{settings.origin}/api/health", timeout=timeout, trust_env=False)
        if answer.is_success:
            return
        if time.monotonic() > deadline:
            raise StageError(f"The API answers {answer.status_code}. Try ./dev logs api\n{answer.text}")
        time.sleep(0.2)


def _stop_leftovers(settings: Settings) -> bool:
    """Stop what a killed supervisor left running."""
    stopped = [stop_process(pid_file(settings, name)) for name in reversed(PARTS)]
    return any(stopped)


def _stop(parts: list[Part]) -> None:
    """Stop in the reverse order of starting; no second Ctrl-C may cut short the saving of state."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for part in reversed(parts):
        with step(f"Stopping {part.name}"):
            part.stop()


def _check_ports(settings: Settings) -> None:
    for field in ("edge_port", "aws_port", "database_port"):
        port = getattr(settings, field)
        if is_listening(port):
            raise StageError(
                f"Port {port} is taken by another program. Stop it, or choose another one: "
                f"{VARIABLES[field]}=<port> ./dev up"
            )


def _refresh(settings: Settings) -> None:
    if not is_ready(settings):
        raise StageError("StreamTime is just starting or stopping; see ./dev logs supervisor")
    deploy(settings)
    say(f"StreamTime is up: {settings.origin}")


def _detach(settings: Settings) -> None:
    """Start a supervisor in the background and show what it says until the stage is ready."""
    log = settings.log(SUPERVISOR)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "local", "up"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | settings.environment,
            cwd=ROOT,
            start_new_session=True,
        )
    with log.open(encoding="utf-8") as said:
        try:
            while supervisor.poll() is None and not is_ready(settings):
                time.sleep(0.1)
                print(said.read(), end="", flush=True)
        except KeyboardInterrupt:
            supervisor.terminate()
            supervisor.wait()
        print(said.read(), end="", flush=True)
    if supervisor.poll() is not None:
        raise SystemExit(1)


@contextmanager
def _signals_raise() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise StoppedError

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield
