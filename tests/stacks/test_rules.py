"""What cdk-nag objects to: it is answered, no answer is left over, and a new objection stops synthesis."""

import re

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from stacks.config import STAGES
from stacks.review import ANSWERS, SETTINGS, Review

MOST_ANSWERS = 15
REVIEWED = ["dev", "prod", "full", "endpoints"]


def test_production_is_held_to_all_three_packs_and_development_to_two() -> None:
    assert STAGES["prod"].review == ("AwsSolutions", "Serverless", "NIST80053R5")
    assert STAGES["dev"].review == ("AwsSolutions", "Serverless")


def test_what_is_answered_stays_a_short_list_of_reasons() -> None:
    answered = [*ANSWERS, "Left off by the stage's settings."]
    assert len(answered) <= MOST_ANSWERS
    assert min(len(reason) for reason in answered) > 20


@pytest.mark.parametrize("name", REVIEWED)
def test_nothing_is_left_unanswered(stages, name: str) -> None:
    """Synthesis ran the review; it would have failed."""
    assert stages(name).findings


def test_no_answer_is_left_over(stages) -> None:
    """An answer to something that was repaired would hide its return."""
    found = [finding for name in REVIEWED for finding in stages(name).findings]
    for reason, answer in ANSWERS.items():
        for rules, places in answer.items():
            for rule in rules.split("|") if "(" not in rules else [rules]:
                assert [
                    finding
                    for finding in found
                    if re.fullmatch(rule, finding.rule) and re.fullmatch(places, finding.place)
                ], f"{rule} at {places}: {reason}"


@pytest.mark.parametrize(("rules", "setting"), SETTINGS.items())
def test_a_rule_that_a_setting_keeps_is_broken_only_where_it_is_off(stages, rules: str, setting: str) -> None:
    broken = {
        name: any(re.fullmatch(rules, finding.rule) for finding in stages(name).findings) for name in REVIEWED
    }
    assert broken == {name: not getattr(stages(name).config, setting) for name in REVIEWED}


def reviewed() -> tuple[App, Stack]:
    app = App()
    stack = Stack(app, "Stack")
    Validations.of(app).add_plugins(Review(app, STAGES["prod"]))
    return app, stack


def test_review_stops_what_is_neither_right_nor_answered() -> None:
    app, stack = reviewed()
    s3.Bucket(stack, "Bucket")
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        app.synth()


def test_an_answer_holds_in_its_place_only() -> None:
    app, stack = reviewed()
    s3.Bucket(stack, "Bucket", enforce_ssl=True)
    with pytest.raises(RuntimeError, match=r"NIST.800.53.R5-S3DefaultEncryptionKMS"):
        app.synth()


@pytest.mark.parametrize("action", ["s3:ListAllMyBuckets", "ec2:CreateNetworkInterface"])
def test_review_stops_a_new_permission_on_everything(action: str) -> None:
    """Also one that other roles have, and beside one that this role may have."""
    app, stack = reviewed()
    role = iam.Role(stack, "EncodeRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["xray:PutTraceSegments"], resources=["*"]))
    app.synth()
    role.add_to_policy(iam.PolicyStatement(actions=[action], resources=["*"]))
    with pytest.raises(RuntimeError, match=re.escape("AwsSolutions-IAM5[Resource::*]")):
        app.synth(force=True)
