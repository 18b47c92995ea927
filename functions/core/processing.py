"""What may end a processing run, wherever that is noticed, and begin another."""

import json
from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events
from functions.core.database import after_commit
from functions.core.errors import FailureCode, InvalidStateError, NotFoundError
from functions.core.keys import video_of
from functions.core.models import Video, VideoState
from functions.core.observability import MetricUnit, about, metrics
from functions.core.repositories import VideoRepository

LATE_WRITER_SECONDS = 900  # the longest that a function which was running may still write


def retry(
    session: Session, video_id: UUID, *, expected: VideoState = VideoState.FAILED, **values: object
) -> Video:
    """Process the kept source once more; other values are changed with it."""
    video = VideoRepository(session).move(
        video_id,
        to=VideoState.UPLOADED,
        expected=[expected],
        failure_code=None,
        progress=None,
        chunk_count=None,
        **values,
    )
    if video is None:
        raise InvalidStateError("Only a failed video can be tried again.")
    events.watch("job", video_id, seconds=events.START_WITHIN_SECONDS)
    events.record(session, video)
    after_commit(session, lambda: events.start_processing(video.source_key))
    return video


def cancel(session: Session, video_id: UUID) -> Video:
    """End a run, or the wait for one. What still works at it counts no more, and is stopped by the sweep."""
    video = VideoRepository(session).find(video_id, lock=True)
    if video is None or video.purge_started_at is not None:
        raise NotFoundError
    if video.state not in {VideoState.UPLOADED, VideoState.PROCESSING}:
        raise InvalidStateError("This is not processed, and doesn't wait for that: it can't be stopped.")
    events.watch("stop", video_id)
    fail(session, video_id, FailureCode.CANCELLED, expected=video.state)
    return video


def end_of_execution(session: Session, execution: str, execution_input: str) -> None:
    """Fail the video of an execution that ran out of time, was stopped, or could not tell of its failure."""
    given = json.loads(execution_input)
    if "source_key" not in given:
        no_frame(session, UUID(given["job"]["video_id"]), given["job"]["attempt"], given["at_ms"])
        return
    video_id = video_of(given["source_key"])
    about(video_id=str(video_id), execution=execution)
    if fail(session, video_id, FailureCode.INTERNAL, if_execution=execution) is None:
        clear_up_after(video_id)


def no_frame(session: Session, video_id: UUID, attempt: int, at_ms: int) -> None:
    """Tell the owner that the picture they wished for cannot be made: the video keeps the one it has."""
    video = VideoRepository(session).find(video_id, lock=True)
    events.watch("tidy", video_id)
    if video is not None and (video.attempt, video.poster_wanted_ms) == (attempt, at_ms):
        video.poster_wanted_ms = None
        events.record_change(session, video)


def fail(
    session: Session,
    video_id: UUID,
    code: FailureCode,
    *,
    expected: VideoState = VideoState.PROCESSING,
    **values: object,
) -> Video | None:
    """End the run with a reason, unless it has ended already; what it left behind is tidied away.

    `if_attempt` or `if_execution` name the run; other values are changed with it. The source is kept, so that
    it can be tried again.
    """
    video = VideoRepository(session).move(
        video_id,
        to=VideoState.FAILED,
        expected=[expected],
        failure_code=code,
        progress=None,
        early_revision=None,
        poster_revision=None,
        poster_wanted_ms=None,
        encoding_started_at=None,
        ready_expected_at=None,
        lease_expires_at=None,
        **values,
    )
    if video is not None:
        events.record(session, video)
        after_commit(session, lambda: metrics.add_metric("VideosFailed", MetricUnit.Count, 1))
        clear_up(session, video_id)
    return video


def clear_up(session: Session, video_id: UUID) -> None:
    """Have tidied away what a run that ends now leaves behind, and have the next in line started.

    A function that was still writing when the run ended is tidied after once more.
    """
    for seconds in (0, LATE_WRITER_SECONDS):
        events.watch("tidy", video_id, seconds=seconds)
    pass_turn_on(session)


def clear_up_after(video_id: UUID) -> None:
    """Have tidied away what a run wrote for which nobody waited any more, whatever became of its video.

    It may end long after the video was cleared up, failed, processed anew or deleted: this is its last word.
    """
    for job in ("tidy", "remove_bytes"):
        events.watch(job, video_id, seconds=LATE_WRITER_SECONDS)


def pass_turn_on(session: Session) -> None:
    """Have the next in line started, now that a video is no longer at work."""
    waiting = VideoRepository(session).next_in_line(1)
    if waiting:
        after_commit(session, lambda: events.watch("job", waiting[0]))
