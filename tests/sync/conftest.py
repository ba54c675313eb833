"""A store on either database with a ledger beside it, and one call that syncs the fake tracker into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.store import Store, open_store
from okr_delivery.sync.engine import SourceResult, sync_source
from tests.sync.fake import FakeConnector, FakeTracker, derive, source, team_of

Sync = Callable[..., SourceResult]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def store_url(database_urls: Callable[[], str]) -> str:
    """Where `store` is; what `database_urls` makes besides is on the same database."""
    return database_urls()


@pytest.fixture
def store(store_url: str, ledger: Path) -> Iterator[Store]:
    with open_store(store_url, ledger=ledger) as opened:
        yield opened


@pytest.fixture
def sync(store: Store) -> Sync:
    """Syncs a tracker, or with a connector of the test's own; settings of the source as keywords."""

    def run(
        tracker: FakeTracker, connector: FakeConnector | None = None, *, into: Store | None = None, **options: Any
    ) -> SourceResult:
        settings = options.pop("settings", {})
        given = {"derive": derive, "team_of": team_of, "transport": None} | options
        return sync_source(source(**settings), into or store, connector or FakeConnector(tracker), **given)

    return run
