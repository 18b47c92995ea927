"""Edge: the HTTP and WebSocket APIs and, where a stage has one, the CDN in front of everything."""

import json
from typing import Any, cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration, WebSocketLambdaIntegration
from constructs import Construct

from stacks.cdn import LIVE, Cdn, name_both
from stacks.config import Domain, StageConfig
from stacks.data import Data
from stacks.function import Function
from stacks.network import Network
from stacks.prices import usd_per_gb_month, usd_per_processed_hour
from stacks.processing import Processing, dead_letters
from stacks.worldwide import WorldwideStack


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
        worldwide: WorldwideStack | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage, self._data, self._processing = stage, data, processing
        self._common: dict[str, Any] = {"stage": stage, "data": data, "network": network}
        self.certificate: acm.Certificate | None = None
        self.distribution: cloudfront.Distribution | None = None
        self.site_url: str | None = None
        zone = self._zone(stage.domain) if stage.domain else None
        self._secrets = [self._origin_secret(it) for it in stage.origin_secrets] if stage.cdn else []
        key_group, self.key_pair_id = self._published_keys() if stage.cdn else (None, "local")
        access = None if stage.host else self._access_log()
        self.http, self.api_url = self._http_api(zone, access)
        self.live, self.live_url = self._live_api()
        self._hand_over_dead_letters()
        if key_group and access:
            cdn = Cdn(
                self,
                "Cdn",
                stage=stage,
                media=data.media,
                api=self._origin(self.api_url),
                live=self._origin(f"https://{self._execute_api(self.live.api_id)}"),
                key_group=key_group,
                log_days=_days(access),
                worldwide=worldwide,
                zone=zone,
            )
            # A new key is published before it signs, a new word accepted before it is said.
            self.api.node.add_dependency(key_group)
            cdn.node.add_dependency(self.api.serving, self.functions["connect"])
            self.distribution, self.site_url = cdn.distribution, cdn.url

    def _zone(self, domain: Domain) -> route53.IHostedZone:
        return route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=domain.zone_id, zone_name=domain.zone_name
        )

    def _origin_secret(self, version: int) -> str:
        """Make the word that CloudFront says and the functions compare; the template only refers to it."""
        secret = secretsmanager.Secret(
            self,
            f"OriginSecret{version}",
            description=f"Says that a request came through CloudFront: version {version}",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=48, exclude_punctuation=True, include_space=False
            ),
            removal_policy=RemovalPolicy.DESTROY,
        )
        return secret.secret_value.unsafe_unwrap()

    def _told(self) -> dict[str, str]:
        """Tell a function every version that is accepted; see ADR 8."""
        return {"ORIGIN_SECRETS": " ".join(self._secrets)} if self._secrets else {}

    def _origin(self, url: str) -> origins.HttpOrigin:
        """Reach an API; viewers can't: CloudFront overwrites a header of theirs with that name."""
        return origins.HttpOrigin(
            url.removeprefix("https://"), custom_headers={"x-origin-secret": self._secrets[0]}
        )

    def _published_keys(self) -> tuple[cloudfront.KeyGroup, str]:
        """Publish the public halves, which only exist once KMS made the keys; name the one that signs.

        One that is published ahead, as in (1, 2), is known to every edge by the time it signs, as in (2, 1).
        """
        reader = Function(
            self,
            "PublicKeyReader",
            handler="functions.watch.public_key.handle",
            memory=256,
            timeout=Duration.minutes(1),
            **self._common,
        )
        published = []
        for version, key in self._data.signing_keys.items():
            key.grant(reader, "kms:GetPublicKey")
            pem = reader.run_on_deploy(f"Pem{version}", {"KeyId": key.key_id})
            # CloudFront's public keys can't change: each version is one of its own.
            published.append(
                cloudfront.PublicKey(self, f"PublicKey{version}", encoded_key=pem.get_att_string("Pem"))
            )
        return cloudfront.KeyGroup(self, "KeyGroup", items=published), published[0].public_key_id

    def _http_api(
        self, zone: route53.IHostedZone | None, access: logs.LogGroup | None
    ) -> tuple[apigateway.HttpApi, str]:
        self.api = Function(
            self,
            "Api",
            handler="functions.api.handler.handle",
            memory=1769,
            timeout=Duration.seconds(29),
            database=True,
            snap_start=self._stage.snap_start,
            environment={
                "SIGNING_KEY_PAIR_ID": self.key_pair_id,
                "USD_PER_GB_MONTH": str(usd_per_gb_month()),
                "USD_PER_PROCESSED_HOUR": str(usd_per_processed_hour()),
                **self._told(),
            },
            **self._common,
        )
        self.api.node.add_dependency(self._processing.migration)
        self._processing.signals(self.api)
        self._processing.restarts(self.api)
        data = self._data
        data.grant_connect(self.api)
        # Signing up, codes and new passwords are open to everybody at Cognito: IAM has no say in them.
        self.api.allow(
            "cognito-idp:AdminInitiateAuth",
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminDeleteUser",
            "cognito-idp:AdminSetUserPassword",
            "cognito-idp:AdminUpdateUserAttributes",
            "cognito-idp:AdminRespondToAuthChallenge",
            "cognito-idp:AdminSetUserMFAPreference",
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
        self.api.allow("s3:GetObject", on=data.media.arn_for_objects("exports/*"))
        self.api.allow("dynamodb:PutItem", on=data.tickets.table_arn)
        self.api.allow("dynamodb:UpdateItem", on=data.limits.table_arn)

        domain = self._stage.domain
        http = apigateway.HttpApi(
            self,
            "HttpApi",
            default_integration=HttpLambdaIntegration("Api", self.api.serving),
            create_default_stage=False,
            disable_execute_api_endpoint=True if domain else None,
        )
        deployed = apigateway.CfnStage(
            self,
            "HttpStage",
            api_id=http.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=200, throttling_burst_limit=400
            ),
            access_log_settings=_as_json(access) if access else None,
        )
        if domain and zone:
            named = self._named(domain, zone)
            mapping = apigateway.CfnApiMapping(
                self, "ApiMapping", api_id=http.api_id, domain_name=named.name, stage="$default"
            )
            mapping.add_resource_dependency(deployed)
            return http, f"https://api.{domain.name}"
        return http, self._address(http.api_id, "" if self._stage.host is None else "/$default")

    def _named(self, domain: Domain, zone: route53.IHostedZone) -> apigateway.DomainName:
        """Give the HTTP API a name and a certificate of its own; the one AWS made up then leads nowhere."""
        self.certificate = acm.Certificate(
            self,
            "ApiCertificate",
            domain_name=f"api.{domain.name}",
            validation=acm.CertificateValidation.from_dns(zone),
        )
        named = apigateway.DomainName(
            self,
            "ApiDomain",
            domain_name=f"api.{domain.name}",
            certificate=self.certificate,
            ip_address_type=apigateway.IpAddressType.DUAL_STACK,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        alias = route53_targets.ApiGatewayv2DomainProperties(
            named.regional_domain_name, named.regional_hosted_zone_id
        )
        name_both(self, f"api.{domain.name}", zone, route53.RecordTarget.from_alias(alias))
        return named

    def _access_log(self) -> logs.LogGroup:
        return logs.LogGroup(
            self, "Access", retention=self._stage.log_retention, removal_policy=self._stage.removal_policy
        )

    def _live_api(self) -> tuple[apigateway.WebSocketApi, str]:
        """Make the WebSocket API. It has no name of its own in a stage with a domain.

        Its functions write to sockets at the address AWS made up, so that must stay open: the word that only
        CloudFront knows is what closes it to others, under one name or two.
        """
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
        letters = self.update_dead_letters = dead_letters(self, "UpdatesDeadLetters")
        connect, notify, relay = (
            Function(
                self,
                name,
                handler=f"functions.live.{name.lower()}.handle",
                memory=512,
                timeout=Duration.seconds(seconds),
                environment={"LIVE_ENDPOINT": endpoint, **(self._told() if name == "Connect" else {})},
                dead_letters=failed,
                **self._common,
            )
            for name, seconds, failed in (
                ("Connect", 10, None),
                ("Notify", 30, letters),
                ("Relay", 10, None),
            )
        )
        for route, function in {
            "$connect": connect,
            "$disconnect": connect,
            "$default": connect,
            "upload": relay,
        }.items():
            name = f"{route.removeprefix('$').capitalize()}Route"
            live.add_route(route, integration=WebSocketLambdaIntegration(name, function))
        tickets, connections = self._data.tickets, self._data.connections
        connect.allow("dynamodb:DeleteItem", on=tickets.table_arn)
        connect.allow("dynamodb:PutItem", "dynamodb:DeleteItem", on=connections.table_arn)
        if sender := self._stage.email_sender:
            domain = Stack.of(self).format_arn(
                service="ses", resource="identity", resource_name=sender.partition("@")[2]
            )
            notify.allow("ses:SendEmail", on=domain, StringEquals={"ses:FromAddress": sender})
        notify.allow("dynamodb:Scan", "dynamodb:DeleteItem", on=tickets.table_arn)
        relay.allow("dynamodb:UpdateItem", on=self._data.limits.table_arn)
        for function in (notify, relay):
            function.allow("dynamodb:Query", on=f"{connections.table_arn}/index/by-user")
            function.allow("dynamodb:GetItem", "dynamodb:DeleteItem", on=connections.table_arn)
        for function in (connect, notify, relay):
            deployed.grant_management_api_access(function)
        self._processing.updates.add_subscription(
            subscriptions.LambdaSubscription(notify, dead_letter_queue=letters)
        )
        self.functions = {"api": self.api, "connect": connect, "notify": notify, "relay": relay}
        return live, endpoint.replace("http", "ws", 1)

    def _hand_over_dead_letters(self) -> None:
        """Let administrators see what nobody could handle, and the API handle it or have it handled."""
        processing = self._processing
        queues = {
            "uploads": processing.upload_dead_letters,
            "executions": processing.execution_dead_letters,
            "watchdog": processing.watchdog_dead_letters,
            "daily": processing.daily_dead_letters,
            "updates": self.update_dead_letters,
        }
        urls = {name: queue.queue_url for name, queue in queues.items()}
        self.api.add_environment("DEAD_LETTER_QUEUES", Stack.of(self).to_json_string(urls))
        self.api.allow(
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            on=[queue.queue_arn for queue in queues.values()],
        )

    def _address(self, api_id: str, path: str) -> str:
        if self._stage.host:
            return f"{self._stage.host.endpoint}/_aws/execute-api/{api_id}{path}"
        return f"https://{self._execute_api(api_id)}{path}"

    def _execute_api(self, api_id: str) -> str:
        stack = Stack.of(self)
        return f"{api_id}.execute-api.{stack.region}.{stack.url_suffix}"


def _as_json(group: logs.LogGroup) -> apigateway.CfnStage.AccessLogSettingsProperty:
    facts = ("requestId", "requestTime", "httpMethod", "path", "status", "responseLatency")
    return apigateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=group.log_group_arn,
        format=json.dumps({fact: f"$context.{fact}" for fact in facts}),
    )


def _days(group: logs.LogGroup) -> int:
    """Return for how long the group keeps a line, which only the group itself can tell in days."""
    return int(cast("logs.CfnLogGroup", group.node.default_child).retention_in_days or 0)
