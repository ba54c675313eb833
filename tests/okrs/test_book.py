"""Which key result a short id means on a day, targets and spans."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.okrs import KrAmbiguous, KrFound, KrUnknown, OkrBook
from tests.okrs.workspace import book_of, day, objective, one

NUMBER = "metric: {direction: increase, baseline: 1, target: 2}"


def cycle(name: str, start: str, end: str) -> str:
    return f"cycle: {{id: {name}, start: {start}, end: {end}}}\n"


@pytest.fixture
def book(tmp_path: Path) -> OkrBook:
    q3 = cycle("2026Q3", "2026-07-01", "2026-09-30")
    q4 = cycle("2026Q4", "2026-10-01", "2026-12-31")
    q1 = cycle("2027Q1", "2027-01-04", "2027-03-31")
    year = cycle("2026", "2026-01-01", "2026-12-31")
    return book_of(
        tmp_path,
        q3=objective(f"id: GROW-KR1, {NUMBER}", f"id: OLD-KR1, {NUMBER}", cycle=q3),
        q4=objective(f"id: GROW-KR1, {NUMBER}", f"id: BOTH-KR1, {NUMBER}", cycle=q4),
        q1=objective(f"id: GROW-KR1, {NUMBER}", f"id: NEXT-KR1, {NUMBER}", cycle=q1),
        year=objective(f"id: BOTH-KR1, {NUMBER}", name="YEAR", cycle=year),
    )


@pytest.mark.parametrize(
    ("ref", "on", "full"),
    [
        ("GROW-KR1", "2026-08-01", "2026Q3:GROW-KR1"),
        ("GROW-KR1", "2026-09-30", "2026Q3:GROW-KR1"),
        ("GROW-KR1", "2026-10-01", "2026Q4:GROW-KR1"),
        ("GROW-KR1", "2026-12-31", "2026Q4:GROW-KR1"),
        ("GROW-KR1", "2027-01-02", "2027Q1:GROW-KR1"),
        ("GROW-KR1", "2026-03-01", "2026Q3:GROW-KR1"),
        ("NEXT-KR1", "2026-11-01", "2027Q1:NEXT-KR1"),
        (" grow-kr1 ", "2026-11-01", "2026Q4:GROW-KR1"),
        ("2026q3:grow-kr1", "2026-11-01", "2026Q3:GROW-KR1"),
        ("BOTH-KR1", "2026-05-01", "2026:BOTH-KR1"),
    ],
)
def test_resolve(book: OkrBook, ref: str, on: str, full: str) -> None:
    found = book.resolve(ref, day(on))
    assert isinstance(found, KrFound)
    assert found.kr.full_id == full


def test_two_fits(book: OkrBook) -> None:
    assert book.resolve("BOTH-KR1", day("2026-11-01")) == KrAmbiguous(("2026:BOTH-KR1", "2026Q4:BOTH-KR1"))


@pytest.mark.parametrize(
    ("ref", "on", "nearest"),
    [
        ("GROW-KR2", "2026-11-01", "GROW-KR1"),
        ("GROWKR1", "2026-11-01", "GROW-KR1"),
        ("OLD-KR1", "2026-11-01", "2026Q3:OLD-KR1"),
        ("OLD-KR2", "2026-11-01", None),
        ("GROW-KR1", "2027-06-01", "2027Q1:GROW-KR1"),
        ("2026Q4:GROW-KR9", "2026-11-01", "GROW-KR1"),
        ("zzz", "2026-11-01", None),
        ("GLOW-KR1", "2026-11-01", "GROW-KR1"),
        ("GRO-KR1", "2026-11-01", "GROW-KR1"),
        ("GROW-R1", "2026-11-01", "GROW-KR1"),
        ("COST-KR1", "2026-11-01", None),
    ],
)
def test_unknown_names_what_to_write(book: OkrBook, ref: str, on: str, nearest: str | None) -> None:
    assert book.resolve(ref, day(on)) == KrUnknown(nearest)


def test_short_ids_are_used_where_they_are_enough(book: OkrBook) -> None:
    kr = book.key_results["2026Q3:GROW-KR1"]
    assert book.short_id(kr, day("2026-08-01")) == "GROW-KR1"
    assert book.short_id(kr, day("2026-11-01")) == "2026Q3:GROW-KR1"


def test_the_shortest_cycle_of_a_day(book: OkrBook) -> None:
    assert getattr(book.cycle_at(day("2026-11-01")), "id", None) == "2026Q4"
    assert getattr(book.cycle_at(day("2026-02-01")), "id", None) == "2026"
    assert book.cycle_at(day("2027-01-02")) is None


def test_targets_follow_amendments(tmp_path: Path) -> None:
    amended = (
        "amendments: [{on: 2026-11-10, target: 46, reason: r, by: b}, {on: 2026-11-01, target: 48, reason: r, by: b}]"
    )
    kr, book, readings = one(tmp_path, f"metric: {{direction: increase, baseline: 38, target: 50}}, {amended}")
    targets = [book.target_at(kr, day(on)) for on in ("2026-10-31", "2026-11-01", "2026-11-09", "2026-11-10")]
    assert targets == [50, 48, 48, 46]
    assert [book.span(kr, day(on), readings) for on in ("2026-10-31", "2026-12-01")] == [12, 8]


@pytest.mark.parametrize(
    ("metric", "readings", "span"),
    [
        ("{direction: decrease, baseline: 40, target: 30}", "", -10),
        ("{direction: at_least, target: 99}", "GROW-KR1,2026-10-01,95\n", 4),
        ("{direction: at_least, target: 99}", "GROW-KR1,2026-10-08,95\n", 4),
        ("{direction: at_least, target: 99}", "GROW-KR1,2026-10-09,95\n", None),
        ("{direction: at_least, target: 99}", "", None),
        ("{direction: at_most, target: 3}", "GROW-KR1,2026-10-03,3\n", None),
        ("{direction: issues, source: jira, jql: x, target: 12}", "GROW-KR1,2026-10-01,2\n", 10),
        ("{direction: delivery, name: lead_time, team: payments, baseline: 45, target: 32}", "", -13),
        ("{direction: range, low: 1, high: 2}", "GROW-KR1,2026-10-01,1\n", None),
        ("{direction: yes_no}", "", None),
    ],
)
def test_spans(tmp_path: Path, metric: str, readings: str, span: float | None) -> None:
    kr, book, found = one(tmp_path, f"metric: {metric}", readings)
    assert book.span(kr, day("2026-11-01"), found) == span


def test_a_full_reading_on_the_eve_is_the_start(tmp_path: Path) -> None:
    kr, book, found = one(tmp_path, "metric: {direction: at_least, target: 99}", "2026Q4:GROW-KR1,2026-09-28,90\n")
    assert book.start_value(kr, found) == 90


def test_alignment_looks_in_the_own_cycle_first(tmp_path: Path) -> None:
    year = cycle("2026", "2026-01-01", "2026-12-31")
    book = book_of(
        tmp_path,
        year=objective(f"id: TOP-KR1, {NUMBER}", name="TOP", cycle=year),
        q4=objective(name="GROW", more="    aligns_to: [TOP-KR1]\n"),
    )
    assert book.parents("2026Q4:GROW") == ("2026:TOP-KR1",)
