"""Use cases of the sweep. Each can be cut off anywhere and, done again, ends the same."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events
from functions.core.database import after_commit, transaction
from functions.core.errors import FailureCode
from functions.core.models import EventKind, Video, VideoState, media_prefix, now, source_key
from functions.core.observability import logger
from functions.core.repositories import EventRepository, SessionRepository, UploadRepository, VideoRepository
from functions.core.storage import MediaStorage

BATCH = 500  # of each kind a day; what is left over is found the next day
LATE_WRITER_SECONDS = 900  # the longest that a function which was running may still write


def daily(storage: MediaStorage) -> dict[str, int]:
    """Look over the whole drive once and return what was found."""
    with transaction() as session:
        videos = VideoRepository(session)
        due = videos.due_for_purge(BATCH)
        stuck = videos.stuck(BATCH)
        for video in stuck:
            _unstick(session, video)
        SessionRepository(session).remove_expired()
        EventRepository(session).remove_old()
        expired = [upload.video_id for upload in UploadRepository(session).expired(BATCH)]
    for video_id in due:
        events.watch("purge", video_id)
    for video_id in expired:
        _drop_upload(storage, video_id)
    found = {"purged": len(due), "stuck": len(stuck), "expired": len(expired)}
    logger.info("Swept", extra=found)
    return found


def check_job(_storage: MediaStorage, video_id: UUID) -> None:
    """End a job that outlived its lease, start one that never began."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id, lock=True)
        if video is not None and video.purge_started_at is None:
            _unstick(session, video)


def _unstick(session: Session, video: Video) -> None:
    if video.state is VideoState.UPLOADED:
        after_commit(session, lambda: events.start_processing(video.source_key))
        after_commit(session, lambda: events.watch("job", video.id, seconds=events.START_WITHIN_SECONDS))
    elif video.state is VideoState.PROCESSING and video.lease_expires_at and video.lease_expires_at <= now():
        execution = video.execution
        failed = VideoRepository(session).move(
            video.id,
            to=VideoState.FAILED,
            expected=[VideoState.PROCESSING],
            if_attempt=video.attempt,
            failure_code=FailureCode.INTERNAL,
            progress=None,
            lease_expires_at=None,
            execution=None,
        )
        if failed is not None:
            logger.warning("A job outlived its lease", video_id=str(video.id))
            events.record(session, failed)
            if execution:
                after_commit(session, lambda: events.stop_processing(execution))
            after_commit(session, lambda: events.watch("tidy", video.id))


def _drop_upload(storage: MediaStorage, video_id: UUID) -> None:
    """Give up an upload that nobody finished in time."""
    with transaction() as session:
        videos = VideoRepository(session)
        video = videos.find(video_id, lock=True)
        if video is None or video.state is not VideoState.UPLOADING:
            return
        for upload_id in storage.open_uploads(video.source_key):
            storage.abort_upload(video.source_key, upload_id)
        events.record(session, video, EventKind.REMOVED)
        videos.remove(video)


def purge(storage: MediaStorage, video_id: UUID) -> None:
    """Delete a video for good: mark it, remove every byte, prove it, and only then remove the row."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id, lock=True)
        if video is None or video.purge_at is None or video.purge_at > now():
            return  # done already, or restored in the meantime
        if video.purge_started_at is None:
            video.start_purge()
            session.flush()
            events.record(session, video, EventKind.REMOVED)
        execution = video.execution
    if execution:
        events.stop_processing(execution)
    removed = remove_bytes(storage, video_id)
    with transaction() as session:
        videos = VideoRepository(session)
        if (video := videos.find(video_id, lock=True)) is not None:
            videos.remove(video)
    if execution:
        events.watch("remove_bytes", video_id, seconds=LATE_WRITER_SECONDS)
    logger.info("Video deleted for good: all copies removed", video_id=str(video_id), objects=removed)


def remove_bytes(storage: MediaStorage, video_id: UUID) -> int:
    """Remove every object and open upload of the video; return how many. Raises if one is left."""
    source, prefix = source_key(video_id), media_prefix(video_id)
    for upload_id in storage.open_uploads(source):
        storage.abort_upload(source, upload_id)
    removed = storage.delete(key for where in (source, prefix) for key, _ in storage.keys(where))
    left = [key for where in (source, prefix) for key, _ in storage.keys(where)] + storage.open_uploads(
        source
    )
    if left:
        raise OSError(f"{len(left)} objects of video {video_id} are still there")
    return removed


def tidy(storage: MediaStorage, video_id: UUID) -> None:
    """Remove what earlier or failed attempts left beside the revision that is served."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id)
        if video is None or video.state not in {VideoState.READY, VideoState.FAILED}:
            return
        served = f"{media_prefix(video_id)}{video.revision}/"
    storage.delete(key for key, _ in storage.keys(media_prefix(video_id)) if not key.startswith(served))


JOBS: dict[str, Callable[[MediaStorage, UUID], object]] = {
    "job": check_job,
    "purge": purge,
    "remove_bytes": remove_bytes,
    "tidy": tidy,
}
