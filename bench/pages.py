"""What Lighthouse makes of Explore and Watch, on a computer, and on a slow phone with a slow line.

    ./dev bench pages [-- --runs 3 --videos 6 --reports FOLDER]

The goals: 95 of 100 for performance, accessibility and best practices, and a layout that shifts by 0.02 at
most. Lighthouse plays both devices on this machine: performance, the middle one of several runs, depends on
what else it does, the phone's most, since each task counts four times there. `CHROMIUM` names the browser.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench._drive import Drive
from bench.ready import make_clip, seconds_until_ready
from local.settings import BIN, ROOT

LIGHTHOUSE = ROOT / "frontend" / "node_modules" / "lighthouse" / "cli" / "index.js"
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
CATEGORIES = ("performance", "accessibility", "best-practices")
DEVICES = {"computer": ["--preset=desktop"], "phone": []}
GOAL, SHIFT_GOAL = 95, 0.02
GOOD = 0.9  # what Lighthouse shows in green
FIGURES = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "cumulative-layout-shift": "shift",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench pages", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each page")
    parser.add_argument("--videos", type=int, default=6, help="to be seen in Explore")
    parser.add_argument("--reports", type=Path, help="a folder to keep Lighthouse's answers in")
    options = parser.parse_args()
    stage = json.loads(Path(os.environ["STREAMTIME_STATUS"]).read_bytes())
    with tempfile.TemporaryDirectory() as name, Drive(stage["edge"]) as drive:
        clip = Path(name, "clip.mp4")
        make_clip(clip, seconds=6)
        for _ in range(options.videos):
            seconds_until_ready(drive, clip)
        videos = [video["id"] for video in drive.call("GET", "/videos")["items"]]
        for video in videos:
            drive.call("POST", f"/videos/{video}/publish", {"visibility": "public"})
        paths = {"Explore": "/explore", "Watch": f"/watch/{videos[0]}"}
        for (page, path), device in itertools.product(paths.items(), DEVICES):
            reports = [judge(stage["edge"] + path, device) for _ in range(options.runs)]
            print_verdict(f"{page}, {device}", reports)
            if options.reports:
                options.reports.mkdir(parents=True, exist_ok=True)
                for number, report in enumerate(reports):
                    kept = options.reports / f"{page.lower()}-{device}-{number}.json"
                    kept.write_text(json.dumps(report))


def judge(url: str, device: str) -> dict[str, Any]:
    command = [
        str(BIN / "node"),
        str(LIGHTHOUSE),
        url,
        "--quiet",
        "--output=json",
        "--no-enable-error-reporting",
    ]
    command += DEVICES[device]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={FLAGS}"]
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"CHROME_PATH": chromium}
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def print_verdict(page: str, reports: list[dict[str, Any]]) -> None:
    for category in CATEGORIES:
        scores = [round(100 * report["categories"][category]["score"]) for report in reports]
        middle = statistics.median_low(scores)
        verdict = "reached" if middle >= GOAL else "missed"
        print(f"{page:<17} {category:<15} {middle:>4} of 100   goal {GOAL}: {verdict}   (runs: {scores})")
    shift = max(report["audits"]["cumulative-layout-shift"]["numericValue"] for report in reports)
    verdict = "reached" if shift <= SHIFT_GOAL else "missed"
    print(f"{page:<17} {'layout shift':<15} {shift:>8.4f}   goal {SHIFT_GOAL}: {verdict}")
    middle_run = sorted(reports, key=lambda report: report["categories"]["performance"]["score"])[
        len(reports) // 2
    ]
    figures = [f"{name} {middle_run['audits'][audit]['displayValue']}" for audit, name in FIGURES.items()]
    scripts = [
        item["transferSize"]
        for item in middle_run["audits"]["network-requests"]["details"]["items"]
        if item.get("resourceType") == "Script"
    ]
    print(f"{page:<17} {', '.join(figures)}; {len(scripts)} scripts of {sum(scripts) / 1000:.0f} KB in all")
    index = middle_run["environment"]["benchmarkIndex"]
    print(f"{page:<17} machine index {index:.0f}")
    for audit in middle_run["audits"].values():
        if audit["scoreDisplayMode"] in {"binary", "metricSavings"} and (audit["score"] or 0) < GOOD:
            print(f"{'':<17} to better: {audit['title']} {audit.get('displayValue', '')}".rstrip())


if __name__ == "__main__":
    main()
