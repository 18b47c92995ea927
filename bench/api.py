"""How long a warm, signed-in GET /api/videos takes, beside an endpoint that does nothing.

    ./dev bench api [-- --requests 300]

Both go through the local edge, in turns, so that what the machine does meanwhile hits both alike. The drive
is filled with drafts first: the list is a full page, as a person's would be.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

from bench._drive import Drive

DRAFTS = 24
PATHS = {"nothing": "/health", "list": "/videos"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench api", description=__doc__)
    parser.add_argument("--requests", type=int, default=300, help="of each of the two, one at a time")
    requests = parser.parse_args().requests
    stage = json.loads(Path(os.environ["STREAMTIME_STATUS"]).read_bytes())
    with Drive(stage["edge"]) as drive:
        drafts = [
            drive.call("POST", "/uploads", {"file_name": "draft.mp4", "size": 1}) for _ in range(DRAFTS)
        ]
        assert len(drive.call("GET", "/videos")["items"]) == DRAFTS
        took: dict[str, list[float]] = {name: [] for name in PATHS}
        for _ in range(requests):
            for name, path in PATHS.items():
                started = time.perf_counter()
                drive.call("GET", path)
                took[name].append(1000 * (time.perf_counter() - started))
        for draft in drafts:
            drive.call("DELETE", f"/uploads/{draft['video_id']}")
    for name, path in PATHS.items():
        middle, slow = (percentile(took[name], part) for part in (50, 99))
        print(f"GET /api{path:<8} p50 {middle:6.1f} ms   p99 {slow:6.1f} ms")
    for part in (50, 99):
        ratio = percentile(took["list"], part) / percentile(took["nothing"], part)
        print(f"p{part}: the list takes {ratio:.2f} x the endpoint that does nothing")


def percentile(values: list[float], part: int) -> float:
    return statistics.quantiles(values, n=100)[part - 1]


if __name__ == "__main__":
    main()
