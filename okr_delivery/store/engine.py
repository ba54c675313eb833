"""Opens a database: folders and files that only their owner can read, one spelling of errors, same code on both."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, DatabaseError

from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg

FOLDER = ".okr-delivery"
BUSY_SECONDS = 30
STATEMENTS = 30  # that a connection keeps compiled: one that names some hundred ids takes a tenth of a megabyte
WRITING = {"begin": "IMMEDIATE"}  # SQLite: take the write lock first, so that a page can't fail half-way for it
READING = {"begin": "DEFERRED"}


def parse(url: str) -> URL:
    """The URL as SQLAlchemy needs it. Raises UserError for other databases, passwords and in-memory stores."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise user_error(msg("sync.store.url"), next_step=msg("sync.store.url_help")) from error
    backend = {"postgres": "postgresql"}.get(parsed.get_backend_name(), parsed.get_backend_name())
    if parsed.password is not None or "password" in parsed.query:
        raise user_error(msg("sync.store.password"), next_step=msg("sync.store.password_help"))
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise user_error(msg("sync.store.url"), next_step=msg("sync.store.url_help"))


def where(url: URL) -> str:
    """The store's name in messages: the file's path or the server and database, never a user's password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.host or url.query.get('host', 'localhost')}/{url.database or ''}"


def connect(url: URL) -> Engine:
    """An engine whose errors are UserErrors. Makes the folder and the file of a SQLite store.

    Raises UserError when either can't be made or when the driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        make_private(Path(str(url.database)))
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "cached_statements": STATEMENTS})
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", sqlite_begin)
    else:
        engine = postgres(url)
    event.listen(engine, "handle_error", translator(where(url)))
    return engine


def postgres(url: URL) -> Engine:
    """An engine for a server. Raises UserError when the driver is not installed."""
    try:
        return create_engine(url, pool_pre_ping=False, isolation_level="READ COMMITTED")
    except ModuleNotFoundError as error:
        raise user_error(msg("sync.store.no_driver"), next_step=msg("sync.store.no_driver_help")) from error


def make_private(path: Path) -> None:
    """The store's folder 0700 with its own .gitignore when it is ours, the file 0600. Raises UserError."""
    try:
        _make_folder(path.parent)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _close_to_others(path)
    except OSError as error:
        raise unusable(str(path), error.strerror or type(error).__name__) from error


def _make_folder(folder: Path) -> None:
    ours = folder.name == FOLDER or not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not ours:
        return
    _close_to_others(folder)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _close_to_others(path: Path) -> None:
    """Takes away what others may do. What the owner took from himself stays: he wants it read-only."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        with suppress(PermissionError):  # somebody else's: shared on purpose
            path.chmod(mode & 0o700)


def unusable(place: str, detail: str) -> UserError:
    """The folder or file can't be made or written."""
    return user_error(
        msg("sync.store.unwritable", detail=detail), where=place, next_step=msg("sync.store.unwritable_help")
    )


def _sqlite_connected(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own transactions leave out DDL
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _write_ahead(cursor: sqlite3.Cursor) -> None:
    """Switches a new store to write-ahead logging; SQLite does not wait for another process that does so too."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def sqlite_begin(connection: Connection) -> None:
    """Begins a transaction as the connection's options say."""
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


CAUSES = (
    ("readonly database", "unwritable"),
    ("read-only transaction", "unwritable"),
    ("unable to open database", "unwritable"),
    ("disk is full", "full"),
    ("no space left", "full"),
    ("disk i/o error", "full"),
    ("database is locked", "busy"),
    ("not a database", "damaged"),
    ("malformed", "damaged"),
    ("permission denied", "denied"),
    ("authentication failed", "denied"),
    ("no password supplied", "denied"),
)


def translator(place: str) -> Callable[[ExceptionContext], None]:
    """What makes UserErrors of a database's errors; `place` names it."""

    def handle(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(context.sqlalchemy_exception, DatabaseError | None) and is_operational(error):
            raise translated(error, place) from error

    return handle


def is_operational(error: BaseException) -> bool:
    """An error of the machine, not of a statement: disk, lock, permission, network."""
    names = {kind.__name__ for kind in type(error).__mro__}
    said = str(error).lower()
    if "UndefinedTable" in names or "no such table" in said:
        return False
    operational = names & {"OperationalError", "InsufficientPrivilege", "ReadOnlySqlTransaction", "DiskFull"}
    return bool(operational) or ("DatabaseError" in names and ("not a database" in said or "malformed" in said))


def translated(error: Any, place: str) -> UserError:
    """One clear error: what happened to the store, where, what to do."""
    said = str(error).strip()
    cause = next((name for mark, name in CAUSES if mark in said.lower()), "unreachable")
    detail = said.splitlines()[0] if said else type(error).__name__
    return user_error(msg(f"sync.store.{cause}", detail=detail), where=place, next_step=msg(f"sync.store.{cause}_help"))
