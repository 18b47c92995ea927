"""Workflow: the state machine that makes an uploaded object a video, and pictures of it."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from stacks.config import StageConfig

BUSY = [
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.SdkClientException",
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
]
"""Errors of Lambda itself: no function ran, most likely because the account's concurrency is used up."""

REJECTED = "SourceRejectedError"
"""Named by a step that can do nothing with the upload: it would be rejected again."""

JOB = {"job": sfn.JsonPath.object_at("$.job")}
JOB_AND_PLAN = {**JOB, "plan": sfn.JsonPath.object_at("$.plan")}
JOB_PLAN_AND_CHUNK = {**JOB_AND_PLAN, "chunk": sfn.JsonPath.object_at("$$.Map.Item.Value")}


class Workflow(Construct):
    """Claim ▶ probe ▶ (picture, sound and every chunk at once) ▶ package ▶ finish; any failure ▶ fail."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageConfig,
        records: lambda_.IFunction,
        steps: dict[str, lambda_.IFunction],
    ) -> None:
        super().__init__(scope, construct_id)
        self._records, self._steps = records, steps

        # That a file is no video is an answer, not a failure: nobody shall be woken for it.
        failed = self._record("Fail", "fail", {**JOB, "error": sfn.JsonPath.object_at("$.error")}).next(
            sfn.Choice(self, "WasRejected")
            .when(sfn.Condition.string_equals("$.error.Error", REJECTED), sfn.Succeed(self, "Rejected"))
            .otherwise(sfn.Fail(self, "Failed", error_path="$.error.Error", cause_path="$.error.Cause"))
        )

        def guarded(state: Any) -> Any:
            return state.add_catch(failed, errors=[sfn.Errors.ALL], result_path="$.error")

        claim = self._record(
            "Claim",
            "claim",
            {
                "source_key": sfn.JsonPath.string_at("$.source_key"),
                "execution": sfn.JsonPath.string_at("$$.Execution.Id"),
            },
            result_path="$",
        )
        process = (
            guarded(self._step("Probe", "probe", input_path="$.job", result_path="$.plan"))
            .next(guarded(self._record("RecordPlan", "plan", JOB_AND_PLAN, result_path="$.recorded")))
            .next(self._unless_refused())
            .next(
                guarded(
                    sfn.Parallel(self, "Render", result_path=sfn.JsonPath.DISCARD).branch(
                        self._picture(),
                        self._sound(max(1, stage.encode_concurrency // 4)),
                        self._chunks(stage.encode_concurrency),
                    )
                )
            )
            .next(guarded(self._step("Package", "package", payload=JOB_AND_PLAN, result_path="$.package")))
            .next(
                guarded(
                    self._record("Finish", "finish", {**JOB, "package": sfn.JsonPath.object_at("$.package")})
                )
            )
        )
        claimed = (
            sfn.Choice(self, "Claimed")
            .when(sfn.Condition.boolean_equals("$.claimed", True), process)
            .otherwise(sfn.Succeed(self, "Duplicate"))
        )
        start = (
            sfn.Choice(self, "IsUpload")
            .when(sfn.Condition.is_present("$.source_key"), claim.next(claimed))
            .otherwise(self._frame())
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_chainable(start),
            timeout=Duration.seconds(stage.processing_lease.total_seconds()),
            tracing_enabled=stage.tracing,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(
                    self, "Logs", retention=stage.log_retention, removal_policy=stage.removal_policy
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )

    def _unless_refused(self) -> sfn.Chain:
        """End where the plan costs more than its owner has left of the day: records has written that down."""
        admitted = "$.recorded.admitted"
        refused = sfn.Condition.and_(
            sfn.Condition.is_present(admitted),  # the release before answers nothing
            sfn.Condition.boolean_equals(admitted, False),
        )
        choice = sfn.Choice(self, "Admitted").when(refused, sfn.Succeed(self, "NotAdmitted"))
        return choice.afterwards(include_otherwise=True)

    def _picture(self) -> sfn.Chain:
        poster = self._step("Poster", "poster", payload=JOB_AND_PLAN, result_path="$.poster")
        made = {
            "poster_key": sfn.JsonPath.string_at("$.poster.poster_key"),
            "posters": sfn.JsonPath.object_at("$.poster.posters"),
        }
        resize = self._step("Resize", "resize", payload={**JOB, **made}, result_path=sfn.JsonPath.DISCARD)
        record = self._record("RecordPosters", "posters", {**JOB, "posters": made["posters"]})
        return poster.next(resize).next(record)

    def _frame(self) -> sfn.Chain:
        """Make a picture of the moment that an owner chose; if that fails, the video keeps the one it has."""
        at = {"at_ms": sfn.JsonPath.number_at("$.at_ms")}
        key = {"poster_key": sfn.JsonPath.string_at("$.poster.poster_key")}
        steps = [
            self._step("FrameProbe", "probe", input_path="$.job", result_path="$.plan"),
            self._step("FramePoster", "poster", payload={**JOB_AND_PLAN, **at}, result_path="$.poster"),
            self._step("FrameResize", "resize", payload={**JOB, **at, **key}, result_path="$.frame"),
            self._record("RecordFrame", "frame", {**JOB, "frame": sfn.JsonPath.object_at("$.frame")}),
        ]
        told = self._record("RecordNoFrame", "no_frame", {**JOB, **at})
        for step in steps:
            step.add_catch(told, errors=[sfn.Errors.ALL], result_path=sfn.JsonPath.DISCARD)
        return sfn.Chain.start(steps[0]).next(steps[1]).next(steps[2]).next(steps[3])

    def _sound(self, concurrency: int) -> sfn.Choice:
        """Encode the sound, most often in one go: few at a time, for reading takes longer than encoding.

        Before it, in the same turn, comes the original that plays early: with neither will the chunks be kept
        waiting. Nothing depends on the original, so whatever fails there is let go.
        """
        sound = sfn.Map(
            self,
            "Sound",
            items_path="$.plan.audio_chunks",
            item_selector=JOB_PLAN_AND_CHUNK,
            max_concurrency=concurrency,
            result_path=sfn.JsonPath.DISCARD,
        ).item_processor(self._step("Audio", "audio", result_path="$"))
        original = self._step("Original", "original", payload=JOB_AND_PLAN, result_path=sfn.JsonPath.DISCARD)
        record = self._record("RecordOriginal", "original", JOB)
        for state in (original, record):
            state.add_catch(sound, errors=[sfn.Errors.ALL], result_path=sfn.JsonPath.DISCARD)
        return (
            sfn.Choice(self, "PlaysEarly")
            .when(
                sfn.Condition.and_(
                    sfn.Condition.is_present("$.plan.early"),
                    sfn.Condition.boolean_equals("$.plan.early", True),
                ),
                original.next(record).next(sound),
            )
            .otherwise(sound)
        )

    def _chunks(self, concurrency: int) -> sfn.Map:
        """Encode every chunk. What remains of each is records' answer: their input would outgrow a state.

        An inline Map fails with its first failed chunk's own error, as a Parallel does with its branch's; a
        distributed one would hide a rejection behind States.ExceedToleratedFailureThreshold.
        """
        encode = self._step("Encode", "encode", result_path="$.encoded")
        chunk = {**JOB, "chunk": sfn.JsonPath.object_at("$.encoded")}
        return sfn.Map(
            self,
            "Chunks",
            items_path="$.plan.chunks",
            item_selector=JOB_PLAN_AND_CHUNK,
            max_concurrency=concurrency,
        ).item_processor(encode.next(self._record("RecordChunk", "chunk", chunk, result_path="$")))

    def _record(
        self, name: str, action: str, payload: dict[str, Any], result_path: str = sfn.JsonPath.DISCARD
    ) -> tasks.LambdaInvoke:
        return self._invoke(name, self._records, {"action": action, **payload}, result_path=result_path)

    def _step(
        self,
        name: str,
        step: str,
        *,
        result_path: str,
        payload: dict[str, Any] | None = None,
        input_path: str | None = None,
    ) -> tasks.LambdaInvoke:
        return self._invoke(name, self._steps[step], payload, result_path=result_path, input_path=input_path)

    def _invoke(
        self,
        name: str,
        function: lambda_.IFunction,
        payload: dict[str, Any] | None,
        *,
        result_path: str,
        input_path: str | None = None,
    ) -> tasks.LambdaInvoke:
        task = tasks.LambdaInvoke(
            self,
            name,
            lambda_function=function,
            payload=sfn.TaskInput.from_object(payload) if payload else None,
            payload_response_only=True,
            retry_on_service_exceptions=False,
            input_path=input_path,
            result_path=result_path,
        )
        task.add_retry(errors=[REJECTED], max_attempts=0)
        task.add_retry(  # nothing is wrong with the video: wait for a turn until the machine's time is up
            errors=BUSY,
            max_attempts=60,
            interval=Duration.seconds(5),
            max_delay=Duration.seconds(60),
            jitter_strategy=sfn.JitterType.FULL,
        )
        task.add_retry(
            errors=[sfn.Errors.ALL],
            max_attempts=3,
            interval=Duration.seconds(3),
            backoff_rate=3,
            jitter_strategy=sfn.JitterType.FULL,
        )
        return task
