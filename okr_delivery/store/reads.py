"""Everything that can be read, on a store's own connections and inside a page's transaction alike.

Issues always come sorted by source name and id (ids that are numbers as numbers). Long results are read in blocks, so
memory stays flat; every block is consistent in itself, `Store.reading()` makes a whole sequence of them so.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.sql.expression import Select as SelectOf

from okr_delivery.model.work import (
    EMPTY,
    Board,
    Change,
    Deployment,
    Field,
    FoundField,
    Interval,
    Issue,
    Iteration,
    Membership,
    Status,
    Value,
)
from okr_delivery.store import mapping
from okr_delivery.store import tables as t
from okr_delivery.store.bulk import among, blocks
from okr_delivery.store.codes import id_order
from okr_delivery.store.mapping import FIELD_OF
from okr_delivery.store.people import People
from okr_delivery.store.picks import Picks
from okr_delivery.store.rows import DeploymentMark, Derived, Fact, SeenClaim, SourceState
from okr_delivery.store.sayings import CLAIM, Sayings

MANY = 10_000  # rows of two columns
CACHED_VALUES = 200_000
TOMBSTONE = "tombstone"
DEPLOYMENTS = "deployments:"  # what a source's mark is kept under, with its name behind
FIRST_SYNC = "first_sync"
CHANGE_COLUMNS = [
    t.change.c[name] for name in ("issue", "ts", "field", "history_id", "item", "old", "new", "actor")
]  # the interned ones last
Rows = Sequence[Row[Any]]


class Reads(Picks, Sayings, People):
    """The reading half of a store. `_fetch` runs one statement; `_values` maps interned ids to values."""

    _values: MutableMapping[int, Value]
    _fetch: Callable[[SelectOf[Any]], Rows]

    # sources

    def sources(self) -> tuple[SourceState, ...]:
        """Every source the store has met, by name."""
        rows = self._fetch(select(t.source))
        return tuple(sorted((mapping.source_state(r) for r in rows), key=lambda s: s.name))

    def source(self, name: str) -> SourceState | None:
        """One source's state, None when it was never synced."""
        return next((s for s in self.sources() if s.name == name), None)

    def _source_ids(self, name: str | None) -> list[tuple[int, str]]:
        rows = self._fetch(select(t.source.c.id, t.source.c.name))
        return sorted(((r.id, r.name) for r in rows if name in (None, r.name)), key=lambda s: s[1])

    def statuses(self, source: str) -> tuple[Status, ...]:
        """In the tracker's order."""
        found = [mapping.status(r, source) for r in self._of(source, t.status)]
        return tuple(sorted(found, key=lambda s: (s.order, id_order(s.id))))

    def boards(self, source: str) -> tuple[Board, ...]:
        return tuple(
            sorted((mapping.board(r, source) for r in self._of(source, t.board)), key=lambda b: id_order(b.id))
        )

    def iterations(self, source: str) -> tuple[Iteration, ...]:
        """In the tracker's order, then by id."""
        found = [mapping.iteration(r, source) for r in self._of(source, t.iteration)]
        return tuple(sorted(found, key=lambda i: (i.order, id_order(i.id))))

    def deployments(self, source: str) -> tuple[Deployment, ...]:
        """By the end of each, then by id."""
        found = (mapping.deployment(r, source) for r in self._of(source, t.deployment))
        return tuple(sorted(found, key=lambda d: (d.finished_at, id_order(d.id))))

    def deployment_mark(self, source: str) -> DeploymentMark | None:
        """How far its deployments were read, None when they never were."""
        rows = self._fetch(select(t.meta.c.value).where(t.meta.c.key == DEPLOYMENTS + source))
        return DeploymentMark(**json.loads(rows[0].value)) if rows else None

    def found_fields(self, source: str) -> tuple[FoundField, ...]:
        found = [FoundField(r.role, r.ref, r.name, r.reason, r.project) for r in self._of(source, t.found_field)]
        return tuple(sorted(found, key=lambda f: (f.role, id_order(f.id))))

    def metadata(self, source: str) -> Mapping[str, object] | None:
        """The connector's own state, None when none is stored."""
        rows = self._fetch(select(t.source.c.metadata).where(t.source.c.name == source))
        return json.loads(rows[0].metadata) if rows and rows[0].metadata else None

    def _of(self, source: str, table: Any) -> Rows:
        inner = select(t.source.c.id).where(t.source.c.name == source).scalar_subquery()
        return self._fetch(select(table).where(table.c.source == inner))

    # issues

    def issues(self, source: str | None = None, ids: Iterable[str] | None = None) -> Iterator[Issue]:
        """Current bodies, gone ones too (see `gone`). Ids that the store does not hold are left out."""
        for name, block in self._issue_blocks(source, ids):
            yield from self._issues(name, block)

    def issue_count(self, source: str) -> int:
        """Issues held, gone ones too."""
        query = select(func.count()).select_from(t.issue).join(t.source, t.source.c.id == t.issue.c.source)
        return int(self._fetch(query.where(t.source.c.name == source))[0][0])

    def _issue_blocks(self, source: str | None, ids: Iterable[str] | None) -> Iterator[tuple[str, Sequence[int]]]:
        wanted = None if ids is None else list(dict.fromkeys(ids))
        for number, name in self._source_ids(source):
            for block in blocks(self._numbers(number, wanted)):
                yield name, block

    def _numbers(self, source: int, ids: list[str] | None) -> Sequence[int]:
        """The store's own ids of issues, sorted by the tracker's."""
        query = select(t.issue.c.id, t.issue.c.ref).where(t.issue.c.source == source)
        if ids is not None:
            rows = [row for block in blocks(ids) for row in self._fetch(query.where(among(t.issue.c.ref, block)))]
        else:
            rows = list(self._fetch(query))
        return array("q", [r.id for r in sorted(rows, key=lambda r: id_order(r.ref))])

    def _issues(self, source: str, block: Sequence[int]) -> Iterator[Issue]:
        rows = {r.id: r for r in self._fetch(select(t.issue).where(t.issue.c.id.in_(block)))}
        fields = self._grouped(select(t.current).where(t.current.c.issue.in_(block)))
        wanted = {r.value for group in fields.values() for r in group}
        wanted.update(number for r in rows.values() for number in (r.project, r.type, r.creator, r.parent))
        self._load_values(wanted)
        for number in block:
            current = {FIELD_OF[r.field]: self._values[r.value] for r in fields.get(number, ()) if r.field in FIELD_OF}
            yield mapping.issue(rows[number], source, self._values, current)

    def changes(self, source: str | None, ids: Iterable[str] | None = None) -> Iterator[tuple[str, tuple[Change, ...]]]:
        """The history of every issue in (ts, history id, item) order; an issue without changes has an empty one."""
        for _name, block in self._issue_blocks(source, ids):
            refs = self._refs(block)
            query = select(*CHANGE_COLUMNS).where(t.change.c.issue.in_(block)).order_by(*t.change.primary_key)
            rows = self._fetch(query)
            self._load_values(n for row in rows for n in row[-3:])
            found: dict[int, list[Change]] = {number: [] for number in block}
            values = self._values
            for row in rows:
                number, ts, field, history_id, item, old, new, actor = tuple(row)
                sides = (values[old], values[new], values[actor].name)
                found[number].append(Change(refs[number], history_id, item, ts, FIELD_OF[field], *sides))
            for number in block:
                yield refs[number], tuple(found[number])

    def _refs(self, block: Sequence[int]) -> dict[int, str]:
        rows = self._fetch(select(t.issue.c.id, t.issue.c.ref).where(t.issue.c.id.in_(block)))
        return {r.id: r.ref for r in rows}

    def _grouped(self, query: Select[Any]) -> dict[int, list[Row[Any]]]:
        found: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in self._fetch(query):
            found[row.issue].append(row)
        return found

    def _load_values(self, numbers: Iterable[int]) -> None:
        if len(self._values) > CACHED_VALUES:
            self._values.clear()
        self._values[0] = EMPTY
        missing = list({n for n in numbers if n not in self._values})
        for block in blocks(missing):
            columns = (t.value.c.id, t.value.c.ref, t.value.c.name)
            for row in self._fetch(select(*columns).where(t.value.c.id.in_(block))):
                self._values[row.id] = mapping.value(row.ref, row.name)

    def derived(self, source: str | None, ids: Iterable[str] | None = None) -> Iterator[Derived]:
        """What was derived, for the issues that have a derivation."""
        for _name, block in self._issue_blocks(source, ids):
            refs = self._refs(block)
            facts = {r.issue: r for r in self._fetch(select(t.item_fact).where(t.item_fact.c.issue.in_(block)))}
            stays = self._grouped(
                select(t.interval).where(t.interval.c.issue.in_(block)).order_by(*t.interval.primary_key)
            )
            members = self._grouped(
                select(t.membership).where(t.membership.c.issue.in_(block)).order_by(*t.membership.primary_key)
            )
            wanted = {r.rule for r in facts.values()}
            wanted.update(r.status for group in stays.values() for r in group)
            wanted.update(r.iteration for group in members.values() for r in group)
            self._load_values(wanted)
            for number in block:
                if number in facts:
                    parts = (stays.get(number, []), members.get(number, []), facts[number])
                    yield self._derived(refs[number], *parts)

    def _derived(self, ref: str, stays: list[Row[Any]], members: list[Row[Any]], fact: Row[Any]) -> Derived:
        intervals: tuple[Interval, ...] = tuple(mapping.interval(r, self._values) for r in stays)
        memberships: tuple[Membership, ...] = tuple(mapping.membership(r, self._values) for r in members)
        return Derived(ref, intervals, memberships, mapping.fact(fact), self._values[fact.rule].name or "")

    # one column of many issues

    def gone(self, source: str, ids: Iterable[str] | None = None) -> dict[str, int]:
        """The issues that are no more, with the first census that missed them (epoch seconds)."""
        return self._column(source, t.issue.c.gone_at, ids, t.issue.c.gone_at.is_not(None))

    def missed(self, source: str) -> dict[str, int]:
        """Issues that the last census did not list, with the first census in a row that did not."""
        return self._column(source, t.issue.c.missed_at, None, t.issue.c.missed_at.is_not(None))

    def held(self, source: str, ids: Iterable[str] | None = None) -> dict[str, int]:
        """`updated` of the issues that are stored whole and not gone."""
        whole = t.issue.c.history_hash.is_not(None) & t.issue.c.gone_at.is_(None)
        return self._column(source, t.issue.c.updated, ids, whole)

    def held_ids(self, source: str) -> Iterator[str]:
        """Ids of the issues that `held` tells of, in no order, without holding them all."""
        inner = select(t.source.c.id).where(t.source.c.name == source).scalar_subquery()
        whole = t.issue.c.history_hash.is_not(None) & t.issue.c.gone_at.is_(None)
        query = select(t.issue.c.id, t.issue.c.ref).where(t.issue.c.source == inner, whole)
        last = 0
        while rows := self._fetch(query.where(t.issue.c.id > last).order_by(t.issue.c.id).limit(MANY)):
            yield from (row.ref for row in rows)
            last = rows[-1].id

    def cut_ids(self, source: str) -> Sequence[str]:
        """Ids of the issues whose history is known not to be whole, gone ones left out."""
        cut = (t.issue.c.history_complete == 0) & t.issue.c.gone_at.is_(None)
        return tuple(self._column(source, t.issue.c.updated, None, cut))

    def inside(self, source: str, projects: Iterable[str]) -> dict[str, list[str]]:
        """Ids of the issues in each of these projects, gone ones left out."""
        query = select(t.issue.c.ref, t.value.c.ref.label("project")).join(t.value, t.value.c.id == t.issue.c.project)
        query = query.join(t.source, t.source.c.id == t.issue.c.source)
        query = query.where(t.source.c.name == source, t.issue.c.gone_at.is_(None))
        found: dict[str, list[str]] = defaultdict(list)
        for block in blocks(list(projects)):
            for row in self._fetch(query.where(t.value.c.ref.in_(block))):
                found[row.project].append(row.ref)
        return found

    def updated_between(self, source: str, since: int, until: int) -> set[str]:
        """Ids of the issues whose stored `updated` lies in [since, until] and that are not gone."""
        inside = t.issue.c.updated.between(since, until) & t.issue.c.gone_at.is_(None)
        return set(self._column(source, t.issue.c.updated, None, inside))

    def _column(
        self, source: str, column: ColumnElement[Any], ids: Iterable[str] | None, condition: ColumnElement[bool]
    ) -> dict[str, int]:
        inner = select(t.source.c.id).where(t.source.c.name == source).scalar_subquery()
        query = select(t.issue.c.ref, column.label("at")).where(t.issue.c.source == inner, condition)
        if ids is None:
            return {row.ref: int(row.at) for row in self._fetch(query)}
        chunks = blocks(list(ids))
        rows = (row for block in chunks for row in self._fetch(query.where(among(t.issue.c.ref, block))))
        return {row.ref: int(row.at) for row in rows}

    def aliases(self, source: str) -> dict[str, str]:
        """Old keys of issues that were moved or renamed, each with its issue's id. Present keys are not in it."""
        rows = self._fetch(
            select(t.alias.c.key, t.issue.c.ref)
            .join(t.issue, t.issue.c.id == t.alias.c.issue)
            .join(t.source, t.source.c.id == t.alias.c.source)
            .where(t.source.c.name == source)
        )
        return {r.key: r.ref for r in sorted(rows, key=lambda r: str(r.key))}

    # facts that cannot be fetched again

    def facts(
        self, kind: str | None = None, source: str | None = None, ids: Iterable[str] | None = None
    ) -> Iterator[Fact]:
        """Facts of the ledger, by (kind, source, entity, iteration)."""
        query = select(t.ledger_fact)
        if kind is not None:
            query = query.where(t.ledger_fact.c.kind == kind)
        if source is not None:
            query = query.where(t.ledger_fact.c.source == source)
        if ids is None:
            rows = list(self._fetch(query))
        else:
            chunks = blocks(list(ids))
            rows = [row for block in chunks for row in self._fetch(query.where(among(t.ledger_fact.c.issue, block)))]
        yield from sorted((_fact(row) for row in rows), key=lambda f: f.identity)

    def seen_claims(self, source: str | None, ids: Iterable[str] | None = None) -> tuple[SeenClaim, ...]:
        """Claim texts as syncs saw them, by source, issue, field and version."""
        found = [_claim(fact) for fact in self.facts(CLAIM, source, ids)]
        return tuple(sorted(found, key=lambda c: (c.source, id_order(c.issue_id), c.field, c.version)))


def _fact(row: Row[Any]) -> Fact:
    body = json.loads(row.body)
    return Fact(row.kind, row.source, row.entity, row.at, row.team, row.iteration or None, row.issue, body)


def _claim(fact: Fact) -> SeenClaim:
    field, version, text = fact.body["field"], fact.body["version"], fact.body["text"]
    return SeenClaim(fact.source, fact.issue_id or "", Field[str(field)], int(str(version)), str(text), fact.at)
