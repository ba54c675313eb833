"""A first sync of 10,000 issues in seconds, beside what else one would do, at 100 ms a request.

The tracker is a process of its own that serves prepared bytes; each way runs in a fresh process, one after the other:

- ours: connector, engine, SQLite store and derivation of a real run, in two processes where the machine has two cores;
- the limit: requests ÷ concurrency × latency, and the time to decode the same bytes with the standard library alone;
- the paged loop: `enhanced_search_issues(…, expand="changelog")` of the `jira` library over all pages, asking for the
  same fields, which keeps nothing (Jira cuts those histories at 40 entries; here hardly any is longer);
- one by one: `issue(key, expand="changelog")`, timed on 200 issues and scaled;
- tap-jira, where `--tap` names its executable in an environment of its own (`pip install tap-jira`: it pins a version
  of requests). It speaks https only, so the server is served by TLS for it, with a certificate that `openssl` makes.

Prints seconds and ratios. Exit code 1 when a limit is broken.

    python -m benchmarks.first_sync [--issues 10000] [--latency 0.1] [--tap PATH]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.served import tap
from benchmarks.served.memory import Sampled
from benchmarks.served.process import ROOT, Served
from benchmarks.served.record import prepare
from okr_delivery_jira.cloud import WORKERS

RUNS = 3
ONE_BY_ONE = 200
OF_LIMIT, OF_PAGED, OF_ONE_BY_ONE = 3.0, 2.5, 50.0
"""At most so many times the limit; at least so many times as fast as the other ways."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The median of our runs."""

    seconds: float
    processor: float  # of the process that stores
    fetching: float  # of the one that fetches
    peak_mb: float
    requests: int
    issues: int
    changes: int


def ours(folder: Path, latency: float, runs: int = RUNS, *, sampled: bool = False) -> Ours:
    """Syncs into a new store each time, each time in a new process. `sampled` samples its memory, which takes time."""
    found = []
    for _ in range(runs):
        with Served(folder, latency=latency), tempfile.TemporaryDirectory() as target:
            found.append(_client(folder, Path(target), sampled=sampled))
    found.sort(key=lambda one: one.seconds)
    return found[len(found) // 2]


def _client(folder: Path, target: Path, *, sampled: bool = False) -> Ours:
    """`peak_mb` is of all its processes together, what they share counted once."""
    command = [sys.executable, "-m", "benchmarks.served.client", str(folder), str(target)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as client:
        with Sampled(client.pid) if sampled else nullcontext() as memory:
            said = json.loads(client.communicate()[0])
        peak = memory.peak if memory else said["peak_mb"]
    return Ours(**{name: said[name] for name in Ours.__slots__} | {"peak_mb": peak})


def decoding(folder: Path, runs: int = RUNS) -> tuple[float, int]:
    """Seconds that the standard library takes to decode all bytes of one first sync, and how many bytes they are."""
    with tempfile.TemporaryDirectory() as target:
        spool = Path(target) / "spool"
        with Served(folder, latency=0, spool=spool):
            _client(folder, Path(target))
        answers = list(_spooled(spool))
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        for answer in answers:
            json.loads(answer)
        times.append(time.perf_counter() - began)
    return statistics.median(times), sum(map(len, answers))


def _spooled(spool: Path) -> list[bytes]:
    found = []
    with spool.open("rb") as file:
        while line := file.readline():
            found.append(file.read(int(line)))
    return found


def library(folder: Path, latency: float, way: str) -> float:
    """Seconds of a loop over the `jira` library: `paged` all issues, `single` 200 of them."""
    with Served(folder, latency=latency) as served:
        command = [sys.executable, "-m", "benchmarks.served.library", served.url, way, str(ONE_BY_ONE)]
        return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--tap", type=Path)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, asked.issues)
        mine = ours(folder, asked.latency)
        decode, size = decoding(folder)
        paged, single = (library(folder, asked.latency, way) for way in ("paged", "single"))
        other = tap.seconds(asked.tap, folder, asked.latency) if asked.tap else None
    return report(mine, asked.latency, decode, size, paged, single / ONE_BY_ONE * mine.issues, other)


def report(
    mine: Ours, latency: float, decode: float, size: int, paged: float, single: float, other: float | None
) -> int:
    wire = mine.requests / WORKERS * latency
    limit = wire + decode
    print(f"{mine.issues:,} issues, {mine.changes:,} changes, {latency:.2f} s a request, load {os.getloadavg()[0]:.1f}")
    used = f"processor {mine.processor:.1f} s storing, {mine.fetching:.1f} s fetching"
    print(f"  ours        {mine.seconds:8.1f} s   median of {RUNS}, {used}")
    print(f"  the limit   {limit:8.1f} s   {mine.requests} requests ÷ {WORKERS} × latency = {wire:.1f} s,")
    print(f"  {'':<22} json.loads of the same {size / 1e6:.0f} MB = {decode:.1f} s")
    print(f"  paged loop  {paged:8.1f} s   {paged / mine.seconds:.1f} × ours")
    print(f"  one by one  {single:8.0f} s   {single / mine.seconds:.0f} × ours, scaled from {ONE_BY_ONE}")
    if other is not None:
        print(f"  tap-jira    {other:8.1f} s   {other / mine.seconds:.1f} × ours")
    print(f"{mine.seconds / limit:.2f} times the limit, to reach: at most {OF_LIMIT}")
    print(f"{paged / mine.seconds:.2f} times as fast as the paged loop, to reach: at least {OF_PAGED}")
    print(f"{single / mine.seconds:.0f} times as fast as one by one, to reach: at least {OF_ONE_BY_ONE:.0f}")
    kept = mine.seconds <= OF_LIMIT * limit and paged >= OF_PAGED * mine.seconds
    return 0 if kept and single >= OF_ONE_BY_ONE * mine.seconds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
