"""The HTTP API: the routes of every feature in one function, each imported when it is first asked for."""

import gc
import os
from importlib import import_module
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.http import SECURITY_HEADERS, http_app
from functions.core.observability import logger, observed

ROUTES = {
    "functions.accounts.routes": ("auth", "me"),
    "functions.uploads.routes": ("uploads",),
    "functions.library.routes": ("videos", "trash", "usage", "events"),
    "functions.live.routes": ("live",),
    "functions.watch.routes": ("explore", "users", "videos"),
    "functions.sharing.routes": ("videos", "links", "shared"),
    "functions.admin.routes": ("admin",),
    "functions.api.ready": ("health/ready",),
}
"""What each module's paths begin with, after /api/."""

app = http_app()
_mounted: set[str] = set()


def mount(path: str = "/api/") -> None:
    """Import and mount what may answer `path`; everything, for the path that all begin with."""
    asked = path.removeprefix("/api/")
    for module, beginnings in ROUTES.items():
        if module not in _mounted and (not asked or asked.startswith(beginnings)):
            if not _mounted:
                import_module("functions.core.caller").give_database(app)
            app.include_router(import_module(module).router)
            _mounted.add(module)
            # It stays: to look through all that is imported for garbage made one request in a hundred wait.
            gc.freeze()


@app.get("/api/health", tags=["health"])
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/openapi.json", include_in_schema=False)
def openapi() -> dict[str, Any]:
    from functions.api.openapi import describe  # noqa: PLC0415  # nobody else needs its models

    mount()
    return describe(app)


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request = event["requestContext"]["http"]
    mount(request["path"])
    result = app.resolve(event, context)
    logger.info("Answered", method=request["method"], status=result["statusCode"])
    # The local emulator takes no None for a body that is empty.
    return {**result, "headers": SECURITY_HEADERS | result["headers"], "body": result.get("body") or ""}


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    # The snapshot is taken once and started from often: let it hold all there is to import, and nothing open.
    mount()
    import_module("boto3")
