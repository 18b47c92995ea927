"""Make the small picture of a video's card from its poster."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.observability import about, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import media
from functions.process.plan import Job

CARD_WIDTH = 640


@observed
def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    job = Job.model_validate(event["job"])
    about(**job.identity)
    return {"poster": make_card(job, event["poster_key"], media_storage())}


def make_card(job: Job, poster_key: str, storage: MediaStorage) -> dict[str, int]:
    card, (width, height) = media.shrink(storage.get(poster_key), CARD_WIDTH)
    storage.put(job.key("card.jpg"), card, "image/jpeg")
    return {"width": width, "height": height, "bytes": len(card)}
