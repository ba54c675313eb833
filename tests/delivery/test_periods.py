"""Periods of the calendar for teams that pull their work: made, never stored, with members by where the work stood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from okr_delivery.config import Config
from okr_delivery.delivery import export, membership
from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.periods import Grid
from okr_delivery.delivery.results import CarryTo, IterationSets, Removal
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.delivery.timeline import Timeline, fold
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Interval, Kind
from okr_delivery.store import Store, open_store
from tests.delivery.world import AS_OF, DAY, DAY0, RULES, SOURCE, STATUSES, YAML, Story, at, config, fill, snapshot

oracle = examples(deadline=None, derandomize=True, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
MONDAY = date(2026, 3, 2)  # day 0
FLOW = YAML + "teams: [{id: flow, select: [{source: jira}], iterations: {from: calendar%s}}]\n"
UTC = Grid(Calendar("UTC"), 1, MONDAY)


def planned(folder: Path, more: str = "", zone: str = "UTC") -> Config:
    return config(folder, FLOW.replace("calendar%s", f"calendar{more}"), zone)


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return planned(tmp_path)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, ledger=None) as opened:
        yield opened


def seen(store: Store, settings: Config, stories: Sequence[Story], on: float = AS_OF) -> Snapshot:
    fill(store, settings, stories)
    return snapshot(store, settings, on)


# -- which periods there are -------------------------------------------------------------------------------------------


def test_from_the_first_item_to_the_one_after_the_next(store: Store, settings: Config) -> None:
    found = seen(store, settings, [Story("PAY-1", "B9", created=9), Story("PAY-2", "B20", created=20)], 24.5)
    assert [(i.id, i.name, i.state.value) for i in found.iterations("flow")] == [
        ("2026-03-09", "2026-W11", "closed"),
        ("2026-03-16", "2026-W12", "closed"),
        ("2026-03-23", "2026-W13", "active"),
        ("2026-03-30", "2026-W14", "future"),
        ("2026-04-06", "2026-W15", "future"),
    ]


def test_a_team_without_work_has_periods_all_the_same(store: Store, settings: Config) -> None:
    found = seen(store, settings, [], 24.5)
    assert [i.name for i in found.iterations("flow")] == ["2026-W13", "2026-W14", "2026-W15"]


@pytest.mark.parametrize(
    ("more", "name", "until"),
    [
        (", weeks: 2, start: 2026-01-05", "2026-03-16 – 2026-03-29", date(2026, 3, 29)),
        (", weeks: 2, start: 2030-01-07", "2026-03-23 – 2026-04-05", date(2026, 4, 5)),  # a day to come, other weeks
        (", start: 2026-03-04", "2026-03-18 – 2026-03-24", date(2026, 3, 24)),  # Wednesdays
        (", weeks: 4, start: 2026-03-02", "2026-03-02 – 2026-03-29", date(2026, 3, 29)),
    ],
)
def test_other_lengths_and_other_days(more: str, name: str, until: date, store: Store, tmp_path: Path) -> None:
    found = seen(store, planned(tmp_path, more), [Story("PAY-1", "B0")], 22.5)
    (one,) = found.resolve("flow", "current")
    assert (one.name, one.last_day) == (name, until)
    assert measure(found, "flow", one).until == until


def test_days_are_local_and_as_long_as_they_are(store: Store, tmp_path: Path) -> None:
    """New York loses an hour on 2026-03-08, day 6."""
    found = seen(store, planned(tmp_path, zone="America/New_York"), [Story("PAY-1", "B1", created=1)])
    one = found.resolve("flow", "2026-W10")[0]
    assert one.start is not None
    assert one.end is not None
    assert (one.start, one.end - one.start) == (at(0) + 5 * 3600, 7 * DAY - 3600)


@pytest.mark.parametrize(
    ("ref", "on", "expected"),
    [
        ("current", 24.5, "2026-W13"),
        ("next", 24.5, "2026-W14"),
        ("last", 24.5, "2026-W12"),
        ("current", 28 - 1 / DAY, "2026-W13"),  # the end of its last day
        ("current", 28, "2026-W14"),
        ("last", 28, "2026-W13"),
        ("2026-03-16", 24.5, "2026-W12"),
        ("2026-W12", 24.5, "2026-W12"),
        ("2026-w12", 24.5, "2026-W12"),
        ("flow:next", 24.5, "2026-W14"),
    ],
)
def test_by_their_days(ref: str, on: float, expected: str, store: Store, settings: Config) -> None:
    assert [i.name for i in seen(store, settings, [Story("PAY-1", "B0")], on).resolve("flow", ref)] == [expected]


def test_a_week_is_the_same_week_for_every_team(store: Store, tmp_path: Path) -> None:
    text = YAML + (
        "teams:\n  - {id: a, select: [{source: jira, types: [Bug]}], iterations: {from: calendar}}\n"
        "  - {id: b, select: [{source: jira}], iterations: {from: calendar}}\n"
    )
    found = seen(store, config(tmp_path, text), [Story("PAY-1", "B0"), Story("PAY-2", "B0", type="Bug")])
    assert {team: [i.id for i in some] for team, some in found.resolve_all("2026-W10").items()} == {
        "a": ["2026-03-02"],
        "b": ["2026-03-02"],
    }


# -- who is in them ----------------------------------------------------------------------------------------------------

STORIES = [
    Story("PAY-1", "B0 R5 D8 F10"),  # in W10 and W11, done in W11
    Story("PAY-2", "B0 R8 D9 F16"),  # joins in W11, carried, done in W12
    Story("PAY-3", "B0 R5 B9"),  # taken back
    Story("PAY-4", "B0 D5 X9"),  # dropped
    Story("PAY-5", "B0"),  # waits before the commitment
    Story("PAY-6", "B0 D1 F3 D9 F12"),  # opened again in W11
    Story("PAY-7", "B0 R5 B8 R9"),  # out and in again
    Story("PAY-8", "B0 F9"),  # done without having stood there
    Story("PAY-9", "B0 R5 ?8 D9"),  # a status that nobody knows takes nothing away
    Story("PAY-10", "B0 D5 F8 B9"),  # done, and back to the backlog
    Story("PAY-11", "B0 D5 F13"),  # done in the last night
    Story("PAY-12", "B0 R5"),
]


def stays(way: str, until: float = AS_OF) -> list[tuple[str, float, float | None]]:
    issue, changes = Story("PAY-1", way).build()
    found = UTC.stays(fold(issue, changes, RULES, at(until)).intervals, RULES.commitment, at(until))
    return [
        (m.iteration_id[5:], (m.entered_at - DAY0) / DAY, None if m.left_at is None else (m.left_at - DAY0) / DAY)
        for m in found
    ]


@pytest.mark.parametrize(
    ("way", "until", "expected"),
    [
        ("B0", 30, []),
        ("B0 R3", 16, [("03-02", 3, 7), ("03-09", 7, 14), ("03-16", 14, None)]),
        ("B0 R3 F5", 16, [("03-02", 3, 7)]),
        ("B0 R3 F5", 6, [("03-02", 3, None)]),
        ("B0 R3 B5", 16, [("03-02", 3, 5)]),
        ("B0 R3 B5 R6 B8", 16, [("03-02", 3, 5), ("03-02", 6, 7), ("03-09", 7, 8)]),
        ("B0 D1 F3 D9 F12", 30, [("03-02", 1, 7), ("03-09", 9, 14)]),
        ("B0 D1 F3 D5 B6", 30, [("03-02", 1, 6)]),
        ("B0 D5 F8 B9", 30, [("03-02", 5, 7), ("03-09", 7, 9)]),
        ("B0 F3 G9", 30, [("03-02", 3, 7)]),
        ("B0 R3 ?8 D9 X10", 30, [("03-02", 3, 7), ("03-09", 7, 14)]),
        ("B0 X3 D9", 10, [("03-09", 9, None)]),
        ("B0 R7", 9, [("03-09", 7, None)]),
        ("D0 F0", 30, [("03-02", 0, 7)]),
    ],
)
def test_stays_by_where_it_stood(way: str, until: float, expected: list[tuple[str, float, float | None]]) -> None:
    assert stays(way, until) == expected


def test_what_is_gone_stays_to_the_end_of_its_period() -> None:
    intervals = [Interval("R", Kind.QUEUE, 1, at(3), at(9))]
    assert [(m.iteration_id, m.left_at) for m in UTC.stays(intervals, 1, at(20))] == [
        ("2026-03-02", at(7)),
        ("2026-03-09", at(14)),
    ]


def keys(members: Sequence[object]) -> list[str]:
    return [str(getattr(member, "key", member)).removeprefix("PAY-") for member in members]


@pytest.fixture
def week(store: Store, settings: Config) -> IterationSets:
    """W11, days 7 to 13."""
    found = seen(store, settings, STORIES)
    return found.sets("flow", found.resolve("flow", "2026-W11")[0])


def test_the_sets_of_a_week(week: IterationSets) -> None:
    assert {name: " ".join(keys(getattr(week, name))) for name in SETS} == {
        "committed": "1 3 4 7 9 10 11 12",
        "added": "2 6",
        "delivered": "1 6 11",
        "carried_over": "2 7 9 12",
        "removed": "3 4 10",
        "done_before_start": "",
        "done_before_added": "8",
    }


SETS = ("committed", "added", "delivered", "carried_over", "removed", "done_before_start", "done_before_added")


def test_what_became_of_them(week: IterationSets) -> None:
    found = {m.key: m for m in (*week.delivered, *week.carried_over, *week.removed)}
    assert {key: m.removal for key, m in found.items() if m.removal} == {
        "PAY-3": Removal.LEFT,
        "PAY-4": Removal.CANCELLED,
        "PAY-10": Removal.LEFT,
    }
    assert {m.carry_to for m in week.carried_over} == {CarryTo.NEXT}
    assert found["PAY-6"].reopened_from == "2026-03-02"
    assert found["PAY-7"].flips == 2
    assert not any(m.parallel for m in found.values())


def test_what_is_carried_is_what_the_next_week_begins_with(store: Store, settings: Config) -> None:
    found = seen(store, settings, STORIES)
    before, after = (found.sets("flow", found.resolve("flow", name)[0]) for name in ("2026-W11", "2026-W12"))
    assert keys(after.committed) == keys(before.carried_over)
    assert keys(after.delivered) == ["2"]


def test_the_next_week_is_planned_with_the_open_work_that_stands_there(store: Store, settings: Config) -> None:
    found = seen(store, settings, STORIES, 9.5)
    (following,) = found.resolve("flow", "next")
    assert keys(found.members("flow", following, found.as_of)) == ["1", "2", "6", "7", "9", "11", "12"]
    assert found.sets("flow", following).committed == ()
    (running,) = found.resolve("flow", "current")
    assert "8" in keys(found.members("flow", running, found.as_of))


def test_another_commitment_makes_other_members(store: Store, tmp_path: Path) -> None:
    found = seen(store, planned(tmp_path, ", commitment: d"), STORIES)  # by name in any case
    sets = found.sets("flow", found.resolve("flow", "2026-W11")[0])
    assert keys(sets.committed) == ["4", "10", "11"]


def test_figures_say_what_they_stand_on(store: Store, tmp_path: Path) -> None:
    ways = (("a", ""), ("b", ", commitment: D"), ("c", ", weeks: 2"))
    every = [planned(tmp_path / name, more) for name, more in ways]
    hashes = {seen(store, settings, STORIES).rule_hash("flow") for settings in every}
    assert len(hashes) == 3


def test_a_period_is_in_no_table(store: Store, settings: Config) -> None:
    found = seen(store, settings, STORIES)
    tables = export.tables(found)
    assert list(tables["iterations"][1]) == []
    assert list(tables["memberships"][1]) == []


# -- a commitment that is none -----------------------------------------------------------------------------------------


def refusal(store: Store, settings: Config, lang: str) -> tuple[str, str, str]:
    with pytest.raises(UserError) as error:
        seen(store, settings, STORIES).items("flow")
    assert error.value.exit_code == 2
    (problem,) = error.value.problems
    t = translator(lang)
    assert problem.next_step is not None
    return t.render(problem.what), problem.where or "", t.render(problem.next_step)


@pytest.mark.parametrize("lang", LANGS)
def test_an_unknown_commitment_is_refused_with_its_place(lang: str, store: Store, tmp_path: Path) -> None:
    what, where, step = refusal(store, planned(tmp_path, ", commitment: Redy"), lang)
    assert "Redy" in what
    assert where.startswith("okr-delivery.yaml:")
    assert step


def test_the_nearest_status_is_named(store: Store, tmp_path: Path) -> None:
    settings = planned(tmp_path, ", commitment: Redy")
    fill(store, settings, STORIES)
    ready = [s for s in STATUSES if s.id == "R"]
    with store.page(SOURCE) as tx:
        tx.put_statuses([*(s for s in STATUSES if s.id != "R"), *(replace(s, name="Ready") for s in ready)])
    with pytest.raises(UserError) as error:
        snapshot(store, settings).items("flow")
    step = error.value.problems[0].next_step
    assert step is not None
    assert translator("en").render(step) == "Did you mean “Ready”?"


def test_a_status_off_the_way_can_be_no_commitment(store: Store, tmp_path: Path) -> None:
    what, _, step = refusal(store, planned(tmp_path, ", commitment: X"), "en")
    assert what == "Status “X” of jira stands on no stage, so that no period can begin with it."
    assert "statuses.order" in step


def test_before_the_first_sync_is_over_nothing_is_refused(store: Store, tmp_path: Path) -> None:
    settings = planned(tmp_path, ", commitment: Redy")
    fill(store, settings, STORIES)
    with store.page(SOURCE) as tx:
        tx.set_state(complete=0, reason="sync.reason.unfinished")
    assert snapshot(store, settings).items("flow")


# -- whatever happens --------------------------------------------------------------------------------------------------

moments = st.integers(DAY0, DAY0 + 20 * DAY)
ways = st.lists(st.tuples(st.integers(0, 20 * 96), st.sampled_from("BRDVTFGX?")), max_size=10)


def _intervals(steps: list[tuple[int, str]], until: int) -> tuple[Interval, ...]:
    return _fold(steps, until).intervals


def _fold(steps: list[tuple[int, str]], until: int) -> Timeline:
    way = " ".join(["B0", *(f"{name}{quarter / 96:.6f}" for quarter, name in sorted(steps, key=lambda step: step[0]))])
    return fold(*Story("PAY-1", way).build(), RULES, until)


@oracle
@given(ways, moments, moments)
def test_it_is_in_no_period_but_the_present_one(steps: list[tuple[int, str]], as_of: int, t: int) -> None:
    t = min(t, as_of)
    intervals = _intervals(steps, as_of)
    found = UTC.stays(intervals, RULES.commitment, as_of)
    held = [m for m in found if m.entered_at <= t and (m.left_at is None or m.left_at > t)]
    assert {m.iteration_id for m in held} <= {UTC.id_at(t)}
    assert len(held) <= 1
    known = [i for i in intervals if i.entered_at <= t and i.kind is not Kind.UNMAPPED]
    if known and known[-1].kind in (Kind.QUEUE, Kind.ACTIVE, Kind.WAIT):
        assert bool(held) == (known[-1].stage >= RULES.commitment)


@oracle
@given(st.lists(ways, max_size=6), moments)
def test_every_period_balances(lives: list[list[tuple[int, str]]], as_of: int) -> None:
    periods = UTC.periods(DAY0, as_of, SOURCE)
    others = {one.id: one for one in periods}
    for one in periods[:-2]:
        window = membership.window(one, as_of)
        subjects = [
            membership.Subject(
                key=f"PAY-{n}",
                issue_id=str(n),
                source=SOURCE,
                intervals=_intervals(steps, as_of),
                memberships=UTC.stays(_intervals(steps, as_of), RULES.commitment, as_of),
                fact=_fold(steps, window.end).fact,
                gone_at=None,
                estimate=lambda _: None,
            )
            for n, steps in enumerate(lives)
        ]
        found = membership.sets(one, window, subjects, as_of=as_of, others=others, rule_hash="")
        into = [m.issue_id for m in (*found.committed, *found.added)]
        out = [m.issue_id for m in (*found.delivered, *found.carried_over, *found.removed)]
        assert sorted(into) == sorted(out)
        assert len(set(into)) == len(into)
