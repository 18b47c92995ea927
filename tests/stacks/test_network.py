"""The network: how far apart its parts are, and what may talk to what."""

from dataclasses import replace
from typing import Any

import pytest
from synthesis import Stage, synthesise

from stacks.config import STAGES

GATEWAYS = {"dynamodb", "s3"}
BY_LAMBDA = {"ec2", "logs", "xray"}  # done by Lambda itself, outside the VPC
BY_DATABASE = {"rds-db"}  # a token that the function signs itself


@pytest.fixture
def by_endpoints(stages) -> Stage:
    return stages("endpoints")


def subnets(stage: Stage, name: str) -> dict[str, dict[str, Any]]:
    found = stage.resources("AWS::EC2::Subnet")
    return {logical_id: subnet for logical_id, subnet in found.items() if f"{name}Subnet" in logical_id}


def routes(stage: Stage) -> list[tuple[str, str]]:
    """Return (subnet's name, destination) of every route; gateway endpoints keep theirs to themselves."""
    return [
        (logical_id, route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"])
        for logical_id, route in stage.resources("AWS::EC2::Route").items()
    ]


def group(stage: Stage, name: str) -> str:
    (logical_id,) = [it for it in stage.resources("AWS::EC2::SecurityGroup") if f"{name}Group" in it]
    return logical_id


def rules(stage: Stage, name: str) -> list[tuple[str, str, Any, Any]]:
    """Return (direction, peer, from port, to port) of every rule of a security group."""
    this = group(stage, name)
    properties = stage.resources("AWS::EC2::SecurityGroup")[this]
    found = []
    for direction in ("Ingress", "Egress"):
        inner = properties.get(f"SecurityGroup{direction}", [])
        apart = stage.resources(f"AWS::EC2::SecurityGroup{direction}").values()
        of_this = [rule for rule in apart if rule["GroupId"]["Fn::GetAtt"][0] == this]
        for rule in [*inner, *of_this]:
            peer = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
            there = peer["Fn::GetAtt"][0] if peer else rule.get("CidrIp") or rule["CidrIpv6"]
            found.append((direction, there, rule.get("FromPort"), rule.get("ToPort")))
    return found


NOTHING_OUT = ("Egress", "255.255.255.255/32", 252, 86)  # as the CDK says it: groups without any allow all


@pytest.mark.parametrize("name", ["Functions", "Database"])
def test_every_zone_has_a_subnet_for_functions_and_one_for_the_database(aws_stage: Stage, name: str) -> None:
    zones = [subnet["AvailabilityZone"] for subnet in subnets(aws_stage, name).values()]
    assert zones == [{"Fn::Select": [zone, {"Fn::GetAZs": ""}]} for zone in range(aws_stage.config.zones)]


def test_prod_spans_three_zones(stages) -> None:
    assert len(subnets(stages("prod"), "Functions")) == 3


def test_another_zone_moves_no_subnet() -> None:
    """A subnet with other addresses is another subnet, which the database can't leave."""
    two, three = (synthesise(replace(STAGES["dev"], zones=zones)) for zones in (2, 3))
    for name in ("Functions", "Database"):
        before, after = subnets(two, name), subnets(three, name)
        assert len(after) == len(before) + 1
        assert {logical_id: after[logical_id] for logical_id in before} == before


def test_only_functions_have_a_way_out_and_only_over_ipv6(aws_stage: Stage) -> None:
    assert len(aws_stage.resources("AWS::EC2::EgressOnlyInternetGateway")) == 1
    found = routes(aws_stage)
    assert [destination for _, destination in found] == ["::/0"] * aws_stage.config.zones
    assert all("FunctionsSubnet" in name for name, _ in found)


def test_functions_talk_tls_to_aws_and_to_the_database_and_nobody_talks_to_them(aws_stage: Stage) -> None:
    assert sorted(rules(aws_stage, "Function")) == sorted(
        [
            ("Egress", "0.0.0.0/0", 443, 443),
            ("Egress", "::/0", 443, 443),
            ("Egress", group(aws_stage, "Database"), 5432, 5432),
        ]
    )


def test_the_database_hears_functions_only_and_says_nothing(aws_stage: Stage) -> None:
    assert sorted(rules(aws_stage, "Database")) == sorted(
        [NOTHING_OUT, ("Ingress", group(aws_stage, "Function"), 5432, 5432)]
    )
    cluster = aws_stage.one("AWS::RDS::DBCluster")
    assert [it["Fn::GetAtt"][0] for it in cluster["VpcSecurityGroupIds"]] == [group(aws_stage, "Database")]
    (database,) = aws_stage.resources("AWS::RDS::DBInstance").values()
    assert not database.get("PubliclyAccessible")
    where = aws_stage.one("AWS::RDS::DBSubnetGroup")["SubnetIds"]
    assert {it["Ref"] for it in where} == {*subnets(aws_stage, "Database")}


def test_flow_logs_are_kept_where_the_stage_wants_them(stages) -> None:
    assert not stages("dev").resources("AWS::EC2::FlowLog")
    prod = stages("prod")
    flows = prod.one("AWS::EC2::FlowLog")
    assert (flows["ResourceType"], flows["TrafficType"]) == ("VPC", "ALL")
    kept = prod.resources("AWS::Logs::LogGroup")[flows["LogGroupName"]["Ref"]]
    assert kept["RetentionInDays"] == 90


def test_by_endpoints_alone_there_is_no_way_to_the_internet(by_endpoints: Stage) -> None:
    for kind in ("EgressOnlyInternetGateway", "InternetGateway", "NatGateway", "Route", "VPCCidrBlock"):
        assert not by_endpoints.resources(f"AWS::EC2::{kind}"), kind


def test_there_is_an_endpoint_for_every_service_that_functions_in_the_network_may_call(
    by_endpoints: Stage,
) -> None:
    inside = [
        function["Role"]["Fn::GetAtt"][0]
        for function in by_endpoints.ours().values()
        if "VpcConfig" in function
    ]
    assert len(inside) == 4
    called = {
        action.partition(":")[0]
        for policy in by_endpoints.resources("AWS::IAM::Policy").values()
        if any(role["Ref"] in inside for role in policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    endpoints = by_endpoints.resources("AWS::EC2::VPCEndpoint").values()
    reached = {str(it["ServiceName"]).rstrip("']}").rpartition(".")[2]: it for it in endpoints}
    assert set(reached) == called - BY_LAMBDA - BY_DATABASE
    interfaces = {name: it for name, it in reached.items() if it["VpcEndpointType"] == "Interface"}
    assert set(interfaces) == set(reached) - GATEWAYS
    for endpoint in interfaces.values():
        assert endpoint["PrivateDnsEnabled"]
        assert {it["Ref"] for it in endpoint["SubnetIds"]} == {*subnets(by_endpoints, "Functions")}
        assert [it["Fn::GetAtt"][0] for it in endpoint["SecurityGroupIds"]] == [
            group(by_endpoints, "Endpoint")
        ]


def test_endpoints_hear_functions_only(by_endpoints: Stage) -> None:
    assert sorted(rules(by_endpoints, "Endpoint")) == sorted(
        [NOTHING_OUT, ("Ingress", group(by_endpoints, "Function"), 443, 443)]
    )
    assert sorted(rules(by_endpoints, "Function")) == sorted(
        [("Egress", "0.0.0.0/0", 443, 443), ("Egress", group(by_endpoints, "Database"), 5432, 5432)]
    )


def test_functions_ask_for_the_names_that_lead_out(stages, by_endpoints: Stage) -> None:
    """Endpoints answer for a service's usual name, the egress-only gateway for its dual-stack one."""
    for stage, dual_stack in ((stages("dev"), True), (by_endpoints, False)):
        for handler, function in stage.ours().items():
            told = "AWS_USE_DUALSTACK_ENDPOINT" in function["Environment"]["Variables"]
            assert told == ("VpcConfig" in function and dual_stack), handler


def test_a_network_by_endpoints_has_a_user_pool_that_they_serve(by_endpoints: Stage) -> None:
    """Cognito's endpoint refuses every request about a pool that has a domain."""
    assert not by_endpoints.resources("AWS::Cognito::UserPoolDomain")
