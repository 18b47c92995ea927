"""Which pictures of a video there are, and which one its owner chose."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("videos", sa.Column("poster_revision", sa.BigInteger(), nullable=True))
    op.add_column("videos", sa.Column("poster_times", postgresql.JSONB(), nullable=True))
    op.add_column("videos", sa.Column("poster_at_ms", sa.BigInteger(), nullable=True))
    op.add_column("videos", sa.Column("poster_wanted_ms", sa.BigInteger(), nullable=True))
