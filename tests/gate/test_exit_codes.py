"""Exit codes line by line, and that doubt about the data is never a pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.config import fetch_hash
from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.gate.sources import no_cycles
from okr_delivery.model.errors import UserError
from tests.gate.world import CONFIG, DAY, NOW, OKRS, S28, World, issue

HOUR = 3600
TWO_SOURCES = """\
version: 1
store: "sqlite:///store.db"
calendar: {timezone: Asia/Shanghai}
sources:
  - {name: east, type: jira, url: "https://east.atlassian.net", projects: [PAY], token_env: OKR_DELIVERY_EAST}
  - {name: west, type: jira, url: "https://west.atlassian.net", projects: [APP], token_env: OKR_DELIVERY_WEST}
teams:
  - {id: payments, select: [{source: east}]}
  - {id: mobile, select: [{source: west}]}
gate: {since: 2026-11-16}
"""


def two(world: World, text: str = "Contributes-to: GROW-KR1 M", **west: Any) -> World:
    """Team payments on a healthy source, team mobile on one in the given state."""
    world.config_text = TWO_SOURCES
    east = replace(S28, source="east")
    world.synced(issue(1, text, source="east"), source="east", iterations=(east,))
    if west.pop("never", None):
        return world
    there = issue(1, source="west", project="APP")
    return world.synced(there, source="west", iterations=(replace(S28, source="west"),), **west)


def verdicts(result: GateResult) -> dict[str, Verdict]:
    return {t.team: t.verdict for t in result.team_verdicts}


def test_0_pass(world: World) -> None:
    assert world.synced(issue(1)).gate().exit_code == 0


def test_0_with_findings_below_the_threshold(world: World) -> None:
    result = world.synced(issue(1, "Contributes-to: GROW-KR1 +15pp")).gate()
    assert (result.exit_code, result.summary.warning, result.summary.ready) == (0, 1, 1)


def test_1_at_the_threshold(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 +15pp"))
    result = world.gate(fail_on=Severity.WARNING)
    assert (result.exit_code, result.summary.ready) == (1, 0)
    assert world.synced(issue(1, "")).gate().exit_code == 1


def test_0_with_a_waived_finding(world: World) -> None:
    entry = "- {rule: KR101, entity: PAY-1, reason: audit, owner: lin, expires: 2026-12-31}"
    result = world.synced(issue(1, "")).waivers(entry).gate()
    assert (result.exit_code, result.summary.waived) == (0, 1)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"never": True}, "gate.none.never_synced"),
        ({"complete": 0, "reason": None}, "gate.none.incomplete"),
        ({"complete": 0, "reason": "sync.reason.never", "fetched_at": None}, "gate.none.incomplete"),
        ({"fetched_at": None}, "gate.none.never_synced"),
        ({"fetched_at": NOW - 26 * HOUR - 1}, "gate.none.stale"),
        ({"fetch_hash": "asked for other projects"}, "gate.none.settings"),
    ],
)
def test_2_when_data_can_not_be_trusted_and_others_still_get_theirs(
    world: World, state: dict[str, Any], reason: str
) -> None:
    result = two(world, **state).gate()
    assert verdicts(result) == {"payments": Verdict.PASS, "mobile": Verdict.NONE}
    assert (result.verdict, result.exit_code) == (Verdict.NONE, 2)
    (said,) = result.team_verdicts[1].reasons
    assert said.id == reason and said.params["source"] == "west"
    assert said.params["command"] == "okr-delivery sync west"


def test_2_outranks_1_and_the_findings_are_still_there(world: World) -> None:
    result = two(world, "", never=True).gate()
    assert verdicts(result) == {"payments": Verdict.FAIL, "mobile": Verdict.NONE}
    assert (result.exit_code, [f.rule for f in result.findings]) == (2, ["KR101"])


def test_only_the_teams_that_need_a_source_wait_for_it(world: World) -> None:
    two(world, never=True)
    assert world.gate(teams=["payments"]).exit_code == 0
    assert world.gate(issues=("PAY-1",)).exit_code == 0
    result = world.gate(iteration="28")
    assert (result.exit_code, list(verdicts(result))) == (0, ["payments"])
    assert {s.name: s.needed for s in result.sources} == {"east": True, "west": False}


def test_2_for_an_issue_or_iteration_that_only_the_untrusted_source_can_know(world: World) -> None:
    two(world, never=True)
    asked: dict[str, Any]
    for asked in ({"issues": ("APP-1",)}, {"iteration": "APP S1"}):
        result = world.gate(**asked)
        assert (result.exit_code, verdicts(result)) == (2, {"mobile": Verdict.NONE})


def test_settings_that_do_not_change_what_is_fetched_keep_the_verdict(world: World) -> None:
    world.synced(issue(1), fetch_hash=fetch_hash(world.write().source("jira")))
    world.config_text = CONFIG.replace("budget: 0.3", "budget: 0.2")
    assert world.gate().exit_code == 0
    world.config_text = CONFIG.replace("projects: [PAY]", "projects: [PAY, APP]")
    assert world.gate().exit_code == 2


def test_the_age_limit_is_inclusive_and_configurable(world: World) -> None:
    world.synced(issue(1), fetched_at=NOW - 26 * HOUR)
    assert world.gate().exit_code == 0
    world.config_text = CONFIG.replace("gate: {since", "gate: {max_age: 30m, since")
    result = world.gate()
    assert result.exit_code == 2
    (reason,) = result.team_verdicts[0].reasons
    assert [reason.params[k].params["n"] for k in ("age", "limit")] == [26, 30]  # type: ignore[attr-defined]  # messages


def test_the_age_is_held_against_the_wall_clock_not_as_of(world: World) -> None:
    world.synced(issue(1), fetched_at=NOW - 3 * DAY)
    assert world.gate(as_of=NOW - 3 * DAY).exit_code == 2
    assert world.gate(now=NOW - 2 * DAY - 23 * HOUR).exit_code == 0


def test_2_when_nothing_is_selected(world: World) -> None:
    assert world.synced(iterations=()).gate().exit_code == 2


def test_2_for_an_id_that_fits_two_key_results(world: World) -> None:
    twin = OKRS.replace("2026Q4, start: 2026-10-01", "2026H2, start: 2026-07-01").replace("GROW\n", "GROW2\n")
    world.okrs = {"2026Q4": OKRS, "2026H2": twin.replace("OPS\n", "OPS2\n")}
    result = world.synced(issue(1), issue(2, "Contributes-to: 2026Q4:GROW-KR1 M")).gate()
    assert (result.exit_code, [f.rule for f in result.findings]) == (2, ["KR102"])
    (reason,) = result.team_verdicts[0].reasons
    assert reason.params["key"] == "PAY-1"
    assert "2026H2:GROW-KR1" in str(reason.params["reason"])


@pytest.mark.parametrize("asked", [{"issues": ("PAY-9",)}, {"iteration": "nope"}])
def test_2_for_usage_that_names_nothing(world: World, asked: dict[str, Any]) -> None:
    world.synced(issue(1))
    with pytest.raises(UserError) as error:
        world.gate(**asked)
    assert error.value.exit_code == 2


def test_2_for_configuration_that_names_no_rule(world: World) -> None:
    world.config_text = CONFIG.replace("gate: {since", "gate: {rules: {KR999: off}, since")
    with pytest.raises(UserError) as error:
        world.synced(issue(1)).gate()
    assert error.value.exit_code == 2


def test_forty_teams_of_which_one_can_not_be_judged(world: World) -> None:
    line = '  - {{name: s{n}, type: jira, url: "https://s{n}.acme.cn", projects: [P], token_env: OKR_DELIVERY_T{n}}}\n'
    sources = "".join(line.format(n=n) for n in range(2))
    teams = "".join(f"  - {{id: t{n}, select: [{{source: s0, labels: [l{n}]}}]}}\n" for n in range(39))
    lost = "  - {id: lost, select: [{source: s1}]}\n"
    world.config_text = f'version: 1\nstore: "sqlite:///store.db"\nsources:\n{sources}teams:\n{teams}{lost}'
    issues = [issue(n, "Contributes-to: GROW-KR1 M", source="s0", labels=(f"l{n}",)) for n in range(39)]
    world.synced(*issues, source="s0", iterations=(replace(S28, source="s0"),))
    world.synced(source="s1", iterations=(), complete=0, reason=None)
    result = world.gate()
    assert [t.team for t in result.team_verdicts if t.verdict is Verdict.NONE] == ["lost"]
    assert sum(t.verdict is Verdict.PASS for t in result.team_verdicts) == 39
    assert result.exit_code == 2


ASKED: list[dict[str, Any]] = [
    {},
    {"backlog": True},
    {"issues": ("PAY-1",)},
    {"iteration": "PAY S28"},
    {"iteration": "current"},
]


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("written", ["", "okrs: [okrs/, goals/]\n"])
def test_2_without_any_cycle(world: World, asked: dict[str, Any], written: str) -> None:
    """Folders that a checkout left empty are not the fault of those who write requirements."""
    world.okrs, world.config_text = {}, CONFIG + written
    (world.root / "goals").mkdir(parents=True)
    result = world.synced(issue(1)).gate(**asked)
    ((reason,),) = [team.reasons for team in result.team_verdicts]
    assert (result.exit_code, result.findings, result.judged) == (2, (), ())
    places = "okrs/, goals/" if written else "okrs/"
    assert (reason.id, reason.params["okrs"]) == ("gate.none.no_cycles", places)


# as of long ago


@pytest.mark.parametrize("asked", [{}, {"backlog": True}, {"iteration": "28"}, {"iteration": "current"}], ids=str)
@pytest.mark.parametrize("days", [41, 2500])
def test_2_before_a_team_s_first_issue_was_created(world: World, asked: dict[str, Any], days: int) -> None:
    """Otherwise an iteration of today would be empty then, and pass."""
    result = world.synced(issue(1)).gate(as_of=NOW - days * DAY, **asked)
    ((reason,),) = [team.reasons for team in result.team_verdicts]
    assert (result.exit_code, result.judged, reason.id) == (2, (), "gate.none.before_data")


def test_another_team_s_issues_are_not_its_own(world: World) -> None:
    two(world)
    old = issue(2, "Contributes-to: GROW-KR1 M", source="east", created=NOW - 100 * DAY)
    world.synced(old, source="east", iterations=(replace(S28, source="east"),))
    found = verdicts(world.gate(as_of=NOW - 50 * DAY))
    assert found == {"payments": Verdict.PASS, "mobile": Verdict.NONE}


def test_what_was_before_the_first_sync_is_known_once_issues_were_there(world: World) -> None:
    assert world.synced(issue(1)).gate(as_of=NOW - 39 * DAY).exit_code == 0


def test_a_team_that_has_no_issue_yet_is_judged_as_of_now(world: World) -> None:
    assert world.synced().gate().exit_code == 0


@pytest.mark.parametrize(("since", "reason"), [("2026-10-20", "gate.none.before_since"), ("2026-10-10", None)])
def test_2_before_what_the_settings_read(world: World, since: str, reason: str | None) -> None:
    """What ended before that day was never fetched, though it was open then."""
    world.config_text = CONFIG.replace("projects: [PAY]\n", f"projects: [PAY]\n    history: {{since: {since}}}\n")
    result = world.synced(issue(1)).gate(as_of=NOW - 35 * DAY)
    reasons = [one.id for team in result.team_verdicts for one in team.reasons]
    assert (result.exit_code, reasons) == ((2, [reason]) if reason else (0, []))


def test_without_okr_files_nor_a_word_of_them_a_requirement_can_still_lack_a_key_result(world: World) -> None:
    world.okrs = {}
    world.synced(issue(1, ""))
    snapshot = world.snapshot()
    (world.root / "okrs").rmdir()
    assert no_cycles(snapshot) == ()
    (world.root / "okrs").mkdir()
    assert [reason.id for reason in no_cycles(snapshot)] == ["gate.none.no_cycles"]
