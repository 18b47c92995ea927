"""Removing what is stored, and proving it."""

from datetime import datetime
from uuid import UUID

from functions.core.keys import media_prefix, source_key, work_prefix
from functions.core.storage import MediaStorage, MissingObjectError


def _prefixes(video_id: UUID) -> tuple[str, ...]:
    return source_key(video_id), media_prefix(video_id), work_prefix(video_id)


def last_stored(storage: MediaStorage, video_id: UUID) -> datetime | None:
    """Return when something of the video was stored last, or an upload opened; None if there is nothing."""
    moments = [storage.last_change(prefix) for prefix in _prefixes(video_id)]
    return max((moment for moment in moments if moment is not None), default=None)


def remove_all(storage: MediaStorage, video_id: UUID) -> int:
    """Remove all that is stored of the video, as `erase` does; return how many objects that was."""
    return erase(storage, *_prefixes(video_id))


def erase(storage: MediaStorage, *prefixes: str) -> int:
    """Remove every version of every object and every open upload under the prefixes; return how many objects.

    Raises OSError if something is left.
    """
    removed = 0
    for prefix in prefixes:
        abort_uploads(storage, prefix)
        removed += storage.erase(prefix)
    for prefix in prefixes:
        if [*storage.versions(prefix), *storage.open_uploads(prefix)]:
            raise OSError(f"{prefix} is not empty yet")
    return removed


def remove(storage: MediaStorage, prefix: str) -> None:
    """Remove what is stored under the prefix now."""
    abort_uploads(storage, prefix)
    storage.delete(key for key, _ in storage.keys(prefix))


def abort_uploads(storage: MediaStorage, prefix: str) -> None:
    for key, upload_id in storage.open_uploads(prefix):
        storage.abort_upload(key, upload_id)


def is_there(storage: MediaStorage, key: str) -> bool:
    try:
        return storage.size(key) > 0
    except MissingObjectError:
        return False
