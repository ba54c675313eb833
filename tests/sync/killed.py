"""A sync that dies by SIGKILL: `python -m tests.sync.killed URL LEDGER MOMENT NUMBER PAGE_SIZE`.

MOMENT is before (the commit), ledger (after the ledger was written, before the commit) or after.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from okr_delivery.store import Ledger, Store, open_store
from okr_delivery.sync.engine import sync_source
from tests.sync.fake import FakeConnector, FakeTracker, derive, source, team_of

ISSUES, OLD = 9, 6


def main(url: str, ledger: str, moment: str, number: int) -> None:
    count = 0
    page, append = Store.page, Ledger.append

    def die(when: str) -> None:
        if count == number and moment == when:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def counted(self: Store, *args: Any) -> Iterator[Any]:
        nonlocal count
        count += 1
        with page(self, *args) as tx:
            yield tx
            die("before")
        die("after")

    def written(self: Ledger, facts: Any) -> None:
        append(self, facts)
        die("ledger")

    setattr(Store, "page", counted)  # noqa: B010 - the seams around a transaction
    setattr(Ledger, "append", written)  # noqa: B010
    sync(url, Path(ledger))


def sync(url: str, ledger: Path) -> None:
    tracker = FakeTracker.of(ISSUES, old=OLD)
    with open_store(url, ledger=ledger) as store:
        connector = FakeConnector(tracker, page_size=4)
        sync_source(source(), store, connector, derive=derive, team_of=team_of, transport=None)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
