"""Writing a contribution line: what findings offer to paste.

Whatever is written here is read without error, except a blank, which a person has to fill in.
"""

from __future__ import annotations

from okr_delivery.model.claims.keywords import Keyword

SIZES = {"小": "S", "中": "M", "大": "L", "特大": "XL"}
_SIZES_ZH = {letter: word for word, letter in SIZES.items()}

BLANK = "N"
"""Stands in an offered line for a number that only a person knows: `+Npp`. It is refused until it is filled in."""

NON_OKR_CLASSES = {
    "run": "run",
    "defect": "defect",
    "debt": "debt",
    "compliance": "compliance",
    "运维": "run",
    "运营": "run",
    "缺陷": "defect",
    "技术债": "debt",
    "合规": "compliance",
}
"""First words of a `Non-OKR:` line and the class they declare."""


def number_text(value: float, *, signed: bool = False) -> str:
    """A number as the grammar reads it: `.` as decimal point, no exponent, no needless zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    text = "0" if text in ("", "-0") else text
    return f"+{text}" if signed and not text.startswith("-") else text


def percent_text(fraction: float) -> str:
    return f"{number_text(fraction * 100)}%"


def size_text(size: str, *, chinese: bool) -> str:
    return _SIZES_ZH[size] if chinese else size


def share_text(fraction: float, *, chinese: bool) -> str:
    return f"贡献度{percent_text(fraction)}" if chinese else f"share {percent_text(fraction)}"


def confidence_text(fraction: float, *, chinese: bool) -> str:
    return f"把握{percent_text(fraction)}" if chinese else percent_text(fraction)


def points_unit(*, chinese: bool) -> str:
    """How points of a percentage are written."""
    return "个百分点" if chinese else "pp"


def claim_line(kr: str, what: str | None, confidence: float | None = None, *, chinese: bool = False) -> str:
    """One line to paste. `what` is an amount, a size or a share as written, `?`, or None for a bare link."""
    keyword = Keyword.CONTRIBUTES_ZH if chinese else Keyword.CONTRIBUTES
    parts = [f"{keyword.value}: {kr}"]
    if what is not None:
        parts.append(what)
    if confidence is not None:
        bare = what is None and not chinese  # a percentage that stands alone would be read as the amount
        parts.append(f"{'confidence ' if bare else ''}{confidence_text(confidence, chinese=chinese)}")
    return " ".join(parts)
