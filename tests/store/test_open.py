"""Opening a store: where it may be, who may read it, which version it has, and what is said when it can't be opened."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError
from okr_delivery.store import open_store, schema, tables
from okr_delivery.store.engine import parse

EMPTY: dict[str, object] = {"sources": {}, "facts": []}


def refusal(url: str, ledger: Path | None = None) -> tuple[str, str, str]:
    """The id of what is wrong, the place, and the whole text in both languages."""
    with pytest.raises(UserError) as caught, open_store(url, ledger=ledger) as store:
        store.sources()
    (problem,) = caught.value.problems
    assert problem.next_step is not None
    rendered = [translator(lang).render(m) for lang in ("en", "zh") for m in (problem.what, problem.next_step)]
    return problem.what.id, problem.where or "", " ".join(rendered)


def test_a_new_store_is_empty_and_opens_again(database_url: str) -> None:
    for _ in range(2):
        with open_store(database_url, ledger=None) as store:
            assert store.dump() == EMPTY


def test_only_the_owner_can_read_it_and_git_leaves_it_alone(sqlite_url: str, tmp_path: Path) -> None:
    with open_store(sqlite_url, ledger=None) as store, store.page("jira"):
        pass
    folder = tmp_path / ".okr-delivery"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.name != ".gitignore"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert (folder / ".gitignore").read_text() == "*\n"


def test_a_folder_of_the_users_own_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    open_store(f"sqlite:///{folder}/s.db", ledger=None).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert not (folder / ".gitignore").exists()
    assert stat.S_IMODE((folder / "s.db").stat().st_mode) == 0o600


def test_our_own_folder_is_closed_when_somebody_opened_it(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / ".okr-delivery"
    folder.mkdir(mode=0o755)
    (folder / "store.db").touch(mode=0o644)
    open_store(sqlite_url, ledger=None).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "store.db").stat().st_mode) == 0o600


def test_sqlite_writes_ahead(sqlite_url: str, tmp_path: Path) -> None:
    open_store(sqlite_url, ledger=None).close()
    with sqlite3.connect(tmp_path / ".okr-delivery" / "store.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_migrations_make_what_the_tables_say(database_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    open_store(database_url, ledger=None).close()
    engine = create_engine(parse(database_url))
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), tables.metadata)
        count = connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one()
    engine.dispose()
    assert found == []
    assert count == 1


def test_every_migration_is_known_and_the_last_one_is_ours() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == schema.REVISIONS
    assert scripts.get_current_head() == schema.REVISIONS[-1]


def test_alembic_is_imported_only_when_a_migration_is_due(sqlite_url: str) -> None:
    code = (
        "import sys; from okr_delivery.store import open_store; open_store(sys.argv[1], ledger=None).close();"
        "print('alembic' in sys.modules)"
    )
    for expected in ("True\n", "False\n"):
        done = subprocess.run([sys.executable, "-c", code, sqlite_url], capture_output=True, text=True, check=True)
        assert done.stdout == expected


def test_the_version_is_one_query(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy import Connection as SqlConnection
    from sqlalchemy import event

    open_store(database_url, ledger=None).close()
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(SqlConnection, "before_cursor_execute", note)
    try:
        open_store(database_url, ledger=None).close()
    finally:
        event.remove(SqlConnection, "before_cursor_execute", note)
    assert [s for s in asked if not s.startswith("BEGIN")] == ["SELECT version_num FROM alembic_version"]


def test_a_store_of_a_newer_version_is_refused(database_url: str) -> None:
    open_store(database_url, ledger=None).close()
    engine = create_engine(parse(database_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'v0999'"))
    engine.dispose()
    what, _, said = refusal(database_url)
    assert what == "sync.store.newer"
    assert "v0999" in said
    assert "OKR_DELIVERY_STORE" in said


def opened(url: str, start: Event) -> None:
    start.wait(30)
    open_store(url, ledger=None).close()


def test_several_processes_may_open_a_new_store_at_once(database_url: str) -> None:
    fork = multiprocessing.get_context("fork")
    start = fork.Event()
    children = [fork.Process(target=opened, args=(database_url, start)) for _ in range(4)]
    for child in children:
        child.start()
    start.set()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mysql://host/db", "sync.store.url"),
        ("no url", "sync.store.url"),
        ("sqlite://", "sync.store.url"),
        ("sqlite:///:memory:", "sync.store.url"),
        ("postgresql://me:hunter2@host/db", "sync.store.password"),
        ("postgresql://host/db?password=hunter2", "sync.store.password"),
    ],
)
def test_urls_that_are_no_store(url: str, what: str) -> None:
    found, where, said = refusal(url)
    assert found == what
    assert "hunter2" not in where + said


def test_a_server_that_does_not_run(tmp_path: Path) -> None:
    what, where, said = refusal(f"postgres://me@/okr?host={tmp_path}")
    assert (what, where) == ("sync.store.unreachable", f"{tmp_path}/okr")
    assert "store:" in said


def test_a_missing_driver_names_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    what, _, said = refusal("postgresql://me@host/okr")
    assert what == "sync.store.no_driver"
    assert "okr-delivery[postgres]" in said


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"this is a text file, and long enough to look at" * 50)
    what, where, said = refusal(f"sqlite:///{path}")
    assert (what, where) == ("sync.store.damaged", str(path))
    assert "okr-delivery sync" in said


@pytest.mark.parametrize("place", ["/proc/okr/store.db", "/dev/null/store.db"])
def test_a_place_where_nothing_can_be_made(place: str) -> None:
    what, where, said = refusal(f"sqlite:///{place}")
    assert (what, where) == ("sync.store.unwritable", place)
    assert "OKR_DELIVERY_STORE" in said


def as_nobody(url: str, told: Connection) -> None:
    """Opens and writes a store as a user who owns nothing; tells what was said."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        with open_store(url, ledger=None) as store, store.page("jira"):
            told.send("written")
    except UserError as error:
        told.send(error.problems[0].what.id)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("made_before", [True, False])
def test_a_folder_that_is_read_only(made_before: bool, own: bool, tmp_path: Path) -> None:
    folder = tmp_path / "shop" / ".okr-delivery"
    url = f"sqlite:///{folder}/store.db"
    open_store(url, ledger=None).close()
    if not made_before:
        (folder / "store.db").unlink()
    for path in (folder / "store.db", folder):
        if path.exists():
            path.chmod(0o555)
        if path.exists() and own and os.geteuid() == 0:
            os.chown(path, 65534, 65534)
    for parent in [tmp_path, *tmp_path.parents[:2]]:
        parent.chmod(parent.stat().st_mode | 0o011)
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=as_nobody, args=(url, there))
    child.start()
    child.join(60)
    folder.chmod(0o755)
    assert here.poll(1)
    assert here.recv() == "sync.store.unwritable"


def test_a_full_disk(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(sqlite_url, ledger=None) as store:
        with pytest.raises(UserError) as caught, store.page("jira") as tx:
            pages = tx._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            tx._connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            tx.set_state(metadata={"text": "x" * 200_000})
        assert caught.value.problems[0].what.id == "sync.store.full"
        assert store.sources() == ()


def test_a_store_that_another_program_keeps_locked(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("okr_delivery.store.engine.BUSY_SECONDS", 0.1)
    with open_store(sqlite_url, ledger=None) as store:
        other = sqlite3.connect(tmp_path / ".okr-delivery" / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserError) as caught, store.page("jira"):
            pass
        assert caught.value.problems[0].what.id == "sync.store.busy"
        assert store.sources() == ()
        other.execute("ROLLBACK")
        other.close()
        with store.page("jira"):
            pass
