"""Alembic migrations: forward only, each usable by the release before."""
