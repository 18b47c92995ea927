"""How ffmpeg and ffprobe may touch an upload, and what it means when they fail.

An upload is opened by the one demuxer its bytes call for and read over the one protocol of its address, so
that a playlist or a reference inside it leads nowhere. The process gets none of our environment (which
holds credentials) and a bounded share of the function's time, memory and disk, and everything it started
ends with it.
"""

import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Never
from urllib.parse import urlsplit

import certifi
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.observability import logger
from functions.core.settings import settings

MOST_LOG_CHARACTERS = 64 * 1024
# Left of a function's time to report that ffmpeg took too long.
MARGIN_SECONDS = 10
# Left of a function's memory to the function itself.
OWN_MEGABYTES = 256
# What Lambda gives one processor for (Developer Guide, "Configure Lambda function memory"), and how many it
# shows to a smaller function too: tools start threads, each with its own memory, by what they see.
MEGABYTES_A_PROCESSOR, FEWEST_PROCESSORS = 1769, 2
# A tool that computes for all of its time is stopped a little before that, and told from one that waits.
SHARE_OF_TIME = 0.9
# The clock by which the kernel stops it and the one by which it tells of it differ a little.
NEARLY = 0.9

# The shell sets the limits of its own process and then becomes the tool: nothing runs without them, and no
# thread of ours is forked. Only a limit above the one in force is refused; then that one holds. A thread's
# stack counts as memory, and takes 2 MB instead of 8.
_LIMITED = (
    'ulimit -s 2048; ulimit -d "$1"; ulimit -t "$2"; ulimit -f "$3"; shift 3; exec /usr/bin/env -i "$@"'
)

_RECONNECT = {
    "rw_timeout": 30_000_000,
    "reconnect": 1,
    "reconnect_on_network_error": 1,
    "reconnect_on_http_error": "5xx",
    "reconnect_delay_max": 5,
}
_PROTOCOLS: Mapping[str, dict[str, Any]] = {
    # No build of ffmpeg knows a certificate authority of its own.
    "https": {
        "protocol_whitelist": "https,tls,tcp",
        "tls_verify": 1,
        "ca_file": certifi.where(),
        **_RECONNECT,
    },
    "http": {"protocol_whitelist": "http,tcp", **_RECONNECT},
}

_CONNECTION_FAILED = re.compile(
    r"Input/output error|Connection (reset|refused|timed out)|Stream ends prematurely|Operation timed out"
    r"|HTTP error (?!416)|Server returned (?!416)|Failed to resolve|error in the (pull|push) function"
)
# What was wrong, then that it is being mended; the last failed attempt has no second line.
_RECONNECTED = re.compile(r"^.*\n.*Will reconnect.*$", re.MULTILINE)
# Tools repeat the address they read from, and its query is the signature that opens it.
_SIGNATURE = re.compile(r"(https?://[^\s?]+)\?[^\s:]+")
_BYTES_FAILED = re.compile(
    r"Invalid data found|partial file|moov atom not found|could not find codec parameters"
    r"|Error while decoding|End of file|Function not implemented|invalid dropping|unknown timestamp"
)

# A decoder's word for a picture beyond our limit or its own; an empty size is damage.
_TOO_LARGE = re.compile(r"Picture size [1-9]\d{3,}x[1-9]\d{3,} (is invalid|exceeds)|No space left on device")
# A damaged number may ask for too much memory now and then; what has none left says so without end.
_NO_MEMORY = re.compile(r"[Aa]llocate memory|malloc of size|pthread_create|get_buffer\(\) failed")
MOST_COMPLAINTS = 50


class MediaError(Exception):
    """A failure that may pass (a connection, the time, the memory): the step is tried again."""


@dataclass(frozen=True)
class Upload:
    """Someone's file: where it is read, and by which demuxer."""

    url: str
    demuxer: str

    def options(self) -> dict[str, Any]:
        """Return the input options without which ffmpeg or ffprobe never sees an upload."""
        protocols = _PROTOCOLS[urlsplit(self.url).scheme]
        # AVI and MPEG-PS note when a picture is decoded, not always when it is shown.
        return {"f": self.demuxer, "format_whitelist": self.demuxer, "fflags": "+genpts", **protocols}


def budget(context: LambdaContext) -> float:
    """Return the seconds that this call may still spend in ffmpeg."""
    return context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS


def run(command: Sequence[str], *, seconds: float, answer: IO[bytes] | None = None) -> str:
    """Run `command` and return the end of its log; what it prints goes to `answer`."""
    limits = _Limits.of(seconds)
    with subprocess.Popen(
        ["/bin/sh", "-c", _LIMITED, "sh", *limits.for_shell, *command],
        stdin=subprocess.DEVNULL,
        stdout=answer or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={},
        start_new_session=True,
    ) as process:
        out_of_time = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
        out_of_time.start()
        try:
            log = _end_of(process.stderr)
            _, ended, used = os.wait4(process.pid, 0)
            process.returncode = status = os.waitstatus_to_exitcode(ended)
        finally:
            out_of_time.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if status:
        logger.warning("media tool failed", tool=Path(command[0]).name, status=status, log=log)
        computed = used.ru_utime + used.ru_stime
        stopped = status == -signal.SIGKILL and computed >= NEARLY * limits.seconds
        if status == -signal.SIGXFSZ or stopped:
            raise SourceRejectedError(FailureCode.TOO_LARGE)
        blame(log, status)
    return log


@dataclass(frozen=True)
class _Limits:
    """What one process may use: bytes of memory, seconds of all processors, bytes of each file it writes."""

    memory: int
    seconds: int
    file: int

    @classmethod
    def of(cls, seconds: float) -> "_Limits":
        megabytes = settings().aws_lambda_function_memory_size
        threads = max(1, (os.cpu_count() or 1) / FEWEST_PROCESSORS)
        return cls(
            memory=round((megabytes - OWN_MEGABYTES) * 1024**2 * threads),
            seconds=max(1, math.ceil(SHARE_OF_TIME * seconds * megabytes / MEGABYTES_A_PROCESSOR)),
            file=shutil.disk_usage(tempfile.gettempdir()).free,
        )

    @property
    def for_shell(self) -> tuple[str, str, str]:
        """Return them in the shell's units: kilobytes, seconds, blocks of 512 bytes."""
        return str(self.memory // 1024), str(self.seconds), str(self.file // 512)


def blame(log: str, status: int = 0) -> Never:
    """Tell the file that can never work from the attempt that may work next time."""
    if _TOO_LARGE.search(log) or _NO_MEMORY.search(log):
        raise SourceRejectedError(FailureCode.TOO_LARGE)
    about_the_bytes = not status or (status > 0 and _BYTES_FAILED.search(log))
    if about_the_bytes and not lost_connection(log):
        raise SourceRejectedError(FailureCode.CORRUPT)
    raise MediaError(f"exit status {status}: {log[-500:]}")


def lost_connection(log: str) -> bool:
    """Tell whether reading broke off for good; a connection that was made anew is none of it."""
    return bool(_CONNECTION_FAILED.search(_RECONNECTED.sub("", log)))


def _end_of(stream: IO[bytes] | None) -> str:
    log = ""
    while stream and (said := stream.read(8192)):
        log = (log + said.decode(errors="replace"))[-MOST_LOG_CHARACTERS:]
        if len(_NO_MEMORY.findall(log)) > MOST_COMPLAINTS:
            raise SourceRejectedError(FailureCode.TOO_LARGE)
    return _SIGNATURE.sub(r"\1", log).strip()
