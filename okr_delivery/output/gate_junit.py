"""The gate's answer as a JUnit report that GitLab and Jenkins read.

One case per finding and one passing case per rule without any, so that a fixed finding is seen to pass. Waived findings
are skipped, findings below `--fail-on` pass with their text as output, a team without verdict is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

from okr_delivery.gate.finding import Finding
from okr_delivery.gate.published import find
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import Translator
from okr_delivery.output.gate_words import Words, command, unjudged
from okr_delivery.output.safe import terminal, xml

TIME = "0.000"


@dataclass(frozen=True, slots=True)
class _Case:
    """`outcome` is the child element: failure, error, skipped, system-out, or None for a plain pass."""

    classname: str
    name: str
    outcome: str | None = None
    type: str = ""
    message: str = ""
    body: str = ""


def write(result: GateResult, t: Translator) -> str:
    """The document, with its declaration."""
    cases = list(_unique(_cases(result, t)))
    counts = Counter(case.outcome for case in cases)
    totals = {"tests": str(len(cases)), "failures": str(counts["failure"]), "errors": str(counts["error"])}
    root = Xml.Element("testsuites", {"name": command(result), **totals, "time": TIME})
    stamp = datetime.fromtimestamp(result.as_of, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    inner = {"name": command(result), **totals, "skipped": str(counts["skipped"]), "time": TIME, "timestamp": stamp}
    suite = Xml.SubElement(root, "testsuite", inner)
    for case in cases:
        _append(suite, case)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _append(suite: Xml.Element, case: _Case) -> None:
    names = {"classname": xml(case.classname), "name": xml(case.name), "time": TIME}
    element = Xml.SubElement(suite, "testcase", names)
    if case.outcome == "system-out":
        Xml.SubElement(element, "system-out").text = xml(case.body)
    elif case.outcome is not None:
        attributes = {"type": xml(case.type), "message": xml(case.message)}
        Xml.SubElement(element, case.outcome, attributes).text = xml(case.body) or None


def _cases(result: GateResult, t: Translator) -> Iterator[_Case]:
    words = Words(t)
    blind: dict[str, list[str]] = {}
    for team, reason in unjudged(result):
        blind.setdefault(team or command(result), []).append(words.say(reason))
    yield from (_no_verdict(team, reasons) for team, reasons in blind.items())
    for finding in [*result.findings, *result.waiver_problems]:
        yield _found(result, finding, words)
    for one in result.waived:
        why = f"{one.waiver.reason} ({one.waiver.who}, {one.waiver.expires})"
        yield _Case(*_names(one.finding), "skipped", "waived", terminal(why), _body(one.finding, words))
    met = {f.rule for f in result.findings} | {w.finding.rule for w in result.waived}
    for rule in result.rules_run:
        if rule not in met:
            yield _Case(f"okr-delivery.{rule}", find(rule).name)


def _no_verdict(team: str, reasons: list[str]) -> _Case:
    text = "\n".join(reasons)
    return _Case("okr-delivery.verdict", team, "error", "no verdict", terminal(text.replace("\n", "; ")), text)


def _found(result: GateResult, finding: Finding, words: Words) -> _Case:
    outcome = "failure" if result.fails(finding) else "system-out"
    return _Case(*_names(finding), outcome, str(finding.severity), words.wrong(finding), _body(finding, words))


def _names(finding: Finding) -> tuple[str, str]:
    parts = [terminal(finding.entity.shown), finding.name, terminal(finding.discriminator)]
    return f"okr-delivery.{finding.rule}", " ".join(part for part in parts if part)


def _body(finding: Finding, words: Words) -> str:
    """What GitLab shows: everything that its owner needs."""
    entity = finding.entity
    title = [terminal(part) for part in (entity.shown, entity.subtitle, finding.created_by or "") if part]
    lines = ["  ".join(title), terminal(entity.url or ""), words.wrong(finding), *words.remedy(finding)]
    if finding.location:
        lines.append(f"at {terminal(finding.location.path)}:{finding.location.line}")
    return "\n".join(line for line in lines if line)


def _unique(cases: Iterator[_Case]) -> Iterator[_Case]:
    """GitLab keeps one of two cases with the same class and name: later ones are numbered."""
    seen: set[tuple[str, str]] = set()
    for case in cases:
        name, n = case.name, 1
        while (xml(case.classname), xml(name)) in seen:
            n += 1
            name = f"{case.name} #{n}"
        seen.add((xml(case.classname), xml(name)))
        yield replace(case, name=name)
