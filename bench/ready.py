"""How long an upload takes to be ready, against one ffmpeg that makes the same renditions of the same file.

    ./dev bench ready [-- --seconds 60]

Both run on this machine, the single process once before and once after: the ratio says what the chunks, the
functions between them, the storage and the state machine cost. The goal is at most 1.15 times the single
process plus 15 s.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import httpx
import imageio_ffmpeg

from bench._drive import Drive
from functions.process.media import X264_PARAMS

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FACTOR, START_SECONDS = 1.15, 15
PATIENCE_SECONDS = 1800
# Fine grain on a moving picture: about as hard to encode as film.
PICTURE = "testsrc2=size=1920x1080:rate=30,rotate=t/20,noise=alls=6:allf=t,format=yuv420p"
TONE = "aevalsrc=0.2*sin(2*PI*(200+5*t)*t):s=48000"


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench ready", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of the 1080p30 clip")
    seconds = parser.parse_args().seconds
    stage = json.loads(Path(os.environ["STREAMTIME_STATUS"]).read_bytes())
    with tempfile.TemporaryDirectory() as name:
        clip = Path(name, "clip.mp4")
        make_clip(clip, seconds)
        print(f"clip: {seconds} s of 1080p30 with sound, {clip.stat().st_size / 1e6:.0f} MB")
        ladder = ladder_of(stage)
        before = encode_in_one_process(clip, ladder)
        with Drive(stage["edge"]) as drive:
            ours = seconds_until_ready(drive, clip)
        after = encode_in_one_process(clip, ladder)
    single = (before + after) / 2
    print(f"one ffmpeg, same ladder:        {before:.1f} s before, {after:.1f} s after")
    print(f"StreamTime, last byte to ready: {ours:.1f} s")
    goal = FACTOR * single + START_SECONDS
    verdict = "reached" if ours <= goal else "missed"
    print(f"ratio {ours / single:.2f}; goal {FACTOR} x single + {START_SECONDS} s = {goal:.1f} s: {verdict}")


def make_clip(path: Path, seconds: int) -> None:
    inputs = ["-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", TONE, "-t", str(seconds)]
    fast = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "26", "-g", "60", "-c:a", "aac"]
    subprocess.run([FFMPEG, "-v", "error", *inputs, *fast, str(path)], check=True)


def ladder_of(stage: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask the stage itself what its encode function makes."""
    functions = boto3.client(
        "lambda",
        endpoint_url=stage["aws_endpoint"],
        region_name=stage["region"],
        aws_access_key_id=stage["access_key_id"],
        aws_secret_access_key=stage["secret_access_key"],
    )
    encode = functions.get_function_configuration(FunctionName=stage["functions"]["encode"])
    ladder: list[dict[str, Any]] = json.loads(encode["Environment"]["Variables"]["LADDER"])
    return ladder


def encode_in_one_process(clip: Path, ladder: list[dict[str, Any]]) -> float:
    heights = [rung["height"] for rung in ladder]
    split = f"[0:v]split={len(heights)}" + "".join(f"[s{height}]" for height in heights)
    scales = [f"[s{height}]scale=-2:{height}:flags=bicubic[o{height}]" for height in heights]
    command = [FFMPEG, "-v", "error", "-y", "-i", str(clip), "-filter_complex", ";".join([split, *scales])]
    for rung in ladder:
        command += ["-map", f"[o{rung['height']}]", "-c:v", "libx264", "-preset", rung["preset"]]
        command += ["-crf", str(rung["crf"]), "-maxrate", f"{rung['maxrate_kbps']}k"]
        command += ["-bufsize", f"{2 * rung['maxrate_kbps']}k", "-g", "120", "-keyint_min", "120"]
        command += [
            "-sc_threshold",
            "0",
            "-x264-params",
            X264_PARAMS,
            str(clip.with_name(f"{rung['height']}.mp4")),
        ]
    command += ["-map", "0:a", "-c:a", "aac", "-b:a", "128k", str(clip.with_name("audio.mp4"))]
    started = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - started


def seconds_until_ready(drive: Drive, clip: Path) -> float:
    size = clip.stat().st_size
    wanted = {"file_name": clip.name, "size": size, "fingerprint": uuid.uuid4().hex}
    upload = drive.call("POST", "/uploads", wanted)
    path = f"/uploads/{upload['video_id']}"
    numbers = list(range(1, upload["part_count"] + 1))
    data = clip.read_bytes()
    with ThreadPoolExecutor(4) as pool:
        for first in range(0, len(numbers), 50):
            urls = drive.call("POST", f"{path}/parts", {"numbers": numbers[first : first + 50]})["urls"]
            list(pool.map(lambda part: put_part(part, data, upload["part_size"]), urls))
    started = time.monotonic()
    drive.call("POST", f"{path}/complete")
    while time.monotonic() < started + PATIENCE_SECONDS:
        video = drive.call("GET", f"/videos/{upload['video_id']}")
        if video["state"] == "ready":
            return time.monotonic() - started
        if video["state"] == "failed":
            raise SystemExit(f"processing failed: {video['failure']}")
        time.sleep(0.25)
    raise SystemExit("processing did not end")


def put_part(part: dict[str, Any], data: bytes, part_size: int) -> None:
    start = (part["number"] - 1) * part_size
    httpx.put(part["url"], content=data[start : start + part_size], timeout=60).raise_for_status()


if __name__ == "__main__":
    main()
