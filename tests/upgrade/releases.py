"""The release before this one, and a stage that either of them can run."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.settings import ROOT, Settings, free_port


def previous_release() -> str:
    """Name the commit of the release before this one.

    It is the newest version tag behind HEAD. Until there is one, it is the last code of the schema before:
    the commit before the newest migration came, or HEAD while that migration is not committed.
    """
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.fail(
            "This clone lacks the release before this one: git fetch --unshallow --tags", pytrace=False
        )
    if tags := git("tag", "--list", "v[0-9]*", "--merged=HEAD^", "--sort=-version:refname"):
        return tags.splitlines()[0]
    newest = max((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    added = git("log", "--diff-filter=A", "--format=%H", "--", str(newest.relative_to(ROOT)))
    return f"{added.splitlines()[-1]}^" if added else "HEAD"


def git(*arguments: str) -> str:
    return _git(*arguments).decode().strip()


def _git(*arguments: str) -> bytes:
    """Ask about this tree, even if somebody else owns it, as is usual in a container."""
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.fail(f"The upgrade tests need the repository's history: {done.stderr.decode()}", pytrace=False)
    return done.stdout


@dataclass(frozen=True)
class Release:
    """A source tree and the virtual environment that its code wants."""

    tree: Path
    packages: Path


THIS = Release(ROOT, ROOT / ".venv")


def unpack(commit: str, tree: Path) -> Release:
    """Unpack a commit, ready to run.

    It borrows what is installed here, if that is what it asks for; whatever else it needs it installs for
    itself, as it would anywhere.
    """
    tree.mkdir()
    subprocess.run(["tar", "-x", "-C", str(tree)], input=_git("archive", commit), check=True)
    for folder in (Path(), Path("frontend")):
        lock = folder / "package-lock.json"
        if (tree / lock).read_bytes() != (ROOT / lock).read_bytes():
            continue
        shutil.copy2(
            ROOT / lock, tree / lock
        )  # for its time: a lock file newer than the packages asks for them
        (tree / folder / "node_modules").mkdir()
        for package in (ROOT / folder / "node_modules").iterdir():
            if package.name != ".built":  # says which sources the built site is of
                (tree / folder / "node_modules" / package.name).symlink_to(package)
    packages = THIS.packages
    if not _python_packages(tree) <= _python_packages(ROOT):
        subprocess.run([str(tree / "dev"), "status"], check=True)
        packages = (tree / ".venv").rename(tree / ".venv-own")
    (tree / ".venv").symlink_to(packages)
    return Release(tree, packages)


def _python_packages(tree: Path) -> set[str]:
    files = (tree / "requirements.txt", tree / "functions" / "requirements.txt")
    return {line for file in files for line in file.read_text().splitlines() if "==" in line}


class Stage:
    """A local stage that the release before set up, and that is served by one release at a time.

    As on AWS nothing stops while one is deployed over the other: uploads, sessions and sockets stay open.
    """

    def __init__(self, previous: Release, folder: Path) -> None:
        self.settings = Settings(
            edge_port=free_port(), aws_port=free_port(), database_port=free_port(), data=folder / "stage"
        )
        self.status_file = folder / "status.json"
        self._platform = self._serving = previous

    def serve(self, release: Release) -> None:
        """Deploy a release over the other; functions take their packages from where the emulator runs."""
        if release == self._serving:
            return
        link = self._platform.tree / ".venv"
        link.with_name(".venv-next").symlink_to(release.packages)
        link.with_name(".venv-next").replace(link)
        self._serving = release
        self.deploy()

    def deploy(self) -> None:
        self.run("-m", "local", "up", "--detach")
        self.status_file.touch(mode=0o600)
        self.status_file.write_text(self.run("-m", "local", "status", "--json"))

    def stop(self) -> None:
        self.run("-m", "local", "down")

    @property
    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.status_file.read_text())
        return status

    def run(self, *arguments: str) -> str:
        """Run Python in the tree of the release that serves, and return what it says."""
        done = subprocess.run(
            [str(self._serving.tree / ".venv" / "bin" / "python"), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | self.settings.environment | {"STREAMTIME_STATUS": str(self.status_file)},
            cwd=self._serving.tree,
        )
        said = f"{' '.join(arguments)} in {self._serving.tree}:\n{done.stdout}\n{done.stderr}"
        assert not done.returncode, said
        return done.stdout
