"""What the gate's formats say alike: one finding in words, the order of findings, why there is no verdict.

All text is for one line of a log or a viewer; control characters read U+FFFD. Escaping is each format's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from okr_delivery.gate.finding import Finding, Severity, Stage, Suggestion
from okr_delivery.gate.paste import localised
from okr_delivery.gate.published import find
from okr_delivery.gate.result import GateResult, Verdict
from okr_delivery.locale import Translator
from okr_delivery.model.message import Message
from okr_delivery.output.safe import message as cleaned
from okr_delivery.output.safe import terminal

NO_VERDICT = "no-verdict"
SUGGESTED = ("suggestion", "suggestion_or")
"""How the likeliest key result is offered, and the next one."""
COUNTED = ("ok", "found", "waived", "baselined", "not_applicable", "silenced")
"""The numbers of the preview: fields of a row and their columns."""
_WORST = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class Words:
    t: Translator

    def say(self, message: Message) -> str:
        """A message whose tracker text can do no harm; its own line breaks stay."""
        return self.t.render(cleaned(message, terminal))

    def about(self, finding: Finding) -> str:
        """The requirement with its title and who created it."""
        entity = finding.entity
        by = f"({self.by(finding)})" if finding.created_by else ""
        parts = (terminal(entity.shown) or "-", terminal(entity.subtitle), by)
        return " ".join(part for part in parts if part)

    def by(self, finding: Finding) -> str:
        """Who is asked: who created an issue, who owns what the OKR files declare."""
        what = "by" if finding.entity.kind == "issue" else "owner"
        return self.t(f"gate.text.{what}", name=terminal(finding.created_by or ""))

    def wrong(self, finding: Finding) -> str:
        """What is wrong, marked where it was known before the rule was adopted."""
        text = " ".join(self.say(finding.message).splitlines())
        return self.t("gate.finding.baselined", text=text) if finding.baselined else text

    def sentence(self, finding: Finding) -> str:
        """The requirement and what is wrong with it."""
        return self.t("gate.text.team", team=self.about(finding), text=self.wrong(finding))

    def remedy(self, finding: Finding) -> Iterator[str]:
        """Lines: what to paste, what is suggested, how to settle it, how to check again."""
        if finding.paste:
            yield self.paste(finding.paste)
        yield from self.suggested(finding)
        yield from self.help(finding)

    def suggested(self, finding: Finding) -> Iterator[str]:
        """The likeliest key results, each with its reason."""
        for word, one in zip(SUGGESTED, finding.suggestions, strict=False):
            yield self.t(f"gate.text.{word}", kr=self.named(one), reason=self.say(one.reason))

    def named(self, one: Suggestion) -> str:
        """A key result by its id and title."""
        kr, title = terminal(one.kr), terminal(one.title or "")
        return self.t("gate.text.named", kr=kr, title=title) if title else kr

    def paste(self, line: str) -> str:
        return self.t("gate.text.paste", line=terminal(localised(line, self.t.lang)))

    def help(self, finding: Finding) -> list[str]:
        """The help in the language of the report, its lines of grammar too."""
        return self.t.render(cleaned(in_language(finding, self.t.lang), terminal)).splitlines()

    def beside(self, team: str, text: str) -> str:
        """A line with the team that it is about; what is about no team stands alone."""
        return self.t("gate.text.team", team=terminal(team), text=text) if team else text

    def verdict(self, result: GateResult) -> str:
        """The verdict with its counts."""
        return self.t("gate.text.team", team=self.t(f"gate.text.verdict.{result.verdict}"), text=self.counts(result))

    def counts(self, result: GateResult) -> str:
        found = result.summary
        counts = {"errors": found.error, "warnings": found.warning, "infos": found.info, "waived": found.waived}
        said = self.t("gate.text.counts", **counts)
        return self.t("gate.text.counts_known", text=said, n=found.baselined) if found.baselined else said

    def table(self, result: GateResult) -> tuple[list[str], list[list[str]]]:
        """The head and the rows of the preview: how each rule answered for each team; from the fourth on numbers."""
        head = [self.t(f"gate.text.column.{column}") for column in ("team", "rule", "name", *COUNTED)]
        rows = [
            [terminal(row.team), row.rule, find(row.rule).name, *(str(getattr(row, name)) for name in COUNTED)]
            for row in result.counts
        ]
        return head, rows

    def legend(self, result: GateResult) -> Iterator[str]:
        """What stands under it."""
        if any(row.silenced for row in result.counts):
            yield self.t("gate.text.silenced")
        fresh = sum(row.fresh for row in result.counts)
        if fresh:
            yield self.t("gate.text.could_baseline", n=fresh)
        yield self.t("gate.text.preview")

    def stages(self, result: GateResult) -> Iterator[str]:
        """How far each team is, where they are not equally far."""
        for team, stage in stages_of(result):
            yield self.t("gate.text.team_stage", team=terminal(team), stage=stage)

    def reasons(self, result: GateResult) -> Iterator[str]:
        """Why there is no verdict, each with the team that it is about; nothing when there is one."""
        for team, message in unjudged(result):
            text = " ".join(self.say(message).splitlines())
            yield self.beside(team, text)


def worded(result: GateResult, name: str) -> str:
    """The id of a message in the words for what was judged: requirements, or the OKR files."""
    return f"lint.{name}" if result.stage is Stage.LINT else f"gate.{name}"


def command(result: GateResult) -> str:
    """What was run."""
    return "okr-delivery okr lint" if result.stage is Stage.LINT else "okr-delivery gate"


def in_language(finding: Finding, lang: str) -> Message:
    """A finding's help with the legal alternative as people write it in `lang`."""
    line = finding.alternative
    if line is None or localised(line, lang) == line:
        return finding.help
    return cleaned(finding.help, lambda text: localised(text, lang) if text == line else text)


def unjudged(result: GateResult) -> Iterator[tuple[str, Message]]:
    """(team or "", reason) for whatever has no verdict."""
    for team in result.team_verdicts:
        if team.verdict is Verdict.NONE:
            yield from ((team.team, reason) for reason in team.reasons)
    yield from (("", reason) for reason in result.reasons)


def stages_of(result: GateResult) -> list[tuple[str, str]]:
    """(team, stage) for all teams, where they are judged up to different ones."""
    rows = [(team.team, str(team.stage)) for team in result.team_verdicts]
    return rows if len({stage for _, stage in rows}) > 1 else []


def fresh(findings: Iterable[Finding]) -> list[Finding]:
    """Those that are not in the baseline: what is known is counted, so that what is new is seen."""
    return [finding for finding in findings if not finding.baselined]


def worst_first(result: GateResult) -> list[Finding]:
    """Findings and problems with waivers, errors first; those in the baseline, which fail nothing, last."""
    found = [*result.findings, *result.waiver_problems]
    return sorted(found, key=lambda finding: (finding.baselined, _WORST.index(finding.severity)))


def fit(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, ending with … when something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
