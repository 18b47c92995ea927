"""SNS video-updates: each change goes to the open pages of the one person it concerns."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from functions.core.observability import logger, observed
from functions.live import sockets


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> None:
    for record in event["Records"]:
        change = json.loads(record["Sns"]["Message"])
        message = json.dumps(change["event"]).encode()
        for connection_id in sockets.of_user(change["user_id"]):
            _send(connection_id, message)


def _send(connection_id: str, message: bytes) -> None:
    """Send to one socket. One that fails must not keep the others waiting: its page catches up by itself."""
    try:
        sockets.send(connection_id, message)
    except ClientError:
        logger.exception("A socket could not be told", connection_id=connection_id)
