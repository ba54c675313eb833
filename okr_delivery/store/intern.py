"""Texts as numbers: each (tracker id, text) of a source is stored once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from okr_delivery.store import tables as t
from okr_delivery.store.codes import digest
from okr_delivery.store.mapping import Pair

NOTHING: Pair = ("", "")
BLOCK = 500


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """Inserts rows whose key is not there yet; the others are left as they are."""
    if not rows:
        return
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(table).on_conflict_do_nothing(index_elements=list(key)), list(rows))


class Interner:
    """Numbers for pairs within one transaction. Nothing is always 0."""

    def __init__(self, connection: Connection, source: int) -> None:
        self._connection = connection
        self._source = source
        self._known: dict[Pair, int] = {NOTHING: 0}

    def intern(self, pairs: Iterable[Pair]) -> Mapping[Pair, int]:
        """The number of every pair, new ones included. Sorted, so that equal runs number alike."""
        missing = {digest(*p): p for p in sorted(set(pairs) - self._known.keys())}
        self._look(missing)
        new = {d: p for d, p in missing.items() if p not in self._known}
        rows = [{"source": self._source, "digest": d, "ref": p[0], "name": p[1]} for d, p in new.items()]
        insert_new(self._connection, t.value, rows, ("source", "digest"))
        self._look(new)
        return self._known

    def _look(self, wanted: Mapping[bytes, Pair]) -> None:
        digests = list(wanted)
        for start in range(0, len(digests), BLOCK):
            same = t.value.c.digest.in_(digests[start : start + BLOCK])
            query = select(t.value.c.id, t.value.c.digest).where(t.value.c.source == self._source, same)
            for number, found in self._connection.execute(query):
                self._known[wanted[bytes(found)]] = number
