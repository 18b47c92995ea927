"""HTTP API: the ticket that opens a socket."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.core.caller import CurrentSession
from functions.core.views import View
from functions.live import sockets

router = APIGatewayHttpRouter()


class Ticket(View):
    """Good for one socket, within `expires_in` seconds."""

    ticket: str
    expires_in: int


@router.post("/api/live/ticket", tags=["live"])
def ticket(browser: CurrentSession) -> Ticket:
    page = sockets.Page(str(browser.user_id), str(browser.id))
    return Ticket(ticket=sockets.issue_ticket(page), expires_in=sockets.TICKET_SECONDS)
