"""What one page's transaction may write. Rows that would not change are not touched."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.sql.expression import Select as SelectOf

from okr_delivery.model.work import (
    Board,
    Category,
    Change,
    Deployment,
    Field,
    FoundField,
    Issue,
    Iteration,
    Status,
    Value,
)
from okr_delivery.store import mapping
from okr_delivery.store import tables as t
from okr_delivery.store.bulk import blocks
from okr_delivery.store.codes import clean, dumps
from okr_delivery.store.content import ContentWrites
from okr_delivery.store.facts import insert_facts, record
from okr_delivery.store.intern import Interner, insert_new
from okr_delivery.store.mapping import Pair
from okr_delivery.store.reads import DEPLOYMENTS, FIRST_SYNC, TOMBSTONE, Rows
from okr_delivery.store.rows import DeploymentMark, Fact
from okr_delivery.store.sayings import CLAIM

Texts = Mapping[Field, str]


class StoreTx(ContentWrites):
    """One transaction on one source: everything `Reads` answers, as of inside it, and the writes.

    Opened by `Store.page`. New facts are appended to the ledger before the commit, so that the ledger never misses
    what the store holds.
    """

    def __init__(
        self,
        connection: Connection,
        source: str,
        values: MutableMapping[int, Value],
        numbers: Mapping[int, Mapping[Pair, int]],
    ) -> None:
        super().__init__()
        self._connection = connection
        self.source_name = source
        self.interned: dict[int, Value] = {}  # kept apart: what this transaction interns may be rolled back
        self._values = ChainMap(self.interned, values)
        self._number = self._ensure_source()
        self._interner = Interner(connection, self._number, numbers.get(self._number, {}))
        self.new_facts: list[Fact] = []

    def _fetch(self, statement: SelectOf[Any]) -> Rows:
        return self._connection.execute(statement).all()

    def learned(self) -> tuple[int, dict[Pair, int]]:
        """The source's number and the numbers of interned pairs that are worth knowing once this is committed."""
        return self._number, self._interner.common()

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

    def drop_iterations(self, ids: Iterable[str]) -> None:
        """Removes iterations; what issues hold of them stays."""
        for block in blocks(list(ids)):
            mine = (t.iteration.c.source == self._number, t.iteration.c.ref.in_(block))
            self._connection.execute(delete(t.iteration).where(*mine))

    def drop_statuses(self, ids: Iterable[str]) -> None:
        """Removes statuses; one that an issue still speaks of comes back with it."""
        for block in blocks(list(ids)):
            mine = (t.status.c.source == self._number, t.status.c.ref.in_(block))
            self._connection.execute(delete(t.status).where(*mine))

    def put_boards(self, boards: Iterable[Board]) -> None:
        """Replaces the boards."""
        self._merge(t.board, [mapping.board_row(b) for b in boards], ("ref",), drop=True)

    def put_fields(self, fields: Iterable[FoundField]) -> None:
        """Replaces the found fields."""
        rows = [{"role": f.role, "ref": f.id, "name": f.name, "reason": f.reason, "project": f.project} for f in fields]
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

    # deployments

    def put_deployments(self, deployments: Iterable[Deployment]) -> int:
        """Adds or updates deployments; others stay. Answers how many are new or differ."""
        new = {d.id: {"source": self._number, **mapping.deployment_row(d)} for d in deployments}
        own = t.deployment.c.source == self._number
        stored: dict[str, dict[str, Any]] = {}
        for block in blocks(list(new)):
            rows = self._fetch(select(t.deployment).where(own, t.deployment.c.ref.in_(block)))
            stored |= {row.ref: dict(row._mapping) for row in rows}
        fresh = [row for ref, row in new.items() if stored.get(ref) != row]
        for block in blocks([row["ref"] for row in fresh if row["ref"] in stored]):
            self._connection.execute(delete(t.deployment).where(own, t.deployment.c.ref.in_(block)))
        if fresh:
            self._connection.execute(insert(t.deployment), fresh)
        return len(fresh)

    def forget_deployments(self) -> None:
        """Removes the source's deployments and how far they were read."""
        self._connection.execute(delete(t.deployment).where(t.deployment.c.source == self._number))
        self._connection.execute(delete(t.meta).where(t.meta.c.key == DEPLOYMENTS + self.source_name))

    def mark_deployments(self, mark: DeploymentMark) -> None:
        """Says how far the source's deployments were read."""
        key = DEPLOYMENTS + self.source_name
        self._connection.execute(delete(t.meta).where(t.meta.c.key == key))
        self._connection.execute(insert(t.meta).values(key=key, value=dumps(asdict(mark))))

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
        """A census listed these: forgets misses."""
        self._set([row.id for row in self._rows(ids).values() if row.missed_at is not None], missed_at=None)

    def drop(self, ids: Iterable[str]) -> None:
        """Removes issues that the settings no longer ask for, with everything about them but the ledger's facts."""
        numbers = [row.id for row in self._rows(ids).values()]
        for block in blocks(numbers):
            for table in (t.current, t.change, t.alias, t.interval, t.membership, t.item_fact):
                self._connection.execute(delete(table).where(table.c.issue.in_(block)))
            self._connection.execute(delete(t.issue).where(t.issue.c.id.in_(block)))
        self._forget()

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
        self._update([{"gone_at": gone[ref], "missed_at": None, "id": row.id} for ref, row in rows])
        self._forget()
        return self._add_new(found)

    def put_gone(self, issue: Issue, changes: Iterable[Change], gone_at: int) -> None:
        """Stores an issue that only its tombstone still knows."""
        self.put_issues([issue])
        self.put_changes([issue.id], changes)
        self._set([self._rows([issue.id])[issue.id].id], gone_at=gone_at)
