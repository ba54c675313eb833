"""What was measured and decided: readings week by week, effects of single requirements, conclusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from okr_delivery.sandbox.world.calendar import Quarter
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
    lift: float = 0.0  # what the last closed sprint brought on top
    days: tuple[int, ...] = (0,)  # weekdays on which it is read, Monday = 0


CURRENT = (
    Course("GROW-KR1", 38.0, 50.0, 0.62, 0.15, 1, lift=1.9, days=(0, 3)),
    Course("GROW-KR1/refund-rate", 1.7, 1.4, 1.0, 0.1, 2),
    Course("GROW-KR2", 13.6, 13.2, 1.0, 0.3, 1),
    Course("GROW-KR4", 0.42, 0.30, 0.55, 0.004, 3),
    Course("APP-KR1", 99.2, 99.6, 1.0, 0.05, 2),
    Course("APP-KR2", 21.0, 27.0, 0.75, 0.08, 1, lift=1.2, days=(0, 3)),
    Course("APP-KR2/uninstalls", 1.1, 1.5, 1.0, 0.03, 2),
    Course("APP-KR3", 2.1, 1.5, 0.7, 0.04, 2),
    Course("APP-KR4", 1_200_000, 1_500_000, 0.75, 4000, 0),
    Course("APP-KR5", 35.0, 20.0, 0.6, 0.5, 1),
)
OTHERS = (  # of the teams without sprints
    Course("PORTAL-KR1", 40.0, 55.0, 0.7, 0.2, 1, days=(0, 3)),
    Course("PORTAL-KR2", 4.2, 2.5, 0.6, 0.05, 2),
    Course("PLAT-KR1", 6.0, 2.0, 0.8, 0.1, 1, days=(0, 3)),
    Course("PLAT-KR2", 40.0, 16.0, 0.65, 0.6, 1),
)
PREVIOUS = (
    Course("GROW-KR1", 33.0, 38.0, 1.0, 0.2, 1),
    Course("GROW-KR4", 0.47, 0.42, 1.0, 0.003, 3),
    Course("GROW-KR9", 0, 800, 0.2, 5, 0),
    Course("APP-KR2", 18.0, 21.0, 1.0, 0.1, 1),
)
MONTHLY = Course("COMPANY-KR1", 820, 1000, 0.85, 4, 0)
AUTHORS = ("bi-team", "bi-team", "bi-team", "lin")


@dataclass(frozen=True, slots=True)
class Lift:
    """When the work of the last closed sprint showed: nothing before `start`, all of it from `end` on."""

    start: date
    end: date

    def share(self, day: date) -> float:
        return min(1.0, max(0.0, (day - self.start).days / (self.end - self.start).days))


@dataclass(frozen=True, slots=True)
class Chances:
    """The sprint teams' chance, and the other teams'."""

    sprints: Dice
    others: Dice


def readings(now: date, quarter: Quarter, lift: Lift, chances: Chances, note: str) -> dict[str, list[Row]]:
    """Rows of `readings/<cycle>.csv` by cycle: the quarter before whole, the current one up to `now`."""
    before, dice = quarter.previous, chances.sprints
    rows = {before.id: _series(PREVIOUS, before, before.end, lift, dice, note)}
    rows[quarter.id] = _series(CURRENT, quarter, now, lift, dice, note) + _monthly(quarter, now, dice)
    rows[quarter.id] += _series(OTHERS, quarter, now, lift, chances.others, note)
    for found in rows.values():
        found.sort(key=lambda row: (row["date"], row["kr"]))
    return rows


def _series(courses: Sequence[Course], quarter: Quarter, until: date, lift: Lift, dice: Dice, note: str) -> list[Row]:
    rows = []
    for course in courses:
        for place, day in enumerate(_days(course, quarter.start, min(until, quarter.end))):
            value = _value(course, _share(quarter, day), dice, course.lift * lift.share(day))
            if course.series == "APP-KR5" and day > until - timedelta(weeks=STALE_WEEKS):
                continue
            rows.append(_reading(course.series, day, value, dice, note if place == 0 else ""))
    return rows


def _days(course: Course, start: date, end: date) -> list[date]:
    """The first day of the quarter, then every reading day."""
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return [start, *(day for day in days if day.weekday() in course.days)]


def _share(quarter: Quarter, day: date) -> float:
    return (day - quarter.start).days / max(1, (quarter.end - quarter.start).days)


def _value(course: Course, share: float, dice: Dice, lift: float = 0.0) -> float:
    drift = (course.target - course.start) * course.pace * share + lift
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
        ("PAY-observe-1", "GROW-KR4", "observe", "observe-1", 0),
        ("PAY-old-3", None, "fix", "old-1", 9),
        ("MOB-old-3", None, "stop-loss", "mob-old-1", 8),
    )
    return [_conclusion(keys[row[0]], day, text, row) for row in found if row[0] in keys]


def _conclusion(issue: str, day: date, text: Mapping[str, Any], row: tuple[str, str | None, str, str, int]) -> Row:
    _, kr, verb, reason, days_ago = row
    made: Row = {"source": "jira", "issue": issue} | ({"kr": kr} if kr else {}) | {"conclusion": verb}
    made |= {"reason": text["conclusions"][reason], "by": "lin", "at": day - timedelta(days=days_ago)}
    follow = text["follow_ups"].get(reason)
    due = {"due": day + timedelta(days=21)} if follow or verb == "observe" else {}
    return made | ({"follow_up": follow} if follow else {}) | due


def goal_verdicts(names: Mapping[str, str], day: date, text: Mapping[str, Any]) -> list[Row]:
    """Verdicts on goals of closed sprints, by team; the payments team has yet to judge its last one."""
    verdicts = {"payments": "hit", "mobile": "missed"}
    return [
        {"goal": name, "team": team, "verdict": verdicts[team], "reason": text["goal_reasons"][verdicts[team]]}
        | {"by": "lin", "at": day}
        for team, name in names.items()
    ]
