"""The activity of many work items at once: one query a block, in parts where the server can't answer it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from okr_delivery.sync.workers import MOST, Workers
from okr_delivery_gitlab.client import GraphQLErrors, ServerBusyError
from okr_delivery_gitlab.events import actor_of
from okr_delivery_gitlab.graphql import Asks
from okr_delivery_gitlab.notes import Note
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.queries import ALONE, DISCUSSIONS, REFERENCES, Place, Queries
from okr_delivery_gitlab.values import Row, instant, mapping, members, nodes, number_of, string

BLOCK = 50
"""Work items a query; it takes seconds, and GitLab ends one after thirty."""
PLACES = 3
"""Projects a query until the server has told what one costs: each is asked for by itself, its work items come along.
Where work items lie scattered over more projects, some references count as one."""
MOST_PLACES = 10
FEWEST = 10
"""Discussions a page that are tried last, for one work item whose page is too much."""
NEAR = 0.95
"""Share of the permitted complexity that the next queries may reach."""
SCORE = 3
"""What asking for the complexity adds to it."""
HOPELESS = 3
"""Work items refused one by one, none read: the server can't do it at all."""
ANEW = "gid://gitlab/MilestoneNote/"
"""What the ids of notes begin with that GitLab makes of an event of a milestone whenever they are asked for."""
_UNKNOWN = re.compile(
    r"doesn't exist on type|isn't a defined|No such type|doesn't accept argument|Cannot query field|Unknown type"
)


class Item(NamedTuple):
    """A work item: `id` as the store knows it, `number` the work item's own id."""

    id: str
    number: str
    path: str
    group: bool
    iid: str


@dataclass(frozen=True, slots=True)
class Activity:
    """What GraphQL told of one work item. `widgets` are the raw members of its widgets, merged, without the notes."""

    notes: tuple[Note, ...]
    widgets: Row


class ActivityReader:
    """Reads the activity of one source's work items. `renew` asks anew what the server knows, once."""

    def __init__(self, client: Asks, queries: Queries, renew: Callable[[], Queries | None]) -> None:
        self._client = client
        self._queries: Queries | None = queries
        self._renew: Callable[[], Queries | None] | None = renew
        self._lock = threading.Lock()
        self._size, self._places, self._page_size = BLOCK, PLACES, DISCUSSIONS
        self._read = self._refused = 0
        self._by_reference = True

    def read(self, items: Sequence[Item], workers: Workers) -> dict[str, Activity]:
        """What the server told, by id; an item that is missing could not be read this way."""
        found: dict[str, Activity] = {}
        for part in workers.ordered(self._jobs(items), MOST):
            found.update(part)
        return found

    @property
    def useless(self) -> bool:
        """Whether the server was found unable to answer."""
        return self._queries is None

    def _jobs(self, items: Sequence[Item]) -> Iterator[Callable[[], dict[str, Activity]]]:
        """Those of one project side by side: fewer projects a query."""
        left = sorted(items, key=lambda item: (item.path, item.group))
        while left:
            part = self._few_places(left[: self._size], self._places)
            left = left[len(part) :]
            yield partial(self._block, part)

    def _block(self, items: Sequence[Item]) -> dict[str, Activity]:
        queries, discussions = self._queries, self._page_size
        if queries is None:
            return {}
        places = self._spread(items)
        scattered = any(place.references for place in places)
        try:
            data = self._client.graphql(*queries.items(places, discussions), what="graphql activity")
        except GraphQLErrors as error:
            return self._refused_for(items, discussions, error.messages, queries, scattered=scattered)
        except ServerBusyError:
            return self._smaller(items, discussions, sooner=True)
        self._weigh(data, len(places))
        found = self._found(items, data, queries)
        return found | self._unanswered(items, data) if scattered else found

    def _unanswered(self, items: Sequence[Item], data: Row) -> dict[str, Activity]:
        """What was not given by its reference, once more by its project; none given: references are no use here."""
        given = {number_of(node.get("id")) for node in _nodes(data)}
        left = [item for item in items if item.number not in given]
        if len(left) == len(items):
            self._by_reference = False
        return self._by_project(left)

    def _by_project(self, items: Sequence[Item]) -> dict[str, Activity]:
        found: dict[str, Activity] = {}
        while items:
            part = _few(items, self._places, by_reference=False)
            items = items[len(part) :]
            found |= self._block(part)
        return found

    def _few_places(self, items: Sequence[Item], most: int) -> Sequence[Item]:
        return _few(items, most, by_reference=self._references)

    def _spread(self, items: Sequence[Item]) -> list[Place]:
        return _places(items, self._places, by_reference=self._references)

    @property
    def _references(self) -> bool:
        return self._by_reference and self._queries is not None and self._queries.references

    def _refused_for(
        self, items: Sequence[Item], discussions: int, said: Sequence[str], queries: Queries, *, scattered: bool
    ) -> dict[str, Activity]:
        if any(_UNKNOWN.search(message) for message in said) and self._renewed(queries):
            return self._block(items)
        if any("complex" in message for message in said):
            return self._simpler(items, discussions)
        if scattered:
            self._by_reference = False
            return self._by_project(items)
        return self._smaller(items, discussions)

    def _simpler(self, items: Sequence[Item], discussions: int) -> dict[str, Activity]:
        """Too complex: fewer projects at once, then fewer discussions a page. GitLab does not count the work items."""
        places = len(self._spread(items))
        if places == 1 and discussions <= FEWEST:
            return self._smaller(items, discussions, sooner=True)
        with self._lock:
            if places > 1:
                self._places = min(self._places, places // 2)
            else:
                self._page_size = min(self._page_size, max(FEWEST, discussions // 2))
        first = self._few_places(items, max(1, places // 2))
        return self._block(first) | (self._block(items[len(first) :]) if places > 1 else {})

    def _smaller(self, items: Sequence[Item], discussions: int, *, sooner: bool = False) -> dict[str, Activity]:
        """The same again in parts: what can't be read is in one of them. A single one is left for other ways.

        `sooner`: the next queries begin with as few.
        """
        if len(items) > 1:
            half = len(items) // 2
            if sooner:
                with self._lock:
                    self._size = min(self._size, half)
            return self._block(items[:half]) | self._block(items[half:])
        return self._alone(items[0], discussions)

    def _alone(self, item: Item, discussions: int) -> dict[str, Activity]:
        """A single one that was refused: once more with few discussions a page, else it is left for other ways."""
        queries = self._queries
        if discussions > FEWEST and queries is not None:
            with suppress(GraphQLErrors, ServerBusyError):
                data = self._client.graphql(*queries.items([_place(item)], FEWEST), what="graphql activity")
                self._weigh(data, 1)
                return self._found([item], data, queries)
        with self._lock:
            self._refused += 1
            if self._refused >= HOPELESS and not self._read:
                self._queries = None
        return {}

    def _renewed(self, used: Queries) -> bool:
        """Whether there are other queries than `used`: the server may have been changed since it was asked."""
        with self._lock:
            if self._renew is not None and self._queries is used:
                self._queries, self._renew = self._renew(), None
            return self._queries is not used

    def _weigh(self, data: Row, places: int) -> None:
        """Learns how many projects a query may name."""
        told = mapping(data.get("queryComplexity"))
        score, limit = told.get("score"), told.get("limit")
        with self._lock:
            self._read += 1
            if isinstance(score, int) and isinstance(limit, int) and score > 0:
                fit = int((NEAR * limit - SCORE) * places / max(1, score - SCORE))
                self._places = max(1, min(MOST_PLACES, fit))

    def _found(self, items: Sequence[Item], data: Row, queries: Queries) -> dict[str, Activity]:
        wanted = {item.number: item for item in items}
        found: dict[str, Activity] = {}
        for node in _nodes(data):
            item = wanted.get(number_of(node.get("id")) or "")
            activity = self._activity(item, node, queries) if item else None
            if item and activity:
                found[item.id] = activity
        return found

    def _activity(self, item: Item, node: Row, queries: Queries) -> Activity | None:
        """None where part of it can't be read; pages that follow are asked for one by one."""
        widgets = _merged(node)
        notes: list[Note] = []
        seen: set[str] = set()
        page = mapping(widgets.pop("discussions", None))  # large, and needed no more once its notes are read
        while True:
            part = _notes(page)
            if part is None:
                return None
            notes += part
            cursor = _next(page)
            if cursor is None:
                return Activity(tuple(sorted(notes, key=lambda note: note.ts)), widgets)
            if cursor in seen:
                raise broken("endless", f"{item.path} {item.iid}")
            seen.add(cursor)
            following = self._page(item, cursor, queries)
            if following is None:
                return None
            page = following

    def _page(self, item: Item, cursor: str, queries: Queries) -> Row | None:
        for size in (ALONE, FEWEST):
            query, variables = queries.more(_place(item), cursor, size)
            try:
                data = self._client.graphql(query, variables, what="graphql activity page")
            except (GraphQLErrors, ServerBusyError):
                continue
            found = nodes(mapping(data.get("p0")).get("workItems"))
            return mapping(_merged(found[0]).get("discussions")) if len(found) == 1 else None
        return None


def _few(items: Sequence[Item], most: int, *, by_reference: bool) -> Sequence[Item]:
    """The first ones, as many as take few enough places."""
    fitting = (
        count for count in range(len(items), 1, -1)
        if len(_places(items[:count], most, by_reference=by_reference)) <= most
    )  # fmt: skip
    return items[: next(fitting, 1)]


def _places(items: Sequence[Item], most: int, *, by_reference: bool) -> list[Place]:
    """Where to ask for work items: each in its project, or where that makes too many, what lies scattered by reference.

    A group's own work items have references of another kind; there are few such groups.
    """
    found: dict[tuple[str, bool], list[Item]] = {}
    for item in items:
        found.setdefault((item.path, item.group), []).append(item)
    scattered: list[Item] = []
    if by_reference and len(found) > most:
        scattered = [i for (_, group), own in found.items() if not group and len(own) < REFERENCES for i in own]
    left = {key: own for key, own in found.items() if not scattered or key[1] or len(own) >= REFERENCES}
    parts = [scattered[start : start + REFERENCES] for start in range(0, len(scattered), REFERENCES)]
    named = [Place(path, group, tuple(item.iid for item in own)) for (path, group), own in left.items()]
    return named + [Place(part[0].path, False, tuple(f"{i.path}#{i.iid}" for i in part), True) for part in parts]


def _place(item: Item) -> Place:
    return Place(item.path, item.group, (item.iid,))


def _nodes(data: Row) -> Iterator[Row]:
    """The work items of an answer, by place or by reference."""
    for place in (mapping(value) for name, value in data.items() if name != "queryComplexity"):
        yield from nodes(place.get("workItems") if "workItems" in place else place)


def _merged(node: Row) -> dict[str, object]:
    """The members of all widgets in one object: each name belongs to one widget."""
    features = (value for value in mapping(node.get("features")).values() if isinstance(value, dict))
    return {name: value for widget in [*members(node.get("widgets")), *features] for name, value in widget.items()}


def _notes(page: Row) -> list[Note] | None:
    """The notes of one page of discussions; None where the page, or what stands in it, is not whole."""
    if "nodes" not in page:
        return None
    found: list[Note] = []
    for discussion in nodes(page):
        held = mapping(discussion.get("notes"))
        if mapping(held.get("pageInfo")).get("hasNextPage"):
            return None
        found += [note for row in nodes(held) if (note := read_row(row, "createdAt")) is not None]
    return found


def read_row(row: Mapping[str, object], created: str) -> Note | None:
    """A note's row of either interface; None for a comment. Raises AbortSyncError for one without an instant."""
    if row.get("system") is not True:
        return None
    try:
        ts = instant(row.get(created))
    except ValueError:
        ts = None
    if ts is None:
        raise broken("instant", "notes", value=str(row.get(created))[:40])
    action = string(mapping(row.get("systemNoteMetadata")).get("action"))
    anew = (string(row.get("id")) or "").startswith(ANEW)
    return Note(ts, string(row.get("body")) or "", action, actor_of(row.get("author")), anew)


def _next(page: Row) -> str | None:
    info = mapping(page.get("pageInfo"))
    return string(info.get("endCursor")) if info.get("hasNextPage") is True else None
