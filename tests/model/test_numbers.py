"""Sums, ratios and parts without the noise of binary fractions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.numbers import divided, less, tidy, total

amounts = st.integers(-(10**9), 10**9).map(lambda n: n / 1000)
weights = st.lists(st.integers(0, 5000).map(lambda n: n / 100), min_size=1, max_size=8).filter(any)


def test_written_numbers_add_up_as_written() -> None:
    assert total([0.1, 0.2, 0.3]) == 0.6
    assert less(46.3, 45.1) == 1.2
    assert less(1_000_000.1, 1_000_000) == 0.1
    assert less(4.2, 1.4, 2.8) == 0
    assert tidy(0.05 * 12) == 0.6
    assert total([]) == 0


@pytest.mark.parametrize(("value", "parts"), [(1, [1, 1, 1]), (2, [1, 1, 1]), (-7, [3, 0, 4]), (0.3, [0.1, 0.2])])
def test_parts_add_up(value: float, parts: list[float]) -> None:
    assert total(divided(value, parts)) == value


@given(amounts, weights)
def test_parts_are_in_proportion_and_never_more_than_the_whole(value: float, parts: list[float]) -> None:
    found = divided(value, parts)
    assert sum(Decimal(repr(part)) for part in found) == Decimal(repr(value))
    whole = sum(parts)
    for part, weight in zip(found, parts, strict=True):
        assert part == pytest.approx(value * weight / whole, rel=1e-9, abs=1e-9 * max(abs(value), 1))
