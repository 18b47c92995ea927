"""Encode one chunk of a video in every rendition, or say why it cannot be whole."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.observability import MetricUnit, about, logger, metrics, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import fmp4, media, sandbox
from functions.process.fmp4 import EncodedChunk, Track
from functions.process.plan import Chunk, ChunkTask, Plan, PlannedRung
from functions.process.sandbox import Upload


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    task = ChunkTask.model_validate(event)
    about(**task.job.identity, chunk=task.chunk.index)
    started = time.monotonic()
    tracks = encode(task, media_storage(), seconds=sandbox.budget(context))
    # One value a chunk: how many there were is the metric's sample count.
    metrics.add_metric("EncodeSeconds", MetricUnit.Seconds, round(time.monotonic() - started, 1))
    return {
        "index": task.chunk.index,
        "rungs": [
            {
                "height": height,
                "bytes": track.size,
                "frames": track.frames,
                "duration_ms": round(1000 * track.duration / track.timescale),
            }
            for height, track in tracks.items()
        ],
    }


def encode(task: ChunkTask, storage: MediaStorage, *, seconds: float) -> dict[int, Track]:
    """Encode the chunk, prove it, store it; return the track of each rung's height."""
    job, plan, chunk = task.job, task.plan, task.chunk
    upload = Upload(storage.source_url(plan.read_key), plan.container)
    with tempfile.TemporaryDirectory() as name:
        files = {rung: Path(name, f"{rung.folder}.mp4") for rung in plan.rungs}
        log = media.encode_chunk(upload, plan, chunk, files, seconds=seconds)
        tracks = {rung.height: fmp4.read(path) for rung, path in files.items()}
        for track in tracks.values():
            if not plan.has_all_frames(chunk, track.frames):
                logger.warning("short chunk", frames=track.frames, planned=chunk.frames, log=log)
                sandbox.blame(log)
            check_grid(track, plan, chunk)
        check_headers(tracks, plan)

        def store(rung: PlannedRung) -> None:
            storage.upload_file(files[rung], job.key(f"{rung.folder}/{chunk.file_name}"), "video/mp4")

        with ThreadPoolExecutor() as pool:
            list(pool.map(store, plan.rungs))
    storage.put(
        job.key(chunk.sidecar), EncodedChunk(tracks=tracks).model_dump_json().encode(), "application/json"
    )
    return tracks


def check_grid(track: Track, plan: Plan, chunk: Chunk) -> None:
    """Hold an encoded chunk against its place in the video: H.264, one segment after the other, no gap."""
    starts = range(chunk.first_frame, chunk.first_frame + track.frames, plan.segment_frames)
    on_grid = (
        track.codecs.startswith("avc1.")
        and track.timescale == plan.timescale
        and [segment.start for segment in track.segments] == [plan.frame_ticks * start for start in starts]
        and all(segment.duration == plan.frame_ticks * segment.frames for segment in track.segments)
    )
    if not on_grid:
        raise sandbox.MediaError(f"chunk {chunk.index} came out off the grid")


def check_headers(tracks: dict[int, Track], plan: Plan) -> None:
    """Hold the chunk's headers against the plan's: the player is given one for all chunks.

    A plan made by the release before has none; packaging compares the chunks with each other anyway.
    """
    found = {height: track.header_sha256 for height, track in tracks.items()}
    if plan.headers and plan.headers != found:
        raise sandbox.MediaError("the chunk needs another header than the plan has")
