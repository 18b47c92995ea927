"""The command line of `./dev`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, MissingDependencyException

from local import checks, deployment, docs, supervisor
from local.logs import show_logs
from local.outputs import describe
from local.progress import say
from local.settings import ROOT, Settings, StageError

STAGES = ("local", "dev", "prod")


@dataclass(frozen=True)
class Command:
    help: str
    run: Callable[[Settings, argparse.Namespace], None]
    arguments: dict[str, dict[str, Any]] = field(default_factory=dict)


def status(settings: Settings, options: argparse.Namespace) -> None:
    ready, parts = supervisor.is_ready(settings), supervisor.states(settings)
    if options.json:
        say(json.dumps({"ready": ready, **describe(settings), "parts": parts}, indent=2))
        return
    say(f"StreamTime is {f'up: {settings.origin}' if ready else 'not up'}")
    for name, part in parts.items():
        say(f"  {name:<12}{part['state']:<10}{part['pid'] or ''}")


def reset(settings: Settings, options: argparse.Namespace) -> None:
    if not options.yes and input(f"Remove everything in {settings.data}? [y/N] ").strip().lower() != "y":
        say("Nothing removed.")
        return
    supervisor.reset(settings)


def deploy(settings: Settings, options: argparse.Namespace) -> None:
    if options.stage != "local":
        cdk("deploy")(settings, options)
    elif supervisor.is_ready(settings):
        deployment.deploy(settings)
    else:
        raise StageError("The local stage is not up: ./dev up deploys it.")


def cdk(command: str) -> Callable[[Settings, argparse.Namespace], None]:
    """Make a command that hands over to the CDK's own, with the person's AWS credentials."""
    options_of = {"synth": ["--quiet"], "deploy": ["--all"], "destroy": ["--all"]}

    def run(settings: Settings, options: argparse.Namespace) -> None:
        if options.stage == "local" and command in {"bootstrap", "destroy"}:
            raise StageError("The local stage is made by ./dev up and removed by ./dev reset.")
        if options.stage != "local" and command != "synth":
            say_whose_account()
        deployment.install_cdk(settings)
        deployment.build_site(settings)
        words = [*options_of.get(command, []), *options.rest]
        line, environment = deployment.cdk_for(options.stage, command, settings, *words)
        code = subprocess.run(line, check=False, env=environment, cwd=ROOT).returncode
        if code:
            raise SystemExit(code)

    return run


def say_whose_account() -> None:
    """Name the AWS account that is about to be asked or changed; without credentials, say what to do."""
    try:
        session = boto3.Session()
        region = session.region_name or "us-east-1"  # any region of AWS answers
        caller = session.client("sts", region_name=region).get_caller_identity()
    except MissingDependencyException:
        return  # credentials of a kind that boto3 leaves to others: the CDK finds out itself
    except (BotoCoreError, ClientError) as error:
        raise StageError(
            f"AWS does not say who you are: {str(error).rstrip('.')}. "
            "Sign in (aws sso login) or set AWS_PROFILE, as docs/deploy.md says."
        ) from error
    say(f"AWS account {caller['Account']}, as {caller['Arn']}")


STAGE = {"stage": {"choices": STAGES, "metavar": "STAGE", "help": " or ".join(STAGES)}}

COMMANDS = {
    "up": Command(
        "bring the local stage up; a second time: deploy what has changed",
        lambda settings, options: supervisor.up(settings, detach=options.detach),
        {"--detach": {"action": "store_true", "help": "return when it is ready, and leave it running"}},
    ),
    "down": Command("stop it; accounts and videos stay", lambda settings, _: supervisor.down(settings)),
    "reset": Command(
        "stop it and remove its accounts and videos",
        reset,
        {"--yes": {"action": "store_true", "help": "don't ask"}},
    ),
    "status": Command(
        "say what runs, and every address and name a client needs",
        status,
        {"--json": {"action": "store_true", "help": "for programs; holds the stage's own credentials"}},
    ),
    "logs": Command(
        "show the log of a part or of a function",
        lambda settings, options: show_logs(settings, options.name),
        {
            "name": {
                "metavar": "NAME",
                "help": "postgres, emulator, s3, edge, supervisor, deploy, api, encode …",
            }
        },
    ),
    "check": Command("lint, format, types, imports", lambda settings, _: checks.check(settings)),
    "test": Command(
        "run the tests: all suites, or the named one",
        lambda settings, options: checks.test(settings, options.suite, options.rest),
        {"suite": {"nargs": "*", "metavar": "SUITE", "help": " or ".join(checks.SUITES)}},
    ),
    "docs": Command(
        "generate what is generated: the API's description, the frontend's types, pictures and tables",
        lambda settings, _: docs.write(settings),
    ),
    "bench": Command(
        "run a benchmark, against the running stage if it needs one",
        lambda settings, options: checks.bench(settings, options.name, options.rest),
        {"name": {"metavar": "NAME"}},
    ),
    "bootstrap": Command("prepare an AWS account for a stage, once", cdk("bootstrap"), STAGE),
    "synth": Command("synthesise a stage's templates into cdk.out", cdk("synth"), STAGE),
    "diff": Command("compare a deployed stage with the source tree", cdk("diff"), STAGE),
    "deploy": Command("deploy a stage", deploy, STAGE),
    "destroy": Command("delete a stage's stacks; what it retains stays", cdk("destroy"), STAGE),
}


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line; what follows a lone -- is for the program that the command runs."""
    words, rest = (
        (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    )
    parser = argparse.ArgumentParser(prog="./dev", description="Develop, test and deploy StreamTime.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(name, help=command.help, description=command.help)
        for argument, options in command.arguments.items():
            subparser.add_argument(argument, **options)
    return parser.parse_args(words, argparse.Namespace(rest=rest))


def main() -> None:
    options = parse(sys.argv[1:])
    try:
        COMMANDS[options.command].run(Settings.from_environment(), options)
    except StageError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
