"""What we add to the AWS emulator: checksums of joined parts, and a log of the requests to S3."""

import asyncio
import base64
import json
from contextlib import closing
from types import SimpleNamespace

import anycrc
import pytest

from local import emulator

UPLOAD = {"uploadId": ["u1"]}
CRC64 = anycrc.Model("CRC64-NVME")


class FakeS3:
    """The emulator's S3 as far as we change it."""

    def __init__(self):
        self._multipart_uploads = {"u1": {"parts": {}}}
        self._buckets = {"media": {"objects": {}}}
        self.kept = []

    def _upload_part(self, _bucket, _key, body, query, _headers):
        parts = self._multipart_uploads["u1"]["parts"]
        parts[int(query["partNumber"][0])] = {"body": body, "size": len(body)}
        return 200, {}, b""

    def _complete_multipart_upload(self, bucket, key, _body, _query, _headers=None):
        if upload := self._multipart_uploads.pop("u1", None):
            records = [{"PartNumber": n, "Size": part["size"]} for n, part in sorted(upload["parts"].items())]
            self._buckets[bucket]["objects"][key] = {"parts": records, "checksums": {}}
        return 200, {}, b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"

    def _persist_object(self, *where, **_):
        self.kept.append(where[:2])


def test_the_checksum_of_the_whole_follows_from_those_of_its_parts_and_is_told_as_often_as_asked():
    s3 = FakeS3()
    emulator.with_default_checksums(s3)
    bodies = {3: b"of three", 1: b"a whole " * 1000, 2: b"in parts "}
    for number, body in bodies.items():
        s3._upload_part("media", "source/v", body, UPLOAD | {"partNumber": [str(number)]}, {})
    copied = s3._multipart_uploads["u1"]["parts"][2]
    del copied["crc"]  # as of a part that came by another way
    whole = b"".join(body for _, body in sorted(bodies.items()))
    value = base64.b64encode(CRC64.calc(whole).to_bytes(8))
    for _ in range(2):
        status, _, answer = s3._complete_multipart_upload("media", "source/v", b"", UPLOAD, {})
        assert (status, b"<ChecksumCRC64NVME>%s<" % value in answer) == (200, True)
    stored = s3._buckets["media"]["objects"]["source/v"]
    assert stored["checksums"] == {"CRC64NVME": value.decode()}
    assert s3.kept == [("media", "source/v")]


def a_request(method, path, query="", *, authorization=None):
    headers = [(b"authorization", authorization.encode())] if authorization else []
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
    }


PRESIGNED = "X-Amz-Credential=AKIA%2F20261126%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=5ec2e7"


@pytest.fixture
def send(tmp_path):
    """Return a function that sends requests and tells what the log has of them."""
    file = tmp_path / "logs" / "s3.log"

    async def app(_scope, receive, send):
        while (event := await receive())["type"] == "http.request":
            if not event["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return

    def send(scope, *body, breaks_off=False):
        events = [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
        events.append(
            {"type": "http.disconnect"}
            if breaks_off
            else {"type": "http.request", "body": b"", "more_body": False}
        )
        answers = []

        async def receive():
            return events.pop(0)

        async def answer(event):
            answers.append(event)

        with closing(emulator.access_log(file)) as log:
            asyncio.run(emulator.with_access_log(app, log)(scope, receive, answer))
        text = file.read_text()
        return SimpleNamespace(text=text, lines=[json.loads(line) for line in text.splitlines()])

    return send


def test_a_request_to_s3_is_logged_with_the_bytes_that_came_and_without_secrets(send):
    query = f"partNumber=7&uploadId=hush-hush&{PRESIGNED}"
    log = send(a_request("PUT", "/media/source/v", query), b"x" * 100, b"y" * 23)
    (line,) = log.lines
    wanted = {"method": "PUT", "key": "media/source/v", "part": 7, "received": 123, "status": 200}
    assert line.items() >= wanted.items()
    assert not [secret for secret in ("hush-hush", "5ec2e7", "AKIA") if secret in log.text]
    log = send(a_request("PUT", "/media/source/v", query.replace("=7", "=8")), b"z")
    assert log.lines[0]["upload"] == log.lines[1]["upload"]


def test_bytes_of_a_request_that_broke_off_count_too(send):
    (line,) = send(a_request("PUT", "/media/source/v", PRESIGNED), b"x" * 50, breaks_off=True).lines
    assert (line["received"], line["status"], line["part"]) == (50, None, None)


def test_requests_signed_in_a_header_are_logged_and_those_to_other_services_are_not(send):
    scope = "AWS4-HMAC-SHA256 Credential=AKIA/20261126/us-east-1/{}/aws4_request, SignedHeaders=host"
    send(a_request("POST", "/", authorization=scope.format("sqs")))
    send(a_request("OPTIONS", "/media/source/v"))
    (line,) = send(a_request("GET", "/media/source/v", authorization=scope.format("s3"))).lines
    assert line["method"] == "GET"


def test_the_log_never_grows_beyond_its_bounds(send, tmp_path, monkeypatch):
    monkeypatch.setattr(emulator, "ACCESS_LOG_BYTES", 1000)
    for _ in range(20):
        send(a_request("GET", "/media/source/v", PRESIGNED))
    files = list((tmp_path / "logs").iterdir())
    assert len(files) == 2
    assert all(file.stat().st_size <= 1000 for file in files)
