"""Whether there are pictures to show while seeking."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("videos", sa.Column("has_storyboard", sa.Boolean(), nullable=True))
