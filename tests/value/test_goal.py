"""Which objective a goal text names: ids stand by themselves, in whatever script people write around them."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from okr_delivery.model.okr import Cycle, CycleState, Location, Objective
from okr_delivery.okrs import OkrBook
from okr_delivery.value.goal import named_objective, objectives_in

PLACE = Location("okrs/x.yaml", 1)
CYCLES = {
    "2026Q4": Cycle("2026Q4", date(2026, 10, 1), date(2026, 12, 31), CycleState.ACTIVE),
    "2027Q1": Cycle("2027Q1", date(2027, 1, 1), date(2027, 3, 31), CycleState.DRAFT),
}
OBJECTIVES = [("2026Q4", "GROW"), ("2026Q4", "OPS"), ("2026Q4", "O1.2"), ("2026Q4", "增长"), ("2027Q1", "NEXT")]
BOOK = OkrBook(CYCLES, {f"{c}:{o}": Objective(o, c, "title", PLACE) for c, o in OBJECTIVES})
SNAPSHOT = SimpleNamespace(book=BOOK)
TODAY = date(2026, 11, 18)


def named(text: str) -> str | None:
    return named_objective(SNAPSHOT, text, TODAY)  # type: ignore[arg-type]  # it asks for the book alone


@pytest.mark.parametrize(
    ("text", "objective"),
    [
        ("GROW: checkout in three steps", "2026Q4:GROW"),
        ("grow", "2026Q4:GROW"),
        ("Checkout in three steps (GROW)", "2026Q4:GROW"),
        ("GROW/OPS: checkout", "2026Q4:GROW"),
        ("first OPS, then GROW", "2026Q4:OPS"),
        ("Goal:GROW", "2026Q4:GROW"),
        ("1.GROW 2.OPS", "2026Q4:GROW"),
        ("We end with GROW.", "2026Q4:GROW"),
        ("本迭代目标GROW：三步结账", "2026Q4:GROW"),
        ("目标：ＧＲＯＷ", "2026Q4:GROW"),
        ("增长：三步结账", "2026Q4:增长"),
        ("O1.2 comes first", "2026Q4:O1.2"),
        ("2026Q4:GROW", "2026Q4:GROW"),
        ("2027Q1:NEXT", "2027Q1:NEXT"),
    ],
)
def test_an_id_stands_by_itself(text: str, objective: str) -> None:
    assert named(text) == objective


@pytest.mark.parametrize(
    "text",
    [
        "",
        "growth",
        "GROW-KR1 to 45",
        "GROW_2",
        "Team-GROW",
        "GROW-12",
        "2026Q3-GROW",
        "O1.23",
        "快速增长的一周",
        "NEXT",
    ],
)
def test_part_of_a_word_or_of_another_id_is_none(text: str) -> None:
    assert named(text) is None


def test_a_short_id_behind_another_cycle_means_that_one() -> None:
    assert named("2027Q1:GROW") is None


def test_objectives_of_other_cycles_are_known_too() -> None:
    assert [objective.full_id for objective in objectives_in(BOOK, "NEXT and GROW")] == ["2027Q1:NEXT", "2026Q4:GROW"]
