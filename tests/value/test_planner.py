"""The order of an iteration's requirements, with its reasons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.locale import translator
from okr_delivery.model.numbers import tidy, total
from okr_delivery.value.capacity import Capacity
from okr_delivery.value.plan import Entry, IterationPlan, TeamPlan
from okr_delivery.value.planner import Planner, ranked
from tests.value.world import World, at

T = translator("en")


def team(world: World, as_of: int = at(10, 30), *numbers: int) -> TeamPlan:
    planner = Planner(world.snapshot(as_of), world.all_readings(), world.effects, world.conclusions())
    return planner.plan("pay", [world.sprints[n] for n in numbers or (3,)])


def listed(world: World, as_of: int = at(10, 30)) -> IterationPlan:
    (one,) = team(world, as_of).iterations
    return one


def keys(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.key for entry in entries]


def lacks(world: World, number: int) -> list[tuple[str, str | None]]:
    """What a requirement outside of the order lacks, with the line to write."""
    entry = next(e for e in listed(world).unranked if e.key == f"PAY-{number}")
    return [(T.render(one.message), one.paste) for one in entry.missing]


def test_the_share_of_the_gap_weight_and_confidence_by_effort(world: World) -> None:
    path = world.folder / "okrs" / "q4.yaml"
    path.write_text(path.read_text("utf-8").replace("title: 30-day", "weight: 2\n        title: 30-day"), "utf-8")
    world.reading("GROW-KR1", 10, 20, 46)
    world.issue(1, "Contributes-to: GROW-KR1 +1pp 60%", sprint="29", estimate=3)
    (entry,) = listed(world).ranked
    assert entry.score == pytest.approx(1 / 4 * 2 * 0.6 / 3)
    (one,) = entry.closings
    assert (one.share, one.gap, one.worth, one.confidence) == (0.25, 4, 0.3, 0.6)
    assert entry.reason is not None
    said = "GROW-KR1: +1 pp of the 4 pp still missing is 25 %, × weight 2 × confidence 60 % = 0.3 ÷ effort 3 = 0.1"
    assert T.render(entry.reason) == said


def test_several_key_results_are_added(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +3pp; COST-KR2 -100k 80%", sprint="29", estimate=2)
    (entry,) = listed(world).ranked
    assert [one.worth for one in entry.closings] == [0.125, 0.08]
    assert entry.score == pytest.approx(0.205 / 2)


def test_nobody_closes_more_than_the_gap(world: World) -> None:
    world.reading("GROW-KR1", 10, 20, 49)
    world.issue(1, "Contributes-to: GROW-KR1 +3pp 100%", sprint="29", estimate=1)
    assert listed(world).ranked[0].score == 1


def test_the_most_worth_for_its_effort_comes_first(world: World) -> None:
    for number, amount, effort in ((1, 2, 4), (2, 2, 2), (10, 4, 4), (9, 4, 4)):
        world.issue(number, f"Contributes-to: GROW-KR1 +{amount}pp", sprint="29", estimate=effort)
    one = listed(world)
    assert keys(one.ranked) == ["PAY-2", "PAY-9", "PAY-10", "PAY-1"]
    assert [entry.rank for entry in one.ranked] == [1, 2, 3, 4]
    assert [entry.fits for entry in one.ranked] == [None] * 4


def test_capacity_ends_once_and_other_work_is_counted_first(world: World) -> None:
    world.configure("objectives: [GROW]}", "objectives: [GROW], capacity: {per_iteration: 9}}")
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", sprint="29", estimate=4)
    world.issue(2, "Contributes-to: GROW-KR1 +3pp", sprint="29", estimate=4)
    world.issue(3, "Contributes-to: GROW-KR1 +0.1pp", sprint="29", estimate=1)
    world.issue(4, sprint="29", estimate=2, labels="ops")
    one = listed(world)
    assert [(e.key, e.cumulated, e.fits) for e in one.ranked] == [
        ("PAY-1", 6, True),
        ("PAY-2", 10, False),
        ("PAY-3", 11, False),
    ]
    assert (keys(one.non_okr), one.reserved) == (["PAY-4"], 2)
    assert one.load.non_okr == pytest.approx(2 / 11)


def test_disputes_stand_apart_until_they_are_settled(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", sprint="29", estimate=4, labels="Disputed urgent")
    world.issue(2, "", sprint="29", labels="disputed")
    world.issue(3, "Contributes-to: GROW-KR1 +4pp", sprint="29", estimate=4)
    one = listed(world)
    assert (keys(one.disputes), keys(one.ranked), one.unranked) == (["PAY-1", "PAY-2"], ["PAY-3"], ())
    assert one.disputes[0].score == one.ranked[0].score
    assert (one.settled, one.label) == (False, "disputed")


@pytest.mark.parametrize(("line", "labels"), [("Non-OKR: debt x", "disputed"), ("", "ops Disputed")])
def test_work_that_serves_no_key_result_can_be_disputed_too(world: World, line: str, labels: str) -> None:
    world.issue(1, line, sprint="29", estimate=4, labels=labels)
    world.issue(2, "Non-OKR: debt y", sprint="29", estimate=1)
    world.issue(3, "Contributes-to: GROW-KR1 +4pp", sprint="29", estimate=2)
    one = listed(world)
    assert (one.settled, keys(one.disputes), keys(one.non_okr)) == (False, ["PAY-1"], ["PAY-2"])
    assert (one.reserved, one.ranked[0].cumulated) == (1, 3), "what is disputed takes no room before it is settled"


@pytest.mark.parametrize(
    ("lines", "estimate", "message", "paste"),
    [
        ("", 1.0, "it names no key result (`okr-delivery gate` proposes one)", "Contributes-to: KR-ID M"),
        (
            "Contributes-to: GROW-KR1 ?",
            1.0,
            "the amount for GROW-KR1 is still open (`?`)",
            "Contributes-to: GROW-KR1 M",
        ),
        ("Contributes-to: GROW-KR1", 1.0, "linked to GROW-KR1, but without an expected amount", None),
        ("Contributes-to: GROW-KR1 M", None, "it has no estimate", None),
        ("Contributes-to: GROW-KR1 M", 0.0, "its estimate is 0, so no value per effort can be said", None),
        ("Contributes-to: OPS-KR5", 1.0, "it serves OPS-KR5, which has no number to compare by", None),
        ("Contributes-to: UP-KR9 +0.1", 1.0, "enter a reading: okr-delivery okr read UP-KR9 VALUE", None),
        ("Contributes-to: COST-KR2 +100k", 1.0, "+100,000 CNY leads away from the target of COST-KR2", None),
        ("Contributes-to: GROW-KR1 10%", 1.0, "", None),
        ("Contributes-to: GROW-KRX M", 1.0, "there is no key result GROW-KRX", None),
    ],
)
def test_what_can_not_be_ranked_says_what_it_lacks(
    world: World, lines: str, estimate: float | None, message: str, paste: str | None
) -> None:
    world.issue(1, lines, sprint="29", estimate=estimate)
    ((said, line),) = lacks(world, 1)
    assert message in said
    assert paste is None or line == paste


def test_an_amount_that_can_not_be_counted_is_told_beside_one_that_can(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp; COST-KR2 ?", sprint="29", estimate=4)
    (entry,) = listed(world).ranked
    assert [one.kr.id for one in entry.closings] == ["GROW-KR1"]
    assert [one.paste for one in entry.missing] == ["Contributes-to: COST-KR2 M"]


@pytest.mark.parametrize(
    ("kr", "line"), [("COST-KR2", "COST-KR2 M"), ("UP-KR9", "UP-KR9 +Npp"), ("OPS-KR5", "OPS-KR5")]
)
def test_the_iterations_goal_says_what_to_begin_with(world: World, kr: str, line: str) -> None:
    path = world.folder / "okrs" / "q4.yaml"
    goal = f"iterations: [{{team: pay, iteration: S29, goal: Better, key_results: [{kr}]}}]\n"
    path.write_text(path.read_text("utf-8").split("iterations:")[0] + goal, "utf-8")
    world.issue(1, "", sprint="29", estimate=1)
    assert lacks(world, 1) == [(f"it names no key result; the iteration's goal names {kr}", f"Contributes-to: {line}")]


def test_a_split_parent_is_not_ranked_twice(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", sprint="29", estimate=1)
    world.issue(2, sprint="29", parent=1, estimate=2)
    assert keys(listed(world).ranked) == ["PAY-2"]
    assert lacks(world, 1) == [("its amount is split over its children, which are ranked themselves", None)]


def test_a_key_result_of_another_quarter_closes_nothing(world: World) -> None:
    path = world.folder / "okrs" / "q4.yaml"
    path.write_text(path.read_text("utf-8").replace("end: 2026-12-31}", "end: 2026-11-11}"), "utf-8")
    world.issue(1, "Contributes-to: 2026Q4:GROW-KR1 +4pp", sprint="29", estimate=1)
    assert lacks(world, 1) == [("2026Q4:GROW-KR1 is not active when the iteration starts (cycle 2026Q4)", None)]


def test_what_the_key_results_need_and_are_promised(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp 60%", sprint="29", estimate=1)
    world.issue(2, "Contributes-to: GROW-KR1 +2pp", sprint="29", estimate=1)
    world.issue(3, "Contributes-to: GROW-KR1 +2pp", sprint="29")  # not in the order yet
    needs = {one.kr.id: one for one in listed(world).needs}
    assert (needs["GROW-KR1"].gap.missing, needs["GROW-KR1"].promised) == (12, 3.4)
    assert needs["COST-KR2"].promised == 0


def test_what_is_done_and_what_is_no_requirement_is_in_no_list(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", sprint="29", estimate=1, done=at(10, 29))
    world.issue(2, "Contributes-to: GROW-KR1 +4pp", sprint="29", estimate=1, subtask=True)
    one = listed(world)
    assert (one.ranked, one.unranked, one.disputes, one.non_okr, one.settled) == ((), (), (), (), True)


def test_several_iterations_share_what_is_due(world: World) -> None:
    world.configure("teams:", "gate: {since: 2026-10-01}\nteams:")
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", sprint="26", estimate=1, done=at(10, 10))
    world.issue(2, "Contributes-to: GROW-KR1 +4pp", sprint="28", estimate=1)
    found = team(world, at(11, 5), 2, 3)
    assert [one.iteration.name for one in found.iterations] == ["S28", "S29"]
    (owed,) = found.due
    assert owed.command == 'okr-delivery conclude PAY-1 CONCLUSION --kr 2026Q4:GROW-KR1 --reason "TEXT"'


def entry(number: int, effort: float, score: float) -> Entry:
    return Entry("jira", f"PAY-{number}", None, None, effort, score=score)


PARTS = st.lists(
    st.tuples(st.integers(1, 200).map(lambda n: n / 4), st.integers(0, 50).map(lambda n: n / 1000)), max_size=12
)


@given(PARTS, st.integers(0, 40).map(lambda n: n / 4), st.integers(0, 800).map(lambda n: n / 4))
def test_the_order_is_one_whatever_order_it_comes_in(
    parts: list[tuple[float, float]], reserved: float, room: float
) -> None:
    entries = [entry(n, *part) for n, part in enumerate(parts)]
    fits = Capacity(room, "points", "configured")
    found = ranked(entries, reserved, fits)
    assert ranked(entries[::-1], reserved, fits) == found
    scores = [one.score or 0.0 for one in found]
    assert scores == sorted(scores, reverse=True)
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    inside = [one.fits is True for one in found]
    assert inside == sorted(inside, reverse=True)  # once capacity ends, it has ended
    assert all(one.fits is ((one.cumulated or 0.0) <= room) for one in found)
    if found:
        assert found[-1].cumulated == total((reserved, *(one.effort or 0.0 for one in found)))


@given(PARTS)
def test_without_a_capacity_nobody_says_what_fits(parts: list[tuple[float, float]]) -> None:
    found = ranked([entry(n, *part) for n, part in enumerate(parts)], 0.0, None)
    assert {one.fits for one in found} <= {None}
    assert tidy(total(one.effort or 0.0 for one in found)) == tidy(total(effort for effort, _ in parts))
