"""Prove that every piece of a video is there and fits, and write the playlists that play it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.core.keys import ORIGINAL, PLAYLIST, STORYBOARD, STORYBOARD_SHEET
from functions.core.observability import about, logger, observed
from functions.core.storage import MediaStorage, media_storage
from functions.process import playlists, sandbox, storyboard
from functions.process.fmp4 import EncodedChunk, Track
from functions.process.plan import AUDIO_FOLDER, AudioChunk, Chunk, Job, Plan, PlannedRung, Task
from functions.process.playlists import Rendition, Variant

READERS = 16
STORYBOARD_SECONDS = 60


class IncompleteError(Exception):
    """A piece is missing or does not fit: nothing is published."""


@observed
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    task = Task.model_validate(event)
    about(**task.job.identity)
    return package(task, media_storage(), seconds=sandbox.budget(context))


def package(task: Task, storage: MediaStorage, *, seconds: float = STORYBOARD_SECONDS) -> dict[str, Any]:
    job, plan = task.job, task.plan
    audio = audio_rendition(task, storage)
    variants = [Variant(video, audio, rung) for rung, video in video_renditions(task, storage).items()]
    renditions = [variant.video for variant in variants] + ([audio] if audio else [])
    check_files(renditions, {name.removeprefix(job.key()): size for name, size in storage.keys(job.key())})

    lowest = min(variants, key=lambda variant: variant.rung.height)
    pictured = make_storyboard(job, lowest, storage, seconds=min(seconds, STORYBOARD_SECONDS))
    for rendition in renditions:
        storage.put(job.key(rendition.uri), rendition.playlist().encode(), playlists.CONTENT_TYPE)
    master = playlists.master(variants, audio, plan.fps)
    storage.put(job.key(PLAYLIST), master.encode(), playlists.CONTENT_TYPE)
    return {
        "renditions": [
            {
                "height": variant.rung.height,
                "width": variant.rung.frame_width,
                "bytes": variant.video.size,
                "bandwidth": variant.bandwidth,
                "average_bandwidth": variant.average_bandwidth,
                "codecs": variant.codecs,
            }
            for variant in variants
        ],
        "storyboard": pictured,
        "audio_bytes": audio.size if audio else 0,
        # The copy that played early is removed as soon as there is something better.
        "stored_bytes": sum(size for key, size in storage.keys(job.key()) if key != job.key(ORIGINAL)),
    }


def make_storyboard(job: Job, lowest: Variant, storage: MediaStorage, *, seconds: float) -> bool:
    """Tell whether there are pictures to show while seeking; a video is as good as ready without them.

    That they cannot be stored is another matter: it passes, and the step is tried again.
    """
    try:
        sheet, cues = storyboard.make(job, lowest.rung, lowest.video, storage, seconds=seconds)
    except Exception:  # noqa: BLE001 (see above)
        logger.exception("No storyboard")
        return False
    storage.put(job.key(STORYBOARD_SHEET), sheet, "image/jpeg")
    storage.put(job.key(STORYBOARD), cues.encode(), "text/vtt")
    return True


def video_renditions(task: Task, storage: MediaStorage) -> dict[PlannedRung, Rendition]:
    def read(chunk: Chunk) -> dict[int, Track]:
        return EncodedChunk.model_validate_json(storage.get(task.job.key(chunk.sidecar))).tracks

    with ThreadPoolExecutor(READERS) as pool:
        chunks = list(pool.map(read, task.plan.chunks))
    return {
        rung: join([tracks[rung.height] for tracks in chunks], rung, task.plan) for rung in task.plan.rungs
    }


def audio_rendition(task: Task, storage: MediaStorage) -> Rendition | None:
    """Return the sound; None for a silent video, and for a track that holds not one sample."""
    if not task.plan.audio:
        return None

    def read(chunk: AudioChunk) -> Track:
        return Track.model_validate_json(storage.get(task.job.key(chunk.sidecar)))

    with ThreadPoolExecutor(READERS) as pool:
        files = dict(
            zip(
                [chunk.file_name for chunk in task.plan.audio_chunks],
                pool.map(read, task.plan.audio_chunks),
                strict=True,
            )
        )
    if not any(track.segments for track in files.values()):
        return None
    _check_joins([*files.values()])
    return Rendition(AUDIO_FOLDER, files)


def join(tracks: Sequence[Track], rung: PlannedRung, plan: Plan) -> Rendition:
    """Put the chunks of one rung together: all frames there, one header for all, no gap and no overlap."""
    for chunk, track in zip(plan.chunks, tracks, strict=True):
        if not plan.has_all_frames(chunk, track.frames):
            raise IncompleteError(f"chunk {chunk.index} has {track.frames} of {chunk.frames} frames")
    _check_joins(tracks)
    if sum(track.duration for track in tracks) != plan.frame_ticks * sum(track.frames for track in tracks):
        raise IncompleteError("the frames do not last as long as the video")
    files = {chunk.file_name: track for chunk, track in zip(plan.chunks, tracks, strict=True)}
    return Rendition(rung.folder, files)


def check_files(renditions: Sequence[Rendition], stored: Mapping[str, int]) -> None:
    """Hold the stored files against what was noted of them: a repeated step may have replaced one."""
    for rendition in renditions:
        for name, track in rendition.files.items():
            if stored.get(f"{rendition.folder}/{name}") != track.size:
                raise IncompleteError(f"{rendition.folder}/{name} is not the file that was encoded")


def _check_joins(tracks: Sequence[Track]) -> None:
    if len({track.header_sha256 for track in tracks}) > 1:
        raise IncompleteError("the chunks need different headers")
    segments = [segment for track in tracks for segment in track.segments]
    if segments[0].start or any(before.end != after.start for before, after in pairwise(segments)):
        raise IncompleteError("there is a gap between two segments")
