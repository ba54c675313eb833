"""What fits into an iteration and what stands in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.model.numbers import total
from okr_delivery.value.capacity import Capacity, Load, capacity, effort, load, share_apart
from tests.value.world import SPRINTS, World, at

ESTIMATES = st.lists(st.one_of(st.none(), st.integers(0, 40).map(lambda n: n / 4)), max_size=8)


def delivered(world: World, *efforts: tuple[str, int, float | None]) -> None:
    """(sprint, day of October or November, estimate) of finished requirements."""
    for number, (sprint, day, estimate) in enumerate(efforts, 1):
        month = 11 if sprint == "28" else 10
        world.issue(number, sprint=sprint, done=at(month, day), estimate=estimate)


def test_the_configured_capacity_counts(world: World) -> None:
    world.configure("objectives: [GROW]}", "objectives: [GROW], capacity: {per_iteration: 30, unit: days}}")
    assert capacity(world.snapshot(), "pay") == Capacity(30, "days", "configured")


def test_without_it_the_median_of_what_closed_iterations_delivered(world: World) -> None:
    delivered(world, ("26", 5, 8), ("26", 6, 3), ("27", 20, 5), ("27", 27, 2), ("28", 3, 20))
    world.close_sprint(2, at(11, 11, 18))
    found = capacity(world.snapshot(at(11, 20)), "pay")
    assert found == Capacity(11, "points", "history", ("S26", "S27", "S28"))


def test_two_closed_iterations_tell_nothing(world: World) -> None:
    delivered(world, ("26", 5, 8), ("27", 20, 5))
    assert capacity(world.snapshot(), "pay") is None


def test_an_iteration_whose_work_was_not_estimated_says_nothing(world: World) -> None:
    delivered(world, ("26", 5, None), ("27", 20, 5), ("28", 3, 20))
    world.close_sprint(2, at(11, 11, 18))
    assert capacity(world.snapshot(at(11, 20)), "pay") is None


def test_one_that_delivered_nothing_says_nothing_fits(world: World) -> None:
    delivered(world, ("27", 20, 5), ("28", 3, 20))
    world.close_sprint(2, at(11, 11, 18))
    found = capacity(world.snapshot(at(11, 20)), "pay")
    assert found is not None
    assert found.amount == 5


def test_where_most_delivered_nothing_nobody_can_tell(world: World) -> None:
    delivered(world, ("28", 3, 20))
    world.close_sprint(2, at(11, 11, 18))
    assert capacity(world.snapshot(at(11, 20)), "pay") is None


def test_the_load_is_the_open_work(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="29", estimate=3)
    world.issue(2, sprint="29", estimate=1, labels="ops")
    world.issue(3, "Non-OKR: compliance audit", sprint="29", estimate=1)
    world.issue(4, sprint="29", estimate=9, done=at(10, 20))
    world.issue(5, sprint="28", estimate=9)
    world.issue(6, sprint="29", estimate=9, subtask=True)
    assert load(world.snapshot(), "pay", SPRINTS[3]) == Load(5, (), 0.4)


def test_what_names_a_key_result_uses_no_budget_whatever_else_it_says(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp\nNon-OKR: compliance audit", sprint="29", estimate=3)
    world.issue(2, "Contributes-to: GROW-KR99 +2pp\nNon-OKR: compliance audit", sprint="29", estimate=3)
    world.issue(3, "Non-OKR: compliance audit", sprint="29", estimate=2)
    snapshot = world.snapshot()
    (iteration,) = (one for one in snapshot.iterations("pay") if one.id == "29")
    assert load(snapshot, "pay", iteration).non_okr == 0.25


def test_without_an_estimate_shares_go_by_count(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="29", estimate=30)
    world.issue(2, sprint="29", labels="ops")
    assert load(world.snapshot(), "pay", SPRINTS[3]) == Load(30, ("PAY-2",), 0.5)


def test_an_empty_iteration_holds_nothing(world: World) -> None:
    assert load(world.snapshot(), "pay", SPRINTS[3]) == Load(0, (), None)


def test_work_that_nobody_estimated_has_no_known_effort(world: World) -> None:
    world.issue(1, sprint="29")
    assert load(world.snapshot(), "pay", SPRINTS[3]) == Load(None, ("PAY-1",), 0)


@given(ESTIMATES)
def test_effort_is_the_sum_of_what_is_known(estimates: list[float | None]) -> None:
    known = [one for one in estimates if one is not None]
    expected = pytest.approx(sum(known)) if known or not estimates else None
    assert effort(estimates) == expected
    assert effort(estimates[::-1]) == effort(estimates)


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 40).map(float)), st.booleans()), max_size=8))
def test_shares_of_both_kinds_of_work_make_a_whole(work: list[tuple[float | None, bool]]) -> None:
    estimates, apart = [one for one, _ in work], [flag for _, flag in work]
    mine, rest = share_apart(estimates, apart), share_apart(estimates, [not flag for flag in apart])
    assert (mine is None) == (rest is None)
    if mine is not None and rest is not None:
        assert 0 <= mine <= 1
        assert total((mine, rest)) == pytest.approx(1)
