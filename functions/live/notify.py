"""SNS video-updates: each change goes to the open pages of the one person it concerns, or closes them."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.observability import observed
from functions.live import sockets


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> None:
    for record in event["Records"]:
        change = json.loads(record["Sns"]["Message"])
        if change.get("close"):
            sockets.close(change["user_id"])
        else:
            sockets.tell(change["user_id"], json.dumps(change["event"]).encode())
