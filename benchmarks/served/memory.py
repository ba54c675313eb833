"""The memory of a process and of those it began, sampled from outside while they run.

What several processes share counts once: each sample is the sum of their proportional sizes (`Pss`). Where the kernel
tells none, nothing is sampled.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY = 0.05
"""Seconds between two samples."""
PROC = Path("/proc")


class Sampled:
    """Samples the family of `pid` until the block is left. `peak` is in MB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.peak = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(EVERY):
            members = family(self._pid)
            size = sum(map(proportional, members))
            if family(self._pid) == members:  # else what one left to the other would count twice
                self.peak = max(self.peak, size / 1024)


def family(pid: int) -> set[int]:
    """The process and all below it."""
    parents = {int(path.name): parent for path in PROC.glob("[0-9]*") if (parent := _parent(path)) is not None}
    wanted = {pid}
    for child in sorted(parents):  # a child has the greater number, but where they have begun again
        if parents[child] in wanted:
            wanted.add(child)
    return wanted


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def proportional(pid: int) -> int:
    """Kilobytes of a process, its share of what it shares; 0 for one that is gone."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text("ascii").splitlines()
    except (OSError, ValueError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
