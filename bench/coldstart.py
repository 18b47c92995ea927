"""How long the api function takes to be imported, beside what its routes depend on imported plainly.

    ./dev bench coldstart [-- --rounds 10]

Every measurement is a fresh process under `python -X importtime` with the environment of a traced function,
in turns; the best of the rounds counts, for other work on the machine can only add to it. No stage
need run. The goal is at most 0.6 of the plain imports.

What the handler leaves out is not saved by that: whoever needs it first waits for it. So the handler is also
measured with the routes of each feature, as the first request for them finds it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
GOAL = 0.6
PLAIN = """
import boto3
import psycopg
import sqlalchemy
import sqlalchemy.orm
import sqlalchemy.dialects.postgresql.psycopg
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
Logger(), Metrics(namespace="Plain"), Tracer(auto_patch=False), APIGatewayHttpResolver(enable_validation=True)
"""
HANDLER = "import functions.api.handler as api"
HEALTH = f"""
{HANDLER}
import json, time
from unittest.mock import Mock
context = Mock(aws_request_id="r", function_name="f", memory_limit_in_mb=1, invoked_function_arn="a")
http = {{"method": "GET", "path": "/api/health"}}
request = {{"http": http, "stage": "$default", "requestId": "r"}}
event = {{"version": "2.0", "rawPath": "/api/health", "headers": {{}}, "requestContext": request}}
started = time.perf_counter()
assert api.handle(event, context)["statusCode"] == 200
print(json.dumps(1000 * (time.perf_counter() - started)))
"""
# Traces that nobody receives; and nothing of what this machine is signed in to.
FUNCTION = {
    "LAMBDA_TASK_ROOT": str(ROOT),
    "POWERTOOLS_TRACE_DISABLED": "false",
    "POWERTOOLS_SERVICE_NAME": "api",
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none",
}
IMPORTED = re.compile(r"import time: +\d+ \| +(\d+) \|( +)(\S+)")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench coldstart", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    routes = json.loads(run(f"{HANDLER}\nimport json; print(json.dumps(api.ROUTES))").stdout)
    uses = {f"/api/{paths[0]}": f"{HANDLER}; api.mount('/api/{paths[0]}')" for paths in routes.values()}
    features = [*uses]
    uses["the database"] = f"{HANDLER}; from functions.core.database import engine; engine()"
    uses["an AWS client"] = f"{HANDLER}; from functions.core.aws import client; client('kms')"
    codes = {"plain imports": PLAIN, "handler": HANDLER} | {f"  and {use}": uses[use] for use in uses}
    took: dict[str, list[float]] = {name: [] for name in codes}
    for code in codes.values():
        run(code)  # so that every module is compiled and in the machine's memory
    for _ in range(rounds):
        for name, code in codes.items():
            took[name].append(milliseconds_of_imports(code))
    best = {name: min(times) for name, times in took.items()}
    for name, time in best.items():
        print(f"{name:<28}{time:7.1f} ms   {time / best['plain imports']:.2f} x plain")
    health = min(float(run(HEALTH).stdout.splitlines()[-1]) for _ in range(rounds))
    print(f"{'first GET /api/health':<28}{health:7.1f} ms   after the handler's import")
    print("\nImported with the first use of")
    for needed_by, packages in lazily_imported(uses).items():
        print(f"  {', '.join(needed_by).replace(', '.join(features), 'any feature')}: {', '.join(packages)}")
    ratio = best["handler"] / best["plain imports"]
    print(f"\nratio {ratio:.2f}; goal at most {GOAL}: {'reached' if ratio <= GOAL else 'missed'}")
    raise SystemExit(ratio > GOAL)


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-c", code]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=os.environ | FUNCTION
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done


def milliseconds_of_imports(code: str) -> float:
    """Add up what the imports of `code` took, without those of the interpreter's own start."""
    lines = [IMPORTED.match(line) for line in run(code, "-X", "importtime").stderr.splitlines()]
    found = [line.groups() for line in lines if line]
    started = next(number for number, (_, _, module) in enumerate(found) if module == "site")
    return sum(int(time) for time, indent, _ in found[started + 1 :] if indent == " ") / 1000


def lazily_imported(uses: dict[str, str]) -> dict[tuple[str, ...], list[str]]:
    """Tell what the handler leaves out, by the uses that bring it in."""
    without = imported(HANDLER)
    brought = {use: imported(code) - without for use, code in uses.items()}
    found: dict[tuple[str, ...], list[str]] = {}
    for package in sorted(set().union(*brought.values())):
        found.setdefault(tuple(use for use in uses if package in brought[use]), []).append(package)
    return found


def imported(code: str) -> set[str]:
    """Return the packages that `code` imports from elsewhere, and the modules of our own."""
    loaded = "[name for name, module in sys.modules.items() if getattr(module, '__spec__', None)]"
    names = json.loads(run(f"{code}\nimport json, sys; print(json.dumps({loaded}))").stdout)
    return {
        name if name.startswith("functions.") else name.partition(".")[0]
        for name in names
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("_")
    }


if __name__ == "__main__":
    main()
