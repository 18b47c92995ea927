"""Alembic's environment: migrations run on the connection that the caller holds."""

from alembic import context

from functions.core.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
