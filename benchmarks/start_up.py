"""Start-up: `okr-delivery --version` against `python -c 'import click'`, in turn; prints medians and the ratio.

Exit code 1 when the limit is broken.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
MOST = 1.5
OURS = [str(Path(sys.executable).with_name("okr-delivery")), "--version"]
BASELINE = [sys.executable, "-c", "import click"]


def seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> int:
    seconds(OURS), seconds(BASELINE)  # warm the caches
    pairs = [(seconds(OURS), seconds(BASELINE)) for _ in range(RUNS)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"okr-delivery --version   {1000 * ours:6.0f} ms (median of {RUNS})")
    print(f"python -c 'import click' {1000 * theirs:6.0f} ms (baseline)")
    print(f"ratio {ratio:.2f}, to reach: at most {MOST}")
    return 0 if ratio <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
