"""The words that begin a contribution line, and where in a line they count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Keyword(Enum):
    """The four canonical spellings; the language of a line is that of its keyword."""

    CONTRIBUTES = "Contributes-to"
    CONTRIBUTES_ZH = "贡献"
    NON_OKR = "Non-OKR"
    NON_OKR_ZH = "非OKR"

    @property
    def chinese(self) -> bool:
        return self in (Keyword.CONTRIBUTES_ZH, Keyword.NON_OKR_ZH)

    @property
    def non_okr(self) -> bool:
        return self in (Keyword.NON_OKR, Keyword.NON_OKR_ZH)

    @property
    def contributes(self) -> Keyword:
        """The contribution keyword of the same language."""
        return Keyword.CONTRIBUTES_ZH if self.chinese else Keyword.CONTRIBUTES


@dataclass(frozen=True, slots=True)
class Found:
    """A keyword in a line. `strong`: it counts whatever follows; else only in front of a readable claim."""

    keyword: Keyword
    start: int
    end: int  # behind the colon or the cell border
    strong: bool


_WORD = re.compile(
    r"(?P<en>(?<![a-z0-9])contributes?(?P<gap>[\s_-]*)to)"
    r"|(?P<zh>(?:预期|预计)?贡献度?)"
    r"|(?P<non>(?<![a-z0-9])non[\s_-]*okr)"
    r"|(?P<fei>非\s?okr)",
    re.IGNORECASE,
)
_COLON = re.compile(r"\s*:\s*")
_BORDER = re.compile(r"\s*\|[\s|]*(?=[^|\s])")
_AT_START = re.compile(r"(?:.*[^\w\s]|\W*(?:h[1-6]|\d+|[a-z])?)\s*", re.IGNORECASE)


def find_keywords(line: str) -> list[Found]:
    """The keywords of a cleaned line, left to right."""
    lower = line.lower()
    if "okr" not in lower and "contr" not in lower and "贡" not in lower:  # cheaper than the pattern on most lines
        return []
    found = (_found(line, match) for match in _WORD.finditer(line))
    return [one for one in found if one is not None]


def _found(line: str, match: re.Match[str]) -> Found | None:
    end = _end(line, match)
    if end is None:
        return None
    strong = match["zh"] is None and (match["en"] is None or "-" in match["gap"])
    at_start = _AT_START.fullmatch(line[: match.start()]) is not None
    return Found(_keyword(match), match.start(), end, strong or at_start)


def _end(line: str, match: re.Match[str]) -> int | None:
    """Behind the colon; in a table also behind the border of a cell that holds nothing but the keyword."""
    colon = _COLON.match(line, match.end())
    if colon:
        return colon.end()
    border = _BORDER.match(line, match.end())
    alone = line[: match.start()].rstrip()[-1:] in ("", "|")
    return border.end() if border and alone else None


def _keyword(match: re.Match[str]) -> Keyword:
    if match["en"]:
        return Keyword.CONTRIBUTES
    if match["zh"]:
        return Keyword.CONTRIBUTES_ZH
    return Keyword.NON_OKR if match["non"] else Keyword.NON_OKR_ZH
