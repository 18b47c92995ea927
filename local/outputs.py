"""What the deployment made: its outputs, and everything a black-box client of the stage needs to know."""

import json
from typing import Any

import boto3
from botocore.config import Config

from local.settings import ACCOUNT, REGION, Settings


def read_outputs(settings: Settings) -> dict[str, str]:
    """Read the outputs of all stacks as one mapping; empty before the first deployment."""
    if not settings.outputs_file.exists():
        return {}
    by_stack = json.loads(settings.outputs_file.read_text())
    return {name: value for outputs in by_stack.values() for name, value in outputs.items()}


def aws_client(settings: Settings, service: str) -> Any:
    """Make a client that speaks to the emulator as its root user, whatever the person's own AWS set-up is."""
    return boto3.client(
        service,  # type: ignore[call-overload]  # the stubs want a literal
        endpoint_url=settings.aws_endpoint,
        region_name=REGION,
        aws_access_key_id=settings.secrets.access_key_id,
        aws_secret_access_key=settings.secrets.secret_access_key,
        config=Config(
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=30,
            retries={"total_max_attempts": 2},
        ),
    )


def describe(settings: Settings) -> dict[str, Any]:
    outputs = read_outputs(settings)
    socket_origin = settings.origin.replace("http", "ws", 1)
    return {
        "edge": settings.origin,
        "api": f"{settings.origin}/api",
        "live": f"{socket_origin}/live",
        "aws_endpoint": settings.aws_endpoint,
        "s3_endpoint": settings.aws_endpoint,
        "region": REGION,
        "account": ACCOUNT,
        "access_key_id": settings.secrets.access_key_id,
        "secret_access_key": settings.secrets.secret_access_key,
        "buckets": {"media": outputs.get("MediaBucketName")},
        "queues": {
            "watchdog": outputs.get("WatchdogQueueUrl"),
            "watchdog_dead_letters": outputs.get("WatchdogDeadLetterQueueUrl"),
            "upload_dead_letters": outputs.get("UploadDeadLetterQueueUrl"),
        },
        "tables": {
            "tickets": outputs.get("TicketsTableName"),
            "connections": outputs.get("ConnectionsTableName"),
            "limits": outputs.get("LimitsTableName"),
        },
        "topic": outputs.get("UpdatesTopicArn"),
        "state_machine": outputs.get("StateMachineArn"),
        "user_pool": outputs.get("UserPoolId"),
        "user_pool_client": outputs.get("UserPoolClientId"),
        "signing_key": outputs.get("SigningKeyId"),
        "functions": json.loads(outputs.get("FunctionNames", "{}")),
        "database_dsn": settings.database_dsn,
        "data": str(settings.data),
        "s3_log": str(settings.log("s3")),
    }
