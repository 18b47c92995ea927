"""The HTTP API: the routes of every feature in one function."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from sqlalchemy import text

from functions.accounts.routes import router as accounts
from functions.api.openapi import describe
from functions.core.http import SECURITY_HEADERS, DatabaseSession, http_app
from functions.core.observability import logger, tracer
from functions.library.routes import router as library
from functions.live.routes import router as live
from functions.uploads.routes import router as uploads
from functions.watch.routes import router as watch

app = http_app()
for router in (accounts, uploads, library, watch, live):
    app.include_router(router)


@app.get("/api/health", tags=["health"])
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/health/ready", tags=["health"])
def ready(session: DatabaseSession) -> dict[str, str]:
    session.execute(text("SELECT 1"))
    return {"status": "ok"}


@app.get("/api/openapi.json", include_in_schema=False)
def openapi() -> dict[str, Any]:
    return describe(app)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    result = app.resolve(event, context)
    request = event["requestContext"]["http"]
    logger.info("Answered", method=request["method"], path=request["path"], status=result["statusCode"])
    # The local emulator takes no None for a body that is empty.
    return {**result, "headers": SECURITY_HEADERS | result["headers"], "body": result.get("body") or ""}
