"""What somebody is told of, how, and that the runbook knows it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match
from synthesis import Stage, synthesise

import app as cdk_app
from stacks.config import STAGES

RUNBOOK = (Path(cdk_app.__file__).parent / "docs" / "runbook.md").read_text()


@pytest.fixture(params=["prod", "full"])
def watched(request, stages) -> Stage:
    """Return a stage with alarms: without a name of its own, and with all there is."""
    return stages(request.param)


def alarms(stage: Stage) -> list[tuple[str, dict[str, Any]]]:
    """Return (what follows the stack in its name, properties) of every alarm."""
    found = []
    for stack, template in stage.templates.items():
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                prefix, _, name = resource["Properties"]["AlarmName"].rpartition("-")
                assert prefix == f"streamtime-{stage.config.name}-{stack}"
                found.append((name, resource["Properties"]))
    return found


def names(stage: Stage) -> set[str]:
    return {name for name, _ in alarms(stage)}


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an alarm looks at, and is billed for."""
    if "MetricName" in alarm:
        return [alarm]
    return [it["MetricStat"]["Metric"] for it in alarm["Metrics"] if "MetricStat" in it]


def said(part: Any) -> str:
    """Read a part of a text: literally, or as the name of what it refers to."""
    if isinstance(part, str):
        return part
    ((_, name),) = part.items()
    return name if isinstance(name, str) else str(next(iter(name)))


def headings() -> set[str]:
    (chapter,) = re.findall(r"^## Alarms$(.+?)^## ", RUNBOOK, re.MULTILINE | re.DOTALL)
    return {*re.findall(r"^### (\w+)$", chapter, re.MULTILINE)}


def test_stages_without_alarms_have_none_of_it(stages) -> None:
    for name in ("local", "dev"):
        for kind in ("CloudWatch::Alarm", "CloudWatch::Dashboard", "Budgets::Budget"):
            assert not stages(name).resources(f"AWS::{kind}")
        subscriptions = stages(name).resources("AWS::SNS::Subscription").values()
        assert "email" not in {it["Protocol"] for it in subscriptions}


def test_a_stage_without_a_database_of_its_own_can_have_alarms_too() -> None:
    local = synthesise(replace(STAGES["local"], alarms=True, alarm_email="a@example.org"))
    assert names(local) == headings() - {"DatabaseFull", "SiteCertificate", "ApiCertificate", "Budget"}


def test_the_runbook_has_a_heading_for_each_alarm_and_no_other(stages) -> None:
    everything = stages("full")
    assert everything.resources("AWS::Budgets::Budget")
    assert headings() == {*names(everything), "Budget"}


def test_every_alarm_says_what_it_means_and_where_to_read_on(watched: Stage) -> None:
    for name, alarm in alarms(watched):
        says, anchor = re.fullmatch(
            r"([A-Z].+\.) See docs/runbook\.md#(\w+)", alarm["AlarmDescription"]
        ).groups()
        assert len(says) > 20
        assert anchor == name.lower()


def test_every_heading_says_what_to_do() -> None:
    parts = re.split(r"^##+ (.+)$", RUNBOOK, flags=re.MULTILINE)
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        if heading in headings():
            for question in ("Means.", "People notice.", "Look first.", "Do.", "Over when"):
                assert f"**{question}**" in text, f"{heading}: {question}"


def test_links_inside_the_runbook_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {title.lower().replace(" ", "-") for title in titles}
    assert {*re.findall(r"\]\(#([\w-]+)\)", RUNBOOK)} <= anchors


def test_the_runbooks_commands_find_what_they_name(stages) -> None:
    resources = stages("prod").templates["stateless"]["Resources"]
    named = re.findall(r"(?:physical (\w+::\w+)|logged) (\w+)", RUNBOOK)
    assert len(named) > 10
    for kind, part in named:
        wanted = f"AWS::{kind or 'Logs::LogGroup'}"
        found = [name for name, it in resources.items() if it["Type"] == wanted and part in name]
        assert len(found) == 1 or (part == "Logs" and len(found) > 10), f"{wanted} {part}: {found}"


def test_the_beginning_and_the_end_of_every_alarm_are_told(watched: Stage) -> None:
    for template in watched.templates.values():
        resources = template["Resources"]
        for resource in resources.values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                (told,) = resource["Properties"]["AlarmActions"]
                assert resource["Properties"]["OKActions"] == [told]
                assert resources[told["Ref"]]["Type"] == "AWS::SNS::Topic"  # of the same region


def test_every_topic_of_alarms_is_read_by_e_mail_and_lets_alarms_in(watched: Stage) -> None:
    told = {alarm["AlarmActions"][0]["Ref"] for _, alarm in alarms(watched)}
    subscriptions = watched.resources("AWS::SNS::Subscription").values()
    mailed = {it["TopicArn"]["Ref"]: it["Endpoint"] for it in subscriptions if it["Protocol"] == "email"}
    assert mailed == dict.fromkeys(told, watched.config.alarm_email)
    for policy in watched.resources("AWS::SNS::TopicPolicy").values():
        if policy["Topics"][0]["Ref"] in told:
            deny, allow = policy["PolicyDocument"]["Statement"]
            assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
            assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
            assert allow["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            source = json.dumps(allow["Condition"]["ArnLike"]["aws:SourceArn"])
            assert ":alarm:streamtime-prod-" in source


def test_every_dead_letter_queue_has_an_alarm_at_its_first_message(watched: Stage) -> None:
    queues = watched.resources("AWS::SQS::Queue")
    feeding = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in queues.values()
        if "RedrivePolicy" in queue
    }
    others = json.dumps(
        [
            watched.resources(f"AWS::{kind}")
            for kind in ("Events::Rule", "Scheduler::Schedule", "SNS::Subscription", "Lambda::Function")
        ]
    )
    feeding |= {queue for queue in queues if f'"{queue}"' in others}
    letters = {queue for queue in feeding if "RedrivePolicy" not in queues[queue]}
    assert len(letters) >= 5
    seen = {}
    for _, alarm in alarms(watched):
        for metric in metrics(alarm):
            if metric["MetricName"] == "ApproximateNumberOfMessagesVisible":
                seen[metric["Dimensions"][0]["Value"]["Fn::GetAtt"][0]] = alarm
    assert set(seen) == letters
    for alarm in seen.values():
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_nothing_that_did_not_happen_raises_an_alarm_but_the_sweep_that_does_not_run(watched: Stage) -> None:
    missing = {name: alarm["TreatMissingData"] for name, alarm in alarms(watched)}
    assert missing.pop("NoSweep") == "breaching"
    for name in ("SiteCertificate", "ApiCertificate"):
        assert missing.pop(name, "ignore") == "ignore"  # as it was when the certificate ended
    assert {*missing.values()} == {"notBreaching"}


def test_metrics_that_are_added_up_count_where_others_are_missing(watched: Stage) -> None:
    """A + b is missing where one of them is: a video that failed while none timed out would go unseen."""
    for name, alarm in alarms(watched):
        for expression in (it["Expression"] for it in alarm.get("Metrics", []) if "Expression" in it):
            assert "+" not in expression, name


def test_periods_of_an_alarm_are_no_longer_than_cloudwatch_allows(watched: Stage) -> None:
    for name, alarm in alarms(watched):
        periods = [alarm.get("Period")] if "Period" in alarm else []
        periods += [it["MetricStat"]["Period"] for it in alarm.get("Metrics", []) if "MetricStat" in it]
        assert len({*periods}) == 1, name
        assert periods[0] * alarm["EvaluationPeriods"] <= (7 if periods[0] >= 3600 else 1) * 86400, name


def test_the_sweeps_report_is_looked_for_where_it_is_written(watched: Stage) -> None:
    told = watched.ours()["functions.sweep.handler.handle"]["Environment"]["Variables"]
    for name in ("StuckJobs", "NoSweep"):
        (report,) = metrics(dict(alarms(watched))[name])
        assert (report["Namespace"], report["MetricName"]) == (f"StreamTime/{told['STAGE']}", "StuckJobs")
        assert report["Dimensions"] == [{"Name": "service", "Value": told["POWERTOOLS_SERVICE_NAME"]}]


def test_the_database_is_full_at_the_stages_own_limit() -> None:
    wide = replace(STAGES["prod"], database=replace(STAGES["prod"].database, max_capacity=32))
    assert dict(alarms(synthesise(wide)))["DatabaseFull"]["Threshold"] == 32


def test_alarms_cost_no_more_than_two_dollars_a_month(stages) -> None:
    """CloudWatch takes 0.10 USD for each metric an alarm looks at, beyond the first ten."""
    billed = sum(len(metrics(alarm)) for _, alarm in alarms(stages("full")))
    assert billed <= 22


def test_the_budget_is_the_stages_and_tells_before_it_is_spent() -> None:
    stage = replace(STAGES["prod"], monthly_budget_usd=7, alarm_email="me@drive.example")
    made = synthesise(stage).one("AWS::Budgets::Budget")
    assert made["Budget"] == {
        "BudgetLimit": {"Amount": 7, "Unit": "USD"},
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
    }
    told = {
        (it["Notification"]["NotificationType"], it["Notification"]["Threshold"]): it["Subscribers"]
        for it in made["NotificationsWithSubscribers"]
    }
    mail = [{"SubscriptionType": "EMAIL", "Address": "me@drive.example"}]
    assert told == {("ACTUAL", 80): mail, ("FORECASTED", 100): mail}


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("alarms@example.org", True),
        ("me@drive.example", True),
        ("me@example.com", True),
        ("me@myexample.com", False),
        ("example@drive.org", False),
    ],
)
def test_an_address_that_nobody_has_is_warned_of(address: str, *, warned: bool) -> None:
    app = App(context={"aws:cdk:bundling-stacks": []}, analytics_reporting=False)
    *_, stateless = cdk_app.build(app, replace(STAGES["local"], alarms=True, alarm_email=address))
    found = Annotations.from_stack(stateless).find_warning("*", Match.string_like_regexp("alarm_email is"))
    assert bool(found) == warned


def test_the_dashboard_shows_every_alarm_and_reads_the_cdn_where_its_metrics_are(watched: Stage) -> None:
    parts = watched.one("AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Join"][1]
    status, *graphs = json.loads("".join(map(said, parts)))["widgets"]
    here = watched.templates["stateless"]["Resources"]
    of_the_stage = {name for name in watched.resources("AWS::CloudWatch::Alarm") if name in here}
    assert {*status["properties"]["alarms"]} == of_the_stage
    shown = [metric for graph in graphs for metric in graph["properties"]["metrics"]]
    assert len(shown) <= 50  # what a free dashboard takes
    for namespace, name, *dimensions, options in shown:
        delivered = namespace == "AWS/CloudFront"
        assert (options.get("region") == "us-east-1") == delivered, name
        assert ("Global" in dimensions) == delivered, name
