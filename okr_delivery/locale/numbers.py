"""Numbers as a person writes them: 44, not 44.0; never an exponent."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

DECIMALS = 4  # digits kept behind the point, counted from the first that is not zero


def plain(number: float) -> str:
    """`number` with at most four significant decimals and no trailing zeros; nan and inf as Python writes them."""
    value = Decimal(repr(number))
    if not value.is_finite():
        return str(number)
    places = DECIMALS if abs(value) >= 1 or not value else max(DECIMALS, DECIMALS - 1 - value.adjusted())
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN) if _too_long(value, places) else value
    text = format(rounded, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _too_long(value: Decimal, places: int) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent > places
