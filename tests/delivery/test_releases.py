"""When an issue was released: by its versions, else by its finish; always a day of the team's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from okr_delivery.delivery.releases import Release
from okr_delivery.model.work import Field
from okr_delivery.store import Store, open_store
from tests.delivery.test_trains import Held, train
from tests.delivery.world import AS_OF, YAML, Story, config, fill, snapshot

MARCH_8, MARCH_11, MARCH_15 = date(2026, 3, 8), date(2026, 3, 11), date(2026, 3, 15)
TRAINS = [
    train("1", 0, 6, released=True),  # to 8 March
    train("2", 7, 13, released=True),  # to 15 March
    train("3", 7, 13),
    train("4", 7, None, released=True),
]


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    with open_store(sqlite_url, ledger=None) as opened:
        yield opened


def released(
    store: Store, folder: Path, held: str | None, way: str, on: float = AS_OF, order: str = ""
) -> Release | None:
    settings = config(folder, YAML + (f"    release: {{from: [{order}]}}\n" if order else ""))
    fields: Held = {Field.FIX_VERSION: (held, [])}
    fill(store, settings, [Story("PAY-1", way, fields=fields)], TRAINS)
    found = snapshot(store, settings, on)
    return found.released(found.find("PAY-1"))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("1", Release(MARCH_8, "version", "R1")),
        ("2,1", Release(MARCH_8, "version", "R1")),  # the earliest
        ("2", Release(MARCH_15, "version", "R2")),
        ("3", Release(MARCH_11, "finished")),  # not released yet
        ("4", Release(MARCH_11, "finished")),  # released, and nobody knows when
        ("99", Release(MARCH_11, "finished")),  # a version that is gone
        (None, Release(MARCH_11, "finished")),
    ],
)
def test_the_first_that_has_a_date(held: str | None, expected: Release, store: Store, tmp_path: Path) -> None:
    assert released(store, tmp_path, held, "B0 D3 F9") == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("finished, version", Release(MARCH_11, "finished")),
        ("deployment, version", Release(MARCH_8, "version", "R1")),  # nothing tells of deployments
        ("deployment", None),
    ],
)
def test_in_the_order_of_the_settings(order: str, expected: Release | None, store: Store, tmp_path: Path) -> None:
    assert released(store, tmp_path, "1", "B0 D3 F9", order=order) == expected


def test_as_things_stood_on_the_day(store: Store, tmp_path: Path) -> None:
    days = {on: released(store, tmp_path, "2", "B0 D3 F9", on) for on in (8.5, 10.5, 13.5)}
    assert days == {8.5: None, 10.5: Release(MARCH_11, "finished"), 13.5: Release(MARCH_15, "version", "R2")}
