"""Make the small pictures of a video's card from its posters."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.keys import CARD, card_name, poster_name
from functions.core.observability import about, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import media
from functions.process.plan import Job

CARD_WIDTH = 640


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer with the size of the picture, which is of `at_ms` alone or the best of `posters`."""
    job, storage = Job.model_validate(event["job"]), media_storage()
    about(**job.identity)
    if (at_ms := event.get("at_ms")) is not None:
        made = make_card(job, event["poster_key"], storage, name=card_name(at_ms))
        return {"at_ms": at_ms, "bytes": made["bytes"] + storage.size(event["poster_key"])}
    for at_ms in event.get("posters", []):
        make_card(job, job.key(poster_name(at_ms)), storage, name=card_name(at_ms))
    return {"poster": make_card(job, event["poster_key"], storage)}


def make_card(job: Job, poster_key: str, storage: MediaStorage, *, name: str = CARD) -> dict[str, int]:
    card, (width, height) = media.shrink(storage.get(poster_key), CARD_WIDTH)
    storage.put(job.key(name), card, "image/jpeg")
    return {"width": width, "height": height, "bytes": len(card)}
