"""Review: cdk-nag's AwsSolutions rules over the whole app, and the answers to what they object to."""

import re
from collections.abc import Mapping

import jsii
from aws_cdk import (
    Acknowledgment,
    App,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolation,
    Stack,
    Validations,
)
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

WILDCARDS = {
    r".+/(source|media|work)/\*": "Objects of one bucket, whose names are made later.",
    r".+:execution:.+:\*": "Executions of one state machine.",
    r".+/@connections/\*": "Sockets of one API.",
    r"<\w+\.Arn>:\*": "Versions of one function, as the CDK grants them.",
}
"""Resources that permissions may end in: cdk-nag wants each one's full name, which the template makes up."""

NETWORK_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What the role of a function must be allowed to do, so that Lambda can put it into a VPC."""

TRACING = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}
LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
NAMELESS = {
    r".+/Workflow/Machine/Role/DefaultPolicy/Resource": TRACING | LOG_DELIVERY,
    r".+/(Api|Records|Sweep|Migrate)Role/DefaultPolicy/Resource": TRACING | {*NETWORK_INTERFACES},
    r".+Role/DefaultPolicy/Resource": TRACING,
}
"""What roles (the first that fits) may do to "*": AWS knows no narrower resource for these actions."""

PUBLISHER = re.compile(r"/Custom::CDKBucketDeployment\w+/")
"""The CDK's own function that copies the built site into its bucket, with a role of the CDK's making."""


def acknowledge(construct: IConstruct, rules: Mapping[str, str]) -> None:
    """Answer rules where they are broken on purpose: short names are AwsSolutions', full ones the CDK's."""
    for rule, reason in rules.items():
        full = rule if "::" in rule else f"AwsSolutions-{rule}"
        Validations.of(construct).acknowledge(Acknowledgment(id=full, reason=reason))


@jsii.implements(IPolicyValidationPlugin)
class Review:
    """Fails synthesis on what is neither right nor answered."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def name(self) -> str:
        return "AwsSolutions"

    @property
    def version(self) -> None:
        return None

    @property
    def rule_ids(self) -> None:
        return None

    def validate(self, _context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Run the rules over the constructs, which know more than the templates."""
        found = AwsSolutionsChecks(self._app).validate_scope(self._app).violations
        open_ = [violation for violation in found if not self._answered(violation)]
        return PolicyValidationPluginReport(success=not open_, violations=open_)

    def _answered(self, violation: PolicyViolation) -> bool:
        paths = [resource.construct_path or "" for resource in violation.violating_resources]
        if wildcard := re.fullmatch(r"AwsSolutions-IAM5\[Resource::(.+)]", violation.rule_name):
            if wildcard[1] == "*":
                return all(self._is_nameless(path) or PUBLISHER.search(path) for path in paths)
            if any(re.fullmatch(known, wildcard[1]) for known in WILDCARDS):
                return True
        return all(PUBLISHER.search(path) for path in paths)

    def _is_nameless(self, path: str) -> bool:
        allowed = next((actions for role, actions in NAMELESS.items() if re.fullmatch(role, path)), set())
        construct: IConstruct = self._app
        for name in path.split("/"):
            construct = construct.node.find_child(name)
        if not isinstance(construct, iam.CfnPolicy):
            return False
        document = Stack.of(construct).resolve(construct.policy_document)
        everywhere = [it for it in document["Statement"] if "*" in _listed(it["Resource"])]
        return {action for it in everywhere for action in _listed(it["Action"])} <= allowed


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
