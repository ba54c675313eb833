"""How a report writes numbers, dates and states in one language. Rounding here is for reading, never for data."""

from __future__ import annotations

import math
from datetime import date, datetime, tzinfo

from okr_delivery.locale import Translator, hundredths, plain

NOTHING = "–"
POINTS = "%"  # a key result in per cent moves in points


class Words:
    """Formats with one translator."""

    def __init__(self, t: Translator) -> None:
        self.t = t

    def percent(self, ratio: float | None) -> str:
        """0.834 -> 83%; with a true minus sign."""
        return NOTHING if ratio is None else hundredths(ratio).replace("-", "\u2212") + "%"

    def days(self, days: float | None) -> str:
        """6.2 d; a part of a day keeps two decimals, so that what took minutes took no 0 d."""
        if days is None:
            return NOTHING
        number = plain(round(days, 1 if days >= 1 else 2))
        return self._joined("<0.01" if number == "0" and days > 0 else number, self.t("terms.unit.d"))

    def level(self, value: float | None, unit: str | None) -> str:
        """Where a key result stands: 44%, 32 d, 1200 orders."""
        return NOTHING if value is None else self._joined(readable(value), self.unit(unit))

    def change(self, value: float | None, unit: str | None) -> str:
        """How far it moves, with its sign: +3 pp, −12 d."""
        if value is None:
            return NOTHING
        name = self.t("terms.unit.pp") if unit == POINTS else self.unit(unit)
        return self._joined(signed(value), name)

    def span(self, low: float | None, high: float | None) -> str | None:
        """The stated low and high of a claim, None when neither is stated."""
        if low is None and high is None:
            return None
        return f"{NOTHING if low is None else signed(low)} … {NOTHING if high is None else signed(high)}"

    def unit(self, unit: str | None) -> str:
        known = f"terms.unit.{unit}"
        return self.t(known) if unit and self.t.knows(known) else unit or ""

    def day(self, day: date | None) -> str:
        return NOTHING if day is None else day.isoformat()

    def moment(self, ts: int, zone: tzinfo) -> str:
        """An instant on the team's clock, to the minute, with the zone's name."""
        return f"{datetime.fromtimestamp(ts, zone):%Y-%m-%d %H:%M} {zone}"

    def _joined(self, number: str, unit: str) -> str:
        if not unit:
            return number
        return number + unit if unit in {"%", "‰"} else f"{number} {unit}"


def readable(value: float) -> str:
    """Two decimals, fewer for large numbers, three significant digits below one."""
    size = abs(value)
    if size >= 1000:
        return f"{round(value):,}"
    if size >= 1 or not size:
        return plain(round(value, 1 if size >= 100 else 2))
    return plain(round(value, 2 - math.floor(math.log10(size))))


def signed(value: float) -> str:
    """With a true minus sign; no sign for zero."""
    text = readable(abs(value))
    return text if text == "0" else ("+" if value > 0 else "\u2212") + text
