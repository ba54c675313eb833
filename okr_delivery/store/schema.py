"""The schema's version: one query to check it, Alembic only when a migration is due."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg
from okr_delivery.store.engine import WRITING

REVISIONS = ("v0001", "v0002", "v0003", "v0004")
"""Every revision ever shipped, oldest first; the last is what this code reads and writes."""
MIGRATION_LOCK = 0x6F6B7264  # advisory lock of PostgreSQL while tables are made


def ensure(engine: Engine, where: str) -> bool:
    """Brings the schema up to date. True when the store was empty before.

    Raises UserError when the store was written by a newer version than this one.
    """
    found = _version(engine)
    if found == REVISIONS[-1]:
        return False
    _refuse_newer(found, where)
    return _migrate(engine)


def require(engine: Engine, where: str) -> None:
    """Raises UserError unless the schema is that of this version: what may not be written is not migrated."""
    found = _version(engine)
    if found == REVISIONS[-1]:
        return
    if found is None:
        raise user_error(msg("sync.store.absent"), where=where, next_step=msg("sync.store.absent_help"))
    _refuse_newer(found, where)
    what = msg("sync.store.older", found=found, known=REVISIONS[-1])
    raise user_error(what, where=where, next_step=msg("sync.store.older_help"))


def _refuse_newer(found: str | None, where: str) -> None:
    if found is not None and found not in REVISIONS:
        what = msg("sync.store.newer", found=found, known=REVISIONS[-1])
        raise user_error(what, where=where, next_step=msg("sync.store.upgrade"))


def _version(engine: Engine) -> str | None:
    """The stored revision, None for a store without tables. One query."""
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except (OperationalError, ProgrammingError):
        return None


def _migrate(engine: Engine) -> bool:
    from alembic import command  # a quarter of a second that only a migration needs
    from alembic.config import Config

    with engine.connect().execution_options(**WRITING) as connection, connection.begin():
        _hold(connection)
        fresh = not connection.dialect.has_table(connection, "source")
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return fresh


def _hold(connection: Connection) -> None:
    """Two processes that open the same new store: the second waits and finds the tables there.

    On SQLite the transaction that is open already holds the write lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
