"""Pages, what reads them from another process, and what is left of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from okr_delivery.sync.apart import Apart, Make, Reading
from okr_delivery.sync.connector import Page
from okr_delivery.sync.errors import RetryLaterError
from okr_delivery.sync.transport import NetworkSpec, Transport


def made(*pages: Page) -> Make:
    return lambda: iter(pages)


def numbered(count: int) -> Iterator[Page]:
    """Pages that say by whom they were made."""
    for number in range(count):
        yield Page((), (), f"{number} of {os.getpid()}")


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


def transport(url: str, deadline: float | None = None) -> Transport:
    return Transport(NetworkSpec(), origin=url, sleep=lambda _: None, deadline=deadline)
