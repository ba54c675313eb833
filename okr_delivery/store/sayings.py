"""What issues ever held in some of their fields, read for whole lists of issues at once, without their histories."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, or_, select, true
from sqlalchemy.sql.expression import ScalarSelect
from sqlalchemy.sql.expression import Select as SelectOf

from okr_delivery.model.work import Field, Value
from okr_delivery.store import tables as t
from okr_delivery.store.bulk import among, blocks

CLAIM = "claim"
NO_LINKS = "[]"
MANY = 20_000  # issues at once
BESIDE = (t.issue.c.id, t.issue.c.ref, t.issue.c.parent, t.issue.c.links, t.issue.c.history_complete.label("whole"))
SOMETHING = or_(t.issue.c.parent != 0, t.issue.c.links != NO_LINKS, t.issue.c.history_complete == 0)
Rows = Sequence[Row[Any]]


class Said(NamedTuple):
    """A value of a field, and the ids of issues that hold it, held it, or were seen to hold it."""

    field: Field
    value: Value
    ids: Sequence[str]


class Sayings:
    """The part of `Reads` that looks for what was said."""

    _fetch: Callable[[SelectOf[Any]], Rows]
    _values: MutableMapping[int, Value]
    _load_values: Callable[[Iterable[int]], None]

    def speaking(self, source: str, field: Field, of: Callable[[Value], bool]) -> frozenset[str]:
        """Ids of the issues that hold or held a value of a field that fits, gone ones left out."""
        own = select(t.issue.c.id, t.issue.c.ref).join(t.source, t.source.c.id == t.issue.c.source)
        own = own.where(t.source.c.name == source, t.issue.c.gone_at.is_(None))
        sides = [(t.current, t.current.c.value), (t.change, t.change.c.old), (t.change, t.change.c.new)]
        found: set[str] = set()
        for table, side in sides:
            said = own.join(table, table.c.issue == t.issue.c.id).where(table.c.field == int(field))
            numbers = [row[0] for row in self._fetch(said.with_only_columns(side).distinct())]
            self._load_values(numbers)
            for block in blocks([number for number in numbers if of(self._values[number])]):
                found.update(row.ref for row in self._fetch(said.where(side.in_(block))))
        return frozenset(found)

    def ever_said(
        self, source: str, ids: Sequence[str], fields: Iterable[Field], *, marks: Sequence[str], seen: bool
    ) -> Iterator[Said]:
        """All that these fields of these issues ever held, some of it several times, in no order.

        Of labels only what holds one of `marks`. `seen`: what syncs saw in them too; of issues whose history is not
        whole that is always told. A link is a value of the other issue's key and summary.
        """
        codes = {int(field): field for field in fields}
        for block in blocks(ids, MANY):
            inside = t.issue.c.source == _number(source), among(t.issue.c.ref, block)
            rest = self._fetch(select(*BESIDE).where(*inside, SOMETHING))
            yield from self._held_by((_now(codes, marks).where(*inside), _before(codes, marks).where(*inside)), codes)
            yield from self._above(rest) if Field.PARENT in codes.values() else ()
            yield from _linked(rest) if Field.LINK in codes.values() else ()
            yield from self._seen(source, block if seen else [row.ref for row in rest if not row.whole])

    def _held_by(self, queries: Iterable[SelectOf[Any]], codes: Mapping[int, Field]) -> Iterator[Said]:
        found: dict[tuple[int, int], set[str]] = defaultdict(set)
        for query in queries:
            for ref, code, *numbers in map(tuple, self._fetch(query)):
                for number in numbers:
                    found[code, number].add(ref)
        self._load_values(number for _, number in found)
        for (code, number), refs in found.items():
            yield Said(codes[code], self._values[number], list(refs))

    def _above(self, rows: Rows) -> Iterator[Said]:
        self._load_values(row.parent for row in rows)
        yield from (Said(Field.PARENT, self._values[row.parent], (row.ref,)) for row in rows if row.parent)

    def _seen(self, source: str, ids: Sequence[str]) -> Iterator[Said]:
        fact = t.ledger_fact.c
        query = select(fact.issue, fact.body).where(fact.source == source, among(fact.issue, ids), fact.kind == CLAIM)
        for row in self._fetch(query) if ids else ():
            body = json.loads(row.body)
            yield Said(Field[body["field"]], Value(None, body["text"]), (row.issue,))


def _now(codes: Iterable[int], marks: Sequence[str]) -> SelectOf[Any]:
    held, value = t.current.c, t.value.alias()
    joined = select(t.issue.c.ref, held.field, held.value).join(t.current, held.issue == t.issue.c.id)
    query = joined.join(value, value.c.id == held.value) if marks else joined
    return query.where(held.field.in_(codes), _worth(held.field, marks, value.c.name))


def _before(codes: Iterable[int], marks: Sequence[str]) -> SelectOf[Any]:
    held, old, new = t.change.c, t.value.alias(), t.value.alias()
    joined = select(t.issue.c.ref, held.field, held.old, held.new).join(t.change, held.issue == t.issue.c.id)
    if marks:
        joined = joined.outerjoin(old, old.c.id == held.old).outerjoin(new, new.c.id == held.new)
    return joined.where(held.field.in_(codes), _worth(held.field, marks, old.c.name, new.c.name))


def _worth(field: ColumnElement[int], marks: Sequence[str], *names: ColumnElement[str]) -> ColumnElement[bool]:
    holds = (name.contains(mark, autoescape=True) for name in names for mark in marks)
    return or_(field != int(Field.LABELS), *holds) if marks else true()


def _linked(rows: Rows) -> Iterator[Said]:
    for row in rows:
        for _, key, summary in json.loads(row.links) if row.links != NO_LINKS else ():
            yield Said(Field.LINK, Value(key, summary), (row.ref,))


def _number(source: str) -> ScalarSelect[Any]:
    return select(t.source.c.id).where(t.source.c.name == source).scalar_subquery()
