"""Use cases of the owner's drive."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events, processing
from functions.core.database import after_commit
from functions.core.errors import (
    FieldError,
    InvalidInputError,
    InvalidStateError,
    NotFoundError,
    ProblemError,
    VersionConflictError,
)
from functions.core.models import EventKind, User, Video, VideoState, Visibility, now
from functions.core.repositories import VideoRepository
from functions.core.settings import settings
from functions.core.storage import MediaStorage
from functions.core.views import VideoView, card_urls


def show(videos: Sequence[Video], site: str) -> list[VideoView]:
    """Show the videos with their pictures, all signed at once."""
    cards = card_urls(videos, site)
    return [VideoView.of(video, poster_url=cards.get(video.id)) for video in videos]


LATEST_DATE = timedelta(days=10 * 366)


@dataclass(frozen=True)
class Deletion:
    """When a video goes to the trash; None: not by itself."""

    at: datetime | None


def edit(
    session: Session,
    owner: User,
    video_id: UUID,
    *,
    version: int,
    title: str | None = None,
    description: str | None = None,
    visibility: Visibility | None = None,
    deletion: Deletion | None = None,
) -> Video:
    """Change what is given, unless somebody changed the video since `version`."""
    if title is not None and not title.strip():
        raise InvalidInputError("A video needs a title.", FieldError("title", "Enter a title."))
    if deletion is not None:
        _check_date(deletion.at)
    video = locked(session, owner, video_id, version)
    if title is not None:
        video.title = title.strip()
    if description is not None:
        video.description = description
    if visibility is not None:
        video.visibility = visibility
    if deletion is not None:
        video.trash_at = deletion.at
    return events.record_change(session, video)


def _check_date(at: datetime | None) -> None:
    if at is not None and not now() < at <= now() + LATEST_DATE:
        detail = "Choose a day to come, within ten years."
        raise InvalidInputError(detail, FieldError("trash_at", detail))


MOST_POSTERS = 12


def choose_poster(session: Session, owner: User, video_id: UUID, *, version: int, at_ms: int) -> Video:
    """Let a moment stand for the video: at once if there is a picture of it, else as soon as it is made."""
    video = locked(session, owner, video_id, version)
    times = video.poster_times or []
    if video.poster_revision is None:
        raise InvalidStateError("There are no pictures of this video to choose from.")
    if at_ms in times:
        video.poster_at_ms, video.poster_wanted_ms = at_ms, None
        return events.record_change(session, video)
    if video.state is not VideoState.READY:
        raise InvalidStateError("A picture of your own can be chosen when the video is ready.")
    if at_ms >= (video.duration_ms or 0):
        raise InvalidInputError("The video is over by then.", FieldError("at_ms", "Choose an earlier time."))
    if len(times) >= MOST_POSTERS:
        raise InvalidStateError("There are enough pictures of this video. Choose one of them.")
    video.poster_wanted_ms = at_ms
    events.start_frame(video, at_ms)
    return events.record_change(session, video)


def publish(session: Session, video: Video, visibility: Visibility) -> None:
    """Put a video on show; it stays where it is in the feed if it was there already."""
    if video.trashed_at is not None:
        raise InvalidStateError("This video is in the trash. Restore it first.")
    if video.published_at is None or video.visibility is not visibility:
        video.published_at = video.published_at or now()
        video.visibility = visibility
        events.record_change(session, video)


def unpublish(session: Session, video: Video) -> None:
    """Make a draft of it again, for nobody's eyes but the owner's."""
    if video.published_at is not None:
        video.published_at = None
        video.visibility = Visibility.PRIVATE
        events.record_change(session, video)


def show_to(session: Session, video: Video, visibility: Visibility) -> None:
    """Say who may watch a video, once it is published if it is a draft."""
    if video.trashed_at is not None:
        raise InvalidStateError("This video is in the trash. Restore it first.")
    if video.visibility is not visibility:
        video.visibility = visibility
        events.record_change(session, video)


def trash(session: Session, video: Video) -> None:
    if video.state is VideoState.UPLOADING:
        raise InvalidStateError("This video is still being uploaded. Cancel the upload instead.")
    if video.trashed_at is None:
        video.put_in_trash(settings().trash_days)
        events.record_change(session, video)


def restore(session: Session, video: Video) -> None:
    if video.trashed_at is not None:
        video.take_out_of_trash()
        events.record_change(session, video)


def purge(session: Session, video: Video) -> None:
    """Mark the video for deletion; it disappears at once and the sweep function removes every byte."""
    if video.trashed_at is None:
        raise InvalidStateError("Move the video to the trash first.")
    video.start_purge()
    events.record(session, video, EventKind.REMOVED)
    events.watch("purge", video.id)


def empty_trash(session: Session, owner: User) -> None:
    """Let the time of all that is in the trash be over now; the sweep function deletes it for good."""
    VideoRepository(session).expire_trash(owner.id)
    # After the commit: before it the job would find nothing due. The daily sweep makes up for a lost one.
    after_commit(session, lambda: events.watch("empty_trash", owner.id))


@dataclass(frozen=True)
class Outcome:
    """What became of one of many: the video as it is now, and why it could not be changed, if so.

    The video is None if it is not there, or not any more.
    """

    video_id: UUID
    video: Video | None
    problem: ProblemError | None = None


def change_many(
    session: Session, owner: User, video_ids: Sequence[UUID], change: Callable[[Session, Video], None]
) -> list[Outcome]:
    """Change each of the videos that can be changed; the others stop nobody. One named twice is one."""
    videos = VideoRepository(session).locked(video_ids, owner.id)
    outcomes = []
    for video_id in dict.fromkeys(video_ids):
        video = videos.get(video_id)
        try:
            if video is None:
                raise NotFoundError
            change(session, video)
        except ProblemError as problem:
            outcomes.append(Outcome(video_id, video, problem))
        else:
            gone = video.purge_started_at is not None
            outcomes.append(Outcome(video_id, None if gone else video))
    return outcomes


def download(session: Session, storage: MediaStorage, owner: User, video_id: UUID) -> str:
    """Return a short-lived address of the original, to be saved under the name it came with."""
    video = VideoRepository(session).owned(video_id, owner.id)
    if video.state is VideoState.UPLOADING:
        raise InvalidStateError("This video is still being uploaded. Download it when it is complete.")
    return storage.download_url(video.source_key, video.file_name)


def retry(session: Session, owner: User, video_id: UUID) -> Video:
    """Process the kept source once more."""
    VideoRepository(session).owned(video_id, owner.id)
    return processing.retry(session, video_id)


def locked(session: Session, owner: User, video_id: UUID, version: int | None) -> Video:
    """Return the video for a change, unless somebody changed it since `version`, if one is given."""
    video = VideoRepository(session).owned(video_id, owner.id, lock=True)
    if version is not None and version != video.version:
        raise VersionConflictError(
            "This video was changed somewhere else in the meantime. Look at the new version, then try again.",
            current=VideoView.of(video).model_dump(mode="json"),
        )
    return video
