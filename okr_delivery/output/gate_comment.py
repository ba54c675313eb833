"""What the gate says on a requirement in its tracker: one comment for the people who can settle it.

Nothing that somebody typed stands in it but as code; it names nobody, so that nobody is notified by it. A writer shows
everything else as it is, whatever signs are in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence

from okr_delivery.gate.finding import Finding
from okr_delivery.gate.paste import localised
from okr_delivery.locale import Translator
from okr_delivery.model.message import Message
from okr_delivery.output.gate_words import fit, in_language
from okr_delivery.output.safe import Marked
from okr_delivery.output.safe import message as cleaned
from okr_delivery.sync.writes import Piece, code, link, pieces

MOST = 10  # findings; a requirement with more is told how many
TEXT = 400  # characters of what somebody typed
_NUMBER = re.compile(r"[+-]?[0-9]+([.,:-][0-9]+)*", re.ASCII)


def write(findings: Sequence[Finding], label: str, t: Translator, url: str | None = None) -> str:
    """The comment's text for a writer; `url` is the address of the settings that is shown as a link."""
    say = _Saying(t, url)
    blocks = [t("telling.head"), *("\n".join(say.finding(one)) for one in findings[:MOST])]
    if len(findings) > MOST:
        blocks.append(t("telling.more", n=len(findings) - MOST))
    again = dict.fromkeys(say.again(one) for one in findings[:MOST])
    blocks += ["\n".join(line for line in again if line), t("telling.foot", label=code(label))]
    return "\n\n".join(block for block in blocks if block)


def shown(text: str) -> list[str]:
    """The comment as lines of plain text, for a look before it is written."""
    quoted = {Piece.TEXT: "{}", Piece.CODE: "`{}`", Piece.LINK: "<{}>"}
    return ["".join(quoted[kind].format(part) for kind, part in pieces(line)) for line in text.split("\n")]


def essence(findings: Sequence[Finding], label: str, t: Translator) -> str:
    """Sixteen hexadecimal digits for what makes a comment worth rewriting.

    Numbers that move by themselves (a budget's use, how often others linked a key result) are no part of it.
    """
    facts = [
        (f.rule, str(f.severity), t.render(f.message), f.paste, [one.kr for one in f.suggestions], f.alternative)
        for f in findings
    ]
    text = json.dumps([1, t.lang, label, facts], ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


class _Saying:
    def __init__(self, t: Translator, url: str | None) -> None:
        self.t = t
        self.url = url

    def finding(self, finding: Finding) -> Iterator[str]:
        severity = self.t(f"gate.text.severity.{finding.severity}")
        wrong = " ".join(self.lines(finding.message))
        yield self.t("telling.finding", severity=severity, rule=finding.rule, name=finding.name, text=wrong)
        if finding.paste:
            yield self.t("telling.paste", line=self.typed(localised(finding.paste, self.t.lang)))
        for one in finding.suggestions:
            reason = " ".join(self.lines(one.reason))
            yield self.t("telling.suggestion", kr=self.typed(one.kr), reason=reason)
        yield from self._help(finding)[:-1]

    def again(self, finding: Finding) -> str:
        """How to check again: the last line of every help."""
        return (self._help(finding) or [""])[-1]

    def _help(self, finding: Finding) -> list[str]:
        return self.lines(in_language(finding, self.t.lang))

    def lines(self, message: Message) -> list[str]:
        clean: Callable[[str], str] = self.typed
        return [_coded(line) for line in self.t.render(cleaned(message, clean)).splitlines()]

    def typed(self, text: str) -> str:
        """Text that is not ours: as code, but for bare numbers and the address of the settings."""
        if self.url is not None and text == self.url:
            return Marked(link(text))
        return text if _NUMBER.fullmatch(text) else Marked(code(fit(text, TEXT)))


def _coded(line: str) -> str:
    """A rendered line whose own back-ticks are code too, with what was typed into it."""
    spans = line.split("`")
    if len(spans) % 2 == 0:  # one is left over: none is a pair
        return line
    return "".join(_flat(part) if at % 2 else part for at, part in enumerate(spans))


def _flat(part: str) -> str:
    return code("".join(text for _, text in pieces(part)))
