"""The gate's report for people: one block per requirement that can be sent to its owner, then what is ready.

The last line says what is ready and who is asked for the rest, so that the end of a CI log is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.gate.paste import localised
from okr_delivery.gate.result import GateResult, Judged, TeamVerdict, Verdict, WaivedFinding, entity_order
from okr_delivery.gate.rule import PlanRule
from okr_delivery.gate.rules import RULES
from okr_delivery.locale import Translator
from okr_delivery.model.message import Message
from okr_delivery.model.okr import Location
from okr_delivery.output.gate_shared import shared
from okr_delivery.output.gate_words import Words, fresh, in_language, worded
from okr_delivery.output.json import instant
from okr_delivery.output.safe import message as cleaned
from okr_delivery.output.safe import terminal
from okr_delivery.output.table import table

TO_FIX = 10
_PLANS = frozenset(rule.id for rule in RULES.values() if issubclass(rule, PlanRule))
_ASCII = str.maketrans({"…": "...", "–": "-", "÷": "/", "“": '"', "”": '"', "·": "-"})
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_VERDICTS = {Verdict.PASS: "32", Verdict.FAIL: "31", Verdict.NONE: "35"}
_MARKS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "·"}
_PLAIN_MARKS = {Severity.ERROR: "x", Severity.WARNING: "!", Severity.INFO: "-"}


def write(
    result: GateResult,
    t: Translator,
    *,
    color: bool = False,
    unicode: bool = True,
    preview: bool = False,
    quiet: bool = False,
    known: bool = False,
) -> str:
    """The report. `unicode` False keeps our own signs in ASCII; `quiet` leaves reasons and the verdict; `known` lists
    what is in the baseline instead of counting it."""
    writer = _Writer(result, t, color, unicode, known)
    if preview:
        parts = [writer.head(), writer.preview(), writer.notes(), *writer.verdicts()]
    elif quiet:
        parts = [*writer.verdicts()]
    else:
        found = [*writer.requirements(), writer.baseline(), *writer.waivers()]
        parts = [writer.head(), *found, writer.notes(), *writer.verdicts()]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return text if unicode else text.translate(_ASCII)


@dataclass(frozen=True)
class _Writer:
    result: GateResult
    t: Translator
    color: bool
    unicode: bool
    known: bool = False

    def say(self, message: Message) -> str:
        """A message whose tracker text can do no harm on a terminal; its own line breaks stay."""
        return self.t.render(cleaned(message, terminal))

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    # -- what was looked at ----------------------------------------------------------------------------------------

    def head(self) -> str:
        as_of = instant(self.result.as_of, ZoneInfo(self.result.zone))
        lines = [self.t(worded(self.result, "text.head"), stage=str(self.result.stage), as_of=as_of)]
        lines += [f"  {line}" for line in Words(self.t).stages(self.result)]
        for one in self.result.iterations:
            name = terminal(one.iteration.name)
            lines.append("  " + self.t("gate.text.iteration", team=one.team, iteration=name))
        lines += [f"  {line}" for line in self.request()]
        return "\n".join(lines)

    def request(self) -> Iterator[str]:
        """The merge request that the run is about, and what of it can't be judged."""
        one = self.result.requested
        if one is None:
            return
        yield self.paint(terminal(f"{one.request.ref}  {one.request.title}"), "1")
        if one.url:
            yield terminal(one.url)
        for name, keys in (("closes", one.request.closes), ("mentions", one.request.mentions)):
            if keys:
                yield self.t(f"gate.text.request.{name}", keys=self.t.list([terminal(key) for key in keys]))
        if one.outside:
            yield self.t("gate.text.request.outside", keys=self.t.list([terminal(key) for key in one.outside]))

    # -- findings --------------------------------------------------------------------------------------------------

    def requirements(self) -> Iterator[str]:
        """One block per requirement and who is asked, by team and key; what several teams are told alike once."""
        ordered = sorted(self.result.findings if self.known else fresh(self.result.findings), key=_block_order)
        for (_, teams), group in groupby(shared(ordered), key=lambda said: (_block_order(said.finding), said.teams)):
            yield self._requirement([said.finding for said in group], teams)

    def _requirement(self, findings: Sequence[Finding], teams: Sequence[str]) -> str:
        first = findings[0]
        lines = [self._title(first, teams)]
        if first.entity.url:
            lines.append(f"  {terminal(first.entity.url)}")
        again = None
        for finding in findings:
            more, again = self._finding(finding)
            lines += more
        return "\n".join([*lines, f"  {again}"] if again else lines)

    def _title(self, finding: Finding, teams: Sequence[str]) -> str:
        entity = finding.entity
        parts = [self.paint(terminal(entity.shown), "1")]
        parts += [terminal(entity.subtitle)] if entity.subtitle else []
        about = [self._some([terminal(team) for team in teams])] if teams else []
        about += [Words(self.t).by(finding)] if finding.created_by else []
        return "  ".join(parts) + (f"  ({self.t.list(about)})" if about else "")

    def _finding(self, finding: Finding) -> tuple[list[str], str | None]:
        """Its lines, and how to check again, which stands once below all findings of a requirement."""
        mark = (_MARKS if self.unicode else _PLAIN_MARKS)[finding.severity]
        word = self.t(f"gate.text.severity.{finding.severity}")
        label = self.paint(f"{mark} {word} {finding.rule} {finding.name}", _COLOURS[finding.severity])
        said = self.say(finding.message)
        first, *rest = (self.t("gate.finding.baselined", text=said) if finding.baselined else said).splitlines()
        lines = [f"  {label}: {first}", *(f"      {line}" for line in rest)]
        if finding.paste:
            line = self.paint(terminal(localised(finding.paste, self.t.lang)), "1")
            lines.append("      " + self.t("gate.text.paste", line=line))
        lines += [f"      {line}" for line in Words(self.t).suggested(finding)]
        *help_lines, again = self._help(finding)
        lines += [f"      {line}" for line in help_lines]
        declared = finding.entity.kind != "issue" or ":" in (finding.kr or "")
        if finding.location and declared:  # its line says what it demands
            lines.append(self._place(finding.location))
        return lines, again

    def _help(self, finding: Finding) -> list[str]:
        """The help in the language of the report, its lines of grammar too."""
        return self.say(in_language(finding, self.t.lang)).splitlines()

    # -- the rest --------------------------------------------------------------------------------------------------

    def baseline(self) -> str:
        """How many findings were known before their rule came in, and are not shown therefore."""
        n = self.result.summary.baselined
        return self.t("gate.text.baselined", n=n) if n and not self.known else ""

    def waivers(self) -> Iterator[str]:
        if self.result.waived:
            yield "\n".join([self.t("gate.text.waived"), *map(self._waived, self.result.waived)])
        if self.result.waiver_problems:
            yield "\n".join([self.t("gate.text.waivers"), *map(self._waiver_problem, self.result.waiver_problems)])

    def _waived(self, one: WaivedFinding) -> str:
        waiver, finding = one.waiver, one.finding
        why = self.t(
            "gate.text.waiver",
            expires=str(waiver.expires),
            owner=terminal(waiver.who),
            reason=terminal(waiver.reason),
        )
        return f"  {terminal(finding.entity.shown)} {finding.rule} {finding.name}  {why}"

    def _waiver_problem(self, finding: Finding) -> str:
        word = self.t(f"gate.text.severity.{finding.severity}")
        label = self.paint(f"{word} {finding.rule} {finding.name}", _COLOURS[finding.severity])
        lines = [f"  {label}: {self.say(finding.message)}", f"      {self.say(finding.help)}"]
        if finding.location:
            lines.append(self._place(finding.location))
        return "\n".join(lines)

    def _place(self, location: Location) -> str:
        return "      " + self.t("gate.text.at", place=terminal(f"{location.path}:{location.line}"))

    def notes(self) -> str:
        found = [(verdict.team, note) for verdict in self.result.team_verdicts for note in verdict.notes]
        return self._block("gate.text.notes", found)

    def preview(self) -> str:
        """The table per team and rule."""
        words = Words(self.t)
        head, rows = words.table(self.result)
        shown = table(rows, head, right=range(3, len(head))) if rows else ""
        return "\n".join(part for part in (shown, *words.legend(self.result)) if part)

    def verdicts(self) -> Iterator[str]:
        """Teams without a verdict, the verdict, and last of all what is ready."""
        blocked = [(verdict.team, reason) for verdict in self._blocked() for reason in verdict.reasons]
        yield self._block("gate.text.no_verdict", blocked)
        yield self._block("gate.text.nothing", self.result.nothing_to_judge)
        yield self._teams()
        yield "\n".join(["\n".join(map(self.say, self.result.reasons)), self._verdict(), self._closing()]).strip()

    def _teams(self) -> str:
        """Which of several teams passed, which did not, and which have no verdict."""
        every = self.result.team_verdicts
        if len(every) < 2:
            return ""
        of = {verdict: [terminal(one.team) for one in every if one.verdict is verdict] for verdict in Verdict}
        lines = [
            self.t("gate.text.team", team=f"  {self._word(verdict)} ({len(teams)})", text=self.t.list(teams))
            for verdict, teams in of.items()
            if teams
        ]
        return "\n".join([self.t("gate.text.teams"), *lines])

    def _blocked(self) -> list[TeamVerdict]:
        return [verdict for verdict in self.result.team_verdicts if verdict.verdict is Verdict.NONE]

    def _block(self, title: str, rows: Iterable[tuple[str, Message]]) -> str:
        lines = [f"  {Words(self.t).beside(team, self.say(text))}" for team, text in rows]
        return "\n".join([self.t(title), *lines]) if lines else ""

    def _verdict(self) -> str:
        return self.t("gate.text.team", team=self._word(self.result.verdict), text=Words(self.t).counts(self.result))

    def _word(self, verdict: Verdict) -> str:
        return self.paint(self.t(f"gate.text.verdict.{verdict}"), _VERDICTS[verdict])

    def _closing(self) -> str:
        summary, late = self.result.summary, self.result.not_ready
        counts = {"ready": summary.ready, "judged": summary.judged}
        if late:
            keys = self._some([self._asked(one) for one in late])
            said = self.t(worded(self.result, "text.to_fix"), **counts, keys=keys)
        else:
            said = self.t(worded(self.result, "text.ready"), **counts)
        rest = [self.t("gate.text.key", key=terminal(f.entity.shown), owner=f.rule) for f in self._unsettled()]
        return self.t("gate.text.and_plan", text=said, keys=self._some(rest)) if rest else said

    def _unsettled(self) -> list[Finding]:
        """What fails about plans: the first finding on each thing."""
        failing = [f for f in self.result.findings if self.result.fails(f) and f.rule in _PLANS]
        return list({f.entity: f for f in reversed(failing)}.values())[::-1]

    def _some(self, names: list[str]) -> str:
        """The first names, and how many more."""
        shown = self.t.list(names[:TO_FIX])
        return self.t("gate.text.more", keys=shown, n=len(names) - TO_FIX) if len(names) > TO_FIX else shown

    def _asked(self, one: Judged) -> str:
        key = terminal(one.key)
        return self.t("gate.text.key", key=key, owner=terminal(one.owner)) if one.owner else key


def _block_order(finding: Finding) -> tuple[object, ...]:
    return (finding.team, *entity_order(finding.entity), finding.created_by or "")
