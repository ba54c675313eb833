"""Amounts of a key result for people to read, the same wherever they stand; lines to paste have their own form."""

from __future__ import annotations

from okr_delivery.locale import plain
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import KeyResult

PERCENT = "%"
GROUPED = 10_000  # from here on thousands are set apart


def quantity(value: float, kr: KeyResult) -> Message:
    """An amount with its unit; what is measured in per cent moves in points."""
    shown, unit = grouped(value), kr.metric.unit
    if unit == PERCENT:
        return msg("plan.amount.points", value=shown)
    return msg("plan.amount", value=shown, unit=unit) if unit else msg("plan.amount.bare", value=shown)


def change(value: float, kr: KeyResult) -> Message:
    """The same with its sign, a true minus."""
    shown = quantity(abs(value), kr)
    sign = "+" if value > 0 else "\u2212"
    return Message(shown.id, {**shown.params, "value": f"{sign}{shown.params['value']}"})


def grouped(value: float) -> str:
    """A number for people: 1,000,000, not 1000000; its decimals stay."""
    whole, point, rest = plain(value).partition(".")
    return f"{int(whole):,}{point}{rest}" if whole.lstrip("-").isdigit() and abs(value) >= GROUPED else plain(value)
