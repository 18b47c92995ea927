"""Step Functions tasks and status events: what processing found out, written by compare-and-set."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.database import transaction
from functions.core.observability import about, observed
from functions.records import service


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any] | None:
    with transaction() as session:
        if event.get("detail-type") == "Step Functions Execution Status Change":
            service.end_of_execution(session, event["detail"]["executionArn"], event["detail"]["input"])
            return None
        action = event["action"]
        about(action=action)
        if action == "claim":
            return {"job": None, "claimed": False} | service.claim(
                session, event["source_key"], event["execution"]
            )
        job = event["job"]
        about(video_id=job["video_id"], attempt=job["attempt"], execution=job.get("execution", ""))
        return ACTIONS[action](session, UUID(job["video_id"]), job["attempt"], event)


ACTIONS: dict[str, Callable[[Any, UUID, int, dict[str, Any]], dict[str, Any] | None]] = {
    "plan": lambda session, video_id, attempt, event: service.plan(session, video_id, attempt, event["plan"]),
    "posters": lambda session, video_id, attempt, event: service.posters(
        session, video_id, attempt, event["posters"]
    ),
    "frame": lambda session, video_id, attempt, event: service.frame(
        session, video_id, attempt, event["frame"]
    ),
    "no_frame": lambda session, video_id, attempt, event: service.no_frame(
        session, video_id, attempt, event["at_ms"]
    ),
    "original": lambda session, video_id, attempt, _event: service.original(session, video_id, attempt),
    "chunk": lambda session, video_id, attempt, event: service.chunk(
        session, video_id, attempt, event["chunk"]
    ),
    "finish": lambda session, video_id, attempt, event: service.finish(
        session, video_id, attempt, event["package"]
    ),
    "fail": lambda session, video_id, attempt, event: service.fail(
        session, video_id, attempt, event["error"]
    ),
}
