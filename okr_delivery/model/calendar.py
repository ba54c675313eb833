"""Working days and working seconds of one team, in its own time zone.

A local day is a working day by, in this order: an override, a make-up working day of its country (调休), a public
holiday, the weekly mask. A working day counts with its whole length: 86,400 seconds, 23 or 25 hours where the clock
changes. Instants are UTC epoch seconds; local midnights are worked out once per year and found by bisection.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Any, Protocol
from zoneinfo import ZoneInfo

SURVEYED = range(2000, 2060)
"""Years that are searched for the last announced make-up days."""
NAMES = "en_US"
"""Language of holidays' names; left open, the library takes the machine's."""
FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)
"""Days outside are counted as if they were the nearest of these; trackers do hold due dates such as 9999-12-31."""


@dataclass(frozen=True, slots=True)
class Day:
    """One local date. `reason` is a holiday's name or None; `source` is override, makeup, holiday or week."""

    date: date
    workday: bool
    seconds: int
    reason: str | None
    source: str


class CountryDays(Protocol):
    """What is known of a country's public days."""

    version: str

    @property
    def last_announced(self) -> int | None:
        """Last year with known make-up days; None for a country that has none at all."""
        ...

    def holiday(self, on: date) -> str | None: ...

    def makeup(self, on: date) -> bool: ...


def _clamp(on: date) -> date:
    return min(max(on, FIRST), LAST)


class _Library:
    """A country's days from the `holidays` library, which is imported when the first one is built."""

    def __init__(self, code: str) -> None:
        import holidays

        country, _, subdivision = code.partition("-")
        try:
            self._days = holidays.country_holidays(country, subdiv=subdivision or None, language=NAMES)
        except NotImplementedError:
            raise LookupError(code) from None
        self.version = version("holidays")
        self._years: set[int] = set()
        self._last: int | None = None
        self._surveyed = False

    @property
    def last_announced(self) -> int | None:
        if not self._surveyed:
            for year in SURVEYED:
                self._need(year)
            self._last = max((day.year for day in self._makeup_days), default=None)
            self._surveyed = True
        return self._last

    @property
    def _makeup_days(self) -> set[date]:
        return getattr(self._days, "weekend_workdays", set())

    def holiday(self, on: date) -> str | None:
        name: Any = self._days.get(on)
        return None if name is None else str(name)

    def makeup(self, on: date) -> bool:
        self._need(on.year)
        return on in self._makeup_days

    def _need(self, year: int) -> None:
        if year not in self._years:
            self._days.get(date(year, 1, 1))  # the library fills a year when it is first asked for one of its days
            self._years.add(year)


@lru_cache
def country_days(code: str) -> CountryDays:
    """A country by its ISO code, `CN` or `DE-BY`. Raises LookupError for one that is not known."""
    return _Library(code)


@dataclass(frozen=True)
class _Rules:
    """What decides which days work."""

    week: tuple[bool, ...]
    overrides: frozenset[tuple[date, bool]]
    country: str | None

    @cached_property
    def by_day(self) -> dict[date, bool]:
        return dict(self.overrides)

    def decide(self, on: date) -> tuple[bool, str | None, str]:
        """Whether the day works, the name of a holiday, and what decided."""
        if on in self.by_day:
            return self.by_day[on], None, "override"
        if self.country:
            public = country_days(self.country)
            if public.makeup(on):
                return True, None, "makeup"
            name = public.holiday(on)
            if name is not None:
                return False, name, "holiday"
        return self.week[on.weekday()], None, "week"


class Calendar:
    """The working calendar of one team. Immutable as seen from outside; years are added to its tables on demand."""

    def __init__(
        self,
        timezone: str = "UTC",
        weekmask: Sequence[bool] = (True, True, True, True, True, False, False),
        overrides: Mapping[date, bool] | None = None,
        country: str | None = None,
    ) -> None:
        self.timezone = timezone
        self.zone = ZoneInfo(timezone)
        self.country = country
        self._rules = _Rules(tuple(weekmask), frozenset((overrides or {}).items()), country)
        self._first = date(2020, 1, 1)
        self._midnights: Sequence[int] = ()  # one per local date from _first on, and one more
        self._worked: Sequence[int] = ()  # working seconds from _first to each of those midnights
        self._workdays: Sequence[int] = ()  # working days before each of those dates
        self._grow(2020, 2031)

    # days

    def is_workday(self, on: date) -> bool:
        return self._rules.decide(on)[0]

    def day(self, on: date) -> Day:
        workday, reason, source = self._rules.decide(on)
        seconds = self.midnight(on + timedelta(days=1)) - self.midnight(on) if workday else 0
        return Day(on, workday, seconds, reason, source)

    def workdays(self, a: date, b: date) -> int:
        """Working days from `a` to `b`, both included; 0 when `b` is before `a`."""
        a, b = _clamp(a), _clamp(b)
        if b < a:
            return 0
        self._cover(a)
        self._cover(b)
        return self._workdays[self._index(b) + 1] - self._workdays[self._index(a)]

    def add_workdays(self, start: date, days: int) -> date:
        """The date of the `days`-th working day after `start`; `start` itself for 0."""
        here = start
        while days > 0:
            here += timedelta(days=1)
            days -= self.is_workday(here)
        return here

    # instants

    def midnight(self, on: date) -> int:
        """The instant at which the local date begins."""
        if not FIRST <= on <= LAST:
            return _midnight(on, self.zone)
        self._cover(on)
        return self._midnights[self._index(on)]

    def day_end(self, on: date) -> int:
        """The instant at which the local date ends: the next local midnight."""
        return self.midnight(on + timedelta(days=1)) if on < date.max else self.midnight(on) + 86_400

    def local_date(self, ts: int) -> date:
        """The local date that an instant falls on."""
        if not self._covers(ts):
            return datetime.fromtimestamp(ts, self.zone).date()
        return self._first + timedelta(days=bisect_right(self._midnights, ts) - 1)

    def days_between(self, a: int, b: int) -> int:
        """Local date difference of two instants plus one: the `days` way of counting."""
        return (self.local_date(b) - self.local_date(a)).days + 1

    def business_seconds(self, a: int, b: int) -> int:
        """Working seconds between two instants; negative when `b` is before `a`."""
        first, last = self._midnights[0], self._midnights[-1]
        if not (first <= a < last and first <= b < last) and not (self._covers(a) and self._covers(b)):
            a, b = (min(max(ts, self.midnight(FIRST)), self.midnight(LAST)) for ts in (a, b))
        return self._worked_until(b) - self._worked_until(a)

    # what it stands on

    @property
    def provisional_from(self) -> date | None:
        """First day without announced make-up days; None where the country has none, or no country is set."""
        last = country_days(self.country).last_announced if self.country else None
        return None if last is None else date(last + 1, 1, 1)

    @property
    def fingerprint(self) -> str:
        """Changes with any setting and with the version of the holiday data."""
        version = country_days(self.country).version if self.country else None
        overrides = {on.isoformat(): work for on, work in sorted(self._rules.overrides)}
        known = [self.timezone, self._rules.week, overrides, self.country, version]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]

    # tables

    def _worked_until(self, ts: int) -> int:
        at = bisect_right(self._midnights, ts) - 1
        full = self._worked[at]
        return full + (ts - self._midnights[at] if self._worked[at + 1] > full else 0)

    def _index(self, on: date) -> int:
        return on.toordinal() - self._first.toordinal()

    def _cover(self, on: date) -> None:
        if on < self._first or self._index(on) + 2 > len(self._midnights):
            last = self._first + timedelta(days=len(self._midnights) - 1)
            self._grow(min(on.year, self._first.year), max(on.year + 1, last.year))

    def _covers(self, ts: int) -> bool:
        """Whether the tables reach the instant, after growing them if they may."""
        if self._midnights[0] <= ts < self._midnights[-1]:
            return True
        if not self.midnight(FIRST) <= ts < self.midnight(LAST):
            return False
        self._cover(_clamp(datetime.fromtimestamp(ts, UTC).date() + timedelta(days=2)))
        self._cover(_clamp(datetime.fromtimestamp(ts, UTC).date() - timedelta(days=2)))
        return True

    def _grow(self, first: int, last: int) -> None:
        """Rebuilds the tables for the years `first` up to, not including, the local 2 January of `last`."""
        self._first = date(first, 1, 1)
        self._midnights = _midnights(self.timezone, first, last)
        self._worked, self._workdays = _working(self.timezone, self._rules, first, last)


def _midnight(on: date, zone: ZoneInfo) -> int:
    return int(datetime(on.year, on.month, on.day, tzinfo=zone).timestamp())


@lru_cache
def _midnights(timezone: str, first: int, last: int) -> Sequence[int]:
    """The local midnights of a zone, from 1 January of `first` to 2 January of `last`; teams share a zone."""
    zone = ZoneInfo(timezone)
    days = range(date(first, 1, 1).toordinal(), date(last, 1, 2).toordinal() + 1)
    return tuple(_midnight(date.fromordinal(n), zone) for n in days)


@lru_cache
def _working(timezone: str, rules: _Rules, first: int, last: int) -> tuple[Sequence[int], Sequence[int]]:
    """Working seconds and working days before each of these midnights; a company's teams share rules as well."""
    midnights = _midnights(timezone, first, last)
    start, seconds, days = date(first, 1, 1).toordinal(), [0], [0]
    for n in range(len(midnights) - 1):
        work = rules.decide(date.fromordinal(start + n))[0]
        seconds.append(seconds[-1] + (midnights[n + 1] - midnights[n] if work else 0))
        days.append(days[-1] + work)
    return tuple(seconds), tuple(days)
