"""Encode the sound of a video."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.observability import about, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import fmp4, media, sandbox
from functions.process.fmp4 import Track
from functions.process.plan import AUDIO_FILE, AUDIO_SIDECAR, Task
from functions.process.playlists import Rendition
from functions.process.sandbox import Upload

SHORTEST_SEGMENT_SECONDS = Fraction(1, 2)


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    task = Task.model_validate(event)
    about(**task.job.identity)
    track = encode_audio(task, media_storage(), seconds=sandbox.budget(context))
    bandwidth = Rendition("a", {AUDIO_FILE: track}).peak_bandwidth if track.segments else 0
    return {"bytes": track.size, "bandwidth": bandwidth, "segments": len(track.segments)}


def encode_audio(task: Task, storage: MediaStorage, *, seconds: float) -> Track:
    """Encode the track and note where its segments lie; a track without a sample has none."""
    job, plan = task.job, task.plan
    if plan.audio is None:
        raise ValueError("this video has no sound")
    upload = Upload(storage.source_url(plan.read_key), plan.container)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "audio.mp4")
        log = media.encode_audio(upload, plan, plan.audio, path, seconds=seconds)
        if sandbox.lost_connection(log):
            raise sandbox.MediaError(log[-500:])
        track = fmp4.read(path).with_end_joined(SHORTEST_SEGMENT_SECONDS)
        storage.upload_file(path, job.key(AUDIO_FILE), "video/mp4")
    storage.put(job.key(AUDIO_SIDECAR), track.model_dump_json().encode(), "application/json")
    return track
