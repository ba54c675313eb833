"""A run of the lint as a whole: what is looked at, what a finding holds, waivers, the baseline, the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.gate.baseline import Baseline, Known
from okr_delivery.gate.finding import Finding, Severity, Stage
from okr_delivery.gate.lint.engine import LintInput, run
from okr_delivery.gate.lint.registry import ids
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.gate.waivers import Waiver, Waivers
from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.message import msg
from okr_delivery.model.okr import Location
from tests.gate.lint.world import CONFIG, Done, desk_of_files

AS_OF = 1_795_276_800  # 2026-11-21T20:00:00+08:00
NOW = """\
cycle: {{id: {cycle}, start: {start}, end: {end}, state: {state}}}
objectives:
  - id: GROW
    title: Merchants in lower-tier cities stay because checkout just works
    owner: lin
    source: self_driven
    key_results:
      - id: GROW-KR1
        title: 30-day merchant retention rises from 38 % to 50 %
        owner: lin
        metric: {{unit: "%", direction: increase, baseline: 38, target: 50}}
        rationale: Retention is what merchants pay for
        health: [{{id: refunds, title: Refund rate, unit: "%", at_most: 2}}]
      - id: GROW-KR2
        title: Refused payments fall from 9 % to 4 % of all attempts
        metric: {{unit: "%", direction: decrease, baseline: 9, target: 4}}
        rationale: Who is refused leaves
        health: [{{id: fraud, title: Fraud, unit: "%", at_most: 1}}]
"""
Q4 = NOW.format(cycle="2026Q4", start="2026-10-01", end="2026-12-31", state="active")
Q3 = NOW.format(cycle="2026Q3", start="2026-07-01", end="2026-09-30", state="closed").replace("Merchants", "Shops")
Q1 = NOW.format(cycle="2027Q1", start="2027-01-01", end="2027-03-31", state="draft")
BAD = Q4.replace("    source: self_driven\n", "").replace("        rationale: Who is refused leaves\n", "")
ONE = "lint: {limits: {team: {objectives: [1, 5]}}}\n"
SOUND = ONE + "gate: {rules: {OKR205: off, OKR401: off, OKR301: off}}\n"


def lint(folder: Path, *okrs: str, config: str = CONFIG + SOUND, **asked: Any) -> GateResult:
    desk = desk_of_files(folder / "work", {f"f{n}": text for n, text in enumerate(okrs)}, config=config)
    return run(LintInput(replace(desk, work=asked.pop("work", Done())), AS_OF, **asked))


def waivers(*entries: tuple[str, str, str]) -> Waivers:
    """(rule, entity, last day) for each."""
    made = []
    for line, (rule, entity, day) in enumerate(entries, 1):
        made.append(Waiver(rule, entity, "agreed", "li", date.fromisoformat(day), Location("w.yaml", line)))
    return Waivers(tuple(made))


def found(result: GateResult) -> list[tuple[str, str]]:
    return [(finding.rule, finding.entity.key) for finding in result.findings]


def one(result: GateResult, rule: str) -> Finding:
    (finding,) = (finding for finding in result.findings if finding.rule == rule)
    return finding


# -- what is looked at -------------------------------------------------------------------------------------------------


def test_sound_files_pass(tmp_path: Path) -> None:
    result = lint(tmp_path, Q4)
    assert (result.verdict, result.stage, found(result)) == (Verdict.PASS, Stage.LINT, [])
    assert [judged.key for judged in result.judged] == ["2026Q4", "2026Q4:GROW", "2026Q4:GROW-KR1", "2026Q4:GROW-KR2"]
    assert set(result.rules_run) == set(ids()) - {"OKR205", "OKR301", "OKR401"}
    assert result.summary.ready == result.summary.judged == 4


def test_nothing_selected_is_no_verdict(tmp_path: Path) -> None:
    result = lint(tmp_path, Q3)
    assert result.verdict is Verdict.NONE and result.exit_code == 2 and result.reasons
    assert lint(tmp_path / "empty").exit_code == 2


def test_open_cycles_are_looked_at_unless_one_is_named(tmp_path: Path) -> None:
    result = lint(tmp_path, Q4, Q3, Q1)
    assert {judged.key.partition(":")[0] for judged in result.judged} == {"2026Q4", "2027Q1"}
    named = lint(tmp_path / "named", Q4, Q3, Q1, cycles=("2026q3",))
    assert {judged.key.partition(":")[0] for judged in named.judged} == {"2026Q3"}


def test_an_unknown_cycle_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        lint(tmp_path, Q4, cycles=("2026Q5",))
    (problem,) = error.value.problems
    assert problem.next_step is not None and "2026Q4" in translator("en").render(problem.next_step)


# -- findings ----------------------------------------------------------------------------------------------------------


def test_a_finding_names_its_place_and_its_owner(tmp_path: Path) -> None:
    finding = one(lint(tmp_path, BAD), "OKR204")
    assert (finding.entity.kind, finding.entity.key, finding.entity.source) == ("key_result", "2026Q4:GROW-KR2", None)
    assert finding.entity.title == "Refused payments fall from 9 % to 4 % of all attempts"
    assert (finding.kr, finding.created_by, finding.team) == ("2026Q4:GROW-KR2", "lin", "")
    line = BAD.splitlines().index("      - id: GROW-KR2") + 1
    assert finding.location == Location("okrs/f0.yaml", line)
    assert "okr-delivery okr lint" in translator("en").render(finding.help)


def test_findings_are_sorted_and_errors_fail(tmp_path: Path) -> None:
    result = lint(tmp_path, BAD)
    assert found(result) == [("OKR204", "2026Q4:GROW-KR2"), ("OKR303", "2026Q4:GROW")]
    assert result.verdict is Verdict.FAIL
    assert [judged.key for judged in result.not_ready] == ["2026Q4:GROW"]


def test_the_fingerprint_follows_rule_and_entity_alone(tmp_path: Path) -> None:
    before = one(lint(tmp_path / "1", BAD), "OKR204")
    moved = "# a line\n" + BAD.replace("Refused payments fall", "Declined payments fall")
    after = one(lint(tmp_path / "2", moved), "OKR204")
    other = one(lint(tmp_path / "3", BAD.replace("GROW-KR2", "GROW-KR3")), "OKR204")
    assert before.fingerprint == after.fingerprint != other.fingerprint


def test_two_owners_of_a_cycle_are_two_findings(tmp_path: Path) -> None:
    second = Q4[Q4.index("  - id: GROW") :].replace("GROW", "PAY").replace("owner: lin", "owner: li")
    result = lint(tmp_path, Q4 + second, config=CONFIG + "gate: {rules: {OKR101: warning}}\n")
    counts = [finding for finding in result.findings if finding.rule == "OKR101"]
    assert [(f.entity.kind, f.entity.key, f.created_by) for f in counts] == [
        ("cycle", "2026Q4", "li"),
        ("cycle", "2026Q4", "lin"),
    ]
    assert len({f.fingerprint for f in counts}) == 2
    assert {f.location for f in counts} == {Location("okrs/f0.yaml", 1)}


def test_the_configuration_switches_rules(tmp_path: Path) -> None:
    config = CONFIG + ONE + "gate: {rules: {OKR303: off, OKR204: error, OKR205: off}}\n"
    result = lint(tmp_path, BAD, config=config)
    assert [(f.rule, str(f.severity)) for f in result.findings] == [("OKR204", "error")]
    assert "OKR303" not in result.rules_run


def test_an_unknown_rule_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        lint(tmp_path, Q4, config=CONFIG + "gate: {rules: {OKR207: off}}\n")
    assert "OKR20" in str(error.value.problems[0].next_step)


def test_warnings_fail_when_asked_to(tmp_path: Path) -> None:
    only_204 = Q4.replace("        rationale: Who is refused leaves\n", "")
    assert lint(tmp_path / "1", only_204).verdict is Verdict.PASS
    assert lint(tmp_path / "2", only_204, fail_on=Severity.WARNING).verdict is Verdict.FAIL


# -- incomplete data ---------------------------------------------------------------------------------------------------

HALF = Done(frozenset({"2026Q4:GROW-KR1"}), (msg("lint.work.history", source="jira", command="sync"),))


def test_what_half_a_store_can_not_say_is_no_finding(tmp_path: Path) -> None:
    result = lint(tmp_path, Q4, work=HALF)
    assert (result.verdict, found(result)) == (Verdict.PASS, [])
    (note,) = result.team_verdicts[0].notes
    assert "OKR302" in translator("en").render(note) and "jira" in translator("en").render(note)


def test_nor_is_it_a_pass_where_it_would_count(tmp_path: Path) -> None:
    result = lint(tmp_path, Q4, work=HALF, fail_on=Severity.WARNING)
    assert result.verdict is Verdict.NONE and result.exit_code == 2


def test_without_a_store_the_files_are_judged_and_that_is_said(tmp_path: Path) -> None:
    result = lint(tmp_path, Q4, work=None, unread=msg("lint.work.none"), fail_on=Severity.WARNING)
    assert result.verdict is Verdict.PASS
    assert result.team_verdicts[0].notes == (msg("lint.work.none"),)


# -- waivers and baseline ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entity", ["GROW-KR2", "grow-kr2", "2026Q4:GROW-KR2"])
def test_a_key_result_is_waived_by_its_short_or_full_id(tmp_path: Path, entity: str) -> None:
    result = lint(tmp_path, BAD, Q1, Q3, waivers=waivers(("OKR204", entity, "2026-12-31")))
    assert [w.finding.entity.key for w in result.waived] == ["2026Q4:GROW-KR2"]
    assert "OKR204" not in dict(found(result)) and result.waiver_problems == ()


def test_an_objective_is_waived_too(tmp_path: Path) -> None:
    result = lint(tmp_path, BAD, waivers=waivers(("OKR303", "GROW", "2026-12-31")))
    assert result.verdict is Verdict.PASS and len(result.waived) == 1


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (("OKR204", "GROW-KR2", "2026-11-20"), ("WVR002", "gate.wvr002.message")),
        (("OKR204", "GROW-KR2", "2026-11-25"), ("WVR003", "gate.wvr003.message")),
        (("OKR204", "GROW-KR1", "2026-12-31"), ("WVR001", "gate.wvr001.judged")),
        (("OKR204", "GROW-KR9", "2026-12-31"), ("WVR001", "gate.wvr001.gone")),
        (("OKR204", "2026Q3:GROW-KR2", "2026-12-31"), ("WVR001", "gate.wvr001.closed")),
    ],
)
def test_waivers_that_do_not_work_are_told(
    tmp_path: Path, entry: tuple[str, str, str], problem: tuple[str, str]
) -> None:
    result = lint(tmp_path, BAD, Q3, waivers=waivers(entry))
    assert [(p.rule, p.message.id) for p in result.waiver_problems] == [problem]


def test_waivers_of_other_rules_and_cycles_are_left_alone(tmp_path: Path) -> None:
    others = waivers(("KR101", "PAY-1", "2026-11-01"), ("OKR204", "2027Q1:GROW-KR2", "2026-12-31"))
    assert lint(tmp_path, Q4, Q1, waivers=others, cycles=("2026Q4",)).waiver_problems == ()


def test_a_short_id_of_two_running_cycles_is_refused(tmp_path: Path) -> None:
    half = NOW.format(cycle="2026H2", start="2026-07-01", end="2026-12-31", state="active")
    with pytest.raises(UserError) as error:
        lint(tmp_path, Q4, half, waivers=waivers(("OKR204", "GROW-KR2", "2026-12-31")))
    assert error.value.problems[0].where == "w.yaml:1"


def test_a_waiver_must_not_run_too_long(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        lint(tmp_path, BAD, waivers=waivers(("OKR204", "GROW-KR2", "2027-06-01")))


def test_known_findings_are_marked_and_do_not_fail(tmp_path: Path) -> None:
    finding = one(lint(tmp_path / "1", BAD), "OKR303")
    known = Baseline((Known(finding.fingerprint, "OKR303", "2026Q4:GROW"),))
    result = lint(tmp_path / "2", BAD, baseline=known)
    assert one(result, "OKR303").baselined and result.summary.baselined == 1
    assert result.verdict is Verdict.PASS and result.not_ready == ()
