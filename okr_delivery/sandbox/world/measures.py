"""What was measured and decided: readings week by week, effects of single requirements, conclusions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from okr_delivery.sandbox.world.calendar import Quarter, monday_of
from okr_delivery.sandbox.world.dice import Dice

Row = dict[str, Any]

STALE_WEEKS = 3  # APP-KR5 was last read that long ago


@dataclass(frozen=True, slots=True)
class Course:
    """How a series runs from quarter's start to its end: from, to, the part of the way it really makes, its noise."""

    series: str
    start: float
    target: float
    pace: float
    noise: float
    decimals: int


CURRENT = (
    Course("GROW-KR1", 38.0, 50.0, 0.9, 0.25, 1),
    Course("GROW-KR1/refund-rate", 1.7, 1.4, 1.0, 0.1, 2),
    Course("GROW-KR2", 13.6, 13.2, 1.0, 0.3, 1),
    Course("GROW-KR4", 0.42, 0.30, 0.55, 0.004, 3),
    Course("APP-KR1", 99.2, 99.6, 1.0, 0.05, 2),
    Course("APP-KR2", 21.0, 27.0, 1.05, 0.12, 1),
    Course("APP-KR2/uninstalls", 1.1, 1.5, 1.0, 0.03, 2),
    Course("APP-KR3", 2.1, 1.5, 0.7, 0.04, 2),
    Course("APP-KR4", 1_200_000, 1_500_000, 0.75, 4000, 0),
    Course("APP-KR5", 35.0, 20.0, 0.6, 0.5, 1),
)
PREVIOUS = (
    Course("GROW-KR1", 33.0, 38.0, 1.0, 0.2, 1),
    Course("GROW-KR4", 0.47, 0.42, 1.0, 0.003, 3),
    Course("GROW-KR9", 0, 800, 0.2, 5, 0),
    Course("APP-KR2", 18.0, 21.0, 1.0, 0.1, 1),
)
MONTHLY = Course("COMPANY-KR1", 820, 1000, 0.85, 4, 0)
AUTHORS = ("bi-team", "bi-team", "bi-team", "lin")


def readings(now: date, quarter: Quarter, dice: Dice, note: str) -> dict[str, list[Row]]:
    """Rows of `readings/<cycle>.csv` by cycle: the quarter before whole, the current one up to `now`."""
    before = quarter.previous
    rows = {before.id: _weekly(PREVIOUS, before, before.end, dice, note)}
    rows[quarter.id] = _weekly(CURRENT, quarter, now, dice, note) + _monthly(quarter, now, dice)
    for found in rows.values():
        found.sort(key=lambda row: (row["date"], row["kr"]))
    return rows


def _weekly(courses: tuple[Course, ...], quarter: Quarter, until: date, dice: Dice, note: str) -> list[Row]:
    rows = []
    days = [quarter.start, *_mondays(quarter.start, min(until, quarter.end))]
    for course in courses:
        for place, day in enumerate(days):
            value = _value(course, _share(quarter, day), dice)
            if course.series == "APP-KR5" and day > until - timedelta(weeks=STALE_WEEKS):
                continue
            rows.append(_reading(course.series, day, value, dice, note if place == 0 else ""))
    return rows


def _mondays(start: date, end: date) -> list[date]:
    first = monday_of(start) + timedelta(days=7)
    return [first + timedelta(days=7 * n) for n in range((end - first).days // 7 + 1)]


def _share(quarter: Quarter, day: date) -> float:
    return (day - quarter.start).days / max(1, (quarter.end - quarter.start).days)


def _value(course: Course, share: float, dice: Dice) -> float:
    drift = (course.target - course.start) * course.pace * share
    return round(course.start + drift + dice.between(-course.noise, course.noise) * (share > 0), course.decimals)


def _reading(series: str, day: date, value: float, dice: Dice, note: str) -> Row:
    author = dice.pick(AUTHORS)
    row: Row = {"kr": series, "date": day, "value": int(value) if value == int(value) else value, "source": "warehouse"}
    return row | {"author": author, "independent": "true" if author != "lin" else "false", "note": note}


def _monthly(quarter: Quarter, now: date, dice: Dice) -> list[Row]:
    days = [date.fromisoformat(f"{month}-01") for month in quarter.months]
    shares = [(day, _share(quarter, day)) for day in days if day <= now]
    return [_reading(MONTHLY.series, day, _value(MONTHLY, share, dice), dice, "") for day, share in shares]


def effects(keys: Mapping[str, str], day: date, notes: list[str]) -> list[Row]:
    """Rows of `effects/<cycle>.csv`: what was measured for single requirements."""
    found = (
        ("PAY-effect-1", "GROW-KR1", 0.9, 0.4, 1.4, "experiment", "true", notes[0]),
        ("PAY-effect-2", "GROW-KR1", 0.3, "", "", "before_after", "false", notes[1]),
        ("MOB-effect-1", "APP-KR2", 0.6, 0.1, 1.1, "did", "true", notes[2]),
    )
    return [_effect(keys[tag], day, *row) for tag, *row in found if tag in keys]


def _effect(issue: str, day: date, *row: object) -> Row:
    kr, value, low, high, method, independent, note = row
    made: Row = {"source": "jira", "issue": issue, "kr": kr, "date": day, "value": value, "low": low, "high": high}
    return made | {"method": method, "author": "bi-team", "independent": independent, "note": note}


def conclusions(keys: Mapping[str, str], day: date, text: Mapping[str, Any]) -> list[Row]:
    """A few entries of conclusions.yaml; `due-1` and others are left for the reader to conclude."""
    found = (
        ("PAY-effect-1", "GROW-KR1", "double-down", "effect-1", 0),
        ("PAY-effect-2", "GROW-KR1", "leave", "effect-2", 0),
        ("MOB-effect-1", "APP-KR2", "fix", "mob-effect-1", 1),
        ("PAY-old-3", None, "fix", "old-1", 9),
        ("MOB-old-3", None, "stop-loss", "mob-old-1", 8),
    )
    return [_conclusion(keys[row[0]], day, text, row) for row in found if row[0] in keys]


def _conclusion(issue: str, day: date, text: Mapping[str, Any], row: tuple[str, str | None, str, str, int]) -> Row:
    _, kr, verb, reason, days_ago = row
    made: Row = {"source": "jira", "issue": issue} | ({"kr": kr} if kr else {}) | {"conclusion": verb}
    made |= {"reason": text["conclusions"][reason], "by": "lin", "at": day - timedelta(days=days_ago)}
    follow = text["follow_ups"].get(reason)
    return made | ({"follow_up": follow, "due": day + timedelta(days=21)} if follow else {})
