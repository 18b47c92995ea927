"""Look at an upload, refuse what cannot become a video, plan the rest."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.observability import about, logger, observed
from functions.core.settings import settings
from functions.core.storage import MediaStorage, media_storage
from functions.process import container, fmp4, media, original, plan, sandbox
from functions.process.plan import Container, Job, Plan, Source
from functions.process.sandbox import Upload


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    job = Job.model_validate(event)
    about(**job.identity)
    return probe(job, media_storage(), seconds=sandbox.budget(context)).model_dump(mode="json")


def probe(job: Job, storage: MediaStorage, *, seconds: float) -> Plan:
    size = storage.size(job.source_key)
    if not size:
        raise SourceRejectedError(FailureCode.NOT_A_VIDEO)

    def read(start: int, end: int) -> bytes:
        return storage.read_range(job.source_key, start, end)

    demuxer = container.recognise(read(0, min(size, container.HEAD_BYTES)))
    container.check_whole(demuxer, size, read)
    upload, key = Upload(storage.source_url(job.source_key), demuxer), job.source_key
    stage = settings()
    source = media.inspect(upload, seconds=seconds)
    plan.check_picture(source, max_pixels=stage.max_pixels)
    if not demuxer.has_index:
        key = job.copy_key
        copy(upload, source, storage, key, size=size, seconds=seconds)
        copied = media.inspect(Upload(storage.source_url(key), Container.MATROSKA), seconds=seconds)
        source = replace(copied, untimed=source.untimed)

    longest = stage.max_duration_seconds
    plan.check_length(source, max_seconds=longest)
    early = original.is_worth_a_copy(source, size)
    made = plan.make(
        source, key, ladder=stage.ladder, concurrency=stage.encode_concurrency, size=size, early=early
    )
    plan.check_cost(made, max_seconds=longest)
    logger.info("planned", frames=made.frames, chunks=len(made.chunks), rungs=len(made.rungs))
    return made.model_copy(update={"headers": headers(made, seconds=seconds)})


def headers(made: Plan, *, seconds: float) -> dict[int, str]:
    with tempfile.TemporaryDirectory() as folder:
        files = {rung: Path(folder, f"{rung.folder}.mp4") for rung in made.rungs}
        media.encode_sample(made, files, seconds=seconds)
        return {rung.height: fmp4.read(path).header_sha256 for rung, path in files.items()}


def copy(
    upload: Upload, source: Source, storage: MediaStorage, key: str, *, size: int, seconds: float
) -> None:
    """Store a copy that many steps can read from its middle; its index is only known at its end."""
    with tempfile.TemporaryDirectory() as folder:
        if size > shutil.disk_usage(folder).free:
            raise SourceRejectedError(FailureCode.TOO_LARGE)
        path = Path(folder, "source.mkv")
        log = media.copy(upload, source, path, seconds=seconds)
        if sandbox.lost_connection(log):
            raise sandbox.MediaError(log[-500:])
        storage.upload_file(path, key, "video/x-matroska")
