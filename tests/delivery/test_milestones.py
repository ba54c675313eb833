"""Milestones and cadences by their days: bounds in each team's zone, which one is meant, whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from okr_delivery.config import Config
from okr_delivery.delivery import export
from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.results import CarryTo, IterationSets, Removal
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Field, Iteration, IterationState
from okr_delivery.store import Store, open_store
from tests.delivery.lab import SOURCES, YAML, Card, fill, held, settings, snapshot, timebox
from tests.delivery.world import at

HOUR = 1 / 24
CADENCES = SOURCES + "teams: [{id: pay, select: [{source: lab}], iterations: {from: iterations}}]\n"


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, ledger=None) as opened:
        yield opened


@pytest.fixture
def made(tmp_path: Path) -> Config:
    return settings(tmp_path)


def seen(
    store: Store, made: Config, cards: Sequence[Card], timeboxes: Sequence[Iteration], day: float = 30
) -> Snapshot:
    fill(store, made, cards, timeboxes)
    return snapshot(store, made, day)


def letters(found: IterationSets) -> str:
    parts = {"C": found.committed, "A": found.added, "D": found.delivered, "K": found.carried_over, "R": found.removed}
    return "".join(letter for letter, members in parts.items() if members)


def names(found: Snapshot, ref: str, team: str = "pay") -> list[str]:
    return [i.name for i in found.resolve(team, ref)]


# -- bounds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [("UTC", 0, 14), ("Asia/Shanghai", -8 * HOUR, 14 - 8 * HOUR), ("America/New_York", 5 * HOUR, 14 + 4 * HOUR)],
)
def test_days_are_local_and_the_due_day_belongs_to_it(
    store: Store, tmp_path: Path, zone: str, start: float, end: float
) -> None:
    """From the midnight before the first day to the one after the due day, which may be of another offset by then."""
    made = settings(tmp_path, YAML, zone)
    found = seen(store, made, [Card("acme/pay#1", "O0")], [timebox("1", 0, 13)])
    (one,) = found.iterations("pay")
    assert (one.start, one.end) == (at(start), at(end))
    window = found.window("pay", one)
    assert (window.start, window.end, window.provisional) == (at(start), at(end), False)


TWO_ZONES = (
    SOURCES
    + """\
teams:
  - {id: cn, select: [{source: lab, projects: [acme/pay]}], iterations: {from: milestones},
     calendar: {timezone: Asia/Shanghai}}
  - {id: us, select: [{source: lab, projects: [acme/web]}], iterations: {from: milestones},
     calendar: {timezone: America/New_York}}
"""
)


def test_one_milestone_ends_for_each_team_at_its_own_midnight(store: Store, tmp_path: Path) -> None:
    made = settings(tmp_path, TWO_ZONES)
    late = 13 + 18 * HOUR  # past midnight in Shanghai, not yet in New York
    cards = [Card(f"acme/{name}#1", f"O0 D2 C{late}", held("1")) for name in ("pay", "web")]
    found = seen(store, made, cards, [timebox("1", 1, 12, group="acme")], 13 + 1 * HOUR)
    assert {team: found.state(found.iterations(team)[0]) for team in ("cn", "us")} == {
        "cn": IterationState.CLOSED,
        "us": IterationState.ACTIVE,
    }
    later = snapshot(store, made, 13.9)
    assert letters(later.sets("cn", later.iterations("cn")[0])) == "CK"
    assert letters(later.sets("us", later.iterations("us")[0])) == "CK"
    inside = [Card(f"acme/{name}#1", f"O0 D2 C{13 + 2 * HOUR}", held("1")) for name in ("pay", "web")]
    fill(store, made, inside)
    after = snapshot(store, made, 20)
    assert [letters(after.sets(team, after.iterations(team)[0])) for team in ("cn", "us")] == ["CK", "CD"]


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed by hand"])
@pytest.mark.parametrize(
    ("day", "state", "provisional"),
    [
        (-1, IterationState.FUTURE, True),
        (0, IterationState.ACTIVE, True),
        (13.9, IterationState.ACTIVE, True),
        (14, IterationState.CLOSED, False),
        (30, IterationState.CLOSED, False),
    ],
)
def test_days_say_what_it_was_whatever_its_state(
    store: Store, made: Config, closed: bool, day: float, state: IterationState, provisional: bool
) -> None:
    found = seen(store, made, [Card("acme/pay#1", "O0", created=-5)], [timebox("1", 0, 13, closed=closed)], day)
    (one,) = found.iterations("pay")
    assert (found.state(one), found.window("pay", one).provisional) == (state, provisional)


SETS = [
    ("member and closed", Card("acme/pay#1", "O0 D2 C9", held("1")), "CD", None, None),
    ("joins and is closed", Card("acme/pay#1", "O0 D2 C9", held(None, (8, "1"))), "AD", None, None),
    ("closed on the due day", Card("acme/pay#1", "O0 D2 C13.9", held("1")), "CD", None, None),
    ("closed behind it", Card("acme/pay#1", "O0 D2 C14.1", held("1")), "CK", None, CarryTo.BACKLOG),
    ("swapped in the last minute", Card("acme/pay#1", "O0 D2", held("1", (13.9997, "2"))), "CK", None, CarryTo.NEXT),
    ("swapped by hand before", Card("acme/pay#1", "O0 D2", held("1", (13.8, "2"))), "CR", Removal.LEFT, None),
    ("left open behind it", Card("acme/pay#1", "O0 D2", held("1", (15, "2"))), "CK", None, CarryTo.BACKLOG),
    ("taken out", Card("acme/pay#1", "O0 D2", held("1", (8, None))), "CR", Removal.LEFT, None),
    ("closed before", Card("acme/pay#1", "O0 D2 C5", held("1")), "", None, None),
    ("rejected", Card("acme/pay#1", "O0 D2 X9", held("1")), "CR", Removal.CANCELLED, None),
    ("re-opened", Card("acme/pay#1", "O0 D2 C9 O11", held("1")), "CK", None, CarryTo.BACKLOG),
]


@pytest.mark.parametrize(("card", "expected", "removal", "carry"), [row[1:] for row in SETS], ids=[r[0] for r in SETS])
def test_sets(
    store: Store, made: Config, card: Card, expected: str, removal: Removal | None, carry: CarryTo | None
) -> None:
    found = seen(store, made, [card], [timebox("1", 7, 13), timebox("2", 14, 20)])
    sets = found.sets("pay", found.resolve("pay", "M1")[0])
    assert letters(sets) == expected
    for one in (*sets.committed, *sets.added):
        assert (one.removal, one.carry_to) == (removal, carry)


def test_without_a_start_nothing_was_committed(store: Store, made: Config) -> None:
    cards = [Card("acme/pay#1", "O0 D2 C9", held("1")), Card("acme/pay#2", "O0 D2", held("1"))]
    found = seen(store, made, cards, [timebox("1", None, 13)])
    (one,) = found.resolve("pay", "last")
    scope = measure(found, "pay", one)
    assert scope.summary is not None
    sets = scope.summary.sets
    assert (sets.window.start, letters(sets)) == (None, "ADK")
    assert [scope.metrics[name].value for name in ("committed", "say_do", "delivered_ratio")] == [None] * 3


# -- G01 and G02: what the field held ----------------------------------------------------------------------------------

STAYS = [
    ("G01 one takes the place of the other", held(None, (3, "1"), (12, "2")), [("1", 3, 12), ("2", 12, None)]),
    ("G02 taken out first", held("1", (12, None)), [("1", 0, 12)]),
    ("G02 no events", held("1"), [("1", 0, None)]),
    ("G02 put in first", held(None, (12, "1")), [("1", 12, None)]),
    ("of both kinds", held("1", (5, "1,iteration-7"), (8, "iteration-7")), [("1", 0, 8)]),
]


@pytest.mark.parametrize(("fields", "expected"), [row[1:] for row in STAYS], ids=[row[0] for row in STAYS])
def test_stays(store: Store, made: Config, fields: object, expected: list[tuple[str, float, float | None]]) -> None:
    card = Card("acme/pay#1", "O0", fields)  # type: ignore[arg-type]  # as `held` makes them
    (item,) = seen(store, made, [card], [timebox("1", 0, 13)]).items("pay")
    stays = [(m.iteration_id, m.entered_at, m.left_at) for m in item.memberships]
    assert stays == [(ref, at(a), None if b is None else at(b)) for ref, a, b in expected]


def test_g01_the_label_before_ends_as_the_next_begins(store: Store, made: Config) -> None:
    (item,) = seen(store, made, [Card("acme/pay#1", "O0 R3 D12")], []).items("pay")
    assert [(i.status_id, i.entered_at, i.left_at) for i in item.intervals] == [
        ("opened", at(0), at(3)),
        ("41", at(3), at(12)),
        ("42", at(12), None),
    ]


def test_teams_count_stays_of_their_own_kind(store: Store, tmp_path: Path) -> None:
    card = Card("acme/pay#1", "O0 D2 C9", held("1,iteration-1"))
    boxes = [timebox("1", 0, 13), timebox("1", 7, 13, cadence="c")]
    for text, ref, joined in ((YAML, "1", 0), (CADENCES, "iteration-1", 7)):
        made = settings(tmp_path, text)
        found = seen(store, made, [card], boxes)
        assert [i.id for i in found.iterations("pay")] == [ref]
        assert [m.iteration_id for m in found.items("pay")[0].memberships] == [ref]
        (one,) = found.sets("pay", found.iterations("pay")[0]).committed
        assert one.joined_at == at(joined)


# -- which one is meant ------------------------------------------------------------------------------------------------

GRID = (
    timebox("1", 0, 6, closed=True),
    timebox("2", 7, 13),  # nobody closed it
    timebox("3", 14, 20, closed=True),  # closed early
    timebox("4", 18, 27),
    timebox("5", 28, 34),
    timebox("6", None, None),
    timebox("7", None, None),
)


@pytest.mark.parametrize(
    ("ref", "day", "expected"),
    [
        ("last", 17, ["M2"]),
        ("current", 17, ["M3"]),
        ("current", 19, ["M3", "M4"]),
        ("current", 20.99, ["M3", "M4"]),
        ("current", 21, ["M4"]),
        ("last", 21, ["M3"]),
        ("next", 21, ["M5"]),
        ("next", 17.9, ["M4"]),
        ("next", 28, ["M6"]),  # undated ones behind dated ones, in the tracker's order
        ("current", 40, []),
        ("last", 40, ["M5"]),
        ("last", 6.9, []),
        ("M4", 30, ["M4"]),
        ("m4", 30, ["M4"]),
        ("4", 30, ["M4"]),
        ("44", 30, []),
    ],
)
def test_current_next_and_last(store: Store, made: Config, ref: str, day: float, expected: list[str]) -> None:
    assert names(seen(store, made, [Card("acme/pay#1", "O0")], GRID, day), ref) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (5, {"last": [], "current": ["M1"], "next": ["M2"]}),
        (10, {"last": ["M1"], "current": ["M2"], "next": ["M3"]}),
        (25, {"last": ["M3"], "current": ["M4"], "next": ["M5"]}),
    ],
)
def test_without_starts_the_first_open_one_due_runs(
    store: Store, made: Config, day: float, expected: dict[str, list[str]]
) -> None:
    undated = [replace(each, first_day=None) for each in GRID[:5]]
    found = seen(store, made, [Card("acme/pay#1", "O0")], undated, day)
    assert {ref: names(found, ref) for ref in expected} == expected
    (running,) = [i.name for i in found.iterations("pay") if found.state(i) is IterationState.ACTIVE]
    assert [running] == expected["current"]


def test_one_without_a_start_that_was_closed_before_its_time_is_not_waited_for(store: Store, made: Config) -> None:
    boxes = [timebox("1", None, 40, closed=True), timebox("2", None, 50)]
    found = seen(store, made, [Card("acme/pay#1", "O0")], boxes, 20)
    assert (names(found, "current"), names(found, "next")) == (["M2"], [])
    past = [timebox("1", None, 25, closed=True), timebox("2", None, 50)]  # over by the sync of day 30: closed in time
    fill(store, made, [], past)
    found = snapshot(store, made, 20)
    assert (names(found, "current"), names(found, "next")) == (["M1"], ["M2"])


def test_one_without_a_due_day_runs_where_nothing_else_does(store: Store, made: Config) -> None:
    endless = timebox("8", 3, None)
    found = seen(store, made, [Card("acme/pay#1", "O0")], [endless], 20)
    assert (names(found, "current"), names(found, "last")) == (["M8"], [])
    fill(store, made, [], [endless, timebox("4", 18, 27)])
    assert names(snapshot(store, made, 20), "current") == ["M4"]
    fill(store, made, [], [replace(endless, state=IterationState.CLOSED)])
    assert names(snapshot(store, made, 10), "current") == []


def test_a_cadence_by_its_stored_id_its_own_id_and_its_name(store: Store, tmp_path: Path) -> None:
    made = settings(tmp_path, CADENCES)
    boxes = [timebox("34", 0, 13, cadence="c"), timebox("34", 0, 13)]
    found = seen(store, made, [Card("acme/pay#1", "O0")], boxes)
    for ref in ("iteration-34", "34", "M34", "m34"):
        assert [i.id for i in found.resolve("pay", ref)] == ["iteration-34"]
        assert [i.id for i in found.resolve_all(ref)["pay"]] == ["iteration-34"]
    assert names(found, "last") == ["M34"]


BOTH_KINDS = (
    SOURCES
    + """\
teams:
  - {id: pay, select: [{source: lab, projects: [acme/pay]}], iterations: {from: milestones}}
  - {id: web, select: [{source: lab, projects: [acme/web]}], iterations: {from: iterations}}
"""
)


def test_an_id_of_its_own_goes_before_one_without_its_word(store: Store, tmp_path: Path) -> None:
    made = settings(tmp_path, BOTH_KINDS)
    boxes = [timebox("34", 0, 13, cadence="c"), timebox("34", 0, 13), timebox("35", 0, 13, cadence="c")]
    found = seen(store, made, [Card("acme/pay#1", "O0"), Card("acme/web#1", "O0")], boxes)
    meant = {ref: [i.id for several in found.resolve_all(ref).values() for i in several] for ref in ("34", "35")}
    assert meant == {"34": ["34"], "35": ["iteration-35"]}
    assert [i.id for i in found.resolve_all("web:34")["web"]] == ["iteration-34"]


# -- whose they are ----------------------------------------------------------------------------------------------------

PLACES = (
    SOURCES
    + """\
teams:
  - {id: pay, select: [{source: lab, projects: [acme/pay]}], iterations: {from: milestones}}
  - {id: web, select: [{source: lab, projects: ["78"]}], iterations: {from: milestones}}
  - {id: acme, select: [{source: lab, groups: [ACME]}], iterations: {from: milestones}}
  - {id: late, select: [{source: lab, groups: [acme]}], iterations: {from: milestones, name: "M2*"}}
  - {id: all, select: [{source: lab}], iterations: {from: milestones}}
"""
)
HOMES = [
    timebox("1", 0, 6, project="acme/pay"),
    timebox("2", 0, 6, project="acme/web"),
    timebox("3", 0, 6, group="acme"),
    timebox("4", 0, 6, group="other"),
    timebox("5", 0, 6, group="acme/sub"),
    timebox("6", 0, 6, project="other/app"),
    timebox("7", 0, 6),
]


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        ("pay", ["M1", "M3", "M7"]),
        ("web", ["M2", "M3", "M7"]),
        ("acme", ["M1", "M2", "M3", "M5", "M7"]),
        ("late", ["M2"]),
        ("all", ["M1", "M2", "M3", "M4", "M5", "M6", "M7"]),
    ],
)
def test_milestones_of_projects_are_their_teams_those_of_groups_everybody_s_below(
    store: Store, tmp_path: Path, team: str, expected: list[str]
) -> None:
    made = settings(tmp_path, PLACES)
    cards = [Card(f"{path}#1", "O0") for path in ("acme/pay", "acme/web", "other/app")]
    found = seen(store, made, cards, HOMES)
    assert [i.name for i in found.iterations(team)] == expected


def test_a_name_of_two_milestones_is_decided_by_the_team_or_refused(store: Store, tmp_path: Path) -> None:
    made = settings(tmp_path, PLACES)
    twins = [timebox("1", 0, 6, project="acme/pay"), replace(timebox("2", 0, 6, project="acme/web"), name="M1")]
    found = seen(store, made, [Card("acme/pay#1", "O0"), Card("acme/web#1", "O0")], twins)
    assert [i.id for i in found.resolve("pay", "M1")] == ["1"]
    with pytest.raises(UserError) as error:
        found.resolve("acme", "M1")
    assert "acme:1 (M1), acme:2 (M1)" in str(error.value.problems[0].what.params["candidates"])


# -- what else shows them ----------------------------------------------------------------------------------------------


def checks(found: Snapshot, name: str) -> tuple[str, ...]:
    scope = measure(found, "pay", next(iter(found.resolve("pay", "last")), None))
    return next((quality.keys for quality in scope.data_quality if quality.check == name), ())


def test_those_without_days_are_named(store: Store, made: Config) -> None:
    boxes = [*GRID, timebox("8", 3, None), timebox("9", None, 50), timebox("10", 40, 50)]
    found = seen(store, made, [Card("acme/pay#1", "O0")], boxes)
    assert checks(found, "iteration_without_dates") == ("M6", "M7", "M8", "M9")


def test_the_export_tells_days_as_instants_and_states_by_them(store: Store, tmp_path: Path) -> None:
    made = settings(tmp_path, YAML, "Asia/Shanghai")
    boxes = [timebox("10", 0, 6), timebox("2", 7, None), timebox("3", 0, 6, cadence="c")]
    found = seen(store, made, [Card("acme/pay#1", "O0", held("10,iteration-3"))], boxes)
    tables = export.tables(found)
    rows = [tuple(row)[1:] for row in tables["iterations"][1]]
    assert rows == [
        ("2", "M2", None, "active", "2026-03-08T16:00:00Z", None, None),
        ("10", "M10", None, "closed", "2026-03-01T16:00:00Z", "2026-03-08T16:00:00Z", None),
        ("iteration-3", "M3", None, "closed", "2026-03-01T16:00:00Z", "2026-03-08T16:00:00Z", None),
    ]
    assert [row[2] for row in tables["memberships"][1]] == ["10", "iteration-3"]


# -- G04: cadences that roll over --------------------------------------------------------------------------------------

ROLLS = (timebox("1", 7, 13, cadence="c"), timebox("2", 14, 20, cadence="c"), timebox("3", 21, 27, cadence="c"))
OTHERS = (timebox("8", 14, 20, cadence="d"),)
A, B, C3, D8 = "iteration-1", "iteration-2", "iteration-3", "iteration-8"
ROWS = [
    ("G04 on, 5 h before the end", 14 - 5 * HOUR, B, "CK", "CK", CarryTo.NEXT),
    ("on, on the server's day behind the end", 14 + 8 * HOUR, B, "CK", "CK", CarryTo.NEXT),
    ("on, a day and more before", 14 - 25 * HOUR, B, "CR", "CK", None),
    ("on, a day and more behind", 14 + 25 * HOUR, B, "CK", "AK", CarryTo.BACKLOG),
    ("not to the next", 14 - 5 * HOUR, C3, "CR", "", None),
    ("to another cadence", 14 - 5 * HOUR, D8, "CR", "", None),
    ("out", 14 - 5 * HOUR, None, "CR", "", None),
]


@pytest.mark.parametrize(("day", "to", "first", "second", "carry"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_g04_what_a_cadence_moves_on_is_carried_over(
    store: Store, tmp_path: Path, day: float, to: str | None, first: str, second: str, carry: CarryTo | None
) -> None:
    made = settings(tmp_path, CADENCES)
    card = Card("acme/pay#1", "O0 D8", held(A, (day, to)))
    found = seen(store, made, [card], [*ROLLS, *OTHERS])
    sets = found.sets("pay", found.resolve("pay", A)[0])
    assert (letters(sets), sets.committed[0].carry_to) == (first, carry)
    assert letters(found.sets("pay", found.resolve("pay", B)[0])) == second


def test_what_was_closed_before_it_rolled_on_is_delivered_once(store: Store, tmp_path: Path) -> None:
    made = settings(tmp_path, CADENCES)
    card = Card("acme/pay#1", "O0 D8 C12", held(A, (14 - 5 * HOUR, B)))
    found = seen(store, made, [card], ROLLS)
    assert [letters(found.sets("pay", i)) for i in found.iterations("pay")] == ["CD", "", ""]


def test_a_milestone_rolls_nothing_over(store: Store, made: Config) -> None:
    """Nobody but people moves what a milestone leaves undone, as with a sprint that is not over."""
    card = Card("acme/pay#1", "O0 D8", held("1", (14 - 5 * HOUR, "2")))
    found = seen(store, made, [card], [timebox("1", 7, 13), timebox("2", 14, 20)])
    assert letters(found.sets("pay", found.iterations("pay")[0])) == "CR"


def test_fields_without_a_history_are_as_they_are(store: Store, made: Config) -> None:
    card = Card("acme/pay#1", "O0", {Field.ESTIMATE: ("4.5", ())})
    (item,) = seen(store, made, [card], []).items("pay")
    assert (item.number_at(Field.ESTIMATE, at(1)), item.number_at(Field.ESTIMATE, at(30))) == (4.5, 4.5)
