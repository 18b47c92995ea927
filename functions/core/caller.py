"""Who asks, and the transaction in which they are answered: what routes with a database have in common."""

from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Request, Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from functions.core import database
from functions.core.errors import (
    NotedError,
    NotFoundError,
    NotSignedInError,
    ReauthenticateError,
    WakingError,
)
from functions.core.http import problem, unexpected
from functions.core.journal import Journal, Visit, network_of
from functions.core.models import Session as BrowserSession
from functions.core.models import User, now
from functions.core.observability import about, logger
from functions.core.repositories import SessionRepository

SESSION_COOKIE = "__Host-session"
# What libpq and the server say while a paused database resumes or a server restarts.
ASLEEP = (
    "timeout expired",
    "Connection refused",
    "starting up",
    "shutting down",
    "terminating connection",
    "server closed the connection",
    "connection is closed",
)


def give_database(app: APIGatewayHttpResolver) -> None:
    """Answer every request to a route that is mounted from now on in a transaction of its own."""
    app.use([_in_one_transaction])
    app.exception_handler(DBAPIError)(_waking)


def _in_one_transaction(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    with database.transaction() as session:
        app.append_context(session=session)
        try:
            return next_middleware(app)
        except NotedError as refused:
            return problem(refused)


def _waking(error: DBAPIError) -> Response[str]:
    """Tell a database that is not there yet, which asking has woken, from trouble that is ours."""
    reason = str(error.orig)
    if isinstance(error, OperationalError) and any(sign in reason for sign in ASLEEP):
        logger.warning("No connection to the database yet", reason=reason)
        return problem(WakingError())
    return unexpected(error)


# What routes ask for


def _session(request: Request) -> Session:
    session: Session = request.context["session"]
    return session


DatabaseSession = Annotated[Session, Depends(_session)]


def session_token(request: Request) -> str | None:
    """Return the session token. API Gateway hands over `cookies`, the local emulator a header."""
    event = request.resolved_event
    text = "; ".join(event.raw_event.get("cookies") or []) or event.headers.get("cookie", "")
    pairs = (cookie.strip().partition("=") for cookie in text.split(";"))
    return next((value for name, _, value in pairs if name == SESSION_COOKIE), None)


def token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _visit(request: Request) -> Visit:
    """Read from where somebody asks; the edge says so and overwrites what they claim."""
    headers = request.resolved_event.headers
    return Visit(network_of(headers.get("x-viewer-address", "")), headers.get("user-agent", "")[:400])


def _journal(request: Request, session: DatabaseSession) -> Journal:
    return Journal(session, _visit(request))


AuditJournal = Annotated[Journal, Depends(_journal)]


def _browser(request: Request, session: DatabaseSession) -> BrowserSession | None:
    token = session_token(request)
    browser = SessionRepository(session).find(token_hash(token)) if token else None
    if browser is None:
        return None
    _slide(browser)
    about(user_id=str(browser.user_id))
    return browser


def _viewer(browser: Annotated[BrowserSession | None, Depends(_browser)]) -> User | None:
    return None if browser is None else browser.user


def _slide(browser: BrowserSession) -> None:
    """Move the session's end along; once an hour is often enough and spares a write a request."""
    moment = now()
    if moment - browser.last_seen_at > timedelta(hours=1):
        browser.last_seen_at = moment
        browser.expires_at = min(moment + browser.SLIDING, browser.created_at + browser.ABSOLUTE)


Viewer = Annotated[User | None, Depends(_viewer)]


def _current_user(viewer: Viewer) -> User:
    if viewer is None:
        raise NotSignedInError
    return viewer


def _viewer_id(viewer: Viewer) -> UUID | None:
    return None if viewer is None else viewer.id


def _current_session(browser: Annotated[BrowserSession | None, Depends(_browser)]) -> BrowserSession:
    if browser is None:
        raise NotSignedInError
    return browser


CurrentSession = Annotated[BrowserSession, Depends(_current_session)]


def _recent_user(request: Request, browser: CurrentSession) -> User:
    """Ask for the password again before what must not happen by an open page that somebody left.

    The token of before somebody showed who they are doesn't show it.
    """
    if not browser.is_recent() or browser.token_hash != token_hash(session_token(request) or ""):
        raise ReauthenticateError
    return browser.user


ViewerId = Annotated[UUID | None, Depends(_viewer_id)]
CurrentUser = Annotated[User, Depends(_current_user)]
RecentUser = Annotated[User, Depends(_recent_user)]


def _admin(user: CurrentUser) -> User:
    """Let in who runs the drive; for anybody else who is signed in there is nothing here."""
    if not user.is_admin:
        raise NotFoundError
    return user


Admin = Annotated[User, Depends(_admin)]


def _recent_admin(_: Admin, user: RecentUser) -> User:
    return user


RecentAdmin = Annotated[User, Depends(_recent_admin)]
