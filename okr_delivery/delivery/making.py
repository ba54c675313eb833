"""Makes items of issues: whose each is, what part it plays, its timeline and its stays as of an instant."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from okr_delivery.delivery.derive import derive_one
from okr_delivery.delivery.item import Item
from okr_delivery.delivery.keys import project_of
from okr_delivery.delivery.moves import moved_at
from okr_delivery.delivery.planning import Planner
from okr_delivery.delivery.rules import derived_hash
from okr_delivery.delivery.statusmap import StatusMap
from okr_delivery.delivery.teams import Owners, Role, Traits, boards_of, classify
from okr_delivery.delivery.timeline import fold, reread
from okr_delivery.model.work import Change, Field, Issue, Iteration, Membership, labels_of
from okr_delivery.store.rows import Derived

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.store.reads import Reads

BLOCK = 500
KEPT_BLOCKS = 16


class Histories:
    """Changes of issues, read in blocks of those that were asked for together; the last few blocks are kept."""

    def __init__(self, store: Reads, source: str) -> None:
        self._store, self._source = store, source
        self._groups: list[Sequence[str]] = []
        self._place: dict[str, int] = {}
        self._blocks: OrderedDict[int, dict[str, tuple[Change, ...]]] = OrderedDict()

    def expect(self, ids: Sequence[str]) -> None:
        """Says whose changes may be asked for."""
        for start in range(0, len(ids), BLOCK):
            group = ids[start : start + BLOCK]
            self._place.update(dict.fromkeys(group, len(self._groups)))
            self._groups.append(group)

    def of(self, issue_id: str) -> tuple[Change, ...]:
        block = self._place[issue_id]
        if block not in self._blocks:
            self._blocks[block] = dict(self._store.changes(self._source, self._groups[block]))
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(block)
        return self._blocks[block].get(issue_id, ())


class Maker:
    """Makes the items of one source. `planner` answers how a team plans in it."""

    def __init__(
        self,
        store: Reads,
        source: Source,
        as_of: int,
        owners: Owners,
        planner: Callable[[str], Planner],
        rules: StatusMap,
        iterations: Mapping[str, Iteration],
        *,
        versions: bool,
    ) -> None:
        self._store, self._source, self._owners, self._planner = store, source, owners, planner
        self._rules, self._iterations, self._versions = rules, iterations, versions
        self._histories = Histories(store, source.name)
        self.name, self.as_of = source.name, as_of
        self.rule_hash = derived_hash(rules, versions=versions)

    def items(self, issues: Sequence[Issue], *, every: bool = False) -> Iterator[Item]:
        """One item for each issue, in their order. `every` says that they are, but for a few, all of the source's."""
        ids = [issue.id for issue in issues]
        self._histories.expect(ids)
        some = None if every else ids
        gone = self._store.gone(self.name, some)
        moved = frozenset(
            self._store.aliases(self.name).values() if some is None else self._store.former_keys(self.name, some)
        )
        for issue, derived in zip(issues, self._derived(issues, some), strict=True):
            yield self._item(issue, derived, gone.get(issue.id), issue.id in moved)

    def _derived(self, issues: Iterable[Issue], ids: Sequence[str] | None) -> Iterator[Derived]:
        """Stored derivations where they hold under today's rules, others made again."""
        stored = {d.issue_id: d for d in self._store.derived(self.name, ids)}
        for issue in issues:
            found = stored.pop(issue.id, None)
            if found is None or found.rule_hash != self.rule_hash:
                history = self._histories.of(issue.id)
                found = derive_one(issue, history, self._rules, self.rule_hash, versions=self._versions)
            yield found

    def _item(self, issue: Issue, derived: Derived, gone: int | None, moved: bool) -> Item:
        gone = self._gone_at(issue, gone)
        moves = issue.moved_to is not None
        read = None if moves else reread(issue, derived.intervals, derived.fact, self.as_of, gone)
        if read is None:
            timeline = fold(issue, self._histories.of(issue.id), self._rules, self.as_of, gone, moves=moves)
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

    def _gone_at(self, issue: Issue, gone: int | None) -> int | None:
        """When it was found gone, or left for another place, if that was by the instant of this view."""
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
            boards=boards_of(item.own_memberships, self._iterations, t),
        )


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
