from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.okr import Location
from okr_delivery.output import gate_sarif
from okr_delivery.output.places import Places
from okr_delivery.output.safe import terminal
from tests.gate.world import World
from tests.output.company import company
from tests.output.findings import TYPED, URL, answer, blind, finding, many, texts, typed, waived
from tests.output.sarif import SCHEMA

VALID = jsonschema.Draft202012Validator(SCHEMA)


def run(result: GateResult, lang: str = "en", places: Places | None = None) -> dict[str, Any]:
    """The only run of the file, checked: its shape, and that each result names its rule by id and place."""
    log = json.loads(gate_sarif.write(result, translator(lang), places or Places()))
    VALID.validate(log)
    found: dict[str, Any] = log["runs"][0]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in found["results"])
    return found


def test_a_result_says_all_that_its_owner_needs() -> None:
    (one,) = run(answer(finding()))["results"]
    assert one == {
        "ruleId": "KR101",
        "ruleIndex": 0,
        "level": "error",
        "message": {
            "text": f"[PAY-1]({URL}) Three steps (by fang): It names no key result.\n"
            "paste: Contributes-to: GROW-KR1 M\n"
            "suggested: GROW-KR1 (its parent PAY-9 contributes to it)\n"
            "Put the line into the description, or set the key-result field or a label `kr:<id>`.\n"
            "Check again: okr-delivery gate --issue PAY-1 --sync"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "okrs/2026Q4.yaml"},
                    "region": {"startLine": 8, "startColumn": 1, "endLine": 8, "endColumn": 2},
                },
                "logicalLocations": [{"name": "PAY-1", "fullyQualifiedName": "jira:PAY-1", "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": finding().fingerprint},
        "workItemUris": [URL],
    }


def test_every_rule_that_was_asked_is_listed_with_why_and_how() -> None:
    driver = run(answer())["tool"]["driver"]
    assert [(rule["id"], rule["name"]) for rule in driver["rules"]] == [
        ("KR101", "missing-key-result"),
        ("KR102", "unknown-key-result"),
    ]
    assert driver["rules"][0]["fullDescription"]["text"].startswith("Work that names no key result")
    assert driver["rules"][0]["help"]["text"].startswith("Put the line into the description")
    chinese = run(answer(), "zh")
    assert chinese["language"] == "zh-CN"
    assert "关键结果" in chinese["tool"]["driver"]["rules"][0]["fullDescription"]["text"]


@pytest.mark.parametrize(("severity", "level"), [("error", "error"), ("warning", "warning"), ("info", "note")])
def test_levels_as_sarif_names_them(severity: str, level: str) -> None:
    assert [one["level"] for one in run(answer(finding(severity=Severity(severity))))["results"]] == [level]


def test_nothing_found_is_a_run_without_results() -> None:
    found = run(answer())
    assert (found["results"], found["invocations"]) == ([], [{"executionSuccessful": True}])


def test_waived_findings_are_suppressed_with_the_reason() -> None:
    kept, suppressed = run(answer(finding("PAY-2"), waivers=[waived(finding())]))["results"]
    assert "suppressions" not in kept
    assert suppressed["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "until 2026-12-15 by lin: regulatory fix"}
    ]


def test_findings_of_the_baseline_are_unchanged_and_then_the_others_are_new() -> None:
    results = run(answer(finding("PAY-1", baselined=True), finding("PAY-2")))["results"]
    assert [(one["locations"][0]["logicalLocations"][0]["name"], one["baselineState"]) for one in results] == [
        ("PAY-2", "new"),
        ("PAY-1", "unchanged"),
    ]
    assert "baselineState" not in run(answer(finding()))["results"][0]


def test_no_verdict_is_a_run_that_did_not_succeed() -> None:
    found = run(blind())
    text = "no verdict: mobile: west was never synced to its end. Run: okr-delivery sync west"
    assert found["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": text}}],
        }
    ]
    assert [(one["ruleId"], one["level"], one["message"]["text"][:11]) for one in found["results"]] == [
        ("no-verdict", "error", "no verdict:"),
        ("KR101", "error", "[PAY-1](htt"),
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_a_whole_company(world: World, lang: str) -> None:
    result = company(world).gate()
    found = run(result, lang)
    assert len(found["results"]) == len(result.findings) + len(result.waiver_problems) + len(result.waived)
    assert {rule["id"] for rule in found["tool"]["driver"]["rules"]} >= set(result.rules_run) | {"WVR002"}
    assert "Secret" not in json.dumps(found)


@pytest.mark.parametrize("text", TYPED, ids=range(len(TYPED)))
def test_typed_text_is_no_link(text: str) -> None:
    (one,) = run(answer(typed(text)))["results"]
    told = one["message"]["text"].replace(f"]({URL})", "", 1)
    assert "](" not in told


@given(texts)
@settings(deadline=None)
def test_any_text_survives(text: str) -> None:
    (one,) = run(answer(typed(text)))["results"]
    shown = terminal(text).replace("](", "] (")
    assert f"that can be read: {shown} (" in one["message"]["text"]


@pytest.mark.parametrize("path", ["okrs/a b.yaml", "okrs/第四季度.yaml", "a:b.yaml", "okrs/100%.yaml", "okrs\\q4.yaml"])
def test_paths_are_written_as_addresses(path: str) -> None:
    from urllib.parse import unquote

    (one,) = run(answer(finding(location=Location(path, 3))), places=Places("plan"))["results"]
    uri = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == f"plan/{path}".replace("\\", "/")


def test_too_many_results_are_cut_from_the_mildest_on_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gate_sarif.LIMIT == 25_000
    monkeypatch.setattr(gate_sarif, "LIMIT", 50)
    assert len(run(many(50))["results"]) == 50
    found = run(many(60))
    results, note = found["results"], "11 more findings are left out: a report holds at most 50."
    assert len(results) == 50
    assert (results[0]["ruleId"], results[0]["message"]["text"]) == ("left-out", note)
    assert sum(one["level"] == "error" for one in results) == 30
    assert found["invocations"][0]["toolExecutionNotifications"] == [{"level": "warning", "message": {"text": note}}]
