"""Memory and its collector while a sync runs."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

SELDOM = 50_000
"""New objects before the collector looks at them; Python's own 700 has it look a few thousand times."""
PAGES = 20
"""Pages after which it looks at all of what is new."""
LARGE = 128 * 1024
M_MMAP_THRESHOLD = -3  # of glibc's malloc.h
M_ARENA_MAX = -8
Item = TypeVar("Item")


@contextmanager
def frugal() -> Iterator[None]:
    """A sync makes millions of objects and hardly a cycle: searching for one takes a sixth of its time.

    What was there before is not searched at all, nor are its pages written to, which a fork shares. A sync also reads
    thousands of large answers in several threads. Left alone, glibc keeps what they took for later, in pieces, and the
    process grows for as long as it runs; here large buffers go back to the system at once, and all threads take what
    they need from one heap instead of one each: only one of them runs Python at a time.
    """
    _give_back()
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def swept(pages: Iterable[Item]) -> Iterator[Item]:
    """The pages, with a search for cycles now and then: the few there are would keep some of each in memory."""
    for number, page in enumerate(pages, 1):
        yield page
        if number % PAGES == 0:
            gc.collect()


def _give_back() -> None:
    """Does nothing where the C library is another one."""
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_ARENA_MAX, 1)
