"""What processing found, written down. A message that is late, doubled or stale changes nothing."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from functions.core import events, processing
from functions.core.database import after_commit
from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.keys import video_of
from functions.core.models import Rendition, Video, VideoState, now
from functions.core.observability import MetricUnit, about, logger, metrics
from functions.core.repositories import RunRepository, UploadRepository, UserRepository, VideoRepository
from functions.core.settings import settings

PACKAGING = timedelta(seconds=5)
"""About as long as it takes from the last chunk to a video that plays, however long it is."""

ORIGINAL_LINGERS_SECONDS = 30
"""As long as an open page may need to go over to what is better than the original."""


def claim(session: Session, source_key: str, execution: str) -> dict[str, Any]:
    """Take the video for this execution; only one of several gets `claimed`.

    A video whose turn has not come is left as it is, to be started when another has ended. Two that are
    claimed in the same moment may both get the last turn: their functions then wait for each other's.
    The bucket's event may come before the request that completed the upload has committed, so a video that
    is still "uploading" is taken as well: its object is there, whole.
    """
    video_id = video_of(source_key)
    about(video_id=str(video_id), execution=execution)
    videos = VideoRepository(session)
    video = videos.find(video_id, lock=True)
    if video is None or video.purge_started_at is not None:
        logger.info("Nothing to process")
        if video is None:
            events.watch("remove_bytes", video_id)
        return {"claimed": False}
    if video.execution == execution:  # our own claim: its answer got lost, or the run it began has ended
        is_running = video.state is VideoState.PROCESSING
        return {"claimed": True, "job": _job(video)} if is_running else {"claimed": False}
    expected = [VideoState.UPLOADING, VideoState.UPLOADED]
    if video.state in expected and not videos.has_turn(video_id):
        logger.info("Waiting for a turn")
        if video.state is VideoState.UPLOADING:  # nobody else would look after it
            events.watch("drop_upload", video_id, seconds=events.START_WITHIN_SECONDS)
        return {"claimed": False}
    lease = settings().processing_lease_seconds
    claimed = videos.move(
        video_id,
        to=VideoState.PROCESSING,
        expected=expected,
        attempt=video.attempt + 1,
        execution=execution,
        lease_expires_at=now() + timedelta(seconds=lease),
        failure_code=None,
        progress=0,
        early_revision=None,
        encoding_started_at=None,
        ready_expected_at=None,
    )
    if claimed is None:
        return {"claimed": False}
    about(attempt=claimed.attempt)
    UploadRepository(session).remove(video_id)
    RunRepository(session).start(claimed)
    events.record(session, claimed)
    if claimed.attempt == 1:
        after_commit(
            session, lambda: metrics.add_metric("UploadedBytes", MetricUnit.Bytes, claimed.size_bytes)
        )
    events.watch("job", video_id, seconds=lease)
    return {"claimed": True, "job": _job(claimed)}


def _job(video: Video) -> dict[str, Any]:
    return {
        "video_id": str(video.id),
        "attempt": video.attempt,
        "revision": video.attempt,
        "source_key": video.source_key,
        "execution": video.execution,
    }


def plan(session: Session, video_id: UUID, attempt: int, plan: dict[str, Any]) -> dict[str, bool]:
    """Keep what probing found: length in ms, size in pixels as displayed, number of chunks.

    The answer is whether the run may go on. It ends here if its owner would have had more processed than
    the stage allows in a day; every attempt counts, as each of them costs.
    """
    video = VideoRepository(session).find(video_id, lock=True)
    if video is None or video.state is not VideoState.PROCESSING or video.attempt != attempt:
        processing.clear_up_after(video_id)
        return {"admitted": False}
    UserRepository(session).lock(video.owner_id)
    if not RunRepository(session).admit(video, plan.get("cost_ms", 0)):  # the release before planned none
        processing.fail(session, video_id, FailureCode.DAILY_LIMIT, if_attempt=attempt)
        return {"admitted": False}
    audio = plan.get("audio")
    _change(
        session,
        video_id,
        attempt,
        duration_ms=plan["duration_ms"],
        width=plan["width"],
        height=plan["height"],
        fps=plan["fps"],
        rotation=plan["rotation"],
        hdr=plan["hdr"],
        video_codec=plan["video_codec"],
        audio_codec=audio and audio["codec"],
        chunk_count=len(plan["chunks"]),
        encoding_started_at=func.coalesce(Video.encoding_started_at, now()),  # a plan may be told twice
    )
    return {"admitted": True}


def original(session: Session, video_id: UUID, attempt: int) -> None:
    """Let the owner watch the original until there is something better."""
    _change(session, video_id, attempt, early_revision=attempt)


def posters(session: Session, video_id: UUID, attempt: int, posters: list[int]) -> None:
    """Show the first of these pictures, each of a time in ms, or the one that the owner chose."""
    _change(session, video_id, attempt, poster_revision=attempt, poster_times=posters)


def frame(session: Session, video_id: UUID, attempt: int, frame: dict[str, int]) -> None:
    """Offer the picture that its owner wished for, and show it unless they chose another meanwhile."""
    video = VideoRepository(session).find(video_id, lock=True)
    if video is None or video.purge_started_at or video.state is not VideoState.READY:
        return
    events.watch("tidy", video_id)
    times, at_ms = video.poster_times or [], frame["at_ms"]
    if video.attempt != attempt or at_ms in times:
        return
    video.poster_times = [*times, at_ms]
    video.stored_bytes += frame["bytes"]
    if video.poster_wanted_ms == at_ms:
        video.poster_at_ms, video.poster_wanted_ms = at_ms, None
    events.record_change(session, video)


def chunk(session: Session, video_id: UUID, attempt: int, chunk: dict[str, Any]) -> None:
    """Count a chunk once, however often it is told."""
    videos = VideoRepository(session)
    video = videos.find(video_id, lock=True)
    if video is None or video.state is not VideoState.PROCESSING or video.attempt != attempt:
        return
    rungs = [(rung["height"], rung["bytes"], rung["duration_ms"]) for rung in chunk["rungs"]]
    done = videos.record_chunk(video, chunk["index"], rungs)
    video.ready_expected_at = _expected_end(video, done)
    progress = min(99, 100 * done // (video.chunk_count or done))
    if progress != video.progress:
        video.progress = progress
        session.flush()
        events.record(session, video)


def _expected_end(video: Video, done: int) -> datetime | None:
    """Say when the video will be ready, going by how long the chunks so far took; None without a start.

    Chunks are encoded side by side and begin together: when the quickest is told, the others are about as
    far, so all of the first round count as done.
    """
    if video.encoding_started_at is None or video.chunk_count is None:
        return None
    elapsed = now() - video.encoding_started_at
    worked = max(done, min(settings().encode_concurrency, video.chunk_count))
    return now() + elapsed * (video.chunk_count - done) / worked + PACKAGING


def finish(session: Session, video_id: UUID, attempt: int, package: dict[str, Any]) -> None:
    """Serve the new revision from now on."""
    running = VideoRepository(session).find(video_id, lock=True)
    lease_ends = running and running.lease_expires_at
    video = _change(
        session,
        video_id,
        attempt,
        to=VideoState.READY,
        revision=attempt,
        stored_bytes=package["stored_bytes"],
        has_storyboard=package.get("storyboard", False),  # the release before made none
        progress=None,
        early_revision=None,
        encoding_started_at=None,
        ready_expected_at=None,
        lease_expires_at=None,
    )
    if video is None:
        processing.clear_up_after(video_id)
        return
    if lease_ends:
        claimed_at = lease_ends - timedelta(seconds=settings().processing_lease_seconds)
        after_commit(session, lambda: _count_ready((now() - claimed_at).total_seconds()))
    VideoRepository(session).record_renditions(
        [
            Rendition(
                video_id=video_id,
                revision=attempt,
                height=found["height"],
                width=found["width"],
                bytes=found["bytes"],
                bandwidth=found["bandwidth"],
                codecs=found["codecs"],
            )
            for found in package["renditions"]
        ]
    )
    for seconds in (ORIGINAL_LINGERS_SECONDS, processing.LATE_WRITER_SECONDS):
        events.watch("drop_original", video_id, seconds=seconds)
    processing.clear_up(session, video_id)


def _count_ready(seconds: float) -> None:
    """Count a video and how long it took since it was claimed."""
    metrics.add_metric("VideosReady", MetricUnit.Count, 1)
    metrics.add_metric("ProcessingSeconds", MetricUnit.Seconds, round(seconds, 1))


def fail(session: Session, video_id: UUID, attempt: int, error: dict[str, Any]) -> None:
    """End the attempt with a reason. The source is kept, so that it can be tried again."""
    code = _failure_code(error)
    logger.warning("Processing failed", code=code, error=error)
    if processing.fail(session, video_id, code, if_attempt=attempt) is None:
        processing.clear_up_after(video_id)


def _change(
    session: Session,
    video_id: UUID,
    attempt: int,
    *,
    to: VideoState = VideoState.PROCESSING,
    **values: object,
) -> Video | None:
    video = VideoRepository(session).move(
        video_id, to=to, expected=[VideoState.PROCESSING], if_attempt=attempt, **values
    )
    if video is not None:
        events.record(session, video)
    return video


def _failure_code(error: dict[str, Any]) -> FailureCode:
    """Read the code out of what Step Functions tells of a failed function."""
    if error.get("Error") != SourceRejectedError.__name__:
        return FailureCode.INTERNAL
    try:
        return FailureCode(json.loads(error["Cause"])["errorMessage"])
    except (KeyError, ValueError):
        return FailureCode.INTERNAL
