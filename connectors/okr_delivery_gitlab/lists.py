"""Lists of issues in the order of their creation, walked so that no row is skipped while others move.

A project's list is read with keyset pages where the server has them. Elsewhere each request begins at the creation of
the last row, instead of at an offset: rows that leave the list move nothing, no server's depth limit is met, and a run
that died goes on at its row. A server that heeds neither order nor beginning is read as it gives its pages, and from
the beginning after a run that died.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import requests

from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.epics import EpicReader
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.scope import Place
from okr_delivery_gitlab.values import Row, mapping, string

PAGE = 100
NO_KEYSET = frozenset({400, 405})
NO_STATISTICS = frozenset({400, 403, 404, 405})
MOST_PAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class IssueList:
    """One list of one place. `filters` are GitLab's own, such as `state` and `updated_after`. `epics`: a group's epics
    instead of the issues of its projects."""

    place: Place
    filters: Mapping[str, str] = field(default_factory=dict)
    epics: bool = False

    @property
    def path(self) -> str:
        return f"{self.place.below}/issues"

    @property
    def what(self) -> str:
        return "graphql epics" if self.epics else f"{self.place.kind}/:id/issues"


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of a list: its creation as `created` (UTC, milliseconds) and its id."""

    created: str
    id: str


class Walk:
    """Walks lists of one GitLab; what it learns of the server's paging it keeps."""

    def __init__(self, client: GitLabClient, can: Capabilities, paths: Mapping[str, str] | None = None) -> None:
        """`paths` are those of the projects in scope by id, for servers whose rows hold no full reference."""
        self._client = client
        self._paths = paths or {}
        self._epics = EpicReader(client, can)
        self._keyset = True
        self.ordered = True
        """Whether rows come in the order of their creation, so that a walk may begin behind any of them."""

    def pages(self, issues: IssueList, behind: Mark | None = None) -> Iterator[list[Row]]:
        """The rows of each page that did not come before, all of them or those behind a row; never an empty list.

        Raises AbortSyncError for rows without id or creation and for pages that do not come to an end.
        """
        if issues.epics:
            yield from self._of_epics(issues, behind)
            return
        position = _Position(issues, behind if self.ordered else None)
        page = self._begin(issues, position.start)
        for _ in range(MOST_PAGES):
            if not self.ordered or not position.fits(page.rows):
                yield from self._as_linked(issues, position, page if behind is None else None)
                return
            last = page.link is None or position.ended(page)
            if fresh := position.take(page.rows, last=last):
                yield fresh
            if last:
                return
            page = self._next(issues, position, page)
        raise broken("endless", issues.what)

    def _next(self, issues: IssueList, position: _Position, before: _Page) -> _Page:
        link = before.link or ""
        if (before.told and is_keyset(link)) or not position.advanced:
            return self._follow(issues, position, link)
        page = self._begin(issues, position.restart())
        if position.fits(page.rows):
            return page
        self.ordered = False  # a server that begins nowhere but at the beginning
        return self._follow(issues, position, link)

    def _as_linked(self, issues: IssueList, position: _Position, page: _Page | None) -> Iterator[list[Row]]:
        """What a server gives in an order of its own, page after page; None: from the beginning."""
        self.ordered = False
        page = page or self._begin(issues, None)
        for _ in range(MOST_PAGES):
            fresh = position.others(page.rows)
            if fresh:
                yield fresh
            if page.link is None or not (fresh or page.told):
                return
            page = self._follow(issues, position, page.link)
        raise broken("endless", issues.what)

    def count(self, issues: IssueList) -> int | None:
        """How many rows a list has, epics left out: by its own total, which long lists lack, else by the server's
        statistics; None where it tells neither."""
        if issues.epics:
            return 0
        asked = {"scope": "all", **issues.filters}
        _, response = self._client.first(issues.path, {**asked, "per_page": 1}, what=issues.what)
        total = response.headers.get("X-Total") or ""
        return int(total) if total.isdigit() else self._statistics(issues, asked)

    def _statistics(self, issues: IssueList, asked: Mapping[str, str]) -> int | None:
        wanted = {name: value for name, value in asked.items() if name != "state"}
        try:
            found = self._client.get(
                f"{issues.place.below}/issues_statistics", wanted, what=f"{issues.place.kind}/:id/issues_statistics",
                expect=NO_STATISTICS,
            )  # fmt: skip
        except StatusError:
            return None
        return _counted(found, asked.get("state", "all"))

    def _of_epics(self, issues: IssueList, behind: Mark | None) -> Iterator[list[Row]]:
        position = _Position(issues, behind)
        for rows in self._epics.pages(issues.place.path, issues.filters):
            known = [row for row in rows if created_of(row, issues.what) >= (position.start or "")]
            if fresh := position.take(known, last=False):
                yield fresh
        if fresh := position.take((), last=True):
            yield fresh

    def _follow(self, issues: IssueList, position: _Position, link: str) -> _Page:
        position.follow(link)
        return self._page(*self._client.follow(link, what=issues.what))

    def _page(self, rows: list[Row], response: requests.Response) -> _Page:
        found = self._client.next_page(response, rows)
        told = found is None or found.told
        return _Page([named(row, self._paths) for row in rows], found.link if found else None, told)

    def _begin(self, issues: IssueList, start: str | None) -> _Page:
        asked = {
            "scope": "all", "order_by": "created_at", "sort": "asc", "per_page": PAGE, "with_labels_details": "true",
            **issues.filters, **({"created_after": start} if start else {}),
        }  # fmt: skip
        if issues.place.kind == "projects" and self._keyset:
            try:
                keyed = {**asked, "pagination": "keyset"}
                return self._page(*self._client.first(issues.path, keyed, what=issues.what, expect=NO_KEYSET))
            except StatusError:
                self._keyset = False  # a server from before keyset paging of issues; asked once more without it
        return self._page(*self._client.first(issues.path, asked, what=issues.what))


class _Page(NamedTuple):
    """One page, and where the next one is: as the server told, or as it may be (`told` False)."""

    rows: list[Row]
    link: str | None
    told: bool


class _Position:
    """Where a walk is. `start` is the creation that the present request begins at."""

    def __init__(self, issues: IssueList, behind: Mark | None) -> None:
        self._what = issues.what
        self._behind = behind
        self._waiting: list[Row] = []  # rows of the creation that a former run ended in, until its last one comes
        self.start = behind.created if behind else None
        self._last = self.start
        self._border: set[str] = set()  # ids of rows of the creation `_last`: they may come again
        self._links: set[str] = set()
        self._seen: set[str] = set()  # ids of the last page; of all pages where there is no order to go by
        self._barren = 0  # pages in succession without a new row, of which nobody said that there are more

    def fits(self, rows: Sequence[Row]) -> bool:
        """Whether a page goes on where the last one ended, in the order of creation."""
        marks = [self._last or "", *(created_of(row, self._what) for row in rows)]
        return all(before <= after for before, after in pairwise(marks))

    def others(self, rows: Sequence[Row]) -> list[Row]:
        """Those whose ids did not come before, in any order."""
        fresh = {
            str(row["id"]): row for row in rows if created_of(row, self._what) and str(row["id"]) not in self._seen
        }
        self._seen |= fresh.keys()
        return list(fresh.values())

    def ended(self, page: _Page) -> bool:
        """Whether looking behind full pages leads nowhere: neither a new beginning nor a page by number is new."""
        new = any(created_of(row, self._what) != self._last or str(row["id"]) not in self._border for row in page.rows)
        self._barren = 0 if new or page.told else self._barren + 1
        return self._barren > 1

    def take(self, rows: Sequence[Row], *, last: bool) -> list[Row]:
        """Those that are new. `last`: there are no more."""
        self._seen = {str(row["id"]) for row in rows}
        fresh: list[Row] = []
        for row in rows:
            created, ref = created_of(row, self._what), str(row["id"])
            if created < (self._last or ""):  # neither sorted nor begun where it was asked to: it would never end
                raise broken("unsorted", self._what)
            if created == self._last and ref in self._border:
                continue
            if created != self._last:
                self._border.clear()
            self._last = created
            self._border.add(ref)
            fresh.append(row)
        return self._resumed(fresh, last=last)

    def _resumed(self, rows: list[Row], *, last: bool) -> list[Row]:
        """Drops what comes up to the row that a former run ended at; if that one is gone, nothing of its instant."""
        mark = self._behind
        if mark is None:
            return rows
        self._waiting += rows
        here = [str(row["id"]) for row in self._waiting if created_of(row, self._what) == mark.created]
        if mark.id not in here and len(here) == len(self._waiting) and not last:
            return []
        self._behind = None
        found, self._waiting = self._waiting, []
        return found[here.index(mark.id) + 1 :] if mark.id in here else found

    @property
    def advanced(self) -> bool:
        """Whether the last page left the creation that its request began at."""
        return self._last != self.start

    def restart(self) -> str | None:
        self.start = self._last
        return self.start

    def follow(self, link: str) -> None:
        """Raises AbortSyncError for a link that was followed before."""
        if link in self._links:
            raise broken("endless", self._what)
        self._links.add(link)


def named(row: Row, paths: Mapping[str, str]) -> Row:
    """A row with a full reference: its own, or the number behind its project's path."""
    if isinstance(row.get("references"), dict):
        return row
    path, iid = paths.get(string(row.get("project_id")) or ""), string(row.get("iid"))
    return {**row, "references": {"full": f"{path}#{iid}"}} if path and iid else row


def is_keyset(link: str) -> bool:
    """Whether a link to the next page names a row instead of a page's number."""
    query = parse_qs(urlsplit(link).query)
    return "cursor" in query or "id_after" in query or "page" not in query


def created_of(row: Row, what: str) -> str:
    """A row's creation in UTC with milliseconds, as the next request may begin at it."""
    text = string(row.get("created_at"))
    try:
        found = datetime.fromisoformat(text or "")
        if found.tzinfo is None or string(row.get("id")) is None:
            raise ValueError(text)
    except ValueError as error:
        raise broken("shape", what) from error
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03d}Z"


def mark_of(row: Row, what: str) -> Mark:
    """The mark of a row."""
    return Mark(created_of(row, what), str(row["id"]))


def _counted(answer: object, state: str) -> int | None:
    found = mapping(mapping(mapping(answer).get("statistics")).get("counts")).get(state)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
