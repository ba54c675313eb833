"""Titles as people write them, brought to one form: one kind of sign, single blanks, no numbering in front."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Language = Literal["en", "zh"]

MAX_LENGTH = 500
"""Characters of a title that are read; nobody writes a longer one, and no pattern shall take long over it."""

_CJK = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_SIGNS = str.maketrans(
    {
        sign: plain
        for signs, plain in (("‐‑‒–—―−", "-"), ("“”„«»「」『』", '"'), ("‘’‚", "'"), ("➔➜⇒⟶", "→"))
        for sign in signs
    }
)
_NUMBERING = re.compile(
    r"^\W*(?:(?:objective|key result|目标|关键结果)\s*\d*\s*[:.)、-]\s*|(?:O"
    r"|KR)\s*\d+(?:[.-]\d+)*\s*[:.)、-]?\s+|(?:O|KR)\s*\d*\s*[:.)、]\s*|\d{1,2}\s*[.)、]\s+)",
    re.I,
)


def plain(text: str) -> str:
    """`text` with full-width signs, quotes, dashes and blanks made plain, without `KR1:` in front or a full stop."""
    one = unicodedata.normalize("NFKC", text[:MAX_LENGTH]).translate(_SIGNS)
    one = re.sub(r"[\u200b-\u200f\ufeff]", "", one)
    one = re.sub(r"\s+", " ", one).strip()
    return _NUMBERING.sub("", one).strip(' .。!！?？"*_`')


def language(text: str) -> Language:
    """`zh` as soon as there is a Chinese character: `DAU 从 100 万提升到 150 万` is Chinese with a term in it."""
    return "zh" if _CJK.search(text) else "en"


def squeeze(text: str) -> str:
    """Chinese text without its blanks, except those between two Latin words."""
    return re.sub(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])", "", text)


def tokens(text: str) -> list[str]:
    """The lower-case words of an English text; hyphens and apostrophes stay inside a word."""
    return re.findall(r"[a-z0-9][a-z0-9'/-]*", text.lower())


def words(text: str) -> frozenset[str]:
    """A table written as words between blanks."""
    return frozenset(text.split())


def either(*tables: str | Iterable[str]) -> str:
    """A pattern of any word of tables, the longest first; `_` in a word stands for a blank."""
    parts = {part for table in tables for part in (table.split() if isinstance(table, str) else table)}
    return "(?:" + "|".join(re.escape(p.replace("_", " ")) for p in sorted(parts, key=lambda p: (-len(p), p))) + ")"
