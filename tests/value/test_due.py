"""What waits for a conclusion: the same as the trace shows, of what was delivered late enough."""

from __future__ import annotations

from datetime import date

import pytest

from okr_delivery.model.conclusion import Conclusion, Verb
from okr_delivery.model.work import Field, Iteration, IterationKind, IterationState
from okr_delivery.value.conclusions import Conclusions
from okr_delivery.value.due import DueTrace, asked_since, due
from okr_delivery.value.results import WindowState
from okr_delivery.value.trace import trace
from tests.value.world import SPRINTS, World, at

SINCE = at(10, 1)


def waiting(
    world: World, as_of: int = at(11, 5), since: int | None = SINCE, said: tuple[Conclusion, ...] = ()
) -> list[DueTrace]:
    snapshot = world.snapshot(as_of)
    return list(due(snapshot, world.all_readings(), world.effects, Conclusions(said), "pay", since=since))


def keys(found: list[DueTrace]) -> list[str]:
    return [one.item.key for one in found]


def concluded(number: int, verb: Verb, at_: int, until: date | None = None) -> Conclusion:
    return Conclusion("jira", f"PAY-{number}", "2026Q4:GROW-KR1", verb, "seen", at_, due=until)


def test_a_delivered_requirement_waits_once_its_window_has_ended(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp 60%", sprint="26", done=at(10, 10))
    world.effect(1, "GROW-KR1", 1.0)
    one = waiting(world)[0]
    assert (one.item.key, one.kr.id, one.iteration.name, one.expected) == ("PAY-1", "GROW-KR1", "S26", 2)
    assert (one.window.start, one.window.end) == (date(2026, 10, 12), date(2026, 10, 25))
    assert one.effect is not None
    assert one.effect.value == 1.0


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (at(10, 25, 23, 58), []),
        (at(10, 26, 0), [False]),  # the last day of the window is over
        (at(10, 28, 23), [False]),  # the last day of the grace
        (at(10, 29, 0), [True]),
    ],
)
def test_the_day_and_the_grace_after_it(world: World, as_of: int, expected: list[bool]) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 10))
    found = waiting(world, as_of)
    assert [one.overdue for one in found] == expected
    assert all(one.due == date(2026, 10, 28) for one in found)


def test_a_conclusion_ends_it_and_longer_observation_puts_it_off(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 10))
    assert waiting(world, said=(concluded(1, Verb.FIX, at(10, 30)),)) == []
    longer = (concluded(1, Verb.OBSERVE, at(10, 27), until=date(2026, 11, 6)),)
    assert waiting(world, at(11, 5), said=longer) == []
    assert [one.due for one in waiting(world, at(11, 8), said=longer)] == [date(2026, 11, 9)]


def test_only_the_few_that_hold_most_are_asked_about(world: World) -> None:
    for number, amount in ((1, 5), (2, 3), (3, 1), (4, 1)):
        world.issue(number, f"Contributes-to: GROW-KR1 +{amount}pp", sprint="26", done=at(10, 10))
    assert keys(waiting(world)) == ["PAY-1", "PAY-2"]
    world.configure("teams:", "trace: {conclude: {max: 1}}\nteams:")
    assert keys(waiting(world)) == ["PAY-1"]


def test_what_was_delivered_before_does_not_wait(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 10))
    world.issue(2, "Contributes-to: COST-KR2 -100k", sprint="26", done=at(10, 5))
    assert keys(waiting(world, at(12, 1), at(10, 10))) == ["PAY-1"]
    assert keys(waiting(world, at(12, 1), at(10, 10, 9, 1))) == []


def test_without_a_day_the_first_sync_counts(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 10))
    assert waiting(world, since=None) == []  # nothing was ever synced to its end
    with world.filled().page("jira") as tx:
        tx.set_state(first_synced_at=at(10, 10, 17))
    assert keys(waiting(world, since=None)) == ["PAY-1"]
    with world.filled().page("jira") as tx:
        tx.set_state(first_synced_at=at(10, 11, 1))
    assert waiting(world, since=None) == []


def test_the_configured_day_is_the_teams(world: World) -> None:
    assert asked_since(world.snapshot(), "pay") is None
    world.configure("teams:", "gate: {since: 2026-10-10}\nteams:")
    world.configure("timezone: UTC", "timezone: Asia/Shanghai")
    assert asked_since(world.snapshot(), "pay") == at(10, 9, 16)


def test_what_was_neither_delivered_nor_linked_does_not_wait(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26")
    world.issue(2, sprint="26", done=at(10, 10))
    world.issue(3, "Contributes-to: GROW-KR1 +2pp", done=at(10, 10))  # in no iteration, so in no trace
    assert waiting(world) == []


def test_the_most_urgent_comes_first(world: World) -> None:
    world.issue(10, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 12))
    world.issue(9, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 12))
    world.issue(8, "Contributes-to: GROW-KR1 +2pp", sprint="27", done=at(10, 20))
    assert keys(waiting(world, at(11, 12))) == ["PAY-9", "PAY-10", "PAY-8"]


def test_of_parallel_iterations_each_requirement_waits_once(world: World) -> None:
    joined = [(at(10, 2), Field.ITERATION, "", "26,27")]
    world.issue(1, "Contributes-to: GROW-KR1 +2pp", sprint="26,27", history=joined, done=at(10, 10))
    assert keys(waiting(world)) == ["PAY-1"]


COST_2, GROW_2 = ("PAY-2", "COST-KR2"), ("PAY-2", "GROW-KR1")
REOPENED, LATER, LAST = ("PAY-7", "GROW-KR1"), ("PAY-4", "COST-KR2"), ("PAY-5", "OPS-KR5")


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (at(10, 20), []),
        (at(11, 5), [COST_2, REOPENED]),
        (at(11, 20), [COST_2, GROW_2, LATER, ("PAY-6", "GROW-KR1"), REOPENED]),
        (at(12, 24), [COST_2, GROW_2, LATER, LAST, ("PAY-6", "GROW-KR1"), REOPENED]),
    ],
    ids=["early", "first", "more", "all"],
)
def test_it_is_what_the_traces_show(world: World, as_of: int, expected: list[tuple[str, str]]) -> None:
    """Two iterations, two key results, one concluded, one re-opened, one observed longer, small ones left out."""
    for number, line, sprint, done in (
        (1, "GROW-KR1 +5pp", "26", at(10, 3)),
        (2, "GROW-KR1 +3pp; COST-KR2 -200k", "26", at(10, 8)),
        (3, "GROW-KR1 +0.2pp", "26", at(10, 9)),
        (4, "COST-KR2 -700k", "27", at(10, 16)),
        (5, "OPS-KR5", "27", at(10, 26)),
        (6, "GROW-KR1 +1pp", "28", at(11, 2)),
    ):
        world.issue(number, f"Contributes-to: {line}", sprint=sprint, done=done)
    reopened = [(at(10, 30), Field.STATUS, "Done", "Doing")]
    world.issue(7, "Contributes-to: GROW-KR1 +4pp", sprint="27", done=at(10, 18), history=reopened)
    said = Conclusions((concluded(1, Verb.LEAVE, at(10, 20)), concluded(2, Verb.OBSERVE, at(10, 26))))
    snapshot, readings = world.snapshot(as_of), world.all_readings()
    shown = set()
    for iteration in SPRINTS[:3]:
        for kr in trace(snapshot, readings, [], said, "pay", iteration).key_results:
            rows = (r for r in kr.requirements if r.window.state is WindowState.DUE and r.due is not None)
            shown |= {(r.key, kr.kr.id, r.due, r.window.end) for r in rows}
    found = due(snapshot, readings, [], said, "pay", since=SINCE)
    assert {(one.item.key, one.kr.id, one.due, one.window.end) for one in found} == shown
    assert sorted((o.item.key, o.kr.id) for o in found) == expected


def asked(world: World, as_of: int, since: int | None, *, overdue: bool) -> list[tuple[str, date, bool]]:
    snapshot = world.snapshot(as_of)
    given = (snapshot, world.all_readings(), world.effects, Conclusions())
    found = due(*given, "pay", since=since, overdue=overdue)
    return [(one.item.key, one.due, one.overdue) for one in found]


@pytest.mark.parametrize("since", [None, at(10, 8, 12)])
@pytest.mark.parametrize("released", [None, date(2026, 9, 1), date(2026, 11, 1)])
def test_iterations_whose_windows_can_not_be_over_hold_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, since: int | None, released: date | None
) -> None:
    """Passing them over, and asking for what is overdue alone, leaves out nothing on any day."""
    kind = IterationKind.VERSION
    world.sprints.append(Iteration("jira", "version-9", "9", IterationState.CLOSED, kind=kind, last_day=released))
    for number, day, sprint in ((1, 2, "26"), (2, 13, "26"), (3, 16, "27"), (4, 27, "27")):
        version = "9" if released is not None and number % 2 else ""
        world.issue(number, "Contributes-to: GROW-KR1 +2pp", sprint=sprint, done=at(10, day), version=version)
    with world.filled().page("jira") as tx:
        tx.set_state(first_synced_at=at(10, 1))
    days = [at(*day, 0) + second for day in ((10, 18), (10, 29), (11, 1), (11, 17)) for second in (-1, 0)]
    quick = [asked(world, day, since, overdue=overdue) for day in days for overdue in (False, True)]
    monkeypatch.setattr("okr_delivery.value.due._may_be_over", lambda *_: True)
    every = [asked(world, day, since, overdue=False) for day in days for _ in range(2)]
    late = [[one for one in found if one[2]] if n % 2 else found for n, found in enumerate(every)]
    assert quick == late
    assert any(quick)
