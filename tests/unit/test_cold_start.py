"""A cold start imports what it is asked for; a snapshot holds everything, and nothing that is open."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions.api.handler import ROUTES

ROOT = Path(__file__).parents[2]
HEAVY = {
    "sqlalchemy",
    "psycopg",
    "boto3",
    "botocore.session",
    "email_validator",
    "aws_xray_sdk.core",
    "aws_lambda_powertools.event_handler.openapi.models",
}


def run(code, **environment):
    """Run code in a fresh process and return what it prints as JSON."""
    surroundings = {**os.environ, "POWERTOOLS_TRACE_DISABLED": "true", **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, env=surroundings, cwd=ROOT, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


ASK = """
import json, sys
from unittest.mock import Mock
from functions.api.handler import handle
context = Mock(aws_request_id="r", function_name="f", memory_limit_in_mb=1, invoked_function_arn="a")
for path in {paths}:
    request = {{"http": {{"method": "GET", "path": path}}, "stage": "$default", "requestId": "r"}}
    handle({{"version": "2.0", "rawPath": path, "headers": {{}}, "requestContext": request}}, context)
print(json.dumps([*sys.modules]))
"""


def test_health_is_answered_without_the_packages_that_take_longest():
    assert HEAVY.isdisjoint(run(ASK.format(paths=["/api/health", "/api/nothing"])))


def test_a_request_imports_the_feature_it_asks_for_and_no_other():
    loaded = set(run(ASK.format(paths=["/api/explore"]), DATABASE_URL="postgresql+psycopg://nobody@:1/x"))
    assert {"functions.watch.routes", "sqlalchemy"} <= loaded
    assert {"functions.accounts.routes", "functions.library.routes", "email_validator"}.isdisjoint(loaded)


@pytest.mark.parametrize("module", ROUTES)
def test_every_route_is_found_by_the_beginning_of_its_path(module):
    patterns = [rule[0] for rule in importlib.import_module(module).router._routes]
    assert patterns
    for pattern in patterns:
        assert pattern.removeprefix("/api/").startswith(ROUTES[module]), f"{pattern} would not be mounted"


def test_every_feature_with_routes_is_mounted():
    features = {f"functions.{path.parent.name}.routes" for path in (ROOT / "functions").glob("*/routes.py")}
    assert features <= set(ROUTES)


RESTORED = """
import json, sys
import psycopg
opened = []
sys.addaudithook(lambda event, _: event in {"socket.connect", "socket.getaddrinfo"} and opened.append(event))
import functions.api.handler
from functions.core import aws, database, settings
print(json.dumps({
    "mounted": sorted(functions.api.handler._mounted),
    "imported": "boto3" in sys.modules,
    "opened": opened,
    "engine": database.engine.cache_info().currsize,
    "clients": aws.client.cache_info().currsize,
}))
"""


def test_a_snapshot_holds_every_feature_and_nothing_open():
    assert run(RESTORED, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") == {
        "mounted": sorted(ROUTES),
        "imported": True,
        "opened": [],
        "engine": 0,
        "clients": 0,
    }


FROZEN = """
import gc, json, types
import functions.api.handler as handler
handler.mount("/api/videos")
functions = [it for it in gc.get_objects() if isinstance(it, types.FunctionType)]
print(json.dumps([len(functions), gc.get_freeze_count()]))
"""


def test_no_request_waits_while_garbage_is_looked_for_in_what_was_imported():
    looked_through, left_alone = run(FROZEN)
    assert looked_through * 100 < left_alone


def test_what_is_random_comes_from_the_system_so_that_two_restored_snapshots_differ():
    """Python's own generator would go on from the same state in each."""
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "functions").rglob("*.py")
        if "import random" in path.read_text() or "from random" in path.read_text()
    ]
    assert guilty == []
