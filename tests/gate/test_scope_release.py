"""What a run looks at once a release is asked about: the released work of the running iteration, else the last."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.delivery.derive import deriver
from okr_delivery.gate.advice import Advice
from okr_delivery.gate.case import Case
from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.gate.rule import Fault, Outcome, RequirementRule
from okr_delivery.gate.rules import RULES
from okr_delivery.locale import translator
from okr_delivery.model.message import msg
from okr_delivery.model.work import Change, Field, IterationState, Value
from tests.gate.answers import found, notes, seen
from tests.gate.world import CONFIG, DAY, NOW, S27, S28, World, finished, issue


def test_release_has_no_rules_yet_and_says_which_stages_have(world: World) -> None:
    result = world.synced(issue(1, iteration="27", status="2")).gate(stage=Stage.RELEASE)
    assert (result.verdict, result.exit_code) == (Verdict.NONE, 2)
    (reason,) = result.team_verdicts[0].reasons
    assert reason.params == {"stage": "release", "stages": ("intake", "pitch", "iteration")}


class Rehearsed(RequirementRule):
    """A rule of the release stage, as one will come."""

    id = "KR401"
    name = "missing-release-rehearsal"
    stage = Stage.RELEASE
    severity = Severity.ERROR

    def check(self, case: Case, advice: Advice) -> Outcome:
        return () if "rehearsed" in case.issue.labels else (Fault(self.text("message")),)


@pytest.mark.parametrize(
    ("closed", "keys"), [(False, ["PAY-1", "PAY-2"]), (True, ["PAY-1", "PAY-2"])], ids=["current", "else last"]
)
def test_release_looks_at_what_was_released(
    world: World, monkeypatch: pytest.MonkeyPatch, closed: bool, keys: list[str]
) -> None:
    monkeypatch.setattr("okr_delivery.gate.settings.RULES", {**RULES, "KR401": Rehearsed})
    s27 = replace(S27, state=IterationState.CLOSED, closed_at=NOW) if closed else S27
    done = [issue(n, iteration="27", labels=labels) for n, labels in ((1, ()), (2, ("rehearsed",)))]
    world.synced(*done, issue(3, "", iteration="27"), issue(4, ""), iterations=(s27, S28))
    with world.store.page("jira") as tx:
        for one in done:
            moved = Change(one.id, 1, 0, NOW - 5 * DAY, Field.STATUS, Value("1", "To Do"), Value("2", "Done"))
            tx.put_issues([replace(one, current={**one.current, Field.STATUS: Value("2", "Done")})])
            tx.put_changes([one.id], [moved])
            deriver(world.write())(tx, "jira", [one.id])
    result = world.gate(stage=Stage.RELEASE)
    assert (seen(result), found(result)) == (keys, ["KR401 PAY-1"])


def test_who_rehearses_releases_plans_iterations_too(world: World) -> None:
    world.config_text = CONFIG.replace("adopt: pitch", "adopt: release")
    result = world.synced(issue(1, "")).gate()
    assert (found(result)[0], result.stage) == ("KR101 PAY-1", Stage.ITERATION)
    assert "gate.note.release_off" in notes(result), "KR401 is off, so that nothing was asked of released work"


RELEASING = CONFIG.replace("adopt: pitch", "adopt: release").replace(
    "gate: {since", "gate: {rules: {KR401: error}, since"
)


def releasing(world: World, *, closed: bool = False, **state: object) -> World:
    """PAY-1 and PAY-2 were released in PAY S27, PAY-2 rehearsed; PAY-3 is still open in it, PAY-4 in PAY S28."""
    world.config_text = RELEASING
    s27 = replace(S27, state=IterationState.CLOSED, closed_at=NOW) if closed else S27
    done = [issue(n, "", iteration="27", status="2", labels=labels) for n, labels in ((1, ()), (2, ("rehearsed",)))]
    changes = [finished(one, NOW - 5 * DAY) for one in done]
    given = {"iterations": (s27, S28), "changes": changes, **state}
    return world.synced(*done, issue(3, "", iteration="27"), issue(4), **given)  # type: ignore[arg-type]  # by name


def rehearsals(result: GateResult) -> list[str]:
    return [one for one in found(result) if one.startswith("KR401")]


@pytest.mark.parametrize("closed", [False, True], ids=["current", "else last"])
def test_who_adopts_release_is_asked_about_released_work_too(world: World, closed: bool) -> None:
    result = releasing(world, closed=closed).gate()
    assert seen(result) == ["PAY-1", "PAY-2", "PAY-4"]
    assert (rehearsals(result), result.exit_code) == (["KR401 PAY-1"], 1)
    assert not [one for one in found(result) if one.startswith("KR1")], "of released work nothing else is asked"
    assert "gate.note.released" in notes(result)
    (one,) = [finding for finding in result.findings if finding.rule == "KR401"]
    assert "--stage release" in translator("en").render(one.help)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"iteration": "current"}, ["KR401 PAY-1"]),
        ({"iteration": "next"}, []),
        ({"issues": ("PAY-1", "PAY-2", "PAY-4")}, ["KR401 PAY-1"]),
        ({"backlog": True}, []),
        ({"stage": Stage.ITERATION}, []),
        ({"stage": Stage.RELEASE}, ["KR401 PAY-1"]),
    ],
    ids=str,
)
def test_released_work_is_judged_where_it_stands(world: World, asked: dict[str, Any], expected: list[str]) -> None:
    result = releasing(world).gate(**asked)
    assert rehearsals(result) == expected
    assert len(seen(result)) == len(set(seen(result))), "each once, by whatever stages it is judged"


def test_released_work_is_no_part_of_a_plan(world: World) -> None:
    """What is finished takes no capacity of the running iteration."""
    releasing(world)
    world.config_text = RELEASING.replace("objectives: [GROW]", "objectives: [GROW]\n    capacity: {per_iteration: 5}")
    assert "KR304 27" not in found(world.gate(iteration="current"))


def test_without_an_iteration_that_began_no_released_work_is_looked_at(world: World) -> None:
    world.config_text = RELEASING
    result = world.synced(issue(4), iterations=(S28,)).gate()
    assert "gate.note.released_none" in notes(result)


def test_while_history_is_coming_release_gives_no_verdict(world: World) -> None:
    result = releasing(world, complete=0, reason="sync.reason.history", whole_since=NOW - 90 * DAY).gate()
    assert result.exit_code == 2
    found = [reason.params["what"] for reason in result.team_verdicts[0].reasons]
    assert msg("gate.history.stage", stage="release") in found
