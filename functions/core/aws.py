"""AWS clients: one per service and process, made at first use, each with time limits and bounded retries."""

from functools import cache
from typing import TYPE_CHECKING, Any

from functions.core.observability import tracer

if TYPE_CHECKING:
    from botocore.config import Config


def config(**options: Any) -> "Config":
    from botocore.config import Config  # noqa: PLC0415 (see client)

    return Config(
        connect_timeout=2,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 4},
        **options,
    )


@cache
def client(service: str, endpoint: str | None = None) -> Any:
    """Return the client of `service`, e.g. "kms"; callers annotate it with the type of its stubs.

    Importing boto3 takes longer than most requests, so it waits until something needs it.
    """
    import boto3  # noqa: PLC0415

    tracer.patch(["botocore"])
    make: Any = boto3.client
    return make(service, endpoint_url=endpoint, config=config())
