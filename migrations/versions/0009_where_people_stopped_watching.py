"""Where people stopped watching, and what one of them published."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.get_context().autocommit_block():  # the drive is read and written while the index grows
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_videos_shelf")  # of an attempt that was cut short
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_videos_shelf ON videos (owner_id, visibility, published_at, id)"
        )
    op.create_table(
        "progress",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("position_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "video_id"),
    )
    op.create_index(op.f("ix_progress_video_id"), "progress", ["video_id"], unique=False)
