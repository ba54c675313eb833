"""A sync killed at any page and run again leaves what an uninterrupted one leaves, on both databases."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from okr_delivery.store import open_store
from tests.sync import killed

ROOT = Path(__file__).parents[2]
TRANSACTIONS = 8  # the start, three pages, the mark between the parts, two pages, the end
SILENT = 2  # of them say nothing to the ledger: the start, and the end, because the mark did


def in_child(url: str, ledger: Path, moment: str, number: int) -> int | None:
    """Runs the sync in a forked process; its exit code, negative for a signal."""
    context = multiprocessing.get_context("fork")
    child = context.Process(target=killed.main, args=(url, str(ledger), moment, number))
    child.start()
    child.join(60)
    return child.exitcode


def dump(url: str, ledger: Path) -> object:
    with open_store(url, ledger=ledger) as store:
        return store.dump()


@pytest.mark.parametrize("moment", ["before", "ledger", "after"])
def test_killed_at_every_page(database_urls: Callable[[], str], moment: str, tmp_path: Path) -> None:
    whole, books = database_urls(), tmp_path / "whole"
    killed.sync(whole, books)
    expected = dump(whole, books)
    deaths = 0
    for number in range(1, TRANSACTIONS + 1):
        url, ledger = database_urls(), tmp_path / f"ledger-{number}"
        died = in_child(url, ledger, moment, number) == -signal.SIGKILL
        deaths += died
        killed.sync(url, ledger)
        assert dump(url, ledger) == expected, f"killed at transaction {number}"
        assert lines(ledger) == lines(books)
    assert deaths == TRANSACTIONS - (SILENT if moment == "ledger" else 0)


def lines(ledger: Path) -> list[str]:
    return [line for file in sorted(ledger.rglob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]


def test_a_killed_process_holds_no_lock(database_urls: Callable[[], str], tmp_path: Path) -> None:
    url = database_urls()
    command = [sys.executable, "-m", "tests.sync.killed", url, str(tmp_path / "ledger"), "before", "3"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with open_store(url, ledger=tmp_path / "ledger") as store, store.lock("jira"):
        state = store.source("jira")
        assert state is not None
        assert not state.complete
