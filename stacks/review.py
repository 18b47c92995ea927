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
    Validations,
)
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

WILDCARDS = {
    r".+/(source|media)/\*": "Objects of one bucket, whose names are made later.",
    r".+:execution:.+:\*": "Executions of one state machine.",
    r".+/@connections/\*": "Sockets of one API.",
    r"<\w+\.Arn>:\*": "Versions of one function, as the CDK grants them.",
    r"\*": "X-Ray, network interfaces and log delivery have no resource to name.",
}
"""Resources that permissions may end in: cdk-nag wants each one's full name, which the template makes up."""

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
        open_ = [violation for violation in found if not _answered(violation)]
        return PolicyValidationPluginReport(success=not open_, violations=open_)


def _answered(violation: PolicyViolation) -> bool:
    wildcard = re.fullmatch(r"AwsSolutions-IAM5\[Resource::(.+)]", violation.rule_name)
    if wildcard and any(re.fullmatch(known, wildcard[1]) for known in WILDCARDS):
        return True
    paths = [resource.construct_path or "" for resource in violation.violating_resources]
    return all(PUBLISHER.search(path) for path in paths)
