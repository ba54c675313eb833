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

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        found = self._matching(body["jql"])
        if path == "search/approximate-count":
            self.counted.append(body["jql"])
            return {"count": len(found)}
        self.searched.append(body["jql"])
        return {"issues": [{"id": number} for number in found if number not in self._lost], "isLast": True}

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
    assert search(client).everything("project = PAY", counted=True) == [str(10_000 + n) for n in range(len(days))]
    parts = [part for jql in client.searched for part in client._matching(jql)]
    assert len(parts) == len(set(parts)) == len(days)


def test_a_small_project_is_one_count_and_one_search() -> None:
    client = FakeClient([TODAY] * 5)
    search(client).everything("project = PAY", counted=True)
    assert (client.counted, client.searched) == (["project = PAY"], ["project = PAY ORDER BY id ASC"])


def test_a_census_of_one_page_is_one_search() -> None:
    client = FakeClient([TODAY] * 5)
    search(client).everything("project = PAY", counted=False)
    assert (client.counted, len(client.searched)) == ([], 1)


def test_a_day_that_can_not_be_split_is_read_as_it_is() -> None:
    client = FakeClient([date(2026, 1, 1)] * 30)
    assert len(search(client).everything("project = PAY", counted=True)) == 30


def test_a_range_that_comes_short_is_noticed() -> None:
    client = FakeClient(
        [TODAY - timedelta(days=n * 40) for n in range(50)], lost=frozenset({"10003", "10011", "10012"})
    )
    with pytest.raises(AbortSyncError, match="count"):
        search(client).everything("project = PAY", counted=True)
