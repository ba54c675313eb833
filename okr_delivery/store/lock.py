"""One sync of a source at a time. The lock belongs to the process: a SIGKILL frees it."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.store.engine import unusable

if sys.platform == "win32":
    import msvcrt

    def lock_file(handle: int, *, wait: bool = False) -> bool:
        """Locks an open file for this process. False when another one holds it."""
        try:
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def lock_file(handle: int, *, wait: bool = False) -> bool:
        """Locks an open file for this process. False when another one holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def source_lock(engine: Engine, source: str) -> Iterator[None]:
    """Holds the source for this process. Raises UserError when another sync of it is running on this store."""
    held = _advisory if engine.dialect.name == "postgresql" else _file
    with held(engine, source):
        yield


def _taken(source: str) -> UserError:
    return user_error(msg("sync.store.taken", source=source), next_step=msg("sync.store.taken_help"))


@contextmanager
def _file(engine: Engine, source: str) -> Iterator[None]:
    database = Path(str(engine.url.database))
    slug = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")
    mark = hashlib.blake2b(source.encode(), digest_size=4).hexdigest()
    path = database.with_name(f"{database.name}.{slug}-{mark}.lock")
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise unusable(str(path), error.strerror or type(error).__name__) from error
    try:
        if not lock_file(handle):
            raise _taken(source)
        yield
    finally:
        os.close(handle)


@contextmanager
def _advisory(engine: Engine, source: str) -> Iterator[None]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        schema = connection.execute(text("SELECT current_schema()")).scalar_one()
        key = int.from_bytes(hashlib.blake2b(f"{schema}\0{source}".encode(), digest_size=8).digest(), signed=True)
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one():
            raise _taken(source)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
