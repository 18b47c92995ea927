"""The edge: plays CloudFront on localhost, with the same routes, signature checks and headers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote

import httpx
import uvicorn
from cryptography.hazmat.primitives.serialization import load_der_public_key
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState
from starlette_compress import CompressMiddleware
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.frames import CloseCode

from local.outputs import aws_client, read_outputs
from local.settings import ROOT, Settings
from local.signatures import KeyGroup, RefusedError, Viewer, split_signature
from stacks.headers import OTHER_HEADERS, REFERRER_POLICY, content_security_policy

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's limit
MAX_MESSAGE_BYTES = 128 * 1024  # the same for WebSockets
ORIGIN_TIMEOUT = httpx.Timeout(30, connect=5)  # CloudFront's default origin read timeout
NEVER_KEPT = "private, no-store"  # not even in the viewer's own cache may media outlive a grant
IMMUTABLE = "public, max-age=31536000, immutable"
ALL_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]

HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
NOT_FORWARDED = HOP_BY_HOP | {"host", "content-length", "authorization"}
VIEWER_HEADERS = {"x-viewer-host", "x-viewer-address", "x-forwarded-for", "x-forwarded-proto"}
NOT_ANSWERED = HOP_BY_HOP | {"content-length", "date", "server"}
SOCKET_HEADERS = ("origin", "cookie", "user-agent", "accept-language")
OBJECT_REQUEST_HEADERS = ("range", "if-range", "if-match", "if-none-match", "if-modified-since")
OBJECT_ANSWER_HEADERS = frozenset(
    [
        "accept-ranges",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
    ]
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Origins:
    """What stands behind the edge."""

    api: str
    """HTTP address that API paths are appended to."""
    live: str
    """WebSocket address."""
    object_url: Callable[[str, str], str]
    """(method, key) -> a signed address of that object in the media bucket."""
    key_group: KeyGroup


@dataclass(frozen=True, kw_only=True)
class Edge:
    site: Path
    origins: Callable[[], Origins]
    client: httpx.AsyncClient

    async def api(self, request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY_BYTES:
                return problem(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", "This request is too large."
                )
        path = request.scope.get("raw_path") or request.url.path.encode()
        query = request.scope["query_string"]
        url = httpx.URL(self.origins().api)
        target = url.copy_with(raw_path=url.raw_path.rstrip(b"/") + path + (b"?" + query if query else b""))
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name not in NOT_FORWARDED | VIEWER_HEADERS
        ]
        headers += viewer_headers(request.headers["host"], request.client.host if request.client else "")
        try:
            answer = await self.client.request(request.method, target, headers=headers, content=bytes(body))
        except httpx.TimeoutException:
            return problem(HTTPStatus.GATEWAY_TIMEOUT, "timeout", "StreamTime took too long to answer.")
        except httpx.TransportError:
            return problem(
                HTTPStatus.BAD_GATEWAY, "unreachable", "StreamTime's API can't be reached right now."
            )
        response = Response(answer.content, answer.status_code)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if (lower := name.lower().decode()) not in NOT_ANSWERED
            and lower != "content-encoding"  # the client has decoded the body already
            and not lower.startswith(
                "access-control-"
            )  # the emulator's own; the API is for its own page only
        ]
        if answer.status_code not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            response.headers["content-length"] = str(len(answer.content))
        return response

    async def live(self, browser: WebSocket) -> None:
        query = browser.scope["query_string"].decode("ascii", "replace")
        headers = [(name, browser.headers[name]) for name in SOCKET_HEADERS if name in browser.headers]
        headers += viewer_headers(browser.headers["host"], browser.client.host if browser.client else "")
        try:
            upstream = await connect(
                self.origins().live + (f"?{query}" if query else ""),
                additional_headers=headers,
                user_agent_header=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=ORIGIN_TIMEOUT.read,
                proxy=None,
            )
        except InvalidStatus:
            await browser.send_denial_response(PlainTextResponse("Forbidden", HTTPStatus.FORBIDDEN))
        except (OSError, WebSocketException):
            await browser.send_denial_response(PlainTextResponse("Bad gateway", HTTPStatus.BAD_GATEWAY))
        else:
            async with upstream:
                await browser.accept()
                await relay(browser, upstream)

    async def media(self, request: Request) -> Response:
        viewer = Viewer(
            url=f"{request.url.scheme}://{request.headers['host']}{raw_path_and_query(request.scope)}",
            cookies=request.cookies,
            ip=request.client.host if request.client else "",
        )
        try:
            origins = self.origins()
            origins.key_group.check(viewer, now=time.time())
            refuse_own_query(viewer.url)
            key = object_key(request.scope)
        except RefusedError as refused:
            return cloudfront_error(refused.code, str(refused))
        headers = {name: request.headers[name] for name in OBJECT_REQUEST_HEADERS if name in request.headers}
        url = origins.object_url(request.method, key)
        reading = self.client.build_request(
            request.method, url, headers=headers | {"accept-encoding": "identity"}
        )
        try:
            found = await self.client.send(reading, stream=True)
        except httpx.TimeoutException:
            return cloudfront_error("GatewayTimeout", "The origin did not answer", HTTPStatus.GATEWAY_TIMEOUT)
        except httpx.TransportError:
            return cloudfront_error("BadGateway", "The origin can't be reached", HTTPStatus.BAD_GATEWAY)
        if found.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
            await found.aclose()
            # What S3 says to a distribution that may read objects, but not list which ones there are.
            return cloudfront_error("AccessDenied", "Access Denied")
        answer_headers = {
            name: value for name, value in found.headers.items() if name in OBJECT_ANSWER_HEADERS
        }
        answer_headers["cache-control"] = NEVER_KEPT
        return StreamingResponse(pieces_of(found), found.status_code, answer_headers)

    async def page(self, request: Request) -> Response:
        """Serve the built frontend: files by name, and index.html for every address of the web app."""
        path = request.path_params["path"]
        if request.url.hostname != "localhost":
            return RedirectResponse(
                str(request.url.replace(hostname="localhost")), HTTPStatus.TEMPORARY_REDIRECT
            )
        if "." not in path.rsplit("/", 1)[-1] and not path.startswith("assets/"):
            path = "index.html"
        file = (self.site / path).resolve()
        if not file.is_relative_to(self.site.resolve()) or not file.is_file():
            if path == "index.html":
                return PlainTextResponse(
                    "The web app has not been built yet.", HTTPStatus.SERVICE_UNAVAILABLE
                )
            return PlainTextResponse("Not found", HTTPStatus.NOT_FOUND)
        caching = IMMUTABLE if path.startswith("assets/") else "no-cache"
        return FileResponse(file, headers={"cache-control": caching})


class Finish:
    """Gives every answer the security headers and one line in the log, without what a query may hide."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()

        async def finished(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                MutableHeaders(scope=message).update(self.headers)
            if status := message.get("status"):
                took = (time.perf_counter() - started) * 1000
                log.info("%s %s %d %.0f ms", scope.get("method", "SOCKET"), scope["path"], status, took)
            await send(message)

        await self.app(scope, receive, finished)


def create_app(edge: Edge, headers: Mapping[str, str]) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with edge.client:
            yield

    return Starlette(
        routes=[
            Route("/api/{path:path}", edge.api, methods=ALL_METHODS),
            WebSocketRoute("/live", edge.live),
            Route("/media/{path:path}", edge.media, methods=["GET", "HEAD"]),
            # Like CloudFront, which compresses what it may cache: pages are as large here as there.
            Route(
                "/{path:path}",
                edge.page,
                methods=["GET", "HEAD"],
                middleware=[Middleware(CompressMiddleware, minimum_size=1000, zstd=False, brotli_quality=5)],
            ),
        ],
        middleware=[
            Middleware(Finish, headers=headers),
            Middleware(
                TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"]
            ),  # against DNS rebinding
        ],
        lifespan=lifespan,
    )


def viewer_headers(host: str, ip: str) -> list[tuple[str, str]]:
    """Tell the origin about the viewer; what the viewer claimed under these names has been dropped."""
    return [
        ("x-viewer-host", host),
        ("x-viewer-address", ip),
        ("x-forwarded-for", ip),
        ("x-forwarded-proto", "http"),
    ]


async def relay(browser: WebSocket, upstream: ClientConnection) -> None:
    """Carry messages both ways until either side ends, then end the other."""

    async def from_browser() -> None:
        while (message := await browser.receive())["type"] == "websocket.receive":
            await upstream.send(message["text"] if message.get("text") is not None else message["bytes"])

    async def to_browser() -> None:
        async for message in upstream:
            await (browser.send_text(message) if isinstance(message, str) else browser.send_bytes(message))

    ways = [asyncio.create_task(from_browser()), asyncio.create_task(to_browser())]
    _, unfinished = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in unfinished:
        way.cancel()
    await asyncio.gather(*ways, return_exceptions=True)
    if browser.client_state is WebSocketState.CONNECTED:
        await browser.close(upstream.close_code or CloseCode.GOING_AWAY)


def raw_path_and_query(scope: Scope) -> str:
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("ascii", "replace")


def object_key(scope: Scope) -> str:
    """Find the object that a path names; a path that can be read in two ways names none."""
    raw = raw_path_and_query(scope).partition("?")[0]
    try:
        key = unquote(raw, errors="strict").removeprefix("/")
    except UnicodeDecodeError as error:
        raise RefusedError("AccessDenied", "Access Denied") from error
    segments = key.split("/")
    if (
        not key.isprintable()
        or "\\" in key
        or "%2f" in raw.lower()
        or not all(segments)
        or {".", ".."} & {*segments}
    ):
        raise RefusedError("AccessDenied", "Access Denied")
    return key


def refuse_own_query(url: str) -> None:
    """Take no query but a signature's: in any other, a policy's wildcards could find what they look for."""
    if "?" in split_signature(url)[0]:
        raise RefusedError("AccessDenied", "Access Denied")


async def pieces_of(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


def problem(status: HTTPStatus, code: str, detail: str) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": status, "code": code, "detail": detail}
    return JSONResponse(
        body, status, media_type="application/problem+json", headers={"cache-control": "no-store"}
    )


def cloudfront_error(code: str, message: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    return Response(body, status, media_type="text/xml", headers={"cache-control": "no-store"})


class DeployedOrigins:
    """The origins of the latest deployment: read again when a deployment has written new outputs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._deployed_at = 0
        self._origins: Origins

    def __call__(self) -> Origins:
        if (deployed_at := self._settings.outputs_file.stat().st_mtime_ns) != self._deployed_at:
            self._origins = self._read()
            self._deployed_at = deployed_at
        return self._origins

    def _read(self) -> Origins:
        outputs = read_outputs(self._settings)
        key = aws_client(self._settings, "kms").get_public_key(KeyId=outputs["SigningKeyId"])["PublicKey"]
        s3 = aws_client(self._settings, "s3")

        def object_url(method: str, key: str) -> str:
            url: str = s3.generate_presigned_url(
                "head_object" if method == "HEAD" else "get_object",
                Params={"Bucket": outputs["MediaBucketName"], "Key": key},
                ExpiresIn=60,
            )
            return url

        return Origins(
            api=outputs["ApiUrl"],
            live=outputs["LiveUrl"],
            object_url=object_url,
            key_group=KeyGroup(
                {outputs["SigningKeyPairId"]: cast("EllipticCurvePublicKey", load_der_public_key(key))}
            ),
        )


def site_headers(settings: Settings) -> dict[str, str]:
    """Name the headers that CloudFront's response headers policy adds to every answer."""
    socket_origin = settings.origin.replace("http", "ws", 1)  # not every browser counts it as 'self'
    return {
        "Content-Security-Policy": content_security_policy([settings.aws_endpoint, socket_origin]),
        "Referrer-Policy": REFERRER_POLICY,
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        **OTHER_HEADERS,
    }


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = Settings.from_environment()
    edge = Edge(
        site=ROOT / "frontend" / "dist",
        origins=DeployedOrigins(settings),
        client=httpx.AsyncClient(timeout=ORIGIN_TIMEOUT, trust_env=False),
    )
    uvicorn.run(
        create_app(edge, site_headers(settings)),
        host="127.0.0.1",
        port=settings.edge_port,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE_BYTES,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()
