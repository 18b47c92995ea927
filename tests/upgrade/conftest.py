"""Fixtures of upgrade tests: two releases, one stage, and a drive that changes hands between them."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from client import Person
from releases import THIS, Release, Stage, previous_release, unpack

from local import deployment
from local.settings import Settings

MIB = 1024**2


class Drive:
    """A person's videos, one in every state, that somebody else may partly see."""

    def __init__(self, edge: str, make_clip: Callable[..., Path]) -> None:
        self.owner, self.visitor = Person(edge).sign_up("Ann"), Person(edge).sign_up("Bob")
        clip = make_clip("holiday.mp4", seconds=2)
        self.draft, self.public, self.trashed = (
            self.owner.upload(clip, f"{name}.mp4") for name in ("draft", "public", "trashed")
        )
        self.failed = self.owner.upload(b"Dear diary, " * 500, "diary.mp4")
        for video_id in (self.draft, self.public, self.trashed, self.failed):
            self.owner.settled(video_id)
        self.owner.ask("POST", f"/api/videos/{self.public}/publish")
        self.owner.ask("DELETE", f"/api/videos/{self.trashed}")
        free = (9 * MIB).to_bytes(4, "big") + b"free" + bytes(9 * MIB - 8)  # an MP4 box that holds nothing
        self.film = clip.read_bytes() + free
        self.upload = self.owner.start_upload("unfinished.mp4", len(self.film))
        self.owner.put_parts(self.upload, self.film, [1])
        self.unfinished: str = self.upload["video_id"]
        self.told: dict[Release, dict[str, Any]] = {}
        self.played: dict[Release, dict[str, str]] = {}

    def close(self) -> None:
        self.owner.close()
        self.visitor.close()

    def look(self) -> dict[str, Any]:
        """Ask for everything that the two can see."""
        me = self.owner.ask("GET", "/api/me")["id"]
        videos = (self.draft, self.public, self.trashed, self.failed, self.unfinished)
        own = ["me", "usage", "videos?limit=100", "trash", "uploads", "events?after=0"]
        own += [f"videos/{video_id}" for video_id in videos] + [f"uploads/{self.unfinished}"]
        shown = [
            "me",
            "explore?limit=100",
            f"users/{me}",
            f"users/{me}/videos",
            f"videos/{self.public}/watch",
        ]
        return {
            f"{name}: {path}": person.ask("GET", f"/api/{path}")
            for name, person, paths in (("owner", self.owner, own), ("visitor", self.visitor, shown))
            for path in paths
        }

    def play(self) -> dict[str, str]:
        """Fetch every byte of what is ready, as a player would; return the SHA-256 of each file."""
        played = {}
        for person, video_id in ((self.owner, self.draft), (self.visitor, self.public)):
            with tempfile.TemporaryDirectory() as folder:
                person.download(video_id, Path(folder))
                for file in Path(folder).rglob("*.*"):
                    name = f"{video_id}/{file.relative_to(folder)}"
                    played[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        return played


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="streamtime-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def previous(folder: Path) -> Release:
    here = Settings.from_environment()
    deployment.install_cdk(here)
    deployment.install_frontend(here)
    return unpack(previous_release(), folder / "previous")


@pytest.fixture(scope="session")
def stage(folder: Path, previous: Release) -> Iterator[Stage]:
    stage = Stage(previous, folder)
    try:
        stage.deploy()
        yield stage
    finally:
        stage.stop()


@pytest.fixture(scope="session", params=["upgraded", "rolled back", "upgraded again"])
def drive(
    request: pytest.FixtureRequest, stage: Stage, previous: Release, make_clip: Callable[..., Path]
) -> Iterator[Drive]:
    """Fill a drive under one release and hand it to the other; both tell and play what they find in it."""
    leaves, takes = (THIS, previous) if request.param == "rolled back" else (previous, THIS)
    stage.serve(leaves)
    drive = Drive(stage.settings.origin, make_clip)
    try:
        drive.told[leaves], drive.played[leaves] = drive.look(), drive.play()
        stage.serve(takes)
        drive.told[takes], drive.played[takes] = drive.look(), drive.play()
        yield drive
    finally:
        drive.close()


@pytest.fixture
def schema(stage: Stage) -> str:
    """Return the revision that the database is at."""
    with psycopg.connect(stage.status["database_dsn"]) as connection:
        ((revision,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    return revision
