"""Makes the tables of a new store from the statements that the migrations ran for the first one of this process.

A migration takes longer than most tests that need a store. What the migrations do, and opening by them, is held in
tests/store, which does without this; so is whatever starts a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from okr_delivery.store import schema
from okr_delivery.store.engine import WRITING

SKIPPED = ("SELECT", "PRAGMA", "BEGIN")
ran: dict[str, list[str]] = {}  # by dialect


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_migrate", _prepared(schema._migrate))


def _prepared(migrate: Callable[[Engine], bool]) -> Callable[[Engine], bool]:
    def prepared(engine: Engine) -> bool:
        if engine.dialect.name not in ran:
            return _recorded(migrate, engine)
        with engine.connect().execution_options(**WRITING) as connection, connection.begin():
            schema._hold(connection)
            if not connection.dialect.has_table(connection, "alembic_version"):
                _run(connection)
                return True
        return migrate(engine)

    return prepared


def _recorded(migrate: Callable[[Engine], bool], engine: Engine) -> bool:
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
