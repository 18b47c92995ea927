"""Finding and sorting: an index for each order of the drive, one for the trash, one for parts of words."""

from alembic import op

revision = "0007"
down_revision = "0006"

FUNCTIONS = (
    # What is compared in a search: one spelling of each character, without capitals.
    """
    CREATE OR REPLACE FUNCTION search_text(words text)
    RETURNS text LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(CASE WHEN words IS NFKC NORMALIZED THEN words ELSE normalize(words, NFKC) END)
    """,
    # Each letter and each pair of letters, as numbers that only this owner's videos share. The cost keeps the
    # planner from computing them row by row where the index has them.
    """
    CREATE OR REPLACE FUNCTION search_grams(owner uuid, words text)
    RETURNS bigint[] LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE COST 10000
    RETURN (
        SELECT array_agg(hashtextextended(letter, uuid_hash_extended(owner, 0)))
            || array_agg(hashtextextended(letter || next, uuid_hash_extended(owner, 0)))
               FILTER (WHERE next IS NOT NULL)
        FROM (SELECT string_to_array(search_text(words), NULL)) AS spelled(letters),
             LATERAL unnest(letters, letters[2:]) AS pairs(letter, next)
    )
    """,
)
LISTED = "trashed_at IS NULL AND purge_started_at IS NULL"
INDEXES = {
    "ix_videos_by_date": f"(owner_id, state, visibility, id) WHERE {LISTED}",
    "ix_videos_by_title": f"(owner_id, state, visibility, lower(title), id) WHERE {LISTED}",
    "ix_videos_by_size": f"(owner_id, state, visibility, (size_bytes + stored_bytes), id) WHERE {LISTED}",
    "ix_videos_by_length": f"(owner_id, state, visibility, coalesce(duration_ms, 0), id) WHERE {LISTED}",
    "ix_videos_trash": "(owner_id, trashed_at, id) WHERE trashed_at IS NOT NULL AND purge_started_at IS NULL",
    "ix_videos_search": (
        "USING gin (search_grams(owner_id, title || chr(10) || file_name || chr(10) || description)) "
        "WITH (fastupdate = off)"
    ),
}


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    with op.get_context().autocommit_block():  # the drive is read and written while the indexes grow
        for name, definition in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # of an attempt that was cut short
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON videos {definition}")
