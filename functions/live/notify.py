"""SNS video-updates: each change goes to the open pages of the one person it concerns."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.observability import logger, tracer
from functions.live import sockets


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], _context: LambdaContext) -> None:
    for record in event["Records"]:
        change = json.loads(record["Sns"]["Message"])
        message = json.dumps(change["event"]).encode()
        for connection_id in sockets.of_user(change["user_id"]):
            sockets.send(connection_id, message)
