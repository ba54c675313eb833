"""One source as of an instant: its rules, iterations and issues, read once and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.derive import derive_one
from okr_delivery.delivery.item import Item
from okr_delivery.delivery.keys import project_of
from okr_delivery.delivery.moves import lives_on, moved_at
from okr_delivery.delivery.parents import adopted
from okr_delivery.delivery.planning import Planner
from okr_delivery.delivery.rules import derived_hash, status_map
from okr_delivery.delivery.statusmap import StatusMap, require_sound
from okr_delivery.delivery.teams import Owners, Role, Traits, boards_of, classify
from okr_delivery.delivery.timeline import fold, reread
from okr_delivery.model.work import Change, Field, Issue, ItemFact, Iteration, Kind, Membership, labels_of
from okr_delivery.store.rows import Derived

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.store.reads import Reads

ENDED = (Kind.DONE, Kind.CANCELLED)
BLOCK = 500
KEPT_BLOCKS = 16


class Histories:
    """Changes of issues, read in blocks of neighbours; the last few blocks are kept."""

    def __init__(self, store: Reads, source: str, ids: Sequence[str]) -> None:
        self._store, self._source, self._ids = store, source, ids
        self._place = {one: i // BLOCK for i, one in enumerate(ids)}
        self._blocks: OrderedDict[int, dict[str, tuple[Change, ...]]] = OrderedDict()

    def of(self, issue_id: str) -> tuple[Change, ...]:
        block = self._place[issue_id]
        if block not in self._blocks:
            ids = self._ids[block * BLOCK : (block + 1) * BLOCK]
            self._blocks[block] = dict(self._store.changes(self._source, ids))
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(block)
        return self._blocks[block].get(issue_id, ())


class SourceView:
    """Issues created up to the instant, each with its owner, role, timeline and memberships."""

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
        self.as_of = as_of
        self.name = source.name

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
        return {item.issue.project.casefold(): item.issue.project_id for item in self.items.values()}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Former keys, and the keys of issues that live on as another one, each with the id of the issue meant."""
        known = self._former_keys | {item.key: ref for ref, item in self.items.items() if item.alias}
        found = ((key, ref, self.item(ref)) for key, ref in known.items())
        return {key: ref if item is None else item.issue.id for key, ref, item in found}

    @cached_property
    def _former_keys(self) -> dict[str, str]:
        return dict(self._store.aliases(self.name))

    @cached_property
    def gone(self) -> dict[str, int]:
        return dict(self._store.gone(self.name))

    @cached_property
    def items(self) -> dict[str, Item]:
        """By issue id, in the store's order."""
        stored = (issue for issue in self._store.issues(self.name) if issue.created <= self.as_of)
        issues = adopted(stored, self._former_keys)
        self._histories = Histories(self._store, self.name, [issue.id for issue in issues])
        moved = frozenset(self._former_keys.values())
        found = {i.id: self._item(i, d, i.id in moved) for i, d in zip(issues, self._derived(issues), strict=True)}
        self._inherit(found)
        self._set_aside(found)
        return found

    @cached_property
    def _children(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.items.values():
            parent = None if item.alias or item.issue.parent_id is None else self.item(item.issue.parent_id)
            if parent is not None:
                found.setdefault(parent.issue.id, []).append(item)
        return found

    def children(self, item: Item) -> tuple[Item, ...]:
        return tuple(self._children.get(item.issue.id, ()))

    def item(self, issue_id: str) -> Item | None:
        """An issue by its id; of one that was moved, the issue that it lives on as, where that is held."""
        held = [ref for ref in (issue_id, *self.lives_on(issue_id)) if ref in self.items]
        return self.items[held[-1]] if held else None

    def lives_on(self, issue_id: str) -> tuple[str, ...]:
        """Ids of the issues that a moved one lives on as, one after another; () for one that was not moved."""
        return lives_on(issue_id, self._moves)

    @cached_property
    def _moves(self) -> dict[str, str]:
        moved = ((ref, item.issue.moved_to) for ref, item in self.items.items())
        return {ref: target for ref, target in moved if target is not None}

    def _derived(self, issues: Iterable[Issue]) -> Iterator[Derived]:
        """Stored derivations where they hold under today's rules, others made again."""
        rule_hash = derived_hash(self.rules, versions=self._versions)
        stored = {d.issue_id: d for d in self._store.derived(self.name)}
        for issue in issues:
            found = stored.pop(issue.id, None)
            if found is None or found.rule_hash != rule_hash:
                history = self._histories.of(issue.id)
                found = derive_one(issue, history, self.rules, rule_hash, versions=self._versions)
            yield found

    def _item(self, issue: Issue, derived: Derived, moved: bool) -> Item:
        gone = self._gone_at(issue)
        moves = issue.moved_to is not None
        read = None if moves else reread(issue, derived.intervals, derived.fact, self.as_of, gone)
        if read is None:
            timeline = fold(issue, self._histories.of(issue.id), self.rules, self.as_of, gone, moves=moves)
            read = timeline.intervals, timeline.fact
        stays = _cut(derived.memberships, self.as_of)
        item = Item(
            issue=issue,
            team="",
            role=Role.OTHER,
            non_okr=None,
            fact=read[1],
            intervals=read[0],
            memberships=stays,
            own_memberships=stays,
            gone_at=gone,
            last_change=derived.fact.last_change,
            rule_hash=derived.rule_hash,
            _load=lambda: self._histories.of(issue.id),
        )
        self._assign(item, moved)
        return item

    def _gone_at(self, issue: Issue) -> int | None:
        """When it was found gone, or left for another place, if that was by the instant of this view."""
        gone = self.gone.get(issue.id)
        if issue.moved_to is not None:
            left = moved_at(issue, self._histories.of(issue.id))
            gone = left if gone is None else min(gone, left)
        return gone if gone is not None and gone <= self.as_of else None

    def _assign(self, item: Item, moved: bool) -> None:
        traits = self._traits(item, moved)
        item.team = self._owners.owner(self.name, traits) or ""
        item.memberships = self._planner(item.team).stays(item.own_memberships, item.intervals, self.as_of)
        types = (traits.type, traits.type_id)
        item.role, item.non_okr = classify(self._source, subtask=item.issue.subtask, types=types, labels=traits.labels)

    def _traits(self, item: Item, moved: bool) -> Traits:
        issue, t = item.issue, self.as_of
        finished = item.fact.finished_at
        project = item.at(Field.PROJECT, t if finished is None else finished) if moved else None
        kind, labels = item.at(Field.TYPE, t), item.at(Field.LABELS, t)
        key = project.name if project is not None and project.name else issue.project
        return Traits(
            project=_project_key(item, project.id) if project is not None and project.id else key,
            project_id=issue.project_id if project is None or project.id is None else project.id,
            type=kind.name or issue.type,
            type_id=kind.id or issue.type_id,
            labels=frozenset(labels_of(labels)),
            components=_components_at(item, t),
            boards=boards_of(item.own_memberships, self.iterations, t),
        )

    def _inherit(self, items: dict[str, Item]) -> None:
        """Sub-tasks are where their parents are: team and iterations."""
        for item in items.values():
            parent = items.get(item.issue.parent_id or "")
            if item.issue.subtask and parent is not None:
                item.team, item.memberships = parent.team, parent.memberships

    def _set_aside(self, items: dict[str, Item]) -> None:
        """What lives on as an issue that is held is that issue: the old one is in no figure."""
        moves = {ref: item.issue.moved_to for ref, item in items.items() if item.issue.moved_to is not None}
        for ref in moves:
            if any(target in items for target in lives_on(ref, moves)):
                items[ref].alias, items[ref].team, items[ref].role = True, "", Role.OTHER

    def fact_at(self, item: Item, t: int) -> ItemFact:
        """An item's fact as of an instant up to this view's."""
        settled = t >= item.last_change and item.fact.kind in ENDED and (item.gone_at is None or item.gone_at <= t)
        if t >= self.as_of or settled:
            return item.fact
        moves = item.issue.moved_to is not None
        return fold(item.issue, item.changes, self.rules, t, item.gone_at, moves=moves).fact


def _cut(stays: Iterable[Membership], as_of: int) -> tuple[Membership, ...]:
    """Stays as they were known at an instant."""
    known = (m for m in stays if m.entered_at <= as_of)
    return tuple(replace(m, left_at=None) if m.left_at is not None and m.left_at > as_of else m for m in known)


def _project_key(item: Item, project_id: str) -> str:
    """The key of a former project, from the issue's former keys; trackers name projects in prose there."""
    if project_id == item.issue.project_id:
        return item.issue.project
    for change in item.changes:
        if change.field is Field.PROJECT and change.old.id == project_id:
            known = [c.old.name or c.old.id for c in item.changes if c.field is Field.KEY and c.ts == change.ts]
            return next((found for key in known if key and (found := project_of(key))), item.issue.project)
    return item.issue.project


def _components_at(item: Item, t: int) -> frozenset[str]:
    value = item.at(Field.COMPONENTS, t)
    if t >= item.last_change or value == item.issue.value(Field.COMPONENTS):
        return frozenset(item.issue.components)
    return frozenset((value.name or "").splitlines())
