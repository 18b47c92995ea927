"""The tables of the costs page: counted quantities, dated prices, arithmetic."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from local import costs
from local.costs import Line, Price
from local.templates import Resource, Templates
from stacks.config import STAGES, Domain

PRICES = costs.load()


def price(usd: float, free: float = 0) -> Price:
    return Price(usd=usd, unit="piece", region="us-east-1", as_of=date(2026, 11, 24), source="", free=free)


def resource(name: str, kind: str, **properties) -> Resource:
    return Resource(name, kind, ("Data", name), properties)


def cluster(minimum: float, **scaling) -> Resource:
    return resource(
        "Database",
        "AWS::RDS::DBCluster",
        ManageMasterUserPassword=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": minimum, **scaling},
    )


def stage_of(*resources: Resource, **settings) -> Templates:
    return Templates(replace(STAGES["dev"], **settings), {it.logical_id: it for it in resources}, {})


def idle(stage: Templates) -> dict[str, float]:
    return {line.what: round(line.list_usd, 2) for line in costs.idle(stage, PRICES) if line.quantity}


def test_every_price_says_when_and_where_it_comes_from_and_is_used():
    calculation = Path(costs.__file__).read_text()

    for name, found in PRICES.items():
        assert found.usd > 0
        assert found.unit
        assert found.region
        assert found.source
        assert found.as_of <= date.today()  # noqa: DTZ011 (a day is exact enough)
        assert f'"{name}"' in calculation


def test_what_is_free_is_taken_off_once_however_many_lines_use_the_price():
    shared = price(2, free=10)

    assert costs.total([Line("one", 8, shared), Line("two", 8, shared), Line("three", 1, price(5))]) == 17
    assert costs.total([Line("few", 3, shared)]) == 0


def test_a_database_that_never_pauses_costs_its_floor_around_the_clock():
    assert idle(stage_of(cluster(0.5)))["Database at its floor"] == 43.80


def test_a_database_that_pauses_costs_what_the_schedules_wake():
    asleep = stage_of(cluster(0, SecondsUntilAutoPause=300), resource("Daily", "AWS::Scheduler::Schedule"))

    assert idle(asleep) == {
        "Database woken by the daily sweep": 0.18,
        "Database storage": 0.10,
        "Secrets": 0.40,
    }


def test_a_new_key_alarm_endpoint_snapshot_rule_or_zone_changes_the_page():
    memory, snapshot = 1024, {"ApplyOn": "PublishedVersions"}
    stage = stage_of(
        resource("Key", "AWS::KMS::Key"),
        resource("Next", "AWS::KMS::Key"),
        resource("Alarm", "AWS::CloudWatch::Alarm"),
        resource("Endpoint", "AWS::EC2::VPCEndpoint", SubnetIds=["a", "b"]),
        resource("Gateway", "AWS::EC2::VPCEndpoint", RouteTableIds=["a"]),
        resource(
            "Api", "AWS::Lambda::Function", Handler="functions.x", MemorySize=memory, SnapStart=snapshot
        ),
        resource("Acl", "AWS::WAFv2::WebACL", Rules=[{}, {}]),
        domain=Domain(name="a.example.org", zone_id="Z1", zone_name="example.org"),
    )

    assert idle(stage) == {
        "Keys": 2.00,
        "Alarms": 0.10,
        "Interface endpoints": 14.60,
        "SnapStart": 3.95,
        "Web ACL": 5.00,
        "Its rules": 2.00,
        "Hosted zone": 0.50,
    }


def test_states_are_counted_along_the_way_of_success():
    inner = {"StartAt": "One", "States": {"One": {"Type": "Task", "Next": "Two"}, "Two": {"Type": "Task"}}}
    branches = [inner, {"StartAt": "Alone", "States": {"Alone": {"Type": "Pass"}}}]
    machine = {
        "StartAt": "Look",
        "States": {
            "Look": {"Type": "Choice", "Choices": [{"Next": "Both"}], "Default": "Sorry"},
            "Both": {"Type": "Parallel", "Branches": branches, "Next": "Each"},
            "Each": {"Type": "Map", "ItemProcessor": inner, "Next": "End"},
            "End": {"Type": "Succeed"},
            "Sorry": {"Type": "Fail"},
        },
    }

    assert costs.states_run(machine, items=5) == 1 + (1 + 3) + (1 + 10) + 1


@pytest.mark.parametrize(("workers", "chunks"), [(4, 19), (20, 38)])
def test_the_video_is_cut_as_processing_cuts_it(workers, chunks):
    config = replace(STAGES["dev"], encode_concurrency=workers, lambda_concurrency=1000)

    assert costs.chunks_of(config) == chunks


def test_a_line_nobody_has_is_left_out_and_one_that_some_have_is_blank_elsewhere():
    lines = {
        "a": [Line("x", 2, price(3)), Line("y", 0, price(1))],
        "b": [Line("x", 0, price(3)), Line("y", 0, price(1))],
    }

    assert costs.usage_table(lines).splitlines()[2:] == [
        "| x | 2.00 | piece | 6.00 |  |",
        "| **Together** |  |  | **6.00** | **0** |",
    ]
