"""Review: cdk-nag's rules over the whole app, and the answers to what they object to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jsii
from aws_cdk import (
    Acknowledgment,
    App,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Stack,
    Validations,
)
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks, NagPack, NIST80053R5Checks, ServerlessChecks
from constructs import IConstruct

from stacks.config import Pack, StageConfig

PACKS: Mapping[Pack, type[NagPack]] = {
    "AwsSolutions": AwsSolutionsChecks,
    "Serverless": ServerlessChecks,
    "NIST80053R5": NIST80053R5Checks,
}
NETWORK_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What the role of a function must be allowed to do, so that Lambda can put it into a VPC."""

TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)
LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)


def _on_everything(actions: tuple[str, ...]) -> str:
    return rf"IAM5\[({'|'.join(actions)}) on \*]"


PUBLISHER = r"Custom::CDKBucketDeployment\w+(/.+)?"
BUCKETS = "Data/Media|Edge/Cdn/(Web|Logs)"
WAITED_FOR = "Migrate|Probe|Poster|Resize|Original|Audio|Encode|Package|PublicKeyReader|Api|Connect|Relay"
OUTSIDE = "Probe|Poster|Resize|Original|Audio|Encode|Package|PublicKeyReader|Connect|Notify|Relay"
INSIDE = "Migrate|Records|Sweep|Api"

ANSWERS: Mapping[str, Mapping[str, str]] = {
    "The CDK's own function that copies the built site into its bucket, with a role of the CDK's making.": {
        "IAM4.+|IAM5.+|L1|Lambda.+": PUBLISHER,
    },
    "AWS knows no narrower resource for these actions, or makes up its name later.": {
        _on_everything(TRACING): r".+Role/DefaultPolicy",
        _on_everything(LOG_DELIVERY): r"Processing/Workflow/Machine/Role/DefaultPolicy",
        _on_everything(NETWORK_INTERFACES): rf"\w+/(({INSIDE})Role/DefaultPolicy|({INSIDE})/NotByCode)",
        r"IAM5\[Resource::.*DataMedia\w+(\.Arn>)?/(source|media|work|exports)/\*]": r".+Role/DefaultPolicy",
        r"IAM5\[Resource::arn:aws:states:.+:execution:.+:\*]": r"Processing/SweepRole/DefaultPolicy",
        r"IAM5\[Resource::.+/@connections/\*]": r"Edge/(Connect|Notify|Relay)Role/DefaultPolicy",
        r"IAM5\[Resource::<\w+\.Arn>:\*]": r"(Processing/Workflow/Machine/|Scheduler)Role.*/DefaultPolicy",
    },
    "A role has one function, and goes with it: what it may do is nobody else's to share.": {
        "IAMNoInlinePolicy": r".+/(DefaultPolicy|NotByCode)",
    },
    "AWS encrypts it with its own keys; one of ours costs a dollar a month and opens for the same roles.": {
        "CloudWatchLogGroupEncrypted": r"(Network|Processing|Edge)/.+|Refused",
        "S3DefaultEncryptionKMS": BUCKETS,
        "SNSEncryptedKMS": r"Alarms/Topic",
        "SecretsManagerUsingKMSKey": r"Edge/OriginSecret\d+",
    },
    "Aurora's own backups are the database's. What is deleted shall be gone; sockets live two hours, tries "
    "a day.": {
        "DDB3|DynamoDBPITREnabled|DynamoDBInBackupPlan": r"Data/(Tickets|Connections|Limits)",
        "S3BucketVersioningEnabled|S3BucketReplicationEnabled": BUCKETS,
        "RDSInBackupPlan": r"Data/Database/Writer",
    },
    "No more is logged than is read: CloudFront's log, a setting, says what the buckets' would; Aurora's "
    "would keep statements for ever, and its metrics have alarms.": {
        "S1|S3BucketLoggingEnabled": BUCKETS,
        r"RDSEnhancedMonitoringEnabled|RDSLoggingEnabled\[LogExport::postgresql]": r"Data/Database(/Writer)?",
    },
    "API Gateway can't check our cookie or ticket, nor log sockets without a role for the whole account: "
    "the function behind every route does both.": {
        "APIG4": r"Edge/(HttpApi|LiveApi)/.+",
        "APIG1|APIGWAccessLogging": r"Edge/LiveStage",
    },
    "What fails is told to whoever waits for it, or ends in a dead letter queue, which has none itself.": {
        "LambdaDLQ": rf"\w+/({WAITED_FOR})",
        "SQS3|SQSRedrivePolicy": r"\w+/\w+DeadLetters",
        "LambdaEventSourceMappingDestination": r"Processing/Sweep/SqsEventSource.+",
    },
    "A new account runs ten functions at once: what one reserves, all others lack.": {
        "LambdaConcurrency": r"(Processing|Edge)/\w+",
    },
    "It needs nothing of the network, and a way into it is a way to the database.": {
        "LambdaInsideVPC": rf"\w+/({OUTSIDE})",
    },
    "Ten characters are worth more than a special one, the second factor is each person's choice, and "
    "Cognito's plan for threats is paid per person.": {
        "COG1|COG2|COG8": r"Data/UserPool",
    },
    "A video drive has no country to refuse.": {
        "CFR1": r"Edge/Cdn/Distribution",
    },
    "A new version is a setting, and is accepted beside the old one: no function has to change it alone.": {
        "SMG4|SecretsManagerRotationEnabled": r"Edge/OriginSecret\d+",
    },
    "No gateway leads into this network, and nothing in it has the default group.": {
        "VPCDefaultSecurityGroupClosed": r"Network/Vpc",
        "VPCSubnetAutoAssignPublicIpDisabled": r"Network/Vpc/\w+/Subnet",
    },
}
"""Reason: {rules: places}, both regular expressions; rules without their pack, places within their stack."""

SETTINGS = {
    "CFR2": "waf",
    "CFR3": "cdn_logs",
    "CFR4": "domain",
    "VPC7|VPCFlowLogsEnabled": "flow_logs",
    "RDS10|RDSInstanceDeletionProtectionEnabled": "termination_protection",
}
"""Rules that a stage breaks by leaving a setting off. Where the setting is on, nothing answers them."""


def acknowledge(construct: IConstruct, rules: Mapping[str, str]) -> None:
    """Answer the CDK's own warnings where they are wrong."""
    for rule, reason in rules.items():
        Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


@dataclass(frozen=True)
class Finding:
    """What a pack objects to: `rule` without the pack's name, `place` within its stack."""

    rule: str
    place: str
    violation: PolicyViolation
    resource: PolicyViolatingResource


@jsii.implements(IPolicyValidationPlugin)
class Review:
    """Fails synthesis on what is neither right nor answered."""

    def __init__(self, app: App, stage: StageConfig) -> None:
        self._app, self._stage = app, stage

    @property
    def name(self) -> str:
        return "Review"

    @property
    def version(self) -> None:
        return None

    @property
    def rule_ids(self) -> None:
        return None

    def validate(self, _context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Run the rules over the constructs, which know more than the templates."""
        violations = [
            PolicyViolation(
                rule_name=finding.violation.rule_name,
                description=f"{finding.violation.description} ({finding.rule})",
                severity=finding.violation.severity,
                violating_resources=[finding.resource],
            )
            for finding in self.findings()
            if not self._is_answered(finding)
        ]
        return PolicyValidationPluginReport(success=not violations, violations=violations)

    def findings(self) -> Iterator[Finding]:
        """Yield everything the stage's packs object to, answered or not."""
        for pack in self._stage.review:
            for violation in PACKS[pack](self._app).validate_scope(self._app).violations:
                for resource in violation.violating_resources:
                    path = resource.construct_path or ""
                    place = path.partition("/")[2].removesuffix("/Resource")
                    for rule in self._rules(violation.rule_name.partition("-")[2], path):
                        yield Finding(rule, place, violation, resource)

    def _rules(self, rule: str, path: str) -> list[str]:
        """Tell apart the actions of a policy that are meant for everything."""
        if rule != "IAM5[Resource::*]":
            return [rule]
        construct: IConstruct = self._app
        for child in path.split("/"):
            construct = construct.node.find_child(child)
        if not isinstance(construct, iam.CfnPolicy):
            return [rule]
        document = Stack.of(construct).resolve(construct.policy_document)
        everywhere = [it for it in document["Statement"] if "*" in _listed(it["Resource"])]
        return [f"IAM5[{action} on *]" for it in everywhere for action in _listed(it["Action"])]

    def _is_answered(self, finding: Finding) -> bool:
        left_off = [rules for rules, setting in SETTINGS.items() if not getattr(self._stage, setting)]
        return any(re.fullmatch(rules, finding.rule) for rules in left_off) or any(
            re.fullmatch(rules, finding.rule) and re.fullmatch(places, finding.place)
            for answer in ANSWERS.values()
            for rules, places in answer.items()
        )


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
