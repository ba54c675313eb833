"""What somebody might try so that the gate looks away, or so that it can't look at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.gate.baseline import Baseline, Known, parse
from okr_delivery.gate.finding import Finding
from okr_delivery.gate.result import GateResult
from okr_delivery.gate.rule import Example, PlanExample, RequirementRule
from okr_delivery.gate.rules import RULES
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Change, Field, Value
from okr_delivery.sync.single import Refreshed
from tests.gate.plans import ITERATION, planned
from tests.gate.test_exit_codes import TWO_SOURCES
from tests.gate.world import CONFIG, DAY, NOW, S27, S28, World, issue, joined

ENOUGH = "Contributes-to: GROW-KR1 +12pp 90%"


def found(result: GateResult, *rules: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.rule in rules]


# -- a requirement's text and fields -----------------------------------------------------------------------------------

NINES = "9" * 40
GREAT = {
    "an amount": f"Contributes-to: GROW-KR1 +{NINES}pp",
    "no number at all": f"Contributes-to: GROW-KR1 +{NINES * 9}pp",
    "a scaled one": f"贡献: COST-KR2 -{NINES}亿",
    "a share": f"Contributes-to: GROW-KR1 share {NINES}%",
}


@pytest.mark.parametrize("line", GREAT.values(), ids=GREAT)
def test_an_amount_beyond_all_reason_is_refused_and_leaves_the_others_their_verdict(line: str, tmp_path: Path) -> None:
    result = planned(tmp_path / "work", PlanExample(work=(Example(line), Example(ENOUGH)))).gate()
    (finding,) = found(result, "KR202")
    assert (finding.entity.key, result.exit_code, result.summary.ready) == ("PAY-1", 1, 1)
    assert finding.paste is not None and finding.paste.endswith((" M", " 中"))
    assert all(NINES in translator(lang).render(finding.message) for lang in LANGS)


# -- waivers -----------------------------------------------------------------------------------------------------------

EAST = "https://east.atlassian.net/browse/PAY-1"


def entry(entity: str = "PAY-1", expires: str = "2026-12-31", rule: str = "KR101", **said: str) -> str:
    fields = {"rule": rule, "entity": entity, "reason": "audit", "owner": "lin", "expires": expires} | said
    return "- {" + ", ".join(f'{key}: "{text}"' for key, text in fields.items()) + "}\n"


def refusal(world: World) -> tuple[str, str | None]:
    with pytest.raises(UserError) as error:
        world.gate()
    (problem,) = error.value.problems
    return problem.what.id, problem.where


def two_sources(world: World) -> World:
    """PAY-1 is ready in the first source and is not in the second."""
    world.config_text = TWO_SOURCES.replace("projects: [APP]", "projects: [PAY]")
    for source, text in (("east", ENOUGH), ("west", "")):
        world.synced(issue(1, text, source=source), source=source, iterations=(replace(S28, source=source),))
    return world


@pytest.mark.parametrize("entity", [EAST, "east:PAY-1", "east:OLD-7", "https://east.atlassian.net/browse/OLD-7"])
def test_a_waiver_in_one_source_waives_nothing_in_another(entity: str, world: World) -> None:
    with two_sources(world).store.page("east") as tx:
        tx.put_changes(["1001"], [Change("1001", 1, 0, NOW - 9, Field.KEY, Value(None, "OLD-7"), Value(None, "PAY-1"))])
    result = world.waivers(entry(entity)).gate()
    assert ([f.entity.source for f in found(result, "KR101")], result.waived) == (["west"], ())


def test_a_key_of_two_sources_waives_neither_though_one_alone_is_at_fault(world: World) -> None:
    place = "okr-delivery.waivers.yaml:1"
    assert refusal(two_sources(world).waivers(entry())) == ("delivery.issue.ambiguous", place)


@pytest.mark.parametrize("again", ["pay-1", " PAY-1", "PAY-1 "])
def test_an_expired_waiver_does_not_live_on_under_another_spelling(again: str, world: World) -> None:
    world.synced(issue(1, "")).waivers(entry(expires="2026-11-01") + entry(again))
    assert refusal(world) == ("gate.waiver.twice", "okr-delivery.waivers.yaml:2")


@pytest.mark.parametrize("again", ["jira:PAY-1", "https://acme.atlassian.net/browse/PAY-1"])
def test_an_expired_waiver_does_not_live_on_under_another_name(again: str, world: World) -> None:
    world.synced(issue(1, "")).waivers(entry(expires="2026-11-01") + entry(again))
    assert world.gate().exit_code == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (entry(reason="\\u200b"), "gate.waiver.missing"),
        (entry(owner="…"), "gate.waiver.missing"),
        (entry(expires="2026-W51-1"), "gate.waiver.date"),
        (entry(expires="２０２６-12-15"), "gate.waiver.date"),
        (entry(expires="2027-02-29"), "gate.waiver.date"),
        (entry("KR101 PAY-1", rule="WVR002"), "gate.waiver.own"),
        (entry(rule="КR101"), "gate.waiver.rule.nearest"),  # a Cyrillic letter
    ],
)
def test_what_only_looks_like_a_waiver_is_none(text: str, what: str, world: World) -> None:
    assert refusal(world.synced(issue(1, "")).waivers(text))[0] == what


def test_the_longest_time_of_all_is_a_long_time(world: World) -> None:
    world.config_text = CONFIG.replace("gate: {since", "gate: {max_waiver_days: 999999999999, since")
    assert len(world.synced(issue(1, "")).waivers(entry(expires="9999-12-31")).gate().waived) == 1


# -- the baseline ------------------------------------------------------------------------------------------------------


def file_of(*entries: tuple[str, str, str]) -> Baseline:
    return Baseline.of(Known(*entry) for entry in entries)


@pytest.mark.parametrize(
    ("rule", "entity", "known"),
    [("KR101", "jira:PAY-1", True), ("KR207", "jira:PAY-1", False), ("KR101", "jira:PAY-9", False)],
)
def test_an_entry_means_what_a_reader_takes_it_for(rule: str, entity: str, known: bool, world: World) -> None:
    (finding,) = world.synced(issue(1, "")).gate().findings
    result = world.gate(baseline=file_of((finding.fingerprint, rule, entity)))
    assert ([f.baselined for f in result.findings], result.exit_code) == ([known], 0 if known else 1)


def test_an_entry_that_says_two_things_is_damaged() -> None:
    line = '{"fingerprint": "%s", "rule": "KR101", "entity": "jira:PAY-9", "entity": "jira:PAY-1"}' % ("0" * 32)
    for text in (f'{{"version": 1, "findings": [{line}]}}', '{"version": 1, "findings": [], "findings": []}'):
        with pytest.raises(UserError):
            parse(text)


def test_a_known_change_of_scope_is_not_known_in_the_next_iteration(world: World) -> None:
    world.config_text = ITERATION
    late = issue(1, ENOUGH, iteration="27")
    world.synced(late, changes=[joined(late, NOW - DAY)])
    known = Baseline.of(Known.of(finding) for finding in found(world.gate(backlog=True), "KR307"))
    again = issue(1, ENOUGH, iteration="29")
    world.synced(again, iterations=(replace(S27, id="29"), S28), changes=[joined(again, NOW - DAY)])
    (finding,) = found(world.gate(backlog=True, baseline=known), "KR307")
    assert (len(known.entries), finding.baselined) == (1, False)


# -- estimates ---------------------------------------------------------------------------------------------------------


def test_estimates_of_nothing_do_not_hide_what_serves_no_key_result(tmp_path: Path) -> None:
    work = (Example(ENOUGH, estimate="0"), Example("", labels=("ops",), estimate="0"))
    (finding,) = found(planned(tmp_path / "work", PlanExample(work=work)).gate(), "KR305")
    assert "50 % of PAY S28 (by count, as all of it is estimated at 0)" in translator("en").render(finding.message)


def test_an_estimate_below_nothing_makes_no_room(tmp_path: Path) -> None:
    work = (Example(ENOUGH, estimate="31"), Example(ENOUGH, estimate="-20"))
    assert len(found(planned(tmp_path / "work", PlanExample(work=work)).gate(), "KR304")) == 1


# -- clocks and settings -----------------------------------------------------------------------------------------------


def reasons(result: GateResult) -> list[str]:
    return [reason.id for team in result.team_verdicts for reason in team.reasons]


@pytest.mark.parametrize(("ahead", "code"), [(3500, 0), (3700, 2), (40 * DAY, 2)])
def test_data_of_later_than_now_is_not_fresh(ahead: int, code: int, world: World) -> None:
    result = world.synced(issue(1), fetched_at=NOW + ahead).gate()
    assert (result.exit_code, reasons(result)) == (code, ["gate.none.ahead"] if code else [])


def test_nor_is_an_issue_that_was_refreshed_later_than_now(world: World) -> None:
    refreshed = {"jira": Refreshed("jira", NOW + 2 * DAY, frozenset({"1001"}))}
    result = world.synced(issue(1)).gate(issues=("PAY-1",), refreshed=refreshed)
    assert reasons(result) == ["gate.none.ahead"]


@pytest.mark.parametrize("asked", [{"issues": ("PAY-1",)}, {"backlog": True}], ids=["issue", "backlog"])
def test_requirements_that_no_rule_is_asked_about_are_not_ready(asked: dict[str, Any], world: World) -> None:
    off = ", ".join(f"{rule}: off" for rule, made in RULES.items() if issubclass(made, RequirementRule))
    world.config_text = ITERATION.replace("gate: {since", f"gate: {{rules: {{{off}}}, since")
    result = world.synced(issue(1, "")).gate(**asked)
    assert (result.exit_code, reasons(result)) == (2, ["gate.none.plan_rules"])


# -- conclusions -------------------------------------------------------------------------------------------------------

WAITS = PlanExample(delivered=(Example("Contributes-to: GROW-KR1 +2pp 90%"),), concluded=False)


def concluding(folder: Path, **said: str) -> World:
    """PAY-101 was finished on 2026-09-29, and the window on its effect is over."""
    world = planned(folder, WAITS)
    fields = {"source": "jira", "issue": "PAY-101", "conclusion": "leave", "reason": "as expected"} | said
    text = "- {" + ", ".join(f'{key}: "{value}"' for key, value in fields.items()) + "}\n"
    (world.root / "conclusions.yaml").write_text(text, "utf-8")
    return world


@pytest.mark.parametrize(
    ("said", "settled"),
    [
        ({"at": "2026-11-10"}, True),
        ({"at": "2026-11-10", "issue": "pay-101"}, True),
        ({"at": "2026-09-29"}, True),  # on the day of the delivery
        ({"at": "2026-09-28"}, False),  # nobody knew yet what would come of it
        ({"at": "2026-11-20"}, False),  # nobody knows it yet
        ({"at": "2026-11-10", "conclusion": "observe", "due": "2026-10-01"}, False),
    ],
)
def test_a_trace_ends_in_what_was_concluded_of_its_delivery(
    said: dict[str, str], settled: bool, tmp_path: Path
) -> None:
    result = concluding(tmp_path / "work", **said).gate()
    assert (len(found(result, "KR306")), result.exit_code) == ((0, 0) if settled else (1, 1))


@pytest.mark.parametrize("reason", ["\\u200b", "…", "\\u2060 -"])
def test_a_reason_has_words(reason: str, tmp_path: Path) -> None:
    assert refusal(concluding(tmp_path / "work", at="2026-11-10", reason=reason))[0] == "config.type.empty"


def test_a_beginning_that_lies_ahead_is_said(world: World) -> None:
    world.config_text = CONFIG.replace("since: 2026-11-16", "since: 2027-11-16")
    (team,) = world.synced(issue(1, "", iteration=None, created=NOW - 60), issue(2)).gate().team_verdicts
    assert [(note.id, note.params) for note in team.notes] == [("gate.note.since_ahead", {"since": "2027-11-16"})]
