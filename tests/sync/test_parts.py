"""A first sync in two parts: what is open or recent, then the rest; and what several short runs make of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okr_delivery.model.message import msg
from okr_delivery.model.work import Field, Value
from okr_delivery.store import SourceState, Store, open_store
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import RetryLaterError, SkipRecordError
from okr_delivery.sync.run import LIVELY_DAYS
from tests.sync.conftest import Sync
from tests.sync.fake import DAY, NAME, NOW, FakeConnector, FakeTracker, finished, issue, moved

LIVELY = NOW - LIVELY_DAYS * DAY
HOUR = 3600


def state(store: Store) -> SourceState:
    found = store.source(NAME)
    assert found is not None
    return found


def stop_after(pages: int) -> Callable[[int], None]:
    """Lets so many pages leave, counted over all calls, then the time is up."""
    left = [pages]

    def on_page(_number: int) -> None:
        if left[0] == 0:
            raise RetryLaterError([])
        left[0] -= 1

    return on_page


def cut(sync: Sync, tracker: FakeTracker, pages: int, **options: object) -> FakeConnector:
    connector = FakeConnector(tracker, on_page=stop_after(pages))
    with pytest.raises(RetryLaterError):
        sync(tracker, connector, **options)
    return connector


def test_open_and_recent_issues_come_first_and_nothing_twice(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5, old=4)
    seen: list[tuple[str, int]] = []
    connector = FakeConnector(tracker)
    result = sync(tracker, connector, on_progress=lambda name, n: seen.append((name, n)))
    assert connector.parts == [(LIVELY, 0), (None, 5)]
    assert connector.asked == [(None, None), (None, None)]
    assert (result.complete, result.fetched, result.changed, result.whole_since) == (True, 9, 9, None)
    assert [n for _, n in seen] == [3, 5, 8, 9]
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    found = state(store)
    assert (found.complete, found.whole_since, found.fetched_at, found.cursor) == (True, None, NOW, None)
    assert found.base_url == "http://127.0.0.1:1/people"


def test_between_the_parts_what_planning_needs_is_known_to_be_whole(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5, old=4)
    cut(sync, tracker, 2)
    found = state(store)
    assert (found.complete, found.reason, found.coming) == (False, "sync.reason.history", True)
    assert (found.whole_since, found.fetched_at, found.first_synced_at) == (LIVELY, NOW, NOW)
    assert found.watermark is None
    assert len(list(store.issues(NAME))) == 5


def test_in_the_first_part_nothing_is_whole(store: Store, sync: Sync) -> None:
    cut(sync, FakeTracker.of(5, old=4), 1)
    found = state(store)
    assert (found.complete, found.reason, found.coming) == (False, "sync.reason.unfinished", False)
    assert (found.whole_since, found.fetched_at) == (None, None)


def test_a_run_that_ends_in_the_second_part_tells_so(sync: Sync) -> None:
    tracker = FakeTracker.of(5, old=4)
    with pytest.raises(RetryLaterError) as caught:
        sync(tracker, FakeConnector(tracker, on_page=stop_after(3)))
    done = caught.value.done
    assert done is not None
    assert (done.complete, done.fetched, done.whole_since) == (False, 8, LIVELY)
    assert msg("sync.history_coming") in done.warnings


@pytest.mark.parametrize("pages", range(5))
def test_resumed_anywhere_it_leaves_the_same(
    store: Store, sync: Sync, pages: int, database_urls: Callable[[], str], tmp_path: Path
) -> None:
    tracker = FakeTracker.of(5, old=5)
    connector = FakeConnector(tracker, on_page=stop_after(pages))
    if pages < 4:
        with pytest.raises(RetryLaterError):
            sync(tracker, connector)
    result = sync(tracker)
    assert (result.complete, result.resumed) == (True, pages not in (0, 4))
    with open_store(database_urls(), ledger=tmp_path / "other") as whole:
        sync(tracker, into=whole)
        assert store.dump() == whole.dump()


def test_resumed_at_once_the_gate_need_not_wait_again(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5, old=4)
    cut(sync, tracker, 2)
    tracker.now += 60
    seen: list[bool] = []
    sync(tracker, FakeConnector(tracker, on_page=lambda _: seen.append(state(store).coming)))
    assert seen == [True, True]


def test_resumed_later_what_changed_is_read_before_older_history(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5, old=6)
    cut(sync, tracker, 3)
    tracker.now += 3 * DAY
    tracker.touch("10001", title="changed meanwhile")
    tracker.touch("10012", title="old, and touched again")
    connector = cut(sync, tracker, 1)
    assert connector.asked == [(NOW - 2 * HOUR, None), (None, "10006")]
    assert {i.title for i in store.issues(NAME, ["10001", "10012"])} == {"changed meanwhile", "old, and touched again"}
    found = state(store)
    assert (found.coming, found.fetched_at, found.whole_since) == (True, NOW + 3 * DAY, LIVELY)
    tracker.now += 60
    last = FakeConnector(tracker)
    assert sync(tracker, last).complete
    assert last.asked == [(None, "10006")]
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    assert state(store).watermark == NOW + 3 * DAY


def test_while_that_is_read_nothing_is_whole_and_a_death_in_it_costs_nothing(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7, old=6)
    cut(sync, tracker, 4)
    tracker.now += 3 * DAY
    for number in (1, 3, 5, 7):
        tracker.touch(f"1000{number}", title="changed meanwhile")
    cut(sync, tracker, 1)
    found = state(store)
    assert (found.coming, found.reason) == (False, "sync.reason.unfinished")
    connector = FakeConnector(tracker)
    assert sync(tracker, connector).complete
    assert connector.asked == [(NOW - 2 * HOUR, None), (None, "10006")]
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues


def test_an_issue_that_changes_between_the_parts_is_not_lost(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(4, old=4)
    pages = [0]

    def on_page(number: int) -> None:
        pages[0] += 1
        if pages[0] == 3:  # the first page of the second part is about to leave, listed before
            tracker.now += 30
            for ref in ("10001", "10002"):
                tracker.touch(ref, title="changed in the middle")
                tracker.changes[ref].append(moved(tracker.issues[ref], at=tracker.now, history=77))

    sync(tracker, FakeConnector(tracker, on_page=on_page))
    tracker.now += 60
    sync(tracker)
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    assert {ref: list(found) for ref, found in store.changes(NAME)} == tracker.changes


def test_an_issue_that_moves_between_projects_in_the_middle_is_one_issue(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(4, old=4)
    pages = [0]

    def on_page(number: int) -> None:
        pages[0] += 1
        if pages[0] == 2:
            tracker.now += 30
            tracker.touch("10001", key="APP-1", project="APP", project_id="9")  # read already
            tracker.touch("10008", key="APP-2", project="APP", project_id="9")  # comes with the second part

    assert sync(tracker, FakeConnector(tracker, on_page=on_page)).complete
    tracker.now += 60
    sync(tracker)
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    assert store.aliases(NAME) == {"PAY-1": "10001"}
    tracker.outside = {"10001"}  # and once more, to where nobody asks
    for _ in range(3):
        tracker.now += DAY
        result = sync(tracker)
        assert (result.complete, result.deleted) == (True, 0)
    assert store.gone(NAME) == {}


def test_a_record_that_can_not_be_read_in_the_first_part_leaves_nothing_to_judge_by(store: Store, sync: Sync) -> None:
    class Skipping(FakeConnector):
        def page(self, issues: object) -> Page:
            page = super().page(issues)  # type: ignore[arg-type]  # as it came
            kept = tuple(i for i in page.issues if i.id != "10003")
            error = SkipRecordError([])
            changes = tuple(c for c in page.changes if c.issue_id != "10003")
            return Page(kept, changes, page.after, skipped=(error,) if len(kept) < len(page.issues) else ())

    tracker = FakeTracker.of(5, old=4)
    with pytest.raises(RetryLaterError):
        sync(tracker, Skipping(tracker, on_page=stop_after(3)))
    assert not state(store).coming
    result = sync(tracker, Skipping(tracker))
    assert not result.complete
    assert (state(store).reason, state(store).whole_since) == ("sync.reason.skipped", None)
    assert sync(tracker).complete


def test_a_record_left_out_before_a_death_is_not_forgotten_after_it(store: Store, sync: Sync) -> None:
    class Skipping(FakeConnector):
        def page(self, issues: object) -> Page:
            page = super().page(issues)  # type: ignore[arg-type]  # as it came
            kept = tuple(i for i in page.issues if i.id != "10001")
            changes = tuple(c for c in page.changes if c.issue_id != "10001")
            left_out = (SkipRecordError([]),) if len(kept) < len(page.issues) else ()
            return Page(kept, changes, page.after, skipped=left_out)

    tracker = FakeTracker.of(9)
    sync(tracker)
    with pytest.raises(RetryLaterError):
        sync(tracker, Skipping(tracker, on_page=stop_after(1)), full=True)
    result = sync(tracker)
    assert (result.complete, state(store).reason) == (False, "sync.reason.skipped")


@pytest.mark.parametrize(("day", "parts"), [("2026-08-22", 1), ("2026-08-18", 2), ("2020-01-01", 2)])
def test_a_source_that_begins_lately_comes_in_one_part(sync: Sync, day: str, parts: int) -> None:
    assert datetime.fromtimestamp(LIVELY, UTC).date().isoformat() == "2026-08-20"
    connector = FakeConnector(FakeTracker.of(4))
    assert sync(connector.tracker, connector, settings={"history": {"since": day}}).complete
    assert len(connector.parts) == parts


def test_later_runs_and_full_ones_have_one_part(sync: Sync) -> None:
    tracker = FakeTracker.of(4, old=2)
    first = FakeConnector(tracker)
    sync(tracker, first, full=True)
    later = FakeConnector(tracker)
    tracker.now += DAY
    sync(tracker, later)
    again = FakeConnector(tracker)
    sync(tracker, again, full=True)
    assert [first.parts, later.parts, again.parts] == [[(None, 0)]] * 3


def test_other_settings_in_the_middle_begin_anew_and_leave_what_is_not_asked_for(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5, old=4)
    cut(sync, tracker, 3)
    tracker.outside = {"10002", "10001"}
    connector = cut(sync, tracker, 1, settings={"projects": ["PAY", "NEW"]})
    assert connector.parts == [(None, 0)]
    assert (state(store).coming, state(store).whole_since) == (False, None)
    assert sync(tracker, settings={"projects": ["PAY", "NEW"]}).complete
    assert {i.id for i in store.issues(NAME)} == {i.id for i in tracker.scope}


def test_an_empty_source_is_whole_at_once(store: Store, sync: Sync) -> None:
    tracker = FakeTracker()
    assert sync(tracker).complete
    connector = FakeConnector(tracker)
    tracker.now += HOUR
    assert sync(tracker, connector).complete
    assert connector.asked == [(NOW - 2 * HOUR, None)]


class TestHistorySince:
    """`history.since` narrows what is asked for; what it leaves out is neither there nor gone."""

    OLDEST = NOW - 150 * DAY

    @pytest.fixture
    def tracker(self, sync: Sync) -> FakeTracker:
        """Two open issues, two done 100 days ago and two done 200 days ago, synced since 150 days ago."""
        made = FakeTracker.of(2)
        for number, days in ((3, 100), (4, 100), (5, 200), (6, 200)):
            made.put(*finished(number, days=days))
        self.since(made, self.OLDEST)
        sync(made, settings=self.settings(self.OLDEST))
        return made

    @staticmethod
    def settings(at: int) -> dict[str, object]:
        return {"history": {"since": datetime.fromtimestamp(at, UTC).date().isoformat()}}

    @staticmethod
    def since(tracker: FakeTracker, at: int) -> None:
        """What the tracker answers to a filter by that day."""
        done = {ref for ref, i in tracker.issues.items() if i.value(Field.STATUS).id == "5"}
        tracker.outside = {ref for ref in done if tracker.issues[ref].updated < at}

    def test_an_earlier_day_fetches_what_is_missing(self, store: Store, sync: Sync, tracker: FakeTracker) -> None:
        assert len(list(store.issues(NAME))) == 4
        tracker.now += DAY
        self.since(tracker, NOW - 300 * DAY)
        result = sync(tracker, settings=self.settings(NOW - 300 * DAY))
        assert (result.complete, result.changed) == (True, 2)
        assert {i.id for i in store.issues(NAME)} == set(tracker.issues)

    def test_a_later_day_leaves_the_scope(self, store: Store, sync: Sync, tracker: FakeTracker) -> None:
        tracker.now += DAY
        self.since(tracker, NOW - 50 * DAY)
        result = sync(tracker, settings=self.settings(NOW - 50 * DAY))
        assert (result.complete, result.deleted, result.warnings) == (True, 0, ())
        assert {i.id for i in store.issues(NAME)} == {"10001", "10002"}
        assert store.gone(NAME) == {}

    def test_what_drops_out_of_the_filter_is_not_gone(self, store: Store, sync: Sync, tracker: FakeTracker) -> None:
        tracker.outside |= {"10003"}
        for _ in range(3):
            tracker.now += DAY
            result = sync(tracker, settings=self.settings(self.OLDEST))
            assert (result.complete, result.deleted) == (True, 0)
        assert store.gone(NAME) == {}
        assert result.warnings == (msg("sync.out_of_scope", n=1),)

    def test_killed_while_the_day_changes_it_still_leaves_the_scope(
        self, store: Store, sync: Sync, tracker: FakeTracker
    ) -> None:
        tracker.now += DAY
        for number in (7, 8, 9):
            tracker.put(issue(number))
        self.since(tracker, NOW - 50 * DAY)
        cut(sync, tracker, 1, settings=self.settings(NOW - 50 * DAY))
        assert sync(tracker, settings=self.settings(NOW - 50 * DAY)).resumed
        assert {i.id for i in store.issues(NAME)} == {"10001", "10002", "10007", "10008", "10009"}


def test_the_day_of_the_first_sync_is_when_planning_could_begin(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5, old=4)
    cut(sync, tracker, 2)
    tracker.now += 2 * DAY
    tracker.touch("10001", current={Field.STATUS: Value("3", "In Progress")})
    assert sync(tracker).complete
    assert (state(store).first_synced_at, state(store).fetched_at) == (NOW, NOW + 2 * DAY)
