"""SNS video-updates: each change goes to the open pages of the one person it concerns, or closes them.

What is for the person rather than their pages goes by mail.
"""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core import mail
from functions.core.observability import observed
from functions.live import sockets


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> None:
    for record in event["Records"]:
        change = json.loads(record["Sns"]["Message"])
        if "mail" in change:
            mail.send(**change["mail"])
        elif change.get("close"):
            if change.get("for_good"):
                sockets.take_back_tickets(change["user_id"])
            sockets.close(change["user_id"], but=change.get("but", ()))
        else:
            sockets.tell(change["user_id"], json.dumps(change["event"]).encode())
