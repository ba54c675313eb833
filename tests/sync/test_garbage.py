"""The collector runs seldom during a sync, and as before after it."""

from __future__ import annotations

import gc

import pytest

from okr_delivery.sync.garbage import SELDOM, frugal


def test_the_thresholds_come_back_whatever_happens() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError), frugal():
        assert gc.get_threshold()[0] == SELDOM
        raise KeyError
    assert gc.get_threshold() == before
