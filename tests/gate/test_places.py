"""The gate where projects lie in groups, priorities are labels, estimates are weights or times, and milestones plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.gate.finding import Finding
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import translator
from okr_delivery.model.work import (
    EMPTY,
    Field,
    FoundField,
    Issue,
    Iteration,
    IterationKind,
    IterationState,
    Value,
    joined_labels,
)
from okr_delivery.output.gate_json import document
from tests.gate.world import READY, World, issue

CONFIG = """\
version: 1
store: "sqlite:///store.db"
calendar: {timezone: Asia/Shanghai}
sources:
  - {name: lab, type: gitlab, url: "https://gitlab.acme.cn", groups: [acme], statuses: {label_scope: workflow}}
teams:
  - {id: pay, select: [{source: lab, groups: [acme]}], objectives: [GROW], gate: {adopt: pitch}}
gate: {since: 2026-11-16}
"""
THIS = (date(2026, 11, 9), date(2026, 11, 22))
NEXT = (date(2026, 11, 23), date(2026, 12, 6))


def milestone(ref: str, days: tuple[date, date], *, state: IterationState = IterationState.ACTIVE) -> Iteration:
    first, last = days
    kind = IterationKind.MILESTONE
    return Iteration("lab", ref, f"M{ref}", state, kind=kind, first_day=first, last_day=last, group="acme")


M27, M28 = milestone("27", THIS), milestone("28", NEXT)


def card(number: int, description: str = READY, *, path: str = "acme/pay", **changed: Any) -> Issue:
    """A requirement acme/pay#<number>, ready for planning in the next milestone unless told otherwise."""
    labels = joined_labels(changed.pop("labels", ("priority::high",)))
    priority = Value("90", "high") if labels and "priority::" in labels else EMPTY
    made = issue(number, description, source="lab", project=path, **changed)
    current = {**made.current, Field.LABELS: Value(None, labels), Field.PRIORITY: priority}
    known = {name: one for name, one in current.items() if not one.empty}
    return replace(made, key=f"{path}#{number}", url=f"https://gitlab.acme.cn/{path}/-/issues/{number}", current=known)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "work", CONFIG)
    yield made
    made.close()


def synced(world: World, *issues: Issue, estimate: str = "weight", **more: Any) -> World:
    world.synced(*issues, source="lab", iterations=more.pop("iterations", (M27, M28)), **more)
    with world.store.page("lab") as tx:
        name = "Weight" if estimate == "weight" else "Time estimate"
        fields = [FoundField("estimate", estimate, name, "schema")]
        tx.put_fields([*fields, FoundField("priority", "priority::", "priority::", "name")])
    return world


def rules(result: GateResult) -> list[str]:
    return [finding.rule for finding in result.findings]


def helped(finding: Finding, lang: str = "en") -> str:
    return translator(lang).render(finding.help)


def test_the_next_milestone_by_its_days_is_looked_at(world: World) -> None:
    """Whatever its state: people close milestones late, or early."""
    early = milestone("28", NEXT, state=IterationState.CLOSED)
    result = synced(world, card(1), card(2, "", iteration="27"), iterations=(M27, early)).gate()
    assert [(i.iteration.id, i.iteration.name) for i in result.iterations] == [("28", "M28")]
    assert (result.verdict, result.summary.judged) == ("pass", 1)


def test_a_team_without_a_next_milestone_has_nothing_to_judge(world: World) -> None:
    result = synced(world, card(1, created=1), iterations=(M27,)).gate()
    assert (result.verdict, [team for team, _ in result.nothing_to_judge]) == ("none", ["pay"])


# -- KR205 and KR206 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimate", "way", "chinese"),
    [("weight", "Set its weight", "权重"), ("time_estimate", "`/estimate 4h`", "`/estimate 4h`")],
)
@pytest.mark.parametrize(("value", "found"), [(None, ["KR205"]), ("0", []), ("4.5", [])])
def test_a_weight_or_a_time_is_an_estimate(
    world: World, estimate: str, way: str, chinese: str, value: str | None, found: list[str]
) -> None:
    result = synced(world, card(1, estimate=value), estimate=estimate).gate()
    assert rules(result) == found
    for finding in result.findings:
        assert way in helped(finding)
        assert chinese in helped(finding, "zh")


@pytest.mark.parametrize(("estimate", "found"), [("weight", []), ("time_estimate", ["KR205"])])
def test_an_epic_has_hours_and_no_weight_of_its_own(world: World, estimate: str, found: list[str]) -> None:
    epic = card(1, estimate=None)
    epic = replace(epic, type="Epic", type_id="epic", current={**epic.current, Field.TYPE: Value("epic", "Epic")})
    result = synced(world, epic, estimate=estimate).gate()
    assert rules(result) == found
    assert [row.not_applicable for row in result.counts if row.rule == "KR205"] == [0 if found else 1]


def test_a_priority_is_a_label_where_the_project_uses_them(world: World) -> None:
    result = synced(world, card(1), card(2, labels=())).gate()
    assert [(f.rule, f.entity.key) for f in result.findings] == [("KR206", "acme/pay#2")]
    assert "`priority::`" in helped(result.findings[0])
    assert "`priority::`" in helped(result.findings[0], "zh")


def test_where_nobody_gives_priorities_none_is_asked_for(world: World) -> None:
    result = synced(world, card(1, labels=()), card(2, labels=("bug report",))).gate()
    assert rules(result) == []
    assert [row.not_applicable for row in result.counts if row.rule == "KR206"] == [2]


# -- labels as carriers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["kr:", "kr::"])
def test_a_label_names_a_key_result(world: World, prefix: str) -> None:
    labels = (f"{prefix}GROW-KR1", "priority::high")
    assert rules(synced(world, card(1, READY, labels=labels)).gate()) == []
    bare = synced(world, card(2, "", labels=labels)).gate(issues=("acme/pay#2",))
    assert [(f.rule, f.kr) for f in bare.findings] == [("KR201", "2026Q4:GROW-KR1")]


def test_two_labels_of_one_scope_are_two_claims(world: World) -> None:
    """Only paid tiers take the one off as the other is put on."""
    both = ("kr::GROW-KR1", "kr::COST-KR2", "priority::high")
    result = synced(world, card(1, READY, labels=both)).gate()
    assert [(f.rule, f.kr) for f in result.findings] == [("KR201", "2026Q4:COST-KR2")]


def test_labels_beside_lines_that_disagree(world: World) -> None:
    lines = "Contributes-to: GROW-KR1 +1.5pp\nContributes-to: GROW-KR1 +2pp"
    result = synced(world, card(1, lines, labels=("kr::GROW-KR1", "priority::high"))).gate()
    assert [(f.rule, f.kr, f.severity) for f in result.findings] == [("KR209", "2026Q4:GROW-KR1", "info")]


def test_an_unreadable_line_beside_a_label(world: World) -> None:
    lines = "Contributes-to: GROW-KR1 10%"
    result = synced(world, card(1, lines, labels=("kr::GROW-KR1", "priority::high"))).gate()
    assert [(f.rule, f.kr) for f in result.findings] == [("KR202", "2026Q4:GROW-KR1")]


def test_a_label_with_blanks_is_one_label(world: World) -> None:
    world.config_text = CONFIG.replace("statuses:", "non_okr: {labels: {run: [keep the lights on]}}, statuses:")
    labels = ("keep the lights on", "priority::high")
    result = synced(world, card(1, "", labels=labels), card(2, "", labels=("lights", "on", "priority::high"))).gate()
    assert [(f.rule, f.entity.key) for f in result.findings] == [("KR101", "acme/pay#2")]


# -- keys --------------------------------------------------------------------------------------------------------------


def test_findings_are_in_the_order_people_count(world: World) -> None:
    result = synced(world, *(card(n, "") for n in (10, 2, 1)), card(3, "", path="acme/app")).gate()
    ordered = ["acme/app#3", "acme/pay#1", "acme/pay#2", "acme/pay#10"]
    assert [f.entity.key for f in result.findings] == ordered
    told = document(result, translator("en"))
    assert [finding["entity"]["key"] for finding in told["findings"]] == ordered


@pytest.mark.parametrize(
    "asked",
    ["acme/pay#2", "#2", "2", "lab:acme/pay#2", "https://gitlab.acme.cn/acme/pay/-/issues/2", "acme/old#2"],
)
def test_an_issue_by_any_of_its_names(world: World, asked: str) -> None:
    synced(world, card(1, path="acme/old"), card(2, "", path="acme/old"))
    with world.store.page("lab") as tx:
        tx.rename_projects({"1": "acme/pay"})
    result = world.gate(issues=(asked,))
    assert [f.entity.key for f in result.findings] == ["acme/pay#2"]


def test_a_moved_issue_is_judged_as_what_it_became(world: World) -> None:
    old = replace(card(1, "", status="2"), moved_to="1009")
    result = synced(world, old, card(9, "", path="acme/web")).gate(issues=("acme/pay#1",))
    assert [f.entity.key for f in result.findings] == ["acme/web#9"]
    assert [f.entity.key for f in world.gate(backlog=True).findings] == ["acme/web#9"]


def test_a_waiver_by_the_old_key_of_a_moved_issue_holds(world: World) -> None:
    old = replace(card(1, "", status="2"), moved_to="1009")
    synced(world, old, card(9, "", path="acme/web"))
    world.waivers("- {rule: KR101, entity: acme/pay#1, reason: late, owner: lin, expires: 2026-12-15}\n")
    result = world.gate(issues=("acme/web#9",))
    assert (result.verdict, [w.finding.rule for w in result.waived]) == ("pass", ["KR101"])


@pytest.mark.parametrize(("key", "shown"), [("acme/pay#1", "--issue acme/pay#1 "), ("acme&1", '--issue "acme&1" ')])
def test_how_to_check_again_can_be_pasted_into_a_shell(world: World, key: str, shown: str) -> None:
    result = synced(world, replace(card(1, ""), key=key)).gate()
    assert shown in helped(result.findings[0])


def test_a_confidential_issue_appears_by_key_only(world: World) -> None:
    result = synced(world, card(1, "Contributes-to: SECRET-KR1 M", confidential=True)).gate()
    (finding,) = result.findings
    assert (finding.entity.key, finding.entity.title, finding.entity.url) == ("acme/pay#1", None, None)
    assert "SECRET" not in translator("en").render(finding.message)
