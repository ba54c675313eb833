"""Whole histories of a block of issues: activity by GraphQL, exact lists of events where that is not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from okr_delivery.model.work import Field, Link, Value
from okr_delivery.sync.workers import MOST, Workers
from okr_delivery_gitlab.activity import Activity, ActivityReader, Item
from okr_delivery_gitlab.capabilities import Capabilities, discover
from okr_delivery_gitlab.events import Event, Kind, ordered
from okr_delivery_gitlab.exact import ListReader
from okr_delivery_gitlab.graphql import Asks
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.notes import Note
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.queries import Queries, Wish
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.told import LISTED, Home, Understood, understand, with_lists
from okr_delivery_gitlab.values import Row, mapping, string
from okr_delivery_gitlab.widgets import EPIC, custom_values, links_of, named_customs, parent_of, status_of


@dataclass(frozen=True, slots=True)
class Detail:
    """What a REST body does not hold of an issue. `events` are in the order in which they happened.

    `complete` is False when part of the history could not be read. `parent`, `status` (a custom one, by its bare id)
    and `custom` are of today; None: not asked for or not known here, EMPTY: asked for and empty.
    """

    events: tuple[Event, ...] = ()
    complete: bool = True
    parent: Value | None = None
    links: tuple[Link, ...] = ()
    custom: Mapping[Field, Value] = field(default_factory=dict)
    status: Value | None = None


class _Part(NamedTuple):
    """One more list of one issue: exact events of a kind, or with `kind` None its notes; None: not to be had."""

    id: str
    kind: Kind | None
    events: tuple[Event, ...] | None
    notes: tuple[Note, ...] | None = None


class HistoryReader:
    """Reads the histories of one source's issues."""

    def __init__(self, client: Asks, settings: Settings, workers: Workers) -> None:
        self._client = client
        self._settings = settings
        self._workers = workers
        self._known = Known(settings)
        self._lists = ListReader(client, settings)
        self._activity = self._reader(Capabilities.from_json(settings.capabilities))

    @property
    def unknown(self) -> frozenset[str]:
        """What events were said to be that this version does not know, as `list: word`."""
        return frozenset(self._lists.unknown)

    def read(self, rows: Sequence[Row]) -> Mapping[str, Detail]:
        """A detail for each row, by its id. Raises AbortSyncError for rows without id, number or place."""
        items = {item.id: item for item in map(item_of, rows)}
        homes = {str(row["id"]): self._home(row, items[str(row["id"])]) for row in rows}
        told = self._activity.read(list(items.values()), self._workers) if self._activity is not None else {}
        read = {ref: self._understood(told.get(ref), homes[ref]) for ref in items}
        parts: dict[str, list[_Part]] = {}
        for part in self._workers.ordered(self._jobs(items, homes, told, read), MOST):
            parts.setdefault(part.id, []).append(part)
        return {
            ref: self._detail(homes[ref], told.get(ref), read[ref], parts.get(ref, ())) for ref in items
        }  # fmt: skip

    def _jobs(
        self, items: Mapping[str, Item], homes: Mapping[str, Home], told: Mapping[str, Activity],
        read: Mapping[str, Understood],
    ) -> Iterator[Callable[[], _Part]]:  # fmt: skip
        """The exact lists that are needed, one request each or more."""
        for ref, item in items.items():
            project = homes[ref].project_id
            alone = ref not in told
            for kind in self._lists.kinds() if alone else sorted(read[ref].doubts & LISTED):
                yield partial(self._listed, item, project, kind)
            if alone and self._lists.with_notes():
                yield partial(self._noted, item, project)

    def _listed(self, item: Item, project_id: str, kind: Kind) -> _Part:
        return _Part(item.id, kind, self._lists.events(item, project_id, kind))

    def _noted(self, item: Item, project_id: str) -> _Part:
        return _Part(item.id, None, None, self._lists.notes(item, project_id))

    def _understood(self, activity: Activity | None, home: Home) -> Understood:
        if activity is None:
            return Understood()
        customs = named_customs(activity.widgets, self._settings.fields)
        return understand(activity.notes, home, self._known, customs)

    def _detail(self, home: Home, activity: Activity | None, read: Understood, parts: Sequence[_Part]) -> Detail:
        exact = {part.kind: part.events for part in parts if part.kind is not None and part.events is not None}
        if activity is None:
            return self._of_lists(home, exact, parts)
        widgets = activity.widgets
        return Detail(
            events=ordered(with_lists(read.events, exact)),
            complete=(read.doubts & LISTED) <= exact.keys(),
            parent=parent_of(widgets),
            links=links_of(widgets),
            custom=custom_values(widgets, self._settings.fields),
            status=status_of(widgets),
        )

    def _of_lists(self, home: Home, exact: Mapping[Kind, tuple[Event, ...]], parts: Sequence[_Part]) -> Detail:
        """A history without bulk activity. State and labels exist on every tier: without them it has a hole."""
        notes = next((part.notes for part in parts if part.notes is not None), ())
        read = understand(notes, home, self._known, {})
        return Detail(
            events=ordered(with_lists(read.events, exact)),
            complete=exact.keys() >= {Kind.STATE, Kind.LABEL, Kind.MILESTONE},
        )

    def _reader(self, capabilities: Capabilities) -> ActivityReader | None:
        queries = self._queries(capabilities)
        return ActivityReader(self._client, queries, self._renewed) if queries else None

    def _renewed(self) -> Queries | None:
        return self._queries(discover(self._client))

    def _queries(self, capabilities: Capabilities) -> Queries | None:
        wish = Wish(custom=bool(self._settings.fields), status=bool(self._settings.statuses))
        return Queries(capabilities, wish) if capabilities.activity else None

    def _home(self, row: Row, item: Item) -> Home:
        project_id = string(row.get("project_id")) or ""
        group = item.path if item.group else self._known.group_path(project_id)
        today = mapping(row.get("milestone"))
        return Home(project_id, item.path, group, Value(string(today.get("id")), string(today.get("title"))))


def item_of(row: Row) -> Item:
    """The work item of a REST row. Raises AbortSyncError for one that does not say where it lies."""
    ref, iid = string(row.get("id")), string(row.get("iid"))
    full = string(mapping(row.get("references")).get("full")) or ""
    group = "&" in full and "#" not in full
    path = full.rpartition("&" if group else "#")[0]
    if ref is None or iid is None or not path:
        raise broken("shape", "issues")
    return Item(ref, ref.removeprefix(EPIC), path, group, iid)
