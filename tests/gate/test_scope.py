"""What a run looks at: the next iteration, what was created lately, or what was asked for instead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.gate.finding import Stage
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Change, Field, Issue, Iteration, IterationState, Value
from tests.gate.answers import found, seen
from tests.gate.world import CONFIG, DAY, NOW, S27, S28, World, issue

TWO_TEAMS = CONFIG.replace(
    "    select: [{source: jira}]",
    "    select: [{source: jira, labels: [pay]}]\n    iterations: {from: sprints, name: PAY *}",
).replace(
    "gate: {since",
    """\
  - id: mobile
    select: [{source: jira}]
    iterations: {from: sprints, name: "APP *"}
    gate: {adopt: intake}
gate: {since""",
)


def test_next_at_the_adopted_stage_and_new_ones_at_intake(world: World) -> None:
    pending = "Contributes-to: GROW-KR1 ?"
    world.synced(
        issue(1, pending),
        issue(2, pending, iteration=None, created=NOW - DAY),
        issue(3, "", iteration=None, created=NOW - DAY),
        issue(4, "", iteration=None),  # created long before gate.since
        issue(5, "", iteration="27"),  # in the running iteration
        issue(6, "", status="2"),  # done
    )
    result = world.gate()
    assert seen(result) == ["PAY-1", "PAY-2", "PAY-3"]
    assert found(result) == ["KR101 PAY-3", "KR201 PAY-1"]
    assert result.stage is Stage.PITCH


def test_how_to_check_again_asks_for_the_same_stage(world: World) -> None:
    world.synced(issue(1, ""), issue(2, "", iteration=None, created=NOW - DAY))
    commands = [f.help.params["lines"][-1].params["command"] for f in world.gate().findings]  # type: ignore[index]  # messages
    assert commands == [
        "okr-delivery gate --issue PAY-1 --sync",
        "okr-delivery gate --issue PAY-2 --sync --stage intake",
    ]
    assert found(world.gate(issues=("PAY-2",), stage=Stage.INTAKE)) == ["KR101 PAY-2"]


def test_since_defaults_to_the_day_of_the_first_sync(world: World) -> None:
    world.config_text = CONFIG.replace("gate: {since: 2026-11-16}\n", "")
    first = NOW - 10 * DAY
    midnight = first - (first + 8 * 3600) % DAY  # local midnight in Shanghai
    before = issue(1, "", iteration=None, created=midnight - 1)
    world.synced(before, issue(2, "", iteration=None, created=midnight), first_synced_at=first)
    assert found(world.gate()) == ["KR101 PAY-2"]


def test_the_day_of_since_counts(world: World) -> None:
    midnight = 1_794_758_400  # 2026-11-16T00:00+08:00
    world.synced(issue(1, "", iteration=None, created=midnight - 1), issue(2, "", iteration=None, created=midnight))
    assert seen(world.gate()) == ["PAY-2"]


def test_backlog_is_every_open_requirement_at_the_adopted_stage(world: World) -> None:
    world.synced(
        issue(1, iteration=None),
        issue(2, iteration="27", estimate=None),
        issue(3, status="2"),
        issue(4, labels=("ops",)),
        issue(5, subtask=True),
        issue(10),
    )
    result = world.gate(backlog=True)
    assert seen(result) == ["PAY-1", "PAY-2", "PAY-10"]
    assert found(result) == ["KR205 PAY-2"]


def test_what_nobody_touched_for_180_days_is_counted_and_not_judged(world: World) -> None:
    ages = {1: 180, 2: 181, 3: 179}
    made = [issue(n, "", iteration=None, created=NOW - 300 * DAY, updated=NOW - d * DAY) for n, d in ages.items()]
    result = world.synced(*made).gate(backlog=True)
    assert found(result) == ["KR101 PAY-3"]
    (note,) = result.team_verdicts[0].notes
    assert (note.id, note.params["n"]) == ("gate.note.untouched", 2)
    assert found(world.gate(backlog=True, dormant=True)) == ["KR101 PAY-1", "KR101 PAY-2", "KR101 PAY-3"]
    alone = world.synced(*made[:2]).store
    with alone.page("jira") as tx:
        tx.drop([made[2].id])
    assert (world.gate(backlog=True).exit_code, seen(world.gate(issues=("PAY-1",)))) == (0, ["PAY-1"])


def test_an_iteration_replaces_the_plain_choice(world: World) -> None:
    world.synced(issue(1, ""), issue(2, "", iteration="27"), issue(3, "", iteration=None, created=NOW))
    for ref in ("current", "27", "PAY S27", "payments:PAY S27"):
        result = world.gate(iteration=ref)
        assert (found(result), [i.iteration.id for i in result.iterations]) == (["KR101 PAY-2"], ["27"])


def test_issues_are_judged_by_key_address_and_in_any_state(world: World) -> None:
    world.synced(issue(1, ""), issue(2, "", status="2"), issue(3, ""))
    asked = ("pay-1", "https://acme.atlassian.net/browse/PAY-2", "jira:PAY-1")
    assert found(world.gate(issues=asked)) == ["KR101 PAY-1", "KR101 PAY-2"]


def test_an_issue_is_judged_for_the_iteration_it_waits_for(world: World) -> None:
    """The same answer as the gate on the iteration gives: the cycle of its start counts."""
    text = "Contributes-to: 2027Q1:NEXT-KR1 +1pp"
    world.synced(issue(1, text), issue(2, text, iteration=None))
    assert found(world.gate(issues=("PAY-1", "PAY-2"))) == found(world.gate(iteration="next")) == ["KR103 PAY-1"]


def test_what_is_no_requirement_is_said_to_be_none(world: World) -> None:
    world.synced(issue(1, "", labels=("ops",)), issue(2, "", type="Bug"), issue(3, "", subtask=True))
    result = world.gate(issues=("PAY-1", "PAY-2", "PAY-3"))
    assert (result.verdict, seen(result)) == (Verdict.PASS, [])
    notes = [note.params["key"] for note in result.team_verdicts[0].notes]
    assert notes == ["PAY-1", "PAY-2", "PAY-3"]


def test_a_stage_replaces_the_adopted_one(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 ?"))
    assert found(world.gate(stage=Stage.INTAKE)) == []
    assert "KR201 PAY-1" in found(world.gate(stage=Stage.ITERATION))


def test_teams_are_judged_up_to_their_own_stage_in_their_own_iterations(world: World) -> None:
    world.config_text = TWO_TEAMS
    app = replace(S28, id="90", name="APP 9")
    pending = "Contributes-to: GROW-KR1 ?"
    world.synced(issue(1, pending, labels=("pay",)), issue(2, pending, iteration="90"), iterations=(S27, S28, app))
    result = world.gate()
    assert found(result) == ["KR201 PAY-1"]
    assert [(t.team, t.verdict, t.stage) for t in result.team_verdicts] == [
        ("payments", Verdict.FAIL, Stage.PITCH),
        ("mobile", Verdict.PASS, Stage.INTAKE),
    ]
    assert (result.exit_code, result.stage) == (1, Stage.PITCH)
    assert world.gate(teams=["mobile"]).exit_code == 0


def test_an_iteration_of_one_team_leaves_the_other_out(world: World) -> None:
    world.config_text = TWO_TEAMS
    app = replace(S28, id="90", name="APP 9")
    world.synced(issue(1, "", labels=("pay",)), issue(2, iteration="90"), iterations=(S28, app))
    result = world.gate(iteration="APP 9")
    assert ([t.team for t in result.team_verdicts], result.exit_code) == (["mobile"], 0)


def test_a_team_without_a_next_iteration_does_not_count(world: World) -> None:
    world.config_text = TWO_TEAMS
    world.synced(issue(1, labels=("pay",)), issue(2, ""), iterations=(S28,))
    result = world.gate()
    assert [team for team, _ in result.nothing_to_judge] == ["mobile"]
    assert ([t.team for t in result.team_verdicts], result.exit_code) == (["payments"], 0)


def test_a_pattern_that_fits_no_iteration_is_named(world: World) -> None:
    """An iteration that is only over or not there yet is no slip of the pen; a name that nothing bears may be one."""
    world.config_text = TWO_TEAMS
    world.synced(issue(1, labels=("pay",)), issue(2, ""), iterations=(S28,))
    for ref in (None, "last"):
        nothing = dict(world.gate(iteration=ref).nothing_to_judge)
        assert (nothing["mobile"].id, nothing["mobile"].params) == ("gate.nothing.name_fits_none", {"name": "APP *"})
    assert nothing["payments"].id == "gate.nothing.no_iteration"


def test_a_team_without_a_next_is_still_asked_about_what_is_new(world: World) -> None:
    world.synced(issue(1, "", iteration=None, created=NOW - 60), iterations=(S27,))
    result = world.gate()
    assert (found(result), result.nothing_to_judge, result.exit_code) == (["KR101 PAY-1"], (), 1)
    assert [note.id for note in result.team_verdicts[0].notes] == ["gate.nothing.no_iteration"]


def test_an_iteration_without_open_requirements_passes_and_says_so(world: World) -> None:
    result = world.synced(issue(1, iteration=None)).gate()
    assert (result.exit_code, seen(result)) == (0, [])
    assert [note.id for note in result.team_verdicts[0].notes] == ["gate.note.empty_iteration"]


TRIAL = replace(S28, id="30", name="test", start=None, end=None, order=1)
UNDATED = replace(TRIAL, id="31", name="PAY S31", order=2)
EARLY = replace(TRIAL, name="trial", start=NOW + DAY, end=NOW + 2 * DAY)


@pytest.mark.parametrize(
    ("first", "other", "held", "told"),
    [(TRIAL, UNDATED, 2, True), (EARLY, S28, 2, True), (TRIAL, S28, 2, False), (TRIAL, UNDATED, 0, False)],
    ids=["undated", "dated", "behind a dated one", "nothing anywhere"],
)
@pytest.mark.parametrize("asked", [{}, {"iteration": "next"}])
def test_an_empty_next_beside_one_with_work_is_named(
    world: World, first: Iteration, other: Iteration, held: int, told: bool, asked: dict[str, Any]
) -> None:
    """The contract says which one is next; nobody should take an empty trial for the plan."""
    issues = [issue(number, iteration=other.id) for number in range(1, held + 1)]
    result = world.synced(*issues, iterations=(S27, first, other)).gate(**asked)
    notes = [note.params for team in result.team_verdicts for note in team.notes if note.id == "gate.note.beside"]
    assert notes == [{"empty": first.name, "other": other.name, "n": held, "ref": other.id}] * told


@pytest.mark.parametrize("asked", [{}, {"iteration": "next"}, {"iteration": "last"}, {"backlog": True}])
def test_nothing_selected_anywhere_is_no_verdict(world: World, asked: dict[str, Any]) -> None:
    result = world.synced(issue(1, status="2"), iterations=(S27,)).gate(**asked)
    assert (result.verdict, result.exit_code) == (Verdict.NONE, 2)
    assert [team for team, _ in result.nothing_to_judge] == ["payments"]
    assert [reason.id for reason in result.reasons] == ["gate.none.nothing"]


@pytest.mark.parametrize("asked", [{"issues": ("PAY-99",)}, {"iteration": "PAY S99"}])
def test_what_nobody_knows_is_an_error(world: World, asked: dict[str, Any]) -> None:
    world.synced(issue(1))
    with pytest.raises(UserError) as error:
        world.gate(**asked)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("ago", "ref", "told"),
    [(60, "99", True), (7200, "99", False), (60, "28", False), (60, "version-99", False)],
    ids=["just now", "before the sync", "known", "of another kind"],
)
def test_an_iteration_that_nobody_read_yet_is_named(world: World, ago: int, ref: str, told: bool) -> None:
    one = issue(1, iteration=ref)
    world.synced(one, changes=[Change(one.id, 1, 0, NOW - ago, Field.ITERATION, Value(), Value(ref, "PAY S99"))])
    result = world.gate(issues=("PAY-1",))
    notes = [note.params for note in result.team_verdicts[0].notes if note.id == "gate.note.new_iteration"]
    assert [(note["key"], note["iteration"]) for note in notes] == [("PAY-1", ref)] * told


def test_an_issue_of_a_team_that_is_left_out_is_an_error(world: World) -> None:
    world.config_text = TWO_TEAMS
    world.synced(issue(1, labels=("pay",)))
    with pytest.raises(UserError) as error:
        world.gate(issues=("PAY-1",), teams=["mobile"])
    assert error.value.problems[0].what.id == "gate.issue.other_team"


def test_as_of_judges_what_was_known_then(world: World) -> None:
    world.synced(issue(1, "", created=NOW - 2 * DAY), issue(2, "", created=NOW - 60))
    assert found(world.gate(as_of=NOW - DAY)) == ["KR101 PAY-1"]


def test_parallel_current_iterations_are_all_looked_at_once(world: World) -> None:
    other = replace(S27, id="127", name="PAY hotfix")
    both = issue(3, "")
    both = replace(both, current={**both.current, Field.ITERATION: Value("27,127", None)})
    world.synced(issue(1, "", iteration="27"), issue(2, "", iteration="127"), both, iterations=(S27, other))
    result = world.gate(iteration="current")
    assert found(result) == ["KR101 PAY-1", "KR101 PAY-2", "KR101 PAY-3"]
    assert len(result.iterations) == 2


def test_a_closed_iteration_keeps_nothing_open(world: World) -> None:
    closed = replace(S27, state=IterationState.CLOSED, closed_at=NOW - DAY)
    result = world.synced(issue(1, "", status="2", iteration="27"), iterations=(closed, S28)).gate(iteration="last")
    assert (result.exit_code, seen(result)) == (0, [])


TWO_SOURCES = (
    CONFIG.replace("    projects: [PAY]\n", "    projects: [PAY]\n    token_env: OKR_DELIVERY_ONE\n")
    .replace(
        "teams:\n",
        """\
  - {name: second, type: jira, url: https://second.atlassian.net, projects: [OPS], token_env: OKR_DELIVERY_TWO}
teams:
""",
    )
    .replace(
        "    select: [{source: jira}]\n",
        "    select: [{source: jira}, {source: second}]\n    iterations: {from: calendar, commitment: To Do}\n",
    )
)


def two_sources(world: World, one: Issue, two: Issue) -> GateResult:
    """An issue each in two trackers, which number theirs alike, of one team."""
    world.synced(one)
    world.synced(two, source="second", iterations=())
    return world.gate()


def second(description: str, **changed: Any) -> Issue:
    return issue(1, description, source="second", project="OPS", iteration=None, **changed)


def test_equal_ids_of_two_trackers_are_two_requirements_of_a_period(world: World) -> None:
    world.config_text = TWO_SOURCES
    result = two_sources(world, issue(1), second(""))
    assert seen(result) == ["OPS-1", "PAY-1"]
    assert found(result) == ["KR101 OPS-1"]


def test_equal_ids_of_two_trackers_are_two_new_requirements(world: World) -> None:
    world.config_text = TWO_SOURCES.replace("{from: calendar, commitment: To Do}", "{from: sprints}")
    result = two_sources(world, issue(1), second("", created=NOW - DAY))
    assert seen(result) == ["OPS-1", "PAY-1"]
    assert found(result) == ["KR101 OPS-1"]


def test_a_period_holds_the_work_of_all_its_team_s_trackers(world: World) -> None:
    """Judged by the start of the period it is in, not as if nobody knew when the work begins."""
    world.config_text = TWO_SOURCES
    world.okrs["2026Q4"] = world.okrs["2026Q4"].replace("state: active", "state: draft")
    late = "Contributes-to: GROW-KR1 +1pp"
    two_sources(world, issue(1, late), second(late))
    assert found(world.gate(backlog=True)) == ["KR103 OPS-1", "KR103 PAY-1"]
