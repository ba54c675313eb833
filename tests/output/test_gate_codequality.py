from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.okr import Location
from okr_delivery.output import gate_codequality
from okr_delivery.output.places import Places
from okr_delivery.output.safe import terminal
from tests.gate.world import World
from tests.output.company import company
from tests.output.findings import answer, blind, finding, texts, typed, waived

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def report(result: GateResult, lang: str = "en", places: Places | None = None) -> list[dict[str, Any]]:
    """The entries, each checked as GitLab reads them: it stops at the first that it can't read."""
    data = gate_codequality.write(result, translator(lang), places or Places()).encode("utf-8")
    assert not data.startswith(b"\xef\xbb\xbf")
    entries = json.loads(data)
    assert isinstance(entries, list)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["description"].strip() and len(entry["description"]) <= 1024
        assert entry["severity"] in SEVERITIES
        path, begin = entry["location"]["path"], entry["location"]["lines"]["begin"]
        assert path and not path.startswith(("/", "./", "../")) and isinstance(begin, int) and begin >= 1
    prints = [entry["fingerprint"] for entry in entries]
    assert all(re.fullmatch(r"[0-9a-f]{32}", mark) for mark in prints)
    assert len(set(prints)) == len(prints)  # GitLab shows one of several equal ones
    return entries


def test_an_entry_says_what_is_wrong_where_and_what_to_paste() -> None:
    (entry,) = report(answer(finding()))
    assert entry == {
        "description": "KR101: PAY-1 Three steps (by fang): It names no key result. paste: Contributes-to: GROW-KR1 M",
        "check_name": "KR101",
        "fingerprint": finding().fingerprint,
        "severity": "major",
        "location": {"path": "okrs/2026Q4.yaml", "lines": {"begin": 8}},
    }
    (chinese,) = report(answer(finding()), "zh")
    assert "没有写明关键结果" in chinese["description"] and "贡献: GROW-KR1 中" in chinese["description"]


def test_nothing_found_is_an_empty_list() -> None:
    assert gate_codequality.write(answer(), translator("en"), Places()) == "[]\n"
    assert report(answer(waivers=[waived(finding())])) == []


@pytest.mark.parametrize(("severity", "word"), [("error", "major"), ("warning", "minor"), ("info", "info")])
def test_severities_as_gitlab_names_them(severity: str, word: str) -> None:
    assert [entry["severity"] for entry in report(answer(finding(severity=Severity(severity))))] == [word]


def test_no_verdict_is_a_blocker_and_comes_first() -> None:
    first, second = report(blind())
    assert (first["severity"], first["check_name"]) == ("blocker", "no-verdict")
    assert first["description"] == ("no verdict: mobile: west was never synced to its end. Run: okr-delivery sync west")
    assert first["location"] == {"path": "okr-delivery.yaml", "lines": {"begin": 1}}
    assert second["check_name"] == "KR101"


def test_one_entry_for_each_of_two_equal_findings_the_same_in_every_run() -> None:
    twice = answer(finding(), finding())
    assert len(report(twice)) == 2
    assert report(twice) == report(twice)
    assert report(twice)[0] == report(answer(finding()))[0]


def test_what_is_in_the_baseline_is_marked_and_kept() -> None:
    (entry,) = report(answer(finding(baselined=True)))
    assert "(known, in the baseline)" in entry["description"]
    assert entry["fingerprint"] == finding().fingerprint


@pytest.mark.parametrize("lang", LANGS)
def test_a_whole_company(world: World, lang: str) -> None:
    result = company(world).gate()
    entries = report(result, lang)
    assert len(entries) == len(result.findings) + len(result.waiver_problems)
    assert all(entry["description"].startswith(f"{entry['check_name']}: ") for entry in entries)
    assert "Secret" not in json.dumps(entries)


@given(texts)
@settings(deadline=None)
def test_any_text_survives(text: str) -> None:
    (entry,) = report(answer(typed(text)))
    assert f"that can be read: {terminal(text)} (" in entry["description"]
    assert entry["description"].startswith("KR101: ") and not set("\r\n\x1b\x00") & set(entry["description"])


def test_paths_begin_at_the_root_of_the_repository() -> None:
    entries = report(
        answer(finding(), finding("PAY-2", location=None), finding("PAY-3", location=Location("/etc/okrs.yaml", 3))),
        places=Places("planning", "okr.yaml"),
    )
    assert [entry["location"]["path"] for entry in entries] == [
        "planning/okrs/2026Q4.yaml",
        "planning/okr.yaml",
        "planning/okr.yaml",
    ]


def test_waiver_problems_are_entries(world: World) -> None:
    entries = report(replace(company(world).gate(), findings=()))
    assert {entry["check_name"] for entry in entries} == {"WVR001", "WVR002", "WVR003"}
    assert {entry["location"]["path"] for entry in entries} == {"okr-delivery.waivers.yaml"}
