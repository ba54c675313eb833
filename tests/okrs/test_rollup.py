"""Objectives: the weighted mean and the weakest, each measured thing once across the network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from okr_delivery.model.calendar import Calendar
from okr_delivery.okrs import load_okrs, load_readings
from okr_delivery.okrs.progress import all_progress
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress
from tests.okrs.workspace import day, objective, words, workspace

SHARE = "metric: {direction: increase, baseline: 0, target: 100}"
BOTH = "metric: {direction: composite, rule: all, parts: [A, B]}"
Result = tuple[dict[str, KrProgress], dict[str, ObjectiveProgress]]


def rolled(
    folder: Path,
    files: Mapping[str, str],
    values: Mapping[str, float],
    cycle: str | None = None,
    on: str = "2026-11-30",
) -> Result:
    lines = "".join(f"{kr},2026-11-30,{value}\n" for kr, value in values.items())
    written: dict[str, str | bytes] = {f"okrs/{name}.yaml": text for name, text in files.items()}
    config = workspace(folder, written | {"readings/a.csv": "kr,date,value\n" + lines})
    book = load_okrs(config)
    krs, objectives = all_progress(book, load_readings(config, book), Calendar(), day(on), {}, cycle)
    return {kr.kr.full_id: kr for kr in krs}, {found.id: found for found in objectives}


def test_the_weighted_mean_and_the_weakest(tmp_path: Path) -> None:
    text = objective(f"id: A, weight: 2, {SHARE}", f"id: B, {SHARE}", f"id: C, {SHARE}", name="O")
    _, objectives = rolled(tmp_path, {"o": text}, {"A": 50, "B": 20})
    found = objectives["2026Q4:O"]
    assert found.progress == pytest.approx(0.4)
    assert (found.weakest, found.no_data) == ("2026Q4:B", ("2026Q4:C",))
    assert words(found.arithmetic) == [
        "(2 × 0.50 + 1 × 0.20) / 3 = 0.40",
        "weakest: B with 0.20",
        "left out, no data: C",
    ]
    assert words(found.arithmetic, "zh")[1:] == ["最弱：B，0.20", "未计入（没有数据）：C"]


def test_more_than_all_counts_as_all(tmp_path: Path) -> None:
    _, objectives = rolled(
        tmp_path, {"o": objective(f"id: A, {SHARE}", f"id: B, {SHARE}", name="O")}, {"A": 300, "B": 0}
    )
    assert objectives["2026Q4:O"].progress == 0.5


def test_without_any_data(tmp_path: Path) -> None:
    _, objectives = rolled(tmp_path, {"o": objective(f"id: A, {SHARE}", name="O")}, {})
    found = objectives["2026Q4:O"]
    assert (found.progress, found.weakest, found.no_data) == (None, None, ("2026Q4:A",))
    assert words(found.arithmetic)[0] == "no key result has data"


def test_a_leaf_that_is_reached_on_two_ways_counts_once(tmp_path: Path) -> None:
    files = {
        "top": objective(name="TOP"),
        "left": objective(f"id: L, {SHARE}", name="LEFT", more="    aligns_to: [TOP]\n"),
        "right": objective(f"id: R, {SHARE}", name="RIGHT", more="    aligns_to: [TOP]\n"),
        "leaf": objective(f"id: X, {SHARE}", name="LEAF", more="    aligns_to: [LEFT, RIGHT, TOP]\n"),
    }
    _, objectives = rolled(tmp_path, files, {"L": 10, "R": 20, "X": 90})
    assert objectives["2026Q4:TOP"].progress == pytest.approx(0.4)
    assert objectives["2026Q4:LEFT"].progress == pytest.approx(0.5)


def test_what_serves_a_key_result_does_not_count_beside_it(tmp_path: Path) -> None:
    files = {
        "top": objective(f"id: T, {SHARE}", name="TOP"),
        "team": objective(f"id: X, {SHARE}", name="TEAM", more="    aligns_to: [T]\n"),
    }
    _, objectives = rolled(tmp_path, files, {"T": 30, "X": 90})
    assert objectives["2026Q4:TOP"].progress == pytest.approx(0.3)


def test_a_composite_beside_its_parts_adds_nothing(tmp_path: Path) -> None:
    text = objective(f"id: A, {SHARE}", f"id: B, {SHARE}", f"id: C, weight: 5, {BOTH}", name="O")
    krs, objectives = rolled(tmp_path, {"o": text}, {"A": 20, "B": 60})
    assert krs["2026Q4:C"].progress == pytest.approx(0.2)
    assert objectives["2026Q4:O"].progress == pytest.approx(0.4)


def test_a_composite_stands_for_parts_elsewhere_but_once(tmp_path: Path) -> None:
    files = {
        "o": objective(f"id: C, {BOTH}", f"id: D, {BOTH.replace('all', 'mean')}", name="O"),
        "p": objective(f"id: A, {SHARE}", f"id: B, {SHARE}", name="P"),
    }
    _, objectives = rolled(tmp_path, files, {"A": 20, "B": 60})
    assert objectives["2026Q4:O"].progress == pytest.approx(0.2)
    assert words(objectives["2026Q4:O"].arithmetic)[0] == "(1 × 0.20) / 1 = 0.20"


def test_which_cycles_are_shown(tmp_path: Path) -> None:
    files = {
        state: objective(
            f"id: {state}-KR, {SHARE}",
            name=state,
            cycle=f"cycle: {{id: {name}, start: {start}, end: {end}, state: {state}}}\n",
        )
        for state, name, start, end in (
            ("closed", "Q2", "2026-04-01", "2026-06-30"),
            ("review", "Q3", "2026-07-01", "2026-09-30"),
            ("active", "Q4", "2026-10-01", "2026-12-31"),
            ("draft", "Q1", "2027-01-01", "2027-03-31"),
        )
    }
    krs, objectives = rolled(tmp_path, files, {})
    assert (list(krs), list(objectives)) == (["Q3:review-KR", "Q4:active-KR"], ["Q3:review", "Q4:active"])
    assert list(rolled(tmp_path, files, {}, cycle="Q2")[0]) == ["Q2:closed-KR"]
    assert len(rolled(tmp_path, files, {}, on="2026-01-01")[0]) == 4
