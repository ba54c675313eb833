"""Writing what a tracker said and what was derived of it: bodies, histories, derivations. Equal rows are not touched.

What was written in a transaction is answered from memory for the rest of it: each page derives from what it has just
put. A page is some hundred issues.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, update

from okr_delivery.model.work import Change, Field, Issue, Value
from okr_delivery.store import mapping
from okr_delivery.store import tables as t
from okr_delivery.store.bulk import blocks, insert_rows, update_rows
from okr_delivery.store.codes import clean, digest, id_order
from okr_delivery.store.intern import Interner, insert_new
from okr_delivery.store.mapping import Pair, of, pair
from okr_delivery.store.reads import Reads
from okr_delivery.store.rows import Derived

CHANGE = ("issue", "seq", "ts", "field", "old", "new", "history_id", "item", "actor")
CURRENT = ("issue", "field", "value")
INTERVAL = ("issue", "seq", "status", "kind", "stage", "entered_at", "left_at")
MEMBERSHIP = ("issue", "seq", "iteration", "entered_at", "left_at")
FACT = ("issue", "rule", "digest", *mapping.FACT_COLUMNS, "kind", "notes")


class Known(NamedTuple):
    """The book-keeping columns of a stored issue."""

    id: int
    ref: str
    key: str
    body_hash: bytes
    history_hash: bytes | None
    gone_at: int | None
    missed_at: int | None


class Body(NamedTuple):
    """A body on its way into its rows."""

    issue: Issue
    plain: Mapping[str, Any]
    pairs: Mapping[str, Pair]
    kept: Sequence[tuple[Field, Pair]]
    digest: bytes

    @classmethod
    def of(cls, issue: Issue) -> Body:
        plain, pairs, kept = mapping.body_plain(issue), mapping.body_pairs(issue), mapping.kept(issue)
        return cls(issue, plain, pairs, kept, mapping.body_digest(plain, pairs, kept))


class ContentWrites(Reads):
    """The part of a transaction that writes issues."""

    _connection: Connection
    _interner: Interner
    _number: int
    source_name: str

    def __init__(self) -> None:
        self._stored: dict[str, Known] = {}
        self._new: set[int] = set()  # issues that this transaction inserted: nothing else of them is stored yet
        self._bodies: dict[str, Issue] = {}
        self._histories: dict[str, tuple[Change, ...]] = {}
        self._shown: dict[Pair, Value] = {}

    # reading what was just written

    def issues(self, source: str | None = None, ids: Iterable[str] | None = None) -> Iterator[Issue]:
        """As `Reads` says."""
        wanted = None if ids is None else list(dict.fromkeys(ids))
        if source != self.source_name or wanted is None or not self._bodies.keys() >= set(wanted):
            return super().issues(source, wanted)
        return iter([self._bodies[ref] for ref in sorted(wanted, key=id_order)])

    def changes(self, source: str | None, ids: Iterable[str] | None = None) -> Iterator[tuple[str, tuple[Change, ...]]]:
        """As `Reads` says."""
        wanted = None if ids is None else list(dict.fromkeys(ids))
        if source != self.source_name or wanted is None or not self._histories.keys() >= set(wanted):
            return super().changes(source, wanted)
        return iter([(ref, self._histories[ref]) for ref in sorted(wanted, key=id_order)])

    def _rows(self, refs: Iterable[str]) -> dict[str, Known]:
        wanted = list(refs)
        columns = [t.issue.c[name] for name in Known._fields]
        query = select(*columns).where(t.issue.c.source == self._number)
        for block in blocks([ref for ref in wanted if ref not in self._stored]):
            found = self._fetch(query.where(t.issue.c.ref.in_(block)))
            self._stored.update({row.ref: Known._make(row) for row in found})
        return {ref: self._stored[ref] for ref in wanted if ref in self._stored}

    def _forget(self) -> None:
        """Behind everything that is written past this class."""
        self._stored.clear()
        self._bodies.clear()
        self._histories.clear()

    # issues

    def put_issues(self, issues: Sequence[Issue]) -> frozenset[str]:
        """Stores current bodies; answers the ids that are new or differ. A gone issue that returns is revived."""
        wanted = {issue.id: Body.of(issue) for issue in issues}
        stored = self._rows(wanted)
        changed = {ref: b for ref, b in wanted.items() if ref not in stored or stored[ref].body_hash != b.digest}
        self._write_bodies(changed, stored)
        anew = (b.issue for ref, b in changed.items() if ref in stored and _same_number(stored[ref].key, b.issue.key))
        self.rename_projects({issue.project_id: issue.project for issue in anew})
        back = [known.id for known in stored.values() if known.gone_at is not None or known.missed_at is not None]
        if back:
            self._set(back, gone_at=None, missed_at=None)
        self._bodies.update({ref: self._as_stored(body) for ref, body in wanted.items()})
        return frozenset(changed)

    def rename_projects(self, names: Mapping[str, str]) -> frozenset[str]:
        """Gives the issues of projects, by id, that are stored under another name the present one, in their keys too.

        Trackers rename every key of a project at once and touch none of its issues. The former keys stay aliases.
        Answers the ids of those issues.
        """
        stale = self._named_else(names)
        for block in blocks(stale):
            self._new.clear()
            bodies = {i.id: Body.of(_moved(i, names[i.project_id])) for i in super().issues(self.source_name, block)}
            self._write_bodies(bodies, self._rows(bodies))
        if stale:
            self._forget()
        return frozenset(stale)

    def _named_else(self, names: Mapping[str, str]) -> list[str]:
        if not names:
            return []
        known = select(t.issue.c.project).where(t.issue.c.source == self._number).distinct()
        values = self._fetch(select(t.value.c.id, t.value.c.ref, t.value.c.name).where(t.value.c.id.in_(known)))
        wrong = [row.id for row in values if row.ref in names and row.name != clean(names[row.ref])]
        if not wrong:
            return []
        mine = (t.issue.c.source == self._number, t.issue.c.project.in_(wrong))
        return [row.ref for row in self._fetch(select(t.issue.c.ref).where(*mine))]

    def _write_bodies(self, bodies: Mapping[str, Body], stored: Mapping[str, Known]) -> None:
        pairs: set[Pair] = {p for body in bodies.values() for p in body.pairs.values()}
        pairs.update(p for body in bodies.values() for _, p in body.kept)
        numbers = self._interner.intern(pairs)
        rows = {ref: self._body_row(body, numbers) for ref, body in bodies.items()}
        self._update([{**row, "id": stored[ref].id} for ref, row in rows.items() if ref in stored])
        self._insert([row for ref, row in rows.items() if ref not in stored])
        for ref in bodies:
            self._stored.pop(ref, None)
        after = self._rows(bodies)
        self._new.update(after[ref].id for ref in bodies if ref not in stored)
        self._replace_current({after[ref].id: body for ref, body in bodies.items()}, numbers)
        renamed = [ref for ref, body in bodies.items() if ref in stored and stored[ref].key != body.issue.key]
        self._add_aliases({stored[ref].key: stored[ref].id for ref in renamed})
        self._drop_aliases([body.issue.key for body in bodies.values()])

    def _body_row(self, body: Body, numbers: Mapping[Pair, int]) -> dict[str, Any]:
        plain = {name: clean(value) if isinstance(value, str) else value for name, value in body.plain.items()}
        row = plain | {column: numbers[found] for column, found in body.pairs.items()}
        return row | {"source": self._number, "body_hash": body.digest}

    def _insert(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            insert_rows(self._connection, t.issue, tuple(rows[0]), [tuple(row.values()) for row in rows])

    def _as_stored(self, body: Body) -> Issue:
        """The issue as it is read back: empty texts are None, and nothing is left that no database keeps."""
        issue = body.issue
        current = {field: self._value(found) for field, found in body.kept}
        people = issue.creator or None, issue.parent_id or None, issue.parent_key or None
        same = current == issue.current and people == (issue.creator, issue.parent_id, issue.parent_key)
        if same and all(clean(text) == text for text in (*body.pairs["project"], *body.pairs["type"], *_texts(body))):
            return issue
        pairs = {name: self._value(found) for name, found in body.pairs.items()}
        return mapping.cleaned(issue, pairs, current)

    def _value(self, found: Pair) -> Value:
        shown = self._shown.get(found)
        if shown is None:
            shown = self._shown[found] = mapping.value(clean(found[0]), clean(found[1]))
        return shown

    def _replace_current(self, bodies: Mapping[int, Body], numbers: Mapping[Pair, int]) -> None:
        self._clear(t.current, bodies)
        rows = [(number, int(f), numbers[p]) for number, body in bodies.items() for f, p in body.kept]
        insert_rows(self._connection, t.current, CURRENT, rows)

    def _clear(self, table: Any, numbers: Iterable[int]) -> None:
        """Removes the rows of issues; those inserted just now have none."""
        for block in blocks([number for number in numbers if number not in self._new]):
            self._connection.execute(delete(table).where(table.c.issue.in_(block)))

    def _add_aliases(self, keys: Mapping[str, int]) -> None:
        rows = [{"source": self._number, "key": key, "issue": number} for key, number in keys.items()]
        insert_new(self._connection, t.alias, rows, ("source", "key"))

    def _drop_aliases(self, keys: list[str]) -> None:
        for block in blocks(keys):
            same = (t.alias.c.source == self._number, t.alias.c.key.in_(block))
            self._connection.execute(delete(t.alias).where(*same))

    def _update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Updates issues by `id`, which comes last; all rows have the same columns."""
        if rows:
            columns = tuple(rows[0])[:-1]
            update_rows(self._connection, t.issue, columns, [tuple(row.values()) for row in rows])

    def _set(self, numbers: Sequence[int], **columns: object) -> None:
        self._stored.clear()
        for block in blocks(numbers):
            self._connection.execute(update(t.issue).where(t.issue.c.id.in_(block)).values(**columns))

    # history

    def put_changes(self, ids: Iterable[str], changes: Iterable[Change]) -> tuple[frozenset[str], int]:
        """Replaces the whole history of `ids`. Answers the ids whose history differs and how many changes are new.

        The same (ts, history id, item) twice is one change, the first. Raises KeyError for an issue not stored.
        """
        histories: dict[str, dict[tuple[int, int, int], Change]] = {ref: {} for ref in ids}
        for change in changes:
            histories[change.issue_id].setdefault(change.order, change)
        stored = self._rows(histories)
        ordered = {ref: [found[k] for k in sorted(found)] for ref, found in histories.items()}
        digests = {ref: mapping.history_digest(found) for ref, found in ordered.items()}
        differ = [ref for ref in ordered if stored[ref].history_hash != digests[ref]]
        added = self._write_histories({stored[ref].id: ordered[ref] for ref in differ})
        self._update([{"history_hash": digests[ref], "id": stored[ref].id} for ref in differ])
        for ref in differ:
            self._stored[ref] = stored[ref]._replace(history_hash=digests[ref])
            self._alias_history(stored[ref], ordered[ref])
        self._histories.update({ref: tuple(map(self._shown_change, found)) for ref, found in ordered.items()})
        return frozenset(differ), added

    def _shown_change(self, change: Change) -> Change:
        """The change as it is read back."""
        old, new = self._value(of(change.old)), self._value(of(change.new))
        actor = clean(change.actor) if change.actor else None
        if old == change.old and new == change.new and actor == change.actor:
            return change
        return change._replace(old=old, new=new, actor=actor)

    def _write_histories(self, histories: Mapping[int, Sequence[Change]]) -> int:
        every = [change for found in histories.values() for change in found]
        pairs = {p for c in every for p in (of(c.old), of(c.new), ("", c.actor or ""))}
        numbers = self._interner.intern(pairs)
        known: set[tuple[int, int, int, int]] = set()
        for block in blocks([number for number in histories if number not in self._new]):
            columns = (t.change.c.issue, t.change.c.ts, t.change.c.history_id, t.change.c.item)
            known.update(tuple(r) for r in self._fetch(select(*columns).where(t.change.c.issue.in_(block))))
        self._clear(t.change, histories)
        rows = [_change_row(n, seq, c, numbers) for n, found in histories.items() for seq, c in enumerate(found)]
        insert_rows(self._connection, t.change, CHANGE, rows)
        return sum((n, c.ts, c.history_id, c.item) not in known for n, found in histories.items() for c in found)

    def _alias_history(self, known: Known, changes: Iterable[Change]) -> None:
        old = {c.old.name or c.old.id for c in changes if c.field is Field.KEY}
        self._add_aliases({key: known.id for key in old if key and key != known.key})

    # derivations

    def put_derived(self, rows: Iterable[Derived]) -> None:
        """Replaces the derivation of each issue; equal ones are left alone. Unknown ids are a KeyError."""
        given = {row.issue_id: row for row in rows}
        numbers = {ref: known.id for ref, known in self._rows(given).items()}
        digests = {numbers[ref]: digest(mapping.derived_key(row)) for ref, row in given.items()}
        stored: dict[int, bytes] = {}
        for block in blocks([number for number in digests if number not in self._new]):
            columns = (t.item_fact.c.issue, t.item_fact.c.digest)
            stored |= {r.issue: r.digest for r in self._fetch(select(*columns).where(t.item_fact.c.issue.in_(block)))}
        differ = {n: given[ref] for ref, n in numbers.items() if stored.get(n) != digests[n]}
        for table in (t.interval, t.membership, t.item_fact):
            for block in blocks([n for n in differ if n in stored]):
                self._connection.execute(delete(table).where(table.c.issue.in_(block)))
        self._insert_derived(differ, digests)

    def _insert_derived(self, rows: Mapping[int, Derived], digests: Mapping[int, bytes]) -> None:
        pairs = {pair(None, row.rule_hash) for row in rows.values()}
        pairs.update((i.status_id, "") for row in rows.values() for i in row.intervals)
        pairs.update((m.iteration_id, "") for row in rows.values() for m in row.memberships)
        ids = self._interner.intern(pairs)
        stays = [
            (number, seq, ids[i.status_id, ""], int(i.kind), i.stage, i.entered_at, i.left_at)
            for number, row in rows.items()
            for seq, i in enumerate(row.intervals)
        ]
        members = [
            (number, seq, ids[m.iteration_id, ""], m.entered_at, m.left_at)
            for number, row in rows.items()
            for seq, m in enumerate(row.memberships)
        ]
        facts = [
            (n, ids["", row.rule_hash], digests[n], *mapping.fact_row(row.fact).values()) for n, row in rows.items()
        ]
        insert_rows(self._connection, t.interval, INTERVAL, stays)
        insert_rows(self._connection, t.membership, MEMBERSHIP, members)
        insert_rows(self._connection, t.item_fact, FACT, facts)


_NUMBER = re.compile(r"[#&-][0-9]+")


def _same_number(one: str, other: str) -> bool:
    """Whether two different keys end alike, as those of an issue do before and after its project was renamed."""
    ends = [_NUMBER.findall(key)[-1:] for key in (one, other)]
    return one != other and ends[0] == ends[1] != []


def _moved(issue: Issue, project: str) -> Issue:
    """An issue under its project's present name."""
    old, rest = issue.project, issue.key.removeprefix(issue.project)
    key = f"{project}{rest}" if old and issue.key != rest and _NUMBER.fullmatch(rest) else issue.key
    url = None if issue.url is None else issue.url.replace(f"/{old}/-/", f"/{project}/-/", 1)
    return replace(issue, project=project, key=key, url=url)


def _texts(body: Body) -> Iterator[str]:
    return (value for value in body.plain.values() if isinstance(value, str))


def _change_row(issue: int, seq: int, change: Change, numbers: Mapping[Pair, int]) -> tuple[object, ...]:
    sides = numbers[of(change.old)], numbers[of(change.new)]
    actor = numbers["", change.actor or ""]
    return (issue, seq, change.ts, int(change.field), *sides, change.history_id, change.item, actor)
