"""How ffmpeg and ffprobe may touch an upload, and what it means when they fail.

An upload is opened by the one demuxer its bytes call for and read over the one protocol of its address, so
that a playlist or a reference inside it leads nowhere. The process gets none of our environment (which
holds credentials) and a bounded time, and everything it started ends with it.
"""

import os
import re
import signal
import subprocess
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

MOST_LOG_BYTES = 64 * 1024
# Left of a function's time to report that ffmpeg took too long.
MARGIN_SECONDS = 10

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
    r"|Error while decoding|End of file|Function not implemented"
)

# A decoder's word for a picture beyond our limit or its own; an empty size is damage.
_TOO_LARGE = re.compile(r"Picture size [1-9]\d{3,}x[1-9]\d{3,} (is invalid|exceeds)")


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
    with subprocess.Popen(
        command,
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
            status = process.wait()
        finally:
            out_of_time.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if status:
        logger.warning("media tool failed", tool=Path(command[0]).name, status=status, log=log)
        blame(log, status)
    return log


def blame(log: str, status: int = 0) -> Never:
    """Tell the file that can never work from the attempt that may work next time."""
    if _TOO_LARGE.search(log):
        raise SourceRejectedError(FailureCode.TOO_LARGE)
    about_the_bytes = not status or (status > 0 and _BYTES_FAILED.search(log))
    if about_the_bytes and not lost_connection(log):
        raise SourceRejectedError(FailureCode.CORRUPT)
    raise MediaError(f"exit status {status}: {log[-500:]}")


def lost_connection(log: str) -> bool:
    """Tell whether reading broke off for good; a connection that was made anew is none of it."""
    return bool(_CONNECTION_FAILED.search(_RECONNECTED.sub("", log)))


def _end_of(stream: IO[bytes] | None) -> str:
    log = b""
    while stream and (said := stream.read(8192)):
        log = (log + said)[-MOST_LOG_BYTES:]
    return _SIGNATURE.sub(r"\1", log.decode(errors="replace")).strip()
