"""Requirement → key results: the union of all explicit carriers, amounts by precedence, the parent as last resort."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import ended, started
from okr_delivery.delivery.rules import calendar_of
from okr_delivery.delivery.teams import Role
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.contribution import Carrier, Contribution
from okr_delivery.model.numbers import total
from okr_delivery.model.okr import KeyResult
from okr_delivery.model.work import Field, Kind, Membership
from okr_delivery.okrs import Readings
from okr_delivery.value.carriers import CARRIER_FIELDS, Seen, Voice
from okr_delivery.value.draft import Draft
from okr_delivery.value.heard import Heard
from okr_delivery.value.krs import Names, Way, needs_amount, span_of, way_of
from okr_delivery.value.results import LinkFault, Links
from okr_delivery.value.split import Split

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot

MAX_DEPTH = 8  # of parents


def links_at(
    snapshot: Snapshot, item: Item, at: int | None = None, *, day: date | None = None, readings: Readings | None = None
) -> Links:
    """All that an issue says about key results at an instant (default: the snapshot's).

    Short ids are resolved on `day`; by default the start of the running or coming iteration that holds the issue, else
    the instant's local day. Without `readings`, sizes on at_least and at_most key results have no span.
    """
    return reader(snapshot, readings).links(item, snapshot.as_of if at is None else at, day=day)


def frozen_links(
    snapshot: Snapshot, item: Item, committed_at: int, *, day: date | None = None, readings: Readings | None = None
) -> Links:
    """The version in force at the commitment (added work: at joining).

    If no amount was in force then, the first version after it that states one is used and its contributions are
    marked `late`; later ones never replace what was in force.
    """
    return reader(snapshot, readings).frozen(item, committed_at, day=day)


_READERS: weakref.WeakKeyDictionary[Snapshot, LinkReader] = weakref.WeakKeyDictionary()


def reader(snapshot: Snapshot, readings: Readings | None = None) -> LinkReader:
    """The snapshot's reader; it keeps what it worked out as long as the snapshot lives."""
    found = _READERS.get(snapshot)
    if found is None or (readings is not None and found.readings is not readings):
        found = LinkReader(snapshot, readings if readings is not None else Readings(()))
        _READERS[snapshot] = found
    return found


class LinkReader:
    """Reads links of many issues of one snapshot."""

    def __init__(self, snapshot: Snapshot, readings: Readings) -> None:
        self._snapshot = weakref.ref(snapshot)
        self.readings = readings
        self.names = Names(snapshot.book)
        self._heard: dict[str, Heard] = {}
        self._memo: dict[tuple[str, str, int, date], Links] = {}
        self._own: dict[tuple[str, str, int, date], Links] = {}  # without the parents'
        self._splits: dict[tuple[str, str, int, date], Split] = {}

    @property
    def snapshot(self) -> Snapshot:
        snapshot = self._snapshot()
        if snapshot is None:
            raise ReferenceError("the snapshot is gone")
        return snapshot

    # -- at an instant ---------------------------------------------------------------------------------------------

    def links(self, item: Item, t: int, *, day: date | None = None) -> Links:
        return self._links(item, t, self.day(item, t) if day is None else day, MAX_DEPTH)

    def _links(self, item: Item, t: int, day: date, depth: int) -> Links:
        place = (item.source, item.issue.id, t, day)
        if place not in self._memo:
            own = self._explicit(item, t, day)
            inherits = not own.stated and item.role is Role.REQUIREMENT and depth > 0
            self._memo[place] = self._inherited(item, t, day, depth) or own if inherits else own
        return self._memo[place]

    def day(self, item: Item, t: int) -> date:
        """The start of the iteration that holds the issue and is not over, else the local day of the instant."""
        known = self.snapshot.planned(item)
        held = [known[m.iteration_id] for m in item.memberships if m.iteration_id in known and _covers(m, t)]
        starts = [started(i) for i in held if ended(i) is None or (ended(i) or 0) > t]
        return self.calendar(item).local_date(min((at for at in starts if at is not None), default=t))

    def calendar(self, item: Item) -> Calendar:
        """The calendar of the issue's team; the whole file's for an issue that no team owns."""
        return self.snapshot.calendar(item.team) if item.team else calendar_of(self.snapshot.config)

    def span(self, kr: KeyResult, day: date) -> float | None:
        return span_of(kr, self.snapshot.book, day, self.readings)

    def way(self, kr: KeyResult, day: date) -> Way:
        return way_of(kr, self.snapshot.book, day, self.readings)

    def voice(self, item: Item, t: int) -> Voice:
        source = self.snapshot.config.source(item.source)
        known = partial(self.names.known, source=item.source)
        return Voice(item, t, self.seen(item), known, source.links.labels, source.untold)

    def seen(self, item: Item) -> Seen:
        """The issue's claim texts as syncs saw them."""
        if item.source not in self._heard:
            self._heard[item.source] = Heard(item.source)
        return self._heard[item.source].of(item, self.snapshot)

    def _explicit(self, item: Item, t: int, day: date) -> Links:
        place = (item.source, item.issue.id, t, day)
        if place not in self._own:
            self._own[place] = self._spoken(item, t, day)
        return self._own[place]

    def _spoken(self, item: Item, t: int, day: date) -> Links:
        voice = self.voice(item, t)
        order = self.snapshot.config.source(item.source).links.order
        draft = Draft(self.snapshot, self.names, self.way, item, day, order, voice.confidence())
        rank = {name: n for n, name in enumerate(order)}
        for stated in sorted(voice.claims(), key=lambda s: rank.get(s.carrier.value, len(rank))):
            draft.take(stated)
        return draft.links()

    # -- frozen ----------------------------------------------------------------------------------------------------

    def frozen(self, item: Item, committed_at: int, *, day: date | None = None) -> Links:
        day = self.calendar(item).local_date(committed_at) if day is None else day
        found, late = self.links(item, committed_at, day=day), False
        if not _says(found, self.snapshot.book.key_results):
            for t in self._later(item, committed_at):
                then = self.links(item, t, day=day)
                if _says(then, self.snapshot.book.key_results):
                    found, late = then, True
                    break
        settled = item.issue.updated <= committed_at  # whatever a sync saw later had stood since
        kept = (self._kept(c, committed_at, late=late, settled=settled) for c in found.contributions)
        return replace(found, contributions=tuple(kept))

    @staticmethod
    def _kept(stated: Contribution, committed_at: int, *, late: bool, settled: bool) -> Contribution:
        own = settled and stated.carrier is not Carrier.PARENT
        return replace(stated, frozen_at=committed_at, late=late or (not own and _first_heard(stated) > committed_at))

    def _later(self, item: Item, committed_at: int) -> list[int]:
        """Instants after the commitment at which a carrier of the issue or of a parent changed, or was seen changed."""
        found: set[int] = set()
        for speaker in self._speakers(item):
            found |= {c.ts for c in speaker.changes if c.field in CARRIER_FIELDS}
            found |= {claim.seen_at for claims in self.seen(speaker).values() for claim in claims}
        return sorted(t for t in found if committed_at < t <= self.snapshot.as_of)

    def _speakers(self, item: Item) -> list[Item]:
        """The issue and whom it may inherit from, as of the snapshot."""
        found = [item]
        while len(found) <= MAX_DEPTH and (parent := self.parent(found[-1], self.snapshot.as_of)) is not None:
            if parent in found:
                break
            found.append(parent)
        return found

    def frozen_at(self, item: Item) -> int | None:
        """When it last entered a running iteration, or one that then began, up to its end; None: it never did."""
        known = self.snapshot.planned(item)
        joined: list[int] = []
        for stay in item.memberships:
            begun = started(known[stay.iteration_id]) if stay.iteration_id in known else None
            if begun is None or (stay.left_at is not None and stay.left_at <= begun):
                continue
            joined.append(max(begun, stay.entered_at))
        done = item.fact.finished_at if item.fact.finished_at is not None else self.snapshot.as_of
        return max((at for at in joined if at <= done), default=None)

    # -- from the parent -------------------------------------------------------------------------------------------

    def _inherited(self, item: Item, t: int, day: date, depth: int) -> Links | None:
        """What the parent says, its amounts split over the requirement children; None when it says nothing."""
        parent = self.parent(item, t)
        if parent is None or Carrier.PARENT.value not in self.snapshot.config.source(item.source).links.order:
            return None
        theirs = self._links(parent, t, day, depth - 1)
        if not theirs.contributions and not theirs.problems:
            return None
        split = self.split(parent, t, day, also=item)
        parts = tuple(split.part(item, self._as_inherited(item, c)) for c in theirs.contributions)
        problems = [replace(p, carrier=Carrier.PARENT) for p in theirs.problems if p.fault is not LinkFault.DISAGREE]
        said = any(part.amount is not None for part in parts) and len(split.silent) > 1
        notes = (split.note(parent),) if said else ()
        return Links(parts, tuple(problems), inherited=True, stated=False, notes=(*theirs.notes, *notes))

    @staticmethod
    def _as_inherited(item: Item, stated: Contribution) -> Contribution:
        return replace(stated, issue_id=item.issue.id, issue_key=item.key, carrier=Carrier.PARENT)

    def parent(self, item: Item, t: int) -> Item | None:
        """The parent at an instant."""
        ref = item.at(Field.PARENT, t).id or (item.issue.parent_id if t >= item.last_change else None)
        return self.snapshot.item(item.source, ref) if ref and ref != item.issue.id else None

    def split(self, parent: Item, t: int, day: date, *, also: Item | None = None) -> Split:
        """How the parent's amounts were divided at an instant; `also`: a child that has another parent by now."""
        now = self.snapshot.children(parent, subtasks=False)
        if also is not None and also not in now:
            return self._divided(parent, (*now, also), t, day)
        place = (parent.source, parent.issue.id, t, day)
        if place not in self._splits:
            self._splits[place] = self._divided(parent, now, t, day)
        return self._splits[place]

    def _divided(self, parent: Item, known: Sequence[Item], t: int, day: date) -> Split:
        children = [c for c in known if self._takes_part(c, parent, t)]
        spoken = {c.issue.id: self._explicit(c, t, day) for c in children}
        own: dict[str, float] = {}
        for links in spoken.values():
            for stated in links.contributions:
                own[stated.kr] = total((own.get(stated.kr, 0.0), stated.amount or 0.0))
        silent = [c for c in children if not spoken[c.issue.id].stated]
        linked = {stated.kr for links in spoken.values() for stated in links.contributions}
        weights = {c.issue.id: c.number_at(Field.ESTIMATE, t) for c in silent}
        return Split(own, weights, tuple(c.key for c in silent), frozenset(linked))

    def _takes_part(self, child: Item, parent: Item, t: int) -> bool:
        """A requirement that was a child at the instant, and neither cancelled nor gone."""
        if child.role is not Role.REQUIREMENT or child.issue.created > t:
            return False
        if child.gone_at is not None and child.gone_at <= t:
            return False
        stay = next((i for i in reversed(child.intervals) if i.entered_at <= t), None)
        found = self.parent(child, t)
        return found is parent and (stay is None or stay.kind is not Kind.CANCELLED)

    def is_split(self, item: Item, kr: str, t: int, day: date) -> bool:
        """Whether children carry this issue's amount on the key result: then it is itself in no sum."""
        split = self.split(item, t, day)
        return bool(split.silent) or kr in split.linked


def _covers(stay: Membership, t: int) -> bool:
    return stay.entered_at <= t and (stay.left_at is None or stay.left_at > t)


def _first_heard(stated: Contribution) -> int:
    """When it was said: by the tracker's history, else when a sync first saw it; 0 when nobody can tell."""
    return stated.stated_at if stated.stated_at is not None else stated.seen_at or 0


def _says(links: Links, krs: Mapping[str, KeyResult]) -> bool:
    """Whether it was settled: an amount, a link that needs none, or work declared to serve no key result."""
    if links.non_okr is not None and not links.contributions:
        return True
    return any(c.amount is not None or not needs_amount(krs[c.kr]) for c in links.contributions)
