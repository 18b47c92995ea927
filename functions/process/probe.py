"""Look at an upload, refuse what cannot become a video, plan the rest."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.observability import logger, tracer
from functions.core.settings import settings
from functions.core.storage import MediaStorage, media_storage
from functions.process import container, media, plan, sandbox
from functions.process.plan import Job, Plan
from functions.process.sandbox import Upload


@logger.inject_lambda_context
@tracer.capture_lambda_handler
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    job = Job.model_validate(event)
    logger.append_keys(video_id=job.video_id, revision=job.revision)
    return probe(job, media_storage(), seconds=sandbox.budget(context)).model_dump(mode="json")


def probe(job: Job, storage: MediaStorage, *, seconds: float) -> Plan:
    size = storage.size(job.source_key)
    if not size:
        raise SourceRejectedError(FailureCode.NOT_A_VIDEO)

    def read(start: int, end: int) -> bytes:
        return storage.read_range(job.source_key, start, end)

    demuxer = container.recognise(read(0, min(size, container.HEAD_BYTES)))
    container.check_whole(demuxer, size, read)
    source = media.inspect(Upload(storage.source_url(job.source_key), demuxer), seconds=seconds)

    stage = settings()
    made = plan.make(source, ladder=stage.ladder, concurrency=stage.encode_concurrency)
    plan.check_limits(
        source, made, ladder=stage.ladder, max_seconds=stage.max_duration_seconds, max_pixels=stage.max_pixels
    )
    logger.info("planned", frames=made.frames, chunks=len(made.chunks), rungs=len(made.rungs))
    return made
