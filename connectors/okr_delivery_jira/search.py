"""The search: all rows of a query, held against the count, in ranges of creation where a project is very large."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from okr_delivery.sync.workers import Workers
from okr_delivery_jira.client import JiraClient
from okr_delivery_jira.ids import Ids
from okr_delivery_jira.jql import ORDER
from okr_delivery_jira.paging import token_pages
from okr_delivery_jira.problems import broken
from okr_delivery_jira.text import by_number, members, string

IDS_A_PAGE = 5000
RECONCILED = 50
COUNT_TOLERANCE = 0.02
CHUNK = 50_000
"""Chains of pages have been seen to end early in projects of this size and more."""
OLDEST = date(2002, 1, 1)

Row = Mapping[str, object]


class Search:
    """Runs conditions. `today` (of the server) ends the last range; `warn` takes what the server remarks."""

    def __init__(self, client: JiraClient, today: date, warn: Callable[[str], None]) -> None:
        self._client = client
        self._newest = today + timedelta(days=2)  # the caller's zone may be ahead
        self._warn = warn

    def everything(self, clause: str, *, counted: bool) -> Ids:
        """The ids of all issues that meet a condition, in numeric order.

        Held against the count if `counted` or if one page does not do. Raises AbortSyncError for a chain cut short.
        """
        pages = self._pages(clause, ["id"])
        first, count = self._begun(clause, pages) if counted else (next(pages), None)
        found, more = Ids(()), False
        if not _many(count):
            found, more = _chained(first, pages)
            count = self.count(clause) if more and not counted else count
        if _many(count) or len(found) > CHUNK:
            found = self._ranged(clause, count)
        _check(len(found), count)
        return found

    def _begun(self, clause: str, pages: Iterator[Sequence[Row]]) -> tuple[Sequence[Row], int | None]:
        """The first page and the count, asked for side by side."""
        with Workers(1) as workers:
            coming = workers.submit(partial(self.count, clause))
            return next(pages), coming.result()

    def _ranged(self, clause: str, count: int | None) -> Ids:
        ranges = self._ranges(clause, count) if count is not None and _many(count) else [""]
        pages = (page for narrowed in ranges for page in self._pages(f"{clause}{narrowed}", ["id"]))
        return Ids(_id_of(row) for page in pages for row in page)

    def changed(self, clause: str, reconcile: Sequence[str] = ()) -> dict[str, Row]:
        """The rows, with `updated`, of a condition that bounds the time; counted only where one page does not do.

        `reconcile` are ids, at most 50, that the index may not show as they are: the search looks at the issues.
        """
        pages = list(self._pages(clause, ["updated"], reconcile))
        rows = {_id_of(row): row for page in pages for row in page}
        if len(pages) > 1:
            _check(len(rows), self.count(clause))
        return {issue_id: rows[issue_id] for issue_id in sorted(rows, key=by_number)}

    def _pages(
        self, clause: str, fields: Sequence[str], reconcile: Sequence[str] = ()
    ) -> Generator[Sequence[Row], None, None]:
        """The rows of one page after the other; the same ids are reconciled on all of them."""
        body: dict[str, object] = {"jql": f"{clause} {ORDER}", "fields": list(fields), "maxResults": IDS_A_PAGE}
        if reconcile:
            body["reconcileIssues"] = [int(issue_id) for issue_id in reconcile[:RECONCILED]]

        def ask(token: str | None) -> object:
            return self._client.ask("search/jql", body if token is None else {**body, "nextPageToken": token})

        for page in token_pages(ask, "search/jql", self._warn):
            yield members(page.get("issues"))

    def count(self, clause: str) -> int | None:
        """How many issues the index holds, roughly; None when the site does not say."""
        answer = self._client.ask("search/approximate-count", {"jql": clause})
        count = answer.get("count") if isinstance(answer, dict) else None
        return count if isinstance(count, int) else None

    def _ranges(self, clause: str, count: int) -> Iterator[str]:
        """Conditions on the day of creation that together leave nothing out, none of them with too many issues."""
        yield from self._halves(clause, count, None, None)

    def _halves(self, clause: str, count: int | None, start: date | None, end: date | None) -> Iterator[str]:
        low, high = start or OLDEST, end or self._newest
        days = (high - low).days
        if count is None or count <= CHUNK or days < 2:
            yield _created(start, end)
            return
        middle = low + timedelta(days=days // 2)
        for part in ((start, middle), (middle, end)):
            yield from self._halves(clause, self.count(f"{clause}{_created(*part)}"), *part)


def _many(count: int | None) -> bool:
    return count is not None and count > CHUNK


def _chained(first: Sequence[Row], pages: Iterator[Sequence[Row]]) -> tuple[Ids, bool]:
    """The ids on a chain of pages and whether they are several; left as soon as it is too long to trust."""
    found, more = list(map(_id_of, first)), False
    for page in pages:
        more = True
        found.extend(map(_id_of, page))
        if len(found) > CHUNK:
            break
    return Ids(found), more


def _created(start: date | None, end: date | None) -> str:
    low = f' AND created >= "{start.isoformat()}"' if start else ""
    return low + (f' AND created < "{end.isoformat()}"' if end else "")


def _check(found: int, count: int | None) -> None:
    """The count is approximate: a few per cent and a newcomer make no difference."""
    if count is not None and found < count * (1 - COUNT_TOLERANCE) - 1:
        raise broken("count", "search/jql", found=found, count=count)


def _id_of(row: Row) -> str:
    issue_id = string(row.get("id"))
    if issue_id is None:
        raise broken("shape", "search/jql")
    return issue_id
