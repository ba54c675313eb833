"""The gate's answer as workflow commands that GitHub turns into annotations.

A step's log shows every line, but only the first ten of each kind become annotations, cut at 4,096 characters: so what
fails comes first, and a notice before the other notices counts what is in the log alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.locale import Translator
from okr_delivery.output.gate_words import Words, command, fit, worded, worst_first
from okr_delivery.output.places import Places
from okr_delivery.output.safe import terminal

SHOWN = 10  # annotations of each kind and step
LIMIT = 4096  # characters of a message
NOTICE = "notice"
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: NOTICE}


def write(result: GateResult, t: Translator, places: Places) -> str:
    """One command a line; waived findings are counted, not listed."""
    return "\n".join(_lines(result, Words(t), places)) + "\n"


def _lines(result: GateResult, words: Words, places: Places) -> Iterator[str]:
    blind = list(words.reasons(result))
    for reason in blind:
        yield _command("error", {"title": words.t("gate.text.verdict.none")}, reason)
    found = worst_first(result)
    kinds = Counter(map(_kind, found)) + Counter(error=len(blind), notice=1)
    notices = [finding for finding in found if _kind(finding) == NOTICE]
    yield from (_annotation(finding, words, places) for finding in found if _kind(finding) != NOTICE)
    yield _command(NOTICE, {"title": command(result)}, _summary(result, words, kinds))
    yield from (_annotation(finding, words, places) for finding in notices)


def _kind(finding: Finding) -> str:
    """What is in the baseline fails nothing, and must not use up what GitHub shows."""
    return NOTICE if finding.baselined else _KINDS[finding.severity]


def _summary(result: GateResult, words: Words, kinds: Counter[str]) -> str:
    ready = words.t(worded(result, "text.ready"), ready=result.summary.ready, judged=result.summary.judged)
    hidden = sum(max(n - SHOWN, 0) for n in kinds.values())
    more = [words.t("gate.github.hidden", n=hidden, shown=SHOWN)] if hidden else []
    return "\n".join([words.verdict(result), ready, *more])


def _annotation(finding: Finding, words: Words, places: Places) -> str:
    place = places.of(finding.location)
    where = {"file": terminal(place.path), "line": str(place.line), "title": f"{finding.rule} {finding.name}"}
    return _command(_kind(finding), where, "\n".join([words.sentence(finding), *words.remedy(finding)]))


def _command(kind: str, properties: dict[str, str], text: str) -> str:
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {written}::{_data(fit(text, LIMIT))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
