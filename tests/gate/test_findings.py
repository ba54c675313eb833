"""What a finding holds: the likeliest key result and why, the line, the way out, and nothing that is confidential."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from okr_delivery.gate.finding import Finding
from okr_delivery.gate.paste import amount, localised
from okr_delivery.locale import translator
from okr_delivery.model.claims import parse_claims
from okr_delivery.model.message import Message
from okr_delivery.output import gate_json, gate_junit, gate_text
from tests.gate import forge
from tests.gate.world import CONFIG, DAY, NOW, OKRS, World, issue

GOAL = OKRS + 'iterations: [{team: payments, iteration: "PAY S28", objective: OPS, key_results: [COST-KR2]}]\n'


def first(world: World, *issues: Any, **asked: Any) -> Finding:
    return world.synced(*issues).gate(**asked).findings[0]


def lines(finding: Finding) -> list[Message]:
    found = finding.help.params["lines"]
    assert isinstance(found, tuple)
    return list(found)


def suggested(finding: Finding) -> tuple[str, str] | None:
    one = finding.suggestion
    return None if one is None else (one.kr, one.reason.id.rpartition(".")[2])


def test_the_parents_key_result_comes_first(world: World) -> None:
    world.config_text = CONFIG.replace("non_okr:", "links: {order: [fields, labels, line, issue_link]}\n    non_okr:")
    parent = issue(9, "Contributes-to: OPS-KR3", iteration=None)
    found = first(world, issue(1, "", parent_id=parent.id, parent_key="PAY-9"), parent)
    assert suggested(found) == ("OPS-KR3", "parent")
    assert found.paste == "Contributes-to: OPS-KR3"


def test_then_the_iterations_goal(world: World) -> None:
    world.okrs["2026Q4"] = GOAL
    found = first(world, issue(1, ""))
    assert suggested(found) == ("COST-KR2", "goal")
    assert found.paste == "Contributes-to: COST-KR2 M"


def test_then_the_teams_objectives_by_weight(world: World) -> None:
    assert suggested(first(world, issue(1, ""))) == ("GROW-KR1", "objective")


def habitual(world: World, *, days: int = 89, **traits: Any) -> Finding:
    """PAY-1 shares `traits` with two linked requirements and with a third that serves something else."""
    waive = "gate: {waive: {label: okr-waived, approvers: ['7']}, since"
    world.config_text = CONFIG.replace("    objectives: [GROW]\n", "").replace("gate: {since", waive)
    made = NOW - days * DAY
    rest = [issue(n, "Contributes-to: COST-KR2 S", created=made, iteration=None, **traits) for n in (3, 4)]
    other = issue(5, "Contributes-to: OPS-KR3", created=made, iteration=None, **traits)
    return first(world, issue(1, "", **traits), issue(2), other, *rest)


@pytest.mark.parametrize(
    ("traits", "kind"),
    [
        ({"components": ("checkout",)}, "component"),
        ({"labels": ("refunds",)}, "label"),
        ({"labels": ("area:checkout",)}, "label"),
        ({"labels": ("area::checkout",)}, "label"),
        ({"labels": ("team::pay::area::checkout",)}, "label"),
        ({"labels": ("okr-waived-once",)}, "label"),
    ],
    ids=lambda value: str(value),
)
def test_what_the_same_component_or_label_was_linked_to_lately(world: World, traits: dict[str, Any], kind: str) -> None:
    found = habitual(world, **traits)
    assert suggested(found) == ("COST-KR2", kind)
    assert found.suggestion is not None and found.suggestion.reason.params["n"] == 2
    assert len(found.suggestions) == 1, "one requirement is no habit"
    assert found.paste == "Contributes-to: COST-KR2 M"


@pytest.mark.parametrize(
    ("days", "traits"),
    [
        (91, {"labels": ("refunds",)}),
        (1, {"labels": ("workflow::doing",)}),
        (1, {"labels": ("Priority::high",)}),
        (1, {"labels": ("kr:later",)}),
        (1, {"labels": ("okr-waived",)}),
        (1, {"labels": ("okr-waived:KR205",)}),
        (1, {"labels": ("okr-waived::KR205",)}),
        (1, {"labels": ("okr-gate",)}),
        (1, {"labels": ("disputed",)}),
        (1, {"labels": ("refunds",), "confidential": True}),
        (1, {}),
    ],
    ids=lambda value: str(value),
)
def test_what_is_no_habit_suggests_nothing(world: World, days: int, traits: dict[str, Any]) -> None:
    assert habitual(world, days=days, **traits).suggestions == ()


LAB = (
    forge.CONFIG.replace("objectives: [GROW], ", "")
    .replace("[acme/pay]}", "[acme/pay], statuses: {label_scope: flow}, fields: {priority: urgency}}")
    .replace("gate: {since", "gate: {waive: {label: okr-waived, approvers: ['7']}, since")
)


@pytest.mark.parametrize(
    ("label", "meant"),
    [("area::checkout", True), ("devops::plan", True), ("Flow::doing", False), ("urgency::1", False), ("kr::x", False)],
)
def test_a_label_of_a_scope_is_a_trait_too_unless_the_scope_means_something_else(
    world: World, label: str, meant: bool
) -> None:
    world.config_text = LAB
    rest = [forge.held(n, "Contributes-to: COST-KR2 S", created=NOW - DAY, labels=(label,)) for n in (3, 4)]
    world.synced(forge.held(1, "", labels=(label,)), *rest, source="gitlab", iterations=())
    found = world.gate(teams=["payments"], backlog=True).findings[0]
    assert found.entity.key == "acme/pay#1"
    assert suggested(found) == (("COST-KR2", "label") if meant else None)


def test_two_at_most_and_what_is_nearest_to_the_requirement_first(world: World) -> None:
    world.okrs["2026Q4"] = GOAL
    parent = issue(9, "Contributes-to: OPS-KR3", iteration=None, labels=("refunds",))
    rest = [issue(n, "Contributes-to: GROW-KR2 +0.1", labels=("refunds",), created=NOW - DAY) for n in (3, 4)]
    world.config_text = CONFIG.replace("non_okr:", "links: {order: [fields, labels, line, issue_link]}\n    non_okr:")
    found = first(world, issue(1, "", parent_id=parent.id, parent_key="PAY-9", labels=("refunds",)), parent, *rest)
    said = [(one.kr, one.reason.id.rpartition(".")[2]) for one in found.suggestions]
    assert said == [("OPS-KR3", "parent"), ("GROW-KR2", "label")]


def test_without_any_hint_nothing_is_suggested(world: World) -> None:
    world.config_text = CONFIG.replace("    objectives: [GROW]\n", "")
    found = first(world, issue(1, ""))
    assert (found.suggestion, found.paste) == (None, "Contributes-to: KR-ID M")


def test_what_is_not_active_is_never_suggested(world: World) -> None:
    world.config_text = CONFIG.replace("objectives: [GROW]", "objectives: [OLD, NEXT]")
    assert first(world, issue(1, "")).suggestion is None


def test_the_nearest_id_with_the_rest_of_the_line(world: World) -> None:
    found = first(world, issue(1, "Contributes-to: GROW-KR11 +1.5pp 60%"))
    assert (found.kr, suggested(found)) == ("GROW-KR11", ("GROW-KR1", "nearest"))
    assert found.paste == "Contributes-to: GROW-KR1 +1.5pp 60%"


@pytest.mark.parametrize(
    ("written", "kr", "paste"),
    [
        ("NOPE-KR1 M", "GROW-KR1", "GROW-KR1 M"),  # no slip of NEXT-KR1, whose cycle has not begun
        ("NEXT-KR2 +1pp", "GROW-KR1", "GROW-KR1 M"),
        ("OLD-KR2 +1pp", "GROW-KR1", "GROW-KR1 M"),  # nor of OLD-KR1, which is over, or of COST-KR2
        ("GROW-KR11 1e3", "GROW-KR1", "GROW-KR1 M"),  # more than the whole way
        ("GROW-KR11 +120pp 60%", "GROW-KR1", "GROW-KR1 M 60%"),
        ("GRWO-KR1 +1pp", "GROW-KR1", "GROW-KR1 +1pp"),
    ],
)
def test_only_a_slip_of_what_may_be_served_is_guessed(world: World, written: str, kr: str, paste: str) -> None:
    found = first(world, issue(1, f"Contributes-to: {written}"))
    assert (found.rule, found.suggestions[0].kr, found.paste) == ("KR102", kr, f"Contributes-to: {paste}")
    world.close()
    world._store = None
    (world.root / "store.db").unlink()
    world.synced(issue(1, found.paste or ""))
    assert world.gate().findings == ()


def test_a_full_id_where_the_short_one_means_another(world: World) -> None:
    overlapping = OKRS.replace("2026Q4, start: 2026-10-01", "2026H2, start: 2026-07-01")
    overlapping = overlapping.replace("GROW\n", "GROW2\n").replace("OPS\n", "OPS2\n")
    world.okrs = {"2026Q4": OKRS, "2026H2": overlapping}
    assert suggested(first(world, issue(1, ""))) == ("2026Q4:GROW-KR1", "objective")


def test_the_legal_way_out_with_the_budget_used(world: World) -> None:
    world.synced(issue(1, "", estimate="6"), issue(2, labels=("ops",)), issue(3, "Non-OKR: debt old API", estimate="1"))
    found = world.gate().findings[0]
    assert found.alternative == "Non-OKR: <debt|defect|run> …"
    assert lines(found)[1].params == {"line": found.alternative, "budget": "30", "used": "40"}


def test_the_budget_counts_issues_where_an_estimate_is_missing(world: World) -> None:
    world.synced(issue(1, "", estimate=None), issue(2, labels=("ops",), estimate="99"))
    assert lines(world.gate().findings[0])[1].params["used"] == "50"


def test_without_an_iteration_only_the_budget_is_known(world: World) -> None:
    found = first(world, issue(1, "", iteration=None, created=NOW - 60))
    assert lines(found)[1].id == "gate.alternative.budget"


def test_how_to_check_again_can_name_an_address(world: World) -> None:
    world.config_text = CONFIG + "reports: {recheck_url: https://ci.acme.cn/gate}\n"
    again = lines(first(world, issue(1, "")))[-1]
    assert again.params == {"command": "okr-delivery gate --issue PAY-1 --sync", "url": "https://ci.acme.cn/gate"}


SECRET = [
    "",
    "Contributes-to: GROW-KR1 lay-off plan",
    "Non-OKR: lay-off of two teams",
    "Contributes-to: LAY-OFF-KR1 +1pp",
    "Contributes-to: LAY-OFF-KR1 in spring",
    "Contributes-to: lay-off",
    "Contributes-to: GROW-KR1 +1pp; GROW-KR1 +2pp",
]


def test_a_confidential_issue_appears_by_key_only(world: World) -> None:
    hidden = [issue(n, text, title="Lay-off plan", confidential=True) for n, text in enumerate(SECRET)]
    hidden.append(issue(20, "", labels=("kr:LAY-OFF-KR9",), title="Lay-off", confidential=True))
    result = world.synced(*hidden).gate()
    assert {f.rule for f in result.findings} == {"KR101", "KR102", "KR202", "KR209"}
    assert {f.entity.key for f in result.findings} == {one.key for one in hidden}
    for t in map(translator, ("en", "zh")):
        for text in (gate_json.write(result, t), gate_text.write(result, t), gate_junit.write(result, t)):
            assert "lay-off" not in text.lower() and "fang" not in text
            assert "browse/PAY" not in text


def test_a_link_off_the_sources_host_is_no_link(world: World) -> None:
    assert first(world, issue(1, "", url="https://evil.example/PAY-1")).entity.url is None
    assert first(world, issue(1, "")).entity.url == "https://acme.atlassian.net/browse/PAY-1"


def test_behind_a_gateway_links_lead_to_the_site_that_the_source_named(world: World) -> None:
    world.config_text = world.config_text.replace(
        "https://acme.atlassian.net", "https://api.atlassian.com/ex/jira/0a1b"
    )
    requirements = [
        issue(1, ""),
        issue(2, "", url="http://acme.atlassian.net/x"),
        issue(3, "", url="https://evil.example"),
    ]
    asked = ("PAY-1", "PAY-2", "PAY-3", "https://acme.atlassian.net/browse/PAY-1")
    world.synced(*requirements, base_url="https://acme.atlassian.net")
    result = world.gate(issues=asked)
    link = "https://acme.atlassian.net/browse/PAY-1"
    assert {f.entity.key: f.entity.url for f in result.findings} == {"PAY-1": link, "PAY-2": None, "PAY-3": None}
    for t in map(translator, ("en", "zh")):
        for text in (gate_json.write(result, t), gate_text.write(result, t), gate_junit.write(result, t)):
            assert link in text and "evil.example" not in text


def test_a_site_without_https_is_none(world: World) -> None:
    world.config_text = world.config_text.replace(
        "https://acme.atlassian.net", "https://api.atlassian.com/ex/jira/0a1b"
    )
    world.synced(issue(1, "", url="http://acme.atlassian.net/browse/PAY-1"), base_url="http://acme.atlassian.net")
    (finding,) = world.gate(issues=("PAY-1",)).findings
    assert finding.entity.url is None


def test_the_location_is_the_key_results_line_else_the_sources(world: World) -> None:
    found = world.synced(issue(1, ""), issue(2, "Contributes-to: OPS-KR3; GROW-KR1 ?")).gate().findings
    places = [(f.rule, f.location.path, f.location.line) for f in found if f.location]
    assert places == [("KR101", "okr-delivery.yaml", 5), ("KR201", "okrs/2026Q4.yaml", 8)]


def test_fingerprints_tell_findings_apart_and_outlive_prose(world: World) -> None:
    text = "Contributes-to: GROW-KR1 ?; COST-KR2 ?"
    before = world.synced(issue(1, text), issue(2, "")).gate().findings
    assert len({f.fingerprint for f in before}) == len(before) == 3
    world.okrs["2026Q4"] = "# one more line\n" + OKRS.replace("30-day retention", "Retention after 30 days")
    after = world.synced(issue(1, text, title="Renamed"), issue(2, "")).gate(as_of=NOW + 60).findings
    assert [f.fingerprint for f in before] == [f.fingerprint for f in after]


def test_one_missing_input_gives_one_finding(world: World) -> None:
    result = world.synced(issue(1, ""), issue(2, "Contributes-to: GROW-KR11 ?")).gate()
    assert [f"{f.rule} {f.entity.key}" for f in result.findings] == ["KR101 PAY-1", "KR102 PAY-2"]


def test_one_unknown_key_result_does_not_hide_what_is_wrong_with_another(world: World) -> None:
    result = world.synced(issue(1, "Contributes-to: GROW-KR11 M; COST-KR2 ?")).gate()
    assert [f"{f.rule} {f.kr}" for f in result.findings] == ["KR102 GROW-KR11", "KR201 2026Q4:COST-KR2"]


def test_no_priority_field_means_not_applicable(world: World) -> None:
    result = world.synced(issue(1, priority=None), issue(2, priority=None)).gate()
    (row,) = [c for c in result.counts if c.rule == "KR206"]
    assert (result.findings, row.not_applicable, row.ok) == ((), 2, 0)


def test_a_priority_is_asked_for_where_the_project_knows_them(world: World) -> None:
    other = issue(9, project="APP", project_id="2", priority=None)
    result = world.synced(issue(1, priority=None), issue(2, iteration=None), other).gate(backlog=True)
    assert [f"{f.rule} {f.entity.key}" for f in result.findings] == ["KR206 PAY-1"]


def test_counts_per_team_and_rule(world: World) -> None:
    result = world.synced(issue(1, ""), issue(2, "Non-OKR: run backups"), issue(3)).gate()
    (row,) = [c for c in result.counts if c.rule == "KR101"]
    assert (row.team, row.ok, row.found, row.not_applicable) == ("payments", 1, 1, 1)


def test_the_same_question_gets_the_same_answer(world: World) -> None:
    world.synced(*(issue(n, "" if n % 3 else "Contributes-to: GROW-KR1 M") for n in range(1, 30)))
    one, two = world.gate(), world.gate()
    assert one == two
    keys = [f.entity.key for f in one.findings]
    assert keys.index("PAY-2") < keys.index("PAY-10")


@pytest.mark.parametrize(
    ("line", "chinese"),
    [
        ("Contributes-to: GROW-KR1 M", "贡献: GROW-KR1 中"),
        ("Contributes-to: GROW-KR1 ?", "贡献: GROW-KR1 待定"),
        ("Contributes-to: GROW-KR1 +1.5pp 60%", "贡献: GROW-KR1 +1.5pp 60%"),
        ("Contributes-to: OPS-KR3", "贡献: OPS-KR3"),
        ("贡献: GROW-KR1 大", "贡献: GROW-KR1 大"),
    ],
)
def test_lines_in_both_languages_mean_the_same(line: str, chinese: str) -> None:
    assert localised(line, "zh") == chinese
    assert localised(line, "en") == line
    (english,), (other,) = parse_claims(line), parse_claims(chinese)
    assert english.error is None and replace(other, text="") == replace(english, text="")


def test_an_amount_is_written_so_that_it_can_be_read(world: World) -> None:
    kr = world.snapshot().book.key_results["2026Q4:GROW-KR1"]
    assert amount(1.5, kr, 0.6) == "+1.5pp 60%"
    assert amount(-0.25, kr) == "-0.25pp"
    cost = world.snapshot().book.key_results["2026Q4:COST-KR2"]
    assert amount(-120_000, cost) == "-120000"


@pytest.mark.parametrize(
    ("line", "rule", "said"),
    [
        ("GROW-KR1 -1.5pp", "KR203", {"en": "(−1.5 pp)", "zh": "（−1.5 个百分点）"}),
        ("GROW-KR1 +15pp", "KR204", {"en": "+15 pp for GROW-KR1, more than", "zh": "+15 个百分点，超过"}),
        ("COST-KR2 -5000万", "KR204", {"en": "(−12,000,000 CNY)", "zh": "（−12,000,000 CNY）"}),
    ],
)
def test_amounts_read_as_they_do_in_a_plan(world: World, line: str, rule: str, said: dict[str, str]) -> None:
    found = first(world, issue(1, f"Contributes-to: {line}"))
    assert found.rule == rule
    for lang, text in said.items():
        assert text in translator(lang).render(found.message)
    if rule == "KR203":
        assert found.paste == "Contributes-to: GROW-KR1 +1.5pp"
