"""The golden rows E01–E25 of the metrics contract: every edge case that a timeline must survive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from okr_delivery.delivery.metrics import measure
from okr_delivery.delivery.metrics.flow import wip_at
from okr_delivery.delivery.metrics.period import Population, of_days
from okr_delivery.delivery.metrics.quality import migrations
from okr_delivery.delivery.metrics.stages import entries, moves_back, time_in_stages
from okr_delivery.delivery.results import MetricStatus, Scope
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.delivery.timeline import fold
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.work import Field, ItemFact, Kind
from okr_delivery.store import Store, open_store
from okr_delivery_jira import instants
from tests.delivery.world import AS_OF, DAY, RULES, STATUSES, Story, at, config, fill, snapshot

MOMENTS = ("committed", "started", "first_finished", "finished", "cancelled", "gone")
SPANS = ("lead", "cycle", "active", "wait", "parked", "unmapped")


@dataclass(frozen=True)
class Row:
    """Days for moments and durations; what is not named must be None for moments, 0 or None for durations."""

    id: str
    story: Story
    expected: Mapping[str, float]
    notes: frozenset[str] = frozenset()
    reopened: int = 0
    as_of: float = AS_OF
    kind: Kind = Kind.DONE


def story(way: str, **more: object) -> Story:
    return Story("PAY-1", way, **more)  # type: ignore[arg-type]  # the fields of Story


E01 = "B0 R1 D2 V4 T5 F7"
E02 = f"{E01} D9 F10"
E14 = "B0 R1 D2 V4 T5 F7 D7.00034722222 F9"  # 30 seconds in done
WONT_DO = {Field.RESOLUTION: (None, [(4.0, "Won't Do")])}
BLOCKED = {Field.FLAGGED: (None, [(3.0, "Impediment"), (4.5, None)])}
E01_DAYS = {"committed": 1, "started": 2, "first_finished": 7, "finished": 7, "lead": 7, "cycle": 5}
BACK = frozenset({"backwards_through_stages"})
AFTER = frozenset({"status_changes_after_done"})

ROWS = [
    Row("E01 plain", story(E01), {**E01_DAYS, "active": 4, "wait": 1}),
    Row(
        "E02 re-opened",
        story(E02),
        {**E01_DAYS, "finished": 10, "lead": 10, "cycle": 8, "active": 5, "wait": 1, "parked": 2},
        notes=BACK | AFTER,
        reopened=1,
    ),
    Row("E02 as of 8", story(E02), {**E01_DAYS, "active": 4, "wait": 1}, as_of=8),
    Row(
        "E02 as of 9.5",
        story(E02),
        {"committed": 1, "started": 2, "first_finished": 7, "active": 4.5, "wait": 1, "parked": 2},
        notes=BACK | AFTER,
        reopened=1,
        as_of=9.5,
        kind=Kind.ACTIVE,
    ),
    Row(
        "E03 done to done",
        story("B0 D2 F7 G20"),
        {**E01_DAYS, "committed": 2, "active": 5},
        notes=AFTER,
    ),
    Row(
        "E04 skipped stages",
        story("B0 T5 F7"),
        {"committed": 5, "started": 5, "first_finished": 7, "finished": 7, "lead": 7, "cycle": 2, "active": 2},
    ),
    Row(
        "E05 backwards",
        story("B0 D2 T4 D5 T6 F7"),
        {**E01_DAYS, "committed": 2, "active": 5},
        notes=BACK,
    ),
    Row(
        "E06 back to backlog",
        story("B0 D2 B4 D9 F11"),
        {
            "committed": 2, "started": 2, "first_finished": 11, "finished": 11,
            "lead": 11, "cycle": 9, "active": 4, "wait": 5,
        },
        notes=BACK | {"returned_to_queue"},
    ),
    Row(
        "E07 never started",
        story("B0 F3"),
        {"committed": 3, "first_finished": 3, "finished": 3, "lead": 3},
        notes=frozenset({"completed_but_not_started"}),
    ),
    Row(
        "E08 cancelled",
        story("B0 D2 X4"),
        {"committed": 2, "started": 2, "cancelled": 4, "active": 2},
        kind=Kind.CANCELLED,
    ),
    Row(
        "E08 not delivered by resolution",
        story("B0 D2 F4", fields=WONT_DO),
        {"committed": 2, "started": 2, "cancelled": 4, "active": 2},
        kind=Kind.CANCELLED,
    ),
    Row(
        "E09 revived",
        story("B0 D2 X4 D6 F8"),
        {
            "committed": 2, "started": 2, "first_finished": 8, "finished": 8,
            "lead": 8, "cycle": 6, "active": 4, "parked": 2,
        },
    ),
    Row(
        "E10 unmapped",
        story("B0 D2 ?3 F5"),
        {
            "committed": 2, "started": 2, "first_finished": 5, "finished": 5,
            "lead": 5, "cycle": 3, "active": 1, "unmapped": 2,
        },
        notes=frozenset({"status_unmapped"}),
    ),
    Row(
        "E11 no history",
        story("D0"),
        {"committed": 0, "started": 0, "active": AS_OF},
        notes=frozenset({"created_in_wrong_status"}),
        kind=Kind.ACTIVE,
    ),
    Row(
        "E12 change before created",
        story("B0 D1 F7", created=2),
        {"committed": 2, "started": 2, "first_finished": 7, "finished": 7, "lead": 5, "cycle": 5, "active": 5},
        notes=frozenset({"change_before_created"}),
    ),
    Row(
        "E13 same second",
        story("B0 D2 T2"),
        {"committed": 2, "started": 2, "active": AS_OF - 2},
        kind=Kind.ACTIVE,
    ),
    Row(
        "E14 undone click",
        story(E14),
        {
            "committed": 1, "started": 2, "first_finished": 9, "finished": 9,
            "lead": 9, "cycle": 7, "active": 6, "wait": 1,
        },
        notes=frozenset({"undone_click"}) | BACK,
    ),
    Row(
        "E15 truncated changelog",
        story(E01, complete=False),
        {**E01_DAYS, "active": 4, "wait": 1},
        notes=frozenset({"history_incomplete"}),
    ),
    Row(
        "E17 moved project",
        story("B0 D2 F7", fields={Field.KEY: ("ABC-1", [(4.0, "PAY-1")])}),
        {**E01_DAYS, "committed": 2, "active": 5},
    ),
    Row(
        "E20 deleted",
        story("B0 D2", gone=5),
        {"committed": 2, "started": 2, "gone": 5, "active": 3},
        kind=Kind.ACTIVE,
    ),
    Row("E21 blocked in wait", story(E01, fields=BLOCKED), {**E01_DAYS, "active": 3, "wait": 2}),
]  # fmt: skip


def ids(row: Row) -> str:
    return row.id


def folded(row: Row, shuffle: int | None = None) -> ItemFact:
    issue, changes = row.story.build()
    mixed = list(changes)
    if shuffle is not None:
        Random(shuffle).shuffle(mixed)
    gone = None if row.story.gone is None else at(row.story.gone)
    return fold(issue, mixed, RULES, at(row.as_of), gone).fact


def days(fact: ItemFact) -> dict[str, float]:
    """A fact's set moments as days since day 0 and its non-zero durations in days."""
    found = {name: (ts - at(0)) / DAY for name in MOMENTS if (ts := getattr(fact, f"{name}_at")) is not None}
    return found | {name: seconds / DAY for name in SPANS if (seconds := getattr(fact, f"{name}_seconds"))}


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_moments_and_durations(row: Row) -> None:
    fact = folded(row)
    assert days(fact) == pytest.approx(row.expected)
    assert fact.kind is row.kind
    assert fact.reopened == row.reopened
    assert set(fact.notes) == row.notes


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_the_order_of_the_input_changes_nothing(row: Row) -> None:
    assert all(folded(row, seed) == folded(row) for seed in range(3))


class Answers:
    """Answers of the stored path: one issue alone in a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stores: list[Store] = []

    def ask(self, *stories: Story, day: float = AS_OF, zone: str = "UTC") -> Snapshot:
        place = self.folder / str(len(self.stores))
        settings = config(place, zone=zone)
        store = open_store(f"sqlite:///{place / 'store.db'}", ledger=None)
        self.stores.append(store)
        fill(store, settings, stories)
        gone = {story.id: at(story.gone) for story in stories if story.gone is not None}
        if gone:
            with store.page("jira") as tx:
                tx.tombstone(gone, {})
        return snapshot(store, settings, day)

    def scope(self, *stories: Story, day: float = AS_OF) -> Scope:
        return march(self.ask(*stories, day=day))

    def close(self) -> None:
        for store in self.stores:
            store.close()


def march(found: Snapshot, team: str = "jira") -> Scope:
    """All that is measured over the first thirty days."""
    return measure(found, team, since=date(2026, 3, 2), until=date(2026, 3, 31))


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    found = Answers(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize("row", [r for r in ROWS if r.as_of == AS_OF and r.story.created == 0], ids=ids)
def test_the_stored_path_answers_the_same(row: Row, answers: Answers) -> None:
    (item,) = answers.ask(row.story, day=row.as_of).items("jira")
    assert item.fact == folded(row)


def test_e01_cycle_time_and_flow_efficiency(answers: Answers) -> None:
    metrics = answers.scope(story(E01)).metrics
    assert (metrics["lead_time"].value, metrics["cycle_time"].value, metrics["cycle_time_days"].value) == (7, 5, 6)
    assert metrics["flow_efficiency"].value == 0.8


def test_e02_counts_in_the_throughput_of_the_last_finish_only(answers: Answers) -> None:
    scope = answers.scope(story(E02))
    assert [(day.isoformat(), n) for day, n in scope.throughput_days if n] == [("2026-03-12", 1)]
    assert scope.metrics["flow_efficiency"].value == pytest.approx(5 / 6)


def test_e02_is_in_progress_while_it_is_re_opened(answers: Answers) -> None:
    scope = answers.scope(story(E02), day=9.5)
    assert (scope.metrics["wip"].value, scope.metrics["throughput"].value) == (1, 0)


def test_e04_reaches_skipped_stages_with_the_next_one() -> None:
    issue, changes = story("B0 T5 F7").build()
    intervals = fold(issue, changes, RULES, at(AS_OF)).intervals
    stages = dict(zip(RULES.stages, entries(intervals, len(RULES.stages)), strict=True))
    assert [stages[s] for s in "BRDVTF"] == [at(0), at(5), at(5), at(5), at(5), at(7)]
    assert stages["G"] is None


def test_e05_keeps_first_pass_and_rework_apart() -> None:
    issue, changes = story("B0 D2 T4 D5 T6 F7").build()
    intervals = fold(issue, changes, RULES, at(AS_OF)).intervals
    first, again = time_in_stages(intervals, at(2), at(7))
    stage = RULES.stages.index
    assert (first[stage("D")], again[stage("D")]) == (2 * DAY, DAY)
    assert list(moves_back(intervals, at(2))) == [("T", "D")]


def test_e05_counts_the_second_pass_of_test_as_rework() -> None:
    issue, changes = story("B0 D2 T4 D5 T6 F7").build()
    first, again = time_in_stages(fold(issue, changes, RULES, at(AS_OF)).intervals, at(2), at(7))
    test = RULES.stages.index("T")
    assert (first[test], again[test]) == (DAY, DAY)


def test_e06_stays_in_progress_while_it_waits_in_the_backlog(answers: Answers) -> None:
    found = answers.ask(story("B0 D2 B4 D9 F11"))
    population = Population(found, "jira", of_days(Calendar(), found.as_of, None, None))
    assert [len(wip_at(population, at(day))) for day in (1, 2, 6, 10, 11)] == [0, 1, 1, 1, 0]
    efficiency = march(found).metrics["flow_efficiency"].value
    assert efficiency == pytest.approx(0.444, abs=0.001)


def test_e07_is_throughput_without_cycle_time(answers: Answers) -> None:
    metrics = answers.scope(story("B0 F3")).metrics
    assert metrics["throughput"].value == 1
    assert (metrics["cycle_time"].value, metrics["cycle_time"].n) == (None, 0)
    assert metrics["cycle_time"].excluded == {"never_started": 1}


@pytest.mark.parametrize(
    "cancelled", [story("B0 D2 X4"), story("B0 D2 F4", fields=WONT_DO)], ids=["status", "resolution"]
)
def test_e08_leaves_progress_without_being_throughput(cancelled: Story, answers: Answers) -> None:
    found = answers.ask(cancelled)
    population = Population(found, "jira", of_days(Calendar(), found.as_of, None, None))
    assert [len(wip_at(population, at(day))) for day in (3.9, 4)] == [1, 0]
    assert march(found).metrics["throughput"].value == 0


def test_e10_is_partial(answers: Answers) -> None:
    scope = answers.scope(story("B0 D2 ?3 F5"))
    assert (scope.metrics["cycle_time"].value, scope.metrics["cycle_time"].status) == (3, MetricStatus.PARTIAL)
    assert {"status_unmapped", "status_deleted"} <= {entry.check for entry in scope.data_quality}


def test_e12_drops_and_counts_what_lies_ahead() -> None:
    issue, changes = story("B0 D2 F40").build()
    timeline = fold(issue, changes, RULES, at(AS_OF))
    assert (timeline.later, timeline.fact.finished_at) == (1, None)


def test_e12_lists_a_change_that_not_even_the_sync_had_reached(answers: Answers) -> None:
    scope = answers.scope(story("B0 D2 F40"))
    assert [entry.keys for entry in scope.data_quality if entry.check == "change_after_as_of"] == [("PAY-1",)]


def test_e13_keeps_the_zero_length_stay() -> None:
    issue, changes = story("B0 D2 T2").build()
    stays = [(i.status_id, i.entered_at, i.left_at) for i in fold(issue, changes[::-1], RULES, at(AS_OF)).intervals]
    assert stays == [("B", at(0), at(2)), ("D", at(2), at(2)), ("T", at(2), None)]


def test_e14_is_finished_until_the_click_is_undone() -> None:
    issue, changes = story(E14).build()
    assert fold(issue, changes, RULES, at(7) + 10).fact.finished_at == at(7)


def test_e15_is_out_of_every_metric_and_counted(answers: Answers) -> None:
    metrics = answers.scope(story(E01, complete=False)).metrics
    for name in ("lead_time", "cycle_time", "throughput", "wip"):
        assert (metrics[name].n, metrics[name].excluded) == (0, {"history_incomplete": 1})


def test_e16_is_no_rework(answers: Answers) -> None:
    moved = [Story(f"PAY-{n}", "B0 D2 T4 D5 F7", actor="admin") for n in range(1, 61)]
    found = answers.ask(*moved)
    scope = march(found)
    assert (scope.metrics["rework_rate"].value, scope.metrics["throughput"].value) == (0, 60)
    assert next(e.n for e in scope.data_quality if e.check == "migration_event") == 60
    moves = migrations(found.items("jira"))
    first, again = time_in_stages(found.items("jira")[0].intervals, at(2), at(7), moves)
    assert (first[RULES.stages.index("D")], again.total()) == (4 * DAY, 0)


def test_e16_needs_one_hand(answers: Answers) -> None:
    moved = [Story(f"PAY-{n}", "B0 D2 T4 D5 F7", actor=f"person {n}") for n in range(1, 61)]
    assert answers.scope(*moved).metrics["rework_rate"].value == 1


def test_e17_counts_where_it_was_finished(tmp_path: Path) -> None:
    text = (
        "version: 1\nsources: [{name: jira, type: jira, url: https://acme.example.com, projects: [ABC, PAY]}]\n"
        "teams: [{id: abc, select: [{source: jira, projects: [ABC]}]},"
        " {id: pay, select: [{source: jira, projects: [PAY]}]}]\n"
    )
    early = story("B0 D2 F3", fields=_moved(4))
    late = replace(story("B0 D2 F7", fields=_moved(4)), key="PAY-2")
    settings = config(tmp_path, text)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as store:
        fill(store, settings, [replace(early, project="ABC"), replace(late, project="ABC")])
        fill(store, settings, [early, late])
        found = snapshot(store, settings)
        assert [item.key for item in found.items("abc")] == ["PAY-1"]
        assert [item.key for item in found.items("pay")] == ["PAY-2"]


def _moved(day: float) -> dict[Field, tuple[str | None, list[tuple[float, str | None]]]]:
    return {
        Field.PROJECT: ("id-ABC", [(day, "id-PAY")]),
        Field.KEY: ("ABC-1", [(day, "PAY-1")]),
    }


def test_e18_two_selectors_count_it_once(tmp_path: Path) -> None:
    text = (
        "version: 1\nsources: [{name: jira, type: jira, url: https://acme.example.com, projects: [PAY]}]\n"
        "teams: [{id: a, select: [{source: jira, boards: [1]}, {source: jira, projects: [PAY]}]},"
        " {id: b, select: [{source: jira, projects: [PAY]}]}]\n"
    )
    settings = config(tmp_path, text)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as store:
        fill(store, settings, [story(E01)])
        found = snapshot(store, settings)
        assert [march(found, team).metrics["throughput"].value for team in ("a", "b")] == [1, 0]


def test_e19_sub_tasks_are_in_no_count(answers: Answers) -> None:
    child = Story("PAY-2", "B0 D3", subtask_of="PAY-1", type="Sub-task")
    scope = answers.scope(story("B0"), child)
    assert (scope.metrics["wip"].value, scope.metrics["wip"].excluded) == (0, {"subtask": 1})
    assert [e.keys for e in scope.data_quality if e.check == "not_started_but_subtasks_have"] == [("PAY-1",)]


def test_e20_leaves_progress_and_is_not_finished(answers: Answers) -> None:
    found = answers.ask(story("B0 D2", gone=5))
    population = Population(found, "jira", of_days(Calendar(), found.as_of, None, None))
    assert [len(wip_at(population, at(day))) for day in (4.9, 5)] == [1, 0]
    assert march(found).metrics["throughput"].value == 0


def test_e21_blocked_time_is_not_counted_twice(answers: Answers) -> None:
    metrics = answers.scope(story(E01, fields=BLOCKED)).metrics
    assert metrics["flow_efficiency"].value == pytest.approx(0.6)


@pytest.mark.parametrize(("zone", "expected"), [("UTC", 2), ("Asia/Shanghai", 1)])
def test_e22_days_are_those_of_the_zone(zone: str, expected: int, answers: Answers) -> None:
    minute = 1 / 24 / 60
    brief = story(f"B0 D{23.5 / 24:.10f} F{24.5 / 24:.10f}")  # 23:30Z to 00:30Z
    metrics = march(answers.ask(brief, zone=zone)).metrics
    assert metrics["cycle_time"].value == pytest.approx(60 * minute)
    assert metrics["cycle_time_days"].value == expected


def test_e23_a_short_day_is_still_a_day() -> None:
    calendar = Calendar("America/New_York")
    a, b = instants.parse("2026-03-07T12:00:00-05:00"), instants.parse("2026-03-08T12:00:00-04:00")
    assert a is not None
    assert b is not None
    assert (b - a, calendar.days_between(a, b)) == (23 * 3600, 2)


def test_e24_make_up_days_work() -> None:
    calendar = Calendar("Asia/Shanghai", country="CN")
    assert calendar.workdays(date(2025, 1, 24), date(2025, 2, 8)) == 7
    assert Calendar("Asia/Shanghai").workdays(date(2025, 1, 24), date(2025, 2, 8)) == 11
    assert all(calendar.is_workday(day) for day in (date(2025, 1, 26), date(2025, 2, 8)))


def test_e25_three_spellings_of_one_instant() -> None:
    spellings = ("2026-03-02T09:27:28.000+0800", 1_772_414_848_000, "2026-03-02T01:27:28Z")
    assert {instants.parse(one) for one in spellings} == {1_772_414_848}


def test_the_status_of_the_world_is_what_the_table_says() -> None:
    kinds = {kind.name: {s.id for s in STATUSES if RULES.kinds[s.id][1] is kind} for kind in Kind}
    expected = {"QUEUE": "BR", "ACTIVE": "DT", "WAIT": "V", "DONE": "FG", "CANCELLED": "X", "UNMAPPED": ""}
    assert kinds == {name: set(ids) for name, ids in expected.items()}
