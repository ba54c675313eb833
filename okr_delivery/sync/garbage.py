"""The collector of cyclic garbage, while a sync runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 50_000
"""New objects before the collector looks at them; Python's own 700 has it look a few thousand times."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """A sync makes millions of objects and hardly a cycle: searching for one takes a sixth of its time."""
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
