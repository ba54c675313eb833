"""Scopes of a small team: numbers with their n, exclusions, definition and rule hash, and the data-quality box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from okr_delivery.config import Config
from okr_delivery.delivery.metrics import ALL, measure
from okr_delivery.delivery.metrics.flow import flows, little_residual, wip_at
from okr_delivery.delivery.metrics.iteration import both
from okr_delivery.delivery.metrics.period import Population, of_days
from okr_delivery.delivery.metrics.quality import rework_pairs
from okr_delivery.delivery.results import IterationSets, Member, MetricStatus, Quality, Scope, Window
from okr_delivery.model.work import Field, Iteration, IterationState
from okr_delivery.store import Store, open_store
from tests.delivery.world import AS_OF, YAML, Story, at, config, fill, snapshot, sprint

SEVEN, EIGHT = sprint("7", 10, 20, closed=20), sprint("8", 20, 30)


def story(n: int, way: str, sprint: str | None = None, estimate: str | None = None, **more: object) -> Story:
    fields: dict[Field, tuple[str | None, list[object]]] = {
        Field.ITERATION: (sprint, []),
        Field.ESTIMATE: (estimate, []),
    }
    return Story(f"PAY-{n}", way, fields=fields, **more)  # type: ignore[arg-type]  # the fields of Story


TEAM = [
    story(1, "B0 R9 D11 V13 T14 F15", "7", "3"),  # committed and delivered
    story(2, "B0 D12", "7", "5"),  # committed, carried over
    story(3, "B12 D13 F18", "7", "2", created=12),  # added and delivered
    story(4, "B0 D12 X15", "7", None),  # committed, cancelled
    story(5, "B0 D2 F8", "7", "1"),  # done before the start
    story(6, "B0 D1 T2 D3 F5 D6 F12", None),  # reworked and re-opened, outside the sprint
    story(7, "B0 F16", None),  # never started
    story(8, "B0 D3 F14", None, complete=False),
    story(9, "B0 D3 F14", None, subtask_of="PAY-1", type="Sub-task"),
]


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config(tmp_path)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url, ledger=None) as opened:
        yield opened


def measured(store: Store, settings: Config, day: float = AS_OF) -> Scope:
    fill(store, settings, TEAM, [SEVEN, EIGHT])
    return measure(snapshot(store, settings, day), "jira", SEVEN)


def test_an_iteration_in_numbers(store: Store, settings: Config) -> None:
    scope = measured(store, settings)
    assert tuple(scope.metrics) == ALL
    values = {name: metric.value for name, metric in scope.metrics.items() if metric.value is not None}
    assert values == pytest.approx(
        {
            "lead_time": 12,  # of 15, 6, 12 and 16: the lower of the two in the middle
            "cycle_time": 5,  # of 4, 5 and 11
            "cycle_time_days": 6,
            "cycle_time_business": 4,  # a weekend lies in each
            "throughput": 4,
            "wip": 1,
            "wip_average": (4 + 8 + 5 + 3 + 2) / 10,
            "work_item_age": 18,
            "flow_efficiency": (3 + 5 + 10) / (3 + 5 + 10 + 1),
            "net_flow": 4 - 3,  # PAY-7 never was in progress
            "rework_rate": 0.25,
            "committed": 3,
            "say_do": 1 / 3,
            "say_do_points": 3 / 8,
            "delivered_ratio": 2 / 3,
            "scope_change": 2,
            "scope_change_ratio": 2 / 3,
            "scope_change_points": 2,
            "carry_over": 1 / 3,
            "delivered_points": 5,
            "velocity": 5,
        }
    )


def test_equal_ids_of_two_trackers_are_two_issues() -> None:
    mine, other = Member("PAY-1", "1001", "jira", 0), Member("OPS-1", "1001", "second", 0)
    window, week = Window(0, 9, 0, 9, provisional=False), Iteration("jira", "2026-03-02", "W10", IterationState.CLOSED)
    sets = IterationSets(week, window, (mine,), (other,), (other,), (mine,), (), (), (), "")
    assert both(sets) == []
    assert both(replace(sets, delivered=(other, mine))) == [mine]


def test_every_number_says_what_it_stands_on(store: Store, settings: Config) -> None:
    scope = measured(store, settings)
    for metric in scope.metrics.values():
        assert (metric.as_of, metric.rule_hash) == (at(AS_OF), snapshot(store, settings).rule_hash("jira"))
        assert "/" in metric.definition
    definitions = [metric.definition for metric in scope.metrics.values()]
    assert len(set(definitions)) == len(definitions)


def test_what_is_left_out_is_counted(store: Store, settings: Config) -> None:
    metrics = measured(store, settings).metrics
    everything = {"cancelled": 1, "history_incomplete": 1, "subtask": 1}
    assert metrics["lead_time"].excluded == everything
    assert metrics["cycle_time"].excluded == everything | {"never_started": 1}
    assert (metrics["cycle_time"].n, metrics["lead_time"].n) == (3, 4)
    assert metrics["say_do_points"].excluded["unestimated"] == 1
    assert metrics["say_do"].excluded["done_before_start"] == 1


def test_the_iteration_s_summary(store: Store, settings: Config) -> None:
    scope = measured(store, settings)
    assert scope.summary is not None
    sets = scope.summary.sets
    keys = [
        [m.key for m in part] for part in (sets.committed, sets.added, sets.delivered, sets.carried_over, sets.removed)
    ]
    assert keys == [["PAY-1", "PAY-2", "PAY-4"], ["PAY-3"], ["PAY-1", "PAY-3"], ["PAY-2"], ["PAY-4"]]
    assert sets.done_before_start == ("PAY-5",)
    assert (scope.since, scope.until, scope.source) == (date(2026, 3, 12), date(2026, 3, 22), "jira")


def test_the_scatter_and_the_run_chart(store: Store, settings: Config) -> None:
    scope = measured(store, settings)
    assert [(key, days) for key, _, _, days in scope.cycle_times] == [("PAY-1", 4), ("PAY-3", 5), ("PAY-6", 11)]
    assert sum(n for _, n in scope.throughput_days) == scope.metrics["throughput"].value
    assert len(scope.throughput_days) == 11


def test_a_later_re_opening_does_not_move_a_closed_iteration(store: Store, settings: Config) -> None:
    fill(store, settings, [story(1, "B0 D11 F15 D25", "7", "3")], [SEVEN, EIGHT])
    later, then = (snapshot(store, settings, day).sets("jira", SEVEN) for day in (AS_OF, 21))
    assert later == then
    assert [m.key for m in later.delivered] == ["PAY-1"]


def test_a_period_of_days(store: Store, settings: Config) -> None:
    fill(store, settings, TEAM, [SEVEN])
    scope = measure(snapshot(store, settings), "jira", since=date(2026, 3, 11), until=date(2026, 3, 14))
    assert scope.metrics["throughput"].value == 1  # PAY-6, on the 14th, which counts; PAY-5 was the day before
    assert (scope.summary, scope.metrics["say_do"].status) == (None, MetricStatus.NO_DATA)


def test_an_iteration_to_come_shows_its_plan_and_no_figures(store: Store, settings: Config) -> None:
    fill(store, settings, TEAM, [SEVEN, replace(sprint("9", 50, 60), state=IterationState.FUTURE)])
    found = snapshot(store, settings)
    scope = measure(found, "jira", found.resolve("jira", "next")[0])
    assert (scope.since, scope.until) == (date(2026, 4, 21), date(2026, 5, 1))
    assert (scope.metrics["throughput"].value, scope.metrics["committed"].value, scope.throughput_days) == (0, 0, ())


def test_nothing_at_all_is_no_data_but_a_count_of_zero(store: Store, settings: Config) -> None:
    fill(store, settings, [], [SEVEN])
    scope = measure(snapshot(store, settings), "jira", SEVEN)
    assert {name: m.value for name, m in scope.metrics.items() if m.value is not None} == {
        "throughput": 0, "wip": 0, "wip_average": 0, "net_flow": 0, "committed": 0, "scope_change": 0,
    }  # fmt: skip
    assert scope.metrics["lead_time"].status is MetricStatus.NO_DATA
    assert scope.metrics["sle"].status is MetricStatus.TOO_FEW


def test_without_a_wait_status_there_is_no_flow_efficiency(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path / "plain", YAML.replace("wait: [V], ", ""))
    fill(store, settings, TEAM, [SEVEN])
    found = measure(snapshot(store, settings), "jira", SEVEN).metrics["flow_efficiency"]
    assert (found.value, found.status) == (None, MetricStatus.NOT_CONFIGURED)


def test_a_service_level_needs_ten(store: Store, settings: Config) -> None:
    fill(store, settings, [story(n, f"B0 D{n} F{2 * n}") for n in range(1, 11)])
    found = measure(snapshot(store, settings), "jira").metrics["sle"]
    assert (found.value, found.n, found.status) == (9, 10, MetricStatus.OK)
    assert found.percentiles is not None
    assert found.percentiles.bands[1][1] is None  # "at least": ten say nothing of the upper end


def test_velocity_is_the_mean_of_closed_iterations(store: Store, settings: Config) -> None:
    six = sprint("6", 0, 10, closed=10)
    done = [story(1, "B0 D2 F5", "6", "8"), story(2, "B0 D12 F15", "7", "3"), story(3, "B0 D22 F25", "8", "100")]
    fill(store, settings, done, [six, SEVEN, EIGHT])
    found = snapshot(store, settings)
    assert [measure(found, "jira", one).metrics["velocity"].value for one in (six, SEVEN, EIGHT)] == [8, 5.5, 5.5]


def test_re_opened_within_thirty_days(store: Store, settings: Config) -> None:
    cohort = [
        story(1, "B0 D1 F5 D9 F12"),
        story(2, "B0 D1 F6"),
        story(3, "B0 D1 F35"),
        story(4, "B0 D1 F7 F7.5 D50 F51"),
    ]
    fill(store, settings, cohort, fetched=60)
    found = measure(snapshot(store, settings, 60), "jira").metrics["reopened_rate"]
    assert found.value == pytest.approx(1 / 3)
    assert (found.n, found.excluded) == (3, {"pending": 1})


def test_rework_by_where_it_went(store: Store, settings: Config) -> None:
    fill(store, settings, TEAM, [SEVEN])
    found = snapshot(store, settings)
    population = Population(found, "jira", of_days(found.calendar("jira"), found.as_of, None, None))
    assert rework_pairs(population) == {("T", "D"): 1, ("F", "D"): 1}


def test_the_identity_of_work_in_progress(store: Store, settings: Config) -> None:
    fill(store, settings, TEAM, [SEVEN])
    found = snapshot(store, settings)
    whole = Population(found, "jira", of_days(found.calendar("jira"), found.as_of, None, None))
    for a, b in ((0, 5), (3, 12), (5.5, 15), (12, 30)):
        part = Population(found, "jira", replace(whole.period, after=at(a), until=at(b)))
        moved = flows(part)
        change = moved["starts"] + moved["reopens"] - moved["finishes"] - moved["cancels"] - moved["gone"]
        assert len(wip_at(whole, at(b))) - len(wip_at(whole, at(a))) == change


def test_little_s_law_finds_what_was_abandoned(store: Store, settings: Config) -> None:
    done = [story(n, f"B0 D{n} F{n + 2}") for n in range(1, 21)]
    fill(store, settings, done)
    clean = _residual(store, settings)
    fill(store, settings, [story(n, f"B0 D{n - 20}") for n in range(21, 31)])
    assert clean == pytest.approx(1)
    assert _residual(store, settings) > 1.25


def _residual(store: Store, settings: Config) -> float:
    found = snapshot(store, settings)
    population = Population(found, "jira", of_days(found.calendar("jira"), found.as_of, date(2026, 3, 2), None))
    residual = little_residual(population)
    assert residual is not None
    return residual


def box(store: Store, settings: Config, *stories: Story, iterations: tuple[Iteration, ...] = ()) -> dict[str, Quality]:
    fill(store, settings, stories, iterations)
    return {entry.check: entry for entry in measure(snapshot(store, settings), "jira").data_quality}


CHECKS = [
    ("completed_but_not_started", story(1, "B0 F3")),
    ("stopped_before_started", story(1, "B0 X3")),
    ("status_changes_after_done", story(1, "B0 D2 F7 G9")),
    ("backwards_through_stages", story(1, "B0 D2 T4 D5")),
    ("backwards_through_categories", story(1, "B0 D2 R4")),
    ("status_unmapped", story(1, "B0 ?3")),
    ("status_deleted", story(1, "B0 ?3")),
    ("created_in_wrong_status", story(1, "D0")),
    ("returned_to_queue", story(1, "B0 D2 B4")),
    ("history_incomplete", story(1, "B0", complete=False)),
    ("change_before_created", story(1, "B0 D1", created=2)),
    ("undone_click", story(1, "B0 D2 F7 D7.00034722222")),
    ("change_after_as_of", story(1, "B0 D40")),
    ("unestimated", story(1, "B0 D2 F7")),
    ("resolution_date_differs", story(1, "B0 D2 F7", None, "3", resolved=8)),
    (
        "due_date_moved",
        Story("PAY-1", "B0 D2", fields={Field.DUE: ("2026-03-10", [(5, "2026-03-20")])}),
    ),
    (
        "done_without_resolution",
        Story("PAY-1", "B0 D2 F7 D9 F10", fields={Field.RESOLUTION: (None, [(7, "Done"), (9, None), (40, "Done")])}),
    ),
]


@pytest.mark.parametrize(("check", "one"), CHECKS, ids=[check for check, _ in CHECKS])
def test_a_check_names_the_issue(check: str, one: Story, sqlite_url: str, settings: Config) -> None:
    with open_store(sqlite_url, ledger=None) as store:
        found = box(store, settings, one)[check]
        assert (found.n, found.keys, found.share) == (1, ("PAY-1",), 1)


def test_a_clean_history_is_in_no_check(store: Store, settings: Config) -> None:
    assert box(store, settings, story(1, "B0 R1 D2 V4 T5 F7", None, "3", resolved=7)) == {}


def test_sub_tasks_open_when_the_parent_is_done(store: Store, settings: Config) -> None:
    found = box(
        store, settings, story(1, "B0 D2 F7", None, "3"), story(2, "B0 D3", subtask_of="PAY-1", type="Sub-task")
    )
    assert found["incomplete_subtasks_when_done"].keys == ("PAY-1",)


def test_iterations_that_overlap_or_have_no_dates(store: Store, settings: Config) -> None:
    crossing = (
        sprint("7", 10, 20, closed=20),
        sprint("8", 18, 28),
        Iteration("jira", "9", "S9", IterationState.ACTIVE),
    )
    found = box(store, settings, iterations=crossing)
    assert found["overlapping_iterations"].keys == ("S7", "S8")
    assert found["iteration_without_dates"].keys == ("S9",)


def test_a_store_older_than_allowed(store: Store, settings: Config) -> None:
    fill(store, settings, [], fetched=AS_OF - 3)
    found = {e.check: e.keys for e in measure(snapshot(store, settings), "jira").data_quality}
    assert found == {"stale_sync": ("jira",)}


def test_ten_are_named_and_all_are_counted(store: Store, settings: Config) -> None:
    found = box(store, settings, *(story(n, "B0 F3") for n in range(1, 14)))["completed_but_not_started"]
    assert (found.n, found.keys[:2], found.keys[-1], len(found.keys)) == (13, ("PAY-1", "PAY-2"), "PAY-10", 10)


def test_a_calendar_beyond_its_announced_days(store: Store, tmp_path: Path) -> None:
    settings = config(tmp_path / "cn", YAML.replace("timezone: %s", "timezone: Asia/Shanghai, holidays: CN"))
    fill(store, settings, [], fetched=400)
    found = measure(snapshot(store, settings, 400), "jira")
    assert [entry.check for entry in found.data_quality] == ["calendar_provisional"]
