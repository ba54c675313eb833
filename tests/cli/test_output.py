"""Tables that stay aligned and numbers that stay numbers."""

from __future__ import annotations

from okr_delivery.model.width import clip, width
from okr_delivery.output.json import number
from okr_delivery.output.table import figure, table


def test_chinese_counts_two_columns() -> None:
    assert width("需求 A") == 6
    lines = table([["需求", "1"], ["ab", "22"]], ["k", "v"], right=(1,)).splitlines()
    assert {width(line) for line in lines} == {8}


def test_clip_says_that_something_was_cut() -> None:
    assert clip("需求交付周期", 7) == "需求交…"
    assert clip("short", 7) == "short"


def test_numbers() -> None:
    assert figure(None) == "–"
    assert figure(1234.5) == "1,234.5"
    assert figure(44.0) == "44"
    assert number(44.0) == 44
    assert number(0.1 + 0.2) == 0.3
    assert number(0.0000004) == 0.0000004
    assert number(14450.6666666) == 14450.6666666
    assert number(None) is None
