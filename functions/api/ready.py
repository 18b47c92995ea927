"""HTTP API: whether the database answers, which wakes it."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from sqlalchemy import text

from functions.core.caller import DatabaseSession

router = APIGatewayHttpRouter()


@router.get("/api/health/ready", tags=["health"])
def ready(session: DatabaseSession) -> dict[str, str]:
    session.execute(text("SELECT 1"))
    return {"status": "ok"}
