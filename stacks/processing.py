"""Processing: what happens to an upload after its last byte, and what ends whatever hangs."""

import hashlib
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config import StageConfig
from stacks.data import Data
from stacks.function import ROOT, Function
from stacks.network import Network
from stacks.workflow import Workflow


class Processing(Construct):
    """Bucket event → workflow → records → topic; a watchdog and a daily sweep."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: StageConfig, data: Data, network: Network | None
    ) -> None:
        super().__init__(scope, construct_id)
        self._data = data
        self._common: dict[str, Any] = {"stage": stage, "data": data, "network": network}
        self.updates = sns.Topic(
            self,
            "VideoUpdates",
            enforce_ssl=True,
            # AWS's own key, which whoever may publish may use, but no other service: alarms could not.
            master_key=kms.Alias.from_alias_name(self, "TopicKey", "alias/aws/sns"),
        )
        self.watchdog_dead_letters = dead_letters(self, "WatchdogDeadLetters")
        self.watchdog = sqs.Queue(
            self,
            "Watchdog",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # Six times the time the sweep may take, and within the 15 minutes by which a job may outlive its
            # lease: if the sweep dies as well, its message is there again in time.
            visibility_timeout=Duration.minutes(12),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.watchdog_dead_letters, max_receive_count=10),
        )
        migrate = self._migrate()
        # A database from a backup may have an older schema than the one whose place it takes.
        snapshot = stage.database.snapshot if stage.database else ""
        self.migration = migrate.run_on_deploy(
            "Run", {"Schema": schema_fingerprint(), **({"Snapshot": snapshot} if snapshot else {})}
        )
        self.execution_dead_letters = dead_letters(self, "ExecutionDeadLetters")
        records = self._records(self.execution_dead_letters)
        steps = self._steps()
        self.machine = Workflow(self, "Workflow", stage=stage, records=records, steps={**steps}).machine
        self.upload_dead_letters = self._start_on_upload()
        self._record_broken_executions(records, self.execution_dead_letters)
        self.daily_dead_letters = dead_letters(self, "DailyDeadLetters")
        sweep = self._sweep()
        self.functions = {"records": records, **steps, "sweep": sweep, "migrate": migrate}

    def signals(self, function: Function) -> None:
        """Let a function tell open pages what changed, and have itself looked after later."""
        function.add_environment("UPDATES_TOPIC_ARN", self.updates.topic_arn)
        function.add_environment("WATCHDOG_QUEUE_URL", self.watchdog.queue_url)
        function.allow("sns:Publish", on=self.updates.topic_arn)
        function.allow("sqs:SendMessage", on=self.watchdog.queue_arn)

    def restarts(self, function: Function) -> None:
        """Let a function start processing again."""
        function.add_environment("STATE_MACHINE_ARN", self.machine.state_machine_arn)
        self.machine.grant_start_execution(function)

    def _migrate(self) -> Function:
        """Brings the schema up to date during deployment, before anything that reads it is replaced."""
        migrate = Function(
            self,
            "Migrate",
            handler="functions.migrate.handler.handle",
            memory=512,
            timeout=Duration.minutes(5),
            database=True,
            **self._common,
        )
        if secret := self._data.database_secret:
            migrate.add_environment("DATABASE_SECRET_ARN", secret.secret_arn)
            secret.grant_read(migrate)
        return migrate

    def _records(self, letters: sqs.Queue) -> Function:
        records = Function(
            self,
            "Records",
            handler="functions.records.handler.handle",
            memory=512,
            timeout=Duration.minutes(1),
            database=True,
            dead_letters=letters,
            **self._common,
        )
        records.node.add_dependency(self.migration)
        self._data.grant_connect(records)
        self.signals(records)
        return records

    def _steps(self) -> dict[str, Function]:
        """Make what touches pictures and sound: outside the VPC, with no way to the database."""

        def step(
            name: str, *, memory: int, minutes: int, reads: list[str], writes: str, ffmpeg: bool
        ) -> Function:
            function = Function(
                self,
                name.capitalize(),
                handler=f"functions.process.{name}.handle",
                memory=memory,
                timeout=Duration.minutes(minutes),
                ffmpeg=ffmpeg,
                **self._common,
            )
            objects = self._data.media.arn_for_objects
            function.allow("s3:GetObject", on=[objects(keys) for keys in reads])
            function.allow("s3:PutObject", "s3:AbortMultipartUpload", on=objects(writes))
            return function

        # An upload whose container can't be read from the middle is copied into one that can, for a while.
        copy, rendition = "work/*", "media/*"
        original = ["source/*", copy]
        steps = {
            "probe": step("probe", memory=1769, minutes=15, reads=original, writes=copy, ffmpeg=True),
            "poster": step("poster", memory=1769, minutes=5, reads=original, writes=rendition, ffmpeg=True),
            "resize": step(
                "resize", memory=1024, minutes=2, reads=[rendition], writes=rendition, ffmpeg=False
            ),
            "original": step(
                "original", memory=1769, minutes=5, reads=original, writes=rendition, ffmpeg=True
            ),
            "audio": step("audio", memory=1769, minutes=15, reads=original, writes=rendition, ffmpeg=True),
            "encode": step("encode", memory=3008, minutes=15, reads=original, writes=rendition, ffmpeg=True),
            "package": step(
                "package", memory=1769, minutes=5, reads=[rendition], writes=rendition, ffmpeg=True
            ),
        }
        steps["package"].allow(
            "s3:ListBucket", on=self._data.media.bucket_arn, StringLike={"s3:prefix": rendition}
        )
        return steps

    def _start_on_upload(self) -> sqs.Queue:
        letters = dead_letters(self, "UploadDeadLetters")
        uploaded = events.Rule(
            self,
            "Uploaded",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._data.media.bucket_name]},
                    "object": {"key": [{"prefix": "source/"}]},
                },
            ),
        )
        uploaded.add_target(
            targets.SfnStateMachine(
                self.machine,
                input=events.RuleTargetInput.from_object(
                    {"source_key": events.EventField.from_path("$.detail.object.key")}
                ),
                dead_letter_queue=letters,
            )
        )
        return letters

    def _record_broken_executions(self, records: Function, letters: sqs.Queue) -> None:
        """Tell records what an execution that timed out or was stopped could not record itself."""
        broken = events.Rule(
            self,
            "ExecutionBroken",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [self.machine.state_machine_arn],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
        )
        broken.add_target(targets.LambdaFunction(records, dead_letter_queue=letters))

    def _sweep(self) -> Function:
        letters = self.daily_dead_letters
        sweep = Function(
            self,
            "Sweep",
            handler="functions.sweep.handler.handle",
            memory=512,
            timeout=Duration.minutes(2),
            database=True,
            # Its messages hop through its own queue until they are due, at most a quarter of an hour each;
            # after 16 hops Lambda would take them for a loop that never ends, and drop them.
            recursive=True,
            dead_letters=letters,
            **self._common,
        )
        sweep.node.add_dependency(self.migration)
        self._data.grant_connect(sweep)
        self.signals(sweep)
        self.restarts(sweep)
        self.machine.grant_execution(sweep, "states:StopExecution")
        media = self._data.media
        sweep.allow(
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:ListBucketMultipartUploads",
            on=media.bucket_arn,
        )
        sweep.allow(
            "s3:GetObject",  # to ask whether one is there
            "s3:ListMultipartUploadParts",
            "s3:PutObject",  # to join the parts of an upload whose page is gone
            on=media.arn_for_objects("source/*"),
        )
        sweep.allow(
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",  # where somebody has the bucket keep versions
            "s3:AbortMultipartUpload",
            on=[media.arn_for_objects(f"{folder}/*") for folder in ("source", "media", "work", "exports")],
        )
        sweep.allow("s3:PutObject", on=media.arn_for_objects("exports/*"))
        sweep.allow("cognito-idp:AdminDeleteUser", on=self._data.user_pool.user_pool_arn)
        sweep.add_event_source(
            # Two at once are the fewest AWS allows, and enough for what only looks after others.
            sources.SqsEventSource(self.watchdog, report_batch_item_failures=True, max_concurrency=2)
        )
        scheduler.Schedule(
            self,
            "Daily",
            schedule=scheduler.ScheduleExpression.cron(hour="3", minute="17"),
            target=scheduler_targets.LambdaInvoke(
                sweep,
                input=scheduler.ScheduleTargetInput.from_object({"job": "daily"}),
                dead_letter_queue=letters,
            ),
        )
        return sweep


def dead_letters(scope: Construct, construct_id: str) -> sqs.Queue:
    """Where messages end that nobody could handle; kept for as long as SQS keeps anything."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )


def schema_fingerprint() -> str:
    """Sum up migrations and models, so that a deployment of new ones migrates."""
    files = [*sorted((ROOT / "migrations").rglob("*.py")), ROOT / "functions" / "core" / "models.py"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
