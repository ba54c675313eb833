"""A first sync of 10,000 GitLab issues in seconds, beside what else one would do, at 100 ms a request.

GitLab is a process of its own that serves prepared bytes; each way runs in a fresh process, one after the other:

- ours: connector, engine, SQLite store and derivation of a real run, in two processes where the machine has two cores;
- the limit: requests ÷ concurrency × latency, and the time to decode the same bytes with the standard library alone;
- the list alone: `project.issues.list(iterator=True)` of `python-gitlab` over all pages: no history at all;
- one by one: the same list, and for each issue its lists of state, label and milestone events, as the library offers
  them; timed on 200 issues and scaled.

Prints seconds and ratios. Exit code 1 when a limit is broken.

    python -m benchmarks.gitlab_first_sync [--issues 10000] [--latency 0.1]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.first_sync import OF_LIMIT, OF_ONE_BY_ONE, ONE_BY_ONE, RUNS, Ours, decoding, ours
from benchmarks.served.gitlab.record import prepare
from benchmarks.served.process import ROOT, Served
from okr_delivery.sync.workers import MOST


def library(folder: Path, latency: float, way: str) -> float:
    """Seconds of a loop over the `gitlab` library: `paged` all issues, `single` the events of 200 of them."""
    with Served(folder, latency=latency) as served:
        command = [sys.executable, "-m", "benchmarks.served.gitlab.library", served.url, way, str(ONE_BY_ONE)]
        return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=0.1)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, asked.issues)
        mine = ours(folder, asked.latency)
        decode, size = decoding(folder)
        listed, single = (library(folder, asked.latency, way) for way in ("paged", "single"))
    return report(mine, asked.latency, decode, size, listed, listed + single / ONE_BY_ONE * mine.issues)


def report(mine: Ours, latency: float, decode: float, size: int, listed: float, single: float) -> int:
    wire = mine.requests / MOST * latency
    limit = wire + decode
    print(f"{mine.issues:,} issues, {mine.changes:,} changes, {latency:.2f} s a request, load {os.getloadavg()[0]:.1f}")
    used = f"processor {mine.processor:.1f} s storing, {mine.fetching:.1f} s fetching"
    print(f"  ours         {mine.seconds:8.1f} s   median of {RUNS}, {used}")
    print(f"  the limit    {limit:8.1f} s   {mine.requests} requests ÷ {MOST} × latency = {wire:.1f} s,")
    print(f"  {'':<23} json.loads of the same {size / 1e6:.0f} MB = {decode:.1f} s")
    print(f"  list alone   {listed:8.1f} s   {listed / mine.seconds:.1f} × ours, without any history")
    print(f"  one by one   {single:8.0f} s   {single / mine.seconds:.0f} × ours, scaled from {ONE_BY_ONE}")
    print(f"{mine.seconds / limit:.2f} times the limit, to reach: at most {OF_LIMIT}")
    print(f"{single / mine.seconds:.0f} times as fast as one by one, to reach: at least {OF_ONE_BY_ONE:.0f}")
    return 0 if mine.seconds <= OF_LIMIT * limit and single >= OF_ONE_BY_ONE * mine.seconds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
