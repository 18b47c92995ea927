"""WebSocket route "upload": what one page sends of its files is told to the person's other pages.

Nothing of it is kept or believed: how much has arrived is what S3 lists. What is said too often is told to
nobody; the next time says it all again.
"""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.core.errors import TooManyRequestsError
from functions.core.limits import Limit
from functions.core.observability import logger, observed
from functions.live import sockets

MAX_MESSAGE_BYTES = 2_000
TOLD_BY = Limit("told-by", burst=60, every=timedelta(seconds=0.25))
"""What all pages of one person say: each that sends does so every other second."""


class Sent(BaseModel):
    """How many bytes of which videos are on their way or there, as the page that sends them says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    action: Literal["upload"]
    sent: Annotated[
        dict[Annotated[UUID, Field(strict=False)], Annotated[int, Field(ge=0, lt=2**53)]],
        Field(min_length=1, max_length=10),
    ]


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    connection_id = event["requestContext"]["connectionId"]
    said = _understood(event.get("body") or "")
    page = sockets.whose(connection_id) if said else None
    if said and page and _may_speak(page.user_id):
        sent = {str(video_id): size for video_id, size in said.sent.items()}
        message = json.dumps({"kind": "upload.sent", "sent": sent}).encode()
        sockets.tell(page.user_id, message, but=connection_id)
    return {"statusCode": HTTPStatus.OK}


def _may_speak(user_id: str) -> bool:
    try:
        TOLD_BY.take(user_id)
    except TooManyRequestsError:
        return False
    return True


def _understood(body: str) -> Sent | None:
    if len(body) > MAX_MESSAGE_BYTES:
        return None
    try:
        return Sent.model_validate_json(body)
    except ValidationError:
        logger.warning("A page said what is not understood", size=len(body))
        return None
