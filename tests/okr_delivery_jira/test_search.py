"""Very large projects are read in ranges of creation that leave nothing out and overlap nowhere."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_jira.search import Search

TODAY = date(2026, 11, 21)
Days = st.lists(st.dates(date(1999, 1, 1), TODAY + timedelta(days=2)), max_size=60)


class FakeClient:
    """Issues by their day of creation; answers searches and counts that bound it."""

    def __init__(self, days: list[date], lost: frozenset[str] = frozenset()) -> None:
        self._days = days
        self._lost = lost
        self.searched: list[str] = []
        self.counted: list[str] = []
        self.reconciled: list[object] = []
        self.page = 1000

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        self.reconciled.append(body.get("reconcileIssues"))
        found = self._matching(body["jql"])
        if path == "search/approximate-count":
            self.counted.append(body["jql"])
            return {"count": len(found)}
        self.searched.append(body["jql"])
        start = int(body.get("nextPageToken", 0))
        rows = [{"id": number} for number in found[start : start + self.page] if number not in self._lost]
        more = {"nextPageToken": str(start + self.page)} if start + self.page < len(found) else {"isLast": True}
        return {"issues": rows, **more}

    def _matching(self, jql: str) -> list[str]:
        low = re.search(r'created >= "([\d-]+)"', jql)
        high = re.search(r'created < "([\d-]+)"', jql)
        return [
            str(10_000 + number)
            for number, day in enumerate(self._days)
            if not (low and day < date.fromisoformat(low[1])) and not (high and day >= date.fromisoformat(high[1]))
        ]


def search(client: FakeClient) -> Search:
    return Search(client, TODAY, lambda _: None)  # type: ignore[arg-type]  # the part of the client that it uses


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okr_delivery_jira.search.CHUNK", 5)


@settings(deadline=None)
@given(Days)
def test_every_issue_is_found_once_whatever_its_day(days: list[date]) -> None:
    client = FakeClient(days)
    assert list(search(client).everything("project = PAY", counted=True)) == [str(10_000 + n) for n in range(len(days))]
    searched = [jql for jql in client.searched if "created" in jql] or client.searched
    parts = [part for jql in searched for part in client._matching(jql)]
    assert len(parts) == len(set(parts)) == len(days)


def test_a_small_project_is_one_count_and_one_search() -> None:
    client = FakeClient([TODAY] * 5)
    search(client).everything("project = PAY", counted=True)
    assert (client.counted, client.searched) == (["project = PAY"], ["project = PAY ORDER BY id ASC"])


def test_a_census_of_one_page_is_one_search() -> None:
    client = FakeClient([TODAY] * 5)
    search(client).everything("project = PAY", counted=False)
    assert (client.counted, len(client.searched)) == ([], 1)


def test_a_census_of_several_pages_is_read_once_and_counted() -> None:
    client = FakeClient([TODAY] * 5)
    client.page = 2
    assert list(search(client).everything("project = PAY", counted=False)) == [str(10_000 + n) for n in range(5)]
    assert (len(client.counted), len(client.searched)) == (1, 3)


def test_a_census_whose_chain_is_too_long_to_trust_is_read_in_ranges() -> None:
    client = FakeClient([TODAY - timedelta(days=n) for n in range(30)])
    client.page = 4
    assert list(search(client).everything("project = PAY", counted=False)) == [str(10_000 + n) for n in range(30)]
    assert [jql for jql in client.searched if "created" in jql]
    assert sum("created" not in jql for jql in client.searched) == 2


def test_the_same_ids_are_reconciled_on_every_page_fifty_at_most() -> None:
    client = FakeClient([TODAY] * 5)
    client.page = 2
    rows = search(client).changed("project = PAY", [str(n) for n in range(1, 61)])
    assert list(rows) == [str(10_000 + n) for n in range(5)]
    assert client.reconciled[:3] == [list(range(1, 51))] * 3


def test_a_day_that_can_not_be_split_is_read_as_it_is() -> None:
    client = FakeClient([date(2026, 1, 1)] * 30)
    assert len(search(client).everything("project = PAY", counted=True)) == 30


def test_a_range_that_comes_short_is_noticed() -> None:
    client = FakeClient(
        [TODAY - timedelta(days=n * 40) for n in range(50)], lost=frozenset({"10003", "10011", "10012"})
    )
    with pytest.raises(AbortSyncError, match="count"):
        search(client).everything("project = PAY", counted=True)
