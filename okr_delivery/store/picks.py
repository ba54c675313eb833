"""Ids of the issues that may answer a question, found by indexes: some too many perhaps, never too few.

Whoever asks decides about each of them by its history. Ids come in no order, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, literal_column, or_, select
from sqlalchemy.sql.expression import ScalarSelect
from sqlalchemy.sql.expression import Select as SelectOf

from okr_delivery.model.work import Field, Kind
from okr_delivery.store import tables as t
from okr_delivery.store.bulk import among, blocks
from okr_delivery.store.codes import digest

ENDED = (int(Kind.DONE), int(Kind.CANCELLED))
OPEN = tuple(int(kind) for kind in Kind if int(kind) not in ENDED)
ALL = (*OPEN, *ENDED)
KEYED = (t.issue.c.key, t.issue.c.ref, t.issue.c.created)
MANY = 10_000
HAS_PARENT = t.issue.c.parent != literal_column("0")  # spelled as the index is
HAS_REF = t.value.c.ref != literal_column("''")


@dataclass(frozen=True, slots=True)
class Project:
    """A project that issues are in: the tracker's id, its key or path, and when the first of them was created."""

    id: str
    key: str
    since: int


class Keyed(NamedTuple):
    """An issue by its key."""

    key: str
    id: str
    created: int


class Below(NamedTuple):
    """An issue with what its parent is given by: an id, "" for none, and a key."""

    id: str
    parent: str
    key: str
    subtask: int


class Picks:
    """The part of `Reads` that looks for ids."""

    _fetch: Callable[[SelectOf[Any]], Sequence[Row[Any]]]

    def in_each(self, source: str, iterations: Iterable[str]) -> dict[str, list[str]]:
        """Issues that ever were in these iterations, as their fields had it, by iteration; no sub-tasks."""
        also = self.underived(source)
        found = {ref: list(also) for ref in iterations}
        columns = (t.value.c.ref.label("iteration"), t.issue.c.ref)
        joined = select(*columns).join_from(t.membership, t.issue, t.issue.c.id == t.membership.c.issue)
        query = joined.join(t.value, t.value.c.id == t.membership.c.iteration).where(t.issue.c.subtask == 0).distinct()
        for block in blocks(self._values_of(source, [(ref, "") for ref in found])):
            for row in self._fetch(query.where(t.membership.c.iteration.in_(block))):
                found[row.iteration].append(row.ref)
        return found

    def below(self, source: str, parents: Iterable[str], keys: Iterable[str]) -> list[Below]:
        """Issues whose parent is given by one of these ids, or by one of these keys alone."""
        numbers = self._values_of(source, [("", key) for key in keys])
        own = t.value.c.source == _number(source)
        for block in blocks(list(parents)):
            rows = self._fetch(select(t.value.c.id).where(own, HAS_REF, t.value.c.ref.in_(block)))
            numbers += [row.id for row in rows]
        columns = (t.issue.c.ref, t.value.c.ref.label("above"), t.value.c.name, t.issue.c.subtask)
        query = select(*columns).join(t.value, t.value.c.id == t.issue.c.parent).where(HAS_PARENT)
        every = (self._fetch(query.where(t.issue.c.parent.in_(block))) for block in blocks(numbers))
        return [Below._make(row) for rows in every for row in rows]

    def created_since(self, source: str, at: int) -> list[str]:
        """Issues created at an instant or later."""
        query = select(t.issue.c.ref).where(t.issue.c.source == _number(source), t.issue.c.created >= at)
        return self._refs_where(query, t.issue.c.project, list(self._projects(source)))

    def last_created(self, source: str, projects: Iterable[str], since: int, until: int, most: int) -> list[str]:
        """Of the issues in these projects, by their ids, the `most` latest created in [since, until]; no sub-tasks."""
        columns = (t.issue.c.created, t.issue.c.id, t.issue.c.ref)
        inside = (t.issue.c.source == _number(source), t.issue.c.created.between(since, until))
        query = select(*columns).where(*inside, t.issue.c.subtask == 0)
        query = query.order_by(columns[0].desc(), columns[1].desc()).limit(most)
        every = (query.where(t.issue.c.project == number) for number in self._of_projects(source, projects))
        found = sorted((tuple(row) for one in every for row in self._fetch(one)), reverse=True)
        return [ref for _, _, ref in found[:most]]

    def first_created(self, source: str, most: int) -> list[str]:
        """The `most` issues that were created first."""
        columns = (t.issue.c.created, t.issue.c.id, t.issue.c.ref)
        query = select(*columns).where(t.issue.c.source == _number(source)).order_by(*columns[:2]).limit(most)
        every = (query.where(t.issue.c.project == number) for number in self._projects(source))
        found = sorted(tuple(row) for one in every for row in self._fetch(one))
        return [ref for _, _, ref in found[:most]]

    # by what was derived

    def finished_since(
        self, source: str, rule_hash: str, since: int, as_of: int, projects: Iterable[str] | None = None
    ) -> list[str]:
        """Issues that, as known at `as_of`, may have been finished since an instant and not been opened again.

        No sub-tasks. Of some projects only, by their ids: those in them now, and what may have been in them.
        """
        rules, here = self._rules(source), self._ever_in(source, projects)
        other = [number for number, name in rules.items() if name != rule_hash]
        here = (*here, t.issue.c.subtask == 0)
        found = self._derived_as(rules, (int(Kind.DONE),), since, *here)
        found += self._derived_as(other, ALL, since, *here)
        found += self._derived_as(rules, ALL, max(since, as_of + 1), *here)
        return list(dict.fromkeys([*found, *self.underived(source)]))

    def standing_since(self, source: str, rule_hash: str, since: int, as_of: int) -> list[str]:
        """Issues that, as known at `as_of`, may be open or have ended since an instant."""
        rules = self._rules(source)
        other = [number for number, name in rules.items() if name != rule_hash]
        found = self._derived_as(rules, OPEN, None)
        found += self._derived_as(other, ALL, None)
        found += self._derived_as(rules, ENDED, min(since, as_of + 1))
        return list(dict.fromkeys([*found, *self.underived(source)]))

    def derived_otherwise(self, source: str, rule_hash: str) -> list[str]:
        """Issues that were derived by other rules than these, or not at all."""
        other = [number for number, name in self._rules(source).items() if name != rule_hash]
        return [*self._derived_as(other, ALL, None), *self.underived(source)]

    def underived(self, source: str) -> list[str]:
        """Issues without a derivation: those that only the ledger still knew of when this store was made."""
        query = (
            select(t.issue.c.ref)
            .outerjoin(t.item_fact, t.item_fact.c.issue == t.issue.c.id)
            .where(t.issue.c.source == _number(source), t.issue.c.gone_at.is_not(None), t.item_fact.c.issue.is_(None))
        )
        return [row.ref for row in self._fetch(query)]

    def _rules(self, source: str) -> dict[int, str]:
        """The rules that a source's issues were derived by, by the number that stands for each."""
        every = [row[0] for row in self._fetch(_different(t.item_fact.c.rule))]
        columns = (t.value.c.id, t.value.c.name)
        query = select(*columns).where(t.value.c.source == _number(source), t.value.c.id.in_(every))
        return {row.id: row.name for row in self._fetch(query)}

    def _derived_as(
        self, rules: Iterable[int], kinds: Sequence[int], since: int | None, *more: ColumnElement[bool]
    ) -> list[str]:
        fact = t.item_fact.c
        query = select(t.issue.c.ref).join(t.item_fact, fact.issue == t.issue.c.id).where(fact.kind.in_(kinds), *more)
        if since is not None:
            query = query.where(fact.last_change >= since)
        return self._refs_where(query, fact.rule, list(rules))

    # keys

    def with_keys(self, source: str, keys: Iterable[str]) -> list[Keyed]:
        """The issues that have one of these keys, spelled just so."""
        query = select(*KEYED).where(t.issue.c.source == _number(source))
        found = (self._fetch(query.where(t.issue.c.key.in_(block))) for block in blocks(list(keys)))
        return [Keyed._make(row) for rows in found for row in rows]

    def with_former_keys(self, source: str, keys: Iterable[str]) -> list[tuple[str, str]]:
        """(key, id) of the issues that had one of these keys, spelled just so, and have another one now."""
        query = _aliases(source)
        found = (self._fetch(query.where(t.alias.c.key.in_(block))) for block in blocks(list(keys)))
        return [(row.key, row.ref) for rows in found for row in rows]

    def former_keys(self, source: str, ids: Iterable[str]) -> dict[str, list[str]]:
        """The former keys of those of these issues that have any, by id."""
        found: dict[str, list[str]] = {}
        query = _aliases(source).where(t.issue.c.source == _number(source))
        for block in blocks(list(ids)):
            for row in self._fetch(query.where(among(t.issue.c.ref, block))):
                found.setdefault(row.ref, []).append(row.key)
        return found

    def some_keys(self, source: str, most: int) -> list[Keyed]:
        """Up to `most` issues with their keys: all of them, where there are no more."""
        rows = self._fetch(select(*KEYED).where(t.issue.c.source == _number(source)).limit(most))
        return [Keyed._make(row) for row in rows]

    def every_former_key(self, source: str) -> Iterator[str]:
        """All former keys in order, without holding them all."""
        query = select(t.alias.c.key).where(t.alias.c.source == _number(source)).order_by(t.alias.c.key).limit(MANY)
        last = ""
        while rows := self._fetch(query.where(t.alias.c.key > last)):
            yield from (row.key for row in rows)
            last = rows[-1].key

    def moves(self, source: str) -> dict[str, tuple[str, int]]:
        """Issues that live on as another one: by id the other's id and when the moved one was created."""
        columns = (t.issue.c.ref, t.issue.c.moved_to, t.issue.c.created)
        query = select(*columns).where(t.issue.c.source == _number(source), t.issue.c.moved_to.is_not(None))
        return {row.ref: (row.moved_to, row.created) for row in self._fetch(query)}

    # projects

    def projects(self, source: str) -> tuple[Project, ...]:
        """The projects that issues are in now, each spelling of one for itself."""
        found = self._projects(source)
        columns = (t.value.c.id, t.value.c.ref, t.value.c.name)
        rows = [
            row for block in blocks(list(found)) for row in self._fetch(select(*columns).where(t.value.c.id.in_(block)))
        ]
        return tuple(
            Project(row.ref, row.name, found[row.id]) for row in sorted(rows, key=lambda row: (row.ref, row.id))
        )

    def is_used(self, source: str, field: Field, project: str, until: int) -> bool:
        """Whether an issue of a project, by its id, that was created by an instant holds anything in a field."""
        numbers = self._of_projects(source, [project])
        inside = (t.issue.c.source == _number(source), t.issue.c.project.in_(numbers), t.issue.c.created <= until)
        holds = and_(t.current.c.issue == t.issue.c.id, t.current.c.field == int(field))
        return bool(self._fetch(select(t.issue.c.id).join(t.current, holds).where(*inside).limit(1)))

    def _of_projects(self, source: str, projects: Iterable[str]) -> list[int]:
        """The numbers of projects by their ids."""
        mine = select(t.value.c.id).where(t.value.c.source == _number(source), HAS_REF)
        found = (self._fetch(mine.where(t.value.c.ref.in_(block))) for block in blocks(list(projects)))
        return [row.id for rows in found for row in rows]

    def _ever_in(self, source: str, projects: Iterable[str] | None) -> tuple[ColumnElement[bool], ...]:
        """In one of these projects now, or known by another key before: that may have been in one of them."""
        if projects is None:
            return ()
        renamed = t.issue.c.id.in_(select(t.alias.c.issue))
        return (or_(t.issue.c.project.in_(self._of_projects(source, projects)), renamed),)

    def _projects(self, source: str) -> Mapping[int, int]:
        """The numbers of a source's projects, each with when the first issue in it was created."""
        mine = t.issue.c.source == _number(source)
        place = t.issue.c.project
        every = _different(place, mine).subquery().c.step
        first = select(func.min(t.issue.c.created)).where(mine, place == every).scalar_subquery()
        rows = self._fetch(select(every.label("number"), first.label("first")))
        return {row.number: int(row.first) for row in rows}

    # shared

    def _values_of(self, source: str, pairs: Iterable[tuple[str, str]]) -> list[int]:
        digests = [digest(*pair) for pair in pairs]
        query = select(t.value.c.id).where(t.value.c.source == _number(source))
        return [row.id for block in blocks(digests) for row in self._fetch(query.where(t.value.c.digest.in_(block)))]

    def _refs_where(self, query: SelectOf[Any], column: ColumnElement[Any], values: Sequence[int]) -> list[str]:
        rows = (row for block in blocks(values) for row in self._fetch(query.where(column.in_(block))))
        return list(dict.fromkeys(row.ref for row in rows))


def _number(source: str) -> ScalarSelect[Any]:
    return select(t.source.c.id).where(t.source.c.name == source).scalar_subquery()


def _aliases(source: str) -> SelectOf[Any]:
    joined = select(t.alias.c.key, t.issue.c.ref).join(t.issue, t.issue.c.id == t.alias.c.issue)
    return joined.where(t.alias.c.source == _number(source))


def _different(column: ColumnElement[Any], *where: ColumnElement[bool]) -> SelectOf[Any]:
    """The different values of an indexed column, one step of the index each: `DISTINCT` would read them all."""
    steps = select(func.min(column).label("step")).where(*where).cte("steps", recursive=True)
    after = select(func.min(column)).where(*where, column > steps.c.step).correlate(steps).scalar_subquery()
    steps = steps.union_all(select(after).where(steps.c.step.is_not(None)))
    return select(steps.c.step).where(steps.c.step.is_not(None))
