"""When an account ends that its owner, or an administrator, has given up."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("users", sa.Column("delete_at", sa.DateTime(timezone=True), nullable=True))
