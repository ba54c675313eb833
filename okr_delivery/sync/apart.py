"""Pages made by a process of their own, so that one core fetches and reads while the other commits.

What a first sync costs is Python under one lock: half of it reads answers, half of it writes the store. The reading
half is a fork of this process: it has the connector as it stands here, with new connections, and sends each page and
what the transport counted and learned through a pipe. It never touches the store, dies with this process, and ends as
soon as its pages are no longer wanted.

A page counts only once it came whole, and a set of pages only with the mark behind its last one.
"""

from __future__ import annotations

import copyreg
import ctypes
import io
import math
import os
import pickle
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.model.work import Change, Issue, Value
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import RetryLaterError

if TYPE_CHECKING:
    from okr_delivery.sync.transport import Transport, TransportState

Make = Callable[[], Iterator[Page]]

PATIENCE = 0.25  # seconds that threads which have done their work get to end
AHEAD = 1024 * 1024  # bytes of pages that may lie in the pipe; a kernel that allows less takes less
_LENGTH = struct.Struct("!Q")
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_SIGNALS = {signal.SIGINT, signal.SIGTERM}
_FILES, _TASKS = "/proc/self/fd", "/proc/self/task"


class Reading(NamedTuple):
    """Pages to be had: `plan` says which, `make` makes them."""

    plan: object
    make: Make


class Frame(NamedTuple):
    """One thing sent: a page, the error that ended them, or None behind the last; and the transport as it is then."""

    body: Page | BaseException | None
    transport: TransportState | None


class Apart:
    """Decides where pages are made, for one run. `transport` None: the connector has none.

    Elsewhere only on Linux, with a second core, where nobody watches the transport in this process, and while this
    process has one thread: what another one holds would stay held in the fork for ever.
    """

    def __init__(self, name: str, transport: Transport | None, *, wanted: bool) -> None:
        self._name = name
        self._transport = transport
        self._possible = wanted and sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and _threads() == 1
        self._child: Child | None = None
        self._coming: object = None  # what the child goes on with, behind what was read of it

    def has(self, plan: object) -> bool:
        """Whether these pages are being made already."""
        return self._child is not None and self._coming == plan

    @contextmanager
    def pages(self, wanted: Reading, then: Reading | None = None, *, closed: bool) -> Iterator[Iterator[Page]]:
        """The pages wanted, in their order and with their errors. `closed`: nothing of this process is asked for.

        `then` is what will be wanted next: the other process goes on with it at once. Leaving the block earlier ends
        what makes them. Raises RetryLaterError when the other process died.
        """
        child = self._started(wanted, then, closed=closed)
        if child is None:
            with _closing(wanted.make()) as pages:
                yield pages
            return
        self._coming = None
        try:
            yield child.pages()
            self._coming = then.plan if then is not None and child.ended else None
        finally:
            if self._coming is None:
                self.end()

    def end(self) -> None:
        """Ends what is being made, wanted or not."""
        if self._child is not None:
            self._child.end()
            self._child = self._coming = None

    def _started(self, wanted: Reading, then: Reading | None, *, closed: bool) -> Child | None:
        """The process that makes them, which may be at it already; None where they are better made here."""
        if self.has(wanted.plan):
            return self._child
        self.end()
        watched = self._transport is not None and self._transport.observer is not None
        if closed and self._possible and not watched and _alone():
            parts = [wanted.make] if then is None else [wanted.make, then.make]
            with suppress(OSError):  # no process or no pipe to be had
                self._child = Child(self._name, parts, self._transport)
        return self._child


class Child:
    """The other process, as this one sees it."""

    def __init__(self, name: str, parts: Sequence[Make], transport: Transport | None) -> None:
        """Begins to make one part after another. Raises OSError when the machine gives no process."""
        self._name = name
        self._transport = transport
        self._pid: int | None = None
        self._status: int | None = None
        self.ended = False  # the part that was read last came to its end
        reading, writing = _pipe()
        self._pipe = io.FileIO(reading, "r")
        try:
            self._fork(parts, writing)
        except BaseException:
            self.end()
            raise
        finally:
            os.close(writing)

    def _fork(self, parts: Sequence[Make], writing: int) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # there is none, or nobody reads it
                stream.flush()  # or both processes would write what waits in it
        here = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._pid = os.fork()
            if self._pid == 0:
                _serve(parts, self._transport, writing, here)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def pages(self) -> Iterator[Page]:
        """Those of the next part. Raises what ended them there, RetryLaterError when it died without a word."""
        self.ended = False
        while not self.ended:
            frame = self._frame()
            if frame is None:
                raise self._died()
            if self._transport is not None and frame.transport is not None:
                self._transport.resume(frame.transport)
            if isinstance(frame.body, BaseException):
                raise frame.body
            if isinstance(frame.body, Page):
                yield frame.body
            self.ended = frame.body is None

    def end(self) -> None:
        """Ends the process if it still runs, and waits until it is gone."""
        self._pipe.close()
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._reap()

    def _reap(self) -> None:
        if self._pid is not None:
            with suppress(ChildProcessError):  # somebody has waited for all children
                self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            self._pid = None

    def _frame(self) -> Frame | None:
        """The next thing that came whole; None when the pipe ended before it did."""
        head = self._bytes(_LENGTH.size)
        data = None if head is None else self._bytes(_LENGTH.unpack(head)[0])
        if data is None:
            return None
        frame: Frame = pickle.loads(data)  # noqa: S301  # of our own fork
        return frame

    def _bytes(self, count: int) -> bytearray | None:
        found = bytearray(count)
        room = memoryview(found)
        while room:
            came = self._pipe.readinto(room)
            if not came:
                return None
            room = room[came:]
        return found

    def _died(self) -> RetryLaterError:
        self._reap()
        how = "–" if self._status is None else str(self._status)
        return RetryLaterError([Problem(msg("sync.fetcher_died", status=how), self._name, msg("sync.fetcher_help"))])


def _pipe() -> tuple[int, int]:
    """Both ends of a pipe that a page or more fits in."""
    import fcntl

    ends = os.pipe()
    with suppress(OSError):  # the machine allows less
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, AHEAD)
    return ends


def _threads() -> float:
    """Threads of this process, whoever began them; endless where that can't be told."""
    try:
        return max(threading.active_count(), len(os.listdir(_TASKS)))  # noqa: PTH208  # numbers
    except OSError:
        return math.inf


def _alone() -> bool:
    """Whether this is the only thread. Those that fetched side by side a moment ago may still be ending."""
    until = time.monotonic() + PATIENCE
    while _threads() > 1:
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True


@contextmanager
def _closing(pages: Iterator[Page]) -> Iterator[Iterator[Page]]:
    close = getattr(pages, "close", None)
    try:
        yield pages
    finally:
        if callable(close):
            close()


# in the other process


class _UnheardError(Exception):
    """Nobody reads any more."""


def _serve(parts: Sequence[Make], transport: Transport | None, writing: int, parent: int) -> NoReturn:
    """Sends all pages, or the error that ended them, and leaves without a word to what it shares with its parent."""

    def begin() -> Iterator[Page]:
        _settle(writing, parent)
        if transport is not None:
            transport.reconnect()
        return parts[0]()

    try:
        with io.FileIO(writing, "w") as pipe, suppress(_UnheardError):
            _send_all([begin, *parts[1:]], transport, pipe)
    finally:
        os._exit(0)


def _settle(writing: int, parent: int) -> None:
    """Ctrl-C is for the parent to hear, its files are its own, and where it ends this ends."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise _UnheardError
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _let_go({0, 1, 2, writing})


def _let_go(kept: set[int]) -> None:
    """Puts nothing in the place of every other open file: the store's lock, its database, the idle connections.

    Their numbers stay taken, so that whoever closes one here closes nothing that was opened since.
    """
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for name in os.listdir(_FILES):  # noqa: PTH208  # numbers
        if int(name) not in kept | {nothing}:
            os.dup2(nothing, int(name), inheritable=False)


def _send_all(parts: Sequence[Make], transport: Transport | None, pipe: io.FileIO) -> None:
    def send(body: Page | BaseException | None) -> None:
        state = None if transport is None else transport.state()
        _write(pipe, _packed(Frame(body, state)))

    try:
        for make in parts:
            for page in make():
                send(page)
            send(None)
    except _UnheardError:
        raise
    except BaseException as error:  # noqa: BLE001  # the parent raises it
        send(portable(error))


def _packed(frame: Frame) -> memoryview:
    found = io.BytesIO()
    pickler = pickle.Pickler(found, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _SHORTER
    pickler.dump(frame)
    return found.getbuffer()


_MEMBERS = attrgetter(*(each.name for each in fields(Issue)))
_SHORTER = copyreg.dispatch_table | {
    Issue: lambda issue: (Issue, _MEMBERS(issue)),
    Change: lambda change: (Change, change[:]),
    Value: lambda value: (Value, value[:]),
}
"""What a page is made of, by its members: Python's own way with such types takes twice as long."""


def _write(pipe: io.FileIO, data: memoryview) -> None:
    """Waits while the pipe is full, which bounds how far this process runs ahead."""
    try:
        for room in (memoryview(_LENGTH.pack(len(data))), data):
            while room:
                room = room[pipe.write(room) :]
    except OSError as error:
        raise _UnheardError from error


def portable(error: BaseException) -> BaseException:
    """The error as the parent can raise it: itself, where it survives the way, else its name and text.

    What was not expected brings along where it happened.
    """
    if not isinstance(error, UserError):
        error.add_note("".join(traceback.format_exception(error)).rstrip())
    try:
        sent: Any = pickle.loads(pickle.dumps(error))  # noqa: S301  # just made
    except Exception:  # noqa: BLE001  # an error may hold anything: a response, a lock
        sent = None
    if type(sent) is type(error):
        return error
    plain = RuntimeError(f"{type(error).__name__}: {error}")
    for note in getattr(error, "__notes__", ()):
        plain.add_note(note)
    return plain
