"""Release trains: versions as iterations, by their days in the team's calendar and by what the field held when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from okr_delivery.config import Config
from okr_delivery.delivery import export, membership
from okr_delivery.delivery.derive import derive_one, rebuild
from okr_delivery.delivery.membership import iteration_ids, replay_versions
from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.results import CarryTo, IterationSets, Removal
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.delivery.timeline import fold
from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Field, Iteration, IterationKind, IterationState, Membership, Value
from okr_delivery.store import Store, open_store
from tests.delivery.world import AS_OF, DAY, DAY0, RULES, SOURCE, YAML, Story, at, config, fill, snapshot, sprint

oracle = examples(deadline=None, derandomize=True, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
MONDAY = date(2026, 3, 2)  # day 0
TRAINS = YAML + "teams: [{id: pay, select: [{source: jira}], iterations: {from: versions}}]\n"
HOUR = 1 / 24


def day(n: int | None) -> date | None:
    return None if n is None else MONDAY + timedelta(days=n)


def train(ref: str, first: int | None, last: int | None, *, released: bool = False, project: str = "PAY") -> Iteration:
    """A version from day `first` to day `last`, both included."""
    state = IterationState.CLOSED if released else IterationState.FUTURE
    return Iteration(
        SOURCE, f"version-{ref}", f"R{ref}", state, order=int(ref), kind=IterationKind.VERSION, first_day=day(first),
        last_day=day(last), project_id=f"id-{project}",
    )  # fmt: skip


Held = dict[Field, tuple[str | None, list[tuple[float, str | None]]]]


def rides(first: str | None, *steps: tuple[float, str | None]) -> Held:
    """What the field of versions held, comma lists of ids."""
    return {Field.FIX_VERSION: (first, list(steps))}


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config(tmp_path, TRAINS)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, ledger=None) as opened:
        yield opened


def seen(
    store: Store, settings: Config, stories: Sequence[Story], trains: Sequence[Iteration], on: float = AS_OF
) -> Snapshot:
    fill(store, settings, stories, trains)
    return snapshot(store, settings, on)


# -- which one is meant ------------------------------------------------------------------------------------------------

GRID = (
    train("1", 0, 6, released=True),
    train("2", 7, 13, released=True),
    train("3", 14, 20),
    train("4", 18, 27),
    train("5", 28, 34),
    train("6", None, None),
)


@pytest.mark.parametrize(
    ("ref", "on", "expected"),
    [
        ("last", 25, ["2"]),
        ("current", 25, ["3", "4"]),  # 3 is overdue, and not released
        ("next", 25, ["5"]),
        ("current", 7.5, ["2"]),
        ("last", 7.5, ["1"]),
        ("last", 6.5, ["1"]),  # its release day: released
        ("current", 6.5, []),
        ("current", 5.5, ["1"]),  # as things stood then
        ("last", 5.5, []),
        ("next", 6.5, ["2"]),
        ("next", 28, ["6"]),  # undated after dated
        ("version-3", 25, ["3"]),
        ("3", 25, ["3"]),
        ("R3", 25, ["3"]),
        ("r3", 25, ["3"]),
        ("33", 25, []),
    ],
)
def test_by_days_and_by_what_is_released(
    ref: str, on: float, expected: list[str], store: Store, settings: Config
) -> None:
    found = seen(store, settings, [Story("PAY-1", "B0")], GRID, on).resolve("pay", ref)
    assert [i.id.removeprefix("version-") for i in found] == expected


def test_without_starts_the_first_one_due_runs_and_the_others_follow(store: Store, settings: Config) -> None:
    undated = [replace(each, first_day=None) for each in GRID]
    found = seen(store, settings, [Story("PAY-1", "B0")], undated, 25)
    names = {ref: [i.name for i in found.resolve("pay", ref)] for ref in ("last", "current", "next")}
    assert names == {"last": ["R2"], "current": ["R3"], "next": ["R4"]}


def test_a_release_without_a_date_is_over(store: Store, settings: Config) -> None:
    found = seen(store, settings, [Story("PAY-1", "B0")], [train("1", 0, None, released=True)])
    assert [i.state for i in found.iterations("pay")] == [IterationState.CLOSED]
    assert [i.name for i in found.resolve("pay", "last")] == ["R1"]


def test_a_version_that_is_taken_back_runs_again(store: Store, settings: Config) -> None:
    """The tracker keeps no history of releases: what it says now counts."""
    stories = [Story("PAY-1", "B0 D8 F12", fields=rides(None, (6, "2")))]
    before = seen(store, settings, stories, [train("2", 7, 13, released=True)])
    assert [m.key for m in before.sets("pay", before.iterations("pay")[0]).delivered] == ["PAY-1"]
    after = seen(store, settings, stories, [train("2", 7, 13)])
    (again,) = after.resolve("pay", "current")
    assert after.window("pay", again).provisional
    assert [m.key for m in after.sets("pay", again).delivered] == ["PAY-1"]


TWO = """\
version: 1
sources: [{name: jira, type: jira, url: https://acme.example.com, projects: [PAY, OPS]}]
teams:
  - {id: both, select: [{source: jira, projects: [PAY, OPS]}], iterations: {from: versions}}
  - {id: ops, select: [{source: jira, projects: [OPS]}], iterations: {from: versions}}
  - {id: late, select: [{source: jira}], iterations: {from: versions, name: "R2*"}}
  - {id: scrum, select: [{source: jira}], iterations: {from: sprints}}
"""
HOMES = [
    train("21", 0, 6, project="PAY"),
    replace(train("22", 0, 6, project="OPS"), name="R21"),
    train("31", 0, 6, project="OPS"),
    sprint("31", 0, 6),
]


def test_versions_of_the_projects_that_a_team_selects(store: Store, tmp_path: Path) -> None:
    found = seen(store, config(tmp_path, TWO), [Story("PAY-1", "B0"), Story("OPS-2", "B0", project="OPS")], HOMES)
    names = {team.id: [i.id for i in found.iterations(team.id)] for team in found.teams}
    assert names == {
        "both": ["version-21", "version-22", "version-31"],
        "ops": ["version-22", "version-31"],
        "late": ["version-21", "version-22"],
        "scrum": ["31"],
    }


def test_one_name_in_two_projects_is_decided_by_the_team(store: Store, tmp_path: Path) -> None:
    found = seen(store, config(tmp_path, TWO), [Story("PAY-1", "B0"), Story("OPS-2", "B0", project="OPS")], HOMES)
    assert [i.id for i in found.resolve("ops", "R21")] == ["version-22"]
    with pytest.raises(UserError) as error:
        found.resolve_all("both:R21")
    assert error.value.exit_code == 2
    text = translator("en").render(error.value.problems[0].what)
    assert "both:version-21 (R21), both:version-22 (R21)" in text


def test_an_id_is_a_sprint_s_before_it_is_a_version_s(store: Store, tmp_path: Path) -> None:
    found = seen(store, config(tmp_path, TWO), [Story("PAY-1", "B0"), Story("OPS-2", "B0", project="OPS")], HOMES)
    assert {team: [i.id for i in some] for team, some in found.resolve_all("31").items()} == {"scrum": ["31"]}
    assert set(found.resolve_all("version-31")) == {"both", "ops"}
    assert set(found.resolve_all("21")) == {"both", "late"}


# -- days and instants -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "hours"), [("UTC", 0), ("Asia/Shanghai", -8), ("America/New_York", 5)])
def test_days_are_those_of_the_team_s_calendar(zone: str, hours: int, store: Store, tmp_path: Path) -> None:
    found = seen(store, config(tmp_path, TRAINS, zone), [Story("PAY-1", "B0")], [train("1", 0, 3, released=True)])
    (one,) = found.iterations("pay")
    window = found.window("pay", one)
    assert (window.start, window.end, window.provisional) == (at(0) + 3600 * hours, at(4) + 3600 * hours, False)
    scope = measure(found, "pay", one)
    assert (scope.since, scope.until) == (day(0), day(3))


def test_a_change_of_the_clocks_makes_a_day_shorter(store: Store, tmp_path: Path) -> None:
    """New York loses an hour on 2026-03-08, day 6."""
    settings = config(tmp_path, TRAINS, "America/New_York")
    (one,) = seen(store, settings, [Story("PAY-1", "B0")], [train("1", 6, 6, released=True)]).iterations("pay")
    assert one.start is not None
    assert one.end is not None
    assert one.end - one.start == 23 * 3600


def test_the_release_day_is_not_over_before_midnight(store: Store, settings: Config) -> None:
    stories = [Story("PAY-1", "B0 D8 F13.9", fields=rides("2"))]
    noon = seen(store, settings, stories, [train("2", 7, 13, released=True)], 13.5)
    (one,) = noon.resolve("pay", "last")
    window = noon.window("pay", one)
    assert (window.end, window.provisional) == (at(13.5), True)
    evening = snapshot(store, settings, 14 - 1 / DAY)  # --as-of means the last second of a day
    assert evening.window("pay", evening.resolve("pay", "last")[0]).provisional is False
    assert [m.key for m in evening.sets("pay", one).delivered] == ["PAY-1"]


# -- who is in it ------------------------------------------------------------------------------------------------------

NEXT, AFTER = train("2", 7, 13, released=True), train("3", 9, 20)
STORIES = [
    Story("PAY-1", "B0 D8 F10", fields={**rides(None, (6.9, "2")), Field.ESTIMATE: ("3", [(9, "5")])}),  # C, D
    Story("PAY-2", "B0 D8 F13.99", fields=rides(None, (6.99, "2"))),  # C, D in the last minutes of the last day
    Story("PAY-3", "B0 D9", fields=rides(None, (6, "2"), (13.6, "3"))),  # C, K: the release moved it on
    Story("PAY-4", "B0 D9", fields=rides(None, (6, "2"), (12.5, "3"))),  # C, R: by hand, a day before
    Story("PAY-5", "B0 D9", fields=rides(None, (6, "2"), (13.6, None))),  # C, R: the last day, but to nowhere
    Story("PAY-6", "B0 D9", fields=rides(None, (7.01, "2"))),  # A, K: left behind in a released version
    Story("PAY-7", "B0 X9", fields=rides("2")),  # C, R: cancelled
    Story("PAY-8", "B0 D3 F5", fields=rides("2")),  # done before it began
    Story("PAY-9", "B0 D8 F10", fields=rides(None, (6, "2,3"))),  # C, D in two at once
    Story("PAY-10", "B0 D8 F12", fields=rides(None, (6, "2"), (8, None), (9, "2"))),  # C, D with two flips
    Story("PAY-11", "B0 D8 F15", fields=rides(None, (6, "2"))),  # C, K: finished after the release
    Story("PAY-12", "B0 D8 F10", fields=rides("3")),  # not in it
]


def keys(members: Sequence[object]) -> list[str]:
    return [str(getattr(member, "key", member)) for member in members]


@pytest.fixture
def sets(store: Store, settings: Config) -> IterationSets:
    found = seen(store, settings, STORIES, [NEXT, AFTER])
    return found.sets("pay", found.resolve("pay", "last")[0])


def test_the_sets_of_a_train(sets: IterationSets) -> None:
    numbers = {
        "committed": [1, 2, 3, 4, 5, 7, 9, 10, 11],
        "added": [6],
        "delivered": [1, 2, 9, 10],
        "carried_over": [3, 6, 11],
        "removed": [4, 5, 7],
        "done_before_start": [8],
    }
    assert {name: keys(getattr(sets, name)) for name in numbers} == {
        name: [f"PAY-{n}" for n in found] for name, found in numbers.items()
    }


def test_what_became_of_its_members(sets: IterationSets) -> None:
    found = {m.key: m for m in (*sets.delivered, *sets.carried_over, *sets.removed)}
    assert {key: m.removal for key, m in found.items() if m.removal} == {
        "PAY-4": Removal.LEFT,
        "PAY-5": Removal.LEFT,
        "PAY-7": Removal.CANCELLED,
    }
    assert {key: m.carry_to for key, m in found.items() if m.carry_to} == {
        "PAY-3": CarryTo.NEXT,
        "PAY-6": CarryTo.BACKLOG,
        "PAY-11": CarryTo.BACKLOG,
    }
    assert [key for key, m in found.items() if m.parallel] == ["PAY-9"]
    assert found["PAY-10"].flips == 2
    assert (found["PAY-1"].estimate_in, found["PAY-1"].estimate_out) == (3, 5)


def test_it_counts_in_both_trains(store: Store, settings: Config) -> None:
    found = seen(store, settings, STORIES, [NEXT, AFTER])
    (running,) = found.resolve("pay", "current")
    later = found.sets("pay", running)
    assert keys(later.committed) == ["PAY-9", "PAY-12"]
    assert [(m.key, m.parallel) for m in later.delivered] == [("PAY-9", True), ("PAY-12", False)]
    assert keys(later.added) == ["PAY-3", "PAY-4"]


def test_without_a_start_nothing_is_promised(store: Store, settings: Config) -> None:
    stories = [Story("PAY-1", "B0 D8 F10", fields=rides("2")), Story("PAY-2", "B0 D9", fields=rides("2"))]
    found = seen(store, settings, stories, [train("2", None, 13, released=True)])
    (one,) = found.resolve("pay", "last")
    scope = measure(found, "pay", one)
    assert scope.summary is not None
    sets = scope.summary.sets
    assert (sets.window.start, sets.committed, keys(sets.delivered)) == (None, (), ["PAY-1"])
    assert [scope.metrics[name].value for name in ("committed", "say_do", "delivered_ratio")] == [None] * 3
    (quality,) = [entry for entry in scope.data_quality if entry.check == "iteration_without_dates"]
    assert quality.keys == ("R2",)


# -- what is derived ---------------------------------------------------------------------------------------------------


def stays(story: Story) -> list[tuple[str, float, float | None]]:
    found = replay_versions(*story.build())
    return [
        (m.iteration_id, (m.entered_at - DAY0) / DAY, None if m.left_at is None else (m.left_at - DAY0) / DAY)
        for m in found
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (rides("7"), [("version-7", 0, None)]),
        (rides(None, (3, "7"), (5, "7,8"), (6, "8")), [("version-7", 3, 6), ("version-8", 5, None)]),
        (rides("7", (3, None), (4, "7")), [("version-7", 0, 3), ("version-7", 4, None)]),
        (rides("7", (3, "7")), [("version-7", 0, None)]),
    ],
    ids=["from the creation on", "two at once", "removed and added again", "a repeated set"],
)
def test_stays_are_replayed(fields: Held, expected: list[tuple[str, float, float | None]]) -> None:
    assert stays(Story("PAY-1", "B0", fields=fields)) == expected


def test_a_deleted_version_leaves_without_a_trace_in_the_history() -> None:
    issue, changes = Story("PAY-1", "B0", fields=rides(None, (3, "7"))).build()
    now = {**issue.current, Field.FIX_VERSION: Value("8", "R8")}  # 7 was merged into 8
    found = replay_versions(replace(issue, current=now, updated=at(12)), changes)
    assert found == (Membership("version-7", at(3), at(12)), Membership("version-8", at(3), None))


@pytest.mark.parametrize("updated", [3, 12, 19])
def test_no_comment_moves_the_joining_of_a_merged_version(updated: float) -> None:
    """7 was merged into 8: a later edit of anything else must not turn promised work into added work."""
    issue, changes = Story("PAY-1", "B0", fields=rides(None, (3, "7"))).build()
    now = {**issue.current, Field.FIX_VERSION: Value("8", "R8")}
    found = replay_versions(replace(issue, current=now, updated=at(updated)), changes)
    assert [m.entered_at for m in found if m.iteration_id == "version-8"] == [at(3)]


def test_versions_are_derived_only_where_a_team_rides_them(store: Store, settings: Config, tmp_path: Path) -> None:
    stories = [Story("PAY-1", "B0", fields={**rides("2"), Field.ITERATION: ("1", [])})]
    sprints = config(tmp_path / "scrum")
    fill(store, sprints, stories, [NEXT, sprint("1", 0, 10)])
    assert [m.iteration_id for row in store.derived(SOURCE) for m in row.memberships] == ["1"]
    both = snapshot(store, settings)  # read before anything was derived anew
    assert [m.iteration_id for m in both.find("PAY-1").memberships] == ["version-2"]
    assert rebuild(store, settings) == 1
    assert [m.iteration_id for row in store.derived(SOURCE) for m in row.memberships] == ["1", "version-2"]
    again = snapshot(store, settings)
    assert [m.iteration_id for m in again.find("PAY-1").memberships] == ["version-2"]
    assert [m.iteration_id for m in snapshot(store, sprints).find("PAY-1").memberships] == ["1"]


def rows(found: Snapshot, table: str) -> list[tuple[object, ...]]:
    return list(export.tables(found)[table][1])


def test_exported_only_where_a_team_rides_them(store: Store, settings: Config, tmp_path: Path) -> None:
    stories = [Story("PAY-1", "B0", fields={**rides(None, (7, "2")), Field.ITERATION: ("1", [])})]
    fill(store, settings, stories, [NEXT, sprint("1", 0, 10)])
    found = snapshot(store, settings)
    assert ("jira", "version-2", "R2", None, "closed", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z", None) in rows(
        found, "iterations"
    )
    assert rows(found, "memberships") == [
        ("jira", "PAY-1", "1", "2026-03-02T00:00:00Z", None),
        ("jira", "PAY-1", "version-2", "2026-03-09T00:00:00Z", None),
    ]
    plain = snapshot(store, config(tmp_path / "scrum"))
    assert [row[1] for row in rows(plain, "iterations")] == ["1"]
    assert [row[2] for row in rows(plain, "memberships")] == ["1"]


def test_versions_move_no_issue_to_another_board(store: Store, tmp_path: Path) -> None:
    text = YAML + "teams:\n  - {id: one, select: [{source: jira, boards: [1]}], iterations: {from: versions}}\n"
    fields: Held = {**rides(None, (9, "2")), Field.ITERATION: ("1", [(8, None)])}
    found = seen(store, config(tmp_path, text), [Story("PAY-1", "B0", fields=fields)], [NEXT, sprint("1", 0, 10)])
    assert [item.key for item in found.items("one")] == ["PAY-1"]


# -- whatever happens --------------------------------------------------------------------------------------------------

SETS = [None, "7", "8", "7,8", "9"]
ways = st.lists(st.tuples(st.integers(0, 480), st.sampled_from(SETS)), max_size=8)
moments = st.integers(DAY0, DAY0 + 20 * DAY)


def _story(first: str | None, steps: Sequence[tuple[int, str | None]], statuses: str = "B0") -> Story:
    ordered = sorted(steps, key=lambda step: step[0])
    return Story("PAY-1", statuses, fields=rides(first, *((hour * HOUR, value) for hour, value in ordered)))


@oracle
@given(st.sampled_from(SETS), ways, st.lists(moments, min_size=1, max_size=6), st.randoms())
def test_stays_say_what_the_field_held(
    first: str | None, steps: list[tuple[int, str | None]], instants: list[int], random: object
) -> None:
    issue, changes = _story(first, steps).build()
    mixed = list(changes)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    found = replay_versions(issue, mixed)
    assert found == replay_versions(issue, changes)
    assert derive_one(issue, mixed, RULES, "", versions=True).memberships == found
    for t in instants:
        before = changes[0].old if changes else issue.value(Field.FIX_VERSION)
        value = next((c.new for c in reversed(changes) if c.ts <= t), before)
        held = {m.iteration_id for m in found if m.entered_at <= t and (m.left_at is None or m.left_at > t)}
        assert held == {f"version-{one}" for one in iteration_ids(value.id)}


STATUS_WAYS = st.lists(st.tuples(st.integers(0, 480), st.sampled_from("BRDVTFX")), max_size=6)
SEVEN = replace(train("7", 2, 8, released=True), start=at(2), end=at(9))
EIGHT = replace(train("8", 7, 13), start=at(7), end=at(14), state=IterationState.ACTIVE)
BOTH = {one.id: one for one in (SEVEN, EIGHT)}
Life = tuple[str | None, list[tuple[int, str | None]], list[tuple[int, str]]]


def _subject(n: int, life: Life, end: int) -> membership.Subject:
    first, steps, statuses = life
    moves = sorted(statuses, key=lambda step: step[0])
    way = " ".join(["B0", *(f"{name}{hour * HOUR:.6f}" for hour, name in moves)])
    issue, changes = _story(first, steps, way).build()
    derived = derive_one(issue, changes, RULES, "", versions=True)
    return membership.Subject(
        key=f"PAY-{n}",
        issue_id=str(n),
        source=SOURCE,
        intervals=derived.intervals,
        memberships=derived.memberships,
        fact=fold(issue, changes, RULES, end).fact,
        gone_at=None,
        estimate=lambda _: None,
    )


@oracle
@given(st.lists(st.tuples(st.sampled_from(SETS), ways, STATUS_WAYS), max_size=5), moments)
def test_the_balance_of_a_train(lives: list[Life], as_of: int) -> None:
    for one in BOTH.values():
        window = membership.window(one, as_of)
        subjects = [_subject(n, life, window.end) for n, life in enumerate(lives)]
        found = membership.sets(one, window, subjects, as_of=as_of, others=BOTH, rule_hash="")
        into = [m.issue_id for m in (*found.committed, *found.added)]
        out = [m.issue_id for m in (*found.delivered, *found.carried_over, *found.removed)]
        assert sorted(into) == sorted(out)
        assert len(set(into)) == len(into)
