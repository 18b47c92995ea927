"""What GitHub runs and operators copy: workflows, the roles they take on, and commands in the pages."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from local.__main__ import COMMANDS
from local.__main__ import STAGES as STAGES_OF_DEV
from stacks.config import STAGES, Database, Domain, Rung, StageConfig

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
ROLES = ROOT / ".github" / "aws.yaml"
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
ON_AWS = {name for name, stage in STAGES.items() if stage.host is None}


class Intrinsics(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the text or list that they hold."""


def _value(loader: Intrinsics, _name: str, node: yaml.Node):
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else node.value


Intrinsics.add_multi_constructor("!", _value)


def loaded(file: Path) -> dict:
    workflow = yaml.safe_load(file.read_text())
    return {**workflow, "on": workflow[True]}  # YAML 1.1 takes `on` for a yes


def jobs(file: Path) -> dict[str, dict]:
    return loaded(file)["jobs"]


def steps() -> list[tuple[str, dict]]:
    return [
        (f"{file.stem}.{name}", step)
        for file in WORKFLOWS
        for name, job in jobs(file).items()
        for step in job.get("steps", [])
    ]


def scripts() -> list[tuple[str, str]]:
    return [(name, step["run"]) for name, step in steps() if "run" in step]


@pytest.fixture(params=WORKFLOWS, ids=lambda file: file.stem)
def workflow(request) -> Path:
    return request.param


def test_workflows_and_updates_are_as_a_security_linter_wants_them() -> None:
    """It knows GitHub's schemas, injections, over-wide tokens, kept credentials and poisoned caches."""
    command = [BIN / "zizmor", "--offline", "--persona=pedantic", "--strict-collection", ROOT / ".github"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    for file in WORKFLOWS:
        for line in re.findall(r"uses: (.+)", file.read_text()):
            pinned = re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
            assert pinned or line.startswith("./.github/workflows/"), f"{file.name}: {line}"


def test_no_workflow_runs_a_strangers_code_with_our_rights(workflow: Path) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(loaded(workflow)["on"])


def test_jobs_end_and_have_no_more_rights_than_they_name(workflow: Path) -> None:
    everywhere = loaded(workflow)["permissions"]
    assert everywhere in ({}, {"contents": "read"})
    for name, job in jobs(workflow).items():
        assert "uses" in job or job["timeout-minutes"] <= 120, name
        writes = {right for right, level in job.get("permissions", everywhere).items() if level == "write"}
        # Whoever may ask for credentials or write to people does nothing but that.
        assert len(writes) <= 1, name


def test_credentials_come_after_everything_that_other_peoples_packages_do() -> None:
    """Synthesis runs what pip and npm installed; the roles are taken on when that is done."""
    for file in WORKFLOWS:
        for name, job in jobs(file).items():
            words = [step.get("uses", step.get("run", "")) for step in job.get("steps", [])]
            signed_in = [index for index, word in enumerate(words) if "configure-aws-credentials" in word]
            assert bool(signed_in) == (job.get("permissions", {}).get("id-token") == "write"), name
            if signed_in:
                assert "environment" in job, name
                assert not [word for word in words[signed_in[0] :] if re.search(r"npm |pip |dev synth", word)]


def test_the_tests_have_the_release_before_this_one_at_hand() -> None:
    (test,) = (step for name, step in steps() if name == "check.test" and "checkout" in step.get("uses", ""))
    assert test["with"]["fetch-depth"] == 0


def test_deployments_of_a_stage_never_overlap_and_nobody_is_asked_on_the_way() -> None:
    deploy = jobs(ROOT / ".github/workflows/deploy.yml")["deploy"]
    stage = deploy["env"]["STAGE"]
    assert deploy["environment"]["name"] == stage
    assert deploy["concurrency"] == {"group": f"deploy-{stage}", "cancel-in-progress": False}
    assert deploy["needs"] == "check"
    assert any("--require-approval=never" in script for _, script in scripts())


def test_forks_are_not_compared_with_what_is_deployed() -> None:
    synth, diff, comment = jobs(ROOT / ".github/workflows/diff.yml").values()
    assert "head.repo.full_name == github.repository" in synth["if"]
    assert (diff["needs"], comment["needs"]) == ("synth", "diff")  # skipped with it


@pytest.mark.parametrize(("job", "script"), scripts(), ids=[name for name, _ in scripts()])
def test_every_script_is_sound(job: str, script: str) -> None:
    script = f"set -eo pipefail\n{script}"  # as GitHub calls bash
    bash = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert bash.returncode == 0, bash.stderr
    lint = [BIN / "shellcheck", "--shell=bash", "-"]
    found = subprocess.run(lint, input=script, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_the_other_scripts_are_sound_too() -> None:
    done = subprocess.run(
        [BIN / "shellcheck", ROOT / "dev", ROOT / ".ci" / "run"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_stage_that_workflows_name_exists() -> None:
    deploy = loaded(ROOT / ".github/workflows/deploy.yml")["on"]["workflow_dispatch"]["inputs"]["stage"]
    assert set(deploy["options"]) == ON_AWS
    check = jobs(ROOT / ".github/workflows/check.yml")["synth"]
    assert set(check["strategy"]["matrix"]["stage"]) == ON_AWS
    roles = yaml.load(ROLES.read_text(), Intrinsics)
    assert set(roles["Parameters"]["Stage"]["AllowedValues"]) == ON_AWS


@pytest.mark.parametrize("file", [*WORKFLOWS, *PAGES], ids=lambda file: file.name)
def test_every_command_that_is_written_down_exists(file: Path) -> None:
    for command, word in re.findall(r"\./dev ([a-z]+)(?: ([a-z]+))?", file.read_text()):
        assert command in COMMANDS, f"{file.name}: ./dev {command}"
        if "stage" in COMMANDS[command].arguments:
            assert not word or word in STAGES_OF_DEV, f"{file.name}: ./dev {command} {word}"


def test_the_page_on_deploying_explains_every_setting() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    for kind in (StageConfig, Database, Domain, Rung):
        for field in fields(kind):
            assert f"`{field.name}`" in page, f"{kind.__name__}.{field.name}"


def test_github_gets_the_roles_for_one_environment_of_one_repository() -> None:
    roles = yaml.load(ROLES.read_text(), Intrinsics)["Resources"]
    for role, environment in {"Deploy": "${Stage}", "Diff": "${Stage}-diff"}.items():
        (statement,) = roles[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": f"repo:${{Repository}}:environment:{environment}",
            }
        }


def test_github_may_deploy_by_the_cdks_roles_alone_and_read_templates_alone() -> None:
    roles = yaml.load(ROLES.read_text(), Intrinsics)["Resources"]
    allowed = {
        role: roles[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        for role in ("Deploy", "Diff")
    }
    assert all(len(roles[role]["Properties"]["Policies"]) == 1 for role in allowed)
    assume, quota = allowed["Deploy"]
    assert assume["Action"] == "sts:AssumeRole"
    assert all(re.search(r":role/cdk-hnb659fds-[a-z-]+-role-", arn) for arn in assume["Resource"])
    assert not any("*" in arn or "cfn-exec" in arn for arn in assume["Resource"])
    assert quota["Action"] == "lambda:GetAccountSettings"
    (read,) = allowed["Diff"]
    assert read["Action"] == ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"]
    assert read["Resource"].endswith(":stack/streamtime-${Stage}-*/*")


def test_the_roles_template_is_one_that_cloudformation_takes() -> None:
    done = subprocess.run(
        [BIN / "cfn-lint", "--regions", "eu-west-1", "us-east-1", "--", ROLES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
