"""Here every new store is made by its migrations."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def prepared_stores() -> None: ...
