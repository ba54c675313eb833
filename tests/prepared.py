"""Opens stores of many tests in one process without doing the same work for each: tables and statements.

The tables of a new store are made from the statements that the migrations ran for the first one. What the migrations
do, and opening by them, is held in tests/store, which does without this; so is whatever starts a process of its own.
What SQLAlchemy compiled for one engine serves the others of its kind, as it does in a process that opens one store.

Nothing waits for the disk: a process that is killed loses nothing by that, only a machine that is. YAML of the same
text is read once, and the same organisation is built once; everybody gets a copy of his own.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Dialect

from okr_delivery.config import document
from okr_delivery.sandbox import world
from okr_delivery.store import engine as opening
from okr_delivery.store import schema
from okr_delivery.store.engine import WRITING

SKIPPED = ("SELECT", "PRAGMA", "BEGIN")
ran: dict[str, list[str]] = {}  # by dialect
compiled: dict[Any, Any] = {}
migrate, connect = schema._migrate, opening.connect
build = world.build  # anew each time
KEPT = 300  # results of each function
NOT_WAITING = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_migrate", _prepared)
    monkeypatch.setattr(opening, "connect", _connected)
    monkeypatch.setattr(document, "parse", copied(document.parse))
    monkeypatch.setattr(os, "fsync", lambda _: None)


P = ParamSpec("P")
R = TypeVar("R")


def copied(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which is run once for the same arguments. Each call answers a copy; errors are not kept."""
    kept: dict[Any, bytes] = {}

    @wraps(function)
    def once(*args: P.args, **options: P.kwargs) -> R:
        key = (args, tuple(sorted(options.items())))
        if key not in kept:
            made = function(*args, **options)
            if len(kept) < KEPT:
                kept[key] = pickle.dumps(made, -1)
            return made
        answer: R = pickle.loads(kept[key])
        return answer

    return once


def build_worlds_once() -> None:
    """To be called before tests import `build`. What it builds is held with `build` from here."""
    setattr(world, "build", copied(build))  # noqa: B010 - others import it from there


def stop_waiting(server: Engine) -> None:
    """Has a PostgreSQL server wait for no disk."""
    with server.connect() as connection:
        for setting in NOT_WAITING:
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")


def uninstall_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has migrations make the tables again."""
    monkeypatch.setattr(schema, "_migrate", migrate)


def _connected(*args: Any) -> Engine:
    engine = connect(*args)
    kind: Any = type(engine.dialect)
    engine.dialect.__class__ = _alike(kind)
    engine.update_execution_options(compiled_cache=compiled)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF").close())
    return engine


@lru_cache
def _alike(kind: Any) -> type[Dialect]:
    """The dialect, but one instance is as good as another: compiled statements are kept under theirs."""
    own = {
        "supports_statement_cache": True,
        "__eq__": lambda self, other: type(self) is type(other),
        "__hash__": lambda self: hash(kind),
    }
    return type(kind.__name__, (kind,), own)


def _prepared(engine: Engine) -> bool:
    if engine.dialect.name not in ran:
        return _recorded(engine)
    with engine.connect().execution_options(**WRITING) as connection, connection.begin():
        schema._hold(connection)
        if not connection.dialect.has_table(connection, "alembic_version"):
            _run(connection)
            return True
    return migrate(engine)


def _recorded(engine: Engine) -> bool:
    """Migrates, and keeps what was run when the store was new."""
    statements: list[str] = []

    def keep(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if not statement.lstrip().startswith(SKIPPED):
            assert not parameters, "statements are run again as they stand"
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", keep)
    try:
        fresh = migrate(engine)
    finally:
        event.remove(engine, "before_cursor_execute", keep)
    if fresh:
        ran[engine.dialect.name] = statements
    return fresh


def _run(connection: Connection) -> None:
    statements = ran[connection.dialect.name]
    if connection.dialect.name == "postgresql":
        statements = [";\n".join(statements)]
    for statement in statements:
        connection.exec_driver_sql(statement)
