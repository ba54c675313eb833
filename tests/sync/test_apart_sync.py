"""A first sync whose pages another process makes leaves what one process would have left, however it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.model.work import Field, Value
from okr_delivery.store import open_store
from okr_delivery.sync.connector import Page
from okr_delivery.sync.engine import sync_source
from okr_delivery.sync.errors import RetryLaterError, SkipRecordError, SyncError
from okr_delivery.sync.run import SourceResult
from tests.sync.alone import alone
from tests.sync.fake import NAME, NOW, FakeConnector, FakeTracker, derive, issue, source, team_of
from tests.sync.made_apart import no_children

MAKERS = "sync.loop"  # the id of a warning that says who made a page


class Telling(FakeConnector):
    """Says with each page which process made it, in a warning."""

    def page(self, issues: Any) -> Page:
        page = super().page(issues)
        return Page(page.issues, page.changes, page.after, warnings=(msg(MAKERS, after=os.getpid()),))


def run(url: str, connector: FakeConnector, ledger: Path, *, apart: bool, **options: Any) -> SourceResult:
    with open_store(url, ledger=ledger) as store:
        return sync_source(
            source(), store, connector, derive=derive, team_of=team_of, transport=None, apart=apart, **options
        )


def makers(result: SourceResult) -> set[object]:
    """Processes that made pages, other than the one that stored them."""
    return {warning.params["after"] for warning in result.warnings if warning.id == MAKERS}


def dump(url: str) -> dict[str, Any]:
    with open_store(url, ledger=None) as store:
        return store.dump()


def lines(ledger: Path) -> list[str]:
    return [line for file in sorted(ledger.rglob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]


def test_the_store_the_ledger_and_the_result_are_the_same(database_urls: Callable[[], str], tmp_path: Path) -> None:
    one, two = database_urls(), database_urls()
    plain = run(one, FakeConnector(FakeTracker.of(9, old=8)), tmp_path / "one", apart=False)

    def scenario() -> tuple[SourceResult, int, bool]:
        result = run(two, Telling(FakeTracker.of(9, old=8)), tmp_path / "two", apart=True)
        return result, os.getpid(), no_children()

    result, here, ended = alone(scenario)
    assert (
        (result.fetched, result.changed, result.changes)
        == (plain.fetched, plain.changed, plain.changes)
        == (17, 17, 17)
    )
    assert (result.complete, result.whole_since) == (True, None)
    assert (len(makers(result)), here in makers(result), ended) == (1, False, True)  # one process for both parts
    assert dump(two) == dump(one)
    assert lines(tmp_path / "two") == lines(tmp_path / "one")


def test_a_later_sync_asks_here(database_url: str, tmp_path: Path) -> None:
    """It asks the store what need not come again."""

    def scenario() -> tuple[list[bool], list[int]]:
        tracker, told, fetched = FakeTracker.of(5, old=4), [], []
        for _ in range(3):
            result = run(database_url, Telling(tracker), tmp_path, apart=True)
            told.append(os.getpid() in makers(result))
            fetched.append(result.fetched)
            tracker.now += 86_400
            tracker.touch("10002", title="Reworded")
        tracker.touch("10003", title="Reworded")
        result = run(database_url, Telling(tracker), tmp_path, apart=True, full=True)
        return [*told, os.getpid() in makers(result)], [*fetched, result.fetched]

    assert alone(scenario) == ([False, True, True, False], [9, 1, 1, 9])


def ended_by(url: str, connector: FakeConnector, ledger: Path, **options: Any) -> tuple[SyncError, bool]:
    try:
        run(url, connector, ledger, apart=True, **options)
    except SyncError as error:
        return error, no_children()
    raise AssertionError("it went through")


def stop(count: int) -> Callable[[int], None]:
    """Lets so many pages leave, counted over all calls."""
    left = [count]

    def on_page(_: int) -> None:
        if not left[0]:
            raise RetryLaterError(
                [Problem(msg("sync.limited", seconds=9, at="noon", limit=msg("sync.limit.burst")), "x")]
            )
        left[0] -= 1

    return on_page


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_an_error_there_leaves_what_came_before_it(
    database_urls: Callable[[], str], count: int, tmp_path: Path
) -> None:
    """Three pages in the first part, two in the second: what the next run goes on with is the same, too."""
    one, two = database_urls(), database_urls()
    with pytest.raises(RetryLaterError) as plain:
        run(one, FakeConnector(FakeTracker.of(5, old=4), on_page=stop(count)), tmp_path / "one", apart=False)
    connector = FakeConnector(FakeTracker.of(5, old=4), on_page=stop(count))
    error, ended = alone(lambda: ended_by(two, connector, tmp_path / "two"))
    assert error.problems == plain.value.problems
    assert error.done is not None
    assert plain.value.done is not None
    assert (error.done.fetched, error.done.whole_since) == (plain.value.done.fetched, plain.value.done.whole_since)
    assert ended
    assert states(two) == states(one)
    assert dump(two) == dump(one)


def states(url: str) -> list[object]:
    with open_store(url, ledger=None) as store:
        return [(s.complete, s.reason, s.whole_since, s.cursor, s.started_at) for s in store.sources()]


def test_the_deadline_ends_both(database_url: str, tmp_path: Path) -> None:
    def scenario() -> tuple[SyncError, bool]:
        now = [float(NOW)]

        def later(*_: object) -> None:
            now[0] += 40

        given = {"deadline": NOW + 60.0, "clock": lambda: now[0], "on_progress": later}
        return ended_by(database_url, FakeConnector(FakeTracker.of(30, old=4)), tmp_path, **given)

    error, ended = alone(scenario)
    assert (error.problems[0].what.id, ended) == ("sync.out_of_time", True)
    assert error.done is not None
    assert error.done.fetched == 6


def test_between_the_parts_ctrl_c_leaves_nothing_running(database_url: str, tmp_path: Path) -> None:
    def scenario() -> tuple[bool, bool]:
        def phase(_: str, message: object) -> None:
            if message == msg("sync.phase.rest"):
                raise KeyboardInterrupt

        try:
            run(database_url, FakeConnector(FakeTracker.of(5, old=4)), tmp_path, apart=True, on_phase=phase)
        except KeyboardInterrupt:
            return True, no_children()
        return False, False

    assert alone(scenario) == (True, True)


class Unreadable(FakeConnector):
    """One record of the first part can't be read: the second part asks for it again."""

    def pages(self, *args: Any, **kwargs: Any) -> Iterator[Page]:
        for page in super().pages(*args, **kwargs):
            bad = [each for each in page.issues if each.id == "10003"]
            if kwargs.get("lively") is None or not bad:
                yield page
            else:
                rest = tuple(each for each in page.issues if each not in bad)
                skipped = (SkipRecordError([Problem(msg("sync.out_of_time"), "PAY-3")]),)
                changes = tuple(change for change in page.changes if change.issue_id != "10003")
                yield Page(rest, changes, page.after, skipped=skipped)


def test_what_could_not_be_read_in_the_first_part_is_asked_for_again(
    database_urls: Callable[[], str], tmp_path: Path
) -> None:
    one, two = database_urls(), database_urls()
    plain = run(one, Unreadable(FakeTracker.of(5, old=4)), tmp_path / "one", apart=False)
    result = alone(lambda: run(two, Unreadable(FakeTracker.of(5, old=4)), tmp_path / "two", apart=True))
    assert (result.fetched, result.complete) == (plain.fetched, plain.complete) == (9, False)
    assert result.warnings == plain.warnings
    assert dump(two) == dump(one)


class Rewording(FakeConnector):
    """An issue changes while the first part comes: the second does not bring it again."""

    def pages(self, *args: Any, **kwargs: Any) -> Iterator[Page]:
        yield from super().pages(*args, **kwargs)
        if kwargs.get("lively") is not None:
            self.tracker.put(issue(1, title="Changed meanwhile"))
            self.tracker.touch("10002", current={Field.STATUS: Value("3", "In Progress")})


def test_what_the_first_part_brought_does_not_come_twice(database_url: str, tmp_path: Path) -> None:
    result = alone(lambda: run(database_url, Rewording(FakeTracker.of(5, old=4)), tmp_path, apart=True))
    assert (result.fetched, result.changed) == (9, 9)
    with open_store(database_url, ledger=None) as store:
        titles = {each.id: each.title for each in store.issues(NAME)}
    assert titles["10001"] == "Requirement 1"
