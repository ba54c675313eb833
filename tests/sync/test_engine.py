"""What a sync leaves behind, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.model.work import Category, Field, FoundField, Issue, IterationState, Status, Value
from okr_delivery.store import Store, open_store
from okr_delivery.sync.connector import Metadata, Page
from okr_delivery.sync.errors import AbortSyncError, RetryLaterError, SkipRecordError
from tests.sync.conftest import Sync
from tests.sync.fake import DAY, NAME, NOW, FakeConnector, FakeTracker, issue, moved

BOOK_KEEPING = {"source": {"started_at", "fetched_at", "watermark", "cursor"}}


def rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, byte for byte, without the run's own book-keeping."""
    engine = create_engine(store.url)
    with engine.connect() as connection:
        tables = {}
        for name in inspect(connection).get_table_names():
            columns = [c["name"] for c in inspect(connection).get_columns(name)]
            kept = [f'"{c}"' for c in columns if c not in BOOK_KEEPING.get(name, set())]
            tables[name] = sorted(
                (tuple(row) for row in connection.execute(text(f'SELECT {", ".join(kept)} FROM "{name}"'))), key=repr
            )
    engine.dispose()
    return tables


def state(store: Store) -> object:
    return store.source(NAME)


def test_a_first_sync_stores_everything(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7)
    result = sync(tracker)
    assert (result.complete, result.resumed, result.fetched, result.changed, result.deleted) == (True, False, 7, 7, 0)
    assert result.changes == 7
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    assert {ref: list(found) for ref, found in store.changes(NAME)} == tracker.changes
    assert store.statuses(NAME) == tuple(tracker.statuses)
    assert store.iterations(NAME) == tuple(tracker.iterations)
    assert [b.id for b in store.boards(NAME)] == ["42"]
    assert [f.role for f in store.found_fields(NAME)] == ["iteration"]
    assert len(list(store.derived(NAME))) == 7
    found = store.source(NAME)
    assert found is not None
    assert (found.complete, found.reason, found.cursor) == (True, None, None)
    assert found.fetched_at == found.watermark == found.first_synced_at == NOW


def test_a_second_sync_changes_no_row_but_book_keeping(store: Store, sync: Sync, ledger: Path) -> None:
    tracker = FakeTracker.of(7)
    sync(tracker)
    before, lines = rows(store), ledger_text(ledger)
    tracker.now += 600
    connector = FakeConnector(tracker)
    result = sync(tracker, connector)
    assert (result.complete, result.fetched, result.changed, result.changes) == (True, 0, 0, 0)
    assert rows(store) == before
    assert ledger_text(ledger) == lines
    assert connector.asked == [(NOW - 2 * 3600, None)]
    assert connector.calls == ["identity", "use", "iterations", "pages"]
    assert connector.closed


def test_issues_sent_again_unchanged_change_no_row(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7)
    sync(tracker)
    before = rows(store)
    result = sync(tracker, full=True)
    assert (result.fetched, result.changed, result.changes) == (7, 0, 0)
    assert rows(store) == before


def test_only_what_changed_is_fetched_and_derived(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7)
    sync(tracker)
    tracker.now += DAY // 2
    changed = tracker.touch("10002", current={Field.STATUS: Value("5", "Done")})
    tracker.changes["10002"].append(moved(changed, at=tracker.now, history=99, old="3", new="5"))
    derived: list[str] = []

    def derive(_tx: object, _name: str, ids: Sequence[str]) -> None:
        derived.extend(ids)

    result = sync(tracker, derive=derive)
    assert (result.fetched, result.changed, result.changes) == (1, 1, 1)
    assert derived == ["10002"]
    assert [c.new.name for c in dict(store.changes(NAME))["10002"]] == ["In Progress", "Done"]


def test_a_change_in_the_second_of_the_fetch_is_not_lost(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(4)
    sync(tracker)
    tracker.now += 600
    tracker.touch("10001", title="Read like this")
    tracker.touch("10002", title="Read while the run went on")
    tracker.issues["10002"] = replace(tracker.issues["10002"], updated=tracker.now + 3)
    sync(tracker)
    tracker.touch("10001", title="and then like that, within one second")
    tracker.issues["10002"] = replace(tracker.issues["10002"], title="and once more in that second")
    tracker.now += 60
    assert sync(tracker).changed == 2
    assert {i.id: i for i in store.issues(NAME)} == tracker.issues
    tracker.now += 60
    assert sync(tracker).fetched == 0


def test_a_history_is_replaced_whole(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(3)
    sync(tracker)
    tracker.now += 60
    tracker.touch("10001")
    tracker.changes["10001"] = [moved(tracker.issues["10001"], at=NOW - 9 * DAY, history=5)]
    sync(tracker)
    assert [c.history_id for c in dict(store.changes(NAME))["10001"]] == [5]


def test_renamed_issues_answer_to_their_old_keys(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(2)
    sync(tracker)
    tracker.now += 60
    renamed = tracker.touch("10001", key="SHOP-9", project="SHOP", project_id="2")
    change = moved(renamed, at=NOW, history=7)._replace(
        field=Field.KEY, old=Value(None, "OLD-1"), new=Value(None, "PAY-1")
    )
    tracker.changes["10001"].append(change)
    sync(tracker)
    assert store.aliases(NAME) == {"PAY-1": "10001", "OLD-1": "10001"}
    tracker.now += 60
    tracker.touch("10001", key="PAY-1", project="PAY", project_id="1")
    sync(tracker)
    assert store.aliases(NAME) == {"SHOP-9": "10001", "OLD-1": "10001"}


def test_a_failure_keeps_the_committed_pages_and_the_source_incomplete(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7)

    def fail(page: int) -> None:
        if page == 3:
            raise RetryLaterError([Problem(msg("sync.later"))])

    with pytest.raises(RetryLaterError):
        sync(tracker, FakeConnector(tracker, on_page=fail))
    assert [i.id for i in store.issues(NAME)] == [f"1000{n}" for n in range(1, 7)]
    found = store.source(NAME)
    assert found is not None
    assert (found.complete, found.reason, found.fetched_at) == (False, "sync.reason.unfinished", None)
    connector = FakeConnector(tracker)
    result = sync(tracker, connector)
    assert (result.complete, result.resumed, result.fetched) == (True, True, 1)
    assert connector.asked == [(None, "10006"), (None, None)]


def test_a_complete_source_is_incomplete_again_from_the_first_page_on(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7)
    sync(tracker)

    def stop(page: int) -> None:
        if page == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(tracker, FakeConnector(tracker, on_page=stop), full=True)
    found = store.source(NAME)
    assert found is not None
    assert (found.complete, found.fetched_at) == (False, NOW)
    assert sync(tracker).complete  # resumes the full run


def test_an_old_run_is_resumed_and_then_brought_up_to_date(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7)

    def stop(page: int) -> None:
        if page == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(tracker, FakeConnector(tracker, on_page=stop))
    tracker.now += 3 * DAY
    tracker.touch("10001", title="New title")
    connector = FakeConnector(tracker)
    result = sync(tracker, connector)
    assert (result.complete, result.resumed) == (True, True)
    assert connector.asked == [(None, "10003"), (NOW - 2 * 3600, None), (None, None)]
    found = store.source(NAME)
    assert found is not None
    assert found.fetched_at == tracker.now
    assert next(store.issues(NAME, ["10001"])).title == "New title"


def test_the_deadline_leaves_a_run_that_resumes(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(7)
    now = [0.0]

    def tick(_page: int) -> None:
        now[0] += 60

    with pytest.raises(RetryLaterError) as caught:
        sync(tracker, FakeConnector(tracker, on_page=tick), deadline=100.0, clock=lambda: now[0])
    assert caught.value.problems[0].what == msg("sync.out_of_time")
    assert store.issue_count(NAME) == 6
    assert sync(tracker).complete


def test_a_run_that_failed_tells_how_far_it_came(sync: Sync) -> None:
    def fail(number: int) -> None:
        if number == 3:
            raise RetryLaterError([])

    with pytest.raises(RetryLaterError) as caught:
        sync(FakeTracker.of(8), FakeConnector(FakeTracker.of(8), on_page=fail))
    done = caught.value.done
    assert done is not None
    assert (done.complete, done.fetched, done.changed, done.changes) == (False, 6, 6, 6)


def test_metadata_is_kept_for_a_day(sync: Sync) -> None:
    tracker = FakeTracker.of(3)
    sync(tracker)
    tracker.now += DAY - 1
    later, much_later = FakeConnector(tracker), FakeConnector(tracker)
    sync(tracker, later)
    tracker.now += 2
    sync(tracker, much_later)
    assert "metadata" not in later.calls
    assert "metadata" in much_later.calls
    assert later.used is not None
    assert later.used.raw == {"fields": ["a", "b"]}


def test_metadata_of_another_version_is_read_again(sync: Sync) -> None:
    class Newer(FakeConnector):
        def use(self, metadata: object) -> None:
            raise ValueError("written by another version")

    tracker = FakeTracker.of(3)
    sync(tracker)
    connector = Newer(tracker)
    assert sync(tracker, connector).complete
    assert "metadata" in connector.calls


def test_other_settings_fetch_everything_again_and_drop_what_left_the_scope(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5)
    sync(tracker)
    tracker.outside = {"10002"}
    connector = FakeConnector(tracker)
    result = sync(tracker, connector, settings={"projects": ["PAY", "NEW"]})
    assert result.fetched == 4
    assert connector.asked == [(None, None)]
    assert connector.calls[:3] == ["identity", "metadata", "all iterations"]
    assert "10002" not in {i.id for i in store.issues(NAME)}
    assert "10002" not in dict(store.changes(NAME))


def test_other_fields_fetch_everything_again(sync: Sync) -> None:
    class Other(FakeConnector):
        def metadata(self) -> Metadata:
            return replace(super().metadata(), fields=(FoundField("iteration", "customfield_9", "Sprint", "schema"),))

    tracker = FakeTracker.of(5)
    sync(tracker)
    for fetched in (5, 0):
        tracker.now += 2 * DAY
        result = sync(tracker, Other(tracker))
        assert (result.complete, result.fetched) == (True, fetched)


def test_names_that_are_others_now_fetch_everything_again(sync: Sync) -> None:
    class Renaming(FakeConnector):
        names = "new"

        def metadata(self) -> Metadata:
            return replace(super().metadata(), raw={"names": self.names})

        def outgrown(self, raw: Mapping[str, object]) -> bool:
            return raw.get("names") != self.names

    tracker = FakeTracker.of(5)
    sync(tracker)
    for fetched in (5, 0):
        tracker.now += 2 * DAY
        result = sync(tracker, Renaming(tracker))
        assert (result.complete, result.fetched) == (True, fetched)


def test_iterations_that_are_no_longer_listed_leave_unless_they_are_over(store: Store, sync: Sync) -> None:
    def stored() -> list[str]:
        return [iteration.id for iteration in store.iterations(NAME)]

    tracker = FakeTracker.of(3)
    (active,) = tracker.iterations
    tracker.iterations += [
        replace(active, id="69", state=IterationState.CLOSED, order=1),
        replace(active, id="71", state=IterationState.FUTURE, order=2),
    ]
    sync(tracker)
    tracker.iterations = [active]
    tracker.now += 3600
    sync(tracker)
    assert stored() == ["70", "69", "71"]
    tracker.now += DAY
    sync(tracker)
    assert stored() == ["70", "69"]
    sync(tracker, settings={"projects": ["PAY", "NEW"]})
    assert stored() == ["70"]


def test_other_settings_leave_no_iteration_of_a_first_run_that_came_to_nothing(store: Store, sync: Sync) -> None:
    class Failing(FakeConnector):
        def pages(self, since, resume, held, **more):  # type: ignore[no-untyped-def]  # the signature of the base
            raise RetryLaterError([])

    tracker = FakeTracker.of(3)
    tracker.iterations.append(replace(tracker.iterations[0], id="69", state=IterationState.CLOSED))
    with pytest.raises(RetryLaterError):
        sync(tracker, Failing(tracker))
    tracker.iterations.pop()
    assert sync(tracker, settings={"projects": ["NEW"]}).complete
    assert [iteration.id for iteration in store.iterations(NAME)] == ["70"]


def test_all_bodies_are_read_again_after_a_month(sync: Sync) -> None:
    tracker = FakeTracker.of(5)
    sync(tracker)
    tracker.now += 31 * DAY
    assert sync(tracker).fetched == 5
    tracker.now += DAY
    assert sync(tracker).fetched == 0


def test_another_meaning_of_statuses_derives_everything_again(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5)
    sync(tracker)
    before = {d.issue_id: d.rule_hash for d in store.derived(NAME)}
    tracker.now += 2 * DAY
    tracker.statuses[1] = Status(NAME, "3", "Doing", Category.DONE, 1)
    result = sync(tracker)
    assert result.fetched == 0
    after = {d.issue_id: d.rule_hash for d in store.derived(NAME)}
    assert after.keys() == before.keys()
    assert all(after[ref] != before[ref] for ref in before)


def test_settings_that_derivation_depends_on_derive_again(sync: Sync) -> None:
    tracker = FakeTracker.of(5)
    sync(tracker)
    derived: list[str] = []

    def derive(_tx: object, _name: str, ids: Sequence[str]) -> None:
        derived.extend(ids)

    settings = {"statuses": {"order": ["To Do", "In Progress"]}}
    sync(tracker, settings=settings, derive=derive)
    assert len(derived) == 5
    sync(tracker, settings=settings, derive=derive)
    assert len(derived) == 5


def test_statuses_met_on_the_way_are_kept_and_never_forget_their_category(store: Store, sync: Sync) -> None:
    class Telling(FakeConnector):
        category = Category.DONE

        def page(self, issues: Sequence[Issue]) -> Page:
            extra = (Status(NAME, "9", "Archived", self.category), Status(NAME, "1", "Other", Category.UNDEFINED))
            return replace(super().page(issues), statuses=extra)

    tracker = FakeTracker.of(4)
    sync(tracker, Telling(tracker))
    again = Telling(tracker)
    again.category = Category.UNDEFINED
    sync(tracker, again, full=True)
    found = {s.id: (s.name, s.category) for s in store.statuses(NAME)}
    assert found["9"] == ("Archived", Category.DONE)
    assert found["1"] == ("To Do", Category.NEW)


def test_a_record_that_can_not_be_read_is_named_and_asked_for_again(store: Store, sync: Sync) -> None:
    class Skipping(FakeConnector):
        def page(self, issues: Sequence[Issue]) -> Page:
            error = SkipRecordError([Problem(msg("sync.truncated"), "PAY-4")])
            return replace(super().page(issues), skipped=(error,))

    tracker = FakeTracker.of(3)
    result = sync(tracker, Skipping(tracker))
    assert not result.complete
    assert result.warnings == (msg("sync.skipped", where="PAY-4", what=msg("sync.truncated")),)
    found = store.source(NAME)
    assert found is not None
    assert (found.reason, found.watermark) == ("sync.reason.skipped", None)
    connector = FakeConnector(tracker)
    assert sync(tracker, connector).complete
    assert connector.asked == [(None, None)]


def test_a_record_that_other_settings_brought_is_asked_for_again_too(store: Store, sync: Sync) -> None:
    class Skipping(FakeConnector):
        def page(self, issues: Sequence[Issue]) -> Page:
            shown = [found for found in issues if found.id != "10004"]
            page = super().page(shown) if shown else Page((), (), "10004")
            return replace(page, skipped=(SkipRecordError([Problem(msg("sync.truncated"), "PAY-4")]),))

    tracker = FakeTracker.of(4)
    tracker.outside = {"10004"}
    sync(tracker)
    tracker.outside = set()
    settings = {"projects": ["PAY", "NEW"]}
    assert not sync(tracker, Skipping(tracker), settings=settings).complete
    assert sync(tracker, settings=settings).complete
    assert len(list(store.issues(NAME))) == 4


@pytest.mark.parametrize("broken", ["loop", "foreign change", "foreign source", "no end"])
def test_pages_that_would_lose_data_are_refused(store: Store, sync: Sync, broken: str) -> None:
    class Broken(FakeConnector):
        def page(self, issues: Sequence[Issue]) -> Page:
            page = super().page(issues)
            breaking: dict[str, dict[str, Any]] = {
                "loop": {"after": "10001"},
                "foreign change": {"changes": (moved(issue(99), at=1, history=1),)},
                "foreign source": {"issues": tuple(replace(i, source="other") for i in page.issues)},
                "no end": {"after": None},
            }
            return replace(page, **breaking[broken])

    tracker = FakeTracker.of(7)
    with pytest.raises(AbortSyncError):
        sync(tracker, Broken(tracker))
    found = store.source(NAME)
    assert found is not None
    assert not found.complete


def test_a_window_that_misses_a_change_is_widened(store: Store, sync: Sync) -> None:
    class WrongZone(FakeConnector):
        def pages(self, since, resume, held, **more):  # type: ignore[no-untyped-def]  # the signature of the base
            return super().pages(None if since is None else since + 8 * 3600, resume, held, **more)

    tracker = FakeTracker.of(5)
    sync(tracker)
    tracker.now += 3600
    tracker.touch("10001", title="fresh")
    sync(tracker)
    tracker.now += 3600
    tracker.touch("10002", title="missed")
    connector = WrongZone(tracker)
    result = sync(tracker, connector)
    assert msg("sync.window", n=1) in result.warnings
    assert next(store.issues(NAME, ["10002"])).title == "missed"


def test_a_change_that_left_the_scope_says_nothing_of_the_zone(store: Store, sync: Sync) -> None:
    tracker = FakeTracker.of(5)
    tracker.touch("10001")
    sync(tracker)
    tracker.outside = {"10001"}
    tracker.now += 60
    result = sync(tracker)
    assert (result.complete, result.warnings) == (True, ())


def test_a_wider_window_that_breaks_off_is_read_by_the_next_run(store: Store, sync: Sync) -> None:
    class Breaking(FakeConnector):
        def pages(self, since, resume, held, **more):  # type: ignore[no-untyped-def]  # the signature of the base
            if self.asked:
                raise RetryLaterError([])
            return super().pages(since + 2 * 3600 + 300, resume, held, **more)

    tracker = FakeTracker.of(5)
    sync(tracker)
    tracker.now = NOW + 60
    tracker.touch("10001")
    sync(tracker)
    for later, ref in ((90, "10002"), (3000, "10003")):
        tracker.now = NOW + later
        tracker.touch(ref, title="changed")
    tracker.now = NOW + 3600
    with pytest.raises(RetryLaterError):
        sync(tracker, Breaking(tracker))
    assert sync(tracker).complete
    assert [i.title for i in store.issues(NAME, ["10002", "10003"])] == ["changed", "changed"]


def test_progress_and_partial_histories_are_told(sync: Sync) -> None:
    tracker = FakeTracker.of(4)
    tracker.touch("10001", history_complete=False)
    told: list[tuple[str, int]] = []
    result = sync(tracker, on_progress=lambda name, n: told.append((name, n)))
    assert told == [(NAME, 3), (NAME, 4)]
    assert result.warnings == (msg("sync.history_incomplete", n=1),)


def test_two_syncs_of_one_source_at_once(store: Store, sync: Sync, store_url: str, ledger: Path) -> None:
    tracker = FakeTracker.of(4)
    with open_store(store_url, ledger=ledger) as other:

        def second(_page: int) -> None:
            with pytest.raises(UserError) as caught:
                sync(tracker, into=other)
            assert caught.value.problems[0].what == msg("sync.store.taken", source=NAME)

        assert sync(tracker, FakeConnector(tracker, on_page=second)).complete
        assert sync(tracker, into=other).complete


def test_the_ledger_keeps_what_a_lost_store_can_not_fetch_again(
    store: Store, sync: Sync, ledger: Path, tmp_path: Path
) -> None:
    tracker = FakeTracker.of(5)
    sync(tracker)
    for text_now, at in (
        ("Contributes-to: GROW-KR1 +9pp", DAY),
        ("", 2 * DAY),
        ("Contributes-to: GROW-KR1 +1pp", 3 * DAY),
    ):
        tracker.now = NOW + at
        current = {Field.STATUS: Value("3", "In Progress"), Field.LABELS: Value(None, "kr:GROW-KR1 ops")}
        if text_now:
            current[Field.CLAIM_LINES] = Value(None, text_now)
        tracker.touch("10001", current=current)
        sync(tracker)
    seen = [(c.version, c.text, c.seen_at) for c in store.seen_claims(NAME, ["10001"]) if c.field is Field.CLAIM_LINES]
    assert seen == [
        (1, "Contributes-to: GROW-KR1 +1pp", NOW),
        (2, "Contributes-to: GROW-KR1 +9pp", NOW + DAY),
        (3, "", NOW + 2 * DAY),
        (4, "Contributes-to: GROW-KR1 +1pp", NOW + 3 * DAY),
    ]
    assert [c.text for c in store.seen_claims(NAME, ["10002"])] == ["kr:GROW-KR1"]
    with open_store(f"sqlite:///{tmp_path}/again/store.db", ledger=ledger) as fresh:
        assert fresh.seen_claims(NAME) == store.seen_claims(NAME)
        lines = ledger_text(ledger)
        sync(tracker, into=fresh)
        assert fresh.seen_claims(NAME) == store.seen_claims(NAME)
        assert fresh.dump() == store.dump()
    assert ledger_text(ledger) == lines


def test_the_day_of_the_first_sync_survives_the_store(store: Store, sync: Sync, ledger: Path, tmp_path: Path) -> None:
    tracker = FakeTracker.of(2)
    sync(tracker, settings={"links": {"labels": []}})
    for later in (DAY, 7 * DAY):
        tracker.now = NOW + later
        with open_store(f"sqlite:///{tmp_path}/{later}/store.db", ledger=ledger) as fresh:
            sync(tracker, into=fresh)
            found = fresh.source(NAME)
            assert found is not None
            assert (found.first_synced_at, found.fetched_at) == (NOW, NOW + later)
    assert ledger_text(ledger).count("first_sync") == 1


def test_a_store_whose_ledger_was_lost_writes_the_day_of_its_first_sync_again(
    store: Store, sync: Sync, ledger: Path
) -> None:
    tracker = FakeTracker.of(2)
    sync(tracker)
    for file in ledger.rglob("*.jsonl"):
        file.unlink()
    tracker.now += DAY
    sync(tracker)
    found = store.source(NAME)
    assert found is not None
    assert found.first_synced_at == NOW
    assert "first_sync" in ledger_text(ledger)


def test_unreadable_lines_of_the_ledger_are_told(sync: Sync, ledger: Path) -> None:
    tracker = FakeTracker.of(3)
    sync(tracker)
    (file,) = ledger.rglob("payments.jsonl")
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"kind": "cla')
    line = len(file.read_text("utf-8").splitlines())
    result = sync(tracker)
    assert result.complete
    assert result.warnings == (msg("sync.skipped", where=f"{file}:{line}", what=msg("sync.ledger.unreadable")),)


def test_the_ledger_holds_no_title(store: Store, sync: Sync, ledger: Path) -> None:
    tracker = FakeTracker.of(5)
    sync(tracker)
    for _ in range(2):
        tracker.now += DAY
        tracker.hidden = {"10003"}
        sync(tracker)
    assert store.gone(NAME) == {"10003": NOW + DAY}
    assert "Requirement" not in ledger_text(ledger)
    assert "acc-1" not in ledger_text(ledger)


def ledger_text(ledger: Path) -> str:
    return "".join(f.read_text("utf-8") for f in sorted(ledger.rglob("*.jsonl")))
