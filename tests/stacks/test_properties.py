"""What holds in every template, whatever a stage chooses."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk.aws_logs import RetentionDays
from synthesis import Stage

from stacks.function import RUNTIME

DAYS = {RetentionDays.ONE_WEEK: 7, RetentionDays.ONE_MONTH: 30, RetentionDays.THREE_MONTHS: 90}
WIDE_OPEN = {"0.0.0.0/0", "::/0"}
FROM_THE_CDK = {
    "CustomCDKBucketDeployment": "python3.13",
    "CustomS3AutoDeleteObjects": "nodejs24.x",
}
"""Functions that come with the CDK, with the runtimes it tests them on."""


@pytest.fixture(params=["local", "dev", "prod", "full", "endpoints"])
def any_stage(request, stages) -> Stage:
    return stages(request.param)


def inside(value: Any) -> Iterator[Any]:
    """Yield every value of a template, however deep."""
    yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from inside(item)


def target(reference: Any) -> str:
    """Return the logical id that something refers to, in its own stack or in the one below."""
    found = [it for it in inside(reference) if isinstance(it, str) and it[:1].isupper()]
    return found[0]


def asynchronous(stage: Stage) -> set[str]:
    """Return the functions that nobody waits for: what rules, schedules and topics invoke."""
    invoked = [target for rule in stage.resources("AWS::Events::Rule").values() for target in rule["Targets"]]
    invoked += [schedule["Target"] for schedule in stage.resources("AWS::Scheduler::Schedule").values()]
    arns = [it["Arn"] for it in invoked]
    arns += [
        it["Endpoint"]
        for it in stage.resources("AWS::SNS::Subscription").values()
        if it["Protocol"] == "lambda"
    ]
    return {target(arn) for arn in arns} & {*stage.resources("AWS::Lambda::Function")}


@pytest.mark.parametrize(
    ("kind", "policies", "holder"),
    [
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
    ],
)
def test_buckets_queues_and_topics_answer_over_tls_only(any_stage: Stage, kind, policies, holder) -> None:
    held = {
        target(policy[holder])
        for policy in any_stage.resources(policies).values()
        if any(
            statement["Effect"] == "Deny"
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in policy["PolicyDocument"]["Statement"]
        )
    }
    assert held == set(any_stage.resources(kind))


def test_no_bucket_is_public(any_stage: Stage) -> None:
    for bucket in any_stage.resources("AWS::S3::Bucket").values():
        assert list(bucket["PublicAccessBlockConfiguration"].values()) == [True] * 4
    for policy in any_stage.resources("AWS::S3::BucketPolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or statement["Principal"] != {"AWS": "*"}


def test_everything_is_encrypted_where_it_rests(any_stage: Stage) -> None:
    """Log groups and tables are by AWS itself; alarms say nothing of anybody, and could not use the key."""
    assert all("BucketEncryption" in it for it in any_stage.resources("AWS::S3::Bucket").values())
    assert all(it["SqsManagedSseEnabled"] for it in any_stage.resources("AWS::SQS::Queue").values())
    assert all(it["StorageEncrypted"] for it in any_stage.resources("AWS::RDS::DBCluster").values())
    for name, topic in any_stage.resources("AWS::SNS::Topic").items():
        assert ("KmsMasterKeyId" in topic) != name.startswith(("Alarms", "Topic")), name


def test_every_queue_has_a_dead_letter_queue_or_is_one(any_stage: Stage) -> None:
    queues = any_stage.resources("AWS::SQS::Queue")
    letters = {name for name in queues if "DeadLetters" in name}
    for name in {*queues} - letters:
        assert target(queues[name]["RedrivePolicy"]["deadLetterTargetArn"]) in letters
    for rule in any_stage.resources("AWS::Events::Rule").values():
        for it in rule["Targets"]:
            assert target(it["DeadLetterConfig"]["Arn"]) in letters
    for schedule in any_stage.resources("AWS::Scheduler::Schedule").values():
        assert target(schedule["Target"]["DeadLetterConfig"]["Arn"]) in letters
    for subscription in any_stage.resources("AWS::SNS::Subscription").values():
        assert target(subscription["RedrivePolicy"]["deadLetterTargetArn"]) in letters


def test_a_function_that_nobody_waits_for_has_dead_letters(any_stage: Stage) -> None:
    """Those of its rule or topic only take what did not reach it; what it failed ends here."""
    functions = any_stage.resources("AWS::Lambda::Function")
    names = asynchronous(any_stage)
    assert {functions[name]["Handler"].split(".")[1] for name in names} == {"records", "sweep", "live"}
    for name in names:
        assert "DeadLetters" in target(functions[name]["DeadLetterConfig"]["TargetArn"])


def test_no_database_is_public(any_stage: Stage) -> None:
    leading_out = {target(route["RouteTableId"]) for route in any_stage.resources("AWS::EC2::Route").values()}
    private = {
        target(subnet["SubnetId"])
        for subnet in any_stage.resources("AWS::EC2::SubnetRouteTableAssociation").values()
        if target(subnet["RouteTableId"]) not in leading_out
    }
    for instance in any_stage.resources("AWS::RDS::DBInstance").values():
        assert instance.get("PubliclyAccessible", False) is False
    for group in any_stage.resources("AWS::RDS::DBSubnetGroup").values():
        assert {target(subnet) for subnet in group["SubnetIds"]} <= private
    assert not any_stage.resources("AWS::EC2::InternetGateway")


def test_no_security_group_lets_everybody_in(any_stage: Stage) -> None:
    rules = [*any_stage.resources("AWS::EC2::SecurityGroupIngress").values()]
    for group in any_stage.resources("AWS::EC2::SecurityGroup").values():
        rules += group.get("SecurityGroupIngress", [])
    for rule in rules:
        assert not WIDE_OPEN & {rule.get("CidrIp"), rule.get("CidrIpv6")}, rule


def test_no_route_is_without_throttling(any_stage: Stage) -> None:
    stages = any_stage.resources("AWS::ApiGatewayV2::Stage")
    assert {target(stage["ApiId"]) for stage in stages.values()} == {
        *any_stage.resources("AWS::ApiGatewayV2::Api")
    }
    for stage in stages.values():
        assert 0 < stage["DefaultRouteSettings"]["ThrottlingRateLimit"] <= 200
        assert 0 < stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] <= 400
        assert "RouteSettings" not in stage


def test_pages_of_other_origins_are_told_nothing(any_stage: Stage) -> None:
    """Only the bucket that uploads go into answers across origins, and to the stage's own pages.

    A stage without a name of its own cannot say CloudFront's: the bucket is there before the distribution is.
    Its wildcard opens nothing: a part is put by a signed address, which no other page has.
    """
    without = ["https://*.cloudfront.net"]
    own = [f"https://{any_stage.config.domain.name}"] if any_stage.config.domain else without
    rules = [
        rule
        for bucket in any_stage.resources("AWS::S3::Bucket").values()
        for rule in bucket.get("CorsConfiguration", {}).get("CorsRules", [])
    ]
    assert [(rule["AllowedOrigins"], rule["AllowedMethods"]) for rule in rules] == [
        ([any_stage.config.host.origin] if any_stage.config.host else own, ["PUT"])
    ]
    for api in any_stage.resources("AWS::ApiGatewayV2::Api").values():
        assert "CorsConfiguration" not in api
    for headers in any_stage.resources("AWS::CloudFront::ResponseHeadersPolicy").values():
        assert "CorsConfig" not in headers["ResponseHeadersPolicyConfig"]


def test_objects_are_granted_by_prefix(any_stage: Stage) -> None:
    for name, policy in any_stage.resources("AWS::IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            actions, resources = statement["Action"], statement["Resource"]
            if "Object" in json.dumps(actions) and not name.startswith("CustomCDKBucketDeployment"):
                for resource in resources if isinstance(resources, list) else [resources]:
                    assert json.dumps(resource).endswith(
                        ('/source/*"]]}', '/media/*"]]}', '/work/*"]]}', '/exports/*"]]}')
                    ), name


def test_every_function_has_a_role_and_a_log_of_its_own(any_stage: Stage) -> None:
    ours = any_stage.ours().values()
    roles = Counter(target(function["Role"]) for function in ours)
    logs = Counter(target(function["LoggingConfig"]["LogGroup"]) for function in ours)
    assert {*roles.values(), *logs.values()} == {1}


def test_every_log_is_kept_as_long_as_the_stage_says(any_stage: Stage) -> None:
    for name, group in any_stage.resources("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == DAYS[any_stage.config.log_retention], name


def test_nothing_speaks_less_than_tls_1_2(any_stage: Stage) -> None:
    """But CloudFront under its own name, which takes no setting; HSTS and redirects hold there as well."""
    for cdn in any_stage.resources("AWS::CloudFront::Distribution").values():
        config = cdn["DistributionConfig"]
        certificate = config.get("ViewerCertificate", {})
        assert ("MinimumProtocolVersion" in certificate) == (any_stage.config.domain is not None)
        assert certificate.get("MinimumProtocolVersion", "TLSv1.2_2021") == "TLSv1.2_2021"
        for origin in config["Origins"]:
            if custom := origin.get("CustomOriginConfig"):
                assert (custom["OriginProtocolPolicy"], custom["OriginSSLProtocols"]) == (
                    "https-only",
                    ["TLSv1.2"],
                )
        for behaviour in [config["DefaultCacheBehavior"], *config["CacheBehaviors"]]:
            assert behaviour["ViewerProtocolPolicy"] in {"https-only", "redirect-to-https"}
    for name in any_stage.resources("AWS::ApiGatewayV2::DomainName").values():
        assert [it["SecurityPolicy"] for it in name["DomainNameConfigurations"]] == ["TLS_1_2"]


def test_functions_run_the_newest_python_on_arm(any_stage: Stage) -> None:
    for name, function in any_stage.resources("AWS::Lambda::Function").items():
        theirs = [runtime for start, runtime in FROM_THE_CDK.items() if name.startswith(start)]
        assert function["Runtime"] == (theirs[0] if theirs else RUNTIME.name)
        assert theirs or function["Architectures"] == ["arm64"]
