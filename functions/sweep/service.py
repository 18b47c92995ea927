"""Use cases of the sweep. Each can be cut off anywhere and, done again, ends the same."""

import math
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events, joining, processing
from functions.core.database import after_commit, transaction
from functions.core.errors import FailureCode, NotFoundError, PartsMissingError, SizeMismatchError
from functions.core.identity import IdentityProvider
from functions.core.journal import Journal, Visit
from functions.core.keys import ORIGINAL, export_key, revision_key, work_prefix
from functions.core.models import AuditAction, EventKind, Video, VideoState, now
from functions.core.observability import MetricUnit, logger, metrics
from functions.core.repositories import (
    AuditRepository,
    ChallengeRepository,
    EventRepository,
    ExportRepository,
    RunRepository,
    SessionRepository,
    UploadRepository,
    UserRepository,
    VideoRepository,
)
from functions.core.settings import settings
from functions.core.storage import MediaStorage
from functions.sweep import orphans
from functions.sweep.export import write_export
from functions.sweep.removal import abort_uploads, erase, is_there, remove, remove_all

BATCH = 500  # of each kind a day; what is left over is found the next day
VIDEOS_A_TURN = 20  # of an account that is deleted: as many as surely go in the time that the function has
EMPTIED_AT_ONCE = 50  # of a trash: its person's pages are told of each


def daily(storage: MediaStorage) -> dict[str, int]:
    """Look over the whole drive and queue a job for each video that needs one; return how many of each."""
    with transaction() as session:
        SessionRepository(session).remove_expired()
        ChallengeRepository(session).remove_expired()
        EventRepository(session).remove_old()
        RunRepository(session).remove_old()
        due = {
            "delete_account": UserRepository(session).due_for_deletion(BATCH),
            "trash": VideoRepository(session).due_for_trash(BATCH),
            "purge": VideoRepository(session).due_for_purge(BATCH),
            "job": VideoRepository(session).stuck(BATCH),
            "export": ExportRepository(session).unmade(BATCH),
            "remove_export": ExportRepository(session).over(BATCH),
            "drop_upload": UploadRepository(session).expired(BATCH),
        }
    for job, video_ids in due.items():
        for video_id in video_ids:
            events.watch(job, video_id)
    found = {job: len(video_ids) for job, video_ids in due.items()}
    logger.info("Swept", extra=found)
    metrics.add_metric("StuckJobs", MetricUnit.Count, found["job"])  # 0 too: an alarm waits for it every day
    return found | orphans.look(storage)


def check_job(_storage: MediaStorage, video_id: UUID) -> None:
    """Start a job that never began, end one that outlived its lease, come back for one that has time left.

    One that waits for its turn has no lease; one that does not begin when it could has as long for that as
    for all its work.
    """
    with transaction() as session:
        videos = VideoRepository(session)
        video = videos.find(video_id, lock=True)
        if video is None or video.purge_started_at is not None:
            return
        if video.state is VideoState.UPLOADED and not videos.has_turn(video_id):
            video.lease_expires_at = None
            events.watch("job", video_id, seconds=events.START_WITHIN_SECONDS)
        elif video.has_outlived_its_lease():
            execution = video.execution if video.state is VideoState.PROCESSING else None
            logger.warning("A job outlived its lease", video_id=str(video_id))
            processing.fail(
                session, video_id, FailureCode.INTERNAL, expected=video.state, if_attempt=video.attempt
            )
            if execution:
                after_commit(session, lambda: events.stop_processing(execution))
        elif video.state is VideoState.UPLOADED:
            seconds = settings().processing_lease_seconds - events.START_WITHIN_SECONDS
            video.lease_expires_at = video.lease_expires_at or now() + timedelta(seconds=seconds)
            events.start_processing(video.source_key)
            events.watch("job", video_id, seconds=min(_left(video), events.START_WITHIN_SECONDS))
        elif video.state is VideoState.PROCESSING:
            events.watch("job", video_id, seconds=_left(video))


def _left(video: Video) -> int:
    """Return the seconds until the lease is over, or until it is worth looking again."""
    if video.lease_expires_at is None:
        return events.START_WITHIN_SECONDS
    return math.ceil((video.lease_expires_at - now()).total_seconds())


def check_upload(storage: MediaStorage, video_id: UUID) -> None:
    """Complete an upload all of whose parts have arrived, should its page be gone; leave any other alone."""
    with transaction() as session:
        _complete_if_whole(session, storage, video_id)


def _complete_if_whole(session: Session, storage: MediaStorage, video_id: UUID) -> bool:
    upload = UploadRepository(session).get(video_id)
    if upload is None:
        return False
    try:
        video = joining.complete(session, storage, upload)
    except (PartsMissingError, SizeMismatchError, NotFoundError):
        return False
    logger.info("An upload that nobody completed was whole", video_id=str(video_id))
    return video is not None


def drop_upload(storage: MediaStorage, video_id: UUID) -> None:
    """Give up an upload that nobody finished in time; one that is whole after all is processed instead."""
    with transaction() as session:
        videos = VideoRepository(session)
        video = videos.find(video_id, lock=True)
        if video is None or video.state is not VideoState.UPLOADING:
            return
        if is_there(storage, video.source_key):
            events.start_processing(video.source_key)
            return
        if _complete_if_whole(session, storage, video_id):
            return
        abort_uploads(storage, video.source_key)
        events.record(session, video, EventKind.REMOVED)
        events.watch("remove_bytes", video_id, seconds=processing.LATE_WRITER_SECONDS)
        videos.remove(video)


def trash(_storage: MediaStorage, video_id: UUID) -> None:
    """Put a video into the trash whose owner chose a day for that, unless they chose another meanwhile."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id, lock=True)
        if video is None or video.purge_started_at is not None or not video.is_due_for_trash():
            return
        video.put_in_trash(settings().trash_days)
        events.record_change(session, video)


def purge(storage: MediaStorage, video_id: UUID) -> None:
    """Delete a video for good: mark it, remove every byte, prove it, and only then remove the row."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id, lock=True)
        if video is None:
            return  # done already
        if video.purge_started_at is None:
            if video.purge_at is None or video.purge_at > now():
                return  # restored in the meantime
            _start_purge(session, video)
        execution = video.execution if video.state is VideoState.PROCESSING else None
    if execution:
        events.stop_processing(execution)
    removed = remove_all(storage, video_id)
    # A function that was encoding when the run ended may write for a while yet.
    events.watch("remove_bytes", video_id, seconds=processing.LATE_WRITER_SECONDS)
    with transaction() as session:
        videos = VideoRepository(session)
        if (video := videos.find(video_id, lock=True)) is not None:
            _write_receipt(session, video)
            events.record(session, video, EventKind.REMOVED)  # once more: now its space is free
            videos.remove(video)
        if execution:
            processing.pass_turn_on(session)
    logger.info("Video deleted for good: all copies removed", video_id=str(video_id), objects=removed)
    metrics.add_metric("PurgedVideos", MetricUnit.Count, 1)


def _start_purge(session: Session, video: Video) -> None:
    video.start_purge()
    session.flush()
    events.record(session, video, EventKind.REMOVED)


def _write_receipt(session: Session, video: Video) -> None:
    """Write down that all copies are gone, in the transaction that forgets what it was called."""
    Journal(session, Visit(network="")).write(
        AuditAction.VIDEO_PURGED,
        video.owner_id,
        video=str(video.id),
        bytes=video.size_bytes + video.stored_bytes,
        added=video.created_at.isoformat(),
    )


def empty_trash(_storage: MediaStorage, user_id: UUID) -> None:
    """Begin to delete what is due in a person's trash, and come back for what there is more of."""
    with transaction() as session:
        due = VideoRepository(session).due_in_trash_of(user_id, EMPTIED_AT_ONCE)
        if len(due) == EMPTIED_AT_ONCE:
            events.watch("empty_trash", user_id)
        for video in due:
            events.watch("purge", video.id)
            _start_purge(session, video)


def discard(storage: MediaStorage, video_id: UUID) -> None:
    """Delete for good what did not arrive as it was sent, whatever has become of it meanwhile."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id, lock=True)
        if video is None:
            return
        if video.purge_started_at is None:
            _start_purge(session, video)
    purge(storage, video_id)


def delete_account(storage: MediaStorage, user_id: UUID) -> None:
    """Delete an account that is over: its videos, then all else that names it, and last its row.

    By that row it is found again, should this be cut off; what is done by then is found done.
    """
    with transaction() as session:
        if UserRepository(session).ended(user_id) is None:
            return  # done already, or kept in the meantime
        video_ids = VideoRepository(session).of(user_id, VIDEOS_A_TURN)
    for video_id in video_ids:
        discard(storage, video_id)
    if video_ids:
        events.watch("delete_account", user_id)
        return
    events.close_sockets(user_id, for_good=True)
    erase(storage, export_key(user_id))
    IdentityProvider().delete(user_id)
    with transaction() as session:
        users = UserRepository(session)
        if (user := users.ended(user_id)) is not None:
            AuditRepository(session).close(user_id)
            users.remove(user)  # a video that began meanwhile forbids it, and goes the next time
    logger.info("Account deleted for good", user_id=str(user_id))


def export(storage: MediaStorage, user_id: UUID) -> None:
    """Make what a person asked for; of one that was asked for anew meanwhile, a message is on its way."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "export.zip")
        with transaction() as session:
            asked = ExportRepository(session).find(user_id)
            if asked is not None and asked.ready_at is None:
                write_export(session, UserRepository(session).get(user_id), asked.site, file)
        if file.exists():
            storage.upload_file(file, export_key(user_id), "application/zip")
            with transaction() as session:
                found = ExportRepository(session).find(user_id, lock=True)
                if found is not None and asked is not None and found.asked_at == asked.asked_at:
                    found.ready_at, found.size_bytes = now(), file.stat().st_size
    remove_export(storage, user_id)


def remove_export(storage: MediaStorage, user_id: UUID) -> None:
    """Remove what was offered for long enough, or to who is gone."""
    with transaction() as session:
        exports = ExportRepository(session)
        found = exports.find(user_id, lock=True)
        if found is not None and (found.expires_at is None or found.expires_at > now()):
            return
        erase(storage, export_key(user_id))
        if found is not None:
            exports.remove(found)


def remove_bytes(storage: MediaStorage, video_id: UUID) -> None:
    """Remove what is stored of a video that has no row."""
    with transaction() as session:
        if VideoRepository(session).find(video_id) is not None:
            return
    if removed := remove_all(storage, video_id):
        logger.info("Late bytes removed", video_id=str(video_id), objects=removed)


def tidy(storage: MediaStorage, video_id: UUID) -> None:
    """Remove what earlier or failed attempts left beside the revision served, and what that replaces."""
    with transaction() as session:
        videos = VideoRepository(session)
        video = videos.find(video_id, lock=True)
        if video is None or video.state not in {VideoState.READY, VideoState.FAILED}:
            return
        videos.forget_other_revisions(video)
        served, attempts = video.revision, range(1, video.attempt + 1)
    for revision in attempts:
        remove(storage, f"{work_prefix(video_id)}{revision}.")
        if revision != served:
            remove(storage, revision_key(video_id, revision))


def drop_original(storage: MediaStorage, video_id: UUID) -> None:
    """Remove the copy that played until there was something better."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id)
        served = video.revision if video is not None else None
    if served is not None:
        remove(storage, revision_key(video_id, served, ORIGINAL))


def stop(_storage: MediaStorage, video_id: UUID) -> None:
    """Stop what still works at a video whose run has ended; another that was claimed since goes on."""
    with transaction() as session:
        video = VideoRepository(session).find(video_id, lock=True)
        is_over = video is not None and video.state in {VideoState.FAILED, VideoState.UPLOADED}
        execution = video.execution if video is not None and is_over else None
    if execution:
        events.stop_processing(execution)


def close_sockets(_storage: MediaStorage, user_id: UUID) -> None:
    """Close what was opened since, by a ticket of before, for a session that is over."""
    with transaction() as session:
        going_on = SessionRepository(session).of(user_id)
    events.close_sockets(user_id, but=going_on)


JOBS: dict[str, Callable[[MediaStorage, UUID], None]] = {
    **orphans.JOBS,
    "job": check_job,
    "check_upload": check_upload,
    "close_sockets": close_sockets,
    "delete_account": delete_account,
    "discard": discard,
    "drop_original": drop_original,
    "drop_upload": drop_upload,
    "empty_trash": empty_trash,
    "export": export,
    "purge": purge,
    "remove_bytes": remove_bytes,
    "remove_export": remove_export,
    "stop": stop,
    "tidy": tidy,
    "trash": trash,
}
