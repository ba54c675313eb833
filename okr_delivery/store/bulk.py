"""Many rows in one statement, without an object per row in between: texts come cleaned, rows as tuples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, Table, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from okr_delivery.store.codes import clean

Row = tuple[object, ...]
T = TypeVar("T")
BLOCK = 500


def blocks(things: Sequence[T], size: int = BLOCK) -> Iterator[Sequence[T]]:
    """Consecutive slices of at most `size`."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


class _Listed(FunctionElement[Any]):
    """The members of a JSON list, as rows."""

    name = "listed"
    inherit_cache = True


@compiles(_Listed)
def _sqlite_list(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"  # noqa: S608  # a bound parameter


@compiles(_Listed, "postgresql")
def _postgresql_list(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT jsonb_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS jsonb)))"


def among(column: ColumnElement[str], texts: Sequence[str]) -> ColumnElement[bool]:
    """Whether a text is one of many: handed over as one parameter, since thousands cost more than the query itself."""
    return column.bool_op("IN")(_Listed(bindparam(None, json.dumps([clean(text) for text in texts]), Text)))


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
