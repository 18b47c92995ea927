"""`./dev check`, `./dev test` and `./dev bench`: what they run, and how they sum it up."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import supervisor
from local.deployment import FRONTEND, NPM, install_frontend
from local.outputs import describe
from local.part import clean_environment
from local.progress import say
from local.settings import BIN, ROOT, Settings, StageError, free_port


@dataclass(frozen=True)
class Check:
    name: str
    command: Sequence[str]
    folder: Path = ROOT


CHECKS = (
    Check("Python lint", [str(BIN / "ruff"), "check", "--quiet", "--output-format=concise"]),
    Check("Python format", [str(BIN / "ruff"), "format", "--check", "--quiet"]),
    Check("Python types", [str(BIN / "mypy")]),
    Check("Python imports", [str(BIN / "lint-imports")]),
    Check("Frontend lint and types", [NPM, "run", "--silent", "check"], FRONTEND),
    Check("Frontend messages", [NPM, "run", "--silent", "messages:check"], FRONTEND),
    Check("Generated files", [sys.executable, "-m", "local.docs"]),
)
PYTHON = sys.executable
SUITES = ("unit", "stacks", "upgrade", "system", "browser")
NEED_A_STAGE = {"system", "browser"}
SIDE_BY_SIDE = {"unit", "stacks"}  # each process has a database of its own, and no stage
BENCH_WITHOUT_A_STAGE = {"coldstart", "library", "processing"}


def check(settings: Settings) -> None:
    """Run every check, whatever the others say."""
    install_frontend(settings)
    failed = [check.name for check in CHECKS if not _passes(check)]
    say(
        f"{len(CHECKS) - len(failed)} passed, {len(failed)} failed"
        + (f": {', '.join(failed)}" if failed else "")
    )
    if failed:
        raise SystemExit(1)


def _passes(check: Check) -> bool:
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=clean_environment(),
        cwd=check.folder,
    )
    verdict = "failed" if done.returncode else "ok"
    say(f"  {check.name:<28}{verdict:<8}{time.monotonic() - started:5.1f} s")
    if done.returncode:
        say(done.stdout.rstrip())
    return not done.returncode


def test(settings: Settings, suites: Sequence[str], arguments: Sequence[str]) -> None:
    """Run the named suites, or all of them; system and browser share one fresh stage."""
    chosen = suites or SUITES
    if unknown := set(chosen) - set(SUITES):
        raise StageError(f"There is no suite {', '.join(unknown)}; there are: {', '.join(SUITES)}")
    install_frontend(settings)
    failed = [
        suite for suite in chosen if suite not in NEED_A_STAGE and not _passes_suite(suite, arguments, {})
    ]
    if on_stage := [suite for suite in chosen if suite in NEED_A_STAGE]:
        with fresh_stage() as environment:
            failed += [suite for suite in on_stage if not _passes_suite(suite, arguments, environment)]
    if failed:
        say(f"Failed: {', '.join(failed)}")
        raise SystemExit(1)


def _passes_suite(suite: str, arguments: Sequence[str], environment: dict[str, str]) -> bool:
    """Run a suite with its output on the terminal; arguments, if any, are for its first program alone."""
    say(f"\n— {suite} —")
    processes = ["-n", "auto", "--dist", "worksteal"] if suite in SIDE_BY_SIDE else []
    commands = [([PYTHON, "-m", "pytest", f"tests/{suite}", *processes, *arguments], ROOT)]
    if suite == "browser":
        commands = [([str(BIN / "npx"), "playwright", "test", *arguments], FRONTEND)]
    if suite == "unit" and not arguments:
        commands.append(([NPM, "run", "--silent", "test"], FRONTEND))
    surroundings = os.environ | clean_environment() | environment
    codes = [
        subprocess.run(command, check=False, env=surroundings, cwd=folder).returncode
        for command, folder in commands
    ]
    return not any(codes)


@contextmanager
def fresh_stage() -> Iterator[dict[str, str]]:
    """Bring up a stage of its own on free ports; what tests need to know of it is in STREAMTIME_STATUS."""
    folder = Path(tempfile.mkdtemp(prefix="streamtime-"))
    settings = Settings(
        edge_port=free_port(), aws_port=free_port(), database_port=free_port(), data=folder / "stage"
    )
    try:
        say(f"\nA fresh local stage in {settings.data}")
        supervisor.up(settings, detach=True)
        status = folder / "status.json"
        status.touch(mode=0o600)
        status.write_text(json.dumps(describe(settings)))
        yield {"STREAMTIME_STATUS": str(status), "BASE_URL": settings.origin}
    finally:
        supervisor.down(settings)
        shutil.rmtree(folder)


def bench(settings: Settings, name: str, arguments: Sequence[str]) -> None:
    """Run a benchmark, against the running stage if it needs one."""
    if name not in (names := sorted(file.stem for file in (ROOT / "bench").glob("[!_]*.py"))):
        raise StageError(f"There is no benchmark {name!r}; there are: {', '.join(names)}")
    if name not in BENCH_WITHOUT_A_STAGE and not supervisor.is_ready(settings):
        raise StageError("This benchmark measures the running stage: ./dev up --detach first.")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as status:
        if name not in BENCH_WITHOUT_A_STAGE:
            json.dump(describe(settings), status)
            status.flush()
        environment = os.environ | {"STREAMTIME_STATUS": status.name}
        done = subprocess.run(
            [PYTHON, "-m", f"bench.{name}", *arguments], check=False, env=environment, cwd=ROOT
        )
    raise SystemExit(done.returncode)
