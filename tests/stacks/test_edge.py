"""The edge: who comes in and how, under which names, with which keys; and who may have an account."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from synthesis import Stage, synthesise

from functions.core.origin import came_through_edge
from functions.core.settings import settings
from stacks.config import STAGES, ConfigurationError

MANAGED = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": "CachingOptimized",
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": "CachingDisabled",
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": "AllViewerExceptHostHeader",
}
"""CloudFront's own policies, by the ids its developer guide names."""


@pytest.fixture(params=["dev", "prod", "full"])
def edge_stage(request, stages) -> Stage:
    """Give a stage with a CDN; "full" is one in the middle of taking new keys and words into use."""
    return stages(request.param)


def flat(value: Any) -> str:
    """Write a value of a template as one text, with references as <LogicalId> and <LogicalId.Attribute>."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return separator.join(flat(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": parts}:
            return f"<{'.'.join(parts)}>"
        case {"Fn::GetStackOutput": output}:
            return f"<{output['StackName']}:{output['OutputName']}>"
    return str(value)


def distribution(stage: Stage) -> dict[str, Any]:
    return stage.one("AWS::CloudFront::Distribution")["DistributionConfig"]


def behaviours(stage: Stage) -> dict[str, dict[str, Any]]:
    config = distribution(stage)
    return {"/": config["DefaultCacheBehavior"]} | {it["PathPattern"]: it for it in config["CacheBehaviors"]}


def origin(stage: Stage, path: str) -> dict[str, Any]:
    wanted = behaviours(stage)[path]["TargetOriginId"]
    (found,) = [it for it in distribution(stage)["Origins"] if it["Id"] == wanted]
    return found


def told(stage: Stage, function: str) -> dict[str, Any]:
    return stage.ours()[f"functions.{function}.handle"]["Environment"]["Variables"]


def granted(stage: Stage, action: str) -> set[tuple[str, str]]:
    """Say which role may do it on what."""
    return {
        (role["Ref"], flat(resource))
        for policy in stage.resources("AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if action in statement["Action"]
        for resource in (
            statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        )
        for role in policy["Roles"]
    }


# Signing keys


def test_the_first_key_signs_and_every_one_is_accepted(edge_stage: Stage) -> None:
    versions = edge_stage.config.signing_keys
    accepted = edge_stage.one("AWS::CloudFront::KeyGroup")["KeyGroupConfig"]["Items"]
    assert [re.match(r"EdgePublicKey(\d)", it["Ref"])[1] for it in accepted] == [str(it) for it in versions]
    assert told(edge_stage, "api.handler")["SIGNING_KEY_PAIR_ID"] == accepted[0]
    signing = "SigningKey6D86EA30" if versions[0] == 1 else f"SigningKey{versions[0]}"
    assert signing in flat(told(edge_stage, "api.handler")["SIGNING_KEY_ID"])
    ((role, key),) = granted(edge_stage, "kms:Sign")
    assert role.startswith("EdgeApiRole")
    assert signing in key


def test_each_public_key_is_read_from_its_own_private_one_by_one_role(edge_stage: Stage) -> None:
    versions = len(edge_stage.config.signing_keys)
    reads = granted(edge_stage, "kms:GetPublicKey")
    assert len(reads) == len(edge_stage.resources("AWS::KMS::Key")) == versions
    assert {role.startswith("EdgePublicKeyReaderRole") for role, _ in reads} == {True}
    custom = edge_stage.resources("AWS::CloudFormation::CustomResource")
    read = set()
    for name, published in edge_stage.resources("AWS::CloudFront::PublicKey").items():
        version = re.match(r"EdgePublicKey(\d)", name)[1]
        pem, attribute = published["PublicKeyConfig"]["EncodedKey"]["Fn::GetAtt"]
        assert (f"Pem{version}" in pem, attribute) == (True, "Pem")
        read.add(flat(custom[pem]["KeyId"]))
    assert len(read) == versions
    for key in edge_stage.resources("AWS::KMS::Key").values():
        assert (key["KeySpec"], key["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")


def test_a_new_key_changes_nothing_about_the_one_before(stages) -> None:
    """CloudFront refuses to change a public key."""
    for kind in ("AWS::KMS::Key", "AWS::CloudFront::PublicKey"):
        before, after = (stages(name).resources(kind) for name in ("prod", "full"))
        assert before.items() <= after.items()
        assert len(after) == len(before) + 1


def test_a_key_signs_only_after_it_was_published(edge_stage: Stage) -> None:
    (api,) = [
        it
        for it in edge_stage.templates["stateless"]["Resources"].values()
        if it["Properties"].get("Handler") == "functions.api.handler.handle"
    ]
    (group,) = edge_stage.resources("AWS::CloudFront::KeyGroup")
    assert group in api["DependsOn"]


def test_a_key_can_be_dropped_while_the_stack_above_still_names_it(edge_stage: Stage) -> None:
    for name, output in edge_stage.templates["stateful"]["Outputs"].items():
        assert "SigningKey" not in name or "Export" not in output, name


# The word


def test_cloudfront_says_the_first_word_to_both_apis_and_to_nobody_else(edge_stage: Stage) -> None:
    first = edge_stage.config.origin_secrets[0]
    for path in ("/api/*", "/live"):
        (header,) = origin(edge_stage, path)["OriginCustomHeaders"]
        assert re.fullmatch(
            rf"{{{{resolve:secretsmanager:<EdgeOriginSecret{first}\w{{8}}>:SecretString:::}}}}",
            flat(header["HeaderValue"]),
        )
    spoken = [it for it in distribution(edge_stage)["Origins"] if "OriginCustomHeaders" in it]
    assert len(spoken) == 2


def test_both_apis_take_what_cloudfront_says_and_only_they_are_told(edge_stage: Stage, monkeypatch) -> None:
    """What the template says is read with the functions' own eyes."""
    knowing = [
        handler
        for handler, function in edge_stage.ours().items()
        if "ORIGIN_SECRETS" in function["Environment"]["Variables"]
    ]
    assert sorted(knowing) == ["functions.api.handler.handle", "functions.live.connect.handle"]
    for path, function in (("/api/*", "api.handler"), ("/live", "live.connect")):
        words = flat(told(edge_stage, function)["ORIGIN_SECRETS"])
        assert len(words.split()) == len(edge_stage.config.origin_secrets)
        (header,) = origin(edge_stage, path)["OriginCustomHeaders"]
        monkeypatch.setenv("ORIGIN_SECRETS", words)
        settings.cache_clear()
        assert came_through_edge({header["HeaderName"]: flat(header["HeaderValue"])})
        assert not came_through_edge({header["HeaderName"]: "guess"})
    settings.cache_clear()


def test_a_new_word_is_accepted_before_it_is_said(edge_stage: Stage) -> None:
    (cdn,) = [
        it
        for it in edge_stage.templates["stateless"]["Resources"].values()
        if it["Type"] == "AWS::CloudFront::Distribution"
    ]
    waits_for = " ".join(cdn["DependsOn"])
    assert ("EdgeApiServing" if edge_stage.config.snap_start else "EdgeApi") in waits_for
    assert "EdgeConnect" in waits_for


def test_words_are_made_by_aws_long_and_of_one_piece(edge_stage: Stage) -> None:
    secrets = edge_stage.resources("AWS::SecretsManager::Secret")
    assert len(secrets) == len(edge_stage.config.origin_secrets)
    for secret in secrets.values():
        assert "SecretString" not in secret
        made = secret["GenerateSecretString"]
        assert made["PasswordLength"] >= 32
        assert (made["ExcludePunctuation"], made["IncludeSpace"]) == (True, False)


def test_a_stage_without_a_cdn_has_no_word(stages) -> None:
    local = stages("local")
    assert not local.resources("AWS::SecretsManager::Secret")
    assert "ORIGIN_SECRETS" not in told(local, "api.handler")


# Names


def test_a_domain_names_the_site_and_its_api_over_both_kinds_of_addresses(stages) -> None:
    named = stages("domain")
    records = {(it["Name"], it["Type"]) for it in named.resources("AWS::Route53::RecordSet").values()}
    assert records == {
        ("video.example.org.", "A"),
        ("video.example.org.", "AAAA"),
        ("video.example.org.", "HTTPS"),
        ("api.video.example.org.", "A"),
        ("api.video.example.org.", "AAAA"),
    }
    assert distribution(named)["Aliases"] == ["video.example.org"]
    media = named.resources("AWS::S3::Bucket")["DataMedia56AA92A6"]
    assert media["CorsConfiguration"]["CorsRules"][0]["AllowedOrigins"] == ["https://video.example.org"]


def test_with_a_domain_the_http_api_answers_under_its_own_name_only(stages) -> None:
    named = stages("domain")
    name = named.one("AWS::ApiGatewayV2::DomainName")
    (terms,) = name["DomainNameConfigurations"]
    assert (name["DomainName"], terms["IpAddressType"]) == ("api.video.example.org", "dualstack")
    assert (terms["EndpointType"], terms["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")
    certificates = named.templates["stateless"]["Resources"]
    assert certificates[terms["CertificateArn"]["Ref"]]["Properties"]["DomainName"] == "api.video.example.org"
    open_ = {
        api["ProtocolType"]: not api.get("DisableExecuteApiEndpoint")
        for api in named.resources("AWS::ApiGatewayV2::Api").values()
    }
    assert open_ == {"HTTP": False, "WEBSOCKET": True}
    assert origin(named, "/api/*")["DomainName"] == "api.video.example.org"
    assert ".execute-api.eu-west-1." in flat(origin(named, "/live")["DomainName"])


def test_the_sites_certificate_is_in_us_east_1_and_can_be_replaced_while_it_is_used(stages) -> None:
    named = stages("domain")
    assert named.regions["worldwide"] == "us-east-1"
    kinds = [it["Type"] for it in named.templates["worldwide"]["Resources"].values()]
    assert kinds.count("AWS::CertificateManager::Certificate") == 1
    assert not [kind for kind in kinds if "WAF" in kind]
    viewers = distribution(named)["ViewerCertificate"]
    assert viewers["AcmCertificateArn"]["Fn::GetStackOutput"]["Region"] == "us-east-1"
    assert viewers["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert not any("Export" in it for it in named.templates["worldwide"]["Outputs"].values())


def test_a_stage_without_a_name_or_a_firewall_needs_no_second_region(aws_stage: Stage) -> None:
    assert set(aws_stage.templates) == {"stateful", "stateless"}


# The distribution


def test_there_are_five_behaviours_with_cloudfronts_own_policies(edge_stage: Stage) -> None:
    """More than five, or a policy of our own, would not fit CloudFront's flat-rate plans."""
    cached = {path: MANAGED[it["CachePolicyId"]] for path, it in behaviours(edge_stage).items()}
    assert cached == {
        "/": "CachingOptimized",
        "/assets/*": "CachingOptimized",
        "/api/*": "CachingDisabled",
        "/live": "CachingDisabled",
        "/media/*": "CachingOptimized",
    }
    for behaviour in behaviours(edge_stage).values():
        forwarded = behaviour.get("OriginRequestPolicyId")
        assert forwarded is None or MANAGED[forwarded] == "AllViewerExceptHostHeader"
    assert not edge_stage.resources("AWS::CloudFront::CachePolicy")
    assert not edge_stage.resources("AWS::CloudFront::OriginRequestPolicy")


def test_the_apis_failures_stay_what_they_are(edge_stage: Stage) -> None:
    """Error pages count for the whole distribution: the API's 404 would become a page."""
    assert "CustomErrorResponses" not in distribution(edge_stage)


def test_it_speaks_http_3_over_both_kinds_of_addresses_and_tls_only(edge_stage: Stage) -> None:
    config = distribution(edge_stage)
    assert (config["HttpVersion"], config["IPV6Enabled"]) == ("http2and3", True)
    for path, behaviour in behaviours(edge_stage).items():
        refused = "https-only" if path in {"/api/*", "/live"} else "redirect-to-https"
        assert behaviour["ViewerProtocolPolicy"] == refused
    for it in config["Origins"]:
        if "CustomOriginConfig" in it:
            assert it["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
            assert it["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_what_it_keeps_is_sent_compressed(edge_stage: Stage) -> None:
    compressed = {path for path, behaviour in behaviours(edge_stage).items() if behaviour["Compress"]}
    assert compressed == {"/", "/assets/*", "/media/*"}


def test_buckets_are_read_by_signed_requests_of_the_distribution(edge_stage: Stage) -> None:
    for path in ("/", "/assets/*", "/media/*"):
        it = origin(edge_stage, path)
        access = edge_stage.resources("AWS::CloudFront::OriginAccessControl")[
            it["OriginAccessControlId"]["Fn::GetAtt"][0]
        ]["OriginAccessControlConfig"]
        assert it["S3OriginConfig"] == {"OriginAccessIdentity": ""}
        assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


def test_every_answer_carries_the_security_headers(edge_stage: Stage) -> None:
    policies = edge_stage.resources("AWS::CloudFront::ResponseHeadersPolicy")
    for path in ("/", "/assets/*", "/api/*", "/media/*"):
        config = policies[behaviours(edge_stage)[path]["ResponseHeadersPolicyId"]["Ref"]][
            "ResponseHeadersPolicyConfig"
        ]
        security = config["SecurityHeadersConfig"]
        assert {name for name, value in security.items() if value["Override"]} == {
            "ContentSecurityPolicy",
            "ContentTypeOptions",
            "FrameOptions",
            "ReferrerPolicy",
            "StrictTransportSecurity",
        }
        others = {it["Header"] for it in config["CustomHeadersConfig"]["Items"]}
        assert others >= {
            "Cross-Origin-Opener-Policy",
            "Cross-Origin-Resource-Policy",
            "Permissions-Policy",
        }


def test_the_page_comes_after_its_files_and_old_files_stay(edge_stage: Stage) -> None:
    resources = edge_stage.templates["stateless"]["Resources"]
    copies = {name: it for name, it in resources.items() if it["Type"] == "Custom::CDKBucketDeployment"}
    (assets,) = [name for name in copies if "Assets" in name]
    (pages,) = [name for name in copies if "Pages" in name]
    assert assets in copies[pages]["DependsOn"]
    assert {it["Properties"]["Prune"] for it in copies.values()} == {False}
    cached = {name: it["Properties"]["SystemMetadata"]["cache-control"] for name, it in copies.items()}
    assert cached == {assets: "public, max-age=31536000, immutable", pages: "no-cache"}
    (copier,) = {it["Properties"]["ServiceToken"]["Fn::GetAtt"][0] for it in copies.values()}
    assert resources[copier]["Properties"]["MemorySize"] >= 512


# The firewall


def test_a_firewall_alone_brings_the_second_region_too() -> None:
    walled = synthesise(replace(STAGES["dev"], waf=True))
    assert walled.regions["worldwide"] == "us-east-1"
    assert not walled.resources("AWS::CertificateManager::Certificate")
    assert distribution(walled)["WebACLId"]["Fn::GetStackOutput"]["Region"] == "us-east-1"


def test_the_firewall_counts_sign_ins_and_knows_common_attacks(stages) -> None:
    acl = stages("full").one("AWS::WAFv2::WebACL")
    assert (acl["Scope"], acl["DefaultAction"]) == ("CLOUDFRONT", {"Allow": {}})
    rate, common = acl["Rules"]
    counted = rate["Statement"]["RateBasedStatement"]
    assert counted["ScopeDownStatement"]["ByteMatchStatement"]["SearchString"] == "/api/auth/"
    assert counted["Limit"] <= 100
    refused = rate["Action"]["Block"]["CustomResponse"]
    body = json.loads(acl["CustomResponseBodies"][refused["CustomResponseBodyKey"]]["Content"])
    assert (refused["ResponseCode"], body["status"], body["code"]) == (429, 429, "too_many_requests")
    assert common["Statement"]["ManagedRuleGroupStatement"]["Name"] == "AWSManagedRulesCommonRuleSet"
    assert common["OverrideAction"] == {"None": {}}


def test_the_firewall_lets_people_write_what_they_like(stages) -> None:
    _, common = stages("full").one("AWS::WAFv2::WebACL")["Rules"]
    overrides = common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    assert all(it["Name"].endswith("_BODY") and it["ActionToUse"] == {"Count": {}} for it in overrides)


def test_the_firewall_keeps_no_cookie_and_nothing_of_what_it_let_through(stages) -> None:
    full = stages("full")
    acl = full.one("AWS::WAFv2::WebACL")
    seen = [it["VisibilityConfig"] for it in (acl, *acl["Rules"])]
    assert not any(it["SampledRequestsEnabled"] for it in seen)
    log = full.one("AWS::WAFv2::LoggingConfiguration")
    assert log["LoggingFilter"]["DefaultBehavior"] == "DROP"
    assert log["RedactedFields"] == [{"QueryString": {}}, {"SingleHeader": {"Name": "cookie"}}]
    (group,) = [it for it in full.templates["worldwide"]["Resources"].values() if "LogGroup" in it["Type"]]
    assert group["Properties"]["RetentionInDays"] == 90


# Logs


def test_who_watched_what_is_kept_only_where_asked_and_as_long_as_other_logs(stages) -> None:
    assert not [it for name in ("dev", "prod") for it in distribution(stages(name)) if it == "Logging"]
    full = stages("full")
    logging = distribution(full)["Logging"]
    assert logging["IncludeCookies"] is False
    bucket = full.resources("AWS::S3::Bucket")[logging["Bucket"]["Fn::GetAtt"][0]]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    (access,) = [
        group["RetentionInDays"]
        for name, group in full.resources("AWS::Logs::LogGroup").items()
        if name.startswith("EdgeAccess")
    ]
    assert rule["ExpirationInDays"] == access == 90
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerPreferred"}]


def test_a_region_that_cannot_keep_logs_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"^StageConfig\.cdn_logs: expected False"):
        synthesise(replace(STAGES["dev"], region="af-south-1", cdn_logs=True))


# Accounts


def test_passwords_are_checked_for_the_api_alone_and_tokens_hardly_live(stage: Stage) -> None:
    client = stage.one("AWS::Cognito::UserPoolClient")
    assert client["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    assert client["AllowedOAuthFlowsUserPoolClient"] is False
    assert (client["PreventUserExistenceErrors"], client["EnableTokenRevocation"]) == ("ENABLED", True)
    # The shortest that Cognito takes.
    assert set(client["TokenValidityUnits"].values()) == {"minutes"}
    assert [client[f"{token}TokenValidity"] for token in ("Access", "Id", "Refresh")] == [5, 5, 60]


def test_a_second_factor_is_an_app_and_never_a_text_message(stage: Stage) -> None:
    pool = stage.one("AWS::Cognito::UserPool")
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])
    assert [it["Name"] for it in pool["AccountRecoverySetting"]["RecoveryMechanisms"]] == ["verified_email"]
    assert "SmsConfiguration" not in pool


def test_a_new_address_counts_once_it_has_answered(stage: Stage) -> None:
    pool = stage.one("AWS::Cognito::UserPool")
    assert pool["AutoVerifiedAttributes"] == ["email"]
    assert pool["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_codes_come_from_the_stages_own_address_where_it_has_one(stages) -> None:
    email = stages("full").one("AWS::Cognito::UserPool")["EmailConfiguration"]
    assert (email["EmailSendingAccount"], email["From"]) == ("DEVELOPER", "StreamTime <drive@example.org>")
    assert re.fullmatch(r"arn:.+:ses:eu-west-1:.+:identity/example\.org", flat(email["SourceArn"]))
    default = stages("prod").one("AWS::Cognito::UserPool")["EmailConfiguration"]
    assert default == {"EmailSendingAccount": "COGNITO_DEFAULT"}


# The database


def test_the_database_looks_after_itself_at_night_and_not_while_the_sweep_runs(aws_stage: Stage) -> None:
    cluster = aws_stage.one("AWS::RDS::DBCluster")
    daily = aws_stage.one("AWS::Scheduler::Schedule")["ScheduleExpression"]
    minute, hour = re.match(r"cron\((\d+) (\d+)", daily).groups()
    for window in (cluster["PreferredBackupWindow"], cluster["PreferredMaintenanceWindow"][4:]):
        begins, ends = (part[-5:] for part in window.split("-"))
        assert not begins <= f"{int(hour):02}:{int(minute):02}" <= ends


def test_the_databases_master_has_a_password_nobody_chose(aws_stage: Stage) -> None:
    cluster = aws_stage.one("AWS::RDS::DBCluster")
    assert cluster["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in cluster
    assert (cluster["StorageEncrypted"], cluster["EnableIAMDatabaseAuthentication"]) == (True, True)
    assert cluster["BackupRetentionPeriod"] == aws_stage.config.database.backup_days
    assert not aws_stage.one("AWS::RDS::DBInstance").get("PubliclyAccessible")
