"""Give a source that browsers can play as it is to its owner, until the ladder takes over.

Only a small one at a rate that lines can take: where the whole file has to be read and written, a large one
would be there no sooner than the ladder, whose chunks are encoded side by side.
"""

import tempfile
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.keys import ORIGINAL
from functions.core.observability import about, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import media, progressive, sandbox
from functions.process.plan import Container, Source, Task
from functions.process.sandbox import Upload

MOST_BYTES = 500_000_000
# Above what phones write in 1080p; 4K and cameras are for the ladder to make small.
MOST_BITS_PER_SECOND = 25_000_000


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    task = Task.model_validate(event)
    about(**task.job.identity)
    return {"bytes": copy(task, media_storage(), seconds=sandbox.budget(context))}


def is_worth_a_copy(source: Source, size: int) -> bool:
    """Tell whether the source, of `size` bytes, is shown early; no sooner than this is it copied."""
    small = size <= MOST_BYTES and 8 * size <= MOST_BITS_PER_SECOND * source.seconds
    return source.web_fit and small


def copy(task: Task, storage: MediaStorage, *, seconds: float) -> int:
    """Store the pictures and the sound as they are, and nothing else of the file; return the size in bytes.

    Names, places and devices stay behind, the index goes to the front. S3 copies the media by itself where
    there is nothing else in it, in a time that hardly depends on its length; else it has to be read.
    """
    source, key = task.plan.read_key, task.job.key(ORIGINAL)
    if task.plan.container is Container.MOV:
        made = progressive.plan(
            storage.size(source),
            lambda start, end: storage.read_range(source, start, end),
            tracks=2 if task.plan.audio else 1,
        )
        if made:
            storage.join(key, "video/mp4", made.head, source, made.start, made.end)
            return len(made.head) + made.end - made.start
    upload = Upload(storage.source_url(source), task.plan.container)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ORIGINAL)
        log = media.copy_for_browsers(upload, task.plan, path, seconds=seconds)
        if sandbox.lost_connection(log):
            raise sandbox.MediaError(log[-500:])
        storage.upload_file(path, key, "video/mp4")
        return path.stat().st_size
