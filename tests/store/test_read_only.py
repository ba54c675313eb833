"""A store opened for reading only: as a job without the right to write finds its copy."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.model.work import Category, Status
from okr_delivery.store import Fact, open_store, schema
from okr_delivery.store.engine import parse

READY = (Status("jira", "1", "Ready", Category.NEW),)


def filled(url: str, ledger: Path | None = None) -> None:
    with open_store(url, ledger=ledger) as store, store.page("jira") as tx:
        tx.put_statuses(READY)


def said(error: UserError) -> tuple[str, str]:
    """The id of what is wrong and everything that is said, in both languages."""
    (problem,) = error.problems
    assert problem.next_step is not None
    parts = (problem.what, problem.next_step)
    return problem.what.id, " ".join(translator(lang).render(part) for lang in ("en", "zh") for part in parts)


def refusal(url: str) -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        open_store(url, ledger=None, read_only=True)
    return said(caught.value)


def test_it_reads_what_was_written_and_writes_nothing(database_url: str) -> None:
    filled(database_url)
    with open_store(database_url, ledger=None, read_only=True) as store:
        assert store.statuses("jira") == READY
        with store.reading() as view:
            assert view.statuses("jira") == READY
        for write in (lambda: store.page("gitlab").__enter__(), lambda: store.note("a", "b")):
            with pytest.raises(UserError) as caught:
                write()
            assert caught.value.problems[0].what.id == "sync.store.unwritable"
        assert [state.name for state in store.sources()] == ["jira"]


def test_a_sync_may_write_meanwhile(sqlite_url: str) -> None:
    filled(sqlite_url)
    with open_store(sqlite_url, ledger=None, read_only=True) as reader, open_store(sqlite_url, ledger=None) as writer:
        with reader.reading() as view:
            assert len(view.sources()) == 1
            with writer.page("gitlab"):
                pass
            assert len(view.sources()) == 1
        assert len(reader.sources()) == 2


def test_its_facts_are_those_the_store_took_over(sqlite_url: str, tmp_path: Path) -> None:
    with open_store(sqlite_url, ledger=tmp_path / "ledger") as store, store.page("jira") as tx:
        tx.add_facts([Fact("claim", "jira", "1/claim_lines/1", 0, "payments")])
    shutil.rmtree(tmp_path / "ledger")
    with open_store(sqlite_url, ledger=tmp_path / "ledger", read_only=True) as store:
        assert [fact.entity for fact in store.facts()] == ["1/claim_lines/1"]
    assert not (tmp_path / "ledger").exists()


def test_a_source_is_not_locked(sqlite_url: str, tmp_path: Path) -> None:
    filled(sqlite_url)
    with (
        open_store(sqlite_url, ledger=None, read_only=True) as store,
        pytest.raises(UserError) as caught,
        store.lock("jira"),
    ):
        pass
    assert caught.value.problems[0].what.id == "sync.store.unwritable"
    assert not list((tmp_path / ".okr-delivery").glob("*.lock"))


def test_a_store_that_is_not_there(sqlite_url: str, tmp_path: Path) -> None:
    what, words = refusal(sqlite_url)
    assert what == "sync.store.absent"
    assert "okr-delivery sync" in words
    assert not (tmp_path / ".okr-delivery").exists()


@pytest.mark.parametrize("content", [b"", b"this is a text file, and long enough to look at" * 50])
def test_a_file_that_is_no_store(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    assert refusal(f"sqlite:///{path}")[0] == ("sync.store.damaged" if content else "sync.store.absent")
    assert path.read_bytes() == content


@pytest.mark.parametrize(("version", "what"), [("v0999", "sync.store.newer"), ("v0001", "sync.store.older")])
def test_a_store_of_another_version(version: str, what: str, database_url: str) -> None:
    open_store(database_url, ledger=None).close()
    engine = create_engine(parse(database_url))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{version}'"))
    found, words = refusal(database_url)
    assert found == what
    assert version in words
    assert schema.REVISIONS[-1] in words
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == version
    engine.dispose()


# -- where nothing may be written --------------------------------------------------------------------------------------


def as_nobody(url: str, told: Connection) -> None:
    """Reads a store as a user who may not write; tells what it held or what was wrong."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        with open_store(url, ledger=None, read_only=True) as store:
            told.send(len(store.statuses("jira")))
    except UserError as error:
        told.send(error.problems[0].what.id)


def read_by_nobody(folder: Path) -> object:
    """What a user finds who may only read the folder; it looks the same afterwards."""
    for path in (*folder.iterdir(), folder):
        path.chmod(0o555 if path == folder else 0o444)
    for parent in folder.parents[:4]:
        parent.chmod(parent.stat().st_mode | 0o011)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=as_nobody, args=(f"sqlite:///{folder}/s.db", there))
    child.start()
    child.join(60)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    folder.chmod(0o755)
    assert here.poll(1)
    return here.recv()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "copy"
    found.mkdir()
    return found


def test_a_folder_that_is_read_only(folder: Path) -> None:
    filled(f"sqlite:///{folder}/s.db")
    assert read_by_nobody(folder) == 1


@pytest.mark.parametrize(
    ("taken", "found"), [(("",), 0), (("", "-wal"), "sync.store.ahead"), (("", "-wal", "-shm"), 1)]
)
def test_a_copy_that_was_taken_while_a_sync_wrote(
    taken: tuple[str, ...], found: object, folder: Path, tmp_path: Path
) -> None:
    """Without what was written ahead it is as old as the last time that was put in; with a part of it, it says so."""
    source = tmp_path / "own" / "s.db"
    open_store(f"sqlite:///{source}", ledger=None).close()
    with open_store(f"sqlite:///{source}", ledger=None) as store:
        with store.page("jira") as tx:
            tx.put_statuses(READY)
        for end in taken:
            shutil.copy(f"{source}{end}", folder / f"s.db{end}")
    assert read_by_nobody(folder) == found


def test_what_was_written_ahead_is_read_where_the_folder_may_be_written(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "own" / "s.db"
    with open_store(f"sqlite:///{source}", ledger=None) as store:
        with store.page("jira") as tx:
            tx.put_statuses(READY)
        for end in ("", "-wal"):
            shutil.copy(f"{source}{end}", folder / f"s.db{end}")
    with open_store(f"sqlite:///{folder}/s.db", ledger=None, read_only=True) as store:
        assert store.statuses("jira") == READY


def test_a_file_that_may_not_be_read(folder: Path) -> None:
    filled(f"sqlite:///{folder}/s.db")
    (folder / "s.db").chmod(0)
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=as_nobody, args=(f"sqlite:///{folder}/s.db", there))
    for parent in folder.parents[:4]:
        parent.chmod(parent.stat().st_mode | 0o011)
    child.start()
    child.join(60)
    assert here.poll(1)
    assert here.recv() == "sync.store.unreadable"


def test_a_name_with_signs_of_addresses(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20d" / "s.db"
    made = sqlite3.connect(tmp_path / "plain.db")
    made.close()
    url = "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    if str(parse(url).database) != str(path):
        pytest.skip("SQLAlchemy reads no such name from a URL")
    filled(url)
    with open_store(url, ledger=None, read_only=True) as store:
        assert store.statuses("jira") == READY


def test_a_url_may_ask_for_reading_only(sqlite_url: str) -> None:
    filled(sqlite_url)
    file = Path(str(parse(sqlite_url).database))
    before = file.read_bytes()
    with open_store(f"{sqlite_url}?mode=ro", ledger=None) as store:
        assert (store.read_only, store.statuses("jira")) == (True, READY)
    assert file.read_bytes() == before


@pytest.mark.parametrize("kept", ["file", "folder"])
def test_what_nobody_may_write_is_read(sqlite_url: str, kept: str) -> None:
    filled(sqlite_url)
    file = Path(str(parse(sqlite_url).database))
    closed = file if kept == "file" else file.parent
    mode = closed.stat().st_mode
    before = {one.name for one in file.parent.iterdir()}
    closed.chmod(0o500 if kept == "folder" else 0o400)
    try:
        with open_store(sqlite_url, ledger=None) as store:
            assert (store.read_only, store.statuses("jira")) == (True, READY)
    finally:
        closed.chmod(mode)
    assert kept == "file" or {one.name for one in file.parent.iterdir()} == before
