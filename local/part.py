"""A part of the local stage: one process with a name, a log and a lock that tells whether it lives."""

import fcntl
import os
import pwd
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from local.settings import BIN, ROOT, Settings, StageError

PASSED_ON = ("HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
STOP = signal.SIGINT  # every part ends in good order on it; PostgreSQL would wait for its clients on SIGTERM
POLL_SECONDS = 0.05


@dataclass(kw_only=True)
class Part:
    name: str
    command: Sequence[str]
    settings: Settings
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: pwd.struct_passwd | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        return self.settings.log(self.name)

    def start(self, *, timeout: float = 60) -> None:
        """Start the process and return when it is ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with hold(pid_file(self.settings, self.name)) as lock, self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=clean_environment() | dict(self.environment),
                cwd=ROOT,
                user=self.user.pw_uid if self.user else None,
                group=self.user.pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops its parts in order
            )
            write_pid(lock, self._process.pid)
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise StageError(f"{self.name} was not ready after {timeout:.0f} s. {self.last_words()}")
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raise if the process has ended."""
        if self._process is not None and (code := self._process.poll()) is not None:
            raise StageError(f"{self.name} ended by itself (exit code {code}). {self.last_words()}")

    def stop(self, *, timeout: float = 60) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(STOP)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        return f"The end of {self.log}:\n{tail(self.log, 20)}"


def pid_file(settings: Settings, name: str) -> Path:
    return settings.data / "run" / f"{name}.pid"


@contextmanager
def hold(file: Path, *, patience: float = 1) -> Iterator[TextIO]:
    """Lock a pid file; the lock lasts until every process that inherited the open file has ended.

    So a file left by a crash, or a pid that the system has given to somebody else, fools nobody. Raises
    BlockingIOError while another process holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="ascii") as held:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # or somebody is just looking, in `living_pid`
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL_SECONDS)
        yield held


def write_pid(held: TextIO, pid: int) -> None:
    held.truncate(0)
    held.write(str(pid))
    held.flush()


def living_pid(file: Path) -> int | None:
    """Tell which process holds this pid file, if one does."""
    if not file.exists():
        return None
    try:
        with hold(file, patience=0):
            return None
    except BlockingIOError:
        return int(file.read_text(encoding="ascii") or 0) or None


def stop_process(file: Path, *, timeout: float = 90) -> bool:
    """Stop the process that holds this pid file and wait for its end; False if there is none."""
    if (pid := living_pid(file)) is None:
        return False
    os.kill(pid, STOP)
    deadline = time.monotonic() + timeout
    while living_pid(file) is not None:
        if time.monotonic() > deadline:
            raise StageError(f"{file.stem} (process {pid}) did not end within {timeout:.0f} s.")
        time.sleep(POLL_SECONDS)
    return True


def clean_environment() -> dict[str, str]:
    """Only what a program needs to run: no secret of the person's shell reaches a part or a function."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {"PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}", "PYTHONUNBUFFERED": "1"}


def tail(file: Path, lines: int) -> str:
    if not file.exists():
        return "(nothing was logged)"
    with file.open(encoding="utf-8", errors="replace") as text:
        return "".join(deque(text, maxlen=lines)).rstrip()
