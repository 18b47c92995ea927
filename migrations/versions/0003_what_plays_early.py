"""What plays before the ladder is there."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("videos", sa.Column("early_revision", sa.BigInteger(), nullable=True))
