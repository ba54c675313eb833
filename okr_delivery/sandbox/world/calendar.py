"""When things happen in the synthetic organisation: two-week sprints, working hours of working days.

Instants are epoch milliseconds; the organisation lives in one zone. A position in a sprint counts working days from
its first Monday: 0.0 is 09:30 of that day, 2.5 the middle of Wednesday, -1.0 the Friday before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = "Asia/Shanghai"
DAY_START, DAY_HOURS = time(9, 30), 9
WEEK = 7


def local_day(at_ms: int) -> date:
    """The organisation's date at an instant."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(ZONE)).date()


def instant(day: date, hour: int, minute: int = 0, ms: int = 0) -> int:
    """Epoch milliseconds of a local time of day."""
    moment = datetime.combine(day, time(hour, minute), ZoneInfo(ZONE))
    return int(moment.timestamp()) * 1000 + ms


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def workday(start: date, count: int) -> date:
    """The working day `count` working days after a Monday (before it when negative)."""
    weeks, days = divmod(count, 5)
    return start + timedelta(days=weeks * WEEK + days)


def office(at_ms: int) -> int:
    """The instant itself in working hours; else some moment of the last working day before it."""
    local = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(ZoneInfo(ZONE))
    minutes = local.hour * 60 + local.minute - (DAY_START.hour * 60 + DAY_START.minute)
    if local.weekday() < 5 and 0 <= minutes < DAY_HOURS * 60:
        return at_ms
    day = local.date() if minutes >= 0 else local.date() - timedelta(days=1)
    day -= timedelta(days=max(0, day.weekday() - 4))
    inside = at_ms // 60_000 % (DAY_HOURS * 60)
    return instant(day, DAY_START.hour, DAY_START.minute) + inside * 60_000 + at_ms % 1000


@dataclass(frozen=True, slots=True)
class Beat:
    """A sprint's place in time. `offset` 0 is the active one, -1 the last closed one, 1 the next.

    With `by_day` it begins and ends at local midnights, as trackers have it that know days only.
    """

    offset: int
    monday: date
    by_day: bool = False

    @property
    def start(self) -> int:
        """The moment it was (or will be) started: Monday, ten o'clock."""
        return instant(self.monday, 0 if self.by_day else 10)

    @property
    def end(self) -> int:
        """The planned end: two weeks later, an hour before the next one starts."""
        return instant(self.monday + timedelta(days=14), 0 if self.by_day else 9)

    def closed(self, ms: int) -> int:
        """The moment it was closed: a little late, as usual."""
        return self.end if self.by_day else instant(self.monday + timedelta(days=14), 9, 41, ms)

    def at(self, position: float, ms: int = 0) -> int:
        """The instant of a position, in working hours."""
        day = int(position // 1)
        minutes = int((position - day) * DAY_HOURS * 60)
        base = instant(workday(self.monday, day), DAY_START.hour, DAY_START.minute)
        return base + minutes * 60_000 + ms


def beats(now_ms: int, closed: int, *, by_day: bool = False) -> list[Beat]:
    """`closed` past sprints, the active one, the next and a later one. The active one began 7 to 14 days ago."""
    monday = monday_of(local_day(now_ms)) - timedelta(days=WEEK)
    return [Beat(offset, monday + timedelta(days=14 * offset), by_day) for offset in range(-closed, 3)]


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter with its id: 2026Q4."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Quarter:
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def id(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def start(self) -> date:
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def end(self) -> date:
        return self.next.start - timedelta(days=1)

    @property
    def next(self) -> Quarter:
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> Quarter:
        return Quarter.of(self.start - timedelta(days=1))

    @property
    def months(self) -> list[str]:
        """Its months as `2026-10`."""
        return [f"{self.year}-{self.start.month + n:02d}" for n in range(3)]
