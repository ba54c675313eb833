"""What breaks in the middle of a sync: a disk, a token, a clock, a project. Nothing is lost, nothing is gone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, text

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.store import Store, open_store
from okr_delivery.sync.connector import Identity
from okr_delivery.sync.errors import AbortSyncError, ConfigError, RetryLaterError
from tests.sync.conftest import Sync
from tests.sync.fake import DAY, NAME, NOW, FakeConnector, FakeTracker

MINUTES = 600


@contextmanager
def little_room(store: Store, pages: int) -> Iterator[None]:
    """A disk that has room for so many pages of a SQLite file."""
    engine: Engine = store._engine

    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]  # the driver's connection

    event.listen(engine, "checkout", limit)
    yield
    event.remove(engine, "checkout", limit)
    engine.dispose()


@contextmanager
def refusing(url: str, issues: int) -> Iterator[None]:
    """A PostgreSQL server whose disk is full once it holds so many issues."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION full_disk() RETURNS trigger AS $$ BEGIN "
                f"IF (SELECT count(*) FROM issue) >= {issues} THEN "
                "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; "
                "END IF; RETURN NEW; END $$ LANGUAGE plpgsql"
            )
        )
        connection.execute(
            text("CREATE TRIGGER full_disk BEFORE INSERT ON issue FOR EACH ROW EXECUTE FUNCTION full_disk()")
        )
        yield
        connection.execute(text("DROP TRIGGER full_disk ON issue"))
    engine.dispose()


def pages_of(store: Store) -> int:
    with store._engine.connect() as connection:
        return int(connection.execute(text("PRAGMA page_count")).scalar_one())


def test_a_full_disk_is_one_clear_error_and_the_next_run_goes_on(
    sync: Sync, database_urls: Callable[[], str], tmp_path: Path
) -> None:
    tracker = FakeTracker.of(120, old=30)
    url = database_urls()

    def connector() -> FakeConnector:
        return FakeConnector(tracker, page_size=10)

    with open_store(url, ledger=tmp_path / "ledger") as store:
        full = refusing(url, 40) if "postgres" in url else little_room(store, pages_of(store) + 12)
        with full, pytest.raises(UserError) as caught:
            sync(tracker, connector(), into=store)
        (problem,) = caught.value.problems
        assert (problem.what.id, problem.where) == ("sync.store.full", store.where)
        assert problem.next_step == msg("sync.store.full_help")
        held = store.issue_count(NAME)
        assert 0 < held < 120
        assert held % 10 == 0  # whole pages only
        found = store.source(NAME)
        assert found is not None and not found.complete
        result = sync(tracker, connector(), into=store)
        assert (result.complete, result.resumed, result.fetched) == (True, True, 150 - held)
        with open_store(database_urls(), ledger=tmp_path / "other") as whole:
            sync(tracker, connector(), into=whole)
            assert store.dump() == whole.dump()


def test_a_full_disk_under_the_ledger_stops_the_page(
    store: Store, sync: Sync, monkeypatch: pytest.MonkeyPatch, ledger: Path
) -> None:
    tracker = FakeTracker.of(9)
    write, written = os.write, [0]

    def fail(handle: int, data: bytes) -> int:
        written[0] += 1
        if written[0] > 1:
            raise OSError(28, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr("okr_delivery.store.ledger.os.write", fail)
    with pytest.raises(UserError) as caught:
        sync(tracker)
    monkeypatch.undo()
    assert caught.value.problems[0].what == msg("sync.ledger.unwritable", detail="No space left on device")
    assert store.issue_count(NAME) == 3
    assert sync(tracker).complete
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    assert len(store.seen_claims(NAME)) == 14


@pytest.mark.parametrize("moment", ["first", "window", "census", "visible"])
def test_a_token_revoked_in_mid_run_declares_nothing_gone(store: Store, sync: Sync, moment: str) -> None:
    class Revoked(FakeConnector):
        dead = False

        def check(self, at: str) -> None:
            self.dead = self.dead or at == moment
            if self.dead:
                raise ConfigError([Problem(msg("sync.unauthorized", status=401), "GET search")])

        def census(self) -> Iterator[str]:
            self.check("census")
            return super().census()

        def visible(self, ids: object) -> frozenset[str]:
            self.check("visible")
            return super().visible(ids)  # type: ignore[arg-type]  # as it came

    tracker = FakeTracker.of(9)
    if moment != "first":
        sync(tracker)
        tracker.now += DAY
        tracker.remove("10009")
        sync(tracker)
        tracker.now += DAY
        for number in range(1, 8):
            tracker.touch(f"1000{number}", title="changed")
    before = store.gone(NAME), store.missed(NAME)
    connector = Revoked(tracker)
    if moment in ("first", "window"):
        connector.on_page = lambda number: connector.check(moment if number == 2 else "")
    with pytest.raises(ConfigError) as caught:
        sync(tracker, connector)
    assert caught.value.done is not None and not caught.value.done.complete
    found = store.source(NAME)
    assert found is not None
    assert (found.complete, found.reason) == (False, "sync.reason.unfinished")
    assert (store.gone(NAME), store.missed(NAME)) == before
    result = sync(tracker)
    assert (result.complete, result.resumed) == (True, True)
    alive = {i.id: i for i in store.issues(NAME) if i.id not in store.gone(NAME)}
    assert alive == tracker.issues


@pytest.mark.parametrize("skew", [MINUTES, -MINUTES])
def test_the_watermark_is_the_trackers_clock_whatever_ours_says(store: Store, sync: Sync, skew: int) -> None:
    tracker = FakeTracker.of(4)
    ours = [float(NOW)]

    def run() -> None:
        tracker.now = int(ours[0]) + skew
        assert sync(tracker, clock=lambda: ours[0]).complete

    run()
    for number in (1, 2, 3):
        ours[0] += 3600
        tracker.now = int(ours[0]) + skew - 1
        tracker.touch(f"1000{number}", title=f"changed {number}")
        run()
        assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    found = store.source(NAME)
    assert found is not None
    assert found.watermark == found.fetched_at == int(ours[0]) + skew


def test_a_clock_that_is_set_back_loses_nothing(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(4)
    sync(tracker)
    tracker.now -= MINUTES  # an administrator corrected it
    tracker.touch("10001", title="after the correction")
    assert sync(tracker).complete
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues


def test_pages_that_go_round_in_a_circle_are_refused(store: Store, sync: Sync) -> None:
    class Circling(FakeConnector):
        def pages(self, *args: object, **more: object) -> Iterator[object]:  # type: ignore[override]  # as they came
            found = list(super().pages(*args, **more))  # type: ignore[arg-type]  # as they came
            while True:
                yield from found

    tracker = FakeTracker.of(7)
    with pytest.raises(AbortSyncError) as caught:
        sync(tracker, Circling(tracker))
    assert caught.value.problems[0].what == msg("sync.loop", after="10003")
    assert sync(tracker).complete


def test_a_zone_that_its_owner_changes_between_runs_costs_nothing(store: Store, sync: Sync) -> None:
    """Literals are read in another zone than `identity` tells: the window shifts by the difference."""

    class Moved(FakeConnector):
        hours = 0

        def identity(self) -> Identity:
            return replace(super().identity(), timezone="Pacific/Pago_Pago")

        def pages(self, since: int | None, *args: object, **more: object) -> Iterator[object]:  # type: ignore[override]
            shifted = None if since is None else since + self.hours * 3600
            return super().pages(shifted, *args, **more)  # type: ignore[arg-type]  # as they came

    tracker = FakeTracker.of(6)
    sync(tracker)
    for hours in (-25, -8, 3, 8, 25):
        tracker.now += DAY // 2
        tracker.touch("10001", title=f"known before the shift of {hours}")
        sync(tracker)
        tracker.now += 3600
        tracker.touch("10002", title=f"changed before the shift of {hours}")
        connector = Moved(tracker)
        connector.hours = hours
        assert sync(tracker, connector).complete
        assert {i.id: i for i in store.issues(NAME)} == tracker.issues, f"shifted by {hours} hours"


def test_a_project_deleted_at_the_tracker_is_gone_only_if_it_is_small(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(20)
    small, settings = {"10001", "10002", "10003"}, {"projects": ["PAY", "MOB"]}
    for ref in small:
        tracker.touch(ref, project="MOB")
    sync(tracker, settings=settings)
    for ref in small:
        tracker.remove(ref)
    for expected in (0, 3, 0):
        tracker.now += DAY
        result = sync(tracker, settings=settings)
        assert (result.complete, result.deleted) == (True, expected)
    assert store.gone(NAME) == dict.fromkeys(small, NOW + DAY)


def test_a_project_taken_out_of_the_settings_leaves_no_tombstone(store: Store, sync: Sync, ledger: Path) -> None:
    tracker = FakeTracker.of(20)
    for ref in ("10001", "10002", "10003"):
        tracker.touch(ref, project="MOB")
    sync(tracker, settings={"projects": ["PAY", "MOB"]})
    tracker.now += DAY
    tracker.outside = {"10001", "10002", "10003"}
    result = sync(tracker, settings={"projects": ["PAY"]})
    assert (result.complete, result.deleted, store.gone(NAME)) == (True, 0, {})
    assert {i.id for i in store.issues(NAME)}.isdisjoint(tracker.outside)
    assert "tombstone" not in "".join(f.read_text("utf-8") for f in ledger.rglob("*.jsonl"))


def test_archived_issues_that_are_still_shown_by_id_are_not_gone(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(20)
    sync(tracker)
    tracker.outside = {"10001", "10002"}  # neither listed nor found, but shown when asked for
    for _ in range(3):
        tracker.now += DAY
        result = sync(tracker)
        assert (result.complete, result.deleted) == (True, 0)
    assert store.gone(NAME) == {}
    assert next(store.issues(NAME, ["10001"])).title == "Requirement 1"


def test_half_a_count_deletes_nothing(store: Store, sync: Sync) -> None:
    class Half(FakeConnector):
        def census(self) -> Iterator[str]:
            yield from [i.id for i in self.tracker.scope][:10]
            raise RetryLaterError([Problem(msg("sync.truncated"), "census")])

    tracker = FakeTracker.of(20)
    sync(tracker)
    for _ in range(3):
        tracker.now += DAY
        with pytest.raises(RetryLaterError):
            sync(tracker, Half(tracker))
    assert (store.gone(NAME), store.missed(NAME)) == ({}, {})
