"""Who holds what of an iteration: each requirement's part in each key result, its window, and whether to decide on it.

The value trace and the list of what is due read the same rows, so they can't disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.results import IterationSets, Member
from okr_delivery.delivery.teams import Role
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.message import Message
from okr_delivery.model.okr import KeyResult
from okr_delivery.value.effects import Keys
from okr_delivery.value.links import LinkReader, reader
from okr_delivery.value.results import ObservationWindow, WindowState
from okr_delivery.value.windows import Stake, due_on, need_conclusion, window_of

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.conclusion import Conclusion
    from okr_delivery.model.work import Iteration
    from okr_delivery.okrs import Readings
    from okr_delivery.value.conclusions import Conclusions


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement on one key result."""

    item: Item
    member: Member
    kr: KeyResult
    stated: Contribution
    committed: bool
    delivered: bool
    window: ObservationWindow
    conclusion: Conclusion | None

    @property
    def key(self) -> tuple[str, str]:
        return f"{self.item.source}:{self.item.issue.id}", self.stated.kr


@dataclass(slots=True)
class Collected:
    """What the members of the iteration say: by key result, in the order people count, and what says nothing."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    notes: dict[str, list[Message]] = field(default_factory=dict)
    unlinked: list[tuple[Item, Member]] = field(default_factory=list)


class Stakes:
    """The rows of one team's iteration, as known at the snapshot's instant."""

    def __init__(
        self, snapshot: Snapshot, readings: Readings, conclusions: Conclusions, team_id: str, iteration: Iteration
    ) -> None:
        self.snapshot, self.conclusions = snapshot, conclusions
        self.calendar = snapshot.calendar(team_id)
        self.links: LinkReader = reader(snapshot, readings)
        self.sets: IterationSets = snapshot.sets(team_id, iteration)
        self._keys = Keys(snapshot)

    @cached_property
    def members(self) -> list[tuple[Item, Member, bool]]:
        """(item, member, committed) of everything that was committed or added, in the order people count."""
        both = [(m, True) for m in self.sets.committed] + [(m, False) for m in self.sets.added]
        found = [(self.snapshot.item(m.source, m.issue_id), m, committed) for m, committed in both]
        known = [(item, m, committed) for item, m, committed in found if item is not None]
        return sorted(known, key=lambda entry: (natural(entry[0].key), entry[0].source))

    @cached_property
    def collected(self) -> Collected:
        found = Collected()
        delivered = {m.ref for m in self.sets.delivered}
        for item, member, committed in self.members:
            stated, notes = self._stated(item, member)
            if not stated:
                found.unlinked.append((item, member))
            for one in stated:
                if self.links.is_split(item, one.kr, member.joined_at, self._day(member)):
                    continue
                found.rows.setdefault(one.kr, []).append(self._row(item, member, one, committed, item.ref in delivered))
                said = found.notes.setdefault(one.kr, [])
                said += [note for note in notes if note not in said]
        return found

    @cached_property
    def needed(self) -> frozenset[tuple[str, str]]:
        """The keys of the rows that `trace.conclude` wants a conclusion on, concluded ones included."""
        rows = self.collected.rows
        stakes = [
            Stake(row.key, kr, row.stated.amount)
            for kr in sorted(rows, key=natural)
            for row in rows[kr]
            if row.delivered
        ]
        settings = self.snapshot.config.trace.conclude
        return need_conclusion(stakes, settings.cover, settings.max)

    def due(self, row: Row) -> date | None:
        """The last day on which to conclude; None where nobody is asked to, any more."""
        if row.key not in self.needed or row.window.state is WindowState.CONCLUDED:
            return None
        return due_on(row.window, self.snapshot.config.trace.conclude.grace)

    def _day(self, member: Member) -> date:
        """The day on which short ids are read: the iteration's start, else the joining."""
        start = self.sets.window.start
        return self.calendar.local_date(member.joined_at if start is None else start)

    def _stated(self, item: Item, member: Member) -> tuple[Sequence[Contribution], Sequence[Message]]:
        if item.role is not Role.REQUIREMENT:
            return (), ()
        links = self.links.frozen(item, member.joined_at, day=self._day(member))
        return links.contributions, links.notes

    def _row(self, item: Item, member: Member, stated: Contribution, committed: bool, delivered: bool) -> Row:
        kr = self.snapshot.book.key_results[stated.kr]
        conclusion = self._concluded(item, member, stated.kr, delivered)
        released = self._released(item, member) if delivered else None
        window = window_of(released, kr, self.calendar, self.snapshot.as_of, conclusion)
        return Row(item, member, kr, stated, committed, delivered, window, conclusion)

    def _concluded(self, item: Item, member: Member, kr: str, delivered: bool) -> Conclusion | None:
        """What was last concluded. What was decided before the day of the delivery says nothing of what came of it."""
        found = self.conclusions.latest(item.source, self._keys.of(item), kr, self.snapshot.as_of)
        if found is None or not delivered or member.finished_at is None:
            return found
        day = self.calendar.local_date(member.finished_at)
        return None if self.calendar.local_date(found.at) < day else found

    def _released(self, item: Item, member: Member) -> date | None:
        """The day of its release; of one that is open again, the day on which the iteration delivered it."""
        found = self.snapshot.released(item)
        if found is not None:
            return found.day
        return None if member.finished_at is None else self.calendar.local_date(member.finished_at)
