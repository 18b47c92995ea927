"""HTTP in and out: one application shape, one transaction a request, one way to say what went wrong."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Request, Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as RouteNotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from pydantic import AfterValidator
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from functions.core import database
from functions.core.errors import (
    CrossSiteError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    NotThroughEdgeError,
    ProblemError,
    VersionRequiredError,
    WakingError,
)
from functions.core.models import Session as BrowserSession
from functions.core.models import User, now
from functions.core.observability import logger
from functions.core.origin import came_through_edge, names_own_site
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
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


class _Resolver(APIGatewayHttpResolver):
    """Answers what came through the edge; a middleware would be asked after the validation of the body."""

    def resolve(self, event: Any, context: Any) -> dict[str, Any]:
        if came_through_edge(event.get("headers") or {}):
            return super().resolve(event, context)
        refusal = problem(NotThroughEdgeError())
        return {
            "statusCode": refusal.status_code,
            "headers": {"Content-Type": refusal.content_type},
            "body": refusal.body,
        }


def http_app() -> APIGatewayHttpResolver:
    app = _Resolver(enable_validation=True)
    app.use([_secure, _in_one_transaction])
    for error, answer in ERRORS.items():
        app.exception_handler(error)(answer)
    app.not_found(lambda _error: problem(NotFoundError()))
    return app


def _secure(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Refuse what another site sent with this browser's cookies."""
    event = app.current_event
    if event.http_method not in SAFE_METHODS:
        if not same_origin(event.headers):
            raise CrossSiteError("This request came from another site. Open your drive and try there.")
        if event.body and not event.headers.get("content-type", "").startswith("application/json"):
            raise InvalidInputError("Send the request's body as application/json.")
    return next_middleware(app)


def same_origin(headers: dict[str, str]) -> bool:
    """Tell whether the drive's own page, or no browser at all, sent these headers."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    return names_own_site(headers)


def _in_one_transaction(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    with database.transaction() as session:
        app.append_context(session=session)
        return next_middleware(app)


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


def _viewer(request: Request, session: DatabaseSession) -> User | None:
    token = session_token(request)
    browser = SessionRepository(session).find(token_hash(token)) if token else None
    if browser is None:
        return None
    _slide(browser)
    logger.append_keys(user_id=str(browser.user_id))
    return browser.user


def _slide(browser: BrowserSession) -> None:
    """Move the session's end along; once an hour is often enough and spares a write a request."""
    moment = now()
    if moment - browser.last_seen_at > timedelta(hours=1):
        browser.last_seen_at = moment
        browser.expires_at = min(moment + browser.SLIDING, browser.created_at + browser.ABSOLUTE)


def _site(request: Request) -> str:
    """Return the site the browser sees, such as "https://drive.example.org".

    It goes into signed policies, where other characters would have a meaning.
    """
    headers = request.resolved_event.headers
    host, scheme = headers.get("x-viewer-host", ""), headers.get("x-forwarded-proto", "https")
    if not re.fullmatch(r"[a-z0-9.-]+(:\d+)?", host) or scheme not in {"http", "https"}:
        raise InvalidInputError("Open your drive at its own address.")
    return f"{scheme}://{host}"


Site = Annotated[str, Depends(_site)]
Viewer = Annotated[User | None, Depends(_viewer)]


def _current_user(viewer: Viewer) -> User:
    if viewer is None:
        raise NotSignedInError
    return viewer


def _viewer_id(viewer: Viewer) -> UUID | None:
    return None if viewer is None else viewer.id


ViewerId = Annotated[UUID | None, Depends(_viewer_id)]
CurrentUser = Annotated[User, Depends(_current_user)]


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must not contain half of a character") from error
    return text


Text = Annotated[str, AfterValidator(_plain)]
Limit = Annotated[int, Query(ge=1, le=100)]
CursorText = Annotated[str | None, Query(max_length=400)]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=40)]


def expected_version(if_match: str | None) -> int:
    """Read `If-Match: "7"`."""
    if if_match is None:
        raise VersionRequiredError("Say which version you changed: send its number in If-Match.")
    try:
        return int(if_match.strip().removeprefix("W/").strip('"'))
    except ValueError as error:
        raise InvalidInputError('If-Match must be a version number, such as "7".') from error


# Answers


def answer(
    body: Any, *, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response[Any]:
    return Response(status_code=status, content_type="application/json", body=body, headers=headers or {})


def no_content() -> Response[None]:
    return Response(status_code=HTTPStatus.NO_CONTENT)


def cookie(name: str, value: str, *, path: str = "/", max_age: int) -> Cookie:
    return Cookie(
        name=name,
        value=value,
        path=path,
        secure=True,
        http_only=True,
        max_age=max_age,
        same_site=SameSite.LAX_MODE,
    )


def problem(error: ProblemError, headers: dict[str, str] | None = None) -> Response[str]:
    body = {
        "type": "about:blank",
        "title": error.status.phrase,
        "status": error.status.value,
        "code": error.code,
        "detail": error.detail,
        **error.extra,
    }
    return Response(
        status_code=error.status,
        content_type="application/problem+json",
        body=json.dumps(body),
        headers=headers or {},
    )


def _refuse_input(error: RequestValidationError) -> Response[str]:
    fields = [
        {"field": ".".join(str(step) for step in found["loc"][1:]) or "body", "message": found["msg"]}
        for found in error.errors()
    ]
    refusal = InvalidInputError("Some of what was sent cannot be taken. Check the fields named.")
    refusal.extra["errors"] = fields
    return problem(refusal)


def _waking(error: DBAPIError) -> Response[str]:
    """Tell a database that is not there yet, which asking has woken, from trouble that is ours."""
    reason = str(error.orig)
    if isinstance(error, OperationalError) and any(sign in reason for sign in ASLEEP):
        logger.warning("No connection to the database yet", reason=reason)
        return problem(WakingError(), {"Retry-After": "3"})
    return _unexpected(error)


def _unexpected(error: Exception) -> Response[str]:
    logger.exception("Request failed", exc_info=error)
    return Response(
        status_code=HTTPStatus.INTERNAL_SERVER_ERROR,
        content_type="application/problem+json",
        body=json.dumps(
            {
                "type": "about:blank",
                "title": "Internal Server Error",
                "status": 500,
                "code": "internal",
                "detail": "Something went wrong on our side. Try again in a moment.",
            }
        ),
    )


ERRORS: dict[type[Exception], Callable[[Any], Response[str]]] = {
    ProblemError: problem,
    RouteNotFoundError: lambda _error: problem(NotFoundError()),
    RequestValidationError: _refuse_input,
    DBAPIError: _waking,
    UnicodeDecodeError: lambda _error: problem(InvalidInputError("Send text as UTF-8.")),
    Exception: _unexpected,
}
