"""KR103 at the edges of cycles: what is an error, what only a warning, and whose turn it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.locale import LANGS, translator
from tests.gate.world import DAY, NOW, OKRS, S27, S28, World, issue

Q3 = """\
cycle: {{id: 2026Q3, start: {start}, end: {end}, state: {state}}}
objectives:
  - id: OLDER
    title: Merchants stay because support just answers
    owner: lin
    source: self_driven
    key_results:
      - {{id: CARE-KR1, title: Answered, metric: {{unit: "%", direction: increase, baseline: 38, target: 50}}}}
"""
CARRIED = OKRS.replace("        weight: 2\n", "        continues: 2026Q3:CARE-KR1\n")


def q3(start: str = "2026-07-01", end: str = "2026-09-30", state: str = "active") -> str:
    return Q3.format(start=start, end=end, state=state)


def judged(world: World, text: str, okrs: dict[str, str], **where: object) -> list[Finding]:
    world.okrs = {"2026Q4": OKRS, **okrs}
    return [f for f in world.synced(issue(1, text, **where)).gate(backlog=True).findings if f.rule == "KR103"]


# PAY S28 begins on 2026-11-23


@pytest.mark.parametrize(
    ("end", "state", "severity", "part"),
    [
        ("2026-11-23", "active", None, None),  # the end includes its day
        ("2026-11-22", "active", Severity.WARNING, "ended"),
        ("2026-11-04", "active", Severity.WARNING, "ended"),  # today is 14 days later: still within the grace
        ("2026-11-03", "active", Severity.ERROR, "ended"),
        ("2026-11-20", "closed", Severity.WARNING, "ended"),
        ("2026-12-31", "closed", Severity.ERROR, "closed"),
        ("2026-12-31", "review", None, None),
    ],
)
def test_a_cycle_that_is_over_when_the_iteration_begins(
    world: World, end: str, state: str, severity: Severity | None, part: str | None
) -> None:
    found = judged(world, "Contributes-to: 2026Q3:CARE-KR1 +1pp", {"2026Q3": q3(end=end, state=state)})
    assert [f.severity for f in found] == ([severity] if severity else [])
    assert [f.message.id for f in found] == ([f"gate.kr103.{part}"] if part else [])


@pytest.mark.parametrize(
    ("start", "state", "severity", "part"),
    [
        ("2026-11-23", "active", None, None),
        ("2026-11-24", "active", Severity.WARNING, "not_started"),
        ("2026-12-07", "draft", Severity.WARNING, "not_started"),
        ("2026-12-08", "active", Severity.ERROR, "not_started"),
        ("2026-11-20", "draft", Severity.WARNING, "draft"),  # whoever keeps the file is late, not who wrote this
    ],
)
def test_a_cycle_that_has_not_begun_when_the_iteration_does(
    world: World, start: str, state: str, severity: Severity | None, part: str | None
) -> None:
    okrs = {"2026Q3": q3(start=start, end="2027-02-28", state=state)}
    found = judged(world, "Contributes-to: 2026Q3:CARE-KR1 +1pp", okrs)
    assert [(f.severity, f.message.id) for f in found] == ([(severity, f"gate.kr103.{part}")] if part else [])


def test_without_an_iteration_only_a_cycle_that_is_over_counts(world: World) -> None:
    text = "Contributes-to: 2026Q3:CARE-KR1 +1pp"
    later = {"2026Q3": q3(start="2027-01-01", end="2027-03-31", state="draft")}
    assert judged(world, text, later, iteration=None) == []
    over = {"2026Q3": q3(state="closed")}
    assert [f.severity for f in judged(world, text, over, iteration=None)] == [Severity.ERROR]


def test_an_iteration_without_a_start_is_no_plan(world: World) -> None:
    world.okrs = {"2026Q4": OKRS, "2026Q3": q3(start="2027-01-01", end="2027-03-31")}
    undated = replace(S28, start=None, end=None)
    world.synced(issue(1, "Contributes-to: 2026Q3:CARE-KR1 +1pp"), iterations=(S27, undated))
    assert [f.rule for f in world.gate(iteration="next").findings] == []


def test_the_cycle_of_the_iterations_start_counts_not_todays(world: World) -> None:
    world.okrs = {"2026Q4": OKRS.replace("end: 2026-12-31", "end: 2026-11-20")}
    findings = world.synced(issue(1, "Contributes-to: 2026Q4:GROW-KR1 +1pp")).gate().findings
    assert [(f.rule, f.severity) for f in findings] == [("KR103", Severity.WARNING)]
    running = world.synced(issue(1, "Contributes-to: GROW-KR1 +1pp", iteration="27")).gate(iteration="current")
    assert running.findings == ()


def test_a_successor_softens_it_and_is_suggested(world: World) -> None:
    world.okrs = {"2026Q4": CARRIED, "2026Q3": q3(state="closed")}
    (found,) = world.synced(issue(1, "Contributes-to: 2026Q3:CARE-KR1 +1pp")).gate().findings
    assert (found.rule, found.severity) == ("KR103", Severity.WARNING)
    assert found.suggestion is not None and found.suggestion.kr == "GROW-KR1"
    assert found.suggestion.reason.id == "gate.suggest.successor"
    assert found.paste == "Contributes-to: GROW-KR1 M"
    assert found.location is not None and found.location.path == "okrs/2026Q3.yaml"


def test_a_short_id_of_the_cycle_before_is_inactive_not_unknown(world: World) -> None:
    world.okrs = {"2026Q4": CARRIED, "2026Q3": q3(state="closed")}
    (found,) = world.synced(issue(1, "Contributes-to: CARE-KR1 +1pp")).gate().findings
    assert (found.rule, found.severity, found.kr) == ("KR103", Severity.WARNING, "2026Q3:CARE-KR1")


def test_the_okr_file_is_named_when_it_is_at_fault(world: World) -> None:
    okrs = {"2026Q3": q3(start="2026-11-01", end="2027-01-31", state="draft")}
    (found,) = judged(world, "Contributes-to: 2026Q3:CARE-KR1 +1pp", okrs)
    lines = found.help.params["lines"]
    assert isinstance(lines, tuple) and lines[0].id == "gate.kr103.fix_file"


def test_a_configured_severity_is_never_raised(world: World) -> None:
    world.config_text = world.config_text.replace("gate: {since", "gate: {rules: {KR103: info}, since")
    found = judged(world, "Contributes-to: 2026Q3:CARE-KR1 +1pp", {"2026Q3": q3(end="2026-11-22")})
    assert [f.severity for f in found] == [Severity.INFO]


def test_a_longer_grace(world: World) -> None:
    world.config_text = world.config_text.replace("gate: {since", "gate: {cycle_grace: 90d, since")
    found = judged(world, "Contributes-to: 2026Q3:CARE-KR1 +1pp", {"2026Q3": q3()})
    assert [f.severity for f in found] == [Severity.WARNING]


def test_the_day_is_the_teams_not_utcs(world: World) -> None:
    begins = replace(S28, start=NOW + 5 * DAY + 5 * 3600)  # 2026-11-23T16:06Z is the 24th in Shanghai
    world.okrs = {"2026Q4": OKRS, "2026Q3": q3(end="2026-11-23")}
    world.synced(issue(1, "Contributes-to: 2026Q3:CARE-KR1 +1pp"), iterations=(S27, begins))
    assert [f.rule for f in world.gate().findings] == ["KR103"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_draft_of_the_days_to_come_is_not_said_to_have_begun(world: World, lang: str) -> None:
    """PAY S28 begins three days into the cycle, which itself begins after the day of the run."""
    (found,) = judged(
        world, "Contributes-to: 2026Q3:CARE-KR1 +1pp", {"2026Q3": q3("2026-11-20", "2027-01-31", "draft")}
    )
    text = translator(lang).render(found.message)
    assert "2026-11-20" in text
    assert "began" not in text
    assert "已于" not in text
