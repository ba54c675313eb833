"""The gate's answer as SARIF 2.1.0, in the part of it that GitHub reads.

Waived findings are suppressed results, those of the baseline are marked `unchanged`. Without a verdict the run says
that it did not succeed, and so does a result of its own: results are what people look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from okr_delivery import __version__
from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.gate.published import find
from okr_delivery.gate.result import GateResult, Verdict, WaivedFinding
from okr_delivery.locale import Translator
from okr_delivery.model.text import own_link
from okr_delivery.output.gate_words import NO_VERDICT, Words, fit, worst_first
from okr_delivery.output.json import line
from okr_delivery.output.places import Places
from okr_delivery.output.safe import terminal

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEFT_OUT = "left-out"
LIMIT = 25_000  # results that GitHub takes in one run
TEXT = 1024  # characters of a text
LINK = 400  # characters of an address that may stand in a text
_LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

Json = dict[str, object]


def write(result: GateResult, t: Translator, places: Places) -> str:
    """The document; a result a line."""
    log = _Log(result, Words(t), places)
    results = ",\n".join(map(line, log.results()))
    run = {"tool": log.tool(), "language": _LANGUAGES[t.lang], "invocations": [log.invocation()]}
    head = line({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).removesuffix("}]}")
    return f'{head},"results":[\n{results}\n]}}]}}\n' if results else f'{head},"results":[]}}]}}\n'


class _Log:
    """The parts of one run. `names` holds every rule that was asked or found something, sorted."""

    def __init__(self, result: GateResult, words: Words, places: Places) -> None:
        self.result, self.words, self.places = result, words, places
        self.blind = [f"{words.t('gate.text.verdict.none')}: {reason}" for reason in words.reasons(result)]
        found: list[Finding | WaivedFinding] = [*worst_first(result), *result.waived]
        room = LIMIT - len(self.blind)
        self.kept = found if len(found) <= room else found[: room - 1]
        self.left_out = len(found) - len(self.kept)
        self.names = dict(sorted(self._names(found)))
        self.index = {rule: n for n, rule in enumerate(self.names)}

    def _names(self, found: list[Finding | WaivedFinding]) -> Iterator[tuple[str, str]]:
        yield from ((rule, find(rule).name) for rule in self.result.rules_run)
        for one in found:
            finding = one.finding if isinstance(one, WaivedFinding) else one
            yield finding.rule, finding.name
        if self.blind:
            yield NO_VERDICT, NO_VERDICT
        if self.left_out:
            yield LEFT_OUT, LEFT_OUT

    # -- about the run ---------------------------------------------------------------------------------------------

    def tool(self) -> Json:
        rules = [self._rule(rule, name) for rule, name in self.names.items()]
        names = {"name": "okr-delivery", "version": __version__, "semanticVersion": __version__}
        return {"driver": {**names, "rules": rules}}

    def _rule(self, rule: str, name: str) -> Json:
        why, fix, severity = self._said(rule, name)
        return {
            "id": rule,
            "name": name,
            "shortDescription": {"text": name},
            "fullDescription": {"text": fit(why, TEXT)},
            "help": {"text": fit(fix, TEXT), "markdown": fit(fix, TEXT)},
            "defaultConfiguration": {"level": _LEVELS[severity or Severity.WARNING]},
        }

    def _said(self, rule: str, name: str) -> tuple[str, str, Severity | None]:
        """Why there is such a rule, how to meet it, and its severity."""
        if rule in (NO_VERDICT, LEFT_OUT):
            return name, name, Severity.ERROR
        made = find(rule)
        return self.words.t.render(made.why), self.words.t.render(made.fix), made.severity

    def invocation(self) -> Json:
        """Whether there is a verdict, and what a reader should know beside it."""
        notes = [(team.team, note) for team in self.result.team_verdicts for note in team.notes]
        said = [*notes, *self.result.nothing_to_judge]
        beside = [self.words.beside(team, self.words.say(note)) for team, note in said]
        told = [("error", text) for text in self.blind]
        told += [("warning", self._missing())] if self.left_out else []
        told += [("note", text) for text in beside]
        notices = [{"level": level, "message": {"text": fit(text, TEXT)}} for level, text in told]
        return {
            "executionSuccessful": self.result.verdict is not Verdict.NONE,
            **({"toolExecutionNotifications": notices} if notices else {}),
        }

    def _missing(self) -> str:
        return self.words.t("gate.sarif.left_out", n=self.left_out, limit=LIMIT)

    # -- results ---------------------------------------------------------------------------------------------------

    def results(self) -> Iterator[Json]:
        """What there is no verdict for, then findings from the worst on, then waived ones; at most `LIMIT`."""
        for n, text in enumerate(self.blind):
            yield self._result(NO_VERDICT, "error", text, f"{NO_VERDICT}/{n}", self._place(None))
        if self.left_out:
            yield self._result(LEFT_OUT, "warning", self._missing(), LEFT_OUT, self._place(None))
        known = any(finding.baselined for finding in self.result.findings)  # then every result says which it is
        for one in self.kept:
            if isinstance(one, WaivedFinding):
                yield self._finding(one.finding, known) | {"suppressions": [self._suppression(one)]}
            else:
                yield self._finding(one, known)

    def _finding(self, finding: Finding, known: bool) -> Json:
        entity, url = finding.entity, own_link(finding.entity.url, finding.entity.url)
        key = terminal(entity.key) or "-"
        qualified = terminal(f"{entity.source}:{entity.key}") if entity.source else key
        ticket = {"name": key, "fullyQualifiedName": qualified, "kind": "resource"}
        place = self._place(finding) | {"logicalLocations": [ticket]}
        text = "\n".join([self.words.sentence(finding), *self.words.remedy(finding)])
        level, text = _LEVELS[finding.severity], _linked(text, key, url)
        made = self._result(finding.rule, level, text, finding.fingerprint, place)
        made |= {"workItemUris": [url]} if url else {}
        return made | ({"baselineState": "unchanged" if finding.baselined else "new"} if known else {})

    def _result(self, rule: str, level: str, text: str, fingerprint: str, place: Json) -> Json:
        return {
            "ruleId": rule,
            "ruleIndex": self.index[rule],
            "level": level,
            "message": {"text": fit(text, TEXT)},
            "locations": [place],
            "partialFingerprints": {"primaryLocationLineHash": fingerprint},
        }

    def _place(self, finding: Finding | None) -> Json:
        place = self.places.of(finding.location if finding else None)
        region = {"startLine": place.line, "startColumn": 1, "endLine": place.line, "endColumn": 2}
        file = {"uri": quote(place.path, errors="replace")}
        return {"physicalLocation": {"artifactLocation": file, "region": region}}

    def _suppression(self, one: WaivedFinding) -> Json:
        waiver = one.waiver
        texts = {"owner": terminal(waiver.who), "reason": terminal(waiver.reason)}
        why = self.words.t("gate.text.waiver", expires=str(waiver.expires), **texts)
        return {"kind": "external", "status": "accepted", "justification": fit(why, TEXT)}


def _linked(text: str, key: str, url: str | None) -> str:
    """The text with its key as a link, as SARIF writes links; nothing that a person typed can be one."""
    plain = text.replace("](", "] (")
    fits = url and len(url) <= LINK and not set("[]()\\") & {*key, *url}
    return f"[{key}]({url}){plain.removeprefix(key)}" if fits and plain.startswith(key) else plain
