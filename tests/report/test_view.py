"""The view: every figure says what it is based on, no data is not zero, the order is that of a retrospective."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date
from typing import Any

import jsonschema
import pytest

from okr_delivery.delivery.results import Scope, Window
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.work import IterationState
from okr_delivery.report import html, markdown
from okr_delivery.report import json as report_json
from okr_delivery.report.parts import Figure, IterationReport
from okr_delivery.report.schema import json_schema
from okr_delivery.report.view import iteration_view
from okr_delivery.report.words import Words
from okr_delivery.value.results import GoalTrace, IterationTrace, Unlinked
from tests.report import scenario

VIEW = scenario.view("en")
EN = translator("en")


def figures(view: IterationReport) -> list[Figure]:
    return [*view.promise.figures, *view.flow.figures, *view.flow.quality, *view.value.figures]


def test_every_figure_has_its_basis() -> None:
    assert len(figures(VIEW)) == 13
    for figure in figures(VIEW):
        assert figure.definition and figure.as_of == "2026-11-20T15:59:59Z"
        assert figure.status in {"ok", "partial", "not_configured"} and figure.text and "_" not in figure.label


def test_sections_come_in_the_order_of_a_retrospective() -> None:
    assert [f.name for f in dataclasses.fields(VIEW)] == [
        "lang", "head", "goal", "key_results", "promise", "flow", "value", "data_quality", "experiment",
    ]  # fmt: skip


def test_movement_is_that_of_the_iteration_and_later_readings_are_said_apart() -> None:
    first, second, third, fourth = VIEW.key_results.movements
    assert (first.before, first.change) == (40.9, None)
    assert first.since_text == "Since the iteration ended: +3 pp, to 43.9% (2026-11-16)"
    assert second.change == pytest.approx(-0.5)
    assert second.change_text == "−0.5 d: from 46.5 d (2026-10-20) to 46 d (2026-10-27)"
    assert (third.value, third.change_text) == (None, "No reading yet, so no movement can be told.")
    assert (third.chart, fourth.chart) == (None, None)
    assert fourth.change_text == "Measured by milestones, not by readings."


def test_promised_delivered_and_observed_are_three_texts() -> None:
    first, second, *_ = VIEW.key_results.movements
    assert [text for _, text in first.series_text] == ["+6.7 pp", "+6 pp", "+3 pp", "36%"]
    assert second.series_text[2] == ("observed", "no reading at an end of the window")
    assert second.realisation is None and second.series_text[3][1] == "–"


def test_the_amended_and_the_original_target_are_both_shown() -> None:
    second = VIEW.key_results.movements[1]
    assert (second.target, second.original_target) == (35, 32)
    assert "32 d → 35 d (contract postponed)" in second.notes[0]


def test_classes_name_three_and_count_the_rest() -> None:
    delivered, carried, added, removed = VIEW.promise.classes
    assert (delivered.n, len(delivered.items), delivered.more) == (6, 3, "and 3 more")
    assert [item.key for item in carried.items] == ["PAY-105", "PAY-110", "PAY-107"]
    assert carried.items[0].note == "to the next iteration, in 2 iterations by now"
    assert added.more is None
    assert (removed.items[0].title, removed.items[0].note) == (None, "cancelled")


def test_bars_hold_every_issue_once() -> None:
    assert VIEW.promise.chart
    bar = VIEW.promise.chart.bars[-1]
    parts = (bar.committed_done, bar.added_done, bar.committed_not, bar.added_not, bar.removed)
    assert parts == (4, 2, 2, 1, 1) and sum(parts) == 7 + 3


def test_equal_ids_of_two_trackers_are_two_issues_in_a_bar() -> None:
    now = scenario.iteration(27)
    mine = scenario.member(100)
    other = dataclasses.replace(mine, source="second", key="OPS-1")
    parts: dict[str, Any] = {
        "committed": (mine,),
        "added": (other,),
        "delivered": (other,),
        "carried_over": (mine,),
        "removed": (),
    }
    whole = dataclasses.replace(scenario.sets(now), **parts)
    view = bent(scope=scenario.scope(now, whole), history=[whole])
    assert view.promise.chart
    bar = view.promise.chart.bars[-1]
    assert (bar.committed_done, bar.added_done, bar.committed_not, bar.added_not) == (0, 1, 1, 0)
    delivered, *_ = view.promise.classes
    assert [item.note for item in delivered.items] == ["added"]


def test_coverage_counts_measured_effects_only() -> None:
    coverage, realised = VIEW.value.figures
    assert (coverage.value, coverage.n, coverage.text) == (0.4, 5, "2 of 5 due are measured")
    assert (realised.value, realised.n) == (0.36, 2)
    assert VIEW.value.unmeasured and [i.key for i in VIEW.value.unmeasured.items] == ["PAY-102", "PAY-103"]


def test_open_conclusions_name_the_owner_and_what_is_overdue() -> None:
    assert [(o.key, o.kr, o.asked) for o in VIEW.value.open] == [
        ("PAY-101", "GROW-KR1", "lin"),
        ("PAY-102", "GROW-KR1", "lin"),
        ("PAY-103", "GROW-KR1", "lin"),
        ("PAY-102", "GROW-KR2", "lin"),
    ]
    assert VIEW.value.open[0].text == "conclusion overdue since 2026-11-19"


def test_before_and_after_is_called_a_change_observed() -> None:
    row = next(r for r in VIEW.value.rows if r.key == "PAY-102" and r.kr == "GROW-KR2")
    assert row.realised_text == "−2 d, change observed (before/after, no control)"


def test_late_claims_and_added_work_are_marked() -> None:
    texts = {(r.key, r.kr): r.state_text for r in VIEW.value.rows}
    assert texts["PAY-103", "GROW-KR1"] == "delivered, claim first seen after the commitment"
    assert texts["PAY-108", "GROW-KR1"] == "delivered, added"


def test_the_quality_box_names_gaps_and_what_was_left_out() -> None:
    box = VIEW.data_quality
    assert box.gaps == ("No reading for: GROW-KR3.", "Readings older than their cadence: GROW-KR2.")
    assert [(reason, n) for reason, n, _ in box.excluded] == [("never_started", 1), ("subtask", 4)]
    assert box.checks[1].metrics == ("say/do in points", "velocity")


# rules of the experiment, on views whose figures are bent


def bent(**changes: Any) -> IterationReport:
    """The made-up report with another trace or another scope."""
    words = scenario.TEXTS["en"]
    okrs, krs, objectives = scenario.progress(words)
    now = scenario.iteration(27)
    whole = scenario.sets(now)
    short: Scope = changes.get("scope") or scenario.scope(now, whole)
    trace = changes.get("trace") or scenario.trace(words, {p.kr.full_id: p for p in krs}, hostile=False)
    snapshot = scenario.FixedSnapshot(okrs, "Payments", changes.get("items", scenario.items(words["titles"], False)))
    long = scenario.longer(short, changes.get("points", 64))
    return iteration_view(
        snapshot, short, trace, krs, objectives, scenario.readings(), changes.get("history", [whole]), EN, long
    )


def empty_trace(**changes: Any) -> IterationTrace:
    unlinked = changes.get("unlinked", Unlinked(0, None))
    return IterationTrace("payments", "jira", "27", "PAY S27", GoalTrace(None, None, None, None), (), unlinked)


def test_value_before_promises_before_flow() -> None:
    assert VIEW.experiment.rule == "measure" and "PAY-102" in VIEW.experiment.text
    assert bent(trace=empty_trace()).experiment.rule == "scope"


def quiet(view_scope: Scope) -> Scope:
    kept = {k: m for k, m in view_scope.metrics.items() if k not in {"scope_change_ratio", "say_do"}}
    return dataclasses.replace(view_scope, metrics=kept)


def test_experiment_rules_in_turn() -> None:
    now = scenario.iteration(27)
    base = scenario.scope(now, scenario.sets(now))
    calm = dataclasses.replace(base.metrics["scope_change_ratio"], value=0.1)
    commit = dataclasses.replace(base, metrics={**base.metrics, "scope_change_ratio": calm})
    found = bent(trace=empty_trace(), scope=commit).experiment
    assert (found.rule, found.metric) == ("commit", "say_do") and "no more than 6 issues" in found.text
    assert bent(trace=empty_trace(), scope=quiet(base)).experiment.rule == "ageing"
    unlinked = empty_trace(unlinked=Unlinked(4, 0.5, ("PAY-1",)))
    assert bent(trace=unlinked, scope=quiet(base), items=[]).experiment.rule == "link"
    assert bent(trace=empty_trace(), scope=quiet(base), items=[]).experiment.rule == "keep"


# nothing there


def test_an_iteration_without_anything_says_so() -> None:
    now = scenario.iteration(27)
    nothing = dataclasses.replace(
        scenario.sets(now), committed=(), added=(), delivered=(), carried_over=(), removed=(), done_before_start=()
    )
    full = scenario.scope(now, nothing)
    assert full.summary
    summary = dataclasses.replace(full.summary, sets=nothing, say_do=None, delivered_ratio=None, carry_over_ratio=None)
    none = scenario.metric(None, 0, "", "say_do/committed_delivered-committed/items")
    bare = dataclasses.replace(full, metrics={"say_do": none}, summary=summary)
    view = bent(trace=empty_trace(), scope=bare, items=[], points=0)
    assert view.promise.headline == "Nothing was committed at the start; 0 added on the way."
    assert view.promise.figures[0].text == "nothing committed"
    assert view.key_results.headline == "The iteration's requirements name no key result."
    assert view.value.headline == "No requirement of this iteration is linked to a key result."
    assert view.flow.headline.endswith(
        "to 2026-11-20 nothing with a known start has finished, so there is no cycle time."
    )
    assert not view.flow.notes
    assert (view.flow.chart, view.value.chart) == (None, None)
    text = markdown.render(view, EN)
    assert not re.search(r"\b0%|\b100%", text) and "No goal was set" in text
    assert "No goal was set" in html.render(view, EN)


def test_without_an_iteration_there_are_no_promises() -> None:
    now = scenario.iteration(27)
    period = dataclasses.replace(scenario.scope(now, scenario.sets(now)), summary=None, iteration=None)
    view = bent(scope=period)
    assert view.promise.headline == "No iteration, so there are no promises to compare."
    assert view.promise.chart is None and html.render(view, EN)


def test_too_few_finished_items_are_held_against_nothing() -> None:
    view = bent(points=6)
    assert view.flow.headline == "Only 6 finished: too few for a percentile to mean anything."
    assert view.flow.ageing is None
    assert EN("report.flow.past_p85") not in html.render(view, EN)


def test_an_iteration_to_come_has_promised_nothing_yet() -> None:
    now = scenario.iteration(27)
    later = dataclasses.replace(now, state=IterationState.FUTURE, activated_at=None, closed_at=None)
    begins = scenario.at("2026-11-23")
    window = Window(start=begins, end=scenario.AS_OF, committed_by=begins, closing=scenario.AS_OF, provisional=True)
    none: dict[str, Any] = dict.fromkeys(
        ("committed", "added", "delivered", "carried_over", "removed", "done_before_start"), ()
    )
    empty = dataclasses.replace(scenario.sets(later), window=window, **none)
    planned = dataclasses.replace(scenario.scope(later, empty), until=date(2026, 12, 7))
    view = bent(scope=planned, trace=empty_trace(), history=[scenario.sets(scenario.iteration(26)), empty])
    assert view.head.period.endswith("planned, not started")
    assert view.head.until > view.head.day
    assert "not started" in view.promise.headline and "not started" in view.value.headline
    assert not view.promise.notes and not view.value.unlinked
    assert view.promise.chart and [bar.iteration for bar in view.promise.chart.bars] == ["PAY S26"]
    page = html.render(view, EN) + markdown.render(view, EN)
    assert "still running" not in page and "linked to a key result" not in page


def test_nobody_is_told_to_commit_to_nothing() -> None:
    now = scenario.iteration(27)
    whole = scenario.sets(now)
    none = dataclasses.replace(whole, delivered=(), carried_over=(*whole.delivered, *whole.carried_over))
    steady = scenario.scope(now, none)
    metrics = {name: metric for name, metric in steady.metrics.items() if name != "scope_change_ratio"}
    steady = dataclasses.replace(steady, metrics=metrics)
    assert bent(scope=steady, trace=empty_trace()).experiment.rule == "commit"
    assert bent(scope=steady, trace=empty_trace(), history=[none]).experiment.rule != "commit"


def test_minutes_are_not_no_time() -> None:
    words = Words(EN)
    assert [words.days(days) for days in (0, 0.0007, 0.013, 0.5, 1.04, 6.17)] == [
        "0 d", "<0.01 d", "0.01 d", "0.5 d", "1 d", "6.2 d",
    ]  # fmt: skip


def test_only_sources_that_the_team_needs_are_named() -> None:
    assert [s.name for s in VIEW.data_quality.sources] == ["jira"]
    assert VIEW.data_quality.sources[0].text == "complete, fetched 2026-11-20 21:59 Asia/Shanghai"


# json


def test_json_meets_its_schema() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for view in (VIEW, scenario.view("zh", hostile=True), bent(trace=empty_trace(), items=[], points=0)):
        validator.validate(report_json.render(view))
    broken = report_json.render(VIEW) | {"iterations": [{}]}
    assert not validator.is_valid(broken)


@pytest.mark.parametrize("lang", LANGS)
def test_json_is_plain_and_complete(lang: str) -> None:
    document: dict[str, Any] = report_json.render(scenario.view(lang))
    assert document["schema"] == "okr-delivery/report/1"
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document
    assert list(document["iterations"][0]) == [f.name for f in dataclasses.fields(IterationReport)]


def test_json_has_the_same_keys_in_both_languages_and_with_no_data() -> None:
    full, bare = (
        report_json.render(scenario.view("zh")),
        report_json.render(bent(trace=empty_trace(), items=[], points=0)),
    )
    assert _keys(full) == _keys(report_json.render(VIEW))
    for section in ("head", "goal", "promise", "flow", "value", "experiment"):
        assert set(_section(bare, section)) == set(_section(full, section))


def _section(document: dict[str, Any], name: str) -> dict[str, Any]:
    section: dict[str, Any] = document["iterations"][0][name]
    return section


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _keys(entry) for key, entry in value.items()}
    return [_keys(entry) for entry in value] if isinstance(value, list) else None
