"""WorldwideStack: what CloudFront, which serves the whole world, takes from us-east-1 only."""

import json

from aws_cdk import ArnFormat, CrossStackReferences, Environment, ReferenceStrength, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from stacks import alarms
from stacks.config import Domain, StageConfig

AUTH_REQUESTS = 100
"""What one address may ask of /api/auth/ in five minutes: a school or an office shares one."""

FREE_TEXT = (
    "CrossSiteScripting_BODY",
    "EC2MetaDataSSRF_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "SizeRestrictions_BODY",
)
"""Rules that only count: bodies hold titles and descriptions, in which people may write what they like."""

TOO_OFTEN = {
    "type": "about:blank",
    "title": "Too Many Requests",
    "status": 429,
    "code": "too_many_requests",
    "detail": "That was too often. Wait a few minutes, then try again.",
}


class WorldwideStack(Stack):
    """The certificate of a stage with a domain, the web ACL of one with a firewall."""

    def __init__(self, scope: Construct, *, stage: StageConfig) -> None:
        super().__init__(
            scope,
            f"streamtime-{stage.name}-worldwide",
            description="StreamTime: the site's certificate and firewall",
            env=Environment(region="us-east-1"),
            termination_protection=stage.termination_protection,
        )
        self.certificate = self._certificate(stage.domain) if stage.domain else None
        self.web_acl = self._web_acl(stage) if stage.waf else None
        if stage.alarms and self.certificate:
            told = alarms.Alarms(self, "Alarms", stage=stage)
            told.watch(alarms.certificate("SiteCertificate", self.certificate))
        for produced in (self.certificate, self.web_acl):
            if produced:
                # A strong reference between regions is a custom resource that can't be updated in order.
                CrossStackReferences.of(produced).produce(ReferenceStrength.WEAK)

    def _certificate(self, domain: Domain) -> acm.Certificate:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
        )
        return acm.Certificate(
            self,
            "Certificate",
            domain_name=domain.name,
            validation=acm.CertificateValidation.from_dns(zone),
        )

    def _web_acl(self, stage: StageConfig) -> waf.CfnWebACL:
        """Refuse what AWS knows as an attack, and whoever tries passwords or codes by the hundred."""
        property_ = waf.CfnWebACL
        counted = property_.RuleActionProperty(count={})
        common = property_.ManagedRuleGroupStatementProperty(
            vendor_name="AWS",
            name="AWSManagedRulesCommonRuleSet",
            rule_action_overrides=[
                property_.RuleActionOverrideProperty(name=name, action_to_use=counted) for name in FREE_TEXT
            ],
        )
        often = property_.RateBasedStatementProperty(
            limit=AUTH_REQUESTS,
            evaluation_window_sec=300,
            aggregate_key_type="IP",
            scope_down_statement=property_.StatementProperty(
                byte_match_statement=property_.ByteMatchStatementProperty(
                    field_to_match=property_.FieldToMatchProperty(uri_path={}),
                    positional_constraint="STARTS_WITH",
                    search_string="/api/auth/",
                    text_transformations=[
                        property_.TextTransformationProperty(priority=0, type="URL_DECODE"),
                        property_.TextTransformationProperty(priority=1, type="NORMALIZE_PATH"),
                    ],
                )
            ),
        )
        refused = property_.BlockActionProperty(
            custom_response=property_.CustomResponseProperty(
                response_code=429, custom_response_body_key="TooOften"
            )
        )
        web_acl = waf.CfnWebACL(
            self,
            "WebAcl",
            scope="CLOUDFRONT",
            default_action=property_.DefaultActionProperty(allow={}),
            visibility_config=_seen_as("WebAcl"),
            custom_response_bodies={
                "TooOften": property_.CustomResponseBodyProperty(
                    content_type="APPLICATION_JSON", content=json.dumps(TOO_OFTEN)
                )
            },
            rules=[
                property_.RuleProperty(
                    name="AuthRate",
                    priority=0,
                    statement=property_.StatementProperty(rate_based_statement=often),
                    action=property_.RuleActionProperty(block=refused),
                    visibility_config=_seen_as("AuthRate"),
                ),
                property_.RuleProperty(
                    name="Common",
                    priority=1,
                    statement=property_.StatementProperty(managed_rule_group_statement=common),
                    override_action=property_.OverrideActionProperty(none={}),
                    visibility_config=_seen_as("Common"),
                ),
            ],
        )
        self._log(web_acl, stage)
        return web_acl

    def _log(self, web_acl: waf.CfnWebACL, stage: StageConfig) -> None:
        """Keep what was refused, without what it was signed in with; nothing of what was let through."""
        group = logs.LogGroup(
            self,
            "Refused",
            log_group_name=f"aws-waf-logs-streamtime-{stage.name}",  # WAF takes no other beginning
            retention=stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        field = waf.CfnLoggingConfiguration.FieldToMatchProperty
        waf.CfnLoggingConfiguration(
            self,
            "RefusedLog",
            resource_arn=web_acl.attr_arn,
            log_destination_configs=[
                self.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=group.log_group_name,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            redacted_fields=[field(query_string={}), field(single_header={"Name": "cookie"})],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
                    }
                ],
            },
        )


def _seen_as(metric: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        metric_name=metric,
        cloud_watch_metrics_enabled=True,
        sampled_requests_enabled=False,  # a sample shows the cookies of whoever sent it
    )
