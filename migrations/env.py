"""Alembic's environment: migrations run on the connection that the caller holds, each in a transaction."""

from alembic import context

from functions.core.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
