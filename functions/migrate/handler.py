"""CloudFormation custom resource: brings the database to this build's schema before the functions serve."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from aws_lambda_powertools.utilities.typing import LambdaContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from functions.core import custom_resource
from functions.core.aws import client
from functions.core.database import connection_security
from functions.core.observability import logger, observed
from functions.core.settings import settings

MIGRATIONS = Path(__file__).parents[2] / "migrations"
WAKE_SECONDS = 90
TURN_SECONDS = 600
LOCK = 7_273_846  # any number, the same for every run: only one migration at a time


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> None:
    """Answer CloudFormation whatever happens, or the deployment would wait for an hour."""
    try:
        if event["RequestType"] != "Delete":
            upgrade(_owner_url())
    except Exception as error:  # noqa: BLE001 (see above)
        logger.exception("Migration failed")
        custom_resource.respond(
            event, "FAILED", {}, f"The migration failed: {type(error).__name__}. See its log."
        )
    else:
        custom_resource.respond(event, "SUCCESS", {}, "")


def upgrade(url: str) -> None:
    """Upgrade to this build's newest revision.

    A database that is ahead of this build is left alone: each release's schema serves the release before it
    too, and a deployment that is being rolled back must not fail here.
    """
    engine = create_engine(
        url, connect_args={"connect_timeout": 10, "options": "-c lock_timeout=5000", **connection_security()}
    )
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(configuration).walk_revisions()}
    with ExitStack() as at_end:
        at_end.callback(engine.dispose)
        connection = at_end.enter_context(_awake(engine))
        _wait_for_turn(connection)
        if settings().database_iam_auth:
            _let_functions_in(connection)
        revision = _revision(connection)
        connection.commit()
        if revision is not None and revision not in known:
            logger.warning("The database is newer than this build and is left as it is", revision=revision)
            return
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def _awake(engine: Any) -> Connection:
    """Connect, waiting for a paused database to resume."""
    deadline = time.monotonic() + WAKE_SECONDS
    while True:
        try:
            connection: Connection = engine.connect()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(2)
        else:
            return connection


def _wait_for_turn(connection: Connection) -> None:
    """Take the lock, which goes with the connection.

    It is asked for again and again: whoever waits inside a statement is waited for by an index that grows
    concurrently, and both would wait for ever.
    """
    deadline = time.monotonic() + TURN_SECONDS
    while not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}).scalar():
        connection.commit()
        if time.monotonic() > deadline:
            raise TimeoutError("Another migration has been running for too long.")
        time.sleep(1)
    connection.commit()


def _revision(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _let_functions_in(connection: Connection) -> None:
    """Make the role the functions sign in as with IAM: it may use the tables and change none of them."""
    role = urlsplit(settings().database_url).username
    if (
        connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar()
        is None
    ):
        connection.execute(text(f'CREATE ROLE "{role}" LOGIN'))
    use = "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES"
    for grant in (
        f'GRANT rds_iam TO "{role}"',
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA public {use} TO "{role}"',
    ):
        connection.execute(text(grant))


def _owner_url() -> str:
    """Return the database's address with its owner's credentials: from the secret, where there is one."""
    if not settings().database_secret_arn:
        return settings().database_url
    secret = json.loads(
        client("secretsmanager").get_secret_value(SecretId=settings().database_secret_arn)["SecretString"]
    )
    scheme, netloc, path, *_ = urlsplit(settings().database_url)
    owner = f"{quote(secret['username'], safe='')}:{quote(secret['password'], safe='')}"
    return urlunsplit((scheme, f"{owner}@{netloc.rpartition('@')[2]}", path, "", ""))
