"""The contribution line: `Contributes-to: GROW-KR1 +1.5pp 60%`, `贡献: GROW-KR1 中`, `Non-OKR: compliance audit`.

`claim_lines` finds the lines in a description as people paste it and normalises them; `parse_claims` reads them. Both
are pure, and `parse_claims(claim_lines(text)) == parse_claims(text)`, so the normalised lines are all that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from okr_delivery.model.claims.clean import MAX_LINES, claim_lines, plain
from okr_delivery.model.claims.grammar import MAX_LENGTH, has_blank, parse_bare
from okr_delivery.model.claims.parse import parse_claims
from okr_delivery.model.claims.write import NON_OKR_CLASSES, claim_line, number_text

__all__ = [
    "MAX_LENGTH",
    "MAX_LINES",
    "NON_OKR_CLASSES",
    "claim_line",
    "claim_lines",
    "has_blank",
    "label_claim",
    "number_text",
    "parse_bare",
    "parse_claims",
    "plain",
]


def label_claim(label: str, prefixes: Iterable[str]) -> str | None:
    """The key result that a label names, as written; None when no prefix fits or nothing follows it.

    The longest prefix wins, so `kr::GROW-KR1` is not read as `kr:` and `:GROW-KR1`. Case does not count.
    """
    for prefix in sorted(prefixes, key=len, reverse=True):
        if prefix and label.lower().startswith(prefix.lower()):
            return label[len(prefix) :].strip() or None
    return None
