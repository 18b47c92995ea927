"""What a session's token was until a moment ago: requests are under way while it changes."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("token_hash_before", sa.String(64), nullable=True))
    op.add_column("sessions", sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_sessions_token_hash_before"), "sessions", ["token_hash_before"])
