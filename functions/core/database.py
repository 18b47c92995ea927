"""The database: one pooled connection a process, and `transaction()`, which commits or rolls back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from functions.core.aws import client
from functions.core.observability import logger
from functions.core.settings import settings

# An idle connection keeps Aurora from pausing, so the server closes it; nothing may run or wait for long.
SESSION_OPTIONS = " ".join(
    f"-c {name}={milliseconds}"
    for name, milliseconds in {
        "statement_timeout": 8_000,
        "lock_timeout": 3_000,
        "idle_in_transaction_session_timeout": 30_000,
        "idle_session_timeout": 60_000,
    }.items()
)


RDS_ROOTS = Path(__file__).with_name("rds-ca.pem")
"""Amazon's own roots for RDS, of every region: no public authority signs the servers' certificates."""


def connection_security() -> dict[str, str]:
    """Return the options that make sure of the server, on stages whose database is Aurora."""
    if not settings().database_iam_auth:
        return {}
    return {"sslmode": "verify-full", "sslrootcert": str(RDS_ROOTS)}


@cache
def engine() -> Engine:
    """Make the engine at first use (never at import: a snapshot must not hold a connection)."""
    configured = create_engine(
        settings().database_url,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=8,
        connect_args={"connect_timeout": 8, "options": SESSION_OPTIONS, **connection_security()},
    )
    if settings().database_iam_auth:
        _sign_in_with_iam(configured)
    return configured


def _sign_in_with_iam(configured: Engine) -> None:
    server = urlsplit(settings().database_url)

    @event.listens_for(configured, "do_connect")
    def add_token(_dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]) -> None:
        parameters["password"] = client("rds").generate_db_auth_token(
            DBHostname=server.hostname, Port=server.port or 5432, DBUsername=server.username
        )


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a session that commits when the block ends well and rolls back when it doesn't.

    It connects with the first statement: a block that asks nothing does not wake the database.
    """
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Call `act` once the transaction is committed, and not at all if it isn't.

    What happens then can't undo the change any more, so a failure is logged and left to the watchdog.
    """

    @event.listens_for(session, "after_commit")
    def run(_session: Session) -> None:
        if session.in_nested_transaction():
            return  # only a part of it is done
        try:
            act()
        except Exception:  # noqa: BLE001 (whatever it is, the commit stands)
            logger.exception("The step after a commit failed")
