"""Telling the person at the terminal what happens, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    print(text, flush=True)


@contextmanager
def step(doing: str) -> Iterator[None]:
    """Print one line: what is being done, then the time it took."""
    print(f"  {doing} … ", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say("failed")
        raise
    say(f"{time.monotonic() - started:.1f} s")
