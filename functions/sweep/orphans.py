"""Objects without a row, and rows without their objects: found by walking along the bucket, and healed.

Every night the walk goes on where it ended, some thousands of names further, and begins anew at the end. What
it finds is only suspected: each video is looked at by itself, by a job that looks again.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from functions.core import events, processing
from functions.core.database import transaction
from functions.core.errors import FailureCode
from functions.core.journal import Journal, Visit
from functions.core.keys import MEDIA, SOURCE, WORK
from functions.core.models import AuditAction, VideoState, now
from functions.core.observability import MetricUnit, logger, metrics
from functions.core.repositories import AuditRepository, VideoRepository, WalkRepository
from functions.core.storage import MediaStorage
from functions.sweep.removal import is_there, last_stored, remove_all

NAMES = 500  # asked for at once
PAGES = 20  # of each shelf a night
ENOUGH = 500  # found on a shelf in a night: the others are found the next time round

YOUNGEST = timedelta(hours=24)
UNEXPLAINED = timedelta(days=35)
"""What nobody is known to have deleted stays for so long: a database that came from a backup lacks the rows
of what is newer, and no backup is older."""

SHELVES: dict[str, Sequence[VideoState]] = {
    SOURCE: (VideoState.READY, VideoState.FAILED),
    MEDIA: (VideoState.READY,),
    WORK: (),
}
"""The bucket's folders, and the videos that must have something in them. Open uploads S3 ends by itself."""


def look(storage: MediaStorage) -> dict[str, int]:
    """Walk on along each shelf and queue a job for each video with which something is wrong; count them."""
    found: Counter[str] = Counter(objects=0, rows=0)
    for shelf in SHELVES:
        before = found.total()
        for _ in range(PAGES):
            goes_on = _step(storage, shelf, found)
            if not goes_on or found.total() - before >= ENOUGH:
                break
    metrics.add_metric("ObjectsWithoutRow", MetricUnit.Count, found["objects"])
    metrics.add_metric("RowsWithoutObjects", MetricUnit.Count, found["rows"])
    if found.total():
        logger.warning("Bucket and tables differ", extra=dict(found))
        with transaction() as session:
            Journal(session, Visit(network="")).write(
                AuditAction.ORPHANS_FOUND, None, objects=found["objects"], rows=found["rows"]
            )
    return dict(found)


def _step(storage: MediaStorage, shelf: str, found: Counter[str]) -> bool:
    """Compare the next names; tell whether there are more behind them."""
    with transaction() as session:
        walk = WalkRepository(session).on(shelf)
        names, has_more = storage.names(shelf, after=str(walk.after or ""), most=NAMES)
        there = _ids(names)
        until = max(there, default=None) if has_more else None
        videos = VideoRepository(session)
        objects = there - videos.known(there)
        rows = videos.settled(
            SHELVES[shelf], but=there, after=walk.after, until=until, since=now() - YOUNGEST, limit=ENOUGH
        )
        for job, video_ids in (("remove_orphan", objects), ("mend", rows)):
            for video_id in video_ids:
                events.watch(job, video_id)
        found.update(objects=len(objects), rows=len(rows))
        walk.after = until
    return until is not None


def _ids(names: Iterable[str]) -> set[UUID]:
    """Read the names that are ours; what else somebody put into the bucket is left alone."""
    found = set()
    for name in names:
        try:
            video_id = UUID(name)
        except ValueError:
            continue
        if str(video_id) == name:
            found.add(video_id)
    return found


def remove_orphan(storage: MediaStorage, video_id: UUID) -> None:
    """Remove what is stored of a video without a row, if none of it is new; very old if nobody deleted it."""
    with transaction() as session:
        if VideoRepository(session).find(video_id) is not None:
            return
        age = YOUNGEST if AuditRepository(session).has_receipt(video_id) else UNEXPLAINED
    last = last_stored(storage, video_id)
    if last is None or last > now() - age:
        return
    removed = remove_all(storage, video_id)
    logger.warning("Objects without a row removed", video_id=str(video_id), objects=removed)


def mend(storage: MediaStorage, video_id: UUID) -> None:
    """Have made again what a video lacks; where its original is gone too, tell its owner.

    One that still plays without its original is only told of in the log.
    """
    with transaction() as session:
        video = VideoRepository(session).find(video_id, lock=True)
        if video is None or video.purge_started_at is not None or video.updated_at > now() - YOUNGEST:
            return
        # Listed: what plays, the sweep may not read.
        plays = video.playlist_key is not None and any(storage.keys(video.playlist_key))
        is_whole = is_there(storage, video.source_key)
        logger.warning(
            "A video lacks its files", video_id=str(video_id), state=video.state, plays=plays, whole=is_whole
        )
        nothing = {"revision": None, "stored_bytes": 0}
        if video.state is VideoState.READY and not plays and is_whole:
            processing.retry(session, video_id, expected=VideoState.READY, **nothing)
        elif video.state is VideoState.READY and not plays:
            processing.fail(session, video_id, FailureCode.LOST, expected=VideoState.READY, **nothing)
        elif video.state is VideoState.FAILED and not is_whole:
            processing.fail(session, video_id, FailureCode.LOST, expected=VideoState.FAILED)


JOBS = {"mend": mend, "remove_orphan": remove_orphan}
