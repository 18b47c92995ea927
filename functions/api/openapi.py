"""The API's description in OpenAPI 3.1."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.models import Server

TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457: `code` is for programs, `detail` is a sentence for people.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "code": TEXT,
        "detail": TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": TEXT, "message": TEXT},
            },
        },
    },
}
REFUSAL = {
    "description": "A problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """Describe every route, with our own problems in the place of the framework's validation errors."""
    schema = app.get_openapi_schema(
        title="StreamTime", version="1", openapi_version="3.1.0", servers=[Server(url="/")]
    )
    document: dict[str, Any] = schema.model_dump(mode="json", by_alias=True, exclude_none=True)
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            for answer in operation["responses"].values():
                if answer["content"]["application/json"]["schema"].get("type") == "null":
                    del answer["content"]  # an answer without a body
            operation["responses"]["default"] = REFUSAL
    schemas = document["components"]["schemas"]
    for replaced in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(replaced, None)
    schemas["Problem"] = PROBLEM
    document["paths"] = dict(sorted(document["paths"].items()))
    return document
