"""When the watchdog looks whether all of an upload has arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("uploads", sa.Column("check_at", sa.DateTime(timezone=True), nullable=True))
