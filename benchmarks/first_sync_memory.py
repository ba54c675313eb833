"""Peak memory of a first sync: 100,000 issues against 10,000, each in a fresh process.

The tracker is a process of its own that serves prepared bytes. Memory is the peak of both client processes together,
the one that fetches and the one that stores, interpreter and libraries included, what they share counted once
(`Pss`, sampled); beside it the peak resident size of a process that has only imported the libraries. Exit code 1 when a
limit is broken.

    python -m benchmarks.first_sync_memory [--issues 100000] [--small 10000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.first_sync import Ours, ours
from benchmarks.served.process import ROOT
from benchmarks.served.record import prepare

MOST_MB, GROWTH = 150.0, 1.3
LATENCY = 0.1
IMPORTED = "import okr_delivery_jira; from benchmarks.served.client import peak; print(peak())"


def measured(issues: int) -> Ours:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), issues)
        return ours(Path(folder), LATENCY, runs=1, sampled=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--small", type=int, default=10_000)
    asked = parser.parse_args(arguments)
    floor = subprocess.run([sys.executable, "-c", IMPORTED], cwd=ROOT, check=True, capture_output=True, text=True)
    return report(float(floor.stdout), measured(asked.small), measured(asked.issues))


def report(floor: float, small: Ours, large: Ours) -> int:
    """Prints the peaks; `floor` is that of the libraries alone, in MB. 1 when a limit is broken."""
    print(f"{'imports alone':<16}{floor:8.1f} MB   load {os.getloadavg()[0]:.1f}")
    for found in (small, large):
        print(f"{found.issues:>9,} issues{found.peak_mb:8.1f} MB   {found.requests} requests, {found.seconds:.0f} s")
    growth = large.peak_mb / small.peak_mb
    print(f"{large.peak_mb:.0f} MB, to reach: at most {MOST_MB:.0f}")
    print(f"{growth:.2f} times the memory of the small one, to reach: at most {GROWTH}")
    return 0 if large.peak_mb <= MOST_MB and growth <= GROWTH else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
