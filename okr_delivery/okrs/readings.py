"""Readings: what was measured of key results and their health metrics."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from okr_delivery.config.models import Config
from okr_delivery.config.types import nearest
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Direction, KeyResult, Reading
from okr_delivery.okrs.book import KrAmbiguous, KrFound, OkrBook
from okr_delivery.okrs.load import files
from okr_delivery.okrs.tables import Columns, Row, rows

COLUMNS = Columns(("kr", "date", "value"), ("source", "author", "independent", "note"))
WITHOUT_NUMBER = frozenset({Direction.MILESTONES, Direction.YES_NO, Direction.COMPOSITE})


@dataclass(frozen=True)
class Readings:
    """All readings, in the order of (series, day). A series is `2026Q4:GROW-KR1` or `2026Q4:GROW-KR1/refund-rate`."""

    all: tuple[Reading, ...] = ()

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> Readings:
        return cls(tuple(sorted(readings, key=lambda reading: (reading.series, reading.day))))

    @cached_property
    def _series(self) -> Mapping[str, tuple[Reading, ...]]:
        table: dict[str, list[Reading]] = {}
        for reading in sorted(self.all, key=lambda reading: reading.day):
            table.setdefault(reading.series, []).append(reading)
        return {name: tuple(found) for name, found in table.items()}

    def series(self, series: str) -> tuple[Reading, ...]:
        """The readings of one series, oldest first."""
        return self._series.get(series, ())

    def latest(self, series: str, day: date) -> Reading | None:
        """The latest reading dated on or before the day."""
        found = self.series(series)
        n = bisect_right(found, day, key=lambda reading: reading.day)
        return found[n - 1] if n else None

    def at(self, series: str, day: date, max_age_days: int) -> Reading | None:
        """The latest reading dated on or before the day, unless it is older than `max_age_days` before it."""
        found = self.latest(series, day)
        return found if found is not None and day - found.day <= timedelta(days=max_age_days) else None


@dataclass(slots=True)
class Collected:
    """Readings read so far, and where each (series, day) was met first."""

    readings: list[Reading] = field(default_factory=list)
    met: dict[tuple[str, date], str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def load_readings(config: Config, book: OkrBook) -> Readings:
    """All readings of the files that the configuration names. Raises UserError with every problem, at its file:line."""
    found = Collected()
    for index, entry in enumerate(config.readings):
        paths, problems = files(config, "readings", index, entry, "*.csv", may_be_absent=True)
        found.problems += problems
        for path in paths:
            try:
                for row in rows(path, config.root, COLUMNS):
                    _take(row, book, found)
            except UserError as error:
                found.problems += error.problems
    if found.problems:
        raise UserError(found.problems)
    return Readings.of(found.readings)


def _take(row: Row, book: OkrBook, found: Collected) -> None:
    reading = _reading(row, book)
    if reading is not None:
        first = found.met.setdefault((reading.series, reading.day), row.where)
        if first != row.where:
            day = reading.day.isoformat()
            row.refuse(msg("okrs.readings.twice", kr=row.needed("kr"), date=day, first=first))
        found.readings.append(reading)
    found.problems += row.problems


def _reading(row: Row, book: OkrBook) -> Reading | None:
    ref, day, value = row.needed("kr"), row.day("date"), row.number("value")
    independent = row.flag("independent")
    if row.problems:
        return None
    series = series_of(ref, day, book)
    if not isinstance(series, str):
        row.refuse(series)
        return None
    return Reading(series, day, value, row.text("source"), row.text("author"), independent, row.text("note"))


def series_of(ref: str, day: date, book: OkrBook) -> str | Message:
    """The series that `KR` or `KR/health-id` names on a day, or why there is none."""
    name, slash, health = ref.partition("/")
    kr = find(name, day, book)
    if isinstance(kr, Message):
        return kr
    if slash:
        return _health_series(kr, health)
    if kr.metric.direction in WITHOUT_NUMBER:
        return msg("okrs.readings.no_number", kr=name, direction=kr.metric.direction.value)
    return kr.full_id


def _health_series(kr: KeyResult, health: str) -> str | Message:
    known = [metric.id for metric in kr.health]
    for metric in known:
        if metric.casefold() == health.strip().casefold():
            return f"{kr.full_id}/{metric}"
    close = nearest(health, known) or (known[0] if known else None)
    if close is None:
        return msg("okrs.readings.no_health", kr=kr.id, value=health)
    return msg("okrs.readings.unknown_health", kr=kr.id, value=health, nearest=f"{kr.id}/{close}")


def find(ref: str, day: date, book: OkrBook) -> KeyResult | Message:
    """The key result of a line in a table, or why there is none."""
    match book.resolve(ref, day):
        case KrFound(kr):
            return kr
        case KrAmbiguous(candidates):
            return msg("okrs.kr_ambiguous", value=ref, candidates=", ".join(candidates))
        case unknown:
            date_ = day.isoformat()
            if unknown.nearest is not None:
                return msg("okrs.kr_unknown.near", value=ref, date=date_, nearest=unknown.nearest)
            return msg("okrs.kr_unknown", value=ref, date=date_)
