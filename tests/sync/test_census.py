"""Issues that are no more, and those that only seem so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from okr_delivery.model.message import msg
from okr_delivery.model.work import Field, Issue
from okr_delivery.store import SourceState, Store, open_store
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import RetryLaterError
from tests.sync.conftest import Sync
from tests.sync.fake import DAY, NAME, NOW, FakeConnector, FakeTracker, issue


@pytest.fixture
def tracker(sync: Sync) -> FakeTracker:
    """Ten issues, synced once; a day later."""
    made = FakeTracker.of(10)
    sync(made)
    made.now += DAY
    return made


def test_gone_after_two_censuses_at_the_first_that_missed_it(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    tracker.remove("10003")
    assert sync(tracker).deleted == 0
    assert store.gone(NAME) == {}
    assert store.missed(NAME) == {"10003": NOW + DAY}
    tracker.now += DAY
    assert sync(tracker).deleted == 1
    assert store.gone(NAME) == {"10003": NOW + DAY}
    assert store.missed(NAME) == {}
    assert [i.key for i in store.issues(NAME, ["10003"])] == ["PAY-3"]
    tracker.now += DAY
    assert sync(tracker).deleted == 0


def test_a_census_is_taken_once_a_day_or_with_everything(sync: Sync, tracker: FakeTracker) -> None:
    def calls(**options: object) -> list[str]:
        connector = FakeConnector(tracker)
        sync(tracker, connector, **options)
        return connector.calls

    assert "census" in calls()
    tracker.now += 3600
    assert "census" not in calls()
    assert "census" in calls(full=True)


def test_one_miss_is_forgotten(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    tracker.hidden = {"10003"}
    sync(tracker)
    tracker.hidden = set()
    tracker.now += DAY
    sync(tracker)
    assert store.missed(NAME) == {}
    tracker.hidden = {"10003"}
    tracker.now += DAY
    sync(tracker)
    assert store.gone(NAME) == {}


def test_what_is_still_visible_is_not_gone(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    tracker.outside = {"10003"}
    sync(tracker)
    tracker.now += DAY
    result = sync(tracker)
    assert store.gone(NAME) == {}
    assert result.warnings == (msg("sync.out_of_scope", n=1),)
    assert result.complete


def test_when_too_much_vanishes_the_token_is_suspected(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    before = store.dump()
    tracker.hidden = {"10001", "10002", "10003"}
    for _ in range(3):
        result = sync(tracker)
        assert not result.complete
        assert result.warnings == (msg("sync.vanished", n=3, total=10, store=store.where),)
        tracker.now += DAY
    found = store.source(NAME)
    assert found is not None
    assert (found.complete, found.reason, found.fetched_at) == (False, "sync.reason.vanished", NOW)
    tracker.hidden = set()
    assert sync(tracker).complete
    assert store.dump() == before


def test_any_share_may_leave_the_scope(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    tracker.outside = {"10001", "10002", "10003", "10004"}
    for _ in range(3):
        result = sync(tracker)
        assert (result.complete, result.deleted) == (True, 0)
        tracker.now += DAY
    assert result.warnings == (msg("sync.out_of_scope", n=4),)
    tracker.hidden = {"10005", "10006", "10007"}
    assert not sync(tracker).complete


def test_a_project_taken_out_of_the_settings_is_left_though_nobody_shows_it(
    store: Store, sync: Sync, tracker: FakeTracker
) -> None:
    for ref in ("10001", "10002", "10003"):
        tracker.touch(ref, project="MOB")
    sync(tracker, settings={"projects": ["PAY", "MOB"]})
    tracker.hidden = {"10001", "10002", "10003"}
    tracker.now += DAY
    assert not sync(tracker, settings={"projects": ["PAY", "MOB"]}).complete
    result = sync(tracker, settings={"projects": ["pay"]})
    assert (result.complete, result.deleted, result.warnings) == (True, 0, ())
    assert {issue.id for issue in store.issues(NAME)} == tracker.issues.keys() - tracker.hidden


def test_a_new_store_accepts_what_is_there(sync: Sync, tracker: FakeTracker, ledger: Path, tmp_path: Path) -> None:
    tracker.hidden = {"10001", "10002", "10003"}
    assert not sync(tracker).complete
    with open_store(f"sqlite:///{tmp_path}/again/store.db", ledger=ledger) as fresh:
        assert sync(tracker, into=fresh).complete
        assert sync(tracker, into=fresh, full=True).complete


def test_a_fifth_may_vanish(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    tracker.hidden = {"10001", "10002"}
    sync(tracker)
    tracker.now += DAY
    assert sync(tracker).deleted == 2
    assert store.gone(NAME).keys() == {"10001", "10002"}


def test_a_returning_issue_is_revived_and_read_again(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    tracker.hidden = {"10003"}
    sync(tracker)
    tracker.now += DAY
    sync(tracker)
    tracker.touch("10003", title="renamed while hidden")
    tracker.now += 9 * DAY
    sync(tracker)
    tracker.hidden = set()
    tracker.now += DAY
    assert sync(tracker).complete
    assert store.gone(NAME) == {}
    assert next(store.issues(NAME, ["10003"])).title == "renamed while hidden"
    tracker.hidden = {"10003"}
    for _ in range(2):
        tracker.now += DAY
        sync(tracker)
    assert [f.entity for f in store.facts("tombstone")] == ["10003/1", "10003/2"]


def test_what_comes_into_sight_without_a_change_is_read(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    tracker.put(issue(50, updated=NOW - 40 * DAY))
    tracker.hidden = {"10050"}
    sync(tracker)
    tracker.hidden = set()
    tracker.now += DAY
    result = sync(tracker)
    assert (result.complete, result.fetched) == (True, 1)
    assert [found.key for found in store.issues(NAME, ["10050"])] == ["PAY-50"]


def test_a_run_that_stops_while_it_reads_what_came_into_sight_goes_on_with_it(
    store: Store, sync: Sync, tracker: FakeTracker
) -> None:
    for number in range(50, 56):
        tracker.put(issue(number, updated=NOW - 40 * DAY))
    with pytest.raises(RetryLaterError):
        sync(tracker, deadline=NOW, clock=lambda: NOW)
    assert (store.source(NAME) or SourceState(NAME, complete=True)).complete is False
    assert len(list(store.issues(NAME))) == 13
    result = sync(tracker)
    assert (result.complete, result.fetched) == (True, 3)
    assert len(list(store.issues(NAME))) == 16
    assert store.missed(NAME) == {}


def test_a_history_that_came_cut_is_asked_for_again(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    class Cutting(FakeConnector):
        def page(self, issues: Sequence[Issue]) -> Page:
            page = super().page(issues)
            return replace(page, issues=tuple(replace(found, history_complete=False) for found in page.issues))

    tracker.touch("10003")
    sync(tracker, Cutting(tracker))
    assert list(store.cut_ids(NAME)) == ["10003"]
    tracker.now += 3 * DAY
    assert sync(tracker).fetched == 1
    assert list(store.cut_ids(NAME)) == []


def test_a_census_that_fails_changes_nothing(store: Store, sync: Sync, tracker: FakeTracker) -> None:
    class Failing(FakeConnector):
        def census(self):  # type: ignore[no-untyped-def]  # the signature of the base
            yield "10001"
            raise RetryLaterError([])

    with pytest.raises(RetryLaterError):
        sync(tracker, Failing(tracker))
    assert store.missed(NAME) == {}
    found = store.source(NAME)
    assert found is not None
    assert not found.complete


def test_a_new_store_knows_gone_issues_from_the_ledger(
    store: Store, sync: Sync, tracker: FakeTracker, ledger: Path, tmp_path: Path
) -> None:
    tracker.remove("10003")
    for _ in range(2):
        sync(tracker)
        tracker.now += DAY
    with open_store(f"sqlite:///{tmp_path}/again/store.db", ledger=ledger) as fresh:
        assert fresh.gone(NAME) == {"10003": NOW + DAY}
        sync(tracker, into=fresh)
        mine, new = store.dump()["sources"][NAME], fresh.dump()["sources"][NAME]
        for part in ("gone", "missed", "changes", "derived", "statuses", "iterations"):
            assert new[part] == (mine[part] if part != "changes" else without_actors(mine[part], new[part]))
        gone = next(fresh.issues(NAME, ["10003"]))
        assert (gone.key, gone.title, gone.value(Field.STATUS)) == (
            "PAY-3",
            "",
            next(store.issues(NAME, ["10003"])).value(Field.STATUS),
        )


def without_actors(
    mine: dict[str, list[list[object]]], new: dict[str, list[list[object]]]
) -> dict[str, list[list[object]]]:
    """The ledger names nobody: a restored history has no actors."""
    assert all(change[-1] == "" for change in new["10003"])
    return mine | {"10003": [[*change[:-1], ""] for change in mine["10003"]]}
