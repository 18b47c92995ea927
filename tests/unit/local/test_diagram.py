"""The pictures of the architecture page: every arrow comes from a template."""

import json
from dataclasses import replace

import pytest

from local import diagram
from local.diagram import Arrow, System
from local.templates import Resource, Templates
from stacks.config import STAGES


def resource(path: str, kind: str, **properties) -> Resource:
    return Resource(path.replace("/", ""), kind, (*path.split("/"), "Resource"), properties)


def arn(logical_id: str) -> dict:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def join(*parts) -> dict:
    return {"Fn::Join": ["", [*parts]]}


def function(path: str, **more) -> Resource:
    name = path.rpartition("/")[2]
    properties = {"MemorySize": 512, "Timeout": 30, "Role": arn(f"{name}Role"), **more}
    return resource(path, "AWS::Lambda::Function", Handler=f"functions.{name.lower()}.handle", **properties)


def may(name: str, *statements: dict) -> list[Resource]:
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return [
        resource(f"{name}Role", "AWS::IAM::Role"),
        resource(
            f"{name}Policy",
            "AWS::IAM::Policy",
            Roles=[{"Ref": f"{name}Role"}],
            PolicyDocument={"Statement": allowed},
        ),
    ]


def stage_of(*resources: Resource, **outputs) -> Templates:
    return Templates(STAGES["dev"], {it.logical_id: it for it in resources}, outputs)


MEDIA = resource("Data/Media", "AWS::S3::Bucket")
IMPORTED = {"Fn::ImportValue": "MediaArn"}
READS = {"Action": "s3:GetObject", "Resource": join(IMPORTED, "/source/*")}
WRITES = {
    "Action": ["s3:PutObject", "s3:AbortMultipartUpload"],
    "Resource": [join(IMPORTED, "/media/*")],
}


@pytest.fixture
def stage() -> Templates:
    """Two functions with the same rights, one that deletes, the machine that runs the two."""
    states = {
        "StartAt": "Look",
        "States": {
            "Look": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.claimed", "BooleanEquals": True, "Next": "All"},
                    {"Variable": "$.error", "StringEquals": "Rejected", "Next": "End"},
                ],
                "Default": "End",
            },
            "All": {
                "Type": "Map",
                "ItemsPath": "$.plan.chunks",
                "MaxConcurrency": 4,
                "Next": "End",
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
                "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Task", "Resource": "@"}}},
            },
            "Sorry": {"Type": "Task", "Resource": "@", "Parameters": {"action": "fail"}},
            "End": {"Type": "Succeed"},
        },
    }
    before, between, after = json.dumps(states).split("@")
    machine = join(before, arn("ProcessingPoster"), between, arn("ProcessingEncode"), after)
    return stage_of(
        MEDIA,
        function("Processing/Poster"),
        function("Processing/Encode"),
        function("Processing/Sweep", VpcConfig={}),
        *may("Poster", READS, WRITES),
        *may("Encode", READS, WRITES, {"Action": "xray:PutTraceSegments", "Resource": "*"}),
        *may("Sweep", {"Action": "s3:DeleteObject", "Resource": [join(IMPORTED, "/media/*")]}),
        resource("Processing/Machine", "AWS::StepFunctions::StateMachine", DefinitionString=machine),
        MediaArn=arn("DataMedia"),
    )


def test_arrows_are_what_roles_allow_and_what_the_machine_runs(stage):
    assert System(stage).arrows == [
        Arrow("ProcessingEncode", "DataMedia", "reads, writes"),
        Arrow("ProcessingMachine", "ProcessingEncode", "runs"),
        Arrow("ProcessingMachine", "ProcessingPoster", "runs"),
        Arrow("ProcessingPoster", "DataMedia", "reads, writes"),
        Arrow("ProcessingSweep", "DataMedia", "deletes"),
    ]


def test_functions_with_the_same_arrows_share_a_box(stage):
    drawn = diagram.layer_diagram(stage, "Processing")

    assert '["<b>Poster · Encode</b><br/>functions"]' in drawn
    assert '["<b>Sweep</b><br/>function"]' in drawn
    assert drawn.count("reads, writes") == 1


def test_layers_are_frames_and_the_network_a_thick_one(stage):
    drawn = diagram.layer_diagram(stage, "Processing").splitlines()

    assert drawn[0] == "flowchart TD"
    assert {"  subgraph Processing", "  subgraph Data", "  class ProcessingSweep network"} <= {*drawn}


def test_a_box_keeps_its_name_when_the_logical_id_of_its_resource_changes(stage):
    machine = stage.resources["ProcessingMachine"]
    renamed = replace(machine, logical_id="ProcessingMachine1B2C3D")
    others = {name: it for name, it in stage.resources.items() if it is not machine}
    later = replace(stage, resources={"ProcessingMachine1B2C3D": renamed, **others})

    assert {*diagram.layer_diagram(later, "Processing").splitlines()} == {
        *diagram.layer_diagram(stage, "Processing").splitlines()
    }


def test_a_layer_shows_what_its_arrows_lead_to_and_no_more(stage):
    assert "Data" not in diagram.layer_diagram(stage, "Edge")


def test_the_edge_leads_by_path_and_the_browser_puts_parts_itself():
    origins = [{"Id": "web", "DomainName": arn("EdgeWeb")}, {"Id": "media", "DomainName": IMPORTED}]
    cdn = resource(
        "Edge/Cdn",
        "AWS::CloudFront::Distribution",
        DistributionConfig={
            "Origins": origins,
            "DefaultCacheBehavior": {"TargetOriginId": "web"},
            "CacheBehaviors": [
                {"TargetOriginId": "web", "PathPattern": "/assets/*"},
                {"TargetOriginId": "media", "PathPattern": "/media/*"},
            ],
        },
    )
    cors = {"CorsRules": [{"AllowedMethods": ["PUT"]}]}
    media = resource("Data/Media", "AWS::S3::Bucket", CorsConfiguration=cors)
    web = resource("Edge/Web", "AWS::S3::Bucket")

    assert System(stage_of(cdn, web, media, MediaArn=arn("DataMedia"))).arrows == [
        Arrow("EdgeCdn", "DataMedia", "/media/*"),
        Arrow("EdgeCdn", "EdgeWeb", "/, /assets/*"),
        Arrow("browser", "DataMedia", "PUT of parts"),
        Arrow("browser", "EdgeCdn", "HTTPS"),
    ]


def test_events_queues_topics_and_schedules_lead_to_what_they_start():
    letters = {"DeadLetterConfig": {"Arn": arn("ProcessingLetters")}}
    stage = stage_of(
        MEDIA,
        function("Processing/Sweep"),
        *may("Sweep"),
        resource("Processing/Queue", "AWS::SQS::Queue"),
        resource("Processing/Letters", "AWS::SQS::Queue"),
        resource("Processing/Topic", "AWS::SNS::Topic"),
        resource(
            "Processing/Rule",
            "AWS::Events::Rule",
            EventPattern={"detail-type": ["Object Created"], "detail": {"bucket": [{"Ref": "DataMedia"}]}},
            Targets=[{"Arn": arn("ProcessingSweep"), **letters}],
        ),
        resource("Processing/Daily", "AWS::Scheduler::Schedule", Target={"Arn": arn("ProcessingSweep")}),
        resource(
            "Processing/Mapping",
            "AWS::Lambda::EventSourceMapping",
            EventSourceArn=arn("ProcessingQueue"),
            FunctionName={"Ref": "ProcessingSweep"},
        ),
        resource(
            "Processing/Subscription",
            "AWS::SNS::Subscription",
            TopicArn={"Ref": "ProcessingTopic"},
            Endpoint=arn("ProcessingSweep"),
        ),
        resource(
            "Processing/Run", "AWS::CloudFormation::CustomResource", ServiceToken=arn("ProcessingSweep")
        ),
    )

    assert System(stage).arrows == [
        Arrow("DataMedia", "ProcessingRule", "object created"),
        Arrow("ProcessingDaily", "ProcessingSweep", "starts"),
        Arrow("ProcessingQueue", "ProcessingSweep", "messages"),
        Arrow("ProcessingRule", "ProcessingSweep", "starts"),
        Arrow("ProcessingTopic", "ProcessingSweep", "messages"),
        Arrow("deployment", "ProcessingSweep", "runs"),
    ]
    assert [(giver.name, queue.name) for giver, queue in diagram.dead_letters(stage)] == [("Rule", "Letters")]


def test_the_machine_shows_where_it_goes_on_and_where_failures_go(stage):
    drawn = {line.strip() for line in diagram.machine_diagram(stage).splitlines()}

    assert {
        'Look{"Look?"}',
        'Look -->|"claimed"| All',
        'Look -->|"error = Rejected"| End',
        "Look -->|else| End",
        'subgraph All["All: Map, each of chunks, 4 at once"]',
        'One["<b>One</b><br/>poster"]',
        "All --> End",
        "All -.-> Sorry",
        'Sorry["<b>Sorry</b><br/>encode: fail"]',
    } <= drawn


def test_the_table_of_functions_has_every_permission_of_the_code_whole(stage):
    rows = diagram.sections(stage)["functions"].splitlines()

    assert rows[-1] == (
        "| **Sweep**<br/>`functions.sweep.handle` | 512 MB, 30 s, VPC | s3:DeleteObject: Media `media/*` |"
    )
    assert "xray" not in "".join(rows)
