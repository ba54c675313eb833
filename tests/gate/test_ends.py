"""By which day a waiver's end is read where teams live in different time zones: by the team's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from okr_delivery.gate.waivers import load_waivers
from okr_delivery.model.accounts import marks
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Change, Field, Value, joined_labels
from tests.gate.test_exit_codes import TWO_SOURCES
from tests.gate.test_waivers import entry, problems
from tests.gate.test_waivers_command import FILE, waivers
from tests.gate.world import CONFIG, DAY, NOW, S28, World, issue

LATE = NOW + 8 * 3600
"""The morning of 19 November in Shanghai, and of 18 November in Los Angeles."""
HOURS = 3600
ZONES = TWO_SOURCES.replace("{source: east}]", "{source: east}], calendar: {timezone: America/Los_Angeles}")
"""Payments works in Los Angeles, mobile as the file says in Shanghai."""


def zones(world: World, config: str = ZONES) -> World:
    world.config_text = config
    for source, project in (("east", "PAY"), ("west", "APP")):
        sprint = replace(S28, source=source, id=f"28{source}", name="Sprint 28", goal=None)
        one = issue(1, "", source=source, project=project, iteration=sprint.id)
        world.synced(one, source=source, iterations=(sprint,), fetched_at=LATE - HOURS)
    return world


@pytest.mark.parametrize(
    ("entity", "expires", "works"),
    [
        ("PAY-1", "2026-11-18", True),  # the day is not over in Los Angeles
        ("PAY-1", "2026-11-17", False),
        ("APP-1", "2026-11-19", True),
        ("APP-1", "2026-11-18", False),  # the day is over in Shanghai
    ],
)
def test_a_waiver_ends_with_its_teams_day(world: World, entity: str, expires: str, works: bool) -> None:
    result = zones(world).waivers(entry(entity, expires=expires)).gate(as_of=LATE, now=LATE)
    assert [w.finding.entity.key for w in result.waived] == ([entity] if works else [])
    assert [rule for rule, *_ in problems(result)] == (["WVR003"] if works else ["WVR002"])


def test_a_waiver_for_several_teams_ends_for_each_by_its_own_day(world: World) -> None:
    """Key results are everybody's: it has expired when it has for all."""
    found = zones(world).waivers(entry("GROW-KR1", "KR302", "2026-11-18")).gate(as_of=LATE, now=LATE)
    both = {f.team for f in (*found.findings, *(w.finding for w in found.waived)) if f.rule == "KR302"}
    assert both == set(), "nothing is claimed yet"
    world.synced(
        issue(2, source="west", project="APP", iteration="28west"),
        source="west",
        iterations=(replace(S28, source="west", id="28west"),),
        fetched_at=LATE - HOURS,
    )
    world.synced(
        issue(3, source="east", iteration="28east"),
        source="east",
        iterations=(replace(S28, source="east", id="28east"),),
        fetched_at=LATE - HOURS,
    )
    result = world.gate(as_of=LATE, now=LATE)
    assert [w.finding.team for w in result.waived] == ["payments"]
    assert [f.team for f in result.findings if f.rule == "KR302"] == ["mobile"]
    assert problems(result) == [("WVR003", "info", "message")]
    later = world.gate(as_of=LATE + DAY, now=LATE + DAY - HOURS)
    assert problems(later) == [("WVR002", "error", "message")]


@pytest.mark.parametrize(
    ("entity", "rule", "last"),
    [
        ("PAY-1", "KR101", "2027-02-18"),
        ("APP-1", "KR101", "2027-02-19"),
        ("payments:Sprint 28", "KR301", "2027-02-18"),
        ("Sprint 28", "KR301", "2027-02-19"),  # of either team
        ("GROW-KR1", "KR302", "2027-02-19"),  # everybody's
        ("GROW-KR1", "OKR201", "2027-02-19"),  # nobody's: by the file's calendar
    ],
)
def test_the_last_day_allowed_is_counted_from_the_teams_day(world: World, entity: str, rule: str, last: str) -> None:
    after = date.fromisoformat(last) + timedelta(days=1)
    zones(world).waivers(entry(entity, rule, after.isoformat()))
    with pytest.raises(UserError) as error:
        world.gate(as_of=LATE, now=LATE)
    (problem,) = error.value.problems
    assert problem.next_step is not None and problem.next_step.params["last"] == last
    world.waivers(entry(entity, rule, last))
    if entity != "Sprint 28":  # which fits two
        world.gate(as_of=LATE, now=LATE)


def test_prune_takes_out_what_has_ended_for_every_team_that_it_may_speak_of(world: World) -> None:
    zones(world)
    stay = [("PAY-1", "KR101"), ("payments:Sprint 28", "KR301"), ("GROW-KR1", "KR302"), ("PAY-404", "KR101")]
    go = [("APP-1", "KR101"), ("mobile:Sprint 28", "KR301"), ("GROW-KR1", "OKR201")]
    text = {one: entry(*one, "2026-11-18") for one in (*stay, *go)}
    world.waivers("".join(text.values()))
    _, out, _ = waivers(world, "list", now=LATE)
    expired = {(row.split()[1], row.split()[0]) for row in out.splitlines() if " expired " in row}
    assert {(key.split()[0], rule) for key, rule in go} == expired
    waivers(world, "prune", now=LATE)
    left = {(w.entity, w.rule) for w in load_waivers(world.write())}
    assert left == set(stay[:2]), "of the others nothing is left to waive"


def test_without_a_store_a_waiver_has_ended_when_it_has_for_every_team(world: World) -> None:
    world.config_text = ZONES
    world.write()
    world.waivers(entry("APP-1", expires="2026-11-18") + entry("APP-2", expires="2026-11-17"))
    waivers(world, "prune", now=LATE)
    assert (world.root / FILE).read_text("utf-8") == entry("APP-1", expires="2026-11-18")


@pytest.mark.parametrize(
    ("zone", "put", "last"),
    [("America/Los_Angeles", LATE - DAY, "2026-11-23"), ("Asia/Shanghai", LATE - DAY, "2026-11-24")],
)
def test_a_label_counts_from_its_day_in_the_teams_zone(world: World, zone: str, put: int, last: str) -> None:
    waive = "gate: {waive: {label: gate-waived, approvers: [lin]}, since"
    team = f"objectives: [GROW]\n    calendar: {{timezone: {zone}}}"
    world.config_text = CONFIG.replace("gate: {since", waive).replace("objectives: [GROW]", team)
    label = joined_labels(("gate-waived",))
    one = issue(1, "", labels=(label,))
    change = Change(one.id, 1, 0, put, Field.LABELS, Value(), Value(None, label), marks("JIRAUSER100", "lin"))
    world.synced(one, changes=[change])
    assert [w.waiver.expires.isoformat() for w in world.gate(as_of=LATE, now=LATE).waived] == [last]
    end = LATE + 5 * DAY
    assert bool(world.gate(as_of=end, now=LATE).waived), "its last day in either zone"
    assert not world.gate(as_of=end + DAY, now=LATE).waived
