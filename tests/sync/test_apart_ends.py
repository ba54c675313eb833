"""However another process that makes pages ends: what it raised comes through, and nothing of it is left."""

from __future__ import annotations

import io
import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

import okr_delivery_gitlab.connector
import okr_delivery_jira.connector
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.sync import apart
from okr_delivery.sync.apart import Apart, Reading
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import RetryLaterError, SyncError
from okr_delivery.sync.run import SourceResult
from tests.sync.alone import alone
from tests.sync.made_apart import (
    cut_short,
    eventually,
    gone,
    made,
    no_children,
    numbered,
    read,
    sleeping,
)

THEIRS = (okr_delivery_jira.connector, okr_delivery_gitlab.connector)  # whose errors are among those below


# errors


def kinds(of: type[UserError] = UserError) -> list[type[UserError]]:
    """Every kind of error that a fetching process may raise, whatever else some other test imported."""
    found = {of, *(found for kind in of.__subclasses__() for found in kinds(kind))}
    own = (
        kind
        for kind in found
        if kind is UserError or kind.__module__.startswith(("okr_delivery.sync", "okr_delivery_"))
    )
    return sorted(own, key=lambda kind: kind.__name__)


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
