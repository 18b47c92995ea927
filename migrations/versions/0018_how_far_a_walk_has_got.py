"""How far the sweep has got in comparing the bucket with the tables."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "walks",
        sa.Column("shelf", sa.String(20), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("shelf"),
    )
