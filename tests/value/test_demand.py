"""The planning check: claimed against needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.model.conclusion import Conclusion, Verb
from okr_delivery.model.numbers import less
from okr_delivery.model.okr import Reading
from okr_delivery.model.work import Field, Iteration, IterationKind, IterationState
from okr_delivery.okrs import Readings
from okr_delivery.value.conclusions import Conclusions
from okr_delivery.value.demand import Demand, demands
from okr_delivery.value.gap import Gap, gap_of
from tests.value.world import SPRINTS, World, at

TWO_TEAMS = """\
  - {id: shop, select: [{source: jira, types: [Task]}], objectives: []}
  - {id: pay, select: [{source: jira}], objectives: [GROW]}
"""


def check(
    world: World, as_of: int = at(10, 30), sprints: tuple[int, ...] = (3,), said: tuple[Conclusion, ...] = ()
) -> dict[str, Demand]:
    iterations = [world.sprints[n] for n in sprints]
    found = demands(world.snapshot(as_of), world.all_readings(), world.effects, Conclusions(said), "pay", iterations)
    return {one.kr.id: one for one in found}


def claimed(world: World, as_of: int = at(10, 30), kr: str = "GROW-KR1", sprints: tuple[int, ...] = (3,)) -> float:
    return check(world, as_of, sprints)[kr].claimed


def test_planned_work_against_what_is_missing(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp 60%", sprint="29")
    world.issue(2, "Contributes-to: GROW-KR1 +4pp", sprint="28")
    world.issue(3, "Contributes-to: GROW-KR1 +9pp")  # planned nowhere
    world.issue(4, "Contributes-to: GROW-KR1 +9pp", sprint="27")  # its iteration is over
    world.reading("GROW-KR1", 10, 20, 46)
    found = check(world)["GROW-KR1"]
    assert (found.claimed, found.needed, found.ratio) == (3.2, 4, 0.8)
    assert found.requirements == ("PAY-1", "PAY-2")
    assert (found.calibration, found.unread) == (None, False)


def test_all_that_the_team_serves_is_asked_about(world: World) -> None:
    """Its objective's key results with a number to move; those that need no amount are not."""
    served = ["BAND-KR4", "COST-KR2", "GMV-KR3", "GROW-KR1", "SPEED-KR8", "UP-KR9"]
    assert list(check(world)) == served
    world.configure("objectives: [GROW]", "objectives: []")
    assert list(check(world)) == []
    world.issue(1, "Contributes-to: COST-KR2 -100k; OPS-KR5", sprint="29")
    world.refill()
    assert list(check(world)) == ["COST-KR2"]


def test_the_goal_names_key_results_too(world: World) -> None:
    world.configure("objectives: [GROW]", "objectives: []")
    path = world.folder / "okrs" / "q4.yaml"
    goal = "iterations: [{team: pay, iteration: S29, goal: Cheaper, key_results: [COST-KR2]}]\n"
    path.write_text(path.read_text("utf-8").split("iterations:")[0] + goal, "utf-8")
    assert list(check(world)) == ["COST-KR2"]


def test_a_key_result_that_is_not_active_at_the_start_is_left_out(world: World) -> None:
    path = world.folder / "okrs" / "q4.yaml"
    path.write_text(path.read_text("utf-8").replace("end: 2026-12-31}", "end: 2026-11-11}"), "utf-8")
    assert list(check(world)) == []
    assert "GROW-KR1" in check(world, sprints=(2, 3))


@pytest.mark.parametrize(
    ("readings", "needed", "unread"),
    [
        ([], 12, True),
        ([(10, 5, 40.0)], 10, False),
        ([(10, 5, 40.0), (10, 20, 46.0)], 4, False),
        ([(10, 5, 40.0), (11, 2, 49.0)], 10, False),  # what comes later is not known yet
        ([(10, 20, 51.0)], 0, False),
        ([(10, 20, 30.0)], 20, False),
    ],
)
def test_what_is_needed_is_what_the_latest_reading_leaves(
    world: World, readings: list[tuple[int, int, float]], needed: float, unread: bool
) -> None:
    for month, day, value in readings:
        world.reading("GROW-KR1", month, day, value)
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="29")
    found = check(world)["GROW-KR1"]
    assert (found.needed, found.unread) == (needed, unread)
    assert found.ratio == (None if not needed else pytest.approx(1 / needed))


def test_an_amended_target_counts_from_its_day(world: World) -> None:
    path = world.folder / "okrs" / "q4.yaml"
    change = "{on: 2026-10-25, target: 46, reason: postponed, by: lin}"
    path.write_text(path.read_text("utf-8").replace("lag: 2d", f"lag: 2d\n        amendments: [{change}]"), "utf-8")
    world.reading("GROW-KR1", 10, 20, 42)
    assert check(world, at(10, 24))["GROW-KR1"].needed == 8
    assert check(world, at(10, 25))["GROW-KR1"].needed == 4


def test_a_claim_away_from_the_target_claims_nothing(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 -2pp", sprint="29")
    world.issue(2, "Contributes-to: COST-KR2 -100k 80%", sprint="29")
    found = check(world)
    assert (found["GROW-KR1"].claimed, found["GROW-KR1"].requirements) == (0, ())
    assert (found["COST-KR2"].claimed, found["COST-KR2"].needed) == (80_000, 1_000_000)


def test_each_counts_once_however_often_it_is_planned(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="28,29")
    assert claimed(world) == claimed(world, sprints=(2, 3)) == 1


def test_a_closed_iteration_that_is_judged_counts(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="27")
    assert claimed(world) == 0
    assert claimed(world, sprints=(1,)) == 1


def test_a_parents_amount_is_claimed_by_its_children(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="29")
    world.issue(2, sprint="29", parent=1, estimate=3)
    world.issue(3, sprint="29", parent=1, estimate=1)
    found = check(world)["GROW-KR1"]
    assert (found.claimed, found.requirements) == (1, ("PAY-2", "PAY-3"))


def test_work_that_is_delivered_and_not_yet_observed_counts(world: World) -> None:
    """The window of two weeks begins two days after the release."""
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="27", done=at(10, 20))
    assert claimed(world, at(11, 4, 23)) == 1
    assert claimed(world, at(11, 5, 1)) == 0


def test_a_window_begins_with_the_release_however_late_it_comes(world: World) -> None:
    day = date(2026, 11, 2)
    release = Iteration("jira", "version-9", "9", IterationState.CLOSED, kind=IterationKind.VERSION, last_day=day)
    world.sprints.append(release)
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 3), version="9")
    world.issue(2, "Contributes-to: GROW-KR1 +4pp", sprint="26", done=at(10, 3))
    world.issue(3, "Contributes-to: GROW-KR1 +6pp", sprint="26", done=at(10, 3), version="10")  # not released yet
    assert check(world, at(11, 10))["GROW-KR1"].requirements == ("PAY-1",)
    assert claimed(world, at(11, 17, 23)) == 1
    assert claimed(world, at(11, 18, 1)) == 0


def test_a_conclusion_ends_it_and_longer_observation_keeps_it(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="27", done=at(10, 20))
    stop = Conclusion("jira", "PAY-1", None, Verb.STOP_LOSS, "no", at(10, 28))
    more = Conclusion("jira", "PAY-1", None, Verb.OBSERVE, "wait", at(10, 28), due=date(2026, 11, 20))
    assert check(world, said=(stop,))["GROW-KR1"].claimed == 0
    assert check(world, at(11, 10), said=(more,))["GROW-KR1"].claimed == 1


def test_every_teams_work_counts_also_when_only_one_is_asked_about(world: World) -> None:
    world.configure("  - {id: pay, select: [{source: jira}], objectives: [GROW]}\n", TWO_TEAMS)
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="29")
    world.issue(2, "Contributes-to: GROW-KR1 +4pp", sprint="29", type_name="Task")
    snapshot = Snapshot.at(world.filled(), world.config, world.book, at(10, 30), teams=["pay"])
    found = demands(snapshot, world.all_readings(), [], Conclusions(), "pay", [SPRINTS[3]])
    assert [one.claimed for one in found if one.kr.id == "GROW-KR1"] == [3]


def test_what_is_committed_stays_as_it_was_then_and_what_is_carried_over_does_not(world: World) -> None:
    raised = [(at(10, 20), Field.CONTRIBUTION, "GROW-KR1 +2pp", "GROW-KR1 +6pp")]
    world.issue(1, contribution="GROW-KR1 +6pp", sprint="27", history=raised)
    world.issue(2, contribution="GROW-KR1 +6pp", sprint="27,29", history=raised)
    assert claimed(world, at(10, 22), sprints=(1,)) == 2
    assert claimed(world, at(10, 30)) == 3


def test_claims_are_discounted_by_what_came_true(world: World) -> None:
    for number in range(1, 6):
        world.issue(number, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 5))
        world.effect(number, "GROW-KR1", 1.0, day=(10, 20))
    world.issue(10, "Contributes-to: GROW-KR1 +4pp", sprint="29")
    found = check(world)["GROW-KR1"]
    assert (found.claimed, found.calibration) == (1, 0.5)


@pytest.mark.parametrize(
    ("kr", "value", "gap"),
    [
        ("BAND-KR4", 9.0, Gap(3, 1)),
        ("BAND-KR4", 15.5, Gap(1.5, -1)),
        ("BAND-KR4", 13.0, Gap(0, 0)),
        ("BAND-KR4", None, Gap(None, 0, unread=True)),
        ("UP-KR9", 99.4, Gap(0.5, 1)),
        ("UP-KR9", None, Gap(None, 1, unread=True)),
        ("COST-KR2", 3_500_000.0, Gap(500_000, -1)),
        ("SPEED-KR8", None, Gap(13, -1, unread=True)),
        ("CS-KR7", None, Gap(4, 1)),
        ("OPS-KR5", None, Gap(None, 0, unread=True)),
    ],
)
def test_the_gap_by_kind_of_key_result(world: World, kr: str, value: float | None, gap: Gap) -> None:
    if value is not None:
        world.reading(kr, 10, 20, value)
    found = gap_of(world.snapshot(), world.all_readings(), world.book.key_results[f"2026Q4:{kr}"])
    assert found == gap


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that no test changes."""
    made = World(tmp_path_factory.mktemp("still") / "work")
    yield made
    made.close()


VALUES = st.integers(-2_000, 8_000).map(lambda n: n / 100)


@settings(deadline=None)
@given(value=VALUES, step=st.integers(1, 1_000).map(lambda n: n / 100))
def test_closing_part_of_a_gap_leaves_the_rest_of_it(still: World, value: float, step: float) -> None:
    for name in ("GROW-KR1", "BAND-KR4", "COST-KR2", "UP-KR9"):
        kr = still.book.key_results[f"2026Q4:{name}"]
        before = gap_of(still.snapshot(), Readings((Reading(kr.full_id, date(2026, 10, 1), value),)), kr)
        assert before.missing is not None
        assert before.missing >= 0
        moved = min(step, before.missing)
        after_value = less(value, -before.way * moved)
        after = gap_of(still.snapshot(), Readings((Reading(kr.full_id, date(2026, 10, 1), after_value),)), kr)
        assert after.missing == less(before.missing, moved)
