"""Migrations: models and migrations agree, a second run changes nothing, a newer database is left alone."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from functions.core import custom_resource, database
from functions.core.settings import settings
from functions.migrate import handler as migrate

EVENT = {
    "RequestType": "Create",
    "ResponseURL": "http://127.0.0.1:9/",
    "StackId": "s",
    "RequestId": "r",
    "LogicalResourceId": "Run",
}


@pytest.fixture
def answers(monkeypatch):
    given = []
    monkeypatch.setattr(
        custom_resource, "respond", lambda _event, status, _data, reason: given.append((status, reason))
    )
    return given


def test_models_and_migrations_agree(database_url):
    engine = create_engine(database_url)
    configuration = Config()
    configuration.set_main_option("script_location", str(migrate.MIGRATIONS))
    with engine.connect() as connection:
        configuration.attributes["connection"] = connection
        command.check(configuration)
    engine.dispose()


def test_migrating_twice_succeeds(answers, lambda_context):
    migrate.handle(EVENT, lambda_context)
    migrate.handle(EVENT | {"RequestType": "Update"}, lambda_context)
    assert answers == [("SUCCESS", "")] * 2


def test_a_database_ahead_of_this_build_is_left_as_it_is(database_url, answers, lambda_context):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        migrate.handle(EVENT, lambda_context)
        assert answers == [("SUCCESS", "")]
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": before})
        engine.dispose()


def test_a_migration_that_fails_tells_cloudformation(answers, monkeypatch, lambda_context):
    monkeypatch.setattr(migrate, "upgrade", lambda _url: 1 / 0)
    migrate.handle(EVENT, lambda_context)
    assert answers[0][0] == "FAILED"
    assert "ZeroDivisionError" in answers[0][1]


def test_a_connection_to_aurora_trusts_amazons_roots_and_no_other(monkeypatch):
    assert database.connection_security() == {}
    monkeypatch.setenv("DATABASE_IAM_AUTH", "true")
    settings.cache_clear()
    security = database.connection_security()
    assert security["sslmode"] == "verify-full"
    roots = Path(security["sslrootcert"]).read_text()
    assert roots.count("BEGIN CERTIFICATE") > 80
