"""One source as of an instant: its rules, its iterations, and those of its issues that are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.held import Held
from okr_delivery.delivery.item import Item
from okr_delivery.delivery.keybook import KeyBook
from okr_delivery.delivery.making import BLOCK, Maker
from okr_delivery.delivery.membership import VERSION_ID
from okr_delivery.delivery.moves import lives_on
from okr_delivery.delivery.planning import Planner
from okr_delivery.delivery.rules import derived_hash, status_map
from okr_delivery.delivery.statusmap import StatusMap, require_sound
from okr_delivery.delivery.teams import Owners
from okr_delivery.delivery.timeline import fold
from okr_delivery.model.work import Field, ItemFact, Iteration, Kind

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.store.picks import Below, Project
    from okr_delivery.store.reads import Reads

Sieve = Callable[[str, Sequence[str]], list[str]]  # of a source's issues, by id, those that matter to who asks
ENDED = (Kind.DONE, Kind.CANCELLED)
SOME, MANY = 64, 4096  # issues that are looked at first, and at most before all are, for the earliest of a team


class SourceView:
    """Issues created up to the instant, each with its owner, role, timeline and memberships.

    Questions are answered from the issues that indexes of the store name for them, which are read then and kept; once
    all were read (`items`), from those. What an issue says is the same either way.
    """

    def __init__(
        self,
        store: Reads,
        source: Source,
        as_of: int,
        owners: Owners,
        planner: Callable[[str], Planner],
        versions: bool = False,
    ) -> None:
        self._store, self._source, self._owners = store, source, owners
        self._planner, self._versions = planner, versions  # by team id; whether stays in versions are derived here
        self._below: dict[tuple[str, bool], tuple[Item, ...]] = {}
        self._former: dict[str, list[str]] = {}
        self._listed: dict[tuple[object, ...], list[str]] = {}
        self._under: dict[tuple[str, str], set[Below]] = {}  # by the parent's id, or its key alone
        self._known = self._looked = 0  # of how many, as they were read, the former keys and what is below are known
        self.as_of = as_of
        self.name = source.name
        self._keys = KeyBook(store, self.name, self._places, self._need, self.item)

    @cached_property
    def rules(self) -> StatusMap:
        found = status_map(self._source, self._store.statuses(self.name))
        state = self._store.source(self.name)
        if state is not None and state.complete:
            require_sound(found)
        return found

    @cached_property
    def iterations_in_order(self) -> tuple[Iteration, ...]:
        return self._store.iterations(self.name)

    @cached_property
    def iterations(self) -> dict[str, Iteration]:
        return {iteration.id: iteration for iteration in self.iterations_in_order}

    @cached_property
    def projects(self) -> dict[str, str]:
        """Ids of the projects that issues are in now, by their keys in lower case."""
        return {project.key.casefold(): project.id for project in self._projects if project.since <= self.as_of}

    @cached_property
    def _projects(self) -> tuple[Project, ...]:
        return self._store.projects(self.name)

    @property
    def places(self) -> list[tuple[str, str]]:
        """(key, id) of every project that issues are in now, whenever they were created."""
        return [(project.key, project.id) for project in self._projects]

    def _places(self) -> Iterable[str]:
        return (key for key, _ in self.places)

    # all, or one by one

    @cached_property
    def _held(self) -> Held:
        return Held(self._store, self.name, self.as_of, lambda: self._maker, self._moves)

    @cached_property
    def _maker(self) -> Maker:
        given = (self._store, self._source, self.as_of, self._owners, self._planner, self.rules, self.iterations)
        return Maker(*given, versions=self._versions)

    @property
    def items(self) -> Mapping[str, Item]:
        """All by issue id, in the store's order."""
        return self._held.everything()

    @property
    def read(self) -> Mapping[str, Item]:
        """Those that were read so far, by issue id."""
        return self._held.items

    @property
    def whole(self) -> bool:
        """Whether that is all of them."""
        return self._held.whole

    def _need(self, ids: Iterable[str]) -> list[Item]:
        return self._held.need(ids)

    def item(self, issue_id: str) -> Item | None:
        """An issue by its id; of one that was moved, the issue that it lives on as, where that is held."""
        chain = (issue_id, *self.lives_on(issue_id))
        self._need(chain)
        held = [ref for ref in chain if ref in self.read]
        return self.read[held[-1]] if held else None

    def by_key(self, key: str) -> list[Item]:
        """The issue of a key in any case, else that had it, else those whose keys end like a shortened one."""
        return self._keys.by_key(key)

    def named(self, key: str) -> Item | None:
        """The issue of a key in full in any case, else that had it."""
        return self._keys.named(key)

    def like(self, asked: str) -> Mapping[str, str]:
        """Keys in lower case among which the one that was meant may be, each with its issue's id."""
        return self._keys.like(asked)

    # moved issues

    @cached_property
    def _moves(self) -> dict[str, str]:
        known = self._store.moves(self.name).items()
        return {ref: target for ref, (target, created) in known if created <= self.as_of}

    def lives_on(self, issue_id: str) -> tuple[str, ...]:
        """Ids of the issues that a moved one lives on as, one after another; () for one that was not moved."""
        return lives_on(issue_id, self._moves)

    @cached_property
    def _were(self) -> dict[str, list[str]]:
        """Ids of the moved issues that live on as another one, by that one's."""
        found: dict[str, list[str]] = {}
        for ref in self._moves:
            for target in self.lives_on(ref):
                found.setdefault(target, []).append(ref)
        return found

    def _selves(self, item: Item) -> list[Item]:
        """The issue, and those that live on as it."""
        known = self._need([item.issue.id, *self._were.get(item.issue.id, ())])
        return [one for one in known if self.item(one.issue.id) is item]

    def former_keys(self, item: Item) -> tuple[str, ...]:
        """The keys under which an issue was known before, sorted; those of issues that live on as it too."""
        selves = self._selves(item)
        self._learn_keys()
        known = [key for one in selves for key in (*self._former.get(one.issue.id, ()), one.key)]
        return tuple(sorted({key for key in known if key != item.key}))

    def _learn_keys(self) -> None:
        """Of all that was read so far: who asks about one will ask about others."""
        fresh = self._held.order[self._known :]
        self._known += len(fresh)
        self._former |= self._store.former_keys(self.name, fresh) if fresh else {}

    # which ones: never too few

    def in_iteration(self, iteration_id: str, sieve: Sieve | None = None) -> list[Item]:
        """Those that were in an iteration at any time, among others; with a sieve at least what it keeps of them."""
        return self._named(lambda: self._in_iteration(iteration_id), sieve, (iteration_id,))

    def _in_iteration(self, iteration_id: str) -> list[str]:
        found = self._store.in_each(self.name, [iteration_id])[iteration_id]
        if not iteration_id.startswith(VERSION_ID):
            return found
        return [*found, *self._store.derived_otherwise(self.name, self._rule_hash)]  # stays in versions may lack there

    def expect(self, iterations: Iterable[str], sieve: Sieve) -> None:
        """Says in which iterations issues will be looked for with this sieve."""
        wanted = [i for i in iterations if (i,) not in self._listed and not i.startswith(VERSION_ID)]
        if self.whole or not wanted:
            return
        found = self._store.in_each(self.name, wanted)
        self._listed |= {(ref,): ids for ref, ids in found.items()}
        sieve(self.name, [ref for ids in found.values() for ref in ids])

    def created_since(self, at: int) -> list[Item]:
        """Those that were created at an instant or later, among others."""
        return self._named(lambda: self._store.created_since(self.name, at))

    def finished_since(self, at: int, projects: Sequence[str] | None = None, sieve: Sieve | None = None) -> list[Item]:
        """Those that have been finished since an instant at the earliest, among others; of some projects, by id."""
        place = at, None if projects is None else tuple(projects)
        asked = self.name, self._rule_hash, at, self.as_of, projects
        return self._named(lambda: self._store.finished_since(*asked), sieve, place)

    def latest(self, projects: Iterable[str] | None, since: int, most: int) -> list[Item]:
        """Of some projects the `most` issues created last since an instant, no sub-tasks; the last ones first."""
        places = [ref for _, ref in self.places] if projects is None else projects
        ids = self._store.last_created(self.name, places, since, self.as_of, most)
        return sorted(self._need(ids), key=lambda item: item.issue.created, reverse=True)

    def standing_since(self, at: int, sieve: Sieve | None = None) -> list[Item]:
        """Those that are open or have ended since an instant, among others; with a sieve at least what it keeps."""
        asked = self.name, self._rule_hash, at, self.as_of
        return self._named(lambda: self._store.standing_since(*asked), sieve, ("standing", at))

    def _named(
        self, ids: Callable[[], list[str]], sieve: Sieve | None = None, place: tuple[object, ...] = ()
    ) -> list[Item]:
        """The issues of these ids. Who asks with a sieve asks again with others, so the ids are kept by `place`."""
        if self.whole:
            return list(self.items.values())
        if sieve is None:
            return self._need(ids())
        if place not in self._listed:
            self._listed[place] = ids()
        return self._need(sieve(self.name, self._listed[place]))

    @property
    def _rule_hash(self) -> str:
        return derived_hash(self.rules, versions=self._versions)

    def first_created(self, wanted: Callable[[Item], bool]) -> int | None:
        """When the first of those was created that are wanted; None when there are none."""
        most = SOME
        while not self.whole and most <= MANY:
            ids = self._store.first_created(self.name, most)
            first = min((item.issue.created for item in self._need(ids) if wanted(item)), default=None)
            if first is not None or len(ids) < most:
                return first
            most *= 8
        return min((item.issue.created for item in self.items.values() if wanted(item)), default=None)

    # what is below

    def children(self, item: Item, *, subtasks: bool = True) -> tuple[Item, ...]:
        """What has the issue as its parent; sub-tasks, which are many, only when they are asked for."""
        place = item.issue.id, subtasks
        if place not in self._below:
            self._below[place] = self._find_children(item, subtasks)
        return self._below[place]

    def _find_children(self, item: Item, subtasks: bool) -> tuple[Item, ...]:
        if self.whole:
            return tuple(c for c in self._families.get(item.issue.id, ()) if subtasks or not c.issue.subtask)
        selves = self._selves(item)
        self._learn_children()
        keys = (key for one in selves for key in (one.key, *self._former.get(one.issue.id, ())))
        names = {*((one.issue.id, "") for one in selves), *(("", key) for key in keys)}
        every = (found for name in names for found in self._under.get(name, ()))
        below = self._need(found.id for found in every if subtasks or not found.subtask)
        return tuple(child for child in below if self._parent(child) is item)

    def _learn_children(self) -> None:
        """Which issues name one of those that were read so far as their parent, by its id or by a key alone."""
        self._learn_keys()
        fresh = self._held.order[self._looked :]
        self._looked += len(fresh)
        keys = (key for ref in fresh for key in (self.read[ref].key, *self._former.get(ref, ())))
        below = self._store.below(self.name, fresh, keys) if fresh else []
        for found in below:
            name = (found.parent, "") if found.parent else ("", found.key)
            self._under.setdefault(name, set()).add(found)
        near = [found.id for found in below if not found.subtask]
        if len(near) <= BLOCK:  # what is asked about one by one costs as much for each as all of them together
            self._need(near)

    @cached_property
    def _families(self) -> dict[str, list[Item]]:
        """Children by their parent's id, once all are there."""
        found: dict[str, list[Item]] = {}
        for item in self.items.values():
            parent = self._parent(item)
            if parent is not None:
                found.setdefault(parent.issue.id, []).append(item)
        return found

    def _parent(self, item: Item) -> Item | None:
        return None if item.alias or item.issue.parent_id is None else self.item(item.issue.parent_id)

    # over time

    def fact_at(self, item: Item, t: int) -> ItemFact:
        """An item's fact as of an instant up to this view's."""
        settled = t >= item.last_change and item.fact.kind in ENDED and (item.gone_at is None or item.gone_at <= t)
        if t >= self.as_of or settled:
            return item.fact
        moves = item.issue.moved_to is not None
        return fold(item.issue, item.changes, self.rules, t, item.gone_at, moves=moves).fact

    # what projects have

    def is_used(self, field: Field, project_id: str) -> bool:
        """Whether an issue of a project holds anything in a field."""
        here = (item.issue for item in self.read.values() if item.issue.project_id == project_id)
        if any(not issue.value(field).empty for issue in here):
            return True
        return not self.whole and self._store.is_used(self.name, field, project_id, self.as_of)
