"""How soon the drive shows its first rows in Chromium, and how much of the heap ten thousand rows take.

    ./dev bench scrolling [-- --rows 10000]

The page is opened anew several times, with a screen full of videos and with all of them; then it is scrolled
to its end, as cards. The goals: first rows within a second, and 150 MB of heap after the last row. `CHROMIUM`
names the browser.
"""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from bench._drive import Drive
from local.settings import BIN, ROOT

SCREEN = 30
ROWS_GOAL_MS, HEAP_GOAL_MB = 1000, 150
# As many videos as are wanted, an hour apart; the newest has number 1.
FILL = """
INSERT INTO videos (id, owner_id, file_name, title, description, visibility, state, version, attempt,
                    size_bytes, stored_bytes, duration_ms, created_at, updated_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8000'
        || substr(md5(owner.id::text || n), 1, 12))::uuid,
       owner.id, 'VID_' || n || '.mp4', 'Holiday in Paris, part ' || n,
       repeat('A long walk along the river. ', n %% 5), 'private', 'ready', 1, 1,
       n * 1000, n * 500, n * 100, at, at
FROM users AS owner, generate_series(%(first)s::int, %(last)s::int) AS n,
     LATERAL (SELECT now() - n * interval '1 hour') AS moments(at)
WHERE owner.email = %(email)s
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench scrolling", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    stage = json.loads(Path(os.environ["STREAMTIME_STATUS"]).read_bytes())
    with psycopg.connect(stage["database_dsn"], autocommit=True) as database, Drive(stage["edge"]) as drive:
        email = drive.account["email"]
        try:
            database.execute(FILL, {"first": 1, "last": SCREEN, "email": email})
            few = look(drive, stage["edge"], 0)
            database.execute(FILL, {"first": SCREEN + 1, "last": rows, "email": email})
            many = look(drive, stage["edge"], rows)
        finally:
            owner = "(SELECT id FROM users WHERE email = %s)"
            database.execute(f"DELETE FROM videos WHERE owner_id = {owner}", [email])
    first, then = (statistics.median(seen["firstRowsMs"]) for seen in (few, many))
    print(f"first rows: {first:.0f} ms of {SCREEN}, {then:.0f} ms of {rows:,}: {then / first:.2f} x")
    print(f"heap after {rows:,} rows: {many['heapMb']:.0f} MB, {many['rowsInDocument']} rows in the document")
    reached = then <= ROWS_GOAL_MS and many["heapMb"] <= HEAP_GOAL_MB
    print(f"goals {ROWS_GOAL_MS} ms and {HEAP_GOAL_MB} MB: {'reached' if reached else 'missed'}")
    raise SystemExit(not reached)


def look(drive: Drive, edge: str, rows: int) -> dict[str, Any]:
    person = {"EMAIL": drive.account["email"], "PASSWORD": drive.account["password"]}
    done = subprocess.run(
        [str(BIN / "node"), "bench/scroll.mjs"],
        check=True,
        stdout=subprocess.PIPE,
        cwd=ROOT / "frontend",
        env=os.environ | person | {"BASE_URL": edge, "ROWS": str(rows)},
    )
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


if __name__ == "__main__":
    main()
