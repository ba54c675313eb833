"""Numbers as a person writes them: 44, not 44.0; never an exponent."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

WHOLE = 10**15
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


def hundredths(share: float) -> str:
    """A share in per cent: 0.834 -> 83. Just above nothing and just below the whole one decimal is kept, and the
    second is cut, not rounded: 0.9993 -> 99.9, for 100 would claim a target that isn't met."""
    value = 100 * Decimal(repr(share))
    if abs(value) > WHOLE:  # nothing behind the point is left, and a decimal has room for no more digits
        return plain(float(value))
    if 99 < value < 100:
        rounded = value.quantize(Decimal("0.1"), ROUND_DOWN)
    else:
        rounded = value.quantize(Decimal("0.1" if abs(value) < 1 else "1"), ROUND_HALF_EVEN)
    return plain(float(rounded))


def _too_long(value: Decimal, places: int) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -exponent > places
