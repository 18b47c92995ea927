"""Alarms: what somebody is told of, the dashboard to look at then, and the budget."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Annotations, ArnFormat, Duration, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config import StageConfig
from stacks.data import Data
from stacks.processing import Processing, dead_letters

if TYPE_CHECKING:  # the edge knows the worldwide stack, which has alarms too
    from stacks.edge import Edge

RUNBOOK = "docs/runbook.md"
FIVE_MINUTES, QUARTER, DAY = Duration.minutes(5), Duration.minutes(15), Duration.days(1)
WIDTH, HEIGHT = 24, 6
"""Of a row of the dashboard, in CloudWatch's units."""

LOST = {
    "UploadDeadLetters": "An uploaded video was not given to processing.",
    "ExecutionDeadLetters": "A video still counts as processing though its run broke off.",
    "WatchdogDeadLetters": "A job of the sweep (delete, restart, tidy up) failed at every try.",
    "DailyDeadLetters": "The daily sweep failed.",
    "UpdatesDeadLetters": "Open pages were not told of a change.",
    "AlarmDeadLetters": "An alarm could not be told by e-mail.",
}
"""What it means that something lies in each dead letter queue."""

BACKGROUND = ("records", "sweep", "connect", "notify")
"""Functions whose errors show nowhere else: those of api are answers, those of the steps fail a run."""

Missing = cloudwatch.TreatMissingData


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One alarm. Its name is also its heading in the runbook, `says` the sentence in the e-mail."""

    name: str
    says: str
    metric: cloudwatch.IMetric
    at_least: float = 1
    below: float | None = None
    """Instead of `at_least`."""
    periods: int = 1
    """How many of the metric's periods in a row."""
    missing: Missing = Missing.NOT_BREACHING
    """Most metrics are only there when something happened."""


def certificate(name: str, issued: acm.ICertificate) -> Watched:
    """Watch a certificate, in its own region. ACM renews it 60 days before its end, if DNS lets it."""
    return Watched(
        name=name,
        says="A certificate ends within 30 days and was not renewed: browsers will refuse it.",
        metric=issued.metric_days_to_expiry(),
        below=30,
        missing=Missing.IGNORE,  # as it is once the certificate has ended
    )


class Alarms(Construct):
    """The alarms of one stack, and how they are told. Each has its topic in its own region.

    The topic has no key: CloudWatch could only use one of our own, which costs as much as ten alarms, and
    what they say goes on by e-mail. It names no person and no video.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageConfig) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self._prefix = f"{stack.stack_name}-"
        self._topic = sns.Topic(self, "Topic", enforce_ssl=True, display_name=f"StreamTime {stage.name}")
        self._topic.add_to_resource_policy(
            # A topic with a policy of its own has none of the default one, which let alarms in.
            iam.PolicyStatement(
                sid="PublishAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self._topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {
                        "aws:SourceArn": stack.format_arn(
                            service="cloudwatch",
                            resource="alarm",
                            resource_name=f"{self._prefix}*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    },
                },
            )
        )
        self._topic.add_subscription(
            subscriptions.EmailSubscription(
                stage.alarm_email, dead_letter_queue=dead_letters(self, "AlarmDeadLetters")
            )
        )
        self._dead_letters = {
            queue.node.id: queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", label=queue.node.id
            )
            for queue in stack.node.find_all()
            if isinstance(queue, sqs.Queue) and queue.node.id.endswith("DeadLetters")
        }
        for queue, letters in self._dead_letters.items():
            self.watch(Watched(name=queue, says=LOST[queue], metric=letters))

    def watch(self, watched: Watched) -> None:
        """Make the alarm; its beginning and its end are told."""
        comparison = cloudwatch.ComparisonOperator
        alarm = cloudwatch.Alarm(
            self,
            f"{watched.name}Alarm",
            alarm_name=f"{self._prefix}{watched.name}",
            alarm_description=f"{watched.says} See {RUNBOOK}#{watched.name.lower()}",
            metric=watched.metric,
            threshold=watched.at_least if watched.below is None else watched.below,
            comparison_operator=(
                comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
                if watched.below is None
                else comparison.LESS_THAN_THRESHOLD
            ),
            evaluation_periods=watched.periods,
            treat_missing_data=watched.missing,
        )
        told = actions.SnsAction(self._topic)
        alarm.add_alarm_action(told)
        alarm.add_ok_action(told)


class StageAlarms(Alarms):
    """What is watched where the stage runs. CloudWatch bills each metric that an alarm looks at."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageConfig,
        data: Data,
        processing: Processing,
        edge: "Edge",
    ) -> None:
        super().__init__(scope, construct_id, stage=stage)
        self._stage, self._data, self._edge = stage, data, edge
        self._machine = processing.machine
        functions = {**processing.functions, **edge.functions}
        self._errors = {
            name: functions[name].metric_errors(period=QUARTER, label=name) for name in BACKGROUND
        }
        for watched in self._table():
            self.watch(watched)
        self._dashboard()
        self._budget()
        if re.search(r"[@.]example(\.\w+)?$", stage.alarm_email):
            Annotations.of(self).add_warning_v2(
                "streamtime:alarm-email", f"alarm_email is {stage.alarm_email}, which nobody reads"
            )

    def _table(self) -> Iterator[Watched]:
        http = self._edge.http
        yield Watched(
            name="FailedVideos",
            says="Processing of a video failed, for no fault of the video.",
            metric=_sum(failed=self._machine.metric_failed(), out_of_time=self._machine.metric_timed_out()),
        )
        yield Watched(
            name="StuckJobs",
            says="The daily sweep found videos that were waiting or processing for longer than they may.",
            metric=self._counted("StuckJobs", "sweep", statistic="Maximum", period=DAY),
        )
        yield Watched(
            name="NoSweep",
            says="For two days no sweep reported: nothing is deleted for good.",
            # Filled, because an alarm waits longer for what is missing than for what is too little.
            metric=_sum(
                DAY, reports=self._counted("StuckJobs", "sweep", statistic="SampleCount", period=DAY)
            ),
            below=1,
            periods=2,
            missing=Missing.BREACHING,
        )
        yield Watched(
            name="BackgroundErrors",
            says=f"Functions that nobody waits for ({', '.join(BACKGROUND)}) failed 5 times in 15 minutes.",
            metric=_sum(QUARTER, **self._errors),
            at_least=5,
        )
        yield Watched(
            name="ApiErrors",
            says="For ten minutes at least one request in 20 was answered with an error of ours.",
            metric=cloudwatch.MathExpression(
                expression="IF(errors >= 5, 100 * errors / requests, 0)",
                using_metrics={
                    "errors": http.metric_server_error(statistic="Sum"),
                    "requests": http.metric_count(statistic="Sum"),
                },
                label="% of requests",
            ),
            at_least=5,
            periods=2,  # a paused database answers 503 for half a minute
        )
        yield Watched(
            name="SlowApi",
            says="For a quarter of an hour one request in 100 took 5 seconds or more.",
            metric=http.metric_latency(statistic="p99"),
            at_least=5000,
            periods=3,
        )
        yield Watched(
            name="Throttles",
            says="For a quarter of an hour Lambda refused to run functions: all that may run at once do.",
            metric=lambda_.Function.metric_all_throttles(),
            at_least=10,
            periods=3,
        )
        if (database := self._stage.database) and self._data.cluster:
            yield Watched(
                name="DatabaseFull",
                says=f"For a quarter of an hour the database used all of its {database.max_capacity:g} ACU.",
                metric=self._data.cluster.metric_serverless_database_capacity(),
                at_least=database.max_capacity,
                periods=3,
            )
        if self._edge.certificate:
            yield certificate("ApiCertificate", self._edge.certificate)

    def _counted(self, name: str, service: str, **options: Any) -> cloudwatch.Metric:
        """One of the metrics that functions write into their logs (functions.core.observability)."""
        return cloudwatch.Metric(
            namespace=f"StreamTime/{self._stage.name}",
            metric_name=name,
            dimensions_map={"service": service},
            **{"statistic": "Sum", **options},
        )

    def _budget(self) -> None:
        """Watch what the whole account costs: AWS tells stages apart only by tags that somebody turned on.

        It gets no name: CloudFormation replaces a budget whose address changes, and names are taken once.
        """

        def told(kind: str, percent: int) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
            return budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[
                    budgets.CfnBudget.SubscriberProperty(
                        subscription_type="EMAIL", address=self._stage.alarm_email
                    )
                ],
            )

        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=self._stage.monthly_budget_usd, unit="USD"
                ),
            ),
            notifications_with_subscribers=[told("ACTUAL", 80), told("FORECASTED", 100)],
        )

    def _dashboard(self) -> None:
        """One page, from what people notice down to what lies under it."""
        http, cluster, cdn = self._edge.http, self._data.cluster, self._edge.distribution
        rows: list[dict[str, Sequence[cloudwatch.IMetric]]] = [
            {
                "People: requests": [http.metric_count(statistic="Sum", label="requests")],
                "People: errors": [
                    http.metric_client_error(statistic="Sum", label="theirs (4xx)"),
                    http.metric_server_error(statistic="Sum", label="ours (5xx)"),
                ],
                "People: answered within (ms)": [
                    http.metric_latency(statistic=share, label=share) for share in ("p50", "p99")
                ],
            },
            {
                "Processing: videos": [
                    self._machine.metric_started(label="started"),
                    self._counted("VideosReady", "records", label="ready"),
                    self._counted("VideosFailed", "records", label="failed"),
                    self._counted("VideosFailed", "sweep", label="given up by the sweep"),
                ],
                "Processing: ready within (s)": [
                    self._counted("ProcessingSeconds", "records", statistic=share, label=share)
                    for share in ("p50", "p99")
                ],
                "Processing: stuck jobs": [
                    self._counted(
                        "StuckJobs", "sweep", statistic="Maximum", period=DAY, label="found by the sweep"
                    )
                ],
            },
            {
                "Queues: dead letters": [*self._dead_letters.values()],
                "Background: errors": [*self._errors.values()],
                "Account: functions": [
                    lambda_.Function.metric_all_concurrent_executions(label="at once"),
                    lambda_.Function.metric_all_throttles(label="refused"),
                ],
            },
        ]
        if cluster:
            rows.append(
                {
                    "Database: ACU": [cluster.metric_serverless_database_capacity(label="ACU")],
                    "Database: share of its limit (%)": [cluster.metric_acu_utilization(label="%")],
                    "Database: connections": [
                        cluster.metric_database_connections(statistic="Maximum", label="connections")
                    ],
                }
            )
        if cdn:
            rows.append(
                {
                    "CDN: requests": [_delivered(cdn, "Requests", label="requests")],
                    "CDN: bytes sent": [_delivered(cdn, "BytesDownloaded", label="bytes")],
                    "CDN: errors (% 5xx)": [_delivered(cdn, "5xxErrorRate", statistic="Average", label="%")],
                }
            )
        page = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=f"streamtime-{self._stage.name}", default_interval=DAY
        )
        alarms = [alarm for alarm in self.node.children if isinstance(alarm, cloudwatch.Alarm)]
        page.add_widgets(
            cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=WIDTH, height=HEIGHT // 2)
        )
        for row in rows:
            page.add_widgets(
                *(
                    cloudwatch.GraphWidget(
                        title=title,
                        left=metrics,
                        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
                        width=WIDTH // len(row),
                        height=HEIGHT,
                    )
                    for title, metrics in row.items()
                )
            )


def _delivered(cdn: cloudfront.Distribution, name: str, **options: Any) -> cloudwatch.Metric:
    """One of CloudFront's metrics, under the names that it writes them: the CDK's own find nothing."""
    return cloudwatch.Metric(
        namespace="AWS/CloudFront",
        metric_name=name,
        dimensions_map={"DistributionId": cdn.distribution_id, "Region": "Global"},
        region="us-east-1",
        **{"statistic": "Sum", **options},
    )


def _sum(period: Duration = FIVE_MINUTES, **metrics: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """Add up metrics that may be missing: with + the sum would be missing too."""
    return cloudwatch.MathExpression(
        expression=f"SUM([{', '.join(f'FILL({name}, 0)' for name in metrics)}])",
        using_metrics=metrics,
        period=period,
        label=" + ".join(metrics),
    )
