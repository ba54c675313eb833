"""The gate's answer as a GitLab code quality report.

GitLab reads no further than the first entry that it can't read, shows one of several equal fingerprints, and doesn't
show the rule's id, which therefore begins the description. Waived findings are left out: there is no word for them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import Translator
from okr_delivery.output.gate_words import NO_VERDICT, Words, fit, unjudged, worst_first
from okr_delivery.output.json import line
from okr_delivery.output.places import Places
from okr_delivery.output.safe import terminal

LIMIT = 1024  # characters of a description
_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}
_BLOCKER = "blocker"

Entry = dict[str, object]


def write(result: GateResult, t: Translator, places: Places) -> str:
    """The document: one entry a line, `[]` when there is nothing to say."""
    entries = ",\n".join(line(entry) for entry in _entries(result, Words(t), places))
    return f"[\n{entries}\n]\n" if entries else "[]\n"


def _entries(result: GateResult, words: Words, places: Places) -> Iterator[Entry]:
    seen: Counter[str] = Counter()
    for (team, reason), said in zip(unjudged(result), words.reasons(result), strict=True):
        text = f"{words.t('gate.text.verdict.none')}: {said}"
        print_ = _hash(NO_VERDICT, team, reason.id)
        yield _entry(text, NO_VERDICT, _unique(print_, seen), _BLOCKER, places.of(None).path, 1)
    for finding in worst_first(result):
        place = places.of(finding.location)
        mark = _unique(finding.fingerprint, seen)
        text = _description(finding, words)
        yield _entry(text, finding.rule, mark, _SEVERITIES[finding.severity], place.path, place.line)


def _entry(description: str, check: str, fingerprint: str, severity: str, path: str, begin: int) -> Entry:
    return {
        "description": fit(description, LIMIT),
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": terminal(path), "lines": {"begin": begin}},
    }


def _description(finding: Finding, words: Words) -> str:
    paste = f" {words.paste(finding.paste)}" if finding.paste else ""
    return f"{finding.rule}: {words.sentence(finding)}{paste}"


def _unique(fingerprint: str, seen: Counter[str]) -> str:
    """The fingerprint; a second entry of the same one gets another, the same in every run."""
    seen[fingerprint] += 1
    return fingerprint if seen[fingerprint] == 1 else _hash(fingerprint, str(seen[fingerprint]))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
