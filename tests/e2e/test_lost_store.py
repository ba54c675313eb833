"""Losing the store between two runs costs a first sync: what counts as new at the gate stays the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from okr_delivery.sandbox.jira_cloud import RunningServer, serve
from okr_delivery.sandbox.workspace import write
from okr_delivery.sandbox.world import build
from okr_delivery.store import open_store
from tests.e2e.runner import NOW, Cli

DAY = 86_400


class Clock:
    """Time at the tracker and here."""

    now = NOW

    def __call__(self) -> float:
        return float(self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tracker(clock: Clock) -> Iterator[RunningServer]:
    with serve(build(seed=1, now=NOW), clock=clock) as server:
        yield server


@pytest.fixture
def cli(tracker: RunningServer, tmp_path: Path) -> Cli:
    folder = tmp_path / "work"
    folder.mkdir()
    write(folder, build(seed=1, now=NOW), tracker.url, "en")
    made = Cli(folder)
    made.edit("okr-delivery.yaml", "gate: {since: 2026-10-01, ", "gate: {")
    return made


def first_synced_at(cli: Cli) -> int | None:
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        return store.sources()[0].first_synced_at


def found(cli: Cli) -> list[tuple[str, str]]:
    document = cli("gate", "--stage", "intake", "--format", "json").json
    return [(finding["rule"], finding["entity"]["key"]) for finding in document["findings"]]


def test_what_was_new_since_the_first_sync_stays_so(cli: Cli, tracker: RunningServer, clock: Clock) -> None:
    cli.ok("sync")
    made = []
    for day in (1, 3, 5):
        clock.now = cli.now = NOW + day * DAY
        made.append(tracker.tracker.create("PAY", f"Wish of day {day}", type_id="10001").key)
    clock.now = cli.now = NOW + 7 * DAY
    cli.ok("sync")
    before = found(cli)
    assert set(made) <= {key for rule, key in before if rule == "KR101"}
    shutil.rmtree(cli.folder / ".okr-delivery")
    cli.ok("sync")
    assert first_synced_at(cli) == NOW
    assert found(cli) == before
