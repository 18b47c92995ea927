"""Which file a video was made of, so that the same one is noticed before it is sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("videos", sa.Column("fingerprint", sa.String(200), nullable=True))
    with op.get_context().autocommit_block():  # the drive is read and written while the index grows
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_videos_owner_id_fingerprint")  # of one cut short
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_videos_owner_id_fingerprint ON videos (owner_id, fingerprint)"
        )
