"""The value trace of an iteration over a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from okr_delivery.locale import LANGS, translator
from okr_delivery.model.conclusion import Verb
from okr_delivery.model.work import Field
from okr_delivery.value.results import IterationTrace, KrTrace, RequirementTrace, WindowState
from okr_delivery.value.trace import trace
from tests.value.world import SPRINTS, World, at

S26, S27, S28, _ = SPRINTS


@pytest.fixture
def told(world: World) -> World:
    """Two requirements delivered as promised, one not, one added, and work that serves nothing."""
    world.issue(1, "Contributes-to: GROW-KR1 +2pp 60%", sprint="26", done=at(10, 10), estimate=3)
    world.issue(2, "Contributes-to: GROW-KR1 +1pp", sprint="26", done=at(10, 12), estimate=2)
    world.issue(3, "Contributes-to: GROW-KR1 +3pp", sprint="26,27", estimate=5)
    joined = [(at(10, 5), Field.ITERATION, "", "26")]
    world.issue(4, "Contributes-to: GROW-KR1 +0.5pp", sprint="26", done=at(10, 13), history=joined, estimate=2)
    world.issue(5, sprint="26", estimate=6)
    world.issue(6, "Contributes-to: GROW-KR1 +9pp", sprint="26", type_name="Bug", done=at(10, 11), estimate=2)
    world.reading("GROW-KR1", 10, 11, 38)
    world.reading("GROW-KR1", 10, 27, 42)
    world.effect(1, "GROW-KR1", 1.0)
    return world


def traced(world: World, as_of: int = at(11, 5), iteration: int = 0) -> IterationTrace:
    snapshot = world.snapshot(as_of)
    return trace(snapshot, world.all_readings(), world.effects, world.conclusions(), "pay", SPRINTS[iteration])


def only(found: IterationTrace) -> KrTrace:
    assert len(found.key_results) == 1
    return found.key_results[0]


def rows(found: KrTrace) -> dict[str, RequirementTrace]:
    return {row.key: row for row in found.requirements}


def test_three_series(told: World) -> None:
    found = only(traced(told))
    assert (found.kr.id, found.unit) == ("GROW-KR1", "%")
    assert (found.promised, found.delivered, found.observed) == (6, 3.5, 4)
    assert found.window.start == date(2026, 10, 12)
    assert found.window.end == date(2026, 10, 28)
    assert found.window.state is WindowState.DUE
    assert found.realisation == 0.5
    assert found.unexplained is None
    assert not found.over_attributed


def test_the_remainder_goes_to_those_without_a_measurement(told: World) -> None:
    found = rows(only(traced(told)))
    assert list(found) == ["PAY-1", "PAY-2", "PAY-3", "PAY-4"]
    assert [(r.measured, r.allocated, r.method) for r in found.values()] == [
        (1.0, None, "experiment"),
        (None, pytest.approx(2), "allocated"),
        (None, None, None),
        (None, pytest.approx(1), "allocated"),
    ]
    assert [(r.committed, r.delivered) for r in found.values()] == [
        (True, True),
        (True, True),
        (True, False),
        (False, True),
    ]


def test_the_hit_rate_of_what_was_due(told: World) -> None:
    found = traced(told).hits
    assert found is not None
    assert (found.due, found.measured, found.hits, found.low, found.high) == (3, 1, 1, 1 / 3, 1)
    assert traced(told, at(10, 20)).hits is None


def test_who_has_to_conclude_and_when(told: World) -> None:
    found = rows(only(traced(told)))
    assert found["PAY-1"].due == date(2026, 10, 28)
    assert found["PAY-2"].due == date(2026, 10, 30)
    assert found["PAY-4"].due is None
    assert found["PAY-3"].window.start is None


def test_work_that_names_no_key_result(told: World) -> None:
    unlinked = traced(told).unlinked
    assert (unlinked.count, unlinked.keys) == (2, ("PAY-5", "PAY-6"))
    assert unlinked.effort_share == pytest.approx(8 / 20)


def test_nothing_is_observed_before_the_window_ends(told: World) -> None:
    found = only(traced(told, at(10, 28, 12)))
    assert (found.window.state, found.observed) == (WindowState.OPEN, None)
    assert rows(found)["PAY-1"].window.state is WindowState.DUE
    assert rows(found)["PAY-1"].measured is None  # the effect is dated later


def test_a_missing_reading_is_named(told: World) -> None:
    told.readings = told.readings[:1]
    found = only(traced(told))
    assert found.observed is None
    assert [note.id for note in found.notes] == ["value.trace.no_reading"]
    assert found.notes[0].params["day"] == "2026-10-28"
    assert rows(found)["PAY-2"].allocated is None


def test_one_reading_on_both_sides_is_no_change(told: World) -> None:
    path = told.folder / "okrs" / "q4.yaml"
    path.write_text(path.read_text("utf-8").replace("observe: 14d", "observe: 2d"), "utf-8")
    found = only(traced(told))
    assert (found.window.start, found.window.end) == (date(2026, 10, 12), date(2026, 10, 16))
    assert found.observed is None
    assert [note.id for note in found.notes] == ["value.trace.same_reading"]
    assert not found.over_attributed


def test_more_measured_than_observed(told: World) -> None:
    told.effects = [replace(told.effects[0], value=5.0)]
    found = only(traced(told))
    assert found.over_attributed
    assert found.realisation is None
    assert all(row.allocated is None for row in found.requirements)


def test_before_and_after_is_no_measurement(told: World) -> None:
    told.effects = [replace(told.effects[0], method="before_after", value=9.0)]
    found = only(traced(told))
    first = rows(found)["PAY-1"]
    assert (first.measured, first.method, found.realisation) == (9.0, "before_after", None)
    assert not found.over_attributed
    assert sum(row.allocated or 0 for row in found.requirements) == pytest.approx(4)


def test_conclusions_close_it(told: World) -> None:
    lines = [
        "- {issue: PAY-1, kr: GROW-KR1, conclusion: 加码, reason: it works, at: 2026-10-30}",
        "- {issue: PAY-2, conclusion: observe, reason: too early, at: 2026-10-30, due: 2026-11-10}",
        "- {goal: S26, verdict: missed, reason: half of it, at: 2026-10-20}",
    ]
    (told.folder / "conclusions.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    found = only(traced(told))
    first, second = rows(found)["PAY-1"], rows(found)["PAY-2"]
    assert first.conclusion is not None
    assert first.conclusion.conclusion is Verb.DOUBLE_DOWN
    assert (first.window.state, first.due) == (WindowState.CONCLUDED, None)
    assert (second.window.state, second.window.end) == (WindowState.OPEN, date(2026, 11, 10))
    assert found.observed is None  # observed longer: the window is open again
    assert only(traced(told, at(11, 12))).window.state is WindowState.DUE
    before = rows(only(traced(told, at(10, 29))))["PAY-1"]
    assert before.conclusion is None


def test_the_goal(told: World) -> None:
    (told.folder / "conclusions.yaml").write_text(
        "- {goal: S27, team: pay, verdict: 达成, reason: 上线了, at: 2026-10-29}\n", "utf-8"
    )
    declared = traced(told, iteration=1).goal
    assert (declared.objective, declared.goal) == ("2026Q4:GROW", "Three-step checkout")
    assert (declared.verdict, declared.reason) == ("hit", "上线了")
    in_tracker = traced(told, iteration=2).goal
    assert (in_tracker.objective, in_tracker.goal) == ("2026Q4:GROW", "Serves GROW this time")
    assert in_tracker.verdict is None
    without = traced(told).goal
    assert (without.objective, without.goal) == (None, None)


def test_carried_over_work_is_promised_again(told: World) -> None:
    found = only(traced(told, iteration=1))
    assert (found.promised, found.delivered, found.observed) == (3, 0, None)
    assert found.window.start is None


def test_an_empty_iteration(world: World) -> None:
    found = traced(world)
    assert found.key_results == ()
    assert (found.unlinked.count, found.unlinked.effort_share) == (0, None)


def test_a_split_parent_is_in_no_sum(world: World) -> None:
    world.issue(1, "Contributes-to: GROW-KR1 +4pp", type_name="Epic", sprint="26")
    world.issue(2, parent=1, sprint="26", done=at(10, 10), estimate=3)
    world.issue(3, parent=1, sprint="26", estimate=1)
    found = only(traced(world))
    assert [row.key for row in found.requirements] == ["PAY-2", "PAY-3"]
    assert (found.promised, found.delivered) == (4, 3)
    assert found.notes[0].id == "value.links.split_by_estimate"
    assert {note.id for note in found.notes[1:]} == {"value.trace.no_reading"}
    assert traced(world).unlinked.count == 0


def test_a_late_claim_counts_and_is_marked(world: World) -> None:
    history = [(at(10, 9), Field.CLAIM_LINES, "", "贡献: GROW-KR1 +2个百分点")]
    world.issue(1, "贡献: GROW-KR1 +2个百分点", sprint="26", history=history)
    found = only(traced(world))
    assert (found.promised, rows(found)["PAY-1"].late) == (2, True)


def test_later_versions_are_not_used(world: World) -> None:
    early, later = "Contributes-to: GROW-KR1 +2pp", "Contributes-to: GROW-KR1 +9pp"
    world.issue(1, later, sprint="26", history=[(at(10, 9), Field.CLAIM_LINES, early, later)])
    assert only(traced(world)).promised == 2


def test_links_without_amounts_promise_nothing_known(world: World) -> None:
    world.issue(1, "Contributes-to: OPS-KR5", sprint="26", done=at(10, 10))
    world.issue(2, "Contributes-to: GROW-KR1 ?", sprint="26")
    found = {entry.kr.id: entry for entry in traced(world).key_results}
    assert found["OPS-KR5"].promised is None
    assert found["GROW-KR1"].promised is None
    assert found["GROW-KR1"].delivered == 0
    assert rows(found["OPS-KR5"])["PAY-1"].window.start == date(2026, 10, 10)


def test_counted_key_results_are_observed_in_the_tracker(world: World) -> None:
    world.issue(1, "Contributes-to: CS-KR7 +1", sprint="26", labels="cs", done=at(10, 10))
    world.issue(2, labels="cs", done=at(10, 20))
    found = only(traced(world, at(11, 20)))
    assert found.window.start == date(2026, 10, 10)
    assert found.observed == 1  # one on the first day already, two on the last
    assert found.verdict.value == "undetermined"


COMPOSITE = """
cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31}
objectives:
  - id: BOTH
    title: Merchants stay and it costs less
    owner: lin
    key_results:
      - {id: BOTH-KR1, title: Both, metric: {direction: composite, rule: mean, parts: [GROW-KR1, COST-KR2]}}
"""


def test_key_results_without_readings_are_traced_too(world: World) -> None:
    (world.folder / "okrs" / "both.yaml").write_text(COMPOSITE, "utf-8")
    world.issue(1, "Contributes-to: BOTH-KR1", sprint="26", done=at(10, 9))
    world.issue(2, "Contributes-to: SPEED-KR8 -3d; CS-KR7", sprint="26", done=at(10, 9), labels="cs")
    world.issue(3, labels="cs", done=at(10, 20), created=at(10, 10))
    world.issue(4, done=at(10, 20), created=at(10, 10))
    found = {entry.kr.id: entry for entry in traced(world, at(11, 20)).key_results}
    assert (found["BOTH-KR1"].promised, found["BOTH-KR1"].observed) == (None, None)
    assert rows(found["BOTH-KR1"])["PAY-1"].delivered
    assert found["CS-KR7"].observed == 1
    assert found["SPEED-KR8"].promised == found["SPEED-KR8"].delivered == -3
    assert found["SPEED-KR8"].observed == pytest.approx(10 - 19)  # p50 of 19, 19; then of 10, 10, 19, 19 days
    assert rows(found["SPEED-KR8"])["PAY-2"].allocated == found["SPEED-KR8"].observed


def test_calibration_from_five_measured_requirements(world: World) -> None:
    for number in range(1, 6):
        world.issue(number, "Contributes-to: GROW-KR1 +2pp", sprint="26", done=at(10, 10))
        world.effect(number, "GROW-KR1", 1.0)
    world.issue(9, "Contributes-to: GROW-KR1 +2pp", sprint="27", done=at(10, 20))
    assert only(traced(world, iteration=1)).calibration == pytest.approx(0.5)
    assert only(traced(world, iteration=0)).calibration is None
    world.effects = world.effects[:4]
    assert only(traced(world, iteration=1)).calibration is None


def test_nothing_after_the_instant_is_looked_at(told: World) -> None:
    now = traced(told, at(10, 20))
    told.reading("GROW-KR1", 11, 20, 99)
    told.effect(2, "GROW-KR1", 7.0, day=(11, 20))
    assert traced(told, at(10, 20)) == now


def test_progress_and_health_stand_beside_it(told: World) -> None:
    told.reading("GROW-KR1/refund-rate", 10, 27, 1.5)
    found = only(traced(told))
    assert found.progress.progress == pytest.approx(4 / 12)
    assert [(h.id, h.met) for h in found.health] == [("refund-rate", True)]
    for lang in LANGS:
        assert "value." not in translator(lang).render(found.progress.arithmetic)
