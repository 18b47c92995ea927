"""What may end a processing run, wherever that is noticed."""

from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events
from functions.core.database import after_commit
from functions.core.errors import FailureCode
from functions.core.models import Video, VideoState
from functions.core.observability import MetricUnit, metrics
from functions.core.repositories import VideoRepository

LATE_WRITER_SECONDS = 900  # the longest that a function which was running may still write


def fail(
    session: Session,
    video_id: UUID,
    code: FailureCode,
    *,
    expected: VideoState = VideoState.PROCESSING,
    **narrowed: object,
) -> Video | None:
    """End the run with a reason, unless it has ended already; what it left behind is tidied away.

    `if_attempt` or `if_execution` name the run. The source is kept, so that it can be tried again.
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
        **narrowed,
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


def pass_turn_on(session: Session) -> None:
    """Have the next in line started, now that a video is no longer at work."""
    waiting = VideoRepository(session).next_in_line(1)
    if waiting:
        after_commit(session, lambda: events.watch("job", waiting[0]))
