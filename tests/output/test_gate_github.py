from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings

from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.okr import Location
from okr_delivery.output import gate_github
from okr_delivery.output.places import Places
from okr_delivery.output.safe import terminal
from tests.gate.world import World
from tests.output.company import company
from tests.output.findings import TYPED, answer, blind, finding, many, texts, typed, waived


@dataclass(frozen=True)
class Command:
    kind: str
    properties: dict[str, str]
    message: str


def parsed(line: str) -> Command:
    """A line as the runner reads it: `::command name=value,…::data`, escapes undone, the per cent sign's last."""
    assert line.startswith("::")
    head, _, data = line[2:].partition("::")
    kind, _, rest = head.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in rest.split(",") if pair)
    properties = {name.strip(): undone(value, {"%3A": ":", "%2C": ","}) for name, value in pairs.items()}
    return Command(kind, properties, undone(data, {}))


def undone(text: str, more: dict[str, str]) -> str:
    for code, char in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(code, char)
    return text


def commands(result: GateResult, lang: str = "en", places: Places | None = None) -> list[Command]:
    text = gate_github.write(result, translator(lang), places or Places())
    assert text.endswith("\n") and "\r" not in text
    found = [parsed(line) for line in text.removesuffix("\n").split("\n")]
    assert {one.kind for one in found} <= {"error", "warning", "notice"}
    assert all(set(one.properties) <= {"file", "line", "title"} and one.message for one in found)
    return found


def test_a_finding_is_an_annotation_that_its_owner_can_act_on() -> None:
    first = commands(answer(finding()))[0]
    assert first == Command(
        "error",
        {"file": "okrs/2026Q4.yaml", "line": "8", "title": "KR101 missing-key-result"},
        "PAY-1 Three steps (by fang): It names no key result.\n"
        "paste: Contributes-to: GROW-KR1 M\n"
        "suggested: GROW-KR1 (its parent PAY-9 contributes to it)\n"
        "Put the line into the description, or set the key-result field or a label `kr:<id>`.\n"
        "Check again: okr-delivery gate --issue PAY-1 --sync",
    )
    assert "贡献: GROW-KR1 中" in commands(answer(finding()), "zh")[0].message


def test_nothing_found_is_one_notice_with_the_verdict() -> None:
    (only,) = commands(answer(waivers=[waived(finding())]))
    assert (only.kind, only.properties) == ("notice", {"title": "okr-delivery gate"})
    assert only.message.splitlines() == ["passed: errors 0, warnings 0, info 0, waived 1", "0 of 0 ready"]


def test_errors_come_first_and_known_ones_after_all() -> None:
    kinds = [Severity.INFO, Severity.WARNING, Severity.ERROR]
    found = [finding(f"PAY-{n}", severity=kind) for n, kind in enumerate(kinds)]
    told = commands(answer(finding("PAY-9", baselined=True), *found))
    assert [one.kind for one in told] == ["error", "warning", "notice", "notice", "notice"]
    assert told[2].properties["title"] == "okr-delivery gate"
    assert told[4].message.startswith("PAY-9") and "(known, in the baseline)" in told[4].message


def test_the_summary_counts_what_github_does_not_show() -> None:
    kinds = [Severity.ERROR] * 13 + [Severity.WARNING] * 11 + [Severity.INFO] * 10
    told = commands(answer(*(finding(f"PAY-{n}", severity=kind) for n, kind in enumerate(kinds))))
    assert Counter(one.kind for one in told) == {"error": 13, "warning": 11, "notice": 11}
    summary = next(n for n, one in enumerate(told) if one.properties["title"] == "okr-delivery gate")
    assert summary == 24  # the first notice: always shown
    assert told[summary].message.splitlines()[-1] == (
        "GitHub shows the first 10 of each kind; 5 more are in the log alone."
    )
    assert "shows the first" not in commands(many(20))[-1].message


def test_no_verdict_is_the_first_error() -> None:
    first, *rest = commands(blind())
    assert (first.kind, first.properties) == ("error", {"title": "no verdict"})
    assert first.message == "mobile: west was never synced to its end. Run: okr-delivery sync west"
    assert rest[-1].message.startswith("no verdict: ")


@pytest.mark.parametrize("lang", LANGS)
def test_a_whole_company(world: World, lang: str) -> None:
    result = company(world).gate()
    told = commands(result, lang)
    assert len(told) == len(result.findings) + len(result.waiver_problems) + 1
    assert not any("Secret" in one.message for one in told)


@pytest.mark.parametrize("text", TYPED, ids=range(len(TYPED)))
def test_no_text_makes_a_second_command(text: str) -> None:
    raw = gate_github.write(answer(typed(text)), translator("en"), Places())
    assert raw.count("\n") == 2 and "##[" not in raw
    assert all(line.startswith(("::error ", "::notice ")) for line in raw.splitlines())


@given(texts)
@settings(deadline=None)
def test_any_text_survives(text: str) -> None:
    (one, _) = commands(answer(typed(text)))
    assert f"that can be read: {terminal(text)} (" in one.message
    assert one.properties == {"file": "okrs/2026Q4.yaml", "line": "8", "title": "KR101 missing-key-result"}


def test_properties_are_escaped_too() -> None:
    odd = replace(finding(), location=Location("okrs/100%, a:b\n::x.yaml", 2))
    assert commands(answer(odd))[0].properties["file"] == "okrs/100%, a:b\ufffd::x.yaml"


def test_a_message_is_cut_where_github_cuts_it() -> None:
    assert len(commands(answer(typed("%" * 1500)))[0].message) == 4096
