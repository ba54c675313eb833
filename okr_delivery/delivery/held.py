"""The issues of one source that were asked for so far, each made once, with those on which its answers depend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.making import Maker
from okr_delivery.delivery.moves import lives_on
from okr_delivery.delivery.parents import adopted, nameless
from okr_delivery.delivery.teams import Role
from okr_delivery.model.work import Issue
from okr_delivery.store.codes import id_order

if TYPE_CHECKING:
    from okr_delivery.store.reads import Reads


class Held:
    """Issues created up to the instant; parents come with their children, and with a moved issue what it lives on as.

    `moves` maps the ids of moved issues to those of the new ones. Whatever is asked, in whatever order, an issue is the
    same object and says the same.
    """

    def __init__(self, store: Reads, source: str, as_of: int, maker: Callable[[], Maker], moves: Mapping[str, str]):
        self._store, self._name, self._as_of, self._maker, self._moves = store, source, as_of, maker, moves
        self._absent: set[str] = set()
        self._teams: dict[str, str] = {}  # whose those that were set aside were
        self.items: dict[str, Item] = {}
        self.order: list[str] = []  # their ids as they came
        self.whole = False

    def need(self, ids: Iterable[str]) -> list[Item]:
        """Those of these issues that there are, in the order of the store."""
        wanted = dict.fromkeys(ids)
        missing = [] if self.whole else [ref for ref in wanted if not self._settled(ref)]
        if missing:
            self._bring(missing)
        return [self.items[ref] for ref in sorted(wanted.keys() & self.items.keys(), key=id_order)]

    def everything(self) -> Mapping[str, Item]:
        """All issues by id, in the order of the store."""
        if not self.whole:
            self._bring_all()
        return self.items

    def _settled(self, ref: str) -> bool:
        return ref in self.items or ref in self._absent

    def _bring(self, ids: Sequence[str]) -> None:
        brought: dict[str, Issue] = {}
        wanted = list(ids)
        while wanted:
            found = [issue for issue in self._store.issues(self._name, wanted) if issue.created <= self._as_of]
            found = adopted(found, self._ids_of(nameless(found)))
            brought |= {issue.id: issue for issue in found}
            self._absent.update(ref for ref in wanted if ref not in brought)
            above = (ref for issue in found for ref in (issue.parent_id, issue.moved_to) if ref is not None)
            wanted = [ref for ref in dict.fromkeys(above) if ref not in brought and not self._settled(ref)]
        self._take(list(self._maker().items(list(brought.values()))))

    def _bring_all(self) -> None:
        issues = [issue for issue in self._store.issues(self._name) if issue.created <= self._as_of]
        if nameless(issues):
            issues = adopted(issues, self._store.aliases(self._name) | {issue.key: issue.id for issue in issues})
        known = self.items
        made = {
            item.issue.id: item for item in self._maker().items([i for i in issues if i.id not in known], every=True)
        }
        self.items = {issue.id: known.get(issue.id) or made[issue.id] for issue in issues}
        self.order += made
        self.whole = True
        self._settle(made.values())

    def _ids_of(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The ids of the issues that have these keys, else that had them."""
        if not keys:
            return {}
        rows = sorted(self._store.with_keys(self._name, keys), key=lambda row: id_order(row.id))
        present = {row.key: row.id for row in rows if row.created <= self._as_of}
        return dict(self._store.with_former_keys(self._name, keys)) | present

    def _take(self, items: Sequence[Item]) -> None:
        self.items |= {item.issue.id: item for item in items}
        self.order += (item.issue.id for item in items)
        self._settle(items)

    def _settle(self, items: Iterable[Item]) -> None:
        """What an issue has from others: sub-tasks are where their parents are, moved ones are set aside."""
        for item in items:
            if item.issue.subtask:
                above = self._above(item)
                item.team, item.memberships = self._teams.get(above.issue.id, above.team), above.memberships
        for item in items:
            if any(target in self.items for target in lives_on(item.issue.id, self._moves)):
                self._set_aside(item)

    def _above(self, item: Item) -> Item:
        """The first issue above a sub-task that is none; itself where there is none."""
        seen, here = {item.issue.id}, item
        while here.issue.subtask:
            above = self.items.get(here.issue.parent_id or "")
            if above is None:
                return here
            if above.issue.id in seen:
                return item
            seen.add(above.issue.id)
            here = above
        return here

    def _set_aside(self, item: Item) -> None:
        """What lives on as an issue that is held is that issue: the old one is in no figure."""
        self._teams[item.issue.id] = item.team
        item.alias, item.team, item.role = True, "", Role.OTHER
