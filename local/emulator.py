"""The AWS emulator behind a gate, and how it is run as a part of the local stage.

The emulator answers its own housekeeping addresses to anybody, so that any web page open in the same browser
could wipe it with one request. The gate lets only the harmless ones through. Requests to S3 are logged, as a
bucket on AWS can be made to do.
"""

import asyncio
import base64
import hashlib
import json
import logging
import re
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import reduce
from http import HTTPStatus
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anycrc
import httpx
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import (
    ASGIFramework,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
    Scope,
)

from local.part import Part
from local.settings import ACCOUNT, REGION, Settings

FORWARDED_PROTOCOL = b"x-forwarded-proto"
HOUSEKEEPING = ("/_ministack/", "/_localstack/")
SAVE_SECONDS = (
    30  # the emulator itself only saves when it stops: a crash would lose accounts, not just seconds
)
SAVE_SHARE = 0.01  # of the time: it answers nobody meanwhile, and what it keeps grows with its age
ACCESS_LOG_BYTES = 4 * 1024**2  # of the log of requests to S3, and of the one before it
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


def access_log(file: Path) -> RotatingFileHandler:
    file.parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(file, maxBytes=ACCESS_LOG_BYTES, backupCount=1, encoding="utf-8")


def with_access_log(app: ASGIFramework, log: logging.Handler) -> ASGIFramework:
    """Write a line of JSON about each request to S3 once it is over, as S3's server access log has it.

    `received` are the bytes of its body that came, also if the rest never did: then `status` is null. No
    signature and no upload id is told; `upload` only sets one upload apart from another.
    """

    async def logged(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http" or not _is_for_s3(scope):
            await app(scope, receive, send)
            return
        received, status, began = 0, None, time.monotonic()

        async def counted() -> ASGIReceiveEvent:
            nonlocal received
            event = await receive()
            if event["type"] == "http.request":
                received += len(event["body"])
            return event

        async def told(event: ASGISendEvent) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
            await send(event)

        try:
            await app(scope, counted, told)
        finally:
            took = round(1000 * (time.monotonic() - began))
            line = _line(scope) | {"received": received, "status": status, "ms": took}
            log.handle(logging.makeLogRecord({"msg": json.dumps(line)}))

    return logged


def _is_for_s3(scope: HTTPScope) -> bool:
    """Tell by the credential, in a header or in the address, whose scope names the service."""
    signed = [scope["query_string"].replace(b"%2F", b"/")]
    signed += [value for name, value in scope["headers"] if name == b"authorization"]
    return any(b"/s3/aws4_request" in text for text in signed)


def _line(scope: HTTPScope) -> dict[str, Any]:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    part, upload = (query.get(name, [None])[0] for name in ("partNumber", "uploadId"))
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": scope["method"],
        "key": scope["path"].lstrip("/"),
        "part": int(part) if part and part.isdecimal() else None,
        "upload": hashlib.sha256(upload.encode()).hexdigest()[:16] if upload else None,
    }


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


def with_default_checksums(s3: Any) -> None:
    """Tell the CRC-64/NVME of an object whose parts were joined, as S3 does though nobody asked for one.

    It follows from those of its parts, each taken as it comes: nobody reads the whole for it.
    """
    crc = anycrc.Model("CRC64-NVME")
    upload_part, complete = s3._upload_part, s3._complete_multipart_upload  # noqa: SLF001

    def uploaded(bucket: str, key: str, body: bytes, query: dict[str, list[str]], headers: Any) -> Any:
        answer = upload_part(bucket, key, body, query, headers)
        if answer[0] == HTTPStatus.OK:
            parts = s3._multipart_uploads[query["uploadId"][0]]["parts"]  # noqa: SLF001
            parts[int(query["partNumber"][0])]["crc"] = crc.calc(body)
        return answer

    def completed(
        bucket: str, key: str, body: bytes, query: dict[str, list[str]], *headers: Any
    ) -> tuple[Any, ...]:
        parts = s3._multipart_uploads.get(query["uploadId"][0], {}).get("parts", {})  # noqa: SLF001
        status, told, answer = complete(bucket, key, body, query, *headers)
        whole = s3._buckets[bucket]["objects"].get(key) if status == HTTPStatus.OK else None  # noqa: SLF001
        if whole is None or b"<Checksum" in answer:
            return status, told, answer
        if not whole["checksums"]:  # else an answer that got lost is asked for again
            joined = [parts[record["PartNumber"]] for record in whole["parts"]]
            value = reduce(_append(crc), joined, 0)
            whole["checksums"] = {"CRC64NVME": base64.b64encode(value.to_bytes(8)).decode()}
            whole["checksum_type"] = "FULL_OBJECT"
            s3._persist_object(bucket, key, whole)  # noqa: SLF001  # what it keeps beside the bytes
        text = f"<ChecksumCRC64NVME>{whole['checksums']['CRC64NVME']}</ChecksumCRC64NVME>"
        end = b"</CompleteMultipartUploadResult>"
        text += "<ChecksumType>FULL_OBJECT</ChecksumType>"
        return status, told, answer.replace(end, text.encode() + end)

    s3._upload_part, s3._complete_multipart_upload = uploaded, completed  # noqa: SLF001


def _append(crc: Any) -> Callable[[int, dict[str, Any]], int]:
    """Make the function that takes the checksum of what comes first one part further."""

    def further(value: int, part: dict[str, Any]) -> int:
        # Without: one that was copied within the storage, or was kept from before a restart.
        own = part["crc"] if "crc" in part else crc.calc(part["body"])
        return int(crc.combine(value, own, part["size"]))

    return further


async def run(settings: Settings) -> None:
    from ministack import app  # noqa: PLC0415  # reads the environment of this part when it is imported
    from ministack.services import lambda_svc, s3  # noqa: PLC0415

    with_default_checksums(s3)
    lambda_svc._execute_function_warm = with_error_names(lambda_svc._execute_function_warm)  # noqa: SLF001

    async def save_now_and_then() -> None:
        took = 0.0
        while True:
            await asyncio.sleep(max(SAVE_SECONDS, took / SAVE_SHARE))
            began = time.monotonic()
            app.save_all(app._build_persistence_save_dict())  # noqa: SLF001
            took = time.monotonic() - began

    logging.getLogger("persistence").setLevel(logging.WARNING)
    saving = asyncio.create_task(save_now_and_then())
    config = Config()
    config.bind = [f"127.0.0.1:{settings.aws_port}"]
    config.keep_alive_timeout = 75
    with closing(access_log(settings.log("s3"))) as log:
        await serve(with_access_log(gate(app.app), log), config)
    saving.cancel()


if __name__ == "__main__":
    asyncio.run(run(Settings.from_environment()))
