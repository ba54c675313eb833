"""Peak memory of a first sync of GitLab: 100,000 issues against 10,000, each in a fresh process.

As `benchmarks.first_sync_memory` measures it: both client processes together, what they share counted once. Exit code 1
when a limit is broken.

    python -m benchmarks.gitlab_first_sync_memory [--issues 100000] [--small 10000]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.first_sync import Ours, ours
from benchmarks.first_sync_memory import LATENCY, report
from benchmarks.served.gitlab.record import prepare
from benchmarks.served.process import ROOT

IMPORTED = "import okr_delivery_gitlab; from benchmarks.served.client import peak; print(peak())"


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
