"""What one page's transaction may write. Rows that would not change are not touched."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.sql.expression import Select as SelectOf

from okr_delivery.model.work import Board, Category, Change, Field, FoundField, Issue, Iteration, Status, Value
from okr_delivery.store import mapping
from okr_delivery.store import tables as t
from okr_delivery.store.codes import clean, digest, dumps
from okr_delivery.store.facts import insert_facts, record
from okr_delivery.store.intern import Interner, insert_new
from okr_delivery.store.mapping import Pair, of, pair
from okr_delivery.store.reads import CLAIM, FIRST_SYNC, TOMBSTONE, Reads, Rows, blocks
from okr_delivery.store.rows import Derived, Fact

Texts = Mapping[Field, str]


class StoreTx(Reads):
    """One transaction on one source: everything `Reads` answers, as of inside it, and the writes.

    Opened by `Store.page`. New facts are appended to the ledger before the commit, so that the ledger never misses
    what the store holds.
    """

    def __init__(self, connection: Connection, source: str, values: MutableMapping[int, Value]) -> None:
        self._connection = connection
        self.source_name = source
        self.interned: dict[int, Value] = {}  # kept apart: what this transaction interns may be rolled back
        self._values = ChainMap(self.interned, values)
        self._number = self._ensure_source()
        self._interner = Interner(connection, self._number)
        self.new_facts: list[Fact] = []

    def _fetch(self, statement: SelectOf[Any]) -> Rows:
        return self._connection.execute(statement).all()

    def _ensure_source(self) -> int:
        query = select(t.source.c.id).where(t.source.c.name == self.source_name)
        found = self._fetch(query)
        if not found:
            row = {"name": self.source_name, "complete": 0, "reason": "sync.reason.never"}
            insert_new(self._connection, t.source, [row], ("name",))
            found = self._fetch(query)
        return int(found[0].id)

    # run book-keeping

    def set_state(self, **columns: object) -> None:
        """Sets columns of the source's own row (see `SourceState`); `cursor` and `metadata` take JSON-able data."""
        row = {k: dumps(v) if k in ("cursor", "metadata") and v is not None else v for k, v in columns.items()}
        self._connection.execute(update(t.source).where(t.source.c.id == self._number).values(**row))

    # metadata

    def put_statuses(self, statuses: Iterable[Status]) -> None:
        """Adds or renames statuses; one that the tracker no longer lists stays, history refers to it."""
        self._merge(t.status, [mapping.status_row(s) for s in statuses], ("ref",))

    def add_statuses(self, statuses: Iterable[Status]) -> None:
        """Adds statuses met in issues or their history. What is known stays, unless its category was not."""
        known = {s.id: s.category for s in self.statuses(self.source_name)}
        fresh: dict[str, Status] = {}
        for status in statuses:
            before = fresh[status.id].category if status.id in fresh else known.get(status.id)
            if before is None or (before is Category.UNDEFINED and status.category is not before):
                fresh[status.id] = status
        self.put_statuses(fresh.values())

    def put_iterations(self, iterations: Iterable[Iteration]) -> None:
        """Adds or updates iterations; others stay."""
        self._merge(t.iteration, [mapping.iteration_row(i) for i in iterations], ("ref",))

    def put_boards(self, boards: Iterable[Board]) -> None:
        """Replaces the boards."""
        self._merge(t.board, [mapping.board_row(b) for b in boards], ("ref",), drop=True)

    def put_fields(self, fields: Iterable[FoundField]) -> None:
        """Replaces the found fields."""
        rows = [{"role": f.role, "ref": f.id, "name": f.name, "reason": f.reason} for f in fields]
        self._merge(t.found_field, rows, ("role", "ref"), drop=True)

    def put_metadata(
        self,
        statuses: Iterable[Status],
        boards: Iterable[Board],
        fields: Iterable[FoundField],
        raw: Mapping[str, object],
        at: int,
    ) -> None:
        """Everything that changes rarely, and when it was read (epoch seconds)."""
        self.put_statuses(statuses)
        self.put_boards(boards)
        self.put_fields(fields)
        self.set_state(metadata=dict(raw), metadata_at=at)

    def _merge(self, table: Table, rows: list[dict[str, Any]], key: tuple[str, ...], drop: bool = False) -> None:
        stored = self._fetch(select(table).where(table.c.source == self._number))
        old = {tuple(getattr(r, k) for k in key): dict(r._mapping) for r in stored}
        new = {tuple(r[k] for k in key): {"source": self._number, **r} for r in rows}
        stale = [k for k in old if (k in new and old[k] != new[k]) or (drop and k not in new)]
        for found in stale:
            same = [table.c[name] == part for name, part in zip(key, found, strict=True)]
            self._connection.execute(delete(table).where(table.c.source == self._number, *same))
        fresh = [row for k, row in new.items() if old.get(k) != row]
        if fresh:
            self._connection.execute(insert(table), fresh)

    # issues

    def put_issues(self, issues: Sequence[Issue]) -> frozenset[str]:
        """Stores current bodies; answers the ids that are new or differ. A gone issue that returns is revived."""
        wanted = {issue.id: issue for issue in issues}
        digests = {ref: mapping.body_digest(issue) for ref, issue in wanted.items()}
        stored = self._rows(wanted)
        changed = [ref for ref in wanted if ref not in stored or stored[ref].body_hash != digests[ref]]
        self._write_bodies({ref: wanted[ref] for ref in changed}, digests, stored)
        back = [r.id for r in stored.values() if r.gone_at is not None or r.missed_at is not None]
        self._set(back, gone_at=None, missed_at=None)
        return frozenset(changed)

    def _rows(self, refs: Iterable[str]) -> dict[str, Row[Any]]:
        columns = ("id", "ref", "key", "body_hash", "history_hash", "gone_at", "missed_at")
        query = select(*(t.issue.c[name] for name in columns)).where(t.issue.c.source == self._number)
        chunks = blocks(list(refs))
        return {row.ref: row for block in chunks for row in self._fetch(query.where(t.issue.c.ref.in_(block)))}

    def _write_bodies(
        self, issues: Mapping[str, Issue], digests: Mapping[str, bytes], stored: Mapping[str, Row[Any]]
    ) -> None:
        pairs: set[Pair] = {p for i in issues.values() for p in mapping.body_pairs(i).values()}
        pairs.update(p for i in issues.values() for _, p in mapping.kept(i))
        numbers = self._interner.intern(pairs)
        new: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        for ref, issue in issues.items():
            row = mapping.body_plain(issue) | {c: numbers[p] for c, p in mapping.body_pairs(issue).items()}
            row |= {"source": self._number, "body_hash": digests[ref]}
            if ref in stored:
                known.append({"id": stored[ref].id, **row})
            else:
                new.append(row)
        self._update(known)
        if new:
            self._connection.execute(insert(t.issue), new)
        after = self._rows(issues)
        self._replace_current({after[ref].id: issue for ref, issue in issues.items()}, numbers)
        renamed = {ref: issue for ref, issue in issues.items() if ref in stored and stored[ref].key != issue.key}
        self._add_aliases({stored[ref].key: stored[ref].id for ref in renamed})
        self._drop_aliases([issue.key for issue in issues.values()])

    def _replace_current(self, issues: Mapping[int, Issue], numbers: Mapping[Pair, int]) -> None:
        for block in blocks(list(issues)):
            self._connection.execute(delete(t.current).where(t.current.c.issue.in_(block)))
        rows = [
            {"issue": number, "field": int(field), "value": numbers[p]}
            for number, issue in issues.items()
            for field, p in mapping.kept(issue)
        ]
        if rows:
            self._connection.execute(insert(t.current), rows)

    def _add_aliases(self, keys: Mapping[str, int]) -> None:
        rows = [{"source": self._number, "key": key, "issue": number} for key, number in keys.items()]
        insert_new(self._connection, t.alias, rows, ("source", "key"))

    def _drop_aliases(self, keys: list[str]) -> None:
        for block in blocks(keys):
            same = (t.alias.c.source == self._number, t.alias.c.key.in_(block))
            self._connection.execute(delete(t.alias).where(*same))

    def _update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Updates issues by `id`; all rows have the same columns."""
        if not rows:
            return
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
        statement = update(t.issue).where(t.issue.c.id == bindparam("new_id")).values(columns)
        self._connection.execute(statement, [{f"new_{k}": v for k, v in row.items()} for row in rows])

    def _set(self, numbers: Sequence[int], **columns: object) -> None:
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
        differ = {stored[ref].id: found for ref, found in ordered.items() if stored[ref].history_hash != digests[ref]}
        added = self._write_histories(differ)
        self._update(
            [{"id": stored[ref].id, "history_hash": digests[ref]} for ref in ordered if stored[ref].id in differ]
        )
        for ref, found in ordered.items():
            if stored[ref].id in differ:
                self._alias_history(stored[ref], found)
        return frozenset(ref for ref in ordered if stored[ref].id in differ), added

    def _write_histories(self, histories: Mapping[int, Sequence[Change]]) -> int:
        every = [change for found in histories.values() for change in found]
        pairs = {p for c in every for p in (of(c.old), of(c.new), pair(None, c.actor))}
        numbers = self._interner.intern(pairs)
        known: set[tuple[int, int, int, int]] = set()
        for block in blocks(list(histories)):
            columns = (t.change.c.issue, t.change.c.ts, t.change.c.history_id, t.change.c.item)
            known.update(tuple(r) for r in self._fetch(select(*columns).where(t.change.c.issue.in_(block))))
            self._connection.execute(delete(t.change).where(t.change.c.issue.in_(block)))
        rows = [_change_row(n, seq, c, numbers) for n, found in histories.items() for seq, c in enumerate(found)]
        if rows:
            self._connection.execute(insert(t.change), rows)
        return sum((r["issue"], r["ts"], r["history_id"], r["item"]) not in known for r in rows)

    def _alias_history(self, row: Row[Any], changes: Iterable[Change]) -> None:
        old = {c.old.name or c.old.id for c in changes if c.field is Field.KEY}
        self._add_aliases({key: row.id for key in old if key and key != row.key})

    # derivations

    def put_derived(self, rows: Iterable[Derived]) -> None:
        """Replaces the derivation of each issue; equal ones are left alone. Unknown ids are a KeyError."""
        given = {row.issue_id: row for row in rows}
        numbers = {ref: row.id for ref, row in self._rows(given).items()}
        digests = {numbers[ref]: digest(mapping.derived_key(row)) for ref, row in given.items()}
        stored: dict[int, bytes] = {}
        for block in blocks(list(digests)):
            columns = (t.item_fact.c.issue, t.item_fact.c.digest)
            stored |= {r.issue: r.digest for r in self._fetch(select(*columns).where(t.item_fact.c.issue.in_(block)))}
        differ = {n: given[ref] for ref, n in numbers.items() if stored.get(n) != digests[n]}
        for table in (t.interval, t.membership, t.item_fact):
            for block in blocks([n for n in differ if n in stored]):
                self._connection.execute(delete(table).where(table.c.issue.in_(block)))
        self._insert_derived(differ, digests)

    def _insert_derived(self, rows: Mapping[int, Derived], digests: Mapping[int, bytes]) -> None:
        pairs = {pair(None, row.rule_hash) for row in rows.values()}
        pairs.update(pair(i.status_id, None) for row in rows.values() for i in row.intervals)
        pairs.update(pair(m.iteration_id, None) for row in rows.values() for m in row.memberships)
        ids = self._interner.intern(pairs)
        gathered: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for number, row in rows.items():
            gathered[t.interval] += [
                {
                    "issue": number,
                    "seq": seq,
                    "status": ids[pair(i.status_id, None)],
                    "kind": int(i.kind),
                    "stage": i.stage,
                    "entered_at": i.entered_at,
                    "left_at": i.left_at,
                }
                for seq, i in enumerate(row.intervals)
            ]
            gathered[t.membership] += [
                {
                    "issue": number,
                    "seq": seq,
                    "iteration": ids[pair(m.iteration_id, None)],
                    "entered_at": m.entered_at,
                    "left_at": m.left_at,
                }
                for seq, m in enumerate(row.memberships)
            ]
            fact = {"issue": number, "rule": ids[pair(None, row.rule_hash)], "digest": digests[number]}
            gathered[t.item_fact].append(fact | mapping.fact_row(row.fact))
        for table, found in gathered.items():
            if found:
                self._connection.execute(insert(table), found)

    # facts that cannot be fetched again

    def first_sync(self, at: int) -> int:
        """When the source was first synced to the end (epoch seconds): as the ledger has it, else `at` from now on."""
        self.add_facts([Fact(FIRST_SYNC, self.source_name, self.source_name, at, self.source_name)])
        return next(self.facts(FIRST_SYNC, self.source_name)).at

    def add_facts(self, facts: Iterable[Fact]) -> list[Fact]:
        """Adds facts whose identity is new, here and in the ledger; answers those."""
        given = {fact.identity: fact for fact in reversed(list(facts))}
        scopes = {(kind, source) for kind, source, _, _ in given}
        known = {f.identity for kind, source in scopes for f in self.facts(kind, source)}
        new = [fact for identity, fact in sorted(given.items()) if identity not in known]
        insert_facts(self._connection, new)
        self.new_facts += new
        return new

    def see_claims(self, texts: Mapping[str, tuple[str, str, Texts]], seen_at: int) -> list[Fact]:
        """Records claim texts that differ from the last seen ones.

        `texts` maps an issue's id to its key, its team and its text by field; a field without text may be left out.
        """
        latest: dict[str, dict[Field, tuple[int, str]]] = defaultdict(dict)
        for claim in self.seen_claims(self.source_name, texts):
            latest[claim.issue_id][claim.field] = (claim.version, claim.text)
        found: list[Fact] = []
        for ref, (key, team, now) in texts.items():
            for field in sorted({*latest[ref], *now}):
                version, before = latest[ref].get(field, (0, ""))
                text = clean(now.get(field, ""))
                if text != before:
                    said = {"key": key, "field": field.name, "version": version + 1, "text": text}
                    entity = f"{ref}/{field.name.lower()}/{version + 1}"
                    found.append(Fact(CLAIM, self.source_name, entity, seen_at, team, None, ref, said))
        return self._add_new(found)

    def _add_new(self, facts: list[Fact]) -> list[Fact]:
        """Adds facts known to be new: their version follows the last one stored."""
        insert_facts(self._connection, facts)
        self.new_facts += facts
        return facts

    # census

    def miss(self, ids: Iterable[str], at: int) -> None:
        """Notes that a census did not list these, keeping the first one that did not."""
        rows = [r.id for r in self._rows(ids).values() if r.missed_at is None]
        self._set(rows, missed_at=at)

    def found(self, ids: Iterable[str]) -> None:
        """A census listed these: forgets misses, revives gone ones and counts those as not held until read again."""
        rows = [r for r in self._rows(ids).values() if r.missed_at is not None or r.gone_at is not None]
        self._set([r.id for r in rows], missed_at=None)
        self._set([r.id for r in rows if r.gone_at is not None], gone_at=None, history_hash=None)

    def drop(self, ids: Iterable[str]) -> None:
        """Removes issues that the settings no longer ask for, with everything about them but the ledger's facts."""
        numbers = [row.id for row in self._rows(ids).values()]
        for block in blocks(numbers):
            for table in (t.current, t.change, t.alias, t.interval, t.membership, t.item_fact):
                self._connection.execute(delete(table).where(table.c.issue.in_(block)))
            self._connection.execute(delete(t.issue).where(t.issue.c.id.in_(block)))

    def tombstone(self, gone: Mapping[str, int], team_of: Mapping[str, str]) -> list[Fact]:
        """Declares issues gone at an instant; their slim history goes to the ledger, nobody can fetch it again."""
        versions: dict[str, int] = defaultdict(int)
        for fact in self.facts(TOMBSTONE, self.source_name, gone):
            versions[str(fact.issue_id)] += 1
        histories = dict(self.changes(self.source_name, gone))
        found: list[Fact] = []
        for issue in self.issues(self.source_name, gone):
            version, at = versions[issue.id] + 1, gone[issue.id]
            body = {"key": issue.key, "version": version, "reason": "unknown"}
            body |= {"record": record(issue, histories[issue.id])}
            team = team_of.get(issue.id, "")
            found.append(Fact(TOMBSTONE, self.source_name, f"{issue.id}/{version}", at, team, None, issue.id, body))
        rows = self._rows(gone).items()
        self._update([{"id": row.id, "gone_at": gone[ref], "missed_at": None} for ref, row in rows])
        return self._add_new(found)

    def put_gone(self, issue: Issue, changes: Iterable[Change], gone_at: int) -> None:
        """Stores an issue that only its tombstone still knows."""
        self.put_issues([issue])
        self.put_changes([issue.id], changes)
        self._set([self._rows([issue.id])[issue.id].id], gone_at=gone_at)


def _change_row(issue: int, seq: int, change: Change, numbers: Mapping[Pair, int]) -> dict[str, Any]:
    return {
        "issue": issue,
        "seq": seq,
        "ts": change.ts,
        "field": int(change.field),
        "old": numbers[of(change.old)],
        "new": numbers[of(change.new)],
        "history_id": change.history_id,
        "item": change.item,
        "actor": numbers[pair(None, change.actor)],
    }
