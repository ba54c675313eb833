"""What the rules about structure and time say where an example can't show it: several parents, levels, halves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.lint.okr101 import ObjectiveCount
from okr_delivery.gate.lint.okr102 import KeyResultCount
from okr_delivery.gate.lint.okr205 import MissingOwner
from okr_delivery.gate.lint.okr302 import FreeRider
from okr_delivery.gate.lint.okr304 import StartsBeforeParent
from okr_delivery.gate.lint.okr401 import SameAsLastCycle
from okr_delivery.gate.lint.okr402 import Sandbagging
from okr_delivery.gate.lint.okr403 import StaleReading
from okr_delivery.gate.lint.rule import LintRule, Undecided
from okr_delivery.gate.lint.subject import Desk
from okr_delivery.gate.rule import Fault, NotApplicable, Outcome
from okr_delivery.locale import translator
from okr_delivery.model.message import Message, msg
from tests.gate.lint.world import CONFIG, Done, desk_of_files

CYCLE = "cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}\n"
MOVING = 'metric: {unit: "%", direction: increase, baseline: 38, target: 50}'
BELOW = CYCLE + "objectives:\n  - {id: GROW, title: Shops stay, owner: lin, aligns_to: [%s]}\n"
KR = CYCLE + "objectives:\n  - {id: GROW, title: Shops stay, owner: lin, source: self_driven, key_results: [%s]}\n"


def above(cycle: str, start: str, state: str = "active") -> str:
    top = "{id: TOP, title: Small towns shop, owner: wang, level: company, source: self_driven}"
    return f"cycle: {{id: {cycle}, start: {start}, end: 2027-12-31, state: {state}}}\nobjectives:\n  - {top}\n"


def kr(n: int = 1, metric: str = MOVING, more: str = "") -> str:
    return f"{{id: GROW-KR{n}, title: Retention {n}, {metric}{more}}}"


def said(rule: type[LintRule], desk: Desk, full_id: str = "2026Q4:GROW-KR1") -> Outcome:
    return rule().check(desk.subject(full_id), desk)


def faults(rule: type[LintRule], desk: Desk, full_id: str = "2026Q4:GROW-KR1") -> list[Fault]:
    found = said(rule, desk, full_id)
    assert not isinstance(found, NotApplicable), found
    return list(found)


def why_not(rule: type[LintRule], desk: Desk, full_id: str = "2026Q4:GROW-KR1") -> str:
    found = said(rule, desk, full_id)
    assert isinstance(found, NotApplicable), found
    return found.reason.id


def english(message: Message) -> str:
    return translator("en").render(message)


# -- counts and owners -------------------------------------------------------------------------------------------------


def many(owner: str, level: str, n: int) -> str:
    row = "  - {{id: {0}{1}{2}, title: T, owner: {0}, level: {1}, source: self_driven}}\n"
    return "".join(row.format(owner, level, i) for i in range(n))


def counted(desk: Desk) -> list[Fault]:
    found = ObjectiveCount().check(desk.book.cycles["2026Q4"], desk)
    assert not isinstance(found, NotApplicable)
    return list(found)


def test_objectives_are_counted_per_owner_and_level(tmp_path: Path) -> None:
    rows = many("lin", "team", 6) + many("lin", "individual", 2) + many("li", "team", 3)
    desk = desk_of_files(tmp_path / "work", {"q4": f"{CYCLE}objectives:\n{rows}"})
    (fault,) = counted(desk)
    assert fault.owner == "lin" and fault.severity is None
    text = english(fault.message)
    assert (
        "6 objectives at level team, where 5 are the most" in text
        and "2 of 3 to 5 objectives at level individual" in text
    )


def test_limits_are_those_of_the_level(tmp_path: Path) -> None:
    limits = "lint: {limits: {team: {objectives: [1, 1], key_results: [1, 1]}}}\n"
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr()}, config=CONFIG + limits)
    assert counted(desk) == []
    assert faults(KeyResultCount, desk, "2026Q4:GROW") == []


def test_too_few_is_said_more_softly_than_too_many(tmp_path: Path) -> None:
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr()})
    (fault,) = counted(desk)
    assert fault.severity is Severity.INFO


def test_a_key_result_falls_to_the_owner_of_its_objective(tmp_path: Path) -> None:
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr()})
    (fault,) = faults(MissingOwner, desk)
    assert fault.severity is Severity.INFO and "lin" in english(fault.message)
    assert faults(MissingOwner, desk, "2026Q4:GROW") == []


# -- the network -------------------------------------------------------------------------------------------------------


def test_each_of_several_parents_is_held_against_the_start(tmp_path: Path) -> None:
    refs = "EARLY:TOP, LATE:TOP, DRAFT:TOP"
    files = {"q4": BELOW % refs, "early": above("EARLY", "2026-01-01"), "late": above("LATE", "2026-12-01")}
    desk = desk_of_files(tmp_path / "work", files | {"draft": above("DRAFT", "2026-01-01", "draft")})
    found = faults(StartsBeforeParent, desk, "2026Q4:GROW")
    assert sorted(str(fault.ref) for fault in found) == ["DRAFT:TOP", "LATE:TOP"]


def test_what_aligns_to_nothing_begins_before_nothing(tmp_path: Path) -> None:
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr()})
    assert why_not(StartsBeforeParent, desk, "2026Q4:GROW") == "lint.okr304.no_parent"


PAST = "cycle: {id: PAST, start: %s, end: 2026-09-30, state: closed}\nobjectives:\n  - {id: %s, title: %s, owner: %s}\n"


@pytest.mark.parametrize(
    ("past", "found"),
    [
        (("2026-07-01", "GROW", "Shops stay", "wang"), ["PAST:GROW"]),
        (("2026-07-01", "KEEP", "Shops  stay!", "wang"), ["PAST:KEEP"]),  # handed down: the same words, all else new
        (("2026-07-01", "KEEP", "Shops stay open", "wang"), []),
        (("2026-04-01", "GROW", "Shops stay", "lin"), ["PAST:GROW"]),  # a half-year before a quarter
        (("2025-10-01", "GROW", "Shops stay", "lin"), None),  # a year is no cycle before a quarter
    ],
    ids=["same-id", "same-text", "other-text", "half-year", "year"],
)
def test_the_last_cycle_is_of_about_the_same_length(
    tmp_path: Path, past: tuple[str, ...], found: list[str] | None
) -> None:
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr(), "past": PAST % past})
    if found is None:
        assert why_not(SameAsLastCycle, desk, "2026Q4:GROW") == "lint.okr401.first"
    else:
        assert [fault.ref for fault in said_of_last(desk)] == found


def said_of_last(desk: Desk) -> list[Fault]:
    outcome = said(SameAsLastCycle, desk, "2026Q4:GROW")
    return [] if isinstance(outcome, NotApplicable) else list(outcome)


def idle(folder: Path, text: str, **work: object) -> Desk:
    desk = desk_of_files(folder / "work", {"q4": text})
    return replace(desk, work=Done(frozenset(desk.book.key_results), **work))  # type: ignore[arg-type]  # by name


def test_an_objective_that_aligns_to_a_key_result_works_for_it(tmp_path: Path) -> None:
    other = "\n  - {id: SUB, title: Pay in three steps, owner: li, aligns_to: [GROW-KR1]}\n"
    assert faults(FreeRider, idle(tmp_path, (KR % kr()).rstrip() + other)) == []


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("metric: {direction: composite, parts: [GROW-KR2]}", "composite"),
        ("metric: {direction: milestones, items: [{id: beta, title: beta}]}", "milestones"),
    ],
)
def test_work_that_is_seen_elsewhere_is_not_asked_for(tmp_path: Path, metric: str, reason: str) -> None:
    desk = idle(tmp_path, KR % f"{kr(1, metric)}, {kr(2)}")
    assert why_not(FreeRider, desk) == f"lint.okr302.{reason}"


def test_nobody_rides_free_before_the_cycle_begins(tmp_path: Path) -> None:
    desk = idle(tmp_path, (KR % kr()).replace("active", "draft"))
    assert why_not(FreeRider, desk) == "lint.okr302.not_begun"
    early = replace(idle(tmp_path / "2", KR % kr()), day=desk.book.cycles["2026Q4"].start.replace(month=9))
    assert why_not(FreeRider, early) == "lint.okr302.not_begun"


def test_without_a_store_nobody_knows_who_works(tmp_path: Path) -> None:
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr()})
    assert why_not(FreeRider, desk) == "lint.okr302.no_store"


def test_missing_work_may_be_there_while_a_source_is_half_fetched(tmp_path: Path) -> None:
    doubt = msg("lint.work.history", source="jira", command="sync")
    found = said(FreeRider, idle(tmp_path, KR % kr(), missing=(doubt,)))
    assert isinstance(found, Undecided) and found.reason == doubt


# -- time --------------------------------------------------------------------------------------------------------------


def read(folder: Path, metric: str, rows: str, **more: str) -> Desk:
    return desk_of_files(folder / "work", {"q4": KR % kr(1, metric)}, readings=rows, **more)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("metric", "rows", "found"),
    [
        ("metric: {direction: at_least, target: 5}", "GROW-KR1,2026-10-02,4\nGROW-KR1,2026-10-09,5\n", True),
        ("metric: {direction: at_least, target: 5}", "GROW-KR1,2026-10-02,6\nGROW-KR1,2026-10-09,5\n", False),
        ("metric: {direction: range, low: 1, high: 9}", "GROW-KR1,2026-10-09,5\n", False),
        (MOVING, "GROW-KR1,2026-10-09,50\nGROW-KR1,2026-10-16,49\n", False),
        (MOVING, "GROW-KR1,2026-10-09,50\nGROW-KR1,2026-10-16,49\nGROW-KR1,2026-11-20,50\n", False),
        (MOVING, "GROW-KR1,2026-11-15,50\n", True),
        (MOVING, "GROW-KR1,2026-11-16,50\n", False),
        (
            MOVING + ", amendments: [{on: 2026-10-20, target: 60, reason: r, by: lin}]",
            "GROW-KR1,2026-10-09,50\n",
            False,
        ),
    ],
)
def test_reached_early_is_reached_for_good_and_by_moving(tmp_path: Path, metric: str, rows: str, found: bool) -> None:
    desk = read(tmp_path, metric, rows)
    answer = said(Sandbagging, desk)
    assert (not isinstance(answer, NotApplicable) and bool(answer)) is found


@pytest.mark.parametrize(
    ("dones", "found"),
    [(("2026-10-05", "2026-10-20"), True), (("2026-10-05", "2026-11-20"), False), (("2026-10-05", "null"), False)],
)
def test_milestones_are_early_when_all_are(tmp_path: Path, dones: tuple[str, str], found: bool) -> None:
    items = ", ".join(f"{{id: m{n}, title: m, due: 2026-12-0{n + 1}, done: {d}}}" for n, d in enumerate(dones))
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr(1, f"metric: {{direction: milestones, items: [{items}]}}")})
    assert bool(faults(Sandbagging, desk)) is found


def test_what_the_trackers_count_is_known_today_alone(tmp_path: Path) -> None:
    metric = "metric: {direction: issues, source: jira, jql: x, target: 12}"
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr(1, metric)}, day="2026-10-20")
    assert why_not(Sandbagging, desk) == "lint.reached.computed"
    assert faults(Sandbagging, replace(desk, work=Done(computed={"2026Q4:GROW-KR1": 12.0})))
    assert faults(Sandbagging, replace(desk, work=Done(computed={"2026Q4:GROW-KR1": 11.0}))) == []


@pytest.mark.parametrize(("last", "found"), [("49", True), ("48", False)])
def test_an_objective_all_of_which_is_nearly_reached(tmp_path: Path, last: str, found: bool) -> None:
    text = KR % f"{kr(1)}, {kr(2)}"
    rows = f"GROW-KR1,2026-12-20,50\nGROW-KR2,2026-12-20,{last}\n"
    desk = desk_of_files(tmp_path / "work", {"q4": text}, readings=rows, day="2026-12-28")
    assert bool(faults(Sandbagging, desk, "2026Q4:GROW")) is found
    assert faults(Sandbagging, desk) == []


def test_the_same_is_not_said_of_a_key_result_and_its_objective(tmp_path: Path) -> None:
    rows = "GROW-KR1,2026-10-09,50\nGROW-KR2,2026-10-09,50\n"
    desk = desk_of_files(tmp_path / "work", {"q4": KR % f"{kr(1)}, {kr(2)}"}, readings=rows)
    assert faults(Sandbagging, desk) and faults(Sandbagging, desk, "2026Q4:GROW") == []


def test_after_the_end_of_a_cycle_a_reading_grows_no_older(tmp_path: Path) -> None:
    desk = read(tmp_path, MOVING, "GROW-KR1,2026-12-28,43\n", day="2027-01-20")
    assert faults(StaleReading, desk) == []


def test_a_key_result_is_stale_when_it_was_never_read(tmp_path: Path) -> None:
    text = KR % f"{kr(1)}, {kr(2)}"
    desk = desk_of_files(tmp_path / "work", {"q4": text}, readings="GROW-KR2,2026-11-20,43\n")
    (fault,) = faults(StaleReading, desk)
    assert fault.message.id == "lint.okr403.never"
    assert fault.fix is not None and "okr read 2026Q4:GROW-KR1" in english(fault.fix)


def test_what_is_read_monthly_is_not_stale_after_weeks(tmp_path: Path) -> None:
    slow = desk_of_files(
        tmp_path / "work",
        {"q4": KR % kr(1, MOVING, ", reading: {cadence: monthly}")},
        readings="GROW-KR1,2026-10-25,43\n",
    )
    assert faults(StaleReading, slow) == []


def test_without_any_reading_nothing_is_stale(tmp_path: Path) -> None:
    desk = desk_of_files(tmp_path / "work", {"q4": KR % kr()})
    assert why_not(StaleReading, desk) == "lint.okr403.no_readings"
