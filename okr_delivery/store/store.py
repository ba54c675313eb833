"""The store: one class, one owner of the connections."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.sql.expression import Select as SelectOf

from okr_delivery.model.errors import Problem
from okr_delivery.model.work import Value
from okr_delivery.store import engine as opening
from okr_delivery.store import readonly, schema
from okr_delivery.store import tables as t
from okr_delivery.store.dump import dump
from okr_delivery.store.facts import insert_facts, restore
from okr_delivery.store.ledger import Ledger
from okr_delivery.store.lock import source_lock
from okr_delivery.store.mapping import Pair
from okr_delivery.store.reads import TOMBSTONE, Reads, Rows
from okr_delivery.store.rows import Fact
from okr_delivery.store.writes import StoreTx

MARK = "ledger_mark"
CACHED_NUMBERS = 10_000


class StoreView(Reads):
    """A sequence of reads that all see the same moment (see `Store.reading`)."""

    def __init__(self, connection: Connection, values: MutableMapping[int, Value]) -> None:
        self._connection = connection
        self._values = values

    def _fetch(self, statement: SelectOf[Any]) -> Rows:
        return self._connection.execute(statement).all()


class Store(Reads):
    """Issues, their history, what was derived of it and the facts that cannot be fetched again.

    A context manager. Reads run on short connections of their own; writes go through `page`, one transaction each.
    `ledger_problems` are lines of the ledger that could not be read when the store was opened.
    """

    def __init__(self, engine: Engine, ledger: Ledger | None, *, read_only: bool = False) -> None:
        self._engine = engine
        self.read_only = read_only
        self._values: dict[int, Value] = {}
        self._interned: dict[int, dict[Pair, int]] = {}  # of committed values, by source
        self.ledger = ledger
        self.ledger_problems: tuple[Problem, ...] = ()
        self.where = opening.where(engine.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()

    @property
    def url(self) -> str:
        """The store's URL, without anything secret."""
        return self._engine.url.render_as_string(hide_password=True)

    def _fetch(self, statement: SelectOf[Any]) -> Rows:
        with self._engine.connect() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def reading(self) -> Iterator[StoreView]:
        """One consistent view for many reads, undisturbed by a sync that commits pages meanwhile."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield StoreView(connection, self._values)

    @contextmanager
    def page(self, source: str) -> Iterator[StoreTx]:
        """One transaction on one source; nothing of it stays when the block raises. Facts go to the ledger first."""
        with self._engine.connect() as plain:
            connection = plain.execution_options(**opening.WRITING)
            with connection.begin():
                tx = StoreTx(connection, source, self._values, self._interned)
                yield tx
                self._write_ledger(connection, tx.new_facts)
            self._values.update(tx.interned)
            self._learn(*tx.learned())

    def _learn(self, source: int, numbers: dict[Pair, int]) -> None:
        known = self._interned.setdefault(source, {})
        if len(known) > CACHED_NUMBERS:
            known.clear()
        known.update(numbers)

    @contextmanager
    def lock(self, source: str) -> Iterator[None]:
        """Holds a source for a sync; raises UserError when another process does. Dies with the process."""
        if self.read_only:
            raise opening.unusable(self.where, "read-only")
        with source_lock(self._engine, source):
            yield

    def note(self, key: str, value: str) -> None:
        """Remembers a word about runs, which is no content: `dump` leaves it out."""
        with self._engine.connect().execution_options(**opening.WRITING) as connection, connection.begin():
            connection.execute(delete(t.meta).where(t.meta.c.key == key))
            connection.execute(insert(t.meta).values(key=key, value=value))

    def noted(self, key: str) -> str | None:
        """The word noted last, None when there is none."""
        rows = self._fetch(select(t.meta.c.value).where(t.meta.c.key == key))
        return str(rows[0].value) if rows else None

    def dump(self) -> dict[str, Any]:
        """The logical content, sorted and JSON-able, without the run's own book-keeping."""
        return dump(self)

    # the ledger

    def _write_ledger(self, connection: Connection, facts: list[Fact]) -> None:
        if self.ledger is None or not facts:
            return
        self.ledger.append(facts)
        self._set_mark(connection, self.ledger.mark())

    def _set_mark(self, connection: Connection, mark: str) -> None:
        connection.execute(delete(t.meta).where(t.meta.c.key == MARK))
        connection.execute(insert(t.meta).values(key=MARK, value=mark))

    def read_ledger(self) -> None:
        """Takes the ledger's facts over when its files changed since the store last read them.

        The ledger is the truth: facts that are no longer in it leave the store. Issues that only a tombstone still
        knows are restored from it. Raises UserError when a file can't be read.
        """
        if self.ledger is None or self.read_only:
            return
        mark = self.ledger.mark()
        known = self._fetch(select(t.meta.c.value).where(t.meta.c.key == MARK))
        if known and known[0].value == mark:
            return
        found = self.ledger.read()
        self.ledger_problems = found.problems
        with self._engine.connect().execution_options(**opening.WRITING) as connection, connection.begin():
            connection.execute(delete(t.ledger_fact))
            insert_facts(connection, found.facts)
            self._set_mark(connection, mark)
        self._restore_gone([fact for fact in found.facts if fact.kind == TOMBSTONE])

    def _restore_gone(self, tombstones: list[Fact]) -> None:
        for source in sorted({fact.source for fact in tombstones}):
            mine = sorted((f for f in tombstones if f.source == source), key=lambda f: f.at)
            with self.page(source) as tx:
                stored = {issue.id for issue in tx.issues(source, [str(f.issue_id) for f in mine])}
                for fact in mine:
                    found = restore(fact)
                    if found is not None and fact.issue_id not in stored:
                        tx.put_gone(*found, gone_at=fact.at)


def open_store(url: str, *, ledger: Path | None, read_only: bool = False) -> Store:
    """Opens or makes the store, brings its tables up to date and reads the ledger into it.

    `ledger` None: facts live in the store alone (`ledger: store`). Raises UserError for an unusable URL, folder or
    server, and for a store written by a newer version.

    With `read_only`, with `?mode=ro` behind a SQLite file and where this user may not write that file, nothing is made,
    locked or changed, and writing to it is a UserError; facts are those that the store took over when it was last
    opened for writing. A store that is absent or of an older version is a UserError.
    """
    place, kept = readonly.asked(opening.parse(url))
    read_only = read_only or kept
    engine = (readonly.connect if read_only else opening.connect)(place)
    try:
        (schema.require if read_only else schema.ensure)(engine, opening.where(engine.url))
        store = Store(engine, Ledger(ledger) if ledger is not None else None, read_only=read_only)
        store.read_ledger()
    except BaseException:
        engine.dispose()
        raise
    return store
