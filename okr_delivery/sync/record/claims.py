"""Contribution lines in a recording: what the tool reads of them stays, reasons and everything around become filler."""

from __future__ import annotations

import re
from collections.abc import Iterator

from okr_delivery.model.claims import NON_OKR_CLASSES, parse_bare, parse_claims
from okr_delivery.sync.record.filler import Filler

_KEYWORD = re.compile(r"contribut|okr|贡献", re.IGNORECASE)
_ID = r"(?<!\w)(?:\d{4}\w{0,4}:)?[A-Za-z]\w{0,30}(?:[.:-]\w{1,20}){0,3}-\w{0,6}\d\w{0,6}(?!\w)"
_NUMBER = (
    r"(?<![A-Za-z0-9_.])[~≈约]?(?:[+\-−–]\s?)?[¥￥$€£]?(?<!\d)\d{1,3}(?:\d{0,4}|(?:,\d{3}){0,4})(?:\.\d{1,6})?(?!\d)"
)
_WORDS = (
    r"(?i:(?<![a-z0-9])contributes?[\s_-]*to(?![a-z]))",
    r"(?i:(?<![a-z0-9])non[\s_-]*okr)",
    "(?:预期|预计)?贡献度?",
    r"非\s?(?i:okr)",
    r"(?i:(?<!\w)(?:share(?: of)?|size|confidence|confident|conf|sure|tbd)(?!\w))",
    r"(?i:(?<!\w)(?:percentage points?|pp|p\.p\.|points?|xl|[sml])(?!\w))",
    r"(?i:(?<=\d)(?:k|pp|[dhw]|ms|m)(?!\w))",
    "份额|把握度?|信心|置信度|待定|特大|百分点|个点|千万|百万|[小中大万亿千个元天]",
)


class Claims:
    """Scrubs texts that may hold contribution lines."""

    def __init__(self, filler: Filler) -> None:
        self._filler = filler

    def prose(self, text: str) -> str:
        """A description: filler, except in lines with a contribution."""
        if not _KEYWORD.search(text):
            return self._filler.text(text)
        kept = self._kept(text)
        following = False
        lines = []
        for line in re.split(r"(?<=\n)", text):
            spoken = bool(_KEYWORD.search(line))
            inside = spoken or following
            lines.append(self._filler.around(line, kept) if inside else self._filler.text(line))
            following = inside and not re.search(r"\d", line)  # a claim may follow on the next line
        return "".join(lines)

    def field(self, text: str) -> str:
        """A key result, contribution or confidence field: claims without a keyword."""
        return self._filler.around(text, self._kept(text))

    def _kept(self, text: str) -> list[str]:
        return [_ID, _NUMBER, *sorted(set(self._of_claims(text))), *_WORDS]

    def _of_claims(self, text: str) -> Iterator[str]:
        """Patterns of what this text's readable claims are made of, beside ids and numbers."""
        bare = (parse_bare(part) for line in text.splitlines() for part in re.split("[;；]", line))
        for claim in (*parse_claims(text), *bare):
            if claim.error is None and claim.suffix:
                yield rf"(?<=\d)\s?{re.escape(claim.suffix)}(?!\w)"
            if claim.non_okr_class:
                yield from (rf"(?<!\w){re.escape(word)}(?!\w)" for word in _words_of(claim.non_okr_class))


def _words_of(work_class: str) -> list[str]:
    return [word for word, meant in NON_OKR_CLASSES.items() if meant == work_class]
