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
        ACTIONS[action](session, UUID(job["video_id"]), job["attempt"], event)
        return None


ACTIONS: dict[str, Callable[[Any, UUID, int, dict[str, Any]], None]] = {
    "plan": lambda session, video_id, attempt, event: service.plan(session, video_id, attempt, event["plan"]),
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
