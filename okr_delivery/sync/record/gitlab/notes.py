"""GitLab's notes of what was done: the wording stays, names and whatever people wrote do not."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from okr_delivery.sync.record.gitlab.tables import NOTE_WORDS, SPAN
from okr_delivery.sync.record.gitlab.texts import GitLabTexts
from okr_delivery.sync.record.tables import SAFE

_STATUS = re.compile(r"(?P<head>set status to )\*\*(?P<name>.+)\*\*\s*", re.DOTALL)
_TITLE = re.compile(r"(?P<head>changed title from )\*\*(?P<old>.*)\*\* to \*\*(?P<new>.*)\*\*", re.DOTALL | re.I)
_CUSTOM = re.compile(
    r"(?P<head><p>(?:removed|changed) )(?P<name>.{1,300}?)(?P<sign>:| to)(?P<open> <code[^<>]{0,100}>)"
    r"(?P<text>.*)(?P<close></code></p>\s*)",
    re.DOTALL,
)
_BOLD = re.compile(r"(\*\*(?:(?!\*\*)[\s\S])+\*\*)")
_MARKS = re.compile(r"\{[-+]|[-+]\}")
_PIECE = re.compile(
    r"(?P<url>https?://\S+)"
    r"|(?P<label>[^\s~%\"]{0,200}~(?:\"[^\"]*\"|[^\s+,\"]+))"
    r"|(?P<milestone>[^\s~%\"]{0,200}%(?:\"[^\"]*\"|[^\s,\"]+))"
    r"|(?P<iteration>\*iteration:(?:\d+|\"[^\"]*\"|\S+))"
    r"|(?P<item>[^\s#&!,]{0,200}[#&!]\d{1,19})(?!\w)"
    r"|(?P<person>@[\w.-]+)"
    rf"|(?<!\w)(?P<span>{SPAN.pattern})(?!\w)"
    r"|(?P<number>(?<!\w)\d{1,8}(?!\w))"
    r"|(?P<word>\w+)"
)


class Notes:
    """Scrubs notes with the words, people and paths of one recording. `claims`: names of fields that hold claims."""

    def __init__(self, texts: GitLabTexts, claims: Callable[[str], bool]) -> None:
        self._texts = texts
        self._claims = claims

    def scrub(self, body: str) -> str:
        """A note that the server wrote."""
        if found := _STATUS.fullmatch(body):
            return f"{found['head']}**{self._texts.name(found['name'])}**"
        if body.endswith("**") and (found := _TITLE.fullmatch(body)):
            return f"{found['head']}**{self._title(found['old'])}** to **{self._title(found['new'])}**"
        if found := _CUSTOM.fullmatch(body):
            return self._custom(found)
        return "".join(
            self._bold(part) if place % 2 else _PIECE.sub(self._piece, part)
            for place, part in enumerate(_BOLD.split(body))
        )

    def _title(self, text: str) -> str:
        """A title's filler with the marks of what changed at their places, so that it is that of the whole title."""
        plain = _MARKS.sub("", text)
        made = self._texts.filler.text(plain)
        if len(made) != len(plain):
            return made
        out, at = "", 0
        for part in re.split(r"(\{[-+]|[-+]\})", text):
            out += part if _MARKS.fullmatch(part) else made[at : at + len(part)]
            at += 0 if _MARKS.fullmatch(part) else len(part)
        return out

    def _custom(self, found: re.Match[str]) -> str:
        name, text = html.unescape(found["name"]), html.unescape(found["text"])
        made = self._texts.claims.field(text) if self._claims(name) else self._texts.unknown(text)
        shown = html.escape(self._texts.name(name)), html.escape(made)
        return f"{found['head']}{shown[0]}{found['sign']}{found['open']}{shown[1]}{found['close']}"

    def _bold(self, part: str) -> str:
        inner = part[2:-2]
        return part if SAFE.fullmatch(inner) else f"**{self._texts.filler.text(inner)}**"

    def _piece(self, found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "url":
                return self._texts.address(text)
            case "label":
                return self._member(text, "~", self._texts.label)
            case "milestone":
                return self._member(text, "%", self._texts.name)
            case "item":
                return self._texts.reference(text)
            case "person":
                return f"@{self._texts.people.ref(text[1:].rstrip('.'))}"
            case "word":
                return text if text.casefold() in NOTE_WORDS else self._texts.filler.text(text)
            case _:
                return text

    def _member(self, text: str, sign: str, name: Callable[[str], str]) -> str:
        """A label or milestone behind the path it belongs to; numbers stay, names are what they are elsewhere."""
        path, _, ref = text.partition(sign)
        quoted = ref.startswith('"')
        bare = ref.strip('"')
        shown = bare if bare.isdecimal() and not quoted else name(bare)
        slash = "/" if path.startswith("/") else ""
        return f"{slash}{self._texts.paths.of(path.strip('/'))}{sign}" + (f'"{shown}"' if quoted else shown)
