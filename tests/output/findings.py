"""Answers of the gate made by hand: quick, and with any text in any place that a person can type into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from okr_delivery.gate.finding import Entity, Finding, Severity, Stage, Suggestion
from okr_delivery.gate.result import GateResult, Summary, TeamVerdict, Verdict, WaivedFinding, nothing_judged
from okr_delivery.gate.rule import SEVERITIES
from okr_delivery.gate.waivers import Waiver
from okr_delivery.model.message import msg
from okr_delivery.model.okr import Location
from tests.output.company import HOSTILE

URL = "https://acme.atlassian.net/browse/PAY-1"
TYPED = [
    *HOSTILE,
    "[click](https://evil.example/)",
    "![x](https://evil.example/p.png)",
    "</code></pre><img src=x>",
    "| a | b |\n|---|---|",
    "```\n/close\n```",
    "\u05e9\u05dc\u05d5\u05dd \u202eabc",
    "🚀 三步结账 👩‍💻",
    "\ud83d lone",
    "\ufffe\uffff\x00\ue000a\ue001b",
    "  \t ",
    "x" * 300,
]
texts = st.text(max_size=60) | st.sampled_from([text for text in TYPED if len(text) < 100])


def finding(key: str = "PAY-1", *, title: str | None = "Three steps", **changed: Any) -> Finding:
    """What the gate says of one requirement without a key result, with every member that a finding can have."""
    entity = Entity("jira", "issue", key, changed.pop("url", URL), title)
    again = msg("gate.recheck", command=f"okr-delivery gate --issue {key} --sync")
    made = Finding(
        rule="KR101",
        name="missing-key-result",
        severity=Severity.ERROR,
        team="payments",
        entity=entity,
        message=msg("gate.kr101.message"),
        help=msg("gate.help", lines=(msg("gate.kr101.fix"), again)),
        created_by="fang",
        paste="Contributes-to: GROW-KR1 M",
        suggestions=(Suggestion("GROW-KR1", msg("gate.suggest.parent", parent="PAY-9")),),
        location=Location("okrs/2026Q4.yaml", 8),
    )
    return replace(made, **changed)


def typed(text: str) -> Finding:
    """A finding with one text in every place that somebody can type into."""
    wrong = msg("gate.kr101.unreadable", text=text, reason=msg("gate.suggest.nearest", written=text))
    fix = msg("gate.help", lines=(msg("gate.kr206.fix_label", scope=text), msg("gate.recheck", command=text)))
    suggestion = Suggestion("GROW-KR1", msg("gate.suggest.parent", parent=text))
    return finding(
        text, title=text, created_by=text, message=wrong, help=fix, suggestions=(suggestion,), paste=f"a: {text}"
    )


def waived(found: Finding, reason: str = "regulatory fix") -> WaivedFinding:
    place = Location("okr-delivery.waivers.yaml", 1)
    return WaivedFinding(found, Waiver(found.rule, found.entity.key, reason, "lin", date(2026, 12, 15), place))


def answer(*found: Finding, waivers: Sequence[WaivedFinding] = (), **changed: Any) -> GateResult:
    """A whole answer: `fail` if something was found, else `pass`; `changed` overrides."""
    count = {severity: sum(one.severity is severity for one in found) for severity in SEVERITIES}
    numbers = {str(severity): n for severity, n in count.items()}
    verdict = Verdict.FAIL if count[Severity.ERROR] else Verdict.PASS
    whole = replace(
        nothing_judged((), 1_795_000_000),
        verdict=verdict,
        summary=Summary(**numbers, waived=len(waivers), baselined=0, ready=0, judged=len(found)),
        findings=found,
        waived=tuple(waivers),
        rules_run=("KR101", "KR102"),
    )
    return replace(whole, **changed)


def blind() -> GateResult:
    """One team without a verdict beside one that failed."""
    reason = msg("gate.none.never_synced", source="west", command="okr-delivery sync west")
    none = TeamVerdict("mobile", Verdict.NONE, Stage.PITCH, 0, 0, reasons=(reason,))
    fail = TeamVerdict("payments", Verdict.FAIL, Stage.PITCH, 1, 0)
    return answer(finding(), verdict=Verdict.NONE, team_verdicts=(none, fail))


def many(n: int) -> GateResult:
    """`n` findings, warnings and errors by turns, as the engine sorts them."""
    kinds = (finding(title="Schnellkasse 三步", severity=Severity.WARNING), finding(title="Three steps"))
    entities = (replace(kinds[i % 2].entity, key=f"PAY-{i}") for i in range(n))
    return answer(*(replace(kinds[i % 2], entity=entity) for i, entity in enumerate(entities)))
