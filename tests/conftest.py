"""What tests share: a throw-away PostgreSQL with the real schema, and clips made to measure."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from functions.migrate.handler import upgrade
from local.postgres import Server

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Return a function that has a figure people ask for printed when all tests have run."""
    return lambda text: record_property("figure", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = [
        text
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, text in report.user_properties
        if name == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
    for text in figures:
        terminalreporter.line(text)


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server of its own for every test process, migrated like a stage's."""
    directory = tmp_path_factory.mktemp("postgres") / "data"
    with Server(directory, throw_away=True) as server:
        url = server.dsn.replace("postgresql://", "postgresql+psycopg://")
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes a clip with ffmpeg: a moving picture, and a tone unless it is silent."""
    directory = tmp_path_factory.mktemp("clips")

    def make(name: str, *codecs: str, size: str = "640x360", seconds: float = 6, sound: bool = True) -> Path:
        path = directory / name
        picture = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30:duration={seconds}"]
        tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"] if sound else []
        chosen = codecs or ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
        subprocess.run(
            [FFMPEG, "-v", "error", "-y", *picture, *tone, "-pix_fmt", "yuv420p", *chosen, str(path)],
            check=True,
        )
        return path

    return make
