"""The gate on an iteration of 300 requirements: in a store that holds only those, and among a million issues.

Both stores hold the same 300 open requirements of one team's next sprint and the 15 epics that some of them inherit
from. The large one is filled up with the past of ten teams of as many projects: four years of two-week sprints full of
finished stories, bugs and sub-tasks with histories of some 14 changes, the sprint that runs now, and an open backlog.
Those are copies of real derivations, shifted by whole sprints, inserted into the store's own tables.

`okr-delivery gate --iteration` runs on both in turn, as a command, up to the stages of pitch and of iteration. Prints
seconds, memory and the ratio of the medians. Exit code 1 when the limit is broken. What the limit does not speak of is
shown beside it.

    python -m benchmarks.gate_scale [--issues 1000000] [--runs 7]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.served.crowd import ASKED_KEY, NEXT, PLANNED

MOST = 1.5
COMMAND = str(Path(sys.executable).with_name("okr-delivery"))
LIMITED = (("--iteration", NEXT), ("--iteration", NEXT, "--stage", "iteration"))
OTHERS = (
    ("--team", "team0"),
    ("--issue", ASKED_KEY),
)


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    peak_mb: float


def gate(folder: Path, arguments: tuple[str, ...]) -> Run:
    """One run of the command; its findings are not looked at, but it must come to a verdict."""
    begun = time.perf_counter()
    with subprocess.Popen([COMMAND, "-C", str(folder), "gate", *arguments], stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"no verdict: exit code {child.returncode} of gate {' '.join(arguments)}")
    return Run(time.perf_counter() - begun, used.ru_maxrss / 1024)


def both(small: Path, large: Path, arguments: tuple[str, ...], runs: int) -> tuple[Run, Run]:
    """The medians of runs in turn, after one on each that warms the caches."""
    pairs = [(gate(small, arguments), gate(large, arguments)) for _ in range(runs + 1)][1:]
    few, many = zip(*pairs, strict=True)
    return _median(few), _median(many)


def _median(runs: tuple[Run, ...]) -> Run:
    seconds, peaks = ([getattr(run, name) for run in runs] for name in ("seconds", "peak_mb"))
    return Run(statistics.median(seconds), statistics.median(peaks))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issues", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name) / "small", Path(name) / "large"
        begun = time.perf_counter()
        command = [sys.executable, "-m", "benchmarks.served.crowd", name, str(asked.issues)]
        made = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        issues, changes = map(int, made.split())
        os.sync()  # or the disk is still busy with it while the first runs are measured
        built = time.perf_counter() - begun
        size = (large / ".okr-delivery" / "store.db").stat().st_size / 1e9
        print(f"{issues:,} issues, {changes:,} changes, {size:.1f} GB, made in {built:.0f} s")
        kept = [report(small, large, limited, asked.runs, limit=MOST) for limited in LIMITED]
        for others in OTHERS:
            report(small, large, others, max(asked.runs // 3, 1))
    return 0 if all(kept) else 1


def report(small: Path, large: Path, arguments: tuple[str, ...], runs: int, limit: float | None = None) -> bool:
    few, many = both(small, large, arguments, runs)
    ratio = many.seconds / few.seconds
    print(f"gate {' '.join(arguments)}   n = {PLANNED}, median of {runs}, load {os.getloadavg()[0]:.1f}")
    print(f"  alone   {few.seconds:6.2f} s   {few.peak_mb:5.0f} MB")
    print(f"  among   {many.seconds:6.2f} s   {many.peak_mb:5.0f} MB")
    print(f"  ratio   {ratio:6.2f}" + (f", to reach: at most {limit}" if limit else ""))
    return limit is None or ratio <= limit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
