"""A GitLab that answers activity queries and lists of events from what it was told, with switches for its moods."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sync.errors import RetryLaterError
from okr_delivery_gitlab.capabilities import Capabilities, discover
from okr_delivery_gitlab.client import GraphQLErrors, ServerBusyError, StatusError
from tests.okr_delivery_gitlab.histories import at, iso
from tests.okr_delivery_gitlab.schemas import Server, faults, own

Row = dict[str, Any]
COMPLEX = "Query has complexity of 300, which exceeds max complexity of 250"


def note(day: float, body: str, action: str = "x") -> Row:
    return {
        "createdAt": iso(at(day)), "body": body, "system": True, "systemNoteMetadata": {"action": action},
        "author": {"id": "gid://gitlab/User/5"},
    }  # fmt: skip


@dataclass
class Work:
    """One work item: its notes oldest first and what its other widgets hold."""

    number: int
    iid: str
    notes: list[Row] = field(default_factory=list)
    widgets: Row = field(default_factory=dict)


@dataclass
class Talking:
    """`places` are work items by path. `mood` may raise for the iids of a query; `score` is that of a query.

    Each query is held against `schema`: what it lacks is refused in GitLab's words.
    """

    places: dict[str, list[Work]]
    lists: dict[str, list[Row] | int] = field(default_factory=dict)  # "<iid>/<list>" -> rows or a status
    mood: Callable[[Sequence[str], int], None] = lambda iids, discussions: None
    score: int = 60
    newer: bool = True
    page: int = 100
    referring: Callable[[Work], bool] | None = lambda work: True  # what comes by reference; None: refused
    asked: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def capabilities(self) -> Capabilities:
        return _capabilities(self.newer)

    def graphql(self, query: str, variables: Mapping[str, object] | None = None, *, what: str) -> Mapping[str, object]:
        with self.lock:
            self.asked[what] += 1
        schema = own(newer=self.newer)
        if what == "graphql schema":
            return Server(schema).graphql(query, variables, what=what)
        wrong = _wrong(query, self.newer)
        if wrong:
            raise GraphQLErrors(tuple(f"Field '{w}' doesn't exist on type 'X'" for w in wrong), {})
        return self._items(dict(variables or {}))

    def _items(self, variables: Row) -> Row:
        asked = [(variables[f"p{n}"], variables[f"i{n}"]) for n in range(len(variables)) if f"p{n}" in variables]
        iids = [iid for _, listed in asked for iid in listed]
        with self.lock:
            self.sizes.append(len(iids))
        self.mood(iids, variables["first"])
        found: Row = {"queryComplexity": {"score": self.score, "limit": 250}}
        for n, (path, listed) in enumerate(asked):
            if any("#" in iid for iid in listed):
                found[f"p{n}"] = self._referred(path, listed, variables)
                continue
            works = [work for work in self.places.get(path, []) if work.iid in listed]
            nodes = [self._node(work, variables) for work in works]
            found[f"p{n}"] = {"workItems": {"nodes": nodes}} if path in self.places else None
        return found

    def _referred(self, path: str, references: Sequence[str], variables: Row) -> Row | None:
        """By full references, ten at most, in a project that is seen."""
        if len(references) > 10 or path not in self.places or self.referring is None:
            raise GraphQLErrors(("You may not ask like that",), {})
        named = [(each.rpartition("#")[0], each.rpartition("#")[2]) for each in references]
        known = [work for path, iid in named for work in self.places.get(path, []) if work.iid == iid]
        return {"nodes": [self._node(work, variables) for work in known if self.referring(work)]}

    def _node(self, work: Work, variables: Row) -> Row:
        start = int(variables.get("after") or 0)
        size = min(self.page, variables["first"])
        part = work.notes[start : start + size]
        more = start + size < len(work.notes)
        page = {
            "pageInfo": {"hasNextPage": more, "endCursor": str(start + size) if more else None},
            "nodes": [{"notes": {"pageInfo": {"hasNextPage": False}, "nodes": [row]}} for row in part],
        }
        widgets = [{"discussions": page}, *({name: held} for name, held in work.widgets.items()), {}]
        return {"id": f"gid://gitlab/WorkItem/{work.number}", "iid": work.iid, "widgets": widgets}

    def pages(
        self, path: str, params: Mapping[str, object] | None = None, *, what: str, expect: frozenset[int] = frozenset()
    ) -> Iterator[list[Mapping[str, object]]]:
        with self.lock:
            self.asked[what] += 1
        found = re.search(r"/(\d+)/(\w+)$", path)
        assert found is not None
        rows = self.lists.get(f"{found[1]}/{found[2]}", [])
        if isinstance(rows, int):
            assert rows in expect
            raise StatusError(rows)
        yield list(rows)


@cache
def _capabilities(newer: bool) -> Capabilities:
    return discover(Server(own(newer=newer)))


@cache
def _wrong(query: str, newer: bool) -> list[str]:
    return faults(own(newer=newer), query)


def impatient(status: int | None) -> RetryLaterError:
    """What the transport says when it has waited and repeated as often as it may."""
    error = RetryLaterError([Problem(msg("sync.error.server", status=status or 0))])
    error.status = status
    return error


def busy() -> ServerBusyError:
    """What the client makes of it where the server failed."""
    error = ServerBusyError("graphql activity")
    error.__cause__ = impatient(500)
    return error


def refuses(*bad: str) -> Callable[[Sequence[str], int], None]:
    """A mood in which some work items break the query that they are in."""

    def mood(iids: Sequence[str], discussions: int) -> None:
        if set(bad) & set(iids):
            raise GraphQLErrors(("Something went wrong",), {})

    return mood
