"""When a video will be ready."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("videos", sa.Column("encoding_started_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("videos", sa.Column("ready_expected_at", sa.DateTime(timezone=True), nullable=True))
