"""Scheduler and watchdog queue: the deleter, dead uploads, stuck jobs."""

import json
import time
from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core import events
from functions.core.observability import about, observed
from functions.core.storage import media_storage
from functions.sweep import service

processor = BatchProcessor(event_type=EventType.SQS)


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> Any:
    if event.get("job") == "daily":
        return service.daily(media_storage())
    return process_partial_response(event=event, record_handler=run, processor=processor, context=context)


def run(record: SQSRecord) -> None:
    """Do one job, or send it on its way again until it is due."""
    message = json.loads(record.body)
    if message["job"] == "daily":
        service.daily(media_storage())
        return
    job, video_id = message["job"], UUID(message["video_id"])
    about(job=job, video_id=str(video_id))
    remaining = message["due"] - int(time.time())
    if remaining > 0:
        events.watch(job, video_id, seconds=remaining)
        return
    service.JOBS[job](media_storage(), video_id)
