"""Plain text on its way into Jira's wiki markup: nothing in it is interpreted, linked or notifies anybody."""

from __future__ import annotations

import hashlib
import re

from okr_delivery.model.text import REPLACEMENT, one_line
from okr_delivery.sync.writes import Piece, pieces

_LINES = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_SIGNS = re.compile(r"[*_+?^~|{}\[\]()!@#]")
_DASH = re.compile(r"(?<![0-9A-Za-z])-|-(?![0-9A-Za-z])")  # inside a word or a date it is no markup
_BLOCK = re.compile(r"^(?=(?:h[1-6]|bq)\.)", re.IGNORECASE)
_WORDS = re.compile(r"(?<=:)(?=//)|(?<=mailto:)|(?<=[:;])(?=[DPdp]\b)|(?<=&)(?=#?\w{1,31};)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?=[^0-9A-Za-z\s])")
_BLANKS = re.compile(r"\s+")
_JOINER = "\u2060"  # has no width and no meaning; splits what a backslash can't: `h1.`, `://`, `:D`
_BACKSLASH = "\u2216"  # looks like one; two of the real ones are a line break, and one hides the next sign


def wiki(text: str) -> str:
    """`text` so that Jira shows it as it is. Lines stay lines; control characters are dropped.

    What `code` made is monospaced where no letter stands beside it, and escaped all the same, because Jira interprets
    what is in there; what `link` made is a link.
    """
    return "\n".join(_line(line) for line in _LINES.split(text)).strip()


def plain(text: str) -> str:
    """`text` on one line without control characters, for what Jira shows as it is (titles of links)."""
    return one_line(text).replace(REPLACEMENT, "")


def shown(markup: str) -> str:
    """What is left of escaped text when escapes and runs of blanks do not count: equal for equal texts.

    Jira Cloud stores documents and writes the markup anew when it is read, so that its escapes differ from ours.
    """
    return _BLANKS.sub(" ", _ESCAPE.sub("", markup.replace(_JOINER, ""))).strip()


def digest(text: str) -> str:
    """Sixteen hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _line(line: str) -> str:
    parts = [(kind, _escaped(kind, text)) for kind, text in pieces(plain(line).replace("\\", _BACKSLASH))]
    made = "".join(
        f"{{{{{text}}}}}" if kind is Piece.CODE and _apart(parts, at) else text for at, (kind, text) in enumerate(parts)
    )
    return _BLOCK.sub(_JOINER, made)


def _escaped(kind: Piece, text: str) -> str:
    if kind is Piece.LINK:
        return f"[{text}]"
    escaped = _DASH.sub(r"\\-", _SIGNS.sub(r"\\\g<0>", text))
    return _WORDS.sub(_JOINER, escaped)


def _apart(parts: list[tuple[Piece, str]], at: int) -> bool:
    """Whether no letter or digit stands beside a part: markup inside a word is none."""
    before = parts[at - 1][1][-1] if at else " "
    behind = parts[at + 1][1][0] if at + 1 < len(parts) else " "
    return not before.isalnum() and not behind.isalnum()
