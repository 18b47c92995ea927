"""What may end a processing run, wherever that is noticed."""

from uuid import UUID

from sqlalchemy.orm import Session

from functions.core import events
from functions.core.database import after_commit
from functions.core.errors import FailureCode
from functions.core.models import Video, VideoState
from functions.core.observability import MetricUnit, metrics
from functions.core.repositories import VideoRepository


def fail(session: Session, video_id: UUID, code: FailureCode, **narrowed: object) -> Video | None:
    """End the run with a reason, unless it has ended already; what it left behind is tidied away.

    `if_attempt` or `if_execution` name the run. The source is kept, so that it can be tried again.
    """
    video = VideoRepository(session).move(
        video_id,
        to=VideoState.FAILED,
        expected=[VideoState.PROCESSING],
        failure_code=code,
        progress=None,
        early_revision=None,
        encoding_started_at=None,
        ready_expected_at=None,
        lease_expires_at=None,
        execution=None,
        **narrowed,
    )
    if video is not None:
        events.record(session, video)
        after_commit(session, lambda: events.watch("tidy", video_id))
        after_commit(session, lambda: metrics.add_metric("VideosFailed", MetricUnit.Count, 1))
        pass_on_turn(session)
    return video


def pass_on_turn(session: Session) -> None:
    """Have the video started that has waited longest, now that another has ended."""
    waiting = VideoRepository(session).longest_waiting()
    if waiting is not None:
        after_commit(session, lambda: events.watch("job", waiting))
