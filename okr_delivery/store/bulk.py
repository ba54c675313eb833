"""Many rows in one statement, without an object per row in between: texts come cleaned, rows as tuples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeVar

from sqlalchemy import Connection, Dialect, Table

Row = tuple[object, ...]
T = TypeVar("T")
BLOCK = 500


def blocks(things: Sequence[T], size: int = BLOCK) -> Iterator[Sequence[T]]:
    """Consecutive slices of at most `size`."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row], *, once: Sequence[str] = ()
) -> None:
    """Inserts rows whose members are in the order of `columns`. Rows whose key `once` is there already are left out.

    Texts go to the driver as they are: `codes.clean` must have seen them.
    """
    if rows:
        statement = _statement(connection.dialect, table, tuple(columns), tuple(once))
        connection.exec_driver_sql(statement, list(rows))


def update_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Sets `columns` of the rows with an `id`, which is the last member of each tuple."""
    if rows:
        quote = connection.dialect.identifier_preparer.quote
        mark = _mark(connection.dialect)
        sets = ", ".join(f"{quote(name)} = {mark}" for name in columns)
        connection.exec_driver_sql(f"UPDATE {quote(table.name)} SET {sets} WHERE id = {mark}", list(rows))  # noqa: S608  # names of our own tables


@cache
def _statement(dialect: Dialect, table: Table, columns: tuple[str, ...], once: tuple[str, ...]) -> str:
    quote = dialect.identifier_preparer.quote
    names, marks = ", ".join(map(quote, columns)), ", ".join([_mark(dialect)] * len(columns))
    rest = f" ON CONFLICT ({', '.join(map(quote, once))}) DO NOTHING" if once else ""
    return f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks}){rest}"  # noqa: S608  # names of our own tables


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"
