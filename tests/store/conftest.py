"""Here every new store is made by its migrations."""

from __future__ import annotations

import pytest

from tests import prepared


@pytest.fixture(autouse=True)
def migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.uninstall_tables(monkeypatch)
