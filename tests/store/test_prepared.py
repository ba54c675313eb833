"""Stores that other tests work on are the stores that the migrations make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from okr_delivery.store import open_store
from okr_delivery.store.engine import parse
from tests import prepared


def described(url: str) -> object:
    """Every table as the database tells it, and the version."""
    engine = create_engine(parse(url))
    found = inspect(engine)
    tables = {
        name: (
            [column | {"type": str(column["type"])} for column in found.get_columns(name)],
            found.get_pk_constraint(name),
            [{part: str(said) for part, said in index.items()} | _where(index) for index in found.get_indexes(name)],
            found.get_unique_constraints(name),
            found.get_foreign_keys(name),
        )
        for name in found.get_table_names()
    }
    with engine.connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).all()
    engine.dispose()
    return tables, version


def _where(index: Mapping[str, Any]) -> dict[str, object]:
    """What an index of some rows alone says, as text."""
    return {"dialect_options": {name: str(said) for name, said in index.get("dialect_options", {}).items()}}


def test_prepared_tables_are_those_that_the_migrations_make(
    database_urls: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated, recorded, again = (database_urls() for _ in range(3))
    open_store(migrated, ledger=None).close()
    monkeypatch.setattr(prepared, "ran", {})
    prepared.install(monkeypatch)
    open_store(recorded, ledger=None).close()
    assert len(prepared.ran) == 1
    open_store(again, ledger=None).close()
    assert described(migrated) == described(recorded) == described(again)
    with open_store(again, ledger=None) as store:
        assert store.dump() == {"sources": {}, "facts": []}
