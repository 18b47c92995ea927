"""What runs during a deployment and in CloudFront: the public key, CloudFormation's answer, two scripts."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from functions.core import custom_resource
from functions.watch import public_key
from stacks.cdn import SIGNATURE_ONLY, SPA_ROUTES, VIEWER

EVENT = {
    "RequestType": "Create",
    "StackId": "arn:stack",
    "RequestId": "request",
    "LogicalResourceId": "Pem",
    "ResourceProperties": {"KeyId": "key"},
}


class CloudFormation(HTTPServer):
    """Takes answers as CloudFormation does; refuses as many as told to first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.refusals = 0
        self.answers: list[dict] = []

    @property
    def event(self) -> dict:
        return {**EVENT, "ResponseURL": f"http://127.0.0.1:{self.server_port}/answer?signature=x"}


class _Answer(BaseHTTPRequestHandler):
    server: CloudFormation

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.refusals:
            self.server.refusals -= 1
            self.send_error(503)
            return
        self.server.answers.append({**json.loads(body), "content-type": self.headers["content-type"]})
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def cloudformation(monkeypatch) -> Iterator[CloudFormation]:
    monkeypatch.setattr(custom_resource.time, "sleep", lambda _seconds: None)
    with CloudFormation() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_cloudformation_gets_the_answer_even_at_the_second_try(cloudformation: CloudFormation) -> None:
    cloudformation.refusals = 1
    custom_resource.respond(cloudformation.event, "SUCCESS", {"Pem": "x"}, "")
    (answer,) = cloudformation.answers
    assert (answer["Status"], answer["Data"], answer["RequestId"]) == ("SUCCESS", {"Pem": "x"}, "request")
    assert answer["content-type"] == ""


def test_an_answer_that_cannot_be_delivered_is_an_error(cloudformation: CloudFormation) -> None:
    cloudformation.refusals = custom_resource.TRIES
    with pytest.raises(OSError, match="503"):
        custom_resource.respond(cloudformation.event, "SUCCESS", {}, "")
    assert not cloudformation.answers


def test_cloudfront_is_told_the_public_key_of_the_signing_key(monkeypatch, cloudformation) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    kms = SimpleNamespace(get_public_key=lambda KeyId: {"PublicKey": der} if KeyId == "key" else {})  # noqa: N803
    monkeypatch.setattr(public_key, "client", lambda _service: kms)
    public_key.handle(
        cloudformation.event,
        SimpleNamespace(
            function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r"
        ),
    )
    pem = cloudformation.answers[0]["Data"]["Pem"]
    assert pem.endswith("-----END PUBLIC KEY-----\n")
    assert load_pem_public_key(pem.encode()) == key


def test_a_key_that_cannot_be_read_fails_the_deployment_at_once(monkeypatch, cloudformation) -> None:
    monkeypatch.setattr(public_key, "client", lambda _service: SimpleNamespace())
    public_key.handle(
        cloudformation.event,
        SimpleNamespace(
            function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r"
        ),
    )
    assert cloudformation.answers[0]["Status"] == "FAILED"


def run(script: str, request: dict) -> dict:
    """Run a CloudFront function as CloudFront would: an event in, a request out."""
    event = {"request": request, "viewer": {"ip": "203.0.113.7"}}
    program = f"{script}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    done = subprocess.run(["node", "--eval", program], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/", "/index.html"),
        ("/watch/018f", "/index.html"),
        ("/assets/app.js", "/assets/app.js"),
        ("/favicon.svg", "/favicon.svg"),
    ],
)
def test_every_page_is_the_app_and_every_file_itself(asked: str, served: str) -> None:
    assert run(SPA_ROUTES, {"uri": asked, "headers": {}})["uri"] == served


def test_the_api_hears_the_host_and_the_address_of_the_browser_and_no_other() -> None:
    claimed = {"x-viewer-host": {"value": "evil.example"}, "x-viewer-address": {"value": "1.2.3.4"}}
    headers = {"host": {"value": "video.example.org"}, **claimed}
    heard = run(VIEWER, {"uri": "/api/me", "headers": headers})["headers"]
    assert heard["x-viewer-host"] == {"value": "video.example.org"}
    assert heard["x-viewer-address"] == {"value": "203.0.113.7"}


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ({}, True),
        ({"Policy": {"value": "ey~_-"}, "Signature": {"value": "M~"}, "Key-Pair-Id": {"value": "K1"}}, True),
        ({"x": {"value": "/media/other/y"}}, False),
        ({"Policy": {"value": "/media/other/y"}}, False),
        ({"Policy": {"value": "%2Fmedia%2Fother"}}, False),
        ({"Policy": {"value": "a", "multiValue": [{"value": "a"}, {"value": "/media/other/y"}]}}, False),
    ],
)
def test_a_query_cannot_smuggle_another_videos_path_past_a_policy(query: dict, *, allowed: bool) -> None:
    request = {"uri": "/media/a/1/master.m3u8", "headers": {}, "querystring": query}
    assert run(SIGNATURE_ONLY, request) == (
        request if allowed else {"statusCode": 403, "statusDescription": "Forbidden"}
    )
