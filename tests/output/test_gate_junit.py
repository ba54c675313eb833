from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

import defusedxml.ElementTree
import pytest

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import LANGS, translator
from okr_delivery.output import gate_junit
from tests.gate.world import World, issue
from tests.output.company import company, half_blind, with_second_source


def report(result: GateResult, lang: str = "en") -> Element:
    return defusedxml.ElementTree.fromstring(gate_junit.write(result, translator(lang)).encode("utf-8"))


def cases(root: Element) -> dict[tuple[str, str], Element]:
    found = root.findall("./testsuite/testcase")
    by_name = {(case.attrib["classname"], case.attrib["name"]): case for case in found}
    assert len(by_name) == len(found)  # GitLab keeps only one of two
    return by_name


def outcome(case: Element) -> str | None:
    return case[0].tag if len(case) else None


# What the Jenkins xunit plugin's junit-10.xsd allows, as far as we use it: required and optional attributes.
ATTRIBUTES: Mapping[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set()),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, set()),
    "testcase": ({"classname", "name", "time"}, set()),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}


@pytest.mark.parametrize("lang", LANGS)
def test_the_shape_is_what_jenkins_and_gitlab_read(world: World, lang: str) -> None:
    root = report(company(world).gate(), lang)
    for element in root.iter():
        required, optional = ATTRIBUTES[element.tag]
        assert required <= set(element.attrib) <= required | optional
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert len(element) <= 1 or element.tag in ("testsuites", "testsuite")


def test_the_counts_are_right(world: World) -> None:
    root = report(company(world).gate())
    found = [outcome(case) for case in cases(root).values()]
    suite = root[0].attrib
    assert int(suite["tests"]) == len(found) == int(root.attrib["tests"])
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite[name]) == found.count(tag)
    assert suite["timestamp"] == "2026-11-18T11:06:40"


def test_findings_fail_waived_are_skipped_and_the_rest_passes(world: World) -> None:
    found = {key: outcome(case) for key, case in cases(report(company(world).gate())).items()}
    assert found["okr-delivery.KR101", "PAY-55 missing-key-result"] == "failure"
    assert found["okr-delivery.KR101", "PAY-50 missing-key-result"] == "skipped"
    assert found["okr-delivery.KR204", "PAY-53 implausible-contribution 2026Q4:GROW-KR1"] == "system-out"
    assert found["okr-delivery.KR102", "unknown-key-result"] is None
    assert found["okr-delivery.WVR002", "KR205 PAY-51 expired-waiver"] == "failure"
    assert found["okr-delivery.WVR001", "KR101 PAY-52 unused-waiver"] == "system-out"


def test_a_warning_fails_when_warnings_do(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 +15pp"))
    key = ("okr-delivery.KR204", "PAY-1 implausible-contribution 2026Q4:GROW-KR1")
    assert outcome(cases(report(world.gate()))[key]) == "system-out"
    assert outcome(cases(report(world.gate(fail_on=Severity.WARNING)))[key]) == "failure"


def test_a_fixed_finding_is_seen_to_pass(world: World) -> None:
    assert ("okr-delivery.KR101", "missing-key-result") not in cases(report(world.synced(issue(1, "")).gate()))
    fixed = cases(report(world.synced(issue(1)).gate()))
    assert outcome(fixed["okr-delivery.KR101", "missing-key-result"]) is None
    assert len(fixed) == 11  # every rule that was asked


def test_no_verdict_is_an_error(world: World) -> None:
    found = cases(report(half_blind(world).gate()))
    case = found["okr-delivery.verdict", "mobile"]
    assert outcome(case) == "error"
    assert "west" in case[0].attrib["message"] and "okr-delivery sync west" in (case[0].text or "")


def test_nothing_selected_is_an_error(world: World) -> None:
    root = report(world.synced(iterations=()).gate())
    assert [outcome(case) for case in cases(root).values()] == ["error"]


def test_the_body_holds_all_that_its_owner_needs(world: World) -> None:
    world.synced(issue(1, "Contributes-to: GROW-KR1 ?", title="Three steps"))
    key = ("okr-delivery.KR201", "PAY-1 missing-contribution 2026Q4:GROW-KR1")
    for lang, line in (("en", "Contributes-to: GROW-KR1 M"), ("zh", "贡献: GROW-KR1 中")):
        body = cases(report(world.gate(), lang))[key][0].text or ""
        assert "PAY-1  Three steps  fang" in body
        assert "https://acme.atlassian.net/browse/PAY-1" in body
        assert line in body
        assert "okr-delivery gate --issue PAY-1 --sync" in body
        assert "at okrs/2026Q4.yaml:8" in body


def test_hostile_text_stays_text(world: World) -> None:
    text = gate_junit.write(company(world).gate(), translator("en"))
    assert "<script" not in text and "]]>" not in text
    assert not any(line.lstrip().startswith(("::", "##[", "/close")) for line in text.splitlines())
    assert all(char.isprintable() or char == "\n" for char in text)


def test_one_case_each_for_the_same_key_in_two_sources(world: World) -> None:
    text = with_second_source(world.config_text, "PAY")
    world.config_text = text.replace("select: [{source: jira}]", "select: [{source: jira}, {source: west}]")
    world.synced(issue(1, ""))
    world.synced(issue(1, "", source="west"), source="west", iterations=())
    found = cases(report(world.gate(backlog=True)))
    names = {name for classname, name in found if classname == "okr-delivery.KR101"}
    assert names == {"PAY-1 missing-key-result", "PAY-1 missing-key-result #2"}
