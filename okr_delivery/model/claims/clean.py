"""From a pasted description to normalised contribution lines.

What rich-text editors, wikis, chats and spreadsheets leave around a line is taken off here, so that the grammar sees
plain ASCII signs and single blanks. Text of code and quote blocks is not read, nor is text that was struck through.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from okr_delivery.model.claims.grammar import cut, looks_like_part, parse_bare
from okr_delivery.model.claims.keywords import Found, Keyword, find_keywords
from okr_delivery.model.claims.pattern import BLANK
from okr_delivery.model.claims.write import NON_OKR_CLASSES

MAX_LINES = 200
MAX_ROUNDS = 32
NOTHING = frozenset({"", "no", "none", "n/a", "na", "nil", "无", "否", "没有", "不适用"})

_MINUS = "‐‑‒–—―−⁃﹣－➖"
_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u3164"
_LOOKALIKES = {
    "﹢➕": "+",
    "﹪٪": "%",
    "﹕꞉∶": ":",
    "﹔": ";",
    "﹐、": ",",
    "﹖": "?",
    "“”„‟「」『』«»": '"',
    "‘’‚‛‹›": "'",
    "【】〔〕《》〈〉": " ",
    "∣￨": "|",
    "…": "...",
    "→➔➜⇒⟶": " -> ",
}
_PICTURES = (range(0x1F000, 0x1FB00), range(0x2600, 0x2794), range(0x27B0, 0x27BF), range(0x2B00, 0x2C00))
_SIGNS: dict[int, str | None] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_SIGNS |= {code: " " for codes in _PICTURES for code in codes}
_SIGNS |= {ord(sign): "-" for sign in _MINUS} | {ord(blank): " " for blank in _BLANKS}
_SIGNS |= {ord(sign): plain_sign for signs, plain_sign in _LOOKALIKES.items() for sign in signs}
_ZERO_WIDTH = {0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0xFEFF, 0xFE0E, 0xFE0F}
_SIGNS |= dict.fromkeys([*_ZERO_WIDTH, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])

_BREAKS = re.compile(
    r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]|<br\s*/?>|</?(?:p|div|li|ul|ol|tr|table|h[1-6])\b[^<>]*>", re.I
)
_OPENER = re.compile(
    r"(?<!\{)\{(?P<macro>code|noformat|quote)(?::[^{}\n]*)?\}|<(?P<tag>pre|code|blockquote)\b[^<>]*>|<!--",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\s{0,3}(?:[-*+]\s+|\d+[.)]\s+)?(```+|~~~+)(.*)")
_QUOTED = re.compile(r"\s*(?:[-*#]+\s+)?(?:>|bq\.)")
_STRUCK = re.compile(r"~~(?=\S).*?(?<=\S)~~|<(s|del|strike)>.*?</\1>", re.IGNORECASE)
_STRUCK_LINE = re.compile(r"\s*(?:[-*#]+\s+)?-(?=[^\s-]).*?(?<=[^\s-])-\s*")
_EDGE = r"(?![^\s|.,;:)!?])"
_WIKI_STRUCK = re.compile(rf"(?<![^\s|(:;])-(?:[+-]?\d[^\s|;]*[^\s|;-]|[+-]?[^\s\d+>|;-](?:[^|;]*?[^\s|;-])?)-{_EDGE}")
_WIKI_INSERTED = re.compile(rf"(?<![^\s|(:;])\+([+-]?\d[^\s|;]*[^\s|;+]|[+-]?[^\s\d+|;-](?:[^|;]*?[^\s|;+])?)\+{_EDGE}")
_MENTION = re.compile(r"\[~[^\[\]]*\]|\([/x!]\)")
_MONOSPACE = re.compile(r"\{\{|\}\}")
_CELL_TAGS = re.compile(r"</?t[dh]\b[^<>]*>|\t", re.IGNORECASE)
_TAGS = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_LINKS = (
    re.compile(r"\[([^\[\]|]*)\|[^\[\]]*\]"),
    re.compile(r"!?\[([^\[\]]*)\]\((?=[^()\s]*[/:#])[^()\s]*(?:\s[^()]*)?\)"),
)
_MACROS = re.compile(r"\{(?!contribut|non)[a-z*_+^~?-]+(?::[^{}]*)?\}", re.IGNORECASE)
_BACKSLASHES = re.compile(r"\\+(?=[^\w\s]|_|\s|$)")
_MARKUP = re.compile(r"[<\t~+\-\[\](){}\\*`_]")  # without one of these no pattern of a line's markup matches
_MARKS = re.compile(r"[*`\[\]]|~{2,}|(?<![^\W_])_+(?=\S)|(?<=\S)_+(?![^\W_])")
_UNDERLINE = re.compile(
    rf"(?:^|(?<=\s))(?!\+(?i:{BLANK})(?!-))\+(?=[^\W\d])|(?<=[\w%?:])\+(?=\s*$)|(?<=:)\+(?=\s)|\+(?=\s*:)"
)


def claim_lines(text: str) -> str:
    """The contribution lines of a description, normalised, one a line; "" when there are none.

    Reads at most 200 lines of 500 characters (a longer one ends in `⋯` and is refused if the claim reaches that far).
    Lines with a keyword and nothing behind it (or `none`, `n/a`, 无), as templates leave them, say nothing and are left
    out. Applying it to its own result changes nothing.
    """
    return _settled(_once(text))


@lru_cache(maxsize=1024)
def _settled(text: str) -> str:
    """Text that was escaped or encoded more than once needs more than one round. Most claims are made many times."""
    for _ in range(MAX_ROUNDS - 1):
        lines = _once(text)
        if lines == text:
            break
        text = lines
    return text


def plain(text: str) -> str:
    """One field's or cell's text on one line, as the grammar wants it: full-width signs, marks and blanks taken off."""
    return _blanks(_clean_line(_signs(text).replace("\n", " ")))


def _once(text: str) -> str:
    text = _signs(text)
    if not _may_hold_claim(text):
        return ""
    read = "\n".join(cut(line) for line in _BREAKS.sub("\n", text).split("\n")[:MAX_LINES])
    cleaned = [_clean_line(line) for line in _outside_fences(_without_blocks(read).split("\n"))]
    return "\n".join(cut(line) for line in list(_claims(cleaned))[:MAX_LINES])


def _signs(text: str) -> str:
    """Entities decoded, signs and blanks as ASCII, invisible marks gone."""
    while "&" in text and (decoded := html.unescape(text)) != text:
        text = decoded
    return text if text.isascii() else unicodedata.normalize("NFC", text.translate(_SIGNS)).translate(_SIGNS)


def _may_hold_claim(text: str) -> bool:
    """A cheap look, because almost no text holds a claim."""
    lower = text.lower()
    return "okr" in lower or "contribut" in lower or ("贡" in lower and "献" in lower)


def _without_blocks(text: str) -> str:
    """Without code blocks, quotes and comments of wiki and HTML. One that is never closed is no block."""
    lower = text.lower()
    kept: list[str] = []
    unclosed: set[str] = set()
    position = 0
    while opener := _OPENER.search(text, position):
        closer = _closer(opener)
        end = -1 if closer in unclosed else lower.find(closer, opener.end())
        if end < 0:
            unclosed.add(closer)
        kept.append(text[position : opener.end() if end < 0 else opener.start()])
        kept.append("" if end < 0 else "\n")
        position = opener.end() if end < 0 else end + len(closer)
    return "".join([*kept, text[position:]])


def _closer(opener: re.Match[str]) -> str:
    if opener["macro"]:
        return f"{{{opener['macro'].lower()}}}"
    return f"</{opener['tag'].lower()}>" if opener["tag"] else "-->"


def _outside_fences(lines: list[str]) -> Iterator[str]:
    """The lines that are neither fenced code nor quoted."""
    fence: str | None = None
    for line in lines:
        mark = _FENCE.fullmatch(line)
        if fence is not None:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = None
        elif mark and mark[1] not in mark[2]:
            fence = mark[1]
        elif not _QUOTED.match(line) and not _is_struck(line):
            yield line


def _is_struck(line: str) -> bool:
    match = _STRUCK_LINE.fullmatch(line)
    return match is not None and bool(find_keywords(line))


def _clean_line(line: str) -> str:
    if not _MARKUP.search(line):
        return line
    line = _CELL_TAGS.sub("|", _STRUCK.sub(" ", line))
    line = _MENTION.sub(" ", _MONOSPACE.sub("", _TAGS.sub("", line)))
    line = _WIKI_INSERTED.sub(r"\1", _WIKI_STRUCK.sub(" ", line))
    for link in _LINKS:
        line = link.sub(r"\1", line)
    line = _BACKSLASHES.sub("", _MACROS.sub("", line))
    return _UNDERLINE.sub("", _MARKS.sub(" " if _is_checkbox(line) else "", line))


def _is_checkbox(line: str) -> bool:
    return "[ ]" in line or "[x]" in line.lower()


def _blanks(text: str) -> str:
    return " ".join(text.split())


def _claims(lines: list[str]) -> Iterator[str]:
    waiting: Keyword | None = None  # a keyword alone on its line: the claim may follow on the next ones
    for line in lines:
        found = _counting(line, find_keywords(line))
        if waiting and not found and _follows(line):
            yield f"{waiting.value}: {_bare(line)}"
            continue
        if line.strip():
            waiting = None
        for one, rest in _segments(line, found):
            if _says_something(rest):
                yield f"{one.keyword.value}: {rest}"
            goes_on = not rest or line.rstrip(" |").endswith(";")
            if goes_on and one is found[-1] and not one.keyword.non_okr:
                waiting = one.keyword


def _says_something(rest: str) -> bool:
    return rest.lower() not in NOTHING and any(ch.isalnum() or ch == "?" for ch in rest)


def _bare(line: str) -> str:
    return _blanks(re.sub(r"^\s*(?:[-+•·#|]+\s*|\d+[.)]\s+)?", "", line)).strip(" |")


def _follows(line: str) -> bool:
    """Whether a line below a lone keyword is its claim: a readable one whose key result looks like an id."""
    return _readable(_bare(line))


def _readable(text: str) -> bool:
    claim = parse_bare(text)
    return claim.error is None and claim.kr is not None and re.search(r"[A-Za-z].*\d", claim.kr) is not None


def _counting(line: str, found: list[Found]) -> list[Found]:
    """The strong keywords, and the weak ones with a readable claim behind them."""
    return [one for one, rest in _segments(line, found) if one.strong or _readable(rest)]


def _segments(line: str, found: list[Found]) -> Iterator[tuple[Found, str]]:
    for position, one in enumerate(found):
        end = found[position + 1].start if position + 1 < len(found) else len(line)
        yield one, _cells(line[one.end : end], non_okr=one.keyword.non_okr)


def _cells(text: str, *, non_okr: bool) -> str:
    """The claim in a table row: the first cell, and the next ones as long as they read as parts of it."""
    cells = [cell for cell in map(_blanks, text.split("|")) if cell]
    kept = cells[:1]
    for cell in cells[1:]:
        if not (_only_class(kept) if non_okr else looks_like_part(cell)):
            break
        kept.append(cell)
    return " ".join(kept).strip(" ;")


def _only_class(kept: list[str]) -> bool:
    return len(kept) == 1 and kept[0].lower() in NON_OKR_CLASSES
