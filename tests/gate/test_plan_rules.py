"""The rules about iterations: each against its own examples, at its edges, and with what it offers to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.gate.finding import Finding, Stage
from okr_delivery.gate.result import GateResult
from okr_delivery.gate.rule import Example, PlanExample, PlanRule
from okr_delivery.gate.rules import RULES
from okr_delivery.locale import translator
from okr_delivery.model.accounts import marks
from okr_delivery.model.message import Message
from okr_delivery.model.work import Change, Field, Issue, Iteration, IterationKind, IterationState, Value
from tests.gate.plans import ITERATION, LONG_AGO, S20, delivered, planned
from tests.gate.world import CONFIG, DAY, GOAL, NOW, OKRS, PAST, S27, S28, World, issue, joined

EN = translator("en")
EXAMPLES = [
    pytest.param(rule.id, kind, example, id=f"{rule.id}-{kind}-{n}")
    for rule in RULES.values()
    if issubclass(rule, PlanRule)
    for kind, examples in (("valid", rule.VALID), ("invalid", rule.INVALID))
    for n, example in enumerate(examples)
]
ON_GITLAB = (
    LONG_AGO.replace("type: jira", "type: gitlab")
    .replace("acme.atlassian.net", "git.acme.cn")
    .replace("[PAY]", "[a/b]")
)
READY = PlanExample()
ENOUGH = "Contributes-to: GROW-KR1 +12pp 90%"


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes the world of an example."""
    made: list[World] = []

    def build(example: PlanExample = READY, text: str = LONG_AGO) -> World:
        made.append(planned(tmp_path / f"work{len(made)}", example, text))
        return made[-1]

    yield build
    for world in made:
        world.close()


def found(result: GateResult, *rules: str) -> list[Finding]:
    return [finding for finding in result.findings if not rules or finding.rule in rules]


def ids(result: GateResult) -> list[str]:
    return [finding.rule for finding in result.findings]


def said(message: Message) -> str:
    return EN.render(message)


def notes(result: GateResult) -> str:
    """What is said beside the verdicts."""
    return "; ".join(said(note) for team in result.team_verdicts for note in team.notes)


def unasked(world: World, rule: str, **asked: Any) -> str:
    """The notes of a run in which a rule made no sense for the only team, or lacked data."""
    result = world.gate(**asked)
    (row,) = (row for row in result.counts if row.rule == rule)
    assert (row.found, row.not_applicable) == (0, 1)
    return notes(result)


@pytest.mark.parametrize(("rule", "kind", "example"), EXAMPLES)
def test_a_rule_meets_its_own_examples(rule: str, kind: str, example: PlanExample, plan: Callable[..., World]) -> None:
    assert ids(plan(example).gate(iteration="next")) == ([rule] if kind == "invalid" else [])


def test_an_example_reads_as_a_person_describes_a_plan() -> None:
    assert PlanExample(goal=None, entry="GROW", work=(Example("a"),), delivered=(Example("b"),)).written() == (
        "goal:\niterations entry: objective GROW\nwork 1: description: a\ndelivered 1: description: b\n"
        "capacity: 30\nconclusions: one each"
    )


# -- KR301 -------------------------------------------------------------------------------------------------------------


def test_the_offered_entry_settles_the_goal(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(goal=None))
    (finding,) = world.gate().findings
    assert finding.paste == '- {team: payments, iteration: "PAY S28", objective: GROW, key_results: [GROW-KR1]}'
    assert (finding.entity.kind, finding.entity.key, finding.entity.title) == ("iteration", "28", "PAY S28")
    assert [s.kr for s in finding.suggestions] == ["GROW-KR1", "GROW-KR2"]
    assert said(finding.suggestions[0].reason) == "requirements in PAY S28 that contribute to it: 1"
    assert "in okrs/2026Q4.yaml, or write GROW into the goal of PAY S28" in said(finding.help)
    world.okrs["2026Q4"] += f"iterations:\n  {finding.paste}\n"
    assert world.gate().exit_code == 0


RENAMED = "iterations:\n  - {team: payments, iteration: pay s28, objective: GROW}\n"


def test_an_entry_under_a_former_name_is_named(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(goal=None))
    world.okrs["2026Q4"] = OKRS + RENAMED + "  - {team: payments, iteration: '27', objective: GROW}\n"
    assert not found(world.gate(), "KR301")
    world.synced(issue(1, ENOUGH), iterations=(S27, replace(S28, name="Sprint Autumn", goal=None)))
    (finding,) = found(world.gate(), "KR301")
    line = (OKRS + RENAMED).count("\n")
    words = f"fit no iteration of the team: pay s28 (okrs/2026Q4.yaml:{line}). If Sprint Autumn was called so"
    assert words in said(finding.help)
    assert "Otherwise: Paste the line" in said(finding.help)
    world.okrs["2026Q4"] = world.okrs["2026Q4"].replace("pay s28", "Sprint Autumn")
    assert not found(world.gate(), "KR301")


def test_entries_of_another_team_or_cycle_are_not_meant(plan: Callable[..., World]) -> None:
    world = plan(
        PlanExample(goal=None),
        LONG_AGO.replace("teams:", "teams:\n  - {id: mobile, select: [{source: jira, labels: [app]}]}"),
    )
    world.okrs["2026Q4"] = OKRS + RENAMED.replace("payments", "mobile")
    world.okrs["2026Q2"] = PAST + RENAMED.replace("GROW", "OLD").replace("pay s28", "PAY S12")
    (finding,) = found(world.gate(), "KR301")
    assert "fit no iteration" not in said(finding.help)


def test_a_hostile_name_is_quoted_and_two_of_one_name_are_told_apart(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(goal=None))
    odd = replace(S28, name='S "28": {x}', goal=None)
    world.synced(issue(1, ENOUGH), iterations=(S27, odd))
    (finding,) = world.gate().findings
    world.okrs["2026Q4"] += f"iterations:\n  {finding.paste}\n"
    assert world.gate().exit_code == 0
    world.synced(issue(1, ENOUGH), iterations=(replace(S27, name=odd.name), odd))
    world.okrs["2026Q4"] = OKRS
    assert 'iteration: "28"' in (world.gate().findings[0].paste or "")


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (None, "PAY S28 has no goal."),
        (" \n ", "PAY S28 has no goal."),
        ("Fewer\nclicks", "The goal of PAY S28 names no objective of the OKR files: Fewer clicks"),
        ("x" * 99, f"The goal of PAY S28 names no objective of the OKR files: {'x' * 80}…"),
        (
            "OLD: sign-ups",
            "The goal of PAY S28 names OLD, but its cycle 2026Q2 does not run on 2026-11-23,"
            " when the iteration begins.",
        ),
    ],
)
def test_what_is_wrong_with_a_goal(goal: str | None, words: str, plan: Callable[..., World]) -> None:
    (finding,) = plan(PlanExample(goal=goal)).gate().findings
    assert said(finding.message) == words


def test_without_any_objective_the_line_is_still_a_form(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(goal=None, work=()), LONG_AGO.replace("objectives: [GROW]", ""))
    (finding,) = world.gate().findings
    assert finding.paste == '- {team: payments, iteration: "PAY S28", objective: OBJECTIVE-ID}'
    assert finding.suggestions == ()


def test_a_milestone_has_a_description_for_its_goal(world: World) -> None:
    world.config_text = ON_GITLAB
    days: dict[str, Any] = {"first_day": date(2026, 11, 23), "last_day": date(2026, 11, 30)}
    mile = Iteration("jira", "9", "M9", IterationState.FUTURE, kind=IterationKind.MILESTONE, project_id="1", **days)
    world.synced(iterations=(mile,))
    (finding,) = found(world.gate(iteration="M9"), "KR301")
    assert "into the description of M9" in said(finding.help)


def test_periods_of_the_calendar_are_not_planned(world: World) -> None:
    calendar = "objectives: [GROW]\n    iterations: {from: calendar}"
    world.config_text = ITERATION.replace("objectives: [GROW]", calendar)
    world.synced(issue(1, ENOUGH, iteration=None))
    assert "KR301" not in unasked(world, "KR301")
    assert "KR304" not in unasked(world, "KR304")


# -- KR302, KR303 ------------------------------------------------------------------------------------------------------


def readings(world: World, *rows: str) -> None:
    (world.root / "readings").mkdir(exist_ok=True)
    (world.root / "readings" / "q.csv").write_text("\n".join(["kr,date,value", *rows, ""]), "utf-8")


def test_claims_are_held_against_the_latest_reading(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(work=(Example("Contributes-to: GROW-KR1 +2pp 50%"),)))
    readings(world, "2026Q4:GROW-KR1,2026-11-16,48")
    (finding,) = world.gate().findings
    assert said(finding.message) == (
        "What is planned for GROW-KR1 is expected to bring 1 pp of the 2 pp that it still needs (50 %).\n"
        "Claimed by PAY-1."
    )
    assert (finding.entity.kind, finding.entity.source, finding.entity.key) == ("key_result", None, "2026Q4:GROW-KR1")
    assert (finding.kr, finding.location and finding.location.path) == ("2026Q4:GROW-KR1", "okrs/2026Q4.yaml")
    readings(world, "2026Q4:GROW-KR1,2026-11-16,49.5")
    assert ids(world.gate()) == ["KR303"]
    readings(world, "2026Q4:GROW-KR1,2026-11-16,50.5")
    assert unasked(world, "KR302") == ""


def test_without_a_reading_the_whole_way_is_missing_and_that_is_said_once(plan: Callable[..., World]) -> None:
    (finding,) = plan(PlanExample(work=(Example(),))).gate().findings
    assert said(finding.message).splitlines()[-1] == (
        "GROW-KR1 has no reading yet, so the whole way from baseline to target counts as missing."
    )


def test_many_claims_are_counted(plan: Callable[..., World]) -> None:
    (finding,) = plan(PlanExample(work=(Example("Contributes-to: GROW-KR1 +0.1pp"),) * 7)).gate().findings
    assert "Claimed by PAY-1, PAY-2, PAY-3, PAY-4, PAY-5 and 2 more." in said(finding.message)


PAY = "    projects: [PAY]\n"
TOKENS = "    user_env: OKR_DELIVERY_PAY_USER\n    token_env: OKR_DELIVERY_PAY_TOKEN\n"
OTHER = """  - name: other
    type: jira
    url: https://other.atlassian.net
    user_env: OKR_DELIVERY_OTHER_USER
    token_env: OKR_DELIVERY_OTHER_TOKEN
    projects: [APP]
teams:
  - {id: mobile, select: [{source: other}]}"""


def test_other_teams_claims_count_and_doubts_about_them_are_said(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(work=(Example(),)), LONG_AGO.replace("teams:", OTHER).replace(PAY, PAY + TOKENS))
    ahead = replace(S28, source="other", id="90", name="M 90")
    app = issue(1, ENOUGH, source="other", project="APP", iteration="90")
    world.synced(app, source="other", iterations=(ahead,))
    assert ids(world.gate(teams=["payments"])) == []
    world.synced(app, source="other", iterations=(ahead,), fetched_at=NOW - 30 * DAY)
    why = unasked(world, "KR302", teams=["payments"])
    assert why.startswith("KR302, KR303 not asked: other teams' plans count too, and those in other can't be relied on")
    world.synced(app, source="other", iterations=(ahead,), complete=0, reason=None)
    assert "KR302, KR303 not asked" in unasked(world, "KR303", teams=["payments"])


def test_a_team_that_serves_nothing_is_asked_nothing(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(work=()), LONG_AGO.replace("objectives: [GROW]", ""))
    world.okrs["2026Q4"] = OKRS + "iterations: [{team: payments, iteration: PAY S28, goal: tidy up}]\n"
    assert "KR302" not in unasked(world, "KR302")


# -- KR304, KR305 ------------------------------------------------------------------------------------------------------


def test_what_is_not_estimated_leaves_capacity_open(plan: Callable[..., World]) -> None:
    unknown = Example("Contributes-to: OPS-KR3", estimate=None)
    first = plan(PlanExample(work=(Example(ENOUGH), unknown)))
    assert unasked(first, "KR304") == "KR304 not asked: items in it without an estimate: 1"
    world = plan(PlanExample(work=(Example(ENOUGH, estimate="5"), unknown), capacity=4))
    (finding,) = found(world.gate(), "KR304")
    assert said(finding.message) == (
        "PAY S28 holds 5 points of open work, and 4 fit in (as configured).\n"
        "Without an estimate, and so not counted: 1."
    )


def test_history_tells_what_fits_in(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(capacity=None))
    assert unasked(world, "KR304").startswith("KR304 not asked: no capacity is configured")
    work, changes, closed = [issue(1, ENOUGH)], [], []
    for n in range(3):
        end = NOW - (40 - 9 * n) * DAY
        closed.append(
            Iteration("jira", str(21 + n), f"S{21 + n}", IterationState.CLOSED, GOAL, end - 7 * DAY, end, None, end)
        )
        one, change = delivered(50 + n, Example("Contributes-to: OPS-KR3", estimate="2"))
        one = replace(
            one, current={**one.current, Field.ITERATION: one.value(Field.ITERATION)._replace(id=str(21 + n))}
        )
        work.append(one)
        changes.append(change._replace(issue_id=one.id, ts=end - DAY))
    world.synced(*work, iterations=(*closed, S27, S28), changes=changes)
    (finding,) = found(world.gate(), "KR304")
    assert said(finding.message) == (
        "PAY S28 holds 3 points of open work, and 2 fit in"
        " (the median of what was delivered in PAY S20, S21, S22, S23)."
    )


def test_an_iteration_that_is_over_is_not_loaded(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(delivered=(Example(ENOUGH),), capacity=1))
    for rule in ("KR304", "KR305"):
        assert rule not in unasked(world, rule, iteration="last")


def test_a_share_is_counted_where_estimates_are_missing(plan: Callable[..., World]) -> None:
    ops = Example("", labels=("ops",), estimate=None)
    (finding,) = found(plan(PlanExample(work=(Example(ENOUGH), ops))).gate(), "KR305")
    assert said(finding.message) == (
        "50 % of PAY S28 (by count, as not everything is estimated) serves no key result; the budget is 30 %."
    )


def test_each_of_several_running_iterations_is_judged(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(capacity=2))
    other = replace(S27, id="99", name="PAY hotfix", goal=None)
    world.synced(issue(1, ENOUGH, iteration="27"), issue(2, iteration="99"), iterations=(S27, other))
    result = world.gate(iteration="current")
    assert [(f.rule, f.entity.shown) for f in found(result, "KR301", "KR304")] == [
        ("KR301", "PAY hotfix"),
        ("KR304", "PAY S27"),
        ("KR304", "PAY hotfix"),
    ]
    assert "okr-delivery gate --team payments --iteration current --sync" in said(result.findings[0].help)


# -- KR306 -------------------------------------------------------------------------------------------------------------

WAITS = PlanExample(delivered=(Example("Contributes-to: GROW-KR1 +2pp 90%"),), concluded=False)


def test_a_conclusion_as_offered_settles_the_trace(plan: Callable[..., World]) -> None:
    world = plan(WAITS)
    (finding,) = world.gate().findings
    assert said(finding.message) == (
        "Delivered in PAY S20; its window on GROW-KR1 ended on 2026-10-26, and a conclusion was due by 2026-10-29."
    )
    assert (finding.entity.kind, finding.entity.key, finding.created_by) == ("issue", "PAY-101", "fang")
    assert finding.paste == "okr-delivery conclude PAY-101 CONCLUSION --kr 2026Q4:GROW-KR1 --reason 'TEXT'"
    assert "double-down, leave, fix, stop-loss, downgrade, retire, observe" in said(finding.help)
    lines = (
        "- {source: jira, issue: PAY-101, kr: 2026Q4:GROW-KR1, conclusion: leave, reason: x, by: lin, at: 2026-11-10}\n"
    )
    (world.root / "conclusions.yaml").write_text(lines, "utf-8")
    assert world.gate().exit_code == 0


def test_the_preview_counts_each_finding_about_a_plan(plan: Callable[..., World]) -> None:
    world = plan(replace(WAITS, delivered=WAITS.delivered * 3))
    world.waivers("- {entity: PAY-102, rule: KR306, reason: seasonal, owner: lin, expires: 2027-01-31}\n")
    for waive, waived in ((False, 0), (True, 1)):
        result = world.gate(waive=waive)
        (row,) = (row for row in result.counts if row.rule == "KR306")
        assert (row.ok, row.found, row.waived, row.baselined) == (0, 3, waived, 0)
        assert len(found(result, "KR306")) == row.found - row.waived


def test_within_the_grace_nothing_is_asked(plan: Callable[..., World]) -> None:
    world = plan(WAITS)
    assert ids(world.gate(as_of=NOW - 20 * DAY, iteration="PAY S28")) == []
    assert ids(world.gate(as_of=NOW - 19 * DAY, iteration="PAY S28")) == ["KR306"]


def test_what_was_delivered_before_the_gate_began_is_left_alone(plan: Callable[..., World]) -> None:
    assert ids(plan(WAITS, ITERATION).gate()) == []
    young = LONG_AGO.replace("gate: {since: 2026-09-01}\n", "")
    assert ids(plan(WAITS, young).gate()) == []  # the first sync was later


def test_deployments_that_were_not_read_leave_the_release_open(plan: Callable[..., World]) -> None:
    text = ON_GITLAB.replace("    non_okr:", "    deployments: {environments: [production]}\n    non_okr:")
    text = text.replace("objectives: [GROW]", "objectives: [GROW]\n    iterations: {from: calendar}")
    assert "KR306 not asked: not all deployments of jira were read yet" in unasked(plan(WAITS, text), "KR306")


def test_of_a_confidential_issue_only_the_key_is_said(plan: Callable[..., World]) -> None:
    world = plan(WAITS)
    one, change = delivered(101, WAITS.delivered[0])
    world.synced(issue(1, ENOUGH), replace(one, confidential=True), iterations=(S20, S27, S28), changes=[change])
    (finding,) = found(world.gate(), "KR306")
    assert (finding.entity.title, finding.entity.url, finding.created_by) == (None, None, None)


# -- KR307, KR401 ------------------------------------------------------------------------------------------------------

START = S27.start or 0


def late(number: int, at: int, **more: Any) -> tuple[Issue, Any]:
    one = issue(number, ENOUGH, iteration="27", **more)
    return one, joined(one, at)


def test_what_joined_a_running_iteration_names_the_day(plan: Callable[..., World]) -> None:
    world = plan()
    (one, came), (other, before) = late(1, START + 2 * DAY), late(2, START - DAY)
    born = issue(3, ENOUGH, iteration="27", created=START + DAY)
    world.synced(one, other, born, changes=[before, came])
    result = world.gate(iteration="current")
    assert [f.entity.key for f in found(result, "KR307")] == ["PAY-1", "PAY-3"]
    first = found(result, "KR307")[0]
    assert said(first.message) == (
        "It joined PAY S27 on 2026-11-11, after the start on 2026-11-09, without the label scope-approved."
    )
    assert "sets the label `scope-approved`" in said(first.help)


@pytest.mark.parametrize("label", ["scope-approved", "Scope-Approved"])
def test_the_label_approves_it(label: str, plan: Callable[..., World]) -> None:
    world = plan()
    one, came = late(1, START + 2 * DAY, labels=(label,))
    world.synced(one, changes=[came])
    assert found(world.gate(iteration="current"), "KR307") == []


LIN, EVE = marks("JIRAUSER100", "lin"), marks("JIRAUSER666", "eve")
APPROVERS = LONG_AGO.replace("gate: {since", "gate: {waive: {approvers: [JIRAUSER100]}, since")
WHO = {
    "an approver": ((LIN,), None),
    "somebody else": ((EVE,), "none of gate.waive.approvers"),
    "an approver after somebody else": ((EVE, LIN), "none of gate.waive.approvers"),
    "nobody knows": ((None,), "does not tell who"),
}


@pytest.mark.parametrize(("who", "why"), WHO.values(), ids=WHO)
def test_with_approvers_the_label_counts_from_them_alone(
    who: tuple[str | None, ...], why: str | None, plan: Callable[..., World]
) -> None:
    world = plan(PlanExample(), APPROVERS)
    one, came = late(1, START + 2 * DAY, labels=("Scope-Approved", "x"))
    texts = (None, "Scope-Approved", "Scope-Approved x")
    steps = [(Value(None, texts[n]), Value(None, texts[n + 1]), by) for n, by in enumerate((*who, None)[:2])]
    history = [Change(one.id, n, 3, START + (2 + n) * DAY, Field.LABELS, *step) for n, step in enumerate(steps, 5)]
    world.synced(one, changes=[came, *history])
    texts_said = [(said(f.message), said(f.help)) for f in found(world.gate(iteration="current"), "KR307")]
    assert len(texts_said) == (why is not None)
    assert all(why in message and "approver" in fix for message, fix in texts_said if why)


def test_with_approvers_a_missing_label_is_theirs_to_set(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(), APPROVERS)
    one, came = late(1, START + 2 * DAY)
    world.synced(one, changes=[came])
    (finding,) = found(world.gate(iteration="current"), "KR307")
    assert "without the label scope-approved" in said(finding.message)
    assert "gate.waive.approvers" in said(finding.help)


def test_where_days_are_known_the_first_one_is_planning(plan: Callable[..., World]) -> None:
    world = plan(PlanExample(), ON_GITLAB)
    days: dict[str, Any] = {"first_day": date(2026, 11, 9), "last_day": date(2026, 11, 22)}
    by_day = replace(S27, start=None, end=None, kind=IterationKind.MILESTONE, project_id="1", **days)
    (one, came), (other, later) = late(1, START), late(2, START + DAY)
    world.synced(one, other, iterations=(by_day,), changes=[came, later])
    assert [f.entity.key for f in found(world.gate(iteration="27"), "KR307")] == ["PAY-2"]


def test_nothing_joins_what_did_not_begin_or_is_over(plan: Callable[..., World]) -> None:
    world = plan()
    one, came = late(1, START + 2 * DAY)
    over = replace(S27, state=IterationState.CLOSED, closed_at=NOW - DAY)
    world.synced(one, issue(2), changes=[came], iterations=(over, S28))
    for ref in ("last", "next"):
        (row,) = (row for row in world.gate(iteration=ref).counts if row.rule == "KR307")
        assert (row.found, row.not_applicable) == (0, 1)


def test_releases_are_rehearsed_where_the_rule_is_on(world: World) -> None:
    world.synced(issue(1), iterations=(S27, S28))
    assert world.gate(stage=Stage.RELEASE).exit_code == 2
    world.config_text = CONFIG.replace("gate: {since", "gate: {rules: {KR401: warning}, since")
    result = world.gate(stage=Stage.RELEASE)
    assert (result.exit_code, result.rules_run) == (0, ())
