"""Progress, pace and verdict of single key results, with the arithmetic that people read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from okr_delivery.model.calendar import Calendar
from okr_delivery.model.okr import Direction, Metric
from okr_delivery.okrs import load_okrs, load_readings
from okr_delivery.okrs.measure import clamp, ratio
from okr_delivery.okrs.progress import Thresholds, kr_progress
from okr_delivery.okrs.results import KrProgress, KrStatus, Verdict
from tests.okrs.workspace import day, objective, one, words, workspace

PLAIN = Calendar()
MOVING = "metric: {unit: '%', direction: increase, baseline: 38, target: 50}"
PLAN = MOVING + ", plan: {2026-10: 40, 2026-11: 44, 2026-12: 50}"


def at(
    folder: Path, key_result: str, readings: str, on: str = "2026-11-30", computed: Mapping[str, float] | None = None
) -> KrProgress:
    kr, book, found = one(folder, key_result, readings)
    return kr_progress(kr, book, found, PLAIN, day(on), computed or {})


def read(value: float, on: str = "2026-11-30", kr: str = "GROW-KR1") -> str:
    return f"{kr},{on},{value}\n"


# progress by direction, with its arithmetic


@pytest.mark.parametrize(
    ("metric", "value", "progress", "arithmetic"),
    [
        ("{direction: increase, baseline: 38, target: 50}", 44, 0.5, "(44 − 38) / (50 − 38) = 0.50"),
        ("{direction: increase, baseline: 38, target: 50}", 50, 1, "(50 − 38) / (50 − 38) = 1.00"),
        ("{direction: increase, baseline: 38, target: 50}", 35, -0.25, "(35 − 38) / (50 − 38) = -0.25"),
        ("{direction: increase, baseline: -2, target: 2}", -1, 0.25, "((−1) − (−2)) / (2 − (−2)) = 0.25"),
        ("{direction: decrease, baseline: 40, target: 30}", 37, 0.3, "(37 − 40) / (30 − 40) = 0.30"),
        ("{direction: at_least, target: 99}", 99, 1, "99 ≥ 99: 1.00"),
        ("{direction: at_least, target: 99}", 49.5, 0.5, "49.5 / 99 = 0.50"),
        ("{direction: at_least, target: 99}", 200, 1, "200 ≥ 99: 1.00"),
        ("{direction: at_least, target: 0}", -1, 0, "(−1) < 0: 0.00"),
        ("{direction: at_least, target: -10}", -20, 0, "(−20) < (−10): 0.00"),
        ("{direction: at_most, target: 2}", 2, 1, "2 ≤ 2: 1.00"),
        ("{direction: at_most, target: 2}", 4, 0.5, "2 / 4 = 0.50"),
        ("{direction: at_most, target: 0}", 1, 0, "1 > 0: 0.00"),
        ("{direction: range, low: 12, high: 14, tolerance: 2}", 12, 1, "12 ≤ 12 ≤ 14: 1.00"),
        ("{direction: range, low: 12, high: 14, tolerance: 2}", 14, 1, "12 ≤ 14 ≤ 14: 1.00"),
        ("{direction: range, low: 12, high: 14, tolerance: 2}", 15, 0.5, "15 is 1 outside 12–14: 1 − 1 / 2 = 0.50"),
        ("{direction: range, low: 12, high: 14, tolerance: 2}", 11, 0.5, "11 is 1 outside 12–14: 1 − 1 / 2 = 0.50"),
        ("{direction: range, low: 12, high: 14, tolerance: 2}", 18, -1, "18 is 4 outside 12–14: 1 − 4 / 2 = -1.00"),
        ("{direction: range, low: 12, high: 14}", 14.1, 0, "14.1 is outside 12–14: 0.00"),
    ],
)  # fmt: skip
def test_number_metrics(tmp_path: Path, metric: str, value: float, progress: float, arithmetic: str) -> None:
    found = at(tmp_path, f"metric: {metric}", read(value))
    assert found.progress == pytest.approx(progress)
    assert found.clamped == pytest.approx(min(1, max(0, progress)))
    assert found.value == value
    assert words(found.arithmetic)[0] == arithmetic
    assert words(found.arithmetic, "zh")[0].endswith(f"{progress:.2f}")


@pytest.mark.parametrize(
    ("metric", "value", "progress", "arithmetic"),
    [
        ("{direction: issues, source: jira, jql: x, target: 12}", 9, 0.75, "9 / 12 = 0.75"),
        ("{direction: issues, source: jira, jql: x, target: 12}", 15, 1.25, "15 / 12 = 1.25"),
        (
            "{direction: delivery, name: lead_time, team: payments, baseline: 45, target: 32}", 38.5, 0.5,
            "(38.5 − 45) / (32 − 45) = 0.50",
        ),
    ],
)  # fmt: skip
def test_computed_metrics(tmp_path: Path, metric: str, value: float, progress: float, arithmetic: str) -> None:
    computed = {"2026Q4:GROW-KR1": value}
    found = at(tmp_path, f"metric: {metric}", "", computed=computed)
    assert (found.value, found.progress, found.reading) == (value, progress, None)
    assert words(found.arithmetic)[0] == arithmetic
    without = at(tmp_path, f"metric: {metric}", read(99))
    assert (without.value, without.status) == (None, KrStatus.NO_DATA)
    assert words(without.arithmetic)[0] == "nothing computed from the tracker: no data, which is not zero"


def test_milestones_count_from_the_day_they_are_done(tmp_path: Path) -> None:
    items = "[{id: a, title: a, done: 2026-11-10}, {id: b, title: b, weight: 2, done: 2026-11-30}, {id: c, title: c}]"
    metric = f"metric: {{direction: milestones, items: {items}}}"
    shares = [at(tmp_path, metric, "", on).progress for on in ("2026-11-09", "2026-11-10", "2026-11-30")]
    assert shares == [0, 0.25, 0.75]
    found = at(tmp_path, metric, "")
    assert words(found.arithmetic)[0] == "2 of 3 milestones done, by weight 3 / 4 = 0.75"
    assert words(found.arithmetic, "zh")[0] == "3 个里程碑完成 2 个，按权重 3 / 4 = 0.75"


def test_yes_no(tmp_path: Path) -> None:
    metric = "metric: {direction: yes_no, due: 2026-12-01, done: 2026-11-30}"
    assert [at(tmp_path, metric, "", on).progress for on in ("2026-11-29", "2026-11-30")] == [0, 1]
    assert words(at(tmp_path, metric, "").arithmetic)[0] == "done on 2026-11-30: 1.00"
    assert words(at(tmp_path, metric, "", "2026-11-29").arithmetic, "zh")[0] == "未完成：0.00"


@pytest.mark.parametrize(
    ("rule", "progress", "line"),
    [
        ("all", 0.5, "the weakest of A 0.50, B 1.00: 0.50"),
        ("mean", 0.75, "the mean of A 0.50, B 1.00: 0.75"),
    ],
)
def test_composites(tmp_path: Path, rule: str, progress: float, line: str) -> None:
    text = objective(
        f"id: A, {MOVING}", f"id: B, {MOVING}",
        f"id: C, metric: {{direction: composite, rule: {rule}, parts: [B, 2026Q4:A]}}",
    )  # fmt: skip
    files: dict[str, str | bytes] = {
        "okrs/a.yaml": text,
        "readings/a.csv": "kr,date,value\n" + read(44, kr="A") + read(60, kr="B"),
    }
    config = workspace(tmp_path, files)
    book = load_okrs(config)
    readings = load_readings(config, book)
    found = kr_progress(book.key_results["2026Q4:C"], book, readings, PLAIN, day("2026-11-30"))
    assert (found.progress, words(found.arithmetic)[0]) == (progress, line)
    before = kr_progress(book.key_results["2026Q4:C"], book, readings, PLAIN, day("2026-11-29"))
    assert (before.progress, before.status) == (None, KrStatus.NO_DATA)
    assert words(before.arithmetic)[0] == "no data for A, B"


def test_no_reading_is_no_data_never_zero(tmp_path: Path) -> None:
    found = at(tmp_path, MOVING, read(44, "2026-12-01"))
    assert (found.value, found.progress, found.clamped, found.age_days) == (None, None, None, None)
    assert (found.status, found.verdict) == (KrStatus.NO_DATA, Verdict.UNDETERMINED)
    assert words(found.arithmetic)[0] == "no reading yet: no data, which is not zero"


def test_more_than_all_counts_as_all(tmp_path: Path) -> None:
    found = at(tmp_path, MOVING, read(56))
    assert (found.progress, found.clamped) == (1.5, 1)
    assert words(found.arithmetic)[1] == "counts as 1.00"


def test_both_targets_are_shown_after_an_amendment(tmp_path: Path) -> None:
    amended = MOVING + ", amendments: [{on: 2026-11-10, target: 46, reason: contract postponed, by: lin}]"
    found = at(tmp_path, amended, read(44))
    assert (found.progress, found.original_progress) == (0.75, 0.5)
    assert words(found.arithmetic)[:2] == [
        "(44 − 38) / (46 − 38) = 0.75",
        "target amended on 2026-11-10 by lin (contract postponed); against the original: (44 − 38) / (50 − 38) = 0.50",
    ]
    before = at(tmp_path, amended, read(44, "2026-11-01"), "2026-11-09")
    assert (before.progress, before.original_progress) == (0.5, 0.5)


def test_an_old_reading_is_shown_with_its_age(tmp_path: Path) -> None:
    fresh = at(tmp_path, MOVING, read(44, "2026-11-23"))
    assert (fresh.age_days, fresh.stale, words(fresh.arithmetic)[-1]) == (7, False, "last read 7 days ago")
    old = at(tmp_path, MOVING, read(44, "2026-11-22"))
    assert (old.age_days, old.stale) == (8, True)
    assert words(old.arithmetic)[-1] == "stale: last read 8 days ago, the cadence is 7 days"
    monthly = at(tmp_path, MOVING + ", reading: {cadence: monthly}", read(44, "2026-10-30"))
    assert (monthly.age_days, monthly.stale) == (31, False)


# expected progress


@pytest.mark.parametrize(
    ("on", "value"),
    [
        ("2026-10-31", 40), ("2026-11-15", 42), ("2026-11-30", 44), ("2026-12-31", 50), ("2027-02-01", 50),
        ("2026-10-01", 38 + 2 / 31),
    ],
)  # fmt: skip
def test_the_plan_is_straight_between_month_ends(tmp_path: Path, on: str, value: float) -> None:
    found = at(tmp_path, PLAN, read(44, "2026-10-01"), on)
    assert found.expected_progress == pytest.approx((value - 38) / 12)


def test_the_plan_is_compared_with_the_target_in_force(tmp_path: Path) -> None:
    amended = PLAN + ", amendments: [{on: 2026-11-10, target: 44, reason: r, by: b}]"
    assert at(tmp_path, amended, read(41)).expected_progress == 1
    assert words(at(tmp_path, PLAN, read(41)).arithmetic)[1] == "expected 0.50: the plan says 44 on 2026-11-30"


def test_a_last_month_that_the_cycle_cuts_ends_with_it(tmp_path: Path) -> None:
    cycle = "cycle: {id: C, start: 2026-10-01, end: 2026-11-15}\n"
    text = objective(f"id: K, {MOVING}, plan: {{2026-10: 40, 2026-11: 50}}", cycle=cycle)
    config = workspace(tmp_path, {"okrs/a.yaml": text, "readings/a.csv": "kr,date,value\nK,2026-10-05,39\n"})
    book = load_okrs(config)
    readings = load_readings(config, book)
    found = kr_progress(book.key_results["C:K"], book, readings, PLAIN, day("2026-11-15"))
    assert found.expected_progress == 1


def test_a_plan_without_start_value_begins_at_its_first_month(tmp_path: Path) -> None:
    metric = "metric: {direction: at_least, target: 100}, plan: {2026-10: 50, 2026-12: 100}"
    assert at(tmp_path, metric, read(50, "2026-10-31"), "2026-10-15").expected_progress == 0.5
    started = at(tmp_path, metric, read(20, "2026-10-01"), "2026-10-31").expected_progress
    assert started == 0.5
    middle = at(tmp_path, metric, read(20, "2026-09-30").replace("GROW", "2026Q4:GROW"), "2026-10-15")
    assert middle.expected_progress == pytest.approx((20 + 30 * 15 / 31) / 100)


def test_without_a_plan_it_is_linear_in_working_days(tmp_path: Path) -> None:
    found = at(tmp_path, MOVING, read(44), "2026-11-30")
    assert found.expected_progress == pytest.approx(43 / 66)
    assert words(found.arithmetic)[1] == "expected 43 / 66 working days = 0.65"
    china = Calendar("Asia/Shanghai", country="CN")
    kr, book, readings = one(tmp_path, MOVING, read(44))
    assert kr_progress(kr, book, readings, china, day("2026-11-30")).expected_progress == pytest.approx(39 / 62)
    assert at(tmp_path, MOVING, read(44), "2027-05-01").expected_progress == 1


def test_the_lag_shifts_the_curve(tmp_path: Path) -> None:
    assert at(tmp_path, PLAN + ", lag: 30d", read(39), "2026-11-30").expected_progress == pytest.approx(2 / 12)
    early = at(tmp_path, MOVING + ", lag: 2w", read(38, "2026-10-12"), "2026-10-14")
    assert (early.expected_progress, early.status) == (0, KrStatus.TOO_EARLY)
    assert words(early.arithmetic)[1:3] == [
        "expected 0.00: the lag of 14 days still runs",
        "too early to say: nothing is expected before the lag is over",
    ]
    assert at(tmp_path, MOVING + ", lag: 2w", read(38, "2026-10-12"), "2026-10-15").status is KrStatus.OFF_TRACK


# pace


@pytest.mark.parametrize(
    ("value", "status", "line"),
    [
        (43.4, KrStatus.ON_TRACK, "on track: 0.45 ≥ 0.9 × 0.50"),
        (43.39, KrStatus.AT_RISK, "at risk: 0.7 × 0.50 ≤ 0.45 < 0.9 × 0.50"),
        (42.2, KrStatus.AT_RISK, "at risk: 0.7 × 0.50 ≤ 0.35 < 0.9 × 0.50"),
        (42.19, KrStatus.OFF_TRACK, "off track: 0.35 < 0.7 × 0.50"),
        (20, KrStatus.OFF_TRACK, "off track: 0.00 < 0.7 × 0.50"),
    ],
)
def test_pace_prints_its_rule(tmp_path: Path, value: float, status: KrStatus, line: str) -> None:
    found = at(tmp_path, PLAN, read(value))
    assert found.status is status
    assert line in words(found.arithmetic)


def test_pace_in_chinese(tmp_path: Path) -> None:
    assert words(at(tmp_path, PLAN, read(42.2)).arithmetic, "zh") == [
        "(42.2 − 38) / (50 − 38) = 0.35",
        "预期 0.50：计划在 2026-11-30 为 44",
        "有风险：0.7 × 0.50 ≤ 0.35 < 0.9 × 0.50",
        "最近读数在 0 天前",
    ]


def test_thresholds_can_be_set(tmp_path: Path) -> None:
    kr, book, readings = one(tmp_path, PLAN, read(42.2))
    found = kr_progress(kr, book, readings, PLAIN, day("2026-11-30"), {}, Thresholds(0.7, 0.5))
    assert found.status is KrStatus.ON_TRACK


def test_no_ratio_before_a_tenth_of_the_cycle(tmp_path: Path) -> None:
    days = {on: at(tmp_path, MOVING, read(38, "2026-10-01"), on) for on in ("2026-09-01", "2026-10-08", "2026-10-09")}
    assert days["2026-09-01"].status is KrStatus.NO_DATA
    assert days["2026-10-08"].status is KrStatus.TOO_EARLY
    assert days["2026-10-09"].status is KrStatus.OFF_TRACK
    assert words(days["2026-10-08"].arithmetic)[2] == "too early to say: 6 of 66 working days, less than 10 %"


def test_no_progress_is_on_track_where_the_plan_expects_none(tmp_path: Path) -> None:
    flat = MOVING + ", plan: {2026-10: 38, 2026-11: 38, 2026-12: 50}"
    assert at(tmp_path, flat, read(38)).status is KrStatus.ON_TRACK


# verdict

HEALTH = ", health: [{id: h, title: h, at_most: 2}, {id: g, title: g, at_least: 90}]"


@pytest.mark.parametrize(
    ("core", "h", "g", "on", "verdict"),
    [
        (50, 2, 90, "2026-12-31", Verdict.ACHIEVED),
        (50, 2.1, 90, "2026-12-31", Verdict.HOLLOW),
        (49, 2, 90, "2026-12-31", Verdict.MISSED),
        (49, 2, 89, "2026-12-31", Verdict.FAILED),
        (50, 2, None, "2026-12-31", Verdict.UNDETERMINED),
        (49, 3, None, "2026-12-31", Verdict.UNDETERMINED),
        (None, 2, 90, "2026-12-31", Verdict.UNDETERMINED),
        (50, 2, 90, "2026-11-30", Verdict.ACHIEVED),
        (50, 2.1, 90, "2026-11-30", Verdict.UNDETERMINED),
        (49, 2, 90, "2026-12-30", Verdict.UNDETERMINED),
        (49, 2, 90, "2027-03-01", Verdict.MISSED),
    ],
)
def test_verdicts(
    tmp_path: Path, core: float | None, h: float | None, g: float | None, on: str, verdict: Verdict
) -> None:
    series = (("GROW-KR1", core), ("GROW-KR1/h", h), ("GROW-KR1/g", g))
    readings = "".join(read(value, kr=name) for name, value in series if value is not None)
    found = at(tmp_path, MOVING + HEALTH, readings or read(1, "2026-12-31", "GROW-KR1/h"), on)
    assert found.verdict is verdict
    assert [state.limit for state in found.health] == ["<= 2", ">= 90"]


def test_an_open_yes_no_in_words(tmp_path: Path) -> None:
    assert words(at(tmp_path, "metric: {direction: yes_no}", "").arithmetic)[0] == "not done: 0.00"


def test_without_health_metrics_the_core_decides(tmp_path: Path) -> None:
    assert at(tmp_path, MOVING, read(50), "2026-12-31").verdict is Verdict.ACHIEVED
    assert at(tmp_path, MOVING, read(49), "2026-12-31").verdict is Verdict.MISSED


# what must hold for any numbers

numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
directions = st.sampled_from([Direction.INCREASE, Direction.DECREASE, Direction.DELIVERY])


@settings(deadline=None)
@given(directions, numbers, numbers, numbers)
def test_moving_metrics_meet_both_ends_and_grow_toward_the_target(
    direction: Direction, baseline: float, target: float, value: float
) -> None:
    assume(baseline != target)
    metric = Metric(direction, baseline=baseline, target=target)
    assert ratio(metric, baseline, target) == 0
    assert ratio(metric, target, target) == 1
    further = value + (target - baseline)
    assert ratio(metric, further, target) > ratio(metric, value, target)


@settings(deadline=None)
@given(st.sampled_from([Direction.AT_LEAST, Direction.AT_MOST]), numbers, numbers, numbers)
def test_bounds_are_met_exactly_at_one_and_never_above(direction: Direction, target: float, a: float, b: float) -> None:
    metric = Metric(direction, target=target)
    met = a >= target if direction is Direction.AT_LEAST else a <= target
    assert (ratio(metric, a, target) == 1) == met
    assert ratio(metric, a, target) <= 1
    better, worse = (max(a, b), min(a, b)) if direction is Direction.AT_LEAST else (min(a, b), max(a, b))
    assert ratio(metric, better, target) >= ratio(metric, worse, target)


@settings(deadline=None)
@given(numbers, st.floats(0.001, 1e3), st.floats(0.001, 1e3), numbers)
def test_ranges_are_one_inside_and_zero_at_the_tolerance(
    low: float, width: float, tolerance: float, value: float
) -> None:
    metric = Metric(Direction.RANGE, low=low, high=low + width, tolerance=tolerance)
    inside = low <= value <= low + width
    assert (ratio(metric, value, None) == 1) == inside
    assert ratio(metric, low - tolerance, None) == pytest.approx(0, abs=1e-6 + 1e-9 * abs(low) / tolerance)
    assert 0 <= clamp(ratio(metric, value, None)) <= 1


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(38, 50), min_size=3, max_size=3).map(sorted), st.integers(0, 120))
def test_expected_progress_of_a_rising_plan_never_falls(plan: list[float], n: int) -> None:
    from okr_delivery.model.okr import Cycle, CycleState, KeyResult, Location, Objective
    from okr_delivery.okrs import OkrBook, Readings
    from okr_delivery.okrs.curve import expected

    kr = KeyResult(
        "K", "C", "O", "t", Metric(Direction.INCREASE, baseline=38, target=50), Location("f", 1),
        plan=dict(zip(("2026-10", "2026-11", "2026-12"), plan, strict=True)),
    )  # fmt: skip
    cycle = Cycle("C", date(2026, 10, 1), date(2026, 12, 31), CycleState.ACTIVE)
    book = OkrBook({"C": cycle}, {"C:O": Objective("O", "C", "t", Location("f", 1), key_results=(kr,))})
    days = [date(2026, 9, 20) + timedelta(days=n + step) for step in (0, 1)]
    first, second = (expected(kr, book, Readings(), PLAIN, on).progress for on in days)
    assert 0 <= first <= second + 1e-12 <= 1 + 1e-12
