"""Plain text on its way into GitLab's Markdown: nothing in it is interpreted, linked, run or notifies anybody."""

from __future__ import annotations

import hashlib
import re

from okr_delivery.model.text import REPLACEMENT, one_line
from okr_delivery.sync.writes import Piece, pieces

_LINES = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_SIGNS = re.compile(r"[\\`*_{}\[\]<>()#+!|~^$%&:=\"]")
_MENTION = re.compile(r"@")
_FIRST = re.compile(r"^[/-]")  # a quick action, or a list
_NUMBERED = re.compile(r"^(\d+)([.)])")
_JOINER = "\u2060"  # has no width and no meaning; ends what would be a name, a command or an address
_LEADING = re.compile(r"\b(https?|ftp|mailto|www|GL|[A-Z][A-Z0-9_]+)(?=\\:|\.|-\d)")


def markdown(text: str) -> str:
    """`text` so that GitLab shows it as it is. Lines stay lines; control characters are dropped.

    What `code` made is a code span that nothing in it can end, and what `link` made a link.
    """
    return "  \n".join(_line(line) for line in _LINES.split(text)).strip()


def plain(text: str) -> str:
    """`text` on one line without control characters, for what GitLab shows as it is."""
    return one_line(text).replace(REPLACEMENT, "")


def digest(text: str) -> str:
    """Sixteen hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def address(url: str) -> str:
    """A URL that stays whole inside the brackets of a link."""
    return url.replace("\\", "%5C").replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")


def _line(line: str) -> str:
    made = "".join(_piece(kind, text) for kind, text in pieces(plain(line))).strip()
    return _FIRST.sub(r"\\\g<0>", _NUMBERED.sub(r"\1\\\2", made))


def _piece(kind: Piece, text: str) -> str:
    if kind is Piece.CODE:
        return f"`{text}`"
    if kind is Piece.LINK:
        return f"<{text}>"
    escaped = _SIGNS.sub(r"\\\g<0>", text)
    escaped = _MENTION.sub(f"@{_JOINER}", escaped)
    return _LEADING.sub(rf"\g<0>{_JOINER}", escaped)
