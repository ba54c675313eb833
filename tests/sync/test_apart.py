"""Pages made by another process: the same pages, errors and counts, and nothing of it is left behind."""

from __future__ import annotations

import fcntl
import io
import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
import requests

import okr_delivery_gitlab.connector
import okr_delivery_jira.connector
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.sync import apart
from okr_delivery.sync.apart import Apart, Make, Reading
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import RetryLaterError, SkipRecordError, SyncError
from okr_delivery.sync.run import SourceResult
from okr_delivery.sync.transport import NetworkSpec, Repeat, Transport
from tests.sync.alone import alone
from tests.sync.fake import FakeTracker, issue
from tests.sync.web import Reply, serving

THEIRS = (okr_delivery_jira.connector, okr_delivery_gitlab.connector)  # whose errors are among those below


def made(*pages: Page) -> Make:
    return lambda: iter(pages)


def numbered(count: int) -> Iterator[Page]:
    """Pages that say by whom they were made."""
    for number in range(count):
        yield Page((), (), f"{number} of {os.getpid()}")


def whole(tracker: FakeTracker) -> list[Page]:
    """Pages with everything that a page may hold."""
    issues = tracker.scope
    changes = tuple(change for each in issues for change in tracker.changes[each.id])
    skipped = SkipRecordError([Problem(msg("sync.out_of_time"), "PAY-9")])
    full = Page(tuple(issues), changes, issues[-1].id, ("7",), (msg("sync.loop", after="7"),), tuple(tracker.statuses))
    return [full, replace(full, skipped=(skipped,), after="8"), Page((), (), None, warnings=full.warnings)]


def read(make: Make, transport: Transport | None = None, **options: bool) -> list[Page]:
    given = {"wanted": True, "closed": True} | options
    with Apart("jira", transport, wanted=given["wanted"]).pages(Reading(1, make), closed=given["closed"]) as pages:
        return list(pages)


def elsewhere(make: Make = lambda: numbered(1), transport: Transport | None = None, **options: bool) -> bool:
    """Whether another process made the pages."""
    return not str(read(make, transport, **options)[0].after).endswith(f" {os.getpid()}")


def no_children() -> bool:
    with suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
        return False
    return True


def sleeping() -> NoReturn:
    while True:
        time.sleep(60)


# what comes


def test_the_pages_come_as_they_were_made() -> None:
    pages = whole(FakeTracker.of(9, old=3))

    def scenario() -> tuple[list[Page], bool, bool]:
        return read(made(*pages)), elsewhere(), no_children()

    found, other, ended = alone(scenario)
    assert [replace(page, skipped=()) for page in found] == [replace(page, skipped=()) for page in pages]
    assert [[each.problems for each in page.skipped] for page in found] == [[], [pages[1].skipped[0].problems], []]
    assert other
    assert ended


def test_it_runs_ahead_only_by_what_the_pipe_holds() -> None:
    """Pages of some hundred kilobytes: a few lie in the pipe, and the next waits for room."""
    big = issue(1, title="x" * 300_000)
    count = mmap.mmap(-1, 8)

    def make() -> Iterator[Page]:
        for number in range(40):
            struct.pack_into("q", count, 0, number + 1)
            yield Page((big,), (), str(number))

    def begun() -> int:
        return int(struct.unpack_from("q", count)[0])

    def scenario() -> tuple[list[int], int]:
        seen: list[int] = []
        with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            for page in pages:
                until = time.monotonic() + 0.2
                while len(seen) < 3 and time.monotonic() < until:
                    time.sleep(0.01)
                seen.append(begun() - int(page.after or 0))
        return seen, begun()

    ahead, all_of_them = alone(scenario)
    most = 3 + apart.AHEAD // 300_000
    assert (len(ahead), all_of_them) == (40, 40)
    assert 2 <= max(ahead[:3]) <= max(ahead) <= most


def test_it_goes_on_with_what_is_wanted_next() -> None:
    def scenario() -> tuple[bool, list[str | None], bool, list[str | None], bool]:
        here = Apart("jira", None, wanted=True)
        parts = Reading("first", lambda: numbered(2)), Reading("second", lambda: numbered(3))
        with here.pages(*parts, closed=True) as pages:
            first = [page.after for page in pages]
        waits = here.has("second") and not here.has("third") and not no_children()
        again = Reading("second", sleeping)
        with here.pages(again, closed=True) as pages:
            second = [page.after for page in pages]
        here.end()
        return waits, first, here.has("second"), second, no_children()

    waits, first, still, second, ended = alone(scenario)
    makers = {str(after).split()[-1] for after in (*first, *second)}
    assert (waits, len(first), len(second), len(makers)) == (True, 2, 3, 1)
    assert (still, ended) == (False, True)


def test_what_goes_on_is_ended_where_something_else_is_wanted() -> None:
    def scenario() -> tuple[list[str | None], bool]:
        here = Apart("jira", None, wanted=True)
        with here.pages(Reading(1, lambda: numbered(1)), Reading(2, sleeping), closed=True) as pages:
            list(pages)
        with here.pages(Reading(3, made(Page((), (), "other"))), closed=True) as pages:
            return [page.after for page in pages], here.has(2)

    assert alone(scenario) == (["other"], False)


def test_a_part_that_was_left_early_is_not_gone_on_with() -> None:
    def scenario() -> tuple[bool, bool]:
        here = Apart("jira", None, wanted=True)
        with here.pages(Reading(1, lambda: numbered(2)), Reading(2, sleeping), closed=True) as pages:
            next(pages)
        return here.has(2), no_children()

    assert alone(scenario) == (False, True)


# where they are made


def test_another_thread_keeps_them_here() -> None:
    def scenario() -> tuple[bool, bool]:
        halt = threading.Event()
        began_before = Apart("jira", None, wanted=True)
        thread = threading.Thread(target=halt.wait, daemon=True)
        thread.start()
        with began_before.pages(Reading(1, lambda: numbered(1)), closed=True) as pages:
            late = str(next(pages).after).endswith(f" {os.getpid()}")
        early = not elsewhere()
        halt.set()
        return late, early

    assert alone(scenario) == (True, True)


def test_threads_that_are_ending_are_waited_for() -> None:
    def scenario() -> bool:
        here = Apart("jira", None, wanted=True)
        threading.Thread(target=time.sleep, args=(0.05,), daemon=True).start()
        with here.pages(Reading(1, lambda: numbered(1)), closed=True) as pages:
            return str(next(pages).after).endswith(f" {os.getpid()}")

    assert alone(scenario) is False


def one_core() -> None:
    os.sched_getaffinity = lambda _: {3}


def no_process() -> None:
    def fork() -> NoReturn:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    os.fork = fork


def no_files() -> None:
    apart._TASKS = "/nowhere"


@pytest.mark.parametrize("lack", [one_core, no_process, no_files])
def test_a_machine_that_lacks_something_makes_them_here(lack: Callable[[], None]) -> None:
    def scenario() -> tuple[bool, bool]:
        lack()
        return elsewhere(), no_children()

    assert alone(scenario) == (False, True)


def test_they_are_made_here_unless_that_is_wanted_and_possible() -> None:
    def scenario() -> tuple[bool, bool, bool]:
        watched = transport("http://127.0.0.1:1")
        watched.observer = lambda *_: None
        return elsewhere(wanted=False), elsewhere(closed=False), elsewhere(transport=watched)

    assert alone(scenario) == (False, False, False)


def test_what_is_made_here_is_closed_when_it_is_left() -> None:
    ended = []

    def make() -> Iterator[Page]:
        try:
            yield from numbered(5)
        finally:
            ended.append(True)

    with Apart("jira", None, wanted=False).pages(Reading(1, make), closed=True) as pages:
        kept = next(pages), pages
    assert kept
    assert ended == [True]


def test_an_open_file_and_a_lock_stay_with_the_one_that_has_them(tmp_path: Path) -> None:
    """Numbers stay taken, so that nothing that is closed there closes what was opened since."""

    def scenario() -> tuple[str | None, bool]:
        handle = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

        def make() -> Iterator[Page]:
            yield Page((), (), str(Path(f"/proc/self/fd/{handle}").readlink()))
            sleeping()

        with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            link = next(pages).after
            os.close(handle)
            with (tmp_path / "lock").open() as other:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return link, no_children()

    assert alone(scenario) == ("/dev/null", True)


# errors


def kinds(of: type[UserError] = UserError) -> list[type[UserError]]:
    return sorted(
        {of, *(found for kind in of.__subclasses__() for found in kinds(kind))}, key=lambda kind: kind.__name__
    )


def test_the_errors_below_are_those_that_there_are() -> None:
    own = {"ConfigError", "RetryLaterError", "AbortSyncError", "SkipRecordError", "UnsureError"}
    assert own | {"UnknownBoardError", "GoneError", "ConflictError"} <= {kind.__name__ for kind in kinds()}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_an_error_comes_through_as_it_is(kind: type[UserError]) -> None:
    error = kind([
        Problem(msg("sync.limited", limit=msg("sync.limit.burst"), seconds=4), "GET search", msg("sync.later")),
        Problem(msg("sync.out_of_time")),
    ])  # fmt: skip
    if isinstance(error, SyncError):
        error.status = 429
        error.done = SourceResult("jira", False, True, 3, 2, 1, 0, 9, 0.5, (msg("sync.later"),), whole_since=7)

    def make() -> Iterator[Page]:
        yield Page((), (), "1")
        raise error

    def scenario() -> tuple[str | None, UserError]:
        with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            first = next(pages)
            try:
                next(pages)
            except UserError as raised:
                return first.after, raised
        raise AssertionError("it ended")

    before, found = alone(scenario)
    assert before == "1"
    assert type(found) is kind
    assert (found.problems, str(found), found.__dict__) == (error.problems, str(error), error.__dict__)


class LockedError(Exception):
    """Holds what can't be sent."""

    def __init__(self, what: str) -> None:
        self.lock = threading.Lock()
        super().__init__(what)


class TwoError(Exception):
    """Can be sent and not be made again."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (KeyError("fields"), KeyError, "'fields'"),
        (MemoryError(), MemoryError, ""),
        (SystemExit(3), SystemExit, "3"),
        (LockedError("held"), RuntimeError, "LockedError: held"),
        (TwoError("a", "b"), RuntimeError, "TwoError: a and b"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_nobody_expected_is_named_with_its_place(error: BaseException, kind: type, text: str) -> None:
    def surely() -> Iterator[Page]:
        raise error
        yield

    def scenario() -> tuple[type, str, list[str]]:
        try:
            read(surely)
        except BaseException as raised:  # noqa: BLE001  # SystemExit is among them
            return type(raised), str(raised), list(getattr(raised, "__notes__", ()))
        raise AssertionError("it ended")

    found, said, notes = alone(scenario)
    assert (found, said) == (kind, text)
    assert any("in surely" in note for note in notes)


def test_a_page_that_can_t_be_sent_is_an_error() -> None:
    odd = Page((), (), "1", warnings=(msg("sync.loop", after=threading.Lock()),))

    def scenario() -> str:
        try:
            read(made(odd))
        except TypeError as error:
            return str(error)
        raise AssertionError("it ended")

    assert "pickle" in alone(scenario)


# the end of either


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def left() -> None:
    os._exit(0)


def cut_short(make: Make) -> tuple[list[str | None], RetryLaterError, bool]:
    """What came until the process died, the error, and whether nothing is left of it."""
    came = []
    try:
        with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            for page in pages:
                came.append(page.after)  # noqa: PERF401  # what came before the error counts
    except RetryLaterError as error:
        return came, error, no_children()
    raise AssertionError("it looked whole")


@pytest.mark.parametrize(("end", "status"), [(killed, "-9"), (left, "0")])
def test_pages_without_an_end_are_not_all_of_them(end: Callable[[], None], status: str) -> None:
    def make() -> Iterator[Page]:
        yield Page((), (), "1")
        end()

    came, error, ended = alone(lambda: cut_short(make))
    (problem,) = error.problems
    assert (came, problem.what, problem.where) == (["1"], msg("sync.fetcher_died", status=status), "jira")
    assert problem.next_step is not None
    assert ended


def test_half_a_page_is_none() -> None:
    def half(pipe: io.FileIO, data: memoryview) -> None:
        pipe.write(struct.pack("!Q", len(data)))
        pipe.write(data[: len(data) // 2])
        killed()

    def scenario() -> tuple[list[str | None], RetryLaterError, bool]:
        apart._write = half
        return cut_short(lambda: numbered(1))

    came, error, ended = alone(scenario)
    assert (came, error.problems[0].what.id, ended) == ([], "sync.fetcher_died", True)


def test_one_that_is_not_wanted_any_more_is_ended_at_once() -> None:
    def make() -> Iterator[Page]:
        yield Page((), (), str(os.getpid()))
        sleeping()

    def scenario() -> tuple[bool, float]:
        began = time.monotonic()
        with suppress(LookupError), Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            next(pages)
            raise LookupError
        return no_children(), time.monotonic() - began

    ended, seconds = alone(scenario)
    assert ended
    assert seconds < 30


def test_ctrl_c_ends_both_and_is_heard_here_alone() -> None:
    taken = mmap.mmap(-1, 1)

    def make() -> Iterator[Page]:
        os.kill(os.getpid(), signal.SIGINT)
        yield Page((), (), "still there")
        assert eventually(lambda: taken[0])
        os.kill(os.getppid(), signal.SIGINT)
        sleeping()

    def scenario() -> tuple[list[str | None], bool]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        came = []
        try:
            with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
                for page in pages:
                    came.append(page.after)
                    taken[0] = 1
        except KeyboardInterrupt:
            return came, no_children()
        raise AssertionError("nobody heard it")

    assert alone(scenario) == (["still there"], True)


@pytest.mark.parametrize("deaf", [False, True], ids=["told", "finds-out"])
def test_it_does_not_outlive_its_parent(deaf: bool) -> None:
    """Where the kernel does not end it, the first page for nobody does."""
    shared = mmap.mmap(-1, 8)

    def make() -> Iterator[Page]:
        struct.pack_into("q", shared, 0, os.getpid())
        yield Page((), (), "1")
        while not deaf or os.getppid() == parent:
            time.sleep(0.01)
        yield from numbered(1)

    parent = os.fork()
    if parent == 0:
        os.sched_getaffinity = lambda _: {0, 1}
        parent = os.getpid()
        apart._DIE_WITH_PARENT = -1 if deaf else apart._DIE_WITH_PARENT
        with Apart("jira", None, wanted=True).pages(Reading(1, make), closed=True) as pages:
            next(pages)
            sleeping()
    assert eventually(lambda: struct.unpack_from("q", shared)[0])
    fetcher = int(struct.unpack_from("q", shared)[0])
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert eventually(lambda: gone(fetcher))


def eventually(met: Callable[[], object]) -> bool:
    until = time.monotonic() + 20
    while not met():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def gone(pid: int) -> bool:
    """Ended, whether or not its new parent has looked after it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return True


# the transport


def transport(url: str, deadline: float | None = None) -> Transport:
    return Transport(NetworkSpec(), origin=url, sleep=lambda _: None, deadline=deadline)


def asking(way: Transport, url: str, times: int) -> Make:
    """A page for each request, by a session that was used before."""
    session = requests.Session()
    way.mount(session)
    way.call(lambda: session.get(f"{url}/first"), repeat=Repeat.FREE, what="GET first")

    def make() -> Iterator[Page]:
        for number in range(times):
            way.call(lambda: session.get(f"{url}/page"), repeat=Repeat.FREE, what="GET page")
            yield Page((), (), str(number))
        way.call(lambda: session.get(f"{url}/last"), repeat=Repeat.FREE, what="GET last")

    return make


def test_what_it_asked_and_learned_counts_here() -> None:
    ahead = {"Date": "Wed, 21 Oct 2099 07:28:00 GMT"}
    near = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "1"}
    with serving(Reply(headers=ahead), *[Reply(headers=ahead | near)] * 4) as web:

        def scenario() -> tuple[dict[str, int], int, int | None, set[float]]:
            way = transport(web.url)
            pages = read(asking(way, web.url, 3), way)
            gaps = {gap for _, gap, _ in way.state().lanes.values()}
            return dict(way.requests), way.total + len(pages), way.skew, gaps

        requests_sent, total, skew, gaps = alone(scenario)
    assert requests_sent == {"GET first": 1, "GET page": 3, "GET last": 1}
    assert total == len(web.asked) + 3 == 8
    assert skew is not None
    assert skew > 10**9
    assert max(gaps) > 0


def test_a_limit_that_it_ran_into_binds_here() -> None:
    """The refusal, how often it was tried and how long to wait are those of one process."""
    with serving(Reply(), Reply(), Reply(429, {"Retry-After": "9000"})) as web:

        def scenario() -> tuple[list[int], RetryLaterError, list[float]]:
            way = transport(web.url)
            make = asking(way, web.url, 3)
            try:
                read(make, way)
            except RetryLaterError as error:
                holds = [hold.asked for hold, _, _ in way.state().lanes.values() if hold is not None]
                return list(way.requests.values()), error, holds
            raise AssertionError("nothing was refused")

        counts, error, holds = alone(scenario)
    assert (counts, holds) == ([1, 2], [9000.0])
    assert (error.status, error.problems[0].what.id) == (429, "sync.limited")


def test_its_time_ends_with_the_run_s() -> None:
    with serving(Reply()) as web:

        def scenario() -> tuple[list[str | None], str]:
            now = [1000.0]
            way = Transport(NetworkSpec(), origin=web.url, clock=lambda: now[0], deadline=1050.0)
            make = asking(way, web.url, 9)

            def late() -> Iterator[Page]:
                for page in make():
                    yield page
                    now[0] += 20

            return cut_short(late)[0], cut_short(late)[1].problems[0].what.id

        assert alone(scenario) == (["0", "1", "2"], "sync.out_of_time")


def test_an_answer_leaves_no_thread_behind() -> None:
    """Its body is watched by one while a deadline is set; a process with two threads can't be forked safely."""
    with serving(Reply(body=b"x" * 100_000)) as web:

        def scenario() -> list[int]:
            way = transport(web.url, deadline=time.time() + 900)
            session = requests.Session()
            way.mount(session)
            return [threading.active_count() for _ in range(20) if session.get(web.url).content]

        assert alone(scenario) == [1] * 20
