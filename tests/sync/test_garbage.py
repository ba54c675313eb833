"""The collector runs seldom during a sync, and as before after it."""

from __future__ import annotations

import gc
import weakref

import pytest

from okr_delivery.sync.garbage import PAGES, SELDOM, frugal, swept


def test_all_is_as_before_whatever_happens() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with pytest.raises(KeyError), frugal():
        assert gc.get_threshold()[0] == SELDOM
        assert gc.get_freeze_count() > frozen
        raise KeyError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, frozen)


class Knot:
    """Keeps itself alive."""

    def __init__(self) -> None:
        self.me = self


def test_cycles_do_not_pile_up() -> None:
    alive: list[weakref.ref[Knot]] = []
    with frugal():
        for _ in swept(range(3 * PAGES)):
            alive.append(weakref.ref(Knot()))
            assert sum(ref() is not None for ref in alive) <= PAGES
