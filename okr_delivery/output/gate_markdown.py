"""The gate's answer as Markdown, for a note on a merge request, a step summary or a chat.

The verdict comes first. What somebody typed into a tracker stands in code spans and nowhere else: nothing in it is
mark-up, calls a person or begins a line. Long lists are cut and say what was left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from okr_delivery.gate.finding import Finding, Suggestion
from okr_delivery.gate.paste import localised
from okr_delivery.gate.result import GateResult, Judged, WaivedFinding
from okr_delivery.locale import Translator
from okr_delivery.model.message import Message
from okr_delivery.model.text import REPLACEMENT, code_span, one_line, own_link
from okr_delivery.output.gate_shared import Said, shared
from okr_delivery.output.gate_words import (
    SUGGESTED,
    Words,
    fit,
    fresh,
    in_language,
    stages_of,
    unjudged,
    worded,
    worst_first,
)
from okr_delivery.output.json import instant
from okr_delivery.output.safe import Marked
from okr_delivery.output.safe import message as cleaned

ROWS = 40  # of the table
ASKED = 10  # requirements with what to paste
LISTED = 400  # rows of the preview
NAMED = 10  # in a list of keys, of waivers, of notes
TITLE = 80  # characters
TEXT = 400  # characters of a sentence, and a little more
NAME = 120  # characters of a key or a person
LINK = 300  # characters of an address
FOLDED = 8_000  # characters of what the baseline holds
BUDGET = 25_000  # characters of the table, and of what to paste: GitHub takes 65,536 as a comment
_OPEN, _CLOSE = "\ue000", "\ue001"  # around tracker text until it is known where it stands
_PIECES = re.compile(f"({_OPEN}[^{_CLOSE}]*{_CLOSE}|`)")
_NUMBER = re.compile(r"[0-9]+([.,:-][0-9]+)*", re.ASCII)  # dates too: nothing that could be mark-up
_MARKUP = str.maketrans({"<": "&lt;", "[": "\\[", "@": "&#64;", "*": "\\*", "_": "\\_", "~": "\\~"})


def write(result: GateResult, t: Translator, *, preview: bool = False) -> str:
    """The document; its first line is the verdict. `preview`: the table per team and rule instead of findings."""
    page = _Page(result, t)
    return "\n\n".join(block for block in (page.preview() if preview else page.blocks()) if block) + "\n"


class _Page:
    def __init__(self, result: GateResult, t: Translator) -> None:
        self.result = result
        self.t = t
        found = worst_first(result)
        self.found = shared(fresh(found))
        self.known = [finding for finding in found if finding.baselined]

    def blocks(self) -> Iterator[str]:
        yield from self._top()
        yield from self._table()
        yield from self._to_paste()
        yield from self._baseline()
        yield self._waived()
        yield self._notes()

    def preview(self) -> Iterator[str]:
        """How each rule answered for each team, and nothing that has to be done."""
        words = Words(self.t)
        head, rows = words.table(self.result)
        yield from self._top()
        if rows:
            aligned = "|---" * 3 + "|---:" * (len(head) - 3) + "|"
            cells = [[code_span(row[0]), *row[1:]] for row in rows]
            yield "\n".join([_line(head), aligned, *map(_line, cells[:LISTED])])
            yield "".join(self._more(len(rows) - LISTED))
        yield "\n".join(f"- {line}" for line in words.legend(self.result))
        yield self._notes()

    def _top(self) -> Iterator[str]:
        t, result = self.t, self.result
        yield "## " + t(worded(result, "markdown.title"), verdict=t(f"gate.text.verdict.{result.verdict}"))
        yield self._list("gate.text.no_verdict", list(unjudged(result)))
        yield self._counts()
        yield self._head()
        yield self._list("gate.text.nothing", result.nothing_to_judge)

    def _notes(self) -> str:
        notes = [(one.team, note) for one in self.result.team_verdicts for note in one.notes]
        return self._list("gate.text.notes", notes)

    # -- words -----------------------------------------------------------------------------------------------------

    def say(self, message: Message) -> list[str]:
        """Its lines; text that a person typed stands in code spans, also inside ours."""
        return [_spanned(line) for line in self.t.render(cleaned(message, _quoted)).splitlines()]

    def flat(self, message: Message) -> str:
        return " ".join(self.say(message))

    # -- what was looked at ----------------------------------------------------------------------------------------

    def _counts(self) -> str:
        found, late = self.result.summary, self.result.not_ready
        numbers = {"ready": found.ready, "judged": found.judged}
        ready = self.t(worded(self.result, "text.ready"), **numbers)
        if late:
            keys = self._named([self._asked(one) for one in late])
            ready = self.t(worded(self.result, "text.to_fix"), **numbers, keys=keys)
        return f"- {Words(self.t).counts(self.result)}\n- {ready}"

    def _asked(self, one: Judged) -> str:
        key = _name(one.key)
        return self.t("gate.text.key", key=key, owner=_name(one.owner)) if one.owner else key

    def _named(self, names: Sequence[str]) -> str:
        keys = self.t.list(list(names[:NAMED]))
        return self.t("gate.text.more", keys=keys, n=len(names) - NAMED) if len(names) > NAMED else keys

    def _head(self) -> str:
        t, result = self.t, self.result
        first = t(
            worded(result, "text.head"), stage=str(result.stage), as_of=instant(result.as_of, ZoneInfo(result.zone))
        )
        names = [(code_span(one.team), code_span(one.iteration.name)) for one in result.iterations]
        lines = [t("gate.text.iteration", team=team, iteration=name) for team, name in names[:NAMED]]
        stages = [t("gate.text.team_stage", team=code_span(team), stage=stage) for team, stage in stages_of(result)]
        lines = [first, *stages[:NAMED], *self._more(len(stages) - NAMED), *lines, *self._more(len(names) - NAMED)]
        lines += self._request()
        return "\n".join(f"- {line}" for line in lines)

    def _request(self) -> Iterator[str]:
        one = self.result.requested
        if one is None:
            return
        yield f"{_linked(one.request.ref, one.url)} {code_span(fit(one.request.title, TITLE))}"
        told = (("closes", one.request.closes), ("mentions", one.request.mentions), ("outside", one.outside))
        for name, keys in told:
            if keys:
                yield self.t(f"gate.text.request.{name}", keys=self._named([_name(key) for key in keys]))

    def _more(self, n: int) -> list[str]:
        return [self.t("gate.markdown.more", n=n)] if n > 0 else []

    def _list(self, title: str, rows: Sequence[tuple[str, Message]]) -> str:
        said = [(code_span(team) if team else "", self.flat(message)) for team, message in rows[:NAMED]]
        lines = [self.t("gate.text.team", team=team, text=text) if team else text for team, text in said]
        lines += self._more(len(rows) - NAMED)
        return f"**{self.t(title)}**\n\n" + "\n".join(f"- {line}" for line in lines) if lines else ""

    # -- findings --------------------------------------------------------------------------------------------------

    def _table(self) -> Iterator[str]:
        if not self.found:
            return
        heads = [self.t(f"gate.markdown.column.{name}") for name in ("severity", "requirement", "rule", "message")]
        heads[1] = self.t(worded(self.result, "markdown.column.requirement"))
        rows = _within((_line(self._row(said)) for said in self.found), ROWS)
        yield "\n".join([_line(heads), "|---" * len(heads) + "|", *rows])
        yield "".join(self._more(len(self.found) - len(rows)))

    def _row(self, said: Said) -> list[str]:
        finding, entity = said.finding, said.finding.entity
        title = f" {code_span(fit(entity.subtitle, TITLE))}" if entity.subtitle else ""
        who = "by" if entity.kind == "issue" else "owner"
        by = f" ({self.t(f'gate.text.{who}', name=_name(finding.created_by))})" if finding.created_by else ""
        by += f" ({self._named([code_span(team) for team in said.teams])})" if len(said.teams) > 1 else ""
        text = self.flat(finding.message)
        severity = self.t(f"gate.text.severity.{finding.severity}")
        return [severity, _linked(entity.shown, entity.url) + title + by, f"{finding.rule} {finding.name}", text]

    def _to_paste(self) -> Iterator[str]:
        """What to do about the first requirements, each with its lines to paste."""
        groups: dict[tuple[str, str | None, str], list[Finding]] = {}
        for said in self.found:
            entity = said.finding.entity
            groups.setdefault((entity.kind, entity.source, entity.key), []).append(said.finding)
        shown = _within(("\n\n".join(self._requirement(group)) for group in groups.values()), ASKED)
        if shown:
            yield f"### {self.t('gate.markdown.todo')}"
        yield from shown
        yield "".join(self._more(len(groups) - len(shown)))

    def _requirement(self, findings: Sequence[Finding]) -> Iterator[str]:
        entity = findings[0].entity
        yield f"**{_linked(entity.shown, entity.url)}**"
        for finding in findings:
            yield from self._todo(finding)

    def _todo(self, finding: Finding) -> Iterator[str]:
        lines = [
            self.t(f"gate.text.{word}", kr=self._offered(one), reason=self.flat(one.reason))
            for word, one in zip(SUGGESTED, finding.suggestions, strict=False)
        ]
        lines += self.say(in_language(finding, self.t.lang))
        place = finding.location
        if place and (finding.entity.kind != "issue" or ":" in (finding.kr or "")):  # its line says what it demands
            lines.append(self.t("gate.text.at", place=code_span(f"{place.path}:{place.line}")))
        yield "\n".join(f"- {line}" for line in [f"{finding.rule} {finding.name}", *lines])
        if finding.paste:
            yield _block(localised(finding.paste, self.t.lang))

    def _offered(self, one: Suggestion) -> str:
        kr = code_span(one.kr)
        return self.t("gate.text.named", kr=kr, title=code_span(fit(one.title, TITLE))) if one.title else kr

    def _baseline(self) -> Iterator[str]:
        """What was known before, folded: a line for each requirement with its rules, and nothing to do about it."""
        if not self.known:
            return
        groups: dict[object, list[Finding]] = {}
        for finding in self.known:
            groups.setdefault(finding.entity, []).append(finding)
        rows = _within(map(self._known, groups.values()), ROWS, FOLDED)
        yield f"<details><summary>{self.t('gate.markdown.baselined', n=len(self.known))}</summary>"
        yield "\n".join(f"- {row}" for row in [*rows, *self._more(len(groups) - len(rows))])
        yield "</details>"

    def _known(self, findings: Sequence[Finding]) -> str:
        entity = findings[0].entity
        title = f" {code_span(fit(entity.subtitle, TITLE))}" if entity.subtitle else ""
        rules = self.t.list(list(dict.fromkeys(f"{one.rule} {one.name}" for one in findings)))
        return self.t("gate.text.team", team=_linked(entity.shown, entity.url) + title, text=rules)

    def _waived(self) -> str:
        waived = self.result.waived
        lines = [*map(self._waiver, waived[:NAMED]), *self._more(len(waived) - NAMED)]
        return f"**{self.t('gate.text.waived')}**\n\n" + "\n".join(f"- {line}" for line in lines) if waived else ""

    def _waiver(self, one: WaivedFinding) -> str:
        owner, reason = _name(one.waiver.who), code_span(fit(one.waiver.reason, TITLE))
        why = self.t("gate.text.waiver", expires=str(one.waiver.expires), owner=owner, reason=reason)
        return f"{_name(one.finding.entity.shown)} {one.finding.rule} {one.finding.name}: {why}"


# -- what keeps tracker text harmless ----------------------------------------------------------------------------------


def _tame(text: str) -> str:
    """One line without back-ticks and control characters; never empty."""
    return one_line(text).replace(REPLACEMENT, "").replace("`", "").strip() or "-"


def _quoted(text: str) -> str:
    if _NUMBER.fullmatch(text):
        return text
    return Marked(_OPEN + fit(_tame(text.replace(_OPEN, "").replace(_CLOSE, "")), TEXT // 2) + _CLOSE)


def _spanned(line: str) -> str:
    """A rendered line: quoted text becomes a code span, or stays part of the one of ours that it stands in."""
    out: list[str] = []
    inside, length = False, 0
    for piece in _PIECES.split(line):
        if length > TEXT and not inside:
            return "".join(out) + "…"
        length += len(piece)
        if piece == "`":
            inside = not inside
            out.append(piece)
        elif piece.startswith(_OPEN):
            out.append(piece[1:-1] if inside else f"`{piece[1:-1]}`")
        else:
            out.append(piece if inside else piece.translate(_MARKUP))
    return "".join(out)


def _linked(key: str, url: str | None) -> str:
    """A key, as a link where the gate found one on the source's own host."""
    safe = own_link(url, url)
    return f"[{_name(key)}](<{safe}>)" if safe and len(safe) <= LINK else _name(key)


def _line(cells: Sequence[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |"


def _name(text: str) -> str:
    return code_span(fit(text, NAME))


def _within(texts: Iterable[str], most: int, budget: int = BUDGET) -> list[str]:
    """The first texts: at most so many, and no more once the budget of characters is used up."""
    kept: list[str] = []
    for text in texts:
        if len(kept) == most or sum(map(len, kept)) + len(text) > budget:
            break
        kept.append(text)
    return kept


def _block(line: str) -> str:
    """A line to copy, in a code block that it can't end."""
    text = _tame(line)
    return f"```text\n{' ' if text.startswith('/') else ''}{text}\n```"
