"""Make pictures that may stand for a video: some to choose from, or one of a moment that was chosen."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.errors import FailureCode, SourceRejectedError
from functions.core.keys import POSTER, poster_name
from functions.core.observability import about, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import media, sandbox
from functions.process.plan import Plan, Task
from functions.process.sandbox import Upload

WIDEST = 1280
CANDIDATES = 3
# Where to look, in tenths of the video: key frames first, then frames between them, for videos with few.
LOOKS = ((1, False), (2.5, False), (5, False), (7.5, False), (3, True), (7, True))


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    task = Task.model_validate(event)
    about(**task.job.identity)
    seconds = sandbox.budget(context)
    if (at_ms := event.get("at_ms")) is not None:
        return {"poster_key": make_frame(task, at_ms, media_storage(), seconds=seconds)}
    posters = make_posters(task, media_storage(), seconds=seconds)
    return {"job": event["job"], "poster_key": task.job.key(POSTER), "posters": posters}


def make_posters(task: Task, storage: MediaStorage, *, seconds: float) -> list[int]:
    """Store the candidates and return their times in ms, the best first."""
    upload = Upload(storage.source_url(task.plan.read_key), task.plan.container)
    picked = pick(upload, task.plan, seconds=seconds)
    for at_ms, picture in picked.items():
        storage.put(task.job.key(poster_name(at_ms)), picture, "image/jpeg")
    # The release before this one looks for it here.
    storage.put(task.job.key(POSTER), next(iter(picked.values())), "image/jpeg")
    return [*picked]


def make_frame(task: Task, at_ms: int, storage: MediaStorage, *, seconds: float) -> str:
    """Store the picture of exactly this moment and return its key."""
    upload = Upload(storage.source_url(task.plan.read_key), task.plan.container)
    picture = _grab(upload, task.plan, Fraction(at_ms, 1000), exact=True, seconds=seconds)
    if not picture:
        raise SourceRejectedError(FailureCode.CORRUPT)
    key = task.job.key(poster_name(at_ms))
    storage.put(key, picture, "image/jpeg")
    return key


def pick(upload: Upload, plan: Plan, *, seconds: float) -> dict[int, bytes]:
    """Return the first frames that say something, each something else, by their times in ms.

    Of a video without any, that is the first frame there is.
    """
    picked: dict[int, bytes] = {}
    fallback: dict[int, bytes] = {}
    for tenths, exact in LOOKS:
        at_ms = round(Fraction(tenths) / 10 * plan.duration_ms)
        picture = _grab(upload, plan, Fraction(at_ms, 1000), exact=exact, seconds=seconds)
        if not picture:
            continue
        fallback = fallback or {at_ms: picture}
        if media.says_something(picture) and all(media.differ(picture, other) for other in picked.values()):
            picked[at_ms] = picture
        if len(picked) == CANDIDATES:
            break
    if not fallback:
        raise SourceRejectedError(FailureCode.CORRUPT)
    return picked or fallback


def _grab(upload: Upload, plan: Plan, at: Fraction, *, exact: bool, seconds: float) -> bytes:
    width = min(plan.width, WIDEST)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, POSTER)
        media.grab_frame(upload, plan, at=at, width=width, path=path, exact=exact, seconds=seconds)
        return path.read_bytes()
