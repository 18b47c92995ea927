"""What tests share: a throw-away PostgreSQL with the real schema."""

from collections.abc import Iterator

import pytest

from functions.migrate.handler import upgrade
from local.postgres import Server


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server of its own for every test process, migrated like a stage's."""
    directory = tmp_path_factory.mktemp("postgres") / "data"
    with Server(directory, throw_away=True) as server:
        url = server.dsn.replace("postgresql://", "postgresql+psycopg://")
        upgrade(url)
        yield url
