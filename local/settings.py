"""Where the local stage lives: its ports, its data directory and the secrets made for it once."""

import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
REGION = "us-east-1"
ACCOUNT = "000000000000"

VARIABLES = {
    "edge_port": "STREAMTIME_EDGE_PORT",
    "aws_port": "STREAMTIME_AWS_PORT",
    "database_port": "STREAMTIME_DATABASE_PORT",
    "data": "STREAMTIME_DATA",
}


class StageError(RuntimeError):
    """What is wrong with the local stage, in words for the person who runs it."""


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Made once per data directory; nobody outside this machine ever needs them."""

    database_password: str
    access_key_id: str
    secret_access_key: str

    @classmethod
    def make(cls) -> "Secrets":
        return cls(
            database_password=secrets.token_hex(24),
            access_key_id="AKIA" + secrets.token_hex(8).upper(),
            secret_access_key=secrets.token_hex(24),
        )


@dataclass(frozen=True, kw_only=True)
class Settings:
    edge_port: int = 8000
    aws_port: int = 4566
    database_port: int = 54320
    data: Path = ROOT / ".local"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        given = {field: environment[name] for field, name in VARIABLES.items() if environment.get(name)}
        data = Path(given.pop("data", ROOT / ".local"))
        settings = cls(
            data=(ROOT / data).resolve(), **{field: _port(field, text) for field, text in given.items()}
        )
        ports = [settings.edge_port, settings.aws_port, settings.database_port]
        if len(set(ports)) < len(ports):
            raise StageError(f"The three ports must differ; they are {ports}.")
        return settings

    @property
    def environment(self) -> dict[str, str]:
        """The variables that give another process these same settings."""
        return {VARIABLES[field.name]: str(getattr(self, field.name)) for field in fields(self)}

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.edge_port}"

    @property
    def aws_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def database_dsn(self) -> str:
        password = self.secrets.database_password
        return f"postgresql://streamtime:{password}@127.0.0.1:{self.database_port}/streamtime"

    @property
    def aws_environment(self) -> dict[str, str]:
        """What an AWS client needs to speak to the emulator as its root user."""
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.secrets.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secrets.secret_access_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def outputs_file(self) -> Path:
        return self.data / "outputs.json"

    def log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    @cached_property
    def secrets(self) -> Secrets:
        file = self.data / "secrets.json"
        if not file.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            made = file.with_suffix(f".{os.getpid()}")
            made.touch(mode=0o600)
            made.write_text(json.dumps(vars(Secrets.make())))
            made.replace(file)
        return Secrets(**json.loads(file.read_text()))


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _port(field: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        raise StageError(f"{VARIABLES[field]} must be a port number, not {text!r}.")
    return int(text)
