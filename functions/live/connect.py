"""WebSocket routes: a ticket opens the socket, "ping" is answered, closing forgets it."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.observability import logger, observed
from functions.core.origin import came_through_edge, names_own_site
from functions.live import sockets


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    socket = event["requestContext"]
    match socket["routeKey"]:
        case "$connect":
            return _open(event, socket["connectionId"])
        case "$disconnect":
            sockets.forget(socket["connectionId"])
        case _ if event.get("body") == "ping":
            sockets.send(socket["connectionId"], b"pong")
    return {"statusCode": HTTPStatus.OK}


def _open(event: dict[str, Any], connection_id: str) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if not came_through_edge(headers):
        logger.warning("A socket that did not come through the edge was refused")
        return {"statusCode": HTTPStatus.FORBIDDEN}
    if not names_own_site(headers):
        logger.warning("A socket from another site was refused", origin=headers["origin"])
        return {"statusCode": HTTPStatus.FORBIDDEN}
    ticket = (event.get("queryStringParameters") or {}).get("ticket", "")
    page = sockets.redeem_ticket(ticket)
    if page is None:
        return {"statusCode": HTTPStatus.FORBIDDEN}
    sockets.remember(connection_id, page)
    logger.info("Socket opened", user_id=page.user_id)
    return {"statusCode": HTTPStatus.OK}
