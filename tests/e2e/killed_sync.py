"""Runs `okr-delivery sync` again and again, each in a fork of one warm process, and lets it die by SIGKILL on demand.

`python -m tests.e2e.killed_sync` reads one JSON object a line: `folder`, `store`, `now`, and `page` and `moment`
(before or after the commit) of the transaction that is the last; it answers the child's exit code, negative for a
signal. The first one lives, in this process itself: what is worked out once is there in every fork. This process has
no threads while it forks, so that forking is safe; each child starts those of its own connector.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from okr_delivery.cli.app import App
from okr_delivery.cli.run import run
from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.store import Store, open_store
from tests import prepared

ISSUES_A_PAGE = 24
LIVELY_DAYS = 7  # the seeded organisation is young, and both parts shall have pages


def main() -> None:
    with pytest.MonkeyPatch.context() as patch:
        prepared.install(patch)
        _answer(_sync(json.loads(sys.stdin.readline()) | {"page": 0}))
        for line in sys.stdin:
            asked = json.loads(line)
            assert threading.active_count() == 1
            open_store(asked["store"], ledger=None).close()
            _answer(_in_child(asked))


def _answer(code: int) -> None:
    sys.stdout.write(f"{code}\n")
    sys.stdout.flush()


def _in_child(asked: Mapping[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        os._exit(_sync(asked))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _sync(asked: Mapping[str, Any]) -> int:
    from okr_delivery.sync import run as planning
    from okr_delivery_gitlab import blocks, lists
    from okr_delivery_jira import cloud

    planning.LIVELY_DAYS = LIVELY_DAYS
    cloud.BLOCK, cloud.BODIES, cloud.AHEAD = ISSUES_A_PAGE, ISSUES_A_PAGE // 2, 2 * ISSUES_A_PAGE
    blocks.MOST, lists.PAGE = ISSUES_A_PAGE // 2, ISSUES_A_PAGE // 2
    _die_at(asked["page"], asked["moment"])
    env = os.environ | {
        "OKR_DELIVERY_JIRA_USER": USER,
        "OKR_DELIVERY_JIRA_TOKEN": TOKEN,
        "OKR_DELIVERY_GITLAB_TOKEN": TOKEN,
        "OKR_DELIVERY_STORE": asked["store"],
    }
    out, err = io.StringIO(), io.StringIO()
    app = App(env=env, cwd=Path(asked["folder"]), out=out, err=err, clock=lambda: float(asked["now"]))
    code = run(["sync"], app=app)
    sys.stderr.write(err.getvalue())
    return code


def _die_at(number: int, moment: str) -> None:
    """Kills this process around its transaction of that number; 0 lives."""
    original, count = Store.page, 0

    @contextmanager
    def page(self: Store, *args: Any, **kwargs: Any) -> Iterator[Any]:
        nonlocal count
        count += 1
        with original(self, *args, **kwargs) as tx:
            yield tx
            if count == number and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if count == number and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    Store.page = page  # type: ignore[method-assign]  # the only seam around a transaction


if __name__ == "__main__":
    main()
