"""Measured effects of single requirements, from experiments and comparisons."""

from __future__ import annotations

from datetime import date

from okr_delivery.config.models import Config
from okr_delivery.config.types import nearest
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Effect
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.load import files
from okr_delivery.okrs.readings import find
from okr_delivery.okrs.tables import Columns, Row, rows

COLUMNS = Columns(
    ("source", "issue", "kr", "date", "value", "method"), ("low", "high", "author", "independent", "note")
)
METHODS = ("experiment", "holdout", "did", "before_after")


def load_effects(config: Config, book: OkrBook) -> tuple[Effect, ...]:
    """All measured effects, sorted. Raises UserError with every problem, at its file:line."""
    effects: list[Effect] = []
    problems: list[Problem] = []
    met: dict[tuple[str, str, str, date], str] = {}
    for index, entry in enumerate(config.effects):
        paths, found = files(config, "effects", index, entry, "*.csv", may_be_absent=True)
        problems += found
        for path in paths:
            try:
                for row in rows(path, config.root, COLUMNS):
                    _take(row, config, book, effects, met)
                    problems += row.problems
            except UserError as error:
                problems += error.problems
    if problems:
        raise UserError(problems)
    return tuple(sorted(effects, key=lambda effect: (effect.source, effect.issue, effect.kr, effect.day)))


def _take(
    row: Row, config: Config, book: OkrBook, effects: list[Effect], met: dict[tuple[str, str, str, date], str]
) -> None:
    effect = _effect(row, config, book)
    if effect is None:
        return
    first = met.setdefault((effect.source, effect.issue.casefold(), effect.kr, effect.day), row.where)
    if first != row.where:
        row.refuse(
            msg("okrs.effects.twice", issue=effect.issue, kr=effect.kr, date=effect.day.isoformat(), first=first)
        )
    effects.append(effect)


def _effect(row: Row, config: Config, book: OkrBook) -> Effect | None:
    source, issue, ref = row.needed("source"), row.needed("issue"), row.needed("kr")
    day, value, method = row.day("date"), row.number("value"), row.needed("method").casefold()
    low, high = row.optional_number("low"), row.optional_number("high")
    independent = row.flag("independent")
    for problem in (_source(source, config), _method(method), _bounds(low, value, high)):
        if problem is not None:
            row.refuse(problem)
    if row.problems:
        return None
    kr = find(ref, day, book)
    if isinstance(kr, Message):
        row.refuse(kr)
        return None
    author, note = row.text("author"), row.text("note")
    return Effect(source, issue, kr.full_id, day, value, method, low, high, author, independent, note)


def _source(name: str, config: Config) -> Message | None:
    known = [source.name for source in config.sources]
    if not name or name in known:
        return None
    close = nearest(name, known)
    if close is not None:
        return msg("config.unknown_source.near", value=name, nearest=close)
    return msg("config.unknown_source", value=name, known=", ".join(known))


def _method(name: str) -> Message | None:
    if not name or name in METHODS:
        return None
    return msg("okrs.effects.method", value=name, known=", ".join(METHODS))


def _bounds(low: float | None, value: float, high: float | None) -> Message | None:
    if (low is not None and low > value) or (high is not None and high < value):
        return msg("okrs.effects.bounds", low=low, value=value, high=high)
    return None
