"""An issue at an instant: its timeline, its memberships and any field as it stood at any earlier moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from okr_delivery.delivery.teams import Role
from okr_delivery.model.work import Change, Field, Interval, Issue, ItemFact, Kind, Membership, Value

Version = tuple[int | None, Value]


@dataclass(eq=False)
class Item:
    """An issue as of a snapshot's instant. `team` is "" for one that no team owns.

    `fact`, `intervals` and `memberships` know nothing later than that instant; `memberships` are those in iterations
    of the team's kind, a sub-task's are its parent's; `own_memberships` are all that its own fields tell of.
    `last_change` is the last change of any kept field.
    """

    issue: Issue
    team: str
    role: Role
    non_okr: str | None
    fact: ItemFact
    intervals: tuple[Interval, ...]
    memberships: tuple[Membership, ...]
    own_memberships: tuple[Membership, ...]
    gone_at: int | None
    last_change: int
    rule_hash: str
    _load: Callable[[], tuple[Change, ...]] = field(repr=False)
    alias: bool = False  # it lives on as another issue that is held, and stands in no figure

    @property
    def key(self) -> str:
        return self.issue.key

    @property
    def source(self) -> str:
        return self.issue.source

    @property
    def ref(self) -> tuple[str, str]:
        """Source and id: ids of two sources overlap."""
        return self.issue.source, self.issue.id

    @property
    def open(self) -> bool:
        """Neither done, cancelled nor gone."""
        return self.fact.kind not in (Kind.DONE, Kind.CANCELLED) and self.fact.gone_at is None

    @property
    def counted(self) -> bool:
        """Whether delivery metrics may count it: sub-tasks and issues without their whole history are left out."""
        return self.role is not Role.SUBTASK and self.issue.history_complete

    @property
    def ended_at(self) -> int | None:
        """Finished, cancelled or gone, whichever came first to stay."""
        fact = self.fact
        return next((at for at in (fact.finished_at, fact.cancelled_at, fact.gone_at) if at is not None), None)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The whole kept history in order, read when first asked for; may reach beyond the snapshot's instant."""
        return self._load()

    @cached_property
    def _by_field(self) -> dict[Field, list[Change]]:
        found: dict[Field, list[Change]] = {}
        for change in self.changes:
            found.setdefault(change.field, []).append(change)
        return found

    def at(self, name: Field, t: int) -> Value:
        """A field at an instant: `new` of the last change up to it, else `old` of the next one, else current."""
        if t >= self.last_change:
            return self.issue.value(name)
        changes = self._by_field.get(name, ())
        value = changes[0].old if changes else self.issue.value(name)
        for change in changes:
            if change.ts > t:
                break
            value = change.new
        return value

    def versions(self, name: Field) -> tuple[Version, ...]:
        """The history of a field, oldest first; the initial value has None for its instant."""
        changes = self._by_field.get(name, ())
        first = changes[0].old if changes else self.issue.value(name)
        return ((None, first), *((change.ts, change.new) for change in changes))

    def number_at(self, name: Field, t: int) -> float | None:
        """A number field at an instant; None when empty or not a number."""
        return number(self.at(name, t))

    def member_of(self, iteration_id: str, at: int) -> bool:
        return any(
            m.iteration_id == iteration_id and m.entered_at <= at and (m.left_at is None or m.left_at > at)
            for m in self.memberships
        )


def number(value: Value) -> float | None:
    """The number a value holds, in its text or else its id."""
    for text in (value.name, value.id):
        if text is not None:
            try:
                found = float(text)
            except ValueError:
                continue
            return found if found == found and abs(found) != float("inf") else None
    return None
