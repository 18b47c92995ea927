"""How fast the web app sends a file to the bucket, beside boto3, and beside Uppy in the same Chromium.

    ./dev bench upload [-- --megabytes 400 --rounds 5 --uplink 25 --round-trip 40 --heap-megabytes 2000]

All of them send the same file to the same bucket in turns; what was sent goes away before the next begins.
First over a line as to a bucket elsewhere, then without one: there nothing but this machine, which is the
bucket as well, sets the speed. The web app is the one that people use. Uppy (its aws-s3 plugin, as it comes)
runs in the same page and asks the same API, for parts of the same size; boto3's `upload_file` is as it comes.
"whole" is from the first request to the answer that the object is there, "parts" from the begin of the first
part to the answer to the last. Each ratio is the middle one of those of the rounds. At the end a larger file
shows what the heap takes. The goals: 0.85 x boto3, 1.2 x Uppy. `CHROMIUM` names the browser.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from bench._drive import Drive
from bench._line import Line
from local.settings import BIN, ROOT

MEGABYTE = 1000**2
BOTO_GOAL, UPPY_GOAL = 0.85, 1.2
SETTLE_SECONDS = 120
OVER = {"ready", "failed"}


class Browser:
    """Chromium with the drive's workspace open; it sends one file at a time.

    What it connects to at one of `ports` it gets at the port that this tells instead.
    """

    def __init__(self, drive: Drive, edge: str, ports: dict[int, int]) -> None:
        person = {"EMAIL": drive.account["email"], "PASSWORD": drive.account["password"]}
        rules = ",".join(f"MAP *:{port} 127.0.0.1:{other}" for port, other in ports.items())
        self._process = subprocess.Popen(
            [str(BIN / "node"), "bench/upload.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT / "frontend",
            env=os.environ | person | {"BASE_URL": edge, "HOST_RULES": rules},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream(self._process.stdin).close()
        self._process.wait()

    def send(self, sender: str, file: Path) -> dict[str, float]:
        """Let the web app or Uppy send the file; return seconds, and megabytes of heap."""
        orders = self._stream(self._process.stdin)
        orders.write(json.dumps({"sender": sender, "file": str(file)}) + "\n")
        orders.flush()
        answer = self._stream(self._process.stdout).readline()
        if not answer:
            raise SystemExit(f"The browser ended while {sender} was sending.")
        told: dict[str, float] = json.loads(answer)
        return told

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream


class Bucket:
    """The stage's media bucket, as its root sees it. `ports` are as those of the browser."""

    def __init__(self, stage: dict[str, Any], ports: dict[int, int]) -> None:
        self._name = stage["buckets"]["media"]
        own = port(stage["s3_endpoint"])
        self._s3 = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{ports.get(own, own)}",
            region_name=stage["region"],
            aws_access_key_id=stage["access_key_id"],
            aws_secret_access_key=stage["secret_access_key"],
        )
        self._began: list[float] = []
        self._ended: list[float] = []
        note = self._s3.meta.events.register
        note("before-call.s3.UploadPart", lambda **_: self._began.append(time.perf_counter()))
        note("after-call.s3.UploadPart", lambda **_: self._ended.append(time.perf_counter()))

    def send(self, file: Path) -> dict[str, float]:
        key = f"source/{uuid.uuid4()}"  # where the bucket tells of it as of any other
        self._began.clear()
        self._ended.clear()
        started = time.perf_counter()
        self._s3.upload_file(str(file), self._name, key)
        whole = time.perf_counter() - started
        self._s3.delete_object(Bucket=self._name, Key=key)
        return {"whole": whole, "parts": max(self._ended) - min(self._began)}

    def has(self, key: str) -> bool:
        try:
            self._s3.head_object(Bucket=self._name, Key=key)
        except ClientError:
            return False
        return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench upload", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--uplink", type=float, default=25, help="megabytes a second upwards")
    parser.add_argument("--round-trip", type=float, default=40, help="milliseconds there and back")
    parser.add_argument("--heap-megabytes", type=int, default=2000, help="0 leaves that out")
    options = parser.parse_args()
    stage = json.loads(Path(os.environ["STREAMTIME_STATUS"]).read_bytes())
    line = Line(
        [port(stage["edge"]), port(stage["s3_endpoint"])],
        bytes_per_second=options.uplink * MEGABYTE,
        round_trip=options.round_trip / 1000,
    )
    with tempfile.TemporaryDirectory() as folder, Drive(stage["edge"]) as drive:
        file = Path(folder, "film.mov")
        file.write_bytes(os.urandom(options.megabytes * MEGABYTE))
        print(f"over a line of {options.uplink:g} MB/s upwards, {options.round_trip:g} ms there and back:")
        with line as begins, Browser(drive, stage["edge"], begins) as browser:
            reached = race(browser, drive, Bucket(stage, begins), file, options.rounds)
        print("without a line:")
        with Browser(drive, stage["edge"], {}) as browser:
            bucket = Bucket(stage, {})
            reached &= race(browser, drive, bucket, file, options.rounds)
            if options.heap_megabytes:
                large = Path(folder, "large.mov")
                with large.open("wb") as sparse:
                    sparse.truncate(options.heap_megabytes * MEGABYTE)
                weigh(browser, large)
                clear(drive, bucket)
    raise SystemExit(not reached)


def race(browser: Browser, drive: Drive, bucket: Bucket, file: Path, rounds: int) -> bool:
    """Let all of them send the file in turns, print their speed, and tell whether the goals are reached."""
    took: dict[str, list[dict[str, float]]] = {"boto3": [], "app": [], "uppy": []}
    megabytes = file.stat().st_size / MEGABYTE
    for number in range(rounds + 1):
        for sender, known in took.items():
            seconds = bucket.send(file) if sender == "boto3" else browser.send(sender, file)
            clear(drive, bucket)
            if number == 0:
                continue  # the first time everything is cold
            known.append(seconds)
            speed = {part: megabytes / seconds[part] for part in ("whole", "parts")}
            said = "   ".join(f"{part} {figure:5.1f} MB/s" for part, figure in speed.items())
            print(f"{number}  {sender:<6} {said}   load {os.getloadavg()[0]:.1f}")
    verdicts = [tell(took, "boto3", BOTO_GOAL), tell(took, "uppy", UPPY_GOAL)]
    return all(verdicts)


def weigh(browser: Browser, file: Path) -> None:
    """Print what the page's heap holds while the web app sends the file."""
    heap = browser.send("app", file)
    print(
        f"heap while {file.stat().st_size / MEGABYTE:.0f} MB are sent: {heap['peak']:.1f} MB at most; "
        f"on average {heap['early']:.1f} MB in the first quarter, {heap['late']:.1f} MB in the last"
    )


def tell(took: dict[str, list[dict[str, float]]], other: str, goal: float) -> bool:
    middle = {}
    for part in ("whole", "parts"):
        ratios = [theirs[part] / ours[part] for theirs, ours in zip(took[other], took["app"], strict=True)]
        middle[part] = statistics.median(ratios)
        runs = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
        print(f"the web app sends {middle[part]:.2f} x as fast as {other}, {part}   (rounds: {runs})")
    reached = middle["whole"] >= goal
    print(f"goal {goal} x {other}, whole: {'reached' if reached else 'missed'}")
    return reached


def clear(drive: Drive, bucket: Bucket) -> None:
    """Remove what was sent, once nothing works on it any more."""
    deadline = time.monotonic() + SETTLE_SECONDS
    videos = drive.call("GET", "/videos")["items"]
    while any(video["state"] not in OVER for video in videos):
        _wait(deadline)
        videos = drive.call("GET", "/videos")["items"]
    for video in videos:
        drive.call("DELETE", f"/videos/{video['id']}")
        drive.call("POST", f"/videos/{video['id']}/purge")
    while any(bucket.has(f"source/{video['id']}") for video in videos):
        _wait(deadline)


def port(address: str) -> int:
    return urlsplit(address).port or 80


def _wait(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise SystemExit(f"What was sent did not go away in {SETTLE_SECONDS} s.")
    time.sleep(0.2)


if __name__ == "__main__":
    main()
