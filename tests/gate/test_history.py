"""While older history is still coming: what is surely whole is judged, everything else has no verdict, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Field, Iteration, IterationState, Value
from tests.gate.world import CONFIG, DAY, NOW, S27, S28, World, issue

COMING: dict[str, Any] = {"complete": 0, "reason": "sync.reason.history", "whole_since": NOW - 90 * DAY}
OVER = Iteration(
    "jira", "26", "PAY S26", IterationState.CLOSED, None, NOW - 23 * DAY, NOW - 9 * DAY, None, NOW - 9 * DAY
)


def why(result: GateResult) -> list[str]:
    """The ids of what each reason says is missing."""
    assert result.exit_code == 2
    reasons = [reason for team in result.team_verdicts for reason in team.reasons]
    assert {reason.id for reason in reasons} == {"gate.none.history"}
    assert {reason.params["command"] for reason in reasons} == {"okr-delivery sync jira"}
    return [reason.params["what"].id for reason in reasons]  # type: ignore[attr-defined]  # a message in a message


@pytest.mark.parametrize(
    ("text", "asked", "code"),
    [
        ("Contributes-to: GROW-KR1 M", {}, 0),
        ("", {}, 1),
        ("Contributes-to: GROW-KR1 M", {"backlog": True}, 0),
        ("", {"issues": ("PAY-1",)}, 1),
        ("", {"iteration": "next"}, 1),
        ("Contributes-to: GROW-KR1 M", {"iteration": "PAY S28", "stage": Stage.INTAKE}, 0),
        ("Contributes-to: GROW-KR1 M", {"stage": Stage.ITERATION}, 0),
    ],
)
def test_open_work_is_judged(world: World, text: str, asked: dict[str, Any], code: int) -> None:
    result = world.synced(issue(1, text), **COMING).gate(**asked)
    assert result.exit_code == code
    (team,) = result.team_verdicts
    assert "gate.note.history" in {note.id for note in team.notes}
    (source,) = result.sources
    assert (source.complete, source.needed) == (False, False)


def test_an_incomplete_source_that_is_needed_never_stands_beside_a_verdict(world: World) -> None:
    world.synced(issue(1), iterations=(OVER, S27, S28), **COMING)
    result = world.gate(iteration="last")
    assert why(result) == ["gate.history.closed"]
    assert [(s.complete, s.needed) for s in result.sources] == [(False, True)]


def test_an_instant_before_what_is_there(world: World) -> None:
    world.synced(issue(1, created=NOW - 200 * DAY), **COMING)
    assert why(world.gate(backlog=True, as_of=NOW - 91 * DAY)) == ["gate.history.as_of"]
    assert world.gate(backlog=True, as_of=NOW - 20 * DAY).exit_code == 0


def test_too_old_it_has_no_verdict_like_any_other(world: World) -> None:
    result = world.synced(issue(1), **COMING | {"fetched_at": NOW - 27 * 3600}).gate()
    assert [r.id for r in result.team_verdicts[0].reasons] == ["gate.none.stale"]


def child(number: int, description: str = "", parent: str = "1900") -> Any:
    made = issue(number, description, parent_id=parent, parent_key="PAY-900")
    return replace(made, current={**made.current, Field.PARENT: Value(parent, "PAY-900")})


def test_a_parent_that_is_not_there_yet_leaves_open_what_is_inherited(world: World) -> None:
    world.synced(child(1), issue(2), child(3, "Contributes-to: GROW-KR1 M"), **COMING)
    result = world.gate()
    assert why(result) == ["gate.history.parents"]
    (reason,) = result.team_verdicts[0].reasons
    assert reason.params["what"].params["keys"] == ("PAY-1",)  # type: ignore[attr-defined]
    assert result.findings == ()
    world.synced(issue(900, type="Epic", iteration=None), **COMING)
    assert world.gate().exit_code == 0


def test_so_does_the_parent_of_a_parent(world: World) -> None:
    epic = replace(child(900, "", "1999"), key="PAY-900")
    world.synced(child(1), epic, **COMING)
    result = world.gate(issues=("PAY-1",))
    assert why(result) == ["gate.history.parents"]
    world.config_text = CONFIG.replace("    non_okr:", "    links: {order: [fields, labels, line]}\n    non_okr:")
    assert world.gate(issues=("PAY-1",)).exit_code == 1  # nobody inherits: it says nothing itself


def test_an_issue_nobody_knows_yet(world: World) -> None:
    world.synced(issue(1), **COMING)
    assert why(world.gate(issues=("PAY-77",))) == ["gate.history.issue"]
    world.synced(issue(1), complete=1, reason=None, whole_since=None)
    with pytest.raises(UserError):
        world.gate(issues=("PAY-77",))


def test_a_status_that_only_the_settings_call_open(world: World) -> None:
    statuses = "    statuses: {order: [To Do, Done], wait: [Done], done: []}\n"
    world.config_text = CONFIG.replace("    non_okr:", statuses + "    non_okr:")
    world.synced(issue(1), **COMING)
    assert "gate.history.open_here" in why(world.gate())


def test_a_waiver_for_what_is_not_there_yet_is_not_called_pointless(world: World) -> None:
    entry = "- {rule: KR101, entity: PAY-77, reason: audit, owner: lin, expires: 2027-02-10}"
    early = world.synced(issue(1), **COMING).waivers(entry).gate()
    assert (early.exit_code, early.waiver_problems) == (0, ())
    whole = world.synced(issue(1), complete=1, reason=None, whole_since=None).gate()
    assert [problem.rule for problem in whole.waiver_problems] == ["WVR001"]


def test_other_teams_have_their_verdict(world: World) -> None:
    world.config_text = CONFIG.replace(
        "gate: {since", "  - {id: ops, select: [{source: jira, labels: [ops-team]}]}\ngate: {since"
    ).replace("select: [{source: jira}]", "select: [{source: jira, components: [checkout]}]")
    mine = replace(child(1), components=("checkout",))
    world.synced(mine, issue(2, labels=("ops-team",)), **COMING)
    result = world.gate(backlog=True)
    assert {t.team: t.verdict for t in result.team_verdicts} == {"payments": Verdict.NONE, "ops": Verdict.PASS}
    assert result.exit_code == 2


# -- rules about iterations --------------------------------------------------------------------------------------------


def test_a_plan_is_judged_as_far_as_open_work_tells(world: World) -> None:
    """What could change the verdict is asked; what could only warn says that it was not."""
    result = world.synced(issue(1, "Contributes-to: GROW-KR1 M"), **COMING).gate(stage=Stage.ITERATION)
    assert (result.exit_code, result.findings) == (0, ())
    (told,) = (note for note in result.team_verdicts[0].notes if note.id == "gate.note.unasked")
    assert told.params["rules"] == ("KR302", "KR303", "KR304")
    assert told.params["reason"].id == "gate.history.not_yet"  # type: ignore[attr-defined]  # a message in a message
    asked = {row.rule: row.ok for row in result.counts}
    assert [asked[rule] for rule in ("KR301", "KR305", "KR306")] == [1, 1, 1]


def test_warnings_that_count_need_the_whole_history(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 M"), **COMING)
    result = world.gate(stage=Stage.ITERATION, fail_on=Severity.WARNING)
    assert why(result) == ["gate.history.rules"]
    (reason,) = result.team_verdicts[0].reasons
    assert reason.params["what"].params["rules"] == ("KR302", "KR303", "KR304")  # type: ignore[attr-defined]  # of a message
    configured = "objectives: [GROW]\n    capacity: {per_iteration: 30}"
    off = CONFIG.replace("objectives: [GROW]", configured).replace("{since", "{rules: {KR302: off, KR303: off}, since")
    world.config_text = off
    assert world.gate(stage=Stage.ITERATION, fail_on=Severity.WARNING).exit_code == 0


def test_traces_older_than_what_is_there_need_it_too(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 M"), **COMING)
    world.config_text = CONFIG.replace("since: 2026-11-16", "since: 2026-09-10")
    result = world.gate(stage=Stage.ITERATION)
    assert why(result) == ["gate.history.rules"]
    assert world.gate(stage=Stage.ITERATION, backlog=True).exit_code == 0  # nothing about iterations is asked
