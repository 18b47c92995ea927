"""Step Functions tasks and status events: what processing found out, written by compare-and-set."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core import processing
from functions.core.database import transaction
from functions.core.observability import about, observed
from functions.records import service


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any] | None:
    with transaction() as session:
        if event.get("detail-type") == "Step Functions Execution Status Change":
            processing.end_of_execution(session, event["detail"]["executionArn"], event["detail"]["input"])
            return None
        action = event["action"]
        about(action=action)
        if action == "claim":
            return {"job": None, "claimed": False} | service.claim(
                session, event["source_key"], event["execution"]
            )
        job = event["job"]
        about(video_id=job["video_id"], attempt=job["attempt"], execution=job.get("execution", ""))
        write, told = ACTIONS[action]
        return write(session, UUID(job["video_id"]), job["attempt"], *(event[name] for name in told))


# Which use case an action is, and what of the event it is told besides the video and its attempt.
ACTIONS: dict[str, tuple[Callable[..., dict[str, Any] | None], Sequence[str]]] = {
    "plan": (service.plan, ["plan"]),
    "posters": (service.posters, ["posters"]),
    "frame": (service.frame, ["frame"]),
    "no_frame": (processing.no_frame, ["at_ms"]),
    "original": (service.original, []),
    "chunk": (service.chunk, ["chunk"]),
    "finish": (service.finish, ["package"]),
    "fail": (service.fail, ["error"]),
}
