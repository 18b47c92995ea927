"""Encode the sound of a video, or a chunk of it."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.observability import about, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import fmp4, media, sandbox
from functions.process.fmp4 import Track
from functions.process.plan import AUDIO_FRAME_SAMPLES, AudioChunk, AudioTask
from functions.process.sandbox import Upload

SHORTEST_SEGMENT_SECONDS = Fraction(1, 2)


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    task = AudioTask.model_validate(event)
    about(**task.job.identity, chunk=task.chunk.index)
    track = encode_audio(task, media_storage(), seconds=sandbox.budget(context))
    return {"bytes": track.size, "segments": len(track.segments)}


def encode_audio(task: AudioTask, storage: MediaStorage, *, seconds: float) -> Track:
    """Encode a chunk of the track and note where its segments lie.

    A track without a sample has no segments. Where it is taken in pieces it may have none for some of them
    only: these are silent.
    """
    job, plan, chunk = task.job, task.plan, task.chunk
    if plan.audio is None:
        raise ValueError("this video has no sound")
    upload = Upload(storage.source_url(plan.read_key), plan.container)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "audio.mp4")
        log = media.encode_audio(upload, plan, plan.audio, chunk, path, seconds=seconds)
        if sandbox.lost_connection(log):
            raise sandbox.MediaError(log[-500:])
        track = fmp4.read(path)
        if not track.segments and len(plan.audio_chunks) > 1:
            media.encode_silence(plan, chunk, path, seconds=seconds)
            track = fmp4.read(path)
        check_grid(track, chunk)
        track = track.with_end_joined(SHORTEST_SEGMENT_SECONDS)
        storage.upload_file(path, job.key(chunk.key), "video/mp4")
    storage.put(job.key(chunk.sidecar), track.model_dump_json().encode(), "application/json")
    return track


def check_grid(track: Track, chunk: AudioChunk) -> None:
    """Hold an encoded chunk against its place in the sound."""
    if track.segments and track.segments[0].start != chunk.first_frame * AUDIO_FRAME_SAMPLES:
        raise sandbox.MediaError(f"sound {chunk.index} begins at the wrong time")
    if chunk.frames is not None and track.frames != chunk.frames:
        raise sandbox.MediaError(f"sound {chunk.index} has {track.frames} of {chunk.frames} frames")
