"""What happens to an upload, and where what nobody could handle ends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from synthesis import Stage


def machine(stage: Stage) -> dict[str, Any]:
    """Return the definition with each reference replaced by its logical id."""
    parts = stage.one("AWS::StepFunctions::StateMachine")["DefinitionString"]["Fn::Join"][1]
    texts = [part if isinstance(part, str) else str(part.get("Fn::GetAtt", ["?"])[0]) for part in parts]
    return json.loads("".join(texts))


def states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in definition["States"].items():
        yield name, state
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from states(inner)


def test_a_rejected_source_is_not_tried_again_and_a_hiccup_or_a_busy_account_is(stage: Stage) -> None:
    tasks = [state for _, state in states(machine(stage)) if state["Type"] == "Task"]
    assert len(tasks) == 19
    for task in tasks:
        rejected, busy, anything = task["Retry"]
        assert (rejected["ErrorEquals"], rejected["MaxAttempts"]) == (["SourceRejectedError"], 0)
        assert "Lambda.TooManyRequestsException" in busy["ErrorEquals"]
        assert (busy["IntervalSeconds"], busy["MaxDelaySeconds"]) == (5, 60)
        assert busy["MaxAttempts"] >= 60
        assert (anything["ErrorEquals"], anything["MaxAttempts"]) == (["States.ALL"], 3)
        assert anything["JitterStrategy"] == busy["JitterStrategy"] == "FULL"


def test_every_failure_after_the_claim_is_recorded(stage: Stage) -> None:
    outer = machine(stage)["States"]
    for name in ("Probe", "RecordPlan", "Render", "Package", "Finish"):
        assert outer[name]["Catch"] == [
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Fail"}
        ]
    assert outer["Fail"]["Next"] == "WasRejected"
    assert outer["WasRejected"]["Default"] == "Failed"
    assert outer["Failed"]["Type"] == "Fail"


def test_a_rejected_source_is_no_failed_execution(stage: Stage) -> None:
    """Or everybody who uploads a wrong file would raise an alarm."""
    (rejected,) = machine(stage)["States"]["WasRejected"]["Choices"]
    assert rejected == {
        "Variable": "$.error.Error",
        "StringEquals": "SourceRejectedError",
        "Next": "Rejected",
    }
    assert machine(stage)["States"]["Rejected"]["Type"] == "Succeed"


def test_a_rejection_reaches_the_catch_under_its_own_name(stage: Stage) -> None:
    """Only inline Maps without a tolerance pass on the error of what failed in them."""
    found = dict(states(machine(stage)))
    assert found["Chunks"]["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    assert not [key for key in found["Chunks"] if key.startswith("Tolerated")]


def test_payloads_are_as_agreed_with_the_functions(stage: Stage) -> None:
    inputs = {name: state.get("Parameters") for name, state in states(machine(stage))}
    job_and_plan = {"job.$": "$.job", "plan.$": "$.plan"}
    assert inputs["Claim"] == {
        "action": "claim",
        "source_key.$": "$.source_key",
        "execution.$": "$$.Execution.Id",
    }
    assert inputs["RecordPlan"] == {"action": "plan", **job_and_plan}
    for step in ("Poster", "Original", "Package"):
        assert inputs[step] == job_and_plan
    for pieces in ("Sound", "Chunks"):
        selected = dict(states(machine(stage)))[pieces]["ItemSelector"]
        assert selected == {**job_and_plan, "chunk.$": "$$.Map.Item.Value"}
    assert inputs["RecordOriginal"] == {"action": "original", "job.$": "$.job"}
    job, key = {"job.$": "$.job"}, {"poster_key.$": "$.poster.poster_key"}
    assert inputs["Resize"] == {**job, **key, "posters.$": "$.poster.posters"}
    assert inputs["RecordPosters"] == {"action": "posters", **job, "posters.$": "$.poster.posters"}
    assert inputs["FramePoster"] == {**job_and_plan, "at_ms.$": "$.at_ms"}
    assert inputs["FrameResize"] == {**job, **key, "at_ms.$": "$.at_ms"}
    assert inputs["RecordFrame"] == {"action": "frame", **job, "frame.$": "$.frame"}
    assert inputs["RecordNoFrame"] == {"action": "no_frame", **job, "at_ms.$": "$.at_ms"}
    assert inputs["RecordChunk"] == {"action": "chunk", "job.$": "$.job", "chunk.$": "$.encoded"}
    assert inputs["Finish"] == {"action": "finish", "job.$": "$.job", "package.$": "$.package"}
    assert inputs["Fail"] == {"action": "fail", "job.$": "$.job", "error.$": "$.error"}


def test_a_picture_that_cannot_be_made_leaves_the_video_as_it_is(stage: Stage) -> None:
    outer = machine(stage)["States"]
    upload = {"Variable": "$.source_key", "IsPresent": True, "Next": "Claim"}
    assert (outer["IsUpload"]["Choices"], outer["IsUpload"]["Default"]) == ([upload], "FrameProbe")
    for name in ("FrameProbe", "FramePoster", "FrameResize", "RecordFrame"):
        caught = {"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "RecordNoFrame"}
        assert outer[name]["Catch"] == [caught]
    assert outer["RecordNoFrame"]["End"]


def test_the_original_that_plays_early_fails_nothing_and_keeps_no_function_busy_beside_the_sound(
    stage: Stage,
) -> None:
    found = dict(states(machine(stage)))
    (early,) = found["PlaysEarly"]["Choices"]
    assert (early["Next"], found["PlaysEarly"]["Default"]) == ("Original", "Sound")
    assert (found["Original"]["Next"], found["RecordOriginal"]["Next"]) == ("RecordOriginal", "Sound")
    for name in ("Original", "RecordOriginal"):
        caught = {"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Sound"}
        assert found[name]["Catch"] == [caught]


def test_chunks_are_encoded_as_many_at_once_as_the_stage_allows(stage: Stage) -> None:
    definition = machine(stage)
    chunks = dict(states(definition))["Chunks"]
    assert chunks["MaxConcurrency"] == stage.config.encode_concurrency
    assert chunks["ItemSelector"] == {
        "job.$": "$.job",
        "plan.$": "$.plan",
        "chunk.$": "$$.Map.Item.Value",
    }
    assert definition["TimeoutSeconds"] == stage.config.processing_lease.total_seconds()


def test_an_upload_starts_the_machine_with_its_key_alone(stage: Stage) -> None:
    rules = stage.resources("AWS::Events::Rule").values()
    (uploaded,) = [rule for rule in rules if rule["EventPattern"]["source"] == ["aws.s3"]]
    assert uploaded["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "source/"}]}
    assert uploaded["Targets"][0]["InputTransformer"] == {
        "InputPathsMap": {"detail-object-key": "$.detail.object.key"},
        "InputTemplate": '{"source_key":<detail-object-key>}',
    }
    media = stage.resources("AWS::S3::Bucket")["DataMedia56AA92A6"]
    assert media["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_everything_asynchronous_has_dead_letters(stage: Stage) -> None:
    queues = stage.resources("AWS::SQS::Queue")
    rules, schedules = (stage.resources(f"AWS::{kind}") for kind in ("Events::Rule", "Scheduler::Schedule"))
    targets = [target for rule in rules.values() for target in rule["Targets"]]
    targets += [schedule["Target"] for schedule in schedules.values()]
    letters = [target["DeadLetterConfig"]["Arn"] for target in targets]
    holders = [*stage.resources("AWS::SNS::Subscription").values()]
    for mapping in stage.resources("AWS::Lambda::EventSourceMapping").values():
        holders.append(queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]])
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    letters += [holder["RedrivePolicy"]["deadLetterTargetArn"] for holder in holders]
    names = [letter["Fn::GetAtt"][0] for letter in letters]
    assert len(set(names)) == len(names) >= 5
    for name in names:
        assert queues[name]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_watched_message_stays_hidden_for_six_times_what_the_sweep_may_take(stage: Stage) -> None:
    timeout = stage.ours()["functions.sweep.handler.handle"]["Timeout"]
    (watchdog,) = [queue for queue in stage.resources("AWS::SQS::Queue").values() if "RedrivePolicy" in queue]
    assert watchdog["VisibilityTimeout"] >= 6 * timeout


@pytest.mark.parametrize("function", ["EdgeApi", "ProcessingRecords", "ProcessingSweep"])
def test_the_schema_is_up_to_date_before_anything_reads_it(stage: Stage, function: str) -> None:
    template = stage.templates["stateless"]["Resources"]
    (migration,) = [name for name, it in template.items() if "Schema" in it.get("Properties", {})]
    (reader,) = [
        it
        for name, it in template.items()
        if it["Type"] == "AWS::Lambda::Function"
        and name[: len(function)] == function
        and len(name) == len(function) + 8
    ]
    assert migration in reader["DependsOn"]


def test_abandoned_uploads_go_and_originals_are_archived(stage: Stage) -> None:
    rules = stage.resources("AWS::S3::Bucket")["DataMedia56AA92A6"]["LifecycleConfiguration"]["Rules"]
    abandoned, work, exports, archived = rules
    assert abandoned["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert (work["Prefix"], work["ExpirationInDays"]) == ("work/", 7)
    assert (exports["Prefix"], exports["ExpirationInDays"]) == ("exports/", 2)
    assert archived["Prefix"] == "source/"
    assert archived["Transitions"] == [
        {"StorageClass": "GLACIER_IR", "TransitionInDays": stage.config.archive_days}
    ]


def test_only_the_sweeps_own_messages_may_come_back_to_it(stage: Stage) -> None:
    """After 16 hops Lambda would drop a message that waits for its time in the watchdog queue."""
    looping = {handler for handler, it in stage.ours().items() if it.get("RecursiveLoop") == "Allow"}
    assert looping == {"functions.sweep.handler.handle"}
