"""`metrics/1`: the iteration's own dates, as the tracker has them and as they were known on the day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from okr_delivery.delivery.metrics import measure
from okr_delivery.output.metrics import document
from okr_delivery.store import open_store
from tests.delivery.world import Story, at, config, fill, snapshot, sprint

CLOSED_LATE = sprint("7", 10, 20, closed=21)


@pytest.mark.parametrize(
    ("day", "closed_at"),
    [(30, "2026-03-23T00:00:00+00:00"), (20.5, None), (5, None)],
    ids=["closed", "still open", "to come"],
)
def test_an_iteration_keeps_its_planned_end_and_knows_no_later_close(
    day: float, closed_at: str | None, tmp_path: Path
) -> None:
    settings = config(tmp_path)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", ledger=None) as store:
        fill(store, settings, [Story("PAY-1", "B0 D11")], [CLOSED_LATE])
        found: Any = document([measure(snapshot(store, settings, day), "jira", CLOSED_LATE)], at(day))
    iteration = found["scopes"][0]["iteration"]
    assert (iteration["start"], iteration["end"]) == ("2026-03-12T00:00:00+00:00", "2026-03-22T00:00:00+00:00")
    assert (iteration["closed_at"], iteration["provisional"]) == (closed_at, closed_at is None)
