"""Single issues come in as a page of a sync does, and nothing that the next sync goes by is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.model.work import Iteration
from okr_delivery.store import Store, open_store
from okr_delivery.sync.connector import Fetched, Metadata
from okr_delivery.sync.engine import sync_source
from okr_delivery.sync.errors import AbortSyncError, SkipRecordError
from okr_delivery.sync.single import Refreshed, Single
from tests.sync.fake import NAME, NOW, FakeConnector, FakeTracker, Fetching, derive, issue, moved, source, team_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/store.db", ledger=tmp_path / "ledger") as opened:
        yield opened


@pytest.fixture
def tracker(store: Store) -> FakeTracker:
    """What a store was filled from; an hour has passed since."""
    made = FakeTracker.of(4)
    sync(store, made)
    made.now = NOW + 3600
    return made


def sync(store: Store, tracker: FakeTracker) -> None:
    connector = FakeConnector(tracker)
    sync_source(source(), store, connector, derive=derive, team_of=team_of, transport=None, clock=lambda: tracker.now)


def single(store: Store, **settings: object) -> Single:
    return Single(source(**settings), store, derive, team_of)


def keys(store: Store) -> list[str]:
    return [each.key for each in store.issues(NAME)]


def test_the_issue_is_as_a_sync_would_have_brought_it(store: Store, tracker: FakeTracker, tmp_path: Path) -> None:
    tracker.put(
        tracker.touch("10001", title="New words"), [moved(issue(1), at=tracker.now - 60, history=2**35, new="5")]
    )
    before = store.source(NAME)
    connector = Fetching(tracker)
    assert single(store).fetch(connector, ["PAY-1"]) == Refreshed(NAME, tracker.now, frozenset({"10001"}))
    assert (connector.calls, connector.closed) == (["use", "fetch"], True)
    assert store.source(NAME) == before
    with open_store(f"sqlite:///{tmp_path}/other.db", ledger=tmp_path / "ledger2") as other:
        sync(other, tracker)
        mine, theirs = (next(iter(each.derived(NAME, ["10001"]))) for each in (store, other))
        assert mine == theirs
        assert list(store.issues(NAME, ["10001"])) == list(other.issues(NAME, ["10001"]))


def test_claims_are_seen_when_the_tracker_was_asked(store: Store, tracker: FakeTracker) -> None:
    tracker.put(replace(issue(9, updated=tracker.now - 5, text="Contributes-to: GROW-KR1 S"), created=tracker.now - 9))
    single(store).fetch(Fetching(tracker), ["PAY-9"])
    seen = [claim.seen_at for claim in store.seen_claims(NAME) if claim.issue_id == "10009"]
    assert seen and set(seen) == {tracker.now}
    sync(store, tracker)
    assert [claim.seen_at for claim in store.seen_claims(NAME) if claim.issue_id == "10009"] == seen


def test_more_is_asked_of_the_same_connector_when_the_first_are_there(store: Store, tracker: FakeTracker) -> None:
    tracker.put(issue(8))
    tracker.put(issue(9))
    connector, heard = Fetching(tracker), []

    def more(found: Refreshed) -> Sequence[str]:
        heard.append((found.ids, "PAY-9" in keys(store)))
        return ["PAY-8"]

    found = single(store).fetch(connector, ["PAY-9"], more)
    assert heard == [(frozenset({"10009"}), True)]
    assert found is not None and found.ids == {"10008", "10009"}
    assert connector.calls == ["use", "fetch", "fetch"]


def test_nothing_comes_of_what_is_not_shown(store: Store, tracker: FakeTracker) -> None:
    before = store.dump()
    found = single(store).fetch(Fetching(tracker), ["PAY-77"])
    assert found is not None and not found.ids
    assert store.dump() == before


class Changed(Fetching):
    def use(self, metadata: Metadata) -> None:
        raise ValueError("written by another version")


@pytest.mark.parametrize("kind", [FakeConnector, Changed])
def test_only_a_sync_can_do_it(store: Store, tracker: FakeTracker, kind: type[FakeConnector]) -> None:
    connector = kind(tracker)
    assert single(store).fetch(connector, ["PAY-1"]) is None
    assert "fetch" not in connector.calls and connector.closed


class Strange(Fetching):
    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        found = super().fetch(keys, known)
        return replace(found, page=replace(found.page, changes=(moved(issue(99), at=1, history=1),)))


class Unreadable(Fetching):
    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        found = super().fetch(keys, known)
        left_out = SkipRecordError([Problem(msg("sync.truncated"), "PAY-1")])
        return replace(found, page=replace(found.page, skipped=(left_out,)))


@pytest.mark.parametrize(("kind", "error"), [(Strange, AbortSyncError), (Unreadable, SkipRecordError)])
def test_what_can_not_be_kept_whole_is_not_kept(
    store: Store, tracker: FakeTracker, kind: type[Fetching], error: type[UserError]
) -> None:
    tracker.touch("10001", title="New words")
    before, connector = store.dump(), kind(tracker)
    with pytest.raises(error):
        single(store).fetch(connector, ["PAY-1"])
    assert (store.dump(), connector.closed) == (before, True)


def test_a_running_sync_is_not_disturbed(store: Store, tracker: FakeTracker) -> None:
    connector = Fetching(tracker)
    with store.lock(NAME), pytest.raises(UserError) as error:
        single(store).fetch(connector, ["PAY-1"])
    assert (error.value.problems[0].what.id, connector.calls) == ("sync.store.taken", [])


@pytest.mark.parametrize(
    ("state", "whole"),
    [
        ({"complete": 1}, True),
        ({"complete": 0, "reason": "sync.reason.unfinished"}, False),
        ({"complete": 0, "whole_since": NOW - 90}, True),
        ({"fetched_at": None}, False),
    ],
)
def test_whole_is_what_was_read_to_its_end(
    store: Store, tracker: FakeTracker, state: dict[str, Any], whole: bool
) -> None:
    with store.page(NAME) as tx:
        tx.set_state(**state)
    assert single(store).whole() is whole


def test_whole_means_with_the_settings_of_today(store: Store, tracker: FakeTracker, tmp_path: Path) -> None:
    assert not single(store, projects=["PAY", "APP"]).whole()
    with open_store(f"sqlite:///{tmp_path}/empty.db", ledger=None) as empty:
        assert not single(empty).whole()
