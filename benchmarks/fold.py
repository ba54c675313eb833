"""Folding histories: 100,000 issues with 800,000 transitions, streamed from SQLite through `delivery.timeline.fold`.

Against two baselines that answer far less (active seconds, cycle seconds, finished issues), over the same rows: one SQL
statement with window functions, and a plain dict of lists. All three must agree. Each runs in processes of its own;
printed are its seconds of processor time, the peak of the memory that Python gave it (in a run that is not timed), and
the ratio of ours to both. Exit code 1 when a limit is broken.

    python -m benchmarks.fold [--issues 100000]
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path

from okr_delivery.config.sources import StatusSettings
from okr_delivery.delivery.statusmap import compile_map
from okr_delivery.delivery.timeline import fold
from okr_delivery.model.work import EMPTY, Category, Change, Field, Issue, Status, Value

STEPS = 8
ORIGIN, AS_OF = 1_700_000_000, 2_000_000_000
NAMES = ("To Do", "Ready", "Development", "Review", "Testing", "Done")
CATEGORIES = (Category.NEW, Category.NEW, *[Category.INDETERMINATE] * 3, Category.DONE)
ACTIVE, DONE = frozenset({2, 3, 4}), 5
SPEED, MEMORY = 2.5, 0.1
"""At most so many times as slow as the statement, with at most this share of the dict's memory."""

Sums = tuple[int, int, int]  # active seconds, cycle seconds, finished issues
Connection = sqlite3.Connection


def ours(rows: Connection) -> Sums:
    """The whole fold of every issue: intervals, moments, all durations, data quality."""
    statuses = [Status("j", str(n), NAMES[n], CATEGORIES[n], n) for n in range(len(NAMES))]
    rules = compile_map(StatusSettings(), statuses, "j")
    active = cycle = finished = 0
    for issue, changes in _histories(rows):
        fact = fold(issue, changes, rules, AS_OF).fact
        if fact.finished_at is not None and fact.cycle_seconds is not None:
            active, cycle, finished = active + fact.active_seconds, cycle + fact.cycle_seconds, finished + 1
    return active, cycle, finished


def _histories(rows: Connection) -> Iterator[tuple[Issue, list[Change]]]:
    values = [Value(str(n), name) for n, name in enumerate(NAMES)]
    status = Field.STATUS
    found = rows.execute("SELECT issue, seq, ts, old, new FROM change ORDER BY issue, seq")
    for number, group in groupby(found, key=itemgetter(0)):
        ref = str(number)
        changes = [Change(ref, seq, 0, ts, status, values[a], values[b], None) for _, seq, ts, a, b in group]
        current = {status: changes[-1].new, Field.FLAGGED: EMPTY}
        yield Issue("j", ref, ref, "", "", "", "", False, "", ORIGIN, AS_OF, current=current), changes


STATEMENT = f"""
WITH stay AS (
  SELECT issue, new, ts, LEAD(ts) OVER (PARTITION BY issue ORDER BY seq) AS until,
         LAG(new) OVER (PARTITION BY issue ORDER BY seq) AS before,
         FIRST_VALUE(new) OVER (PARTITION BY issue ORDER BY seq DESC) AS last
  FROM change),
item AS (
  SELECT issue, MIN(CASE WHEN new IN (2, 3, 4) THEN ts END) AS started,
         MAX(CASE WHEN new = {DONE} AND before IS NOT {DONE} THEN ts END) AS finished,
         SUM(CASE WHEN new IN (2, 3, 4) THEN until - ts ELSE 0 END) AS active
  FROM stay WHERE last = {DONE} GROUP BY issue)
SELECT SUM(active), SUM(finished - started), COUNT(*) FROM item WHERE started IS NOT NULL
"""


def window_sql(rows: Connection) -> Sums:
    active, cycle, finished = rows.execute(STATEMENT).fetchone()
    return active, cycle, finished


def dict_of_lists(rows: Connection) -> Sums:
    """Everything read first, then walked issue by issue."""
    found: dict[int, list[dict[str, int]]] = defaultdict(list)
    for issue, seq, ts, new in rows.execute("SELECT issue, seq, ts, new FROM change"):
        found[issue].append({"seq": seq, "ts": ts, "new": new})
    active = cycle = finished = 0
    for history in found.values():
        history.sort(key=itemgetter("seq"))
        starts = [row["ts"] for row in history if row["new"] in ACTIVE]
        if history[-1]["new"] == DONE and starts:
            active += sum(b["ts"] - a["ts"] for a, b in pairwise(history) if a["new"] in ACTIVE)
            cycle += history[-1]["ts"] - starts[0]
            finished += 1
    return active, cycle, finished


WAYS: dict[str, Callable[[Connection], Sums]] = {
    "ours": ours, "SQLite window SQL": window_sql, "dict of lists": dict_of_lists,
}  # fmt: skip


def fill(path: Path, issues: int) -> None:
    """Random walks; one in five moves back on the way, one in four is not done yet. No stay is under a minute."""
    dice = random.Random(1)
    with sqlite3.connect(path) as rows:
        rows.execute(
            "CREATE TABLE change (issue INT, seq INT, ts INT, old INT, new INT, PRIMARY KEY (issue, seq)) WITHOUT ROWID"
        )
        rows.executemany("INSERT INTO change VALUES (?, ?, ?, ?, ?)", _walks(issues, dice))


def _walks(issues: int, dice: random.Random) -> Iterator[tuple[int, int, int, int, int]]:
    for issue in range(issues):
        ts, before = ORIGIN + dice.randrange(10_000_000), 0
        for seq in range(STEPS):
            ts += dice.randrange(60, 400_000)
            last = seq == STEPS - 1
            after = DONE if last and dice.random() < 0.75 else dice.choice([n for n in range(DONE) if n != before])
            yield issue, seq, ts, before, after
            before = after


Result = tuple[float, float, Sums]  # seconds, MB, sums


def measured(way: str, path: Path) -> Result:
    """The best of three, and the memory of a fourth run."""
    seconds = [float(_asked(way, path)[0]) for _ in range(3)]
    peak, *sums = _asked(way, path, "--traced")
    active, cycle, finished = map(int, sums)
    return min(seconds), float(peak), (active, cycle, finished)


def _asked(way: str, path: Path, *more: str) -> list[str]:
    command = [sys.executable, __file__, "--way", way, "--rows", str(path), *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def run(way: str, path: Path, *, traced: bool) -> None:
    """Prints seconds, or the peak in MB, and the sums."""
    with sqlite3.connect(path) as rows:
        if traced:
            tracemalloc.start()
        begun = time.process_time()
        sums = WAYS[way](rows)
        taken = time.process_time() - begun
        print(tracemalloc.get_traced_memory()[1] / 1e6 if traced else taken, *sums)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--traced", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        run(asked.way, asked.rows, traced=asked.traced)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.db"
        fill(path, asked.issues)
        found = {way: measured(way, path) for way in WAYS}
    return report(found, asked.issues * STEPS)


def report(found: dict[str, Result], transitions: int) -> int:
    seconds, peak, sums = found["ours"]
    print(f"{transitions:,} transitions, best of 3, load {os.getloadavg()[0]:.1f}")
    print(f"  {'':<20}{'seconds':>9}{'us each':>9}{'MB':>8}{'ours in it':>12}")
    for way, (lasted, memory, _) in found.items():
        print(f"  {way:<20}{lasted:>9.2f}{1e6 * lasted / transitions:>9.2f}{memory:>8.1f}{seconds / lasted:>12.2f}")
    slow, share = seconds / found["SQLite window SQL"][0], peak / found["dict of lists"][1]
    agree = all(theirs == sums for *_, theirs in found.values())
    print(f"the sums agree: {agree}")
    print(f"{slow:.2f} times as slow as the SQL, to reach: at most {SPEED}")
    print(f"{share:.4f} of the dict's memory, to reach: at most {MEMORY}")
    return 0 if agree and slow <= SPEED and share <= MEMORY else 1


if __name__ == "__main__":
    sys.exit(main())
