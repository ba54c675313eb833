"""Attribution, calibration and windows: the worked examples and what must always hold."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.calendar import Calendar
from okr_delivery.model.conclusion import Conclusion, Verb
from okr_delivery.model.okr import Direction, Effect, KeyResult, Location, Metric
from okr_delivery.value.attribution import Attribution, Part, attribute
from okr_delivery.value.calibration import Realised, calibration, ratio
from okr_delivery.value.hits import Due, hit_rate
from okr_delivery.value.results import HitRate, ObservationWindow, WindowState
from okr_delivery.value.trace import total
from okr_delivery.value.windows import NOT_RELEASED, Stake, due_on, joint, need_conclusion, window_of
from tests.value.world import at

UTC = Calendar("UTC")


# -- the worked examples -----------------------------------------------------------------------------------------------


def test_v01_nothing_observed_and_nothing_expected() -> None:
    assert attribute(None, [Part("a", 2.0)], 1) == Attribution()
    assert ratio([(0.0, 3.0)]) is None
    assert ratio([]) is None


def test_v02_measured_above_observed() -> None:
    found = attribute(4, [Part("a", 3, measured=5), Part("b", 1)], 1)
    assert found.over
    assert found.allocated == {}
    assert found.unexplained is None


@pytest.mark.parametrize(
    ("drift", "allocated", "unexplained"),
    [(-2, {"b": 2, "c": 1}, None), (5, {"b": 0, "c": 0}, -2), (0, {"b": 2, "c": 1}, None)],
)
def test_v03_the_remainder_is_split_by_amounts(
    drift: float, allocated: dict[str, float], unexplained: float | None
) -> None:
    parts = [Part("a", 9, measured=1), Part("b", 2), Part("c", 1)]
    found = attribute(4, parts, 1, drift=drift)
    assert found.allocated == pytest.approx(allocated)
    assert found.unexplained == unexplained
    assert not found.over


def effect(value: float, low: float | None, high: float | None = None) -> Effect:
    return Effect("jira", "PAY-1", "C:K", date(2026, 11, 1), value, "experiment", low, high)


def test_v04_hit_rate_coverage_and_bounds() -> None:
    hits = [Due(2, effect(1, 0.1)), Due(-4, effect(-3, -5, -1))]
    misses = [Due(2, effect(0.9, 0.1)), Due(2, effect(1, -0.1))]
    found = hit_rate([*hits, *misses, *[Due(2, None)] * 6])
    assert found == HitRate(due=10, measured=4, hits=2, rate=0.5, coverage=0.4, low=0.2, high=0.8)


def test_no_lower_bound_is_no_hit() -> None:
    found = hit_rate([Due(2, effect(5, None))])
    assert found is not None
    assert (found.hits, found.unbounded) == (0, 1)
    assert hit_rate([]) is None
    unmeasured = hit_rate([Due(2, None)])
    assert unmeasured is not None
    assert (unmeasured.rate, unmeasured.low, unmeasured.high) == (None, 0, 1)


def test_v05_realisation_of_a_falling_key_result() -> None:
    assert ratio([(-4, -3)]) == 0.75


def test_a_falling_key_result_is_split_the_same_way() -> None:
    found = attribute(-4, [Part("a", -9, measured=-1), Part("b", -2), Part("c", -1)], -1)
    assert found.allocated == pytest.approx({"b": -2, "c": -1})
    assert attribute(-4, [Part("a", -3, measured=-5)], -1).over


def test_without_amounts_it_is_one_group() -> None:
    assert attribute(4, [Part("a", None), Part("b", None)], 1) == Attribution(unexplained=4, group=True)
    assert attribute(4, [Part("a", None)], 1) == Attribution(unexplained=4)
    assert attribute(4, [], 1) == Attribution(unexplained=4)


def test_amounts_against_the_direction_take_nothing() -> None:
    assert attribute(4, [Part("a", -5), Part("b", 1)], 1).allocated == {"b": 4}


amounts = st.floats(-100, 100, allow_nan=False).map(lambda value: round(value, 3))
parts = st.lists(
    st.builds(Part, st.uuids().map(str), st.one_of(st.none(), amounts), st.one_of(st.none(), amounts)), max_size=6
)


@given(amounts, parts, st.sampled_from([1, -1]), amounts)
def test_never_more_is_attributed_than_was_observed(
    observed: float, given_parts: list[Part], sign: int, drift: float
) -> None:
    found = attribute(observed, given_parts, sign, drift)
    measured = [part.measured for part in given_parts if part.measured is not None]
    if found.over:
        assert sign * sum(measured) > sign * observed
        assert found.allocated == {}
        return
    given_out = sign * (sum(measured) + sum(found.allocated.values()))
    if measured or any(found.allocated.values()):
        assert given_out <= sign * observed + 1e-6
    assert all(sign * share >= 0 for share in found.allocated.values())
    assert not set(found.allocated) & {part.key for part in given_parts if part.measured is not None}


@given(amounts, parts, amounts)
def test_the_order_of_requirements_does_not_matter(observed: float, given_parts: list[Part], drift: float) -> None:
    one = attribute(observed, given_parts, 1, drift)
    other = attribute(observed, given_parts[::-1], 1, drift)
    assert one.allocated == pytest.approx(dict(other.allocated))
    assert one.over == other.over


# -- calibration -------------------------------------------------------------------------------------------------------


def realised(kr: str, expected: float, value: float, span: float | None = 10) -> Realised:
    return Realised(kr, expected, value, span)


def test_calibration_needs_five_traces_else_the_wider_pool() -> None:
    four = [realised("a", 2, 1)] * 4
    assert calibration(four, "a") is None
    assert calibration([*four, realised("a", 2, 2)], "a") == pytest.approx(0.6)
    wide = [*four, realised("b", 100, 100, span=1000)]
    assert calibration(wide, "a") == pytest.approx((4 * 0.1 + 0.1) / (4 * 0.2 + 0.1))
    assert calibration(wide, "c") == pytest.approx(calibration(wide, "a"))
    assert calibration([*four, realised("b", 1, 1, span=None)], "a") is None
    assert calibration([], "a") is None


# -- windows -----------------------------------------------------------------------------------------------------------


def key_result(lag: int = 2, observe: int = 14) -> KeyResult:
    metric = Metric(Direction.INCREASE, "%", 38, 50)
    return KeyResult("K", "C", "O", "t", metric, Location("f", 1), lag_days=lag, observe_days=observe)


def conclusion(verb: Verb, due: date | None = None) -> Conclusion:
    return Conclusion("jira", "PAY-1", None, verb, "because", at(10, 26), due=due)


def test_a_window_begins_after_the_lag_and_includes_its_last_day() -> None:
    released = date(2026, 10, 10)
    found = window_of(released, key_result(), UTC, at(10, 20), None)
    assert found == ObservationWindow(date(2026, 10, 12), date(2026, 10, 25), WindowState.OPEN)
    last_second = UTC.day_end(date(2026, 10, 25)) - 1
    assert window_of(released, key_result(), UTC, last_second - 1, None).state is WindowState.OPEN
    assert window_of(released, key_result(), UTC, last_second, None).state is WindowState.DUE
    assert window_of(None, key_result(), UTC, last_second, None) == NOT_RELEASED


def test_a_conclusion_ends_a_window_and_observing_longer_moves_its_end() -> None:
    released = date(2026, 10, 10)
    assert window_of(released, key_result(), UTC, at(11, 30), conclusion(Verb.FIX)).state is WindowState.CONCLUDED
    longer = window_of(released, key_result(), UTC, at(10, 30), conclusion(Verb.OBSERVE))
    assert (longer.end, longer.state) == (date(2026, 11, 8), WindowState.OPEN)
    until = window_of(released, key_result(), UTC, at(11, 30), conclusion(Verb.OBSERVE, date(2026, 11, 20)))
    assert (until.end, until.state) == (date(2026, 11, 20), WindowState.DUE)


def test_the_joint_window() -> None:
    one = ObservationWindow(date(2026, 10, 12), date(2026, 10, 25), WindowState.CONCLUDED)
    other = ObservationWindow(date(2026, 10, 14), date(2026, 10, 27), WindowState.DUE)
    assert joint([], UTC, at(11, 1)) == NOT_RELEASED
    both = joint([(one, True), (other, True), (NOT_RELEASED, True)], UTC, at(11, 1))
    assert both == ObservationWindow(date(2026, 10, 12), date(2026, 10, 27), WindowState.DUE)
    assert joint([(one, True), (other, False)], UTC, at(11, 1)).state is WindowState.CONCLUDED
    assert joint([(one, True), (other, False)], UTC, at(10, 26)).state is WindowState.OPEN


def test_grace_is_rounded_up_to_days() -> None:
    window = ObservationWindow(date(2026, 10, 12), date(2026, 10, 25), WindowState.DUE)
    assert due_on(window, 3 * 86_400) == date(2026, 10, 28)
    assert due_on(window, 86_401) == date(2026, 10, 27)
    assert due_on(NOT_RELEASED, 1) is None


# -- who has to decide -------------------------------------------------------------------------------------------------


def stakes(kr: str, *given: float | None) -> list[Stake]:
    return [Stake((f"{kr}{n}", kr), kr, amount) for n, amount in enumerate(given)]


def chosen(found: frozenset[tuple[str, str]]) -> set[str]:
    return {key for key, _ in found}


def test_only_the_few_that_hold_most_of_it() -> None:
    assert chosen(need_conclusion(stakes("a", 50, 30, 15, 5), 0.8, 15)) == {"a0", "a1"}
    assert chosen(need_conclusion(stakes("a", -50, 30, None), 0.8, 15)) == {"a0", "a1"}
    assert chosen(need_conclusion(stakes("a", None, None), 0.8, 15)) == {"a0", "a1"}
    assert chosen(need_conclusion([*stakes("a", 9, 1), *stakes("b", 1, 1)], 0.8, 15)) == {"a0", "b0", "b1"}
    assert chosen(need_conclusion([*stakes("a", 9, 1), *stakes("b", 1, 1)], 0.8, 2)) == {"a0", "b0"}
    assert need_conclusion([], 0.8, 15) == frozenset()


@given(st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=12), st.floats(0, 1))
def test_the_chosen_hold_the_cover(given_amounts: list[float], cover: float) -> None:
    found = need_conclusion(stakes("a", *given_amounts), cover, 100)
    held = sum(amount for n, amount in enumerate(given_amounts) if f"a{n}" in chosen(found))
    assert held >= (cover - 1e-6) * sum(given_amounts)


def test_totals_tell_nothing_from_unknown() -> None:
    assert total([]) == 0
    assert total([None]) is None
    assert total([None, 2]) == 2
