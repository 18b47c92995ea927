"""Edge: the HTTP and WebSocket APIs and, where a stage has one, the CDN in front of everything."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration, WebSocketLambdaIntegration
from constructs import Construct

from stacks.config import Domain, StageConfig
from stacks.data import Data
from stacks.function import ROOT, Function
from stacks.headers import OTHER_HEADERS, content_security_policy
from stacks.network import Network
from stacks.processing import Processing, dead_letters
from stacks.review import acknowledge

SITE = ROOT / "frontend" / "dist"
LIVE = "live"
"""Name of the WebSocket stage: API Gateway wants it as the path, and so do browsers: /live."""

KEY_VERSION = 1
"""CloudFront's public keys can't change; raise this to publish the signing key's next one beside it."""

SPA_ROUTES = """\
function handler(event) {
  var request = event.request;
  var isFile = request.uri.split("/").pop().includes(".");
  if (!isFile) request.uri = "/index.html";
  return request;
}
"""
VIEWER_HOST = """\
function handler(event) {
  var request = event.request;
  request.headers["x-viewer-host"] = { value: request.headers.host.value };
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


class Edge(Construct):
    """All that browsers reach, besides the bucket they upload into."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageConfig,
        network: Network | None,
        data: Data,
        processing: Processing,
        certificate: acm.ICertificate | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage, self._data, self._processing = stage, data, processing
        self._common: dict[str, Any] = {"stage": stage, "data": data, "network": network}
        key_group, self.key_pair_id = self._published_key() if stage.cdn else (None, "local")
        self.http, self.api_url = self._http_api()
        live, self.live_url = self._live_api()
        self.distribution: cloudfront.Distribution | None = None
        self.site_url = self._distribution(self.http, live, key_group, certificate) if key_group else None

    def _published_key(self) -> tuple[cloudfront.KeyGroup, str]:
        """CloudFront wants the public half of the signing key, which only exists once KMS made it."""
        reader = Function(
            self,
            "PublicKeyReader",
            handler="functions.watch.public_key.handle",
            memory=256,
            timeout=Duration.minutes(1),
            **self._common,
        )
        self._data.signing_key.grant(reader, "kms:GetPublicKey")
        pem = reader.run_on_deploy(f"Pem{KEY_VERSION}", {"KeyId": self._data.signing_key.key_id})
        key = cloudfront.PublicKey(self, f"PublicKey{KEY_VERSION}", encoded_key=pem.get_att_string("Pem"))
        return cloudfront.KeyGroup(self, "KeyGroup", items=[key]), key.public_key_id

    def _http_api(self) -> tuple[apigateway.HttpApi, str]:
        self.api = Function(
            self,
            "Api",
            handler="functions.api.handler.handle",
            memory=1769,
            timeout=Duration.seconds(29),
            database=True,
            snap_start=self._stage.snap_start,
            environment={"SIGNING_KEY_PAIR_ID": self.key_pair_id},
            **self._common,
        )
        self.api.node.add_dependency(self._processing.migration)
        self._processing.signals(self.api)
        self._processing.restarts(self.api)
        data = self._data
        data.grant_connect(self.api)
        # Signing up, confirming and asking for another code are open to everybody: IAM has no say in them.
        self.api.allow(
            "cognito-idp:AdminInitiateAuth",
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminDeleteUser",
            on=data.user_pool.user_pool_arn,
        )
        data.signing_key.grant(self.api, "kms:Sign")
        # Listing turns S3's answer for a missing object from 403 into 404.
        self.api.allow("s3:ListBucket", on=data.media.bucket_arn)
        self.api.allow(
            "s3:PutObject",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:AbortMultipartUpload",
            on=data.media.arn_for_objects("source/*"),
        )
        self.api.allow("dynamodb:PutItem", on=data.tickets.table_arn)

        serving = self.api.serving
        http = apigateway.HttpApi(
            self,
            "HttpApi",
            default_integration=HttpLambdaIntegration("Api", serving),
            create_default_stage=False,
        )
        apigateway.CfnStage(
            self,
            "HttpStage",
            api_id=http.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=200, throttling_burst_limit=400
            ),
            access_log_settings=self._access_log(),
        )
        return http, self._address(http.api_id, "" if self._stage.host is None else "/$default")

    def _access_log(self) -> apigateway.CfnStage.AccessLogSettingsProperty | None:
        if self._stage.host:
            return None
        group = logs.LogGroup(
            self, "Access", retention=self._stage.log_retention, removal_policy=self._stage.removal_policy
        )
        facts = ("requestId", "requestTime", "httpMethod", "path", "status", "responseLatency")
        return apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=group.log_group_arn,
            format=json.dumps({fact: f"$context.{fact}" for fact in facts}),
        )

    def _live_api(self) -> tuple[apigateway.WebSocketApi, str]:
        live = apigateway.WebSocketApi(self, "LiveApi")
        deployed = apigateway.WebSocketStage(
            self,
            "LiveStage",
            web_socket_api=live,
            stage_name=LIVE,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=100, burst_limit=200),
        )
        endpoint = self._address(live.api_id, f"/{LIVE}")
        letters = dead_letters(self, "UpdatesDeadLetters")
        connect, notify = (
            Function(
                self,
                name,
                handler=f"functions.live.{name.lower()}.handle",
                memory=512,
                timeout=Duration.seconds(seconds),
                environment={"LIVE_ENDPOINT": endpoint},
                dead_letters=failed,
                **self._common,
            )
            for name, seconds, failed in (("Connect", 10, None), ("Notify", 30, letters))
        )
        for route in ("$connect", "$disconnect", "$default"):
            name = f"{route.removeprefix('$').capitalize()}Route"
            live.add_route(route, integration=WebSocketLambdaIntegration(name, connect))
        tickets, connections = self._data.tickets, self._data.connections
        connect.allow("dynamodb:DeleteItem", on=tickets.table_arn)
        connect.allow("dynamodb:PutItem", "dynamodb:DeleteItem", on=connections.table_arn)
        notify.allow("dynamodb:Query", on=f"{connections.table_arn}/index/by-user")
        notify.allow("dynamodb:DeleteItem", on=connections.table_arn)
        for function in (connect, notify):
            deployed.grant_management_api_access(function)
        self._processing.updates.add_subscription(
            subscriptions.LambdaSubscription(notify, dead_letter_queue=letters)
        )
        self.functions = {"api": self.api, "connect": connect, "notify": notify}
        return live, endpoint.replace("http", "ws", 1)

    def _address(self, api_id: str, path: str) -> str:
        if self._stage.host:
            return f"{self._stage.host.endpoint}/_aws/execute-api/{api_id}{path}"
        return f"https://{self._execute_api(api_id)}{path}"

    def _execute_api(self, api_id: str) -> str:
        stack = Stack.of(self)
        return f"{api_id}.execute-api.{stack.region}.{stack.url_suffix}"

    def _distribution(
        self,
        api: apigateway.HttpApi,
        live: apigateway.WebSocketApi,
        key_group: cloudfront.KeyGroup,
        certificate: acm.ICertificate | None,
    ) -> str:
        """Five behaviours and managed cache policies only: what CloudFront's free plan takes too."""
        web = s3.Bucket(
            self,
            "Web",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.DESTROY,
            auto_delete_objects=True,
        )
        pages = origins.S3BucketOrigin.with_origin_access_control(
            web, origin_access_levels=[cloudfront.AccessLevel.READ, cloudfront.AccessLevel.LIST]
        )
        access = cloudfront.S3OriginAccessControl(self, "MediaAccess")
        secured: dict[str, Any] = {
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "response_headers_policy": self._headers("Headers", OTHER_HEADERS),
        }
        forwarded: dict[str, Any] = {
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            "cache_policy": cloudfront.CachePolicy.CACHING_DISABLED,
            "origin_request_policy": cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            "function_associations": self._on_request("ViewerHost", VIEWER_HOST),
        }
        domain = self._stage.domain
        distribution = cloudfront.Distribution(
            self,
            "Cdn",
            default_root_object="index.html",
            comment=f"StreamTime {self._stage.name}",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=(
                cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if certificate else None
            ),
            domain_names=[domain.name] if domain else None,
            certificate=certificate,
            default_behavior=cloudfront.BehaviorOptions(
                origin=pages, function_associations=self._on_request("SpaRoutes", SPA_ROUTES), **secured
            ),
            additional_behaviors={
                "/assets/*": cloudfront.BehaviorOptions(origin=pages, **secured),
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(self._execute_api(api.api_id)),
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    response_headers_policy=secured["response_headers_policy"],
                    **forwarded,
                ),
                f"/{LIVE}": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(self._execute_api(live.api_id)), **forwarded
                ),
                "/media/*": cloudfront.BehaviorOptions(
                    origin=origins.S3BucketOrigin.with_bucket_defaults(
                        self._data.media, origin_access_control_id=access.origin_access_control_id
                    ),
                    trusted_key_groups=[key_group],
                    function_associations=self._on_request("SignatureOnly", SIGNATURE_ONLY),
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                    # The edge keeps what it may only show to some; browsers keep nothing.
                    response_headers_policy=self._headers(
                        "MediaHeaders", {**OTHER_HEADERS, "Cache-Control": "private, no-store"}
                    ),
                ),
            },
        )
        acknowledge(
            distribution,
            {
                "Annotation::@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk": "/ is a page.",
            },
        )
        self.distribution = distribution
        self._publish(web, distribution)
        if domain:
            self._name(domain, distribution)
        return f"https://{domain.name if domain else distribution.distribution_domain_name}"

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
        bucket = self._data.media
        connected = [
            f"https://{bucket.bucket_regional_domain_name}",
            f"https://{bucket.bucket_dual_stack_domain_name}",
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

    def _publish(self, web: s3.Bucket, distribution: cloudfront.Distribution) -> None:
        """First the files named by their content, kept for open pages; then the page itself."""
        if not SITE.is_dir():
            Annotations.of(self).add_warning_v2(
                "streamtime:site", f"{SITE.relative_to(ROOT)} is not built: this deployment has no pages"
            )
            return
        shared: dict[str, Any] = {"destination_bucket": web, "prune": False, "memory_limit": 512}
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
            distribution=distribution,
            distribution_paths=["/*"],
            **shared,
        )
        pages.node.add_dependency(assets)

    def _name(self, domain: Domain, distribution: cloudfront.Distribution) -> None:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
        )
        alias = route53.RecordTarget.from_alias(route53_targets.CloudFrontTarget(distribution))
        route53.ARecord(self, "Ipv4", zone=zone, record_name=f"{domain.name}.", target=alias)
        route53.AaaaRecord(self, "Ipv6", zone=zone, record_name=f"{domain.name}.", target=alias)
