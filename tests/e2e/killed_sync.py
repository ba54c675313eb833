"""Runs `okr-delivery sync` and dies by SIGKILL around a page: `python -m tests.e2e.killed_sync N before|after NOW`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.store import Store

count = 0


def main() -> int:
    number, moment, now = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    original = Store.page

    @contextmanager
    def page(self: Store, *args: Any, **kwargs: Any) -> Iterator[Any]:
        global count
        count += 1
        with original(self, *args, **kwargs) as tx:
            yield tx
            if count == number and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if count == number and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    Store.page = page  # type: ignore[method-assign]  # the only seam around a transaction

    app = App(env=dict(os.environ), cwd=Path.cwd(), out=sys.stdout, err=sys.stderr, clock=lambda: now)
    return run(["sync"], app=app)


if __name__ == "__main__":
    sys.exit(main())
