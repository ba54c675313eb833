"""Texts as numbers: each (tracker id, text) of a source is stored once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from okr_delivery.store import tables as t
from okr_delivery.store.bulk import insert_rows
from okr_delivery.store.codes import clean, digest
from okr_delivery.store.mapping import Pair

NOTHING: Pair = ("", "")
BLOCK = 500
SHORT = 40


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """Inserts rows whose key is not there yet; the others are left as they are."""
    if not rows:
        return
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(table).on_conflict_do_nothing(index_elements=list(key)), list(rows))


class Interner:
    """Numbers for pairs within one transaction. Nothing is always 0.

    `shared` are numbers that earlier transactions committed: they are looked up, never added to here, because what this
    one interns may be rolled back.
    """

    def __init__(self, connection: Connection, source: int, shared: Mapping[Pair, int]) -> None:
        self._connection = connection
        self._source = source
        self._shared = shared
        self.known: dict[Pair, int] = {NOTHING: 0}

    def intern(self, pairs: Iterable[Pair]) -> Mapping[Pair, int]:
        """The number of every pair asked for so far, new ones included. Sorted, so that equal runs number alike."""
        known, shared = self.known, self._shared
        wanted = set(pairs) - known.keys()
        known.update({pair: shared[pair] for pair in wanted if pair in shared})
        missing = {digest(*pair): pair for pair in sorted(wanted - known.keys())}
        self._look(missing)
        new = [(self._source, d, clean(p[0]), clean(p[1])) for d, p in missing.items() if p not in known]
        insert_rows(self._connection, t.value, ("source", "digest", "ref", "name"), new, once=("source", "digest"))
        self._look({row[1]: missing[row[1]] for row in new})
        return known

    def common(self) -> dict[Pair, int]:
        """Those worth knowing in the next transaction: names and ids; a title or a text hardly comes twice."""
        return {pair: number for pair, number in self.known.items() if len(pair[0]) + len(pair[1]) <= SHORT}

    def _look(self, wanted: Mapping[bytes, Pair]) -> None:
        digests = list(wanted)
        for start in range(0, len(digests), BLOCK):
            same = t.value.c.digest.in_(digests[start : start + BLOCK])
            query = select(t.value.c.id, t.value.c.digest).where(t.value.c.source == self._source, same)
            for number, found in self._connection.execute(query):
                self.known[wanted[bytes(found)]] = number
