"""Who may do what, over which wire, from where."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from synthesis import Stage

NAMELESS = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Actions that AWS can only grant on every resource."""


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def granted(stage: Stage) -> Iterator[tuple[str, list[str], list[Any]]]:
    """Yield (role, actions, resources) of every permission but those of the CDK's own site publisher."""
    for role, statement in statements(stage):
        if statement["Effect"] == "Allow":
            yield role, listed(statement["Action"]), listed(statement["Resource"])


def statements(stage: Stage) -> Iterator[tuple[str, dict[str, Any]]]:
    for policy in stage.resources("AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            for role in policy["Roles"]:
                if not role["Ref"].startswith("CustomCDKBucketDeployment"):
                    yield role["Ref"], statement


def actions_of(stage: Stage, function: str, service: str) -> set[str]:
    """Every action of one service that a function's role may do."""
    return {
        action
        for role, actions, _ in granted(stage)
        if role.startswith((f"Processing{function}Role", f"Edge{function}Role"))
        for action in actions
        if action.startswith(f"{service}:")
    }


def test_no_permission_has_a_wildcard_action(stage: Stage) -> None:
    for role, actions, _ in granted(stage):
        assert not [action for action in actions if "*" in action], role


def test_only_what_has_no_name_is_granted_on_everything(stage: Stage) -> None:
    for role, actions, resources in granted(stage):
        if "*" in resources:
            assert set(actions) <= NAMELESS, role


def test_processing_reads_originals_and_writes_renditions_only(stage: Stage) -> None:
    for step in ("Probe", "Poster", "Resize", "Original", "Audio", "Encode", "Package"):
        for role, actions, resources in granted(stage):
            if role.startswith(f"Processing{step}Role") and "s3:PutObject" in actions:
                folder = "work" if step == "Probe" else "media"
                assert all(json.dumps(resource).endswith(f'/{folder}/*"]]}}') for resource in resources), role


def test_only_the_sweep_deletes_objects(stage: Stage) -> None:
    assert {role for role, actions, _ in granted(stage) if "s3:DeleteObject" in actions} == {
        role for role, *_ in granted(stage) if role.startswith("ProcessingSweepRole")
    }


@pytest.mark.parametrize(
    ("function", "service", "actions"),
    [
        ("Api", "states", {"states:StartExecution"}),
        ("Sweep", "states", {"states:StartExecution", "states:StopExecution"}),
        ("Records", "states", set()),
        ("Sweep", "cognito-idp", {"cognito-idp:AdminDeleteUser"}),
        (
            "Api",
            "sqs",
            {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage"},
        ),
        (
            "Api",
            "cognito-idp",
            {
                "cognito-idp:AdminInitiateAuth",
                "cognito-idp:AdminGetUser",
                "cognito-idp:AdminDeleteUser",
                "cognito-idp:AdminSetUserPassword",
                "cognito-idp:AdminUpdateUserAttributes",
                "cognito-idp:AdminRespondToAuthChallenge",
                "cognito-idp:AdminSetUserMFAPreference",
            },
        ),
        (
            "Api",
            "s3",
            {
                "s3:ListBucket",
                "s3:PutObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:AbortMultipartUpload",
            },
        ),
        (
            "Sweep",
            "s3",
            {
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:ListBucketMultipartUploads",
                "s3:ListMultipartUploadParts",
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                "s3:AbortMultipartUpload",
            },
        ),
    ],
)
def test_functions_may_do_what_they_do_and_no_more(stage: Stage, function, service, actions) -> None:
    assert actions_of(stage, function, service) == actions


def test_the_sweep_reads_originals_only(stage: Stage) -> None:
    (read,) = [
        resources
        for role, actions, resources in granted(stage)
        if role.startswith("ProcessingSweepRole") and "s3:GetObject" in actions
    ]
    assert [json.dumps(resource).endswith('/source/*"]]}') for resource in read] == [True]


def test_migrations_use_the_owners_password_and_all_others_a_token(aws_stage: Stage) -> None:
    connecting = {role for role, actions, _ in granted(aws_stage) if "rds-db:connect" in actions}
    functions = aws_stage.ours().items()
    inside = {handler for handler, it in functions if it["Role"]["Fn::GetAtt"][0] in connecting}
    assert {handler.split(".")[1] for handler in inside} == {"api", "records", "sweep"}


def test_code_in_the_network_cannot_use_lambdas_own_rights_there(aws_stage: Stage) -> None:
    allowed, denied = (
        {
            (role, action)
            for role, statement in statements(aws_stage)
            for action in listed(statement["Action"])
            if statement["Effect"] == effect and action.startswith("ec2:")
        }
        for effect in ("Allow", "Deny")
    )
    assert allowed == denied
    for role, statement in statements(aws_stage):
        if statement["Effect"] == "Deny":
            (function,) = statement["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]["Fn::GetAtt"][:1]
            assert aws_stage.resources("AWS::Lambda::Function")[function]["Role"]["Fn::GetAtt"][0] == role


def test_only_the_api_signs_what_may_be_played(stage: Stage) -> None:
    signers = {role for role, actions, _ in granted(stage) if "kms:Sign" in actions}
    assert [signer.removeprefix("EdgeApiRole") == signer for signer in signers] == [False]


@pytest.mark.parametrize(
    ("function", "tables"),
    [
        ("Api", {"dynamodb:PutItem", "dynamodb:UpdateItem"}),
        ("Connect", {"dynamodb:PutItem", "dynamodb:DeleteItem"}),
        ("Notify", {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "dynamodb:DeleteItem"}),
        ("Relay", {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:DeleteItem", "dynamodb:UpdateItem"}),
        ("Encode", set()),
    ],
)
def test_functions_touch_the_live_tables_as_little_as_they_can(stage, function, tables) -> None:
    assert actions_of(stage, function, "dynamodb") == tables


def test_people_are_written_to_by_one_function_and_as_the_stages_sender(stages) -> None:
    def writers(stage):
        found = ((role, it) for role, it in statements(stage) if "ses:SendEmail" in listed(it["Action"]))
        return [(role, it["Resource"], it["Condition"]) for role, it in found]

    ((role, domain, condition),) = writers(stages("full"))
    assert role.startswith("EdgeNotifyRole")
    assert json.dumps(domain).endswith(':identity/example.org"]]}')
    assert condition == {"StringEquals": {"ses:FromAddress": "drive@example.org"}}
    assert writers(stages("prod")) == []


def test_no_function_carries_a_managed_policy(stage: Stage) -> None:
    for name, role in stage.resources("AWS::IAM::Role").items():
        if not name.startswith("Custom"):
            assert "ManagedPolicyArns" not in role, name


def test_pages_of_the_stage_may_put_parts_and_read_their_etags(stage: Stage) -> None:
    media = stage.resources("AWS::S3::Bucket")["DataMedia56AA92A6"]
    (rule,) = media["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["PUT"]
    assert rule["AllowedOrigins"] == stage.config.browser_origins
    assert rule["ExposedHeaders"] == ["ETag"]


def test_only_functions_that_know_the_database_are_in_the_network(aws_stage: Stage) -> None:
    inside = {handler for handler, function in aws_stage.ours().items() if "VpcConfig" in function}
    told = {
        handler
        for handler, function in aws_stage.ours().items()
        if "DATABASE_URL" in function["Environment"]["Variables"]
    }
    assert inside == told
    assert {handler.split(".")[1] for handler in inside} == {"api", "records", "sweep", "migrate"}


def test_the_network_has_no_way_in_and_no_nat(aws_stage: Stage) -> None:
    assert not aws_stage.resources("AWS::EC2::NatGateway")
    assert not aws_stage.resources("AWS::EC2::InternetGateway")
    assert len(aws_stage.resources("AWS::EC2::EgressOnlyInternetGateway")) == 1
    endpoints = aws_stage.resources("AWS::EC2::VPCEndpoint").values()
    assert {endpoint["VpcEndpointType"] for endpoint in endpoints} == {"Gateway"}


def test_only_media_wants_a_signature_and_only_the_api_is_told_the_host(aws_stage: Stage) -> None:
    cdn = aws_stage.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    behaviours = {behaviour["PathPattern"]: behaviour for behaviour in cdn["CacheBehaviors"]}
    assert set(behaviours) == {"/assets/*", "/api/*", "/live", "/media/*"}
    everything = {**behaviours, "/": cdn["DefaultCacheBehavior"]}
    assert {path for path, it in everything.items() if "TrustedKeyGroups" in it} == {"/media/*"}
    functions = aws_stage.resources("AWS::CloudFront::Function")
    told = {
        path
        for path, behaviour in everything.items()
        for association in behaviour.get("FunctionAssociations", [])
        if "x-viewer-host" in functions[association["FunctionARN"]["Fn::GetAtt"][0]]["FunctionCode"]
    }
    assert told == {"/api/*", "/live"}


def test_only_distributions_of_this_account_read_media(aws_stage: Stage) -> None:
    policies = aws_stage.resources("AWS::S3::BucketPolicy").values()
    (media,) = [policy for policy in policies if policy["Bucket"] == {"Ref": "DataMedia56AA92A6"}]
    (read,) = [it for it in media["PolicyDocument"]["Statement"] if it["Effect"] == "Allow"]
    assert read["Condition"]["StringEquals"] == {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}}
    arn = json.dumps(read["Condition"]["ArnLike"]["AWS:SourceArn"])
    assert ":cloudfront::" in arn
    assert arn.endswith(':distribution/*"]]}')


def test_no_browser_keeps_media(aws_stage: Stage) -> None:
    cdn = aws_stage.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    (media,) = [it for it in cdn["CacheBehaviors"] if it["PathPattern"] == "/media/*"]
    policies = aws_stage.resources("AWS::CloudFront::ResponseHeadersPolicy")
    headers = policies[media["ResponseHeadersPolicyId"]["Ref"]]["ResponseHeadersPolicyConfig"]
    assert {"Header": "Cache-Control", "Value": "private, no-store", "Override": True} in headers[
        "CustomHeadersConfig"
    ]["Items"]


def test_a_site_with_a_name_says_where_its_socket_is(stages) -> None:
    for headers in stages("domain").resources("AWS::CloudFront::ResponseHeadersPolicy").values():
        security = headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        assert " wss://video.example.org;" in json.dumps(security["ContentSecurityPolicy"])


def test_pages_run_no_inline_script_and_send_bytes_to_the_bucket_only(aws_stage: Stage) -> None:
    for headers in aws_stage.resources("AWS::CloudFront::ResponseHeadersPolicy").values():
        security = headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        policy = json.dumps(security["ContentSecurityPolicy"]["ContentSecurityPolicy"])
        assert "script-src 'self' 'wasm-unsafe-eval';" in policy
        assert "connect-src 'self' https://" in policy
        assert "'unsafe" not in policy
        assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31536000
