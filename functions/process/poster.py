"""Pick the picture that stands for a video."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.observability import about, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import media, sandbox
from functions.process.plan import Plan, Task
from functions.process.sandbox import Upload

WIDEST = 1280
# Where to look, in tenths of the video: key frames first, then a frame between them, for videos with few.
LOOKS = ((1, False), (2.5, False), (5, False), (3, True), (7, True))


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    task = Task.model_validate(event)
    about(**task.job.identity)
    key = make_poster(task, media_storage(), seconds=sandbox.budget(context))
    return {"job": event["job"], "poster_key": key}


def make_poster(task: Task, storage: MediaStorage, *, seconds: float) -> str:
    key = task.job.key("poster.jpg")
    upload = Upload(storage.source_url(task.plan.read_key), task.plan.container)
    storage.put(key, pick(upload, task.plan, seconds=seconds), "image/jpeg")
    return key


def pick(upload: Upload, plan: Plan, *, seconds: float) -> bytes:
    """Return the first frame that says something, or else the first there is."""
    fallback = b""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "poster.jpg")
        for tenths, exact in LOOKS:
            at = Fraction(tenths) / 10 * plan.duration_ms / 1000
            media.grab_frame(
                upload, plan, at=at, width=min(plan.width, WIDEST), path=path, exact=exact, seconds=seconds
            )
            picture = path.read_bytes()
            if picture and media.says_something(picture):
                return picture
            fallback = fallback or picture
    if not fallback:
        raise SourceRejectedError(FailureCode.CORRUPT)
    return fallback
