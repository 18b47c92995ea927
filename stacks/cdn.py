"""Cdn: the distribution in front of everything, what it answers by itself, and the site's names."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from stacks.config import ConfigurationError, StageConfig
from stacks.function import ROOT
from stacks.headers import OTHER_HEADERS, content_security_policy
from stacks.review import acknowledge
from stacks.worldwide import WorldwideStack

SITE = ROOT / "frontend" / "dist"
LIVE = "live"
"""Name of the WebSocket stage: API Gateway wants it as the path, and so do browsers: /live."""

LOGGING_REGIONS = {
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
}
"""Where CloudFront writes logs to: not into regions that an account has to opt into."""

SPA_ROUTES = """\
function handler(event) {
  var request = event.request;
  var isFile = request.uri.split("/").pop().includes(".");
  if (!isFile) request.uri = "/index.html";
  return request;
}
"""
VIEWER = """\
function handler(event) {
  var request = event.request;
  request.headers["x-viewer-host"] = { value: request.headers.host.value };
  request.headers["x-viewer-address"] = { value: event.viewer.ip };
  return request;
}
"""
# A policy's wildcards would also find what they look for in a query, so only a signature may be one.
SIGNATURE_ONLY = """\
var SIGNATURE = ["Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];
function handler(event) {
  var query = event.request.querystring;
  for (var name in query) {
    var isOne = !query[name].multiValue && /^[\\w~-]*$/.test(query[name].value);
    if (!isOne || !SIGNATURE.includes(name)) return { statusCode: 403, statusDescription: "Forbidden" };
  }
  return event.request;
}
"""


class Cdn(Construct):
    """Five behaviours and managed cache policies only: what CloudFront's free plan takes too."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageConfig,
        media: s3.Bucket,
        api: cloudfront.IOrigin,
        live: cloudfront.IOrigin,
        key_group: cloudfront.KeyGroup,
        log_days: int,
        worldwide: WorldwideStack | None,
        zone: route53.IHostedZone | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage, self._media = stage, media
        web = s3.Bucket(
            self,
            "Web",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        domain, certificate = stage.domain, worldwide.certificate if worldwide else None
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            default_root_object="index.html",
            comment=f"StreamTime {stage.name}",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            enable_ipv6=True,
            minimum_protocol_version=(
                cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if certificate else None
            ),
            domain_names=[domain.name] if domain else None,
            certificate=certificate,
            web_acl_id=worldwide.web_acl.attr_arn if worldwide and worldwide.web_acl else None,
            log_bucket=self._logs(log_days) if stage.cdn_logs else None,
            log_includes_cookies=False if stage.cdn_logs else None,
            **self._behaviours(web, api, live, key_group),
        )
        acknowledge(
            self.distribution,
            {"Annotation::@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk": "/ is a page."},
        )
        self._publish(web)
        if domain and zone:
            alias = route53.RecordTarget.from_alias(route53_targets.CloudFrontTarget(self.distribution))
            name_both(self, domain.name, zone, alias)
            # Tells browsers of HTTP/3 before their first request.
            route53.HttpsRecord(self, "Https", zone=zone, record_name=f"{domain.name}.", target=alias)
        self.url = f"https://{domain.name if domain else self.distribution.distribution_domain_name}"

    def _behaviours(
        self,
        web: s3.Bucket,
        api: cloudfront.IOrigin,
        live: cloudfront.IOrigin,
        key_group: cloudfront.KeyGroup,
    ) -> dict[str, Any]:
        # Listing turns S3's answer for a missing file from 403 into 404.
        pages = origins.S3BucketOrigin.with_origin_access_control(
            web, origin_access_levels=[cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST]
        )
        access = cloudfront.S3OriginAccessControl(self, "MediaAccess")
        headers = self._headers("Headers", OTHER_HEADERS)
        stored: dict[str, Any] = {
            "cache_policy": cloudfront.CachePolicy.CACHING_OPTIMIZED,
            "compress": True,  # text, such as scripts and playlists; segments are left as they are
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        }
        forwarded: dict[str, Any] = {
            "cache_policy": cloudfront.CachePolicy.CACHING_DISABLED,
            "compress": False,  # CloudFront compresses only what it may cache
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            "origin_request_policy": cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            "function_associations": self._on_request("ViewerHost", VIEWER),
        }
        return {
            "default_behavior": cloudfront.BehaviorOptions(
                origin=pages,
                response_headers_policy=headers,
                function_associations=self._on_request("SpaRoutes", SPA_ROUTES),
                **stored,
            ),
            "additional_behaviors": {
                "/assets/*": cloudfront.BehaviorOptions(
                    origin=pages, response_headers_policy=headers, **stored
                ),
                "/api/*": cloudfront.BehaviorOptions(
                    origin=api,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    response_headers_policy=headers,
                    **forwarded,
                ),
                f"/{LIVE}": cloudfront.BehaviorOptions(origin=live, **forwarded),
                "/media/*": cloudfront.BehaviorOptions(
                    origin=origins.S3BucketOrigin.with_bucket_defaults(
                        self._media, origin_access_control_id=access.origin_access_control_id
                    ),
                    trusted_key_groups=[key_group],
                    function_associations=self._on_request("SignatureOnly", SIGNATURE_ONLY),
                    # The edge keeps what it may only show to some; browsers keep nothing.
                    response_headers_policy=self._headers(
                        "MediaHeaders", {**OTHER_HEADERS, "Cache-Control": "private, no-store"}
                    ),
                    **stored,
                ),
            },
        }

    def _on_request(self, name: str, code: str) -> list[cloudfront.FunctionAssociation]:
        function = cloudfront.Function(
            self,
            name,
            code=cloudfront.FunctionCode.from_inline(code),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        return [
            cloudfront.FunctionAssociation(
                function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
            )
        ]

    def _headers(self, construct_id: str, others: Mapping[str, str]) -> cloudfront.ResponseHeadersPolicy:
        connected = [
            f"https://{self._media.bucket_regional_domain_name}",
            f"https://{self._media.bucket_dual_stack_domain_name}",
        ]
        # Not every browser counts our socket as 'self'. CloudFront's own names come too late to be told.
        if domain := self._stage.domain:
            connected.append(f"wss://{domain.name}")
        return cloudfront.ResponseHeadersPolicy(
            self,
            construct_id,
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy(connected), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN,
                    override=True,
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(730), include_subdomains=True, override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=header, value=value, override=True)
                    for header, value in others.items()
                ]
            ),
        )

    def _logs(self, days: int) -> s3.Bucket:
        """Make the bucket for who watched what, in the stage's own region; see ADR 9.

        Tickets in it have ended, and signatures all but: they last five minutes, and CloudFront writes later.
        """
        if Stack.of(self).region not in LOGGING_REGIONS:
            raise ConfigurationError(
                f"StageConfig.cdn_logs: expected False, as CloudFront writes no logs to {self._stage.region}"
            )
        return s3.Bucket(
            self,
            "Logs",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,  # CloudFront writes as an ACL allows
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(id="Forget", expiration=Duration.days(days))],
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )

    def _publish(self, web: s3.Bucket) -> None:
        """First the files named by their content, then the page itself.

        Files of earlier releases stay, on purpose: pages that are open still load them, and a year of
        releases takes less room than one video. Their age can't tell them apart from files still in use.
        """
        if not SITE.is_dir():
            Annotations.of(self).add_warning_v2(
                "streamtime:site", f"{SITE.relative_to(ROOT)} is not built: this deployment has no pages"
            )
            return
        log_group = logs.LogGroup(
            self,
            "PublisherLogs",
            retention=self._stage.log_retention,
            removal_policy=self._stage.removal_policy,
        )
        shared: dict[str, Any] = {
            "destination_bucket": web,
            "prune": False,
            "memory_limit": 512,
            "log_group": log_group,
        }
        assets = s3_deployment.BucketDeployment(
            self,
            "Assets",
            sources=[s3_deployment.Source.asset(str(SITE), exclude=["*", "!assets", "!assets/**"])],
            cache_control=[s3_deployment.CacheControl.from_string("public, max-age=31536000, immutable")],
            **shared,
        )
        pages = s3_deployment.BucketDeployment(
            self,
            "Pages",
            sources=[s3_deployment.Source.asset(str(SITE), exclude=["assets"])],
            cache_control=[s3_deployment.CacheControl.no_cache()],
            distribution=self.distribution,
            distribution_paths=["/*"],
            **shared,
        )
        pages.node.add_dependency(assets)


def name_both(scope: Construct, name: str, zone: route53.IHostedZone, target: route53.RecordTarget) -> None:
    """Name a target for both kinds of addresses."""
    route53.ARecord(scope, "Ipv4", zone=zone, record_name=f"{name}.", target=target)
    route53.AaaaRecord(scope, "Ipv6", zone=zone, record_name=f"{name}.", target=target)
