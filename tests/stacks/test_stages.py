"""The stages as a whole: what is reviewed, what must not move, what each stage can take."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS
from synthesis import Stage, synthesise
from syrupy.extensions.json import JSONSnapshotExtension

import app as cdk_app
from functions.core.settings import Settings
from stacks.config import STAGES, ConfigurationError, Database, Domain, Host, Rung

ROOT = Path(cdk_app.__file__).parent
STATEFUL = {
    "AWS::Cognito::UserPool": ["DataUserPool9A21E02D"],
    "AWS::DynamoDB::Table": ["DataConnectionsBFBFE6F5", "DataLimits2C0F1F55", "DataTicketsF295CC6A"],
    "AWS::KMS::Key": ["DataSigningKey6D86EA30"],
    "AWS::S3::Bucket": ["DataMedia56AA92A6"],
}
NOT_SETTINGS = {
    "AWS_USE_DUALSTACK_ENDPOINT",  # read by boto3
    "LOG_LEVEL",  # the rest is read by Powertools
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_TRACER_CAPTURE_RESPONSE",
    "POWERTOOLS_TRACE_DISABLED",
}


def blanked(value):
    """Blank what changes with every edit of the functions: hashes of assets, versions and the schema."""
    if isinstance(value, dict):
        return {blanked(key): blanked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [blanked(item) for item in value]
    if isinstance(value, str):
        value = re.sub(r"[0-9a-f]{64}", "HASH", value)
        return re.sub(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}", r"\1HASH", value)
    return value


@pytest.mark.parametrize("stack", ["stateful", "stateless"])
def test_templates_are_as_reviewed(stage: Stage, stack: str, snapshot) -> None:
    """Look at the difference, then run with --snapshot-update."""
    assert blanked(stage.templates[stack]) == snapshot(extension_class=JSONSnapshotExtension)


def test_stateful_resources_keep_their_logical_ids(stage: Stage) -> None:
    """A new id is a new, empty resource, and the old one with all it holds is gone."""
    resources = stage.templates["stateful"]["Resources"]
    for kind, ids in STATEFUL.items():
        assert sorted(name for name, resource in resources.items() if resource["Type"] == kind) == ids
    clusters = [name for name, resource in resources.items() if resource["Type"] == "AWS::RDS::DBCluster"]
    assert clusters == ([] if stage.config.host else ["DataDatabaseA9E9E962"])


def test_deleting_prods_stack_or_template_deletes_no_data(stages) -> None:
    prod = stages("prod")
    assert prod.protected["stateful"]
    resources = prod.templates["stateful"]["Resources"].values()
    kept = {resource["Type"] for resource in resources if resource.get("DeletionPolicy") == "Retain"}
    assert kept >= {"AWS::S3::Bucket", "AWS::RDS::DBCluster", "AWS::Cognito::UserPool", "AWS::KMS::Key"}


def test_every_handler_is_in_the_source_tree(stage: Stage) -> None:
    for handler in stage.ours():
        module, _, name = handler.rpartition(".")
        source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
        assert f"def {name}(" in source, handler


def test_every_handler_in_the_source_tree_is_deployed(stages) -> None:
    files = ROOT.glob("functions/*/*.py")
    handlers = {file for file in files if re.search(r"^def handle\(", file.read_text(), re.MULTILINE)}
    deployed = {ROOT / f"{name.rpartition('.')[0].replace('.', '/')}.py" for name in stages("dev").ours()}
    assert handlers == deployed


def test_functions_are_told_nothing_that_settings_does_not_know(stage: Stage) -> None:
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    for handler, function in stage.ours().items():
        assert set(function["Environment"]["Variables"]) <= known, handler


def test_what_a_function_is_told_can_be_read_as_settings(stage: Stage) -> None:
    for handler, function in stage.ours().items():
        told = {name.lower(): value for name, value in function["Environment"]["Variables"].items()}
        plain = {name: value for name, value in told.items() if isinstance(value, str)}
        read = Settings.model_validate(plain)
        assert [rung.height for rung in read.ladder] == [1080, 720, 480, 360], handler
        assert read.processing_lease_seconds == stage.config.processing_lease.total_seconds()


def test_the_administrators_address_is_told_as_accounts_have_it(stages) -> None:
    named = synthesise(replace(STAGES["local"], admin_email="Admin@Example.org"))
    told = named.ours()["functions.api.handler.handle"]["Environment"]["Variables"]
    assert told["ADMIN_EMAIL"] == "admin@example.org"


def test_the_emulator_has_everything_the_local_stage_is_made_of(stages) -> None:
    used = {
        resource["Type"]
        for template in stages("local").templates.values()
        for resource in template["Resources"].values()
    }
    assert used <= {*_RESOURCE_HANDLERS, "AWS::CDK::Metadata"}


def test_the_local_stage_runs_nothing_but_our_own_python(stages) -> None:
    """The emulator has no Node to run the CDK's own custom resources with."""
    local = stages("local")
    assert len(local.resources("AWS::Lambda::Function")) == len(local.ours())
    assert not any("Layers" in function for function in local.ours().values())


def test_the_local_stage_is_told_what_only_its_machine_knows() -> None:
    context = {
        "stage": "local",
        "ffmpeg": "/bin/ff",
        "database_url": "postgresql://x",
        "origin": "http://a:1",
    }
    host = cdk_app.stage_of(App(context=context)).host
    assert host == Host(ffmpeg="/bin/ff", database_url="postgresql://x", origin="http://a:1")


def test_an_unknown_stage_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="stage=production: expected one of local, dev, prod"):
        cdk_app.stage_of(App(context={"stage": "production"}))


def test_a_wrong_setting_ends_synthesis_with_its_sentence_alone() -> None:
    code = "from stacks.config import Domain; Domain(name='a.b', zone_id='', zone_name='b')"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr == "StageConfig.domain.zone_id: expected a hosted zone's, like Z0123456789\n"


@pytest.mark.parametrize(
    ("stage_name", "wrong"),
    [
        ("dev", {"region": "Ireland"}),
        ("dev", {"ladder": ()}),
        ("dev", {"encode_concurrency": 41}),
        ("dev", {"encode_concurrency": 6}),  # of the ten that a new account may run
        ("dev", {"max_upload_bytes": 2**60}),
        ("dev", {"quota_bytes": 1024}),
        ("dev", {"monthly_budget_usd": 0}),
        ("dev", {"zones": 1}),
        ("dev", {"signing_keys": ()}),
        ("dev", {"origin_secrets": (1, 1)}),
        ("dev", {"email_sender": "drive"}),
        ("prod", {"alarm_email": ""}),
        ("local", {"waf": True}),
        ("dev", {"trash_days": 0}),
        ("dev", {"archive_days": 0}),
        ("dev", {"admin_email": "admin"}),
        ("dev", {"sign_up_domains": ("Example.org",)}),
        ("dev", {"sign_up_domains": ("example.org",), "sign_up": "closed"}),
        ("dev", {"mails_per_hour": 0}),
        ("dev", {"database": None}),
        ("dev", {"network": False}),
        ("local", {"domain": Domain(name="a.example.org", zone_id="Z1", zone_name="example.org")}),
    ],
)
def test_a_wrong_setting_is_refused_by_name(stage_name: str, wrong: dict) -> None:
    with pytest.raises(ConfigurationError, match=rf"^StageConfig\.{next(iter(wrong))}: "):
        replace(STAGES[stage_name], **wrong)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Domain(name="a.example.com", zone_id="Z1", zone_name="example.org"), "domain.name"),
        (lambda: Domain(name="a.example.org", zone_id="", zone_name="example.org"), "domain.zone_id"),
        (lambda: Domain(name="a.example.org", zone_id="Z1", zone_name=""), "domain.zone_name"),
        (lambda: Rung(height=0, crf=23, maxrate_kbps=800, preset="veryfast"), "ladder.height"),
        (lambda: Rung(height=360, crf=99, maxrate_kbps=800, preset="veryfast"), "ladder.crf"),
        (lambda: Rung(height=360, crf=23, maxrate_kbps=0, preset="veryfast"), "ladder.maxrate_kbps"),
        (lambda: Host(origin="http://localhost:8000/"), "host.origin"),
        (lambda: Host(endpoint="localhost:4566"), "host.endpoint"),
        (lambda: Database(min_capacity=2, max_capacity=1, backup_days=7), "database.min_capacity"),
        (lambda: Database(min_capacity=0, max_capacity=257, backup_days=7), "database.max_capacity"),
        (lambda: Database(min_capacity=0, max_capacity=1, backup_days=36), "database.backup_days"),
    ],
)
def test_a_wrong_part_of_a_setting_is_refused_by_name(make, field: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"StageConfig.{field}: ")):
        make()


def test_a_site_that_is_not_built_is_left_out_with_a_warning(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("stacks.cdn.SITE", ROOT / "frontend" / "no-such-folder")
    assert not synthesise(STAGES["dev"]).resources("Custom::CDKBucketDeployment")
