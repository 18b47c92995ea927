"""When a video goes to the trash by itself."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("ALTER TABLE videos ADD COLUMN IF NOT EXISTS trash_at timestamptz")
    with op.get_context().autocommit_block():  # the drive is read and written while the index grows
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_videos_trash_at")  # of an attempt that was cut short
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_videos_trash_at ON videos (trash_at) WHERE trash_at IS NOT NULL"
        )
