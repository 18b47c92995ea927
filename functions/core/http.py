"""HTTP in and out: one application shape, one way to say what went wrong; core.caller adds the database."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Request, Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as RouteNotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Header, Query
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from pydantic import AfterValidator, Field, SecretStr

from functions.core.errors import (
    CrossSiteError,
    InvalidInputError,
    NotFoundError,
    NotThroughEdgeError,
    ProblemError,
    UnsupportedMediaTypeError,
    VersionRequiredError,
)
from functions.core.observability import about, logger
from functions.core.origin import came_through_edge, names_own_site

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
    """Answers what came through the edge, in JSON; a middleware would be asked after the body is read."""

    def resolve(self, event: Any, context: Any) -> dict[str, Any]:
        headers = event.get("headers") or {}
        if not came_through_edge(headers):
            return _refused(NotThroughEdgeError())
        if event["requestContext"]["http"]["method"] not in SAFE_METHODS and not _is_json(event, headers):
            return _refused(UnsupportedMediaTypeError())
        return super().resolve(event, context)


def _refused(error: ProblemError) -> dict[str, Any]:
    refusal = problem(error)
    return {
        "statusCode": refusal.status_code,
        "headers": {"Content-Type": refusal.content_type},
        "body": refusal.body,
    }


def _is_json(event: dict[str, Any], headers: dict[str, str]) -> bool:
    """Tell whether what comes is said to be JSON; nothing is, unless it is said to be something else."""
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    return said == "application/json" or not (said or event.get("body"))


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # Also numbers of thousands of digits, and what is nested thousands of times.
        raise InvalidInputError("This body can't be read as JSON.") from error


def http_app() -> APIGatewayHttpResolver:
    app = _Resolver(enable_validation=True, json_body_deserializer=_read_json)
    app.use([_name, _secure])
    for error, answer in ERRORS.items():
        app.exception_handler(error)(answer)
    app.not_found(lambda _error: problem(NotFoundError()))
    return app


def _name(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Say in logs and traces what is asked. The route stands for the path, which may hold a secret."""
    subject = app.request.path_parameters.get("video_id")
    about(route=app.request.route, **({"video_id": str(subject)} if subject else {}))
    return next_middleware(app)


def _secure(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Refuse what another site sent with this browser's cookies."""
    event = app.current_event
    if event.http_method not in SAFE_METHODS and not same_origin(event.headers):
        raise CrossSiteError("This request came from another site. Open your drive and try there.")
    return next_middleware(app)


def same_origin(headers: dict[str, str]) -> bool:
    """Tell whether the drive's own page, or no browser at all, sent these headers."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    return names_own_site(headers)


# What routes ask for


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


def plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must not contain half of a character") from error
    return text


def _plain_secret(secret: SecretStr) -> SecretStr:
    plain(secret.get_secret_value())
    return secret


Text = Annotated[str, AfterValidator(plain)]
SecretText = Annotated[SecretStr, AfterValidator(_plain_secret)]
Title = Annotated[Text, Field(max_length=255)]
Description = Annotated[Text, Field(max_length=5000)]
Limit = Annotated[int, Query(ge=1, le=100)]
CursorText = Annotated[str | None, Query(max_length=2000)]
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


def granting(body: Any, cookies: dict[str, str], *, path: str, seconds: int) -> Response[Any]:
    """Answer with the cookies that open what lies under `path` for so long."""
    granted = answer(body)
    granted.cookies.extend(cookie(name, value, path=path, max_age=seconds) for name, value in cookies.items())
    return granted


def problem(error: ProblemError) -> Response[str]:
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
        headers=error.headers,
    )


def _refuse_input(error: RequestValidationError) -> Response[str]:
    fields = [
        {"field": ".".join(str(step) for step in found["loc"][1:]) or "body", "message": found["msg"]}
        for found in error.errors()
    ]
    refusal = InvalidInputError("Some of what was sent cannot be taken. Check the fields named.")
    refusal.extra["errors"] = fields
    return problem(refusal)


def unexpected(error: Exception) -> Response[str]:
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
    UnicodeError: lambda _error: problem(InvalidInputError("Send text as UTF-8.")),
    Exception: unexpected,
}
