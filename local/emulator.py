"""The AWS emulator behind a gate, and how it is run as a part of the local stage.

The emulator answers its own housekeeping addresses to anybody, so that any web page open in the same browser
could wipe it with one request. The gate lets only the harmless ones through.
"""

import asyncio
import base64
import logging
import re
import shutil
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import anycrc
import httpx
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope

from local.part import Part
from local.settings import ACCOUNT, REGION, Settings

FORWARDED_PROTOCOL = b"x-forwarded-proto"
HOUSEKEEPING = ("/_ministack/", "/_localstack/")
SAVE_SECONDS = (
    30  # the emulator itself only saves when it stops: a crash would lose accounts, not just seconds
)
HARMLESS = ("/_ministack/health", "/_ministack/ready", "/_ministack/cfn-response/")


def emulator(settings: Settings) -> Part:
    state = settings.data / "aws"
    scratch = state / "tmp"  # where functions are unpacked and ffmpeg works; a crash leaves its rubbish there
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    return Part(
        name="emulator",
        command=[sys.executable, "-m", "local.emulator"],
        settings=settings,
        is_ready=lambda: _answers(f"{settings.aws_endpoint}/_ministack/ready"),
        environment={
            **settings.environment,
            "GATEWAY_PORT": str(settings.aws_port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "AWS_ACCESS_KEY_ID": settings.secrets.access_key_id,
            "AWS_SECRET_ACCESS_KEY": settings.secrets.secret_access_key,
            "AUTH": "true",  # IAM is enforced; without it every bucket is open to the world
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "TMPDIR": str(scratch),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # never looks after anybody's containers
        },
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def gate(app: ASGIFramework) -> ASGIFramework:
    """Refuse all housekeeping addresses but the harmless ones, and count the loopback as secure transport.

    So the very policies that demand TLS on AWS are in force here too.
    """

    async def gated(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and _is_refused(scope["path"]):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        if scope["type"] == "http" and all(name != FORWARDED_PROTOCOL for name, _ in scope["headers"]):
            scope["headers"] = [*scope["headers"], (FORWARDED_PROTOCOL, b"https")]
        await app(scope, receive, send)

    return gated


def _is_refused(path: str) -> bool:
    return path.startswith(HOUSEKEEPING) and not path.startswith(HARMLESS)


def with_error_names(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Name a function's failure after its exception's class, as Lambda does and state machines rely on."""

    def named(*arguments: Any) -> dict[str, Any]:
        result = execute(*arguments)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body["errorType"] == "Runtime.HandlerError":
            raised = re.findall(r"^(?:\w+\.)*(\w+)(?:: .*)?$", result["log"], re.MULTILINE)
            body["errorType"] = raised[-1] if raised else body["errorType"]
        return result

    return named


def with_default_checksum(
    s3: Any, complete: Callable[..., tuple[Any, ...]]
) -> Callable[..., tuple[Any, ...]]:
    """Tell the CRC-64/NVME of an object whose parts were joined, as S3 does though nobody asked for one."""
    crc = anycrc.Model("CRC64-NVME")

    def completed(bucket: str, key: str, *arguments: Any) -> tuple[Any, ...]:
        status, headers, body = complete(bucket, key, *arguments)
        whole = s3._buckets[bucket]["objects"].get(key) if status == HTTPStatus.OK else None  # noqa: SLF001
        if whole is None or b"<Checksum" in body:
            return status, headers, body
        value = base64.b64encode(crc.calc(s3._read_body(bucket, key, whole)).to_bytes(8)).decode()  # noqa: SLF001
        whole |= {"checksums": {"CRC64NVME": value}, "checksum_type": "FULL_OBJECT"}
        told = f"<ChecksumCRC64NVME>{value}</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>"
        end = b"</CompleteMultipartUploadResult>"
        return status, headers, body.replace(end, told.encode() + end)

    return completed


async def run(config: Config) -> None:
    from ministack import app  # noqa: PLC0415  # reads the environment of this part when it is imported
    from ministack.services import lambda_svc, s3  # noqa: PLC0415

    s3._complete_multipart_upload = with_default_checksum(s3, s3._complete_multipart_upload)  # noqa: SLF001
    lambda_svc._execute_function_warm = with_error_names(lambda_svc._execute_function_warm)  # noqa: SLF001

    async def save_now_and_then() -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            app.save_all(app._build_persistence_save_dict())  # noqa: SLF001

    logging.getLogger("persistence").setLevel(logging.WARNING)
    saving = asyncio.create_task(save_now_and_then())
    await serve(gate(app.app), config)
    saving.cancel()


def main() -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{Settings.from_environment().aws_port}"]
    config.keep_alive_timeout = 75
    asyncio.run(run(config))


if __name__ == "__main__":
    main()
