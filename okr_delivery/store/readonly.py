"""Opens a store that must stay as it is: a copy in a job that may not write. Nothing is made, locked or migrated."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg
from okr_delivery.store import engine as opening

AS_IT_IS = "immutable=1"  # SQLite then asks for no lock and reads the file alone, without what was written ahead


def asked(url: URL) -> tuple[URL, bool]:
    """The URL without `?mode=ro`, and whether a store is to be read only: it said so, or this user may not write it."""
    if url.get_backend_name() != "sqlite":
        return url, False
    said = url.query.get("mode") == "ro"
    bare = url.difference_update_query(["mode"]) if said else url
    return bare, said or _is_kept(Path(str(bare.database)))


def _is_kept(path: Path) -> bool:
    """Whether the file is there and its mode, or that of its folder, keeps this user from writing it."""
    return _is_file(path) and not (_may_write(path) and _may_write(path.parent))


def _is_file(path: Path) -> bool:
    """One in a folder that is closed to this user is none."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def _may_write(path: Path) -> bool:
    """What nobody may write, the machine's administrator does not write either: it was closed on purpose."""
    return os.access(path, os.W_OK) and path.stat().st_mode & 0o222 != 0


def connect(url: URL) -> Engine:
    """An engine that refuses to write, whose errors are UserErrors.

    Raises UserError when there is no such file, or when what was written ahead of it can't be read in its folder.
    """
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgres(url)
    event.listen(engine, "handle_error", opening.translator(opening.where(url)))
    return engine


def _postgres(url: URL) -> Engine:
    return opening.postgres(url).execution_options(postgresql_readonly=True)


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database))
    address = f"file:{quote(str(path))}?{_mode(path)}"

    def opened() -> sqlite3.Connection:
        made = sqlite3.connect(
            address,
            uri=True,
            timeout=opening.BUSY_SECONDS,
            cached_statements=opening.STATEMENTS,
            check_same_thread=False,
        )
        made.isolation_level = None
        return made

    engine = create_engine(url, creator=opened)
    event.listen(engine, "begin", opening.sqlite_begin)
    return engine


def _mode(path: Path) -> str:
    """How SQLite can read the file: beside others who write it, or all by itself where nobody can."""
    if not _is_file(path):
        raise user_error(msg("sync.store.absent"), where=str(path), next_step=msg("sync.store.absent_help"))
    if not os.access(path, os.R_OK):
        raise user_error(msg("sync.store.unreadable"), where=str(path), next_step=msg("sync.store.unreadable_help"))
    if _may_write(path.parent):
        return "mode=ro"
    ahead, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    if not ahead.exists() or ahead.stat().st_size == 0:
        return AS_IT_IS
    if not index.exists():
        raise user_error(msg("sync.store.ahead"), where=str(ahead), next_step=msg("sync.store.ahead_help"))
    return "mode=ro"
