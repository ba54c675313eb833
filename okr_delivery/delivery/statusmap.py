"""What each status of a source means: its stage on the way and its kind.

Settings name statuses by id or name in any case; what they don't name falls back to the tracker's category, and a
status without one is `unmapped`: quarantined and listed, never guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import LIVES_ON, Category, Kind, Status, Value

BEFORE = -1  # the stage of a status that stands before all configured ones, and of an unmapped one
UNKNOWN = (BEFORE, Kind.UNMAPPED)

_KIND = {
    Category.NEW: Kind.QUEUE,
    Category.INDETERMINATE: Kind.ACTIVE,
    Category.DONE: Kind.DONE,
    Category.CANCELLED: Kind.CANCELLED,
}
_RANK = {Category.NEW: 0, Category.INDETERMINATE: 1, Category.DONE: 2, Category.CANCELLED: 2}


class StatusSettings(Protocol):
    """The part of a source's configuration that this module reads; empty lists and None mean "by category"."""

    @property
    def order(self) -> Sequence[str]: ...
    @property
    def commitment(self) -> str | None: ...
    @property
    def start(self) -> str | None: ...
    @property
    def wait(self) -> Sequence[str]: ...
    @property
    def done(self) -> Sequence[str]: ...
    @property
    def cancelled(self) -> Sequence[str]: ...
    @property
    def not_delivered(self) -> Sequence[str]: ...
    @property
    def label_scope(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class StatusMap:
    """`kinds` maps a status id to (stage, kind); ids not in it are unmapped. Stages count from 0.

    `categories` maps a status id to 0 (new), 1 (in progress) or 2 (done). `problems` say what in the settings can't
    hold: they are for `require_sound`, because a status may still come while a source is being synced.
    """

    kinds: Mapping[str, tuple[int, Kind]]
    categories: Mapping[str, int]
    names: Mapping[str, str]
    stages: tuple[str, ...]
    commitment: int
    start: int
    not_delivered: frozenset[str]
    problems: tuple[Problem, ...] = ()
    scope: str | None = None  # of the labels that carry the workflow: names may be written with it

    @property
    def has_wait(self) -> bool:
        return any(kind is Kind.WAIT for _, kind in self.kinds.values())

    def stage_of(self, name: str) -> int | None:
        """The first stage of the statuses with this id or name, any case; None where none stands on a stage."""
        wanted = unscoped(name, self.scope).casefold()
        named = [ref for ref, known in self.names.items() if known.casefold() == wanted]
        found = [self.kinds.get(ref, UNKNOWN) for ref in ([name] if name in self.names else named)]
        return min((stage for stage, kind in found if stage != BEFORE and kind is not Kind.CANCELLED), default=None)

    def is_undelivered(self, resolution: Value) -> bool:
        """Whether a done issue with this resolution counts as cancelled: so named, or alive as another issue."""
        texts = (resolution.id, resolution.name)
        named = any(text is not None and text.casefold() in self.not_delivered for text in texts)
        return named or resolution.id in LIVES_ON

    @property
    def fingerprint(self) -> str:
        """Changes with anything that could change a timeline."""
        rows = [f"{status}:{stage}:{int(kind)}" for status, (stage, kind) in sorted(self.kinds.items())]
        points = [str(self.commitment), str(self.start), *sorted(self.not_delivered)]
        return hashlib.sha256("\x1f".join([*rows, "|", *points]).encode()).hexdigest()[:16]


def unscoped(name: str, scope: str | None) -> str:
    """A status as its tracker names it: people also write the label that carries it, with its scope in front."""
    prefix = f"{scope}::"
    return name[len(prefix) :] if scope and name.casefold().startswith(prefix.casefold()) else name


def compile_map(settings: StatusSettings, statuses: Iterable[Status], source: str) -> StatusMap:
    """Joins settings and the statuses that the tracker has. A point that names none of them takes its default."""
    return _Compiler(settings, statuses, source).build()


def require_sound(status_map: StatusMap) -> None:
    """Raises UserError with everything in the settings that the tracker's statuses contradict."""
    if status_map.problems:
        raise UserError(status_map.problems)


class _Compiler:
    def __init__(self, settings: StatusSettings, statuses: Iterable[Status], source: str) -> None:
        self.settings = settings
        self.source = source
        self.statuses = sorted(statuses, key=_natural_order)
        self.problems: dict[str, Problem] = {}
        self.order = self._order()
        self.place = {status.id: stage for stage, group in enumerate(self.order) for status in group}
        self.wait = self._ids(settings.wait)
        self.done = self._ids(settings.done)
        self.cancelled = self._ids(settings.cancelled)

    def build(self) -> StatusMap:
        start = self._start()
        commitment = self._point(self.settings.commitment, "commitment", start)
        kinds = {s.id: found for s in self.statuses if (found := self._kind(s, start)) is not None}
        return StatusMap(
            kinds=kinds,
            categories={s.id: _RANK[s.category] for s in self.statuses if s.category in _RANK},
            names={s.id: s.name for s in self.statuses},
            stages=tuple(group[0].name for group in self.order),
            commitment=commitment,
            start=start,
            not_delivered=self._not_delivered(),
            problems=(*self.problems.values(), *self._misplaced(kinds, start)),
            scope=self.settings.label_scope,
        )

    def _not_delivered(self) -> frozenset[str]:
        """Resolutions in lower case; where labels carry the workflow, one that stands on a closed issue is one too."""
        scope = self.settings.label_scope
        names = [*self.settings.not_delivered, *(self.settings.cancelled if scope else ())]
        ids = self.cancelled if scope else frozenset()
        return frozenset(unscoped(name, scope).casefold() for name in names) | ids

    def _order(self) -> list[list[Status]]:
        """The stages: as configured, several statuses of one name sharing a stage; else by category."""
        if self.settings.order:
            return [found for name in self.settings.order if (found := self._find(name))]
        return [[s] for s in self.statuses if s.category in _RANK]

    def _find(self, name: str) -> list[Status]:
        wanted = unscoped(str(name), self.settings.label_scope).casefold()
        by_name: dict[str, list[Status]] = {}
        for status in self.statuses:
            by_name.setdefault(status.name.casefold(), []).append(status)
        found = [s for s in self.statuses if s.id == str(name)] or by_name.get(wanted, [])
        if not found:
            near = get_close_matches(wanted, by_name, 1)
            self.problems[str(name)] = self._unknown(str(name), by_name[near[0]][0].name if near else None)
        return found

    def _ids(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(status.id for name in names for status in self._find(name))

    def _start(self) -> int:
        return self._point(self.settings.start, "start", self._first_active())

    def _first_active(self) -> int:
        """The first stage in which work goes on; where none does, the first behind all queues."""
        for stage, group in enumerate(self.order):
            if any(s.id in self.wait or self._is_work(s) for s in group):
                return stage
        return sum(1 for group in self.order if all(s.category is Category.NEW for s in group))

    def _is_work(self, status: Status) -> bool:
        ended = status.id in self.done or status.id in self.cancelled
        return not ended and status.category is Category.INDETERMINATE

    def _point(self, name: str | None, key: str, default: int) -> int:
        if name is None:
            return default
        stages = [self.place[s.id] for s in self._find(name) if s.id in self.place]
        if not stages:
            what = msg("delivery.status.point", point=key, status=str(name), source=self.source)
            self.problems[str(name)] = Problem(what, f"{self.where}: {key}", msg("delivery.status.point.next"))
        return min(stages, default=default)

    def _kind(self, status: Status, start: int) -> tuple[int, Kind] | None:
        """(stage, kind), or None: unmapped."""
        stage = self.place.get(status.id)
        for ids, kind in ((self.cancelled, Kind.CANCELLED), (self.done, Kind.DONE), (self.wait, Kind.WAIT)):
            if status.id in ids:
                return (self._stage_of(kind, start) if stage is None else stage, kind)
        if stage is None:
            return self._by_category(status, start)
        return stage, self._by_place(status, stage, start)

    def _stage_of(self, kind: Kind, start: int) -> int:
        return start if kind in (Kind.ACTIVE, Kind.WAIT) else len(self.order)

    def _by_category(self, status: Status, start: int) -> tuple[int, Kind] | None:
        """A status that the configured order leaves out."""
        kind = _KIND.get(status.category)
        if kind is None:
            return None
        return (BEFORE if kind is Kind.QUEUE else self._stage_of(kind, start), kind)

    def _by_place(self, status: Status, stage: int, start: int) -> Kind:
        if status.category is Category.CANCELLED:
            return Kind.CANCELLED
        if status.category is Category.DONE and not self._is_mid_flow(stage):
            return Kind.DONE
        if stage < start:
            return Kind.QUEUE
        if status.category is Category.NEW and stage != start:
            return Kind.QUEUE  # a problem: nothing waits to be started behind the start
        return Kind.ACTIVE

    def _is_mid_flow(self, stage: int) -> bool:
        """Some trackers give a step in the middle the category `done`: one before the first configured done stage."""
        done = [self.place[status] for status in self.done if status in self.place]
        return bool(done) and stage < min(done)

    def _misplaced(self, kinds: Mapping[str, tuple[int, Kind]], start: int) -> Iterator[Problem]:
        """Nothing may queue at or after the start, and nothing can wait before it."""
        for status in self.statuses:
            stage, kind = kinds.get(status.id, UNKNOWN)
            if kind is Kind.QUEUE and stage >= start:
                yield self._problem("delivery.status.late_queue", status)
        for status in self.statuses:
            if status.id in self.wait and self.place.get(status.id, start) < start:
                yield self._problem("delivery.status.early_wait", status)

    def _problem(self, message_id: str, status: Status) -> Problem:
        what = msg(message_id, status=status.name, source=self.source)
        return Problem(what, self.where, msg(f"{message_id}.next"))

    def _unknown(self, name: str, nearest: str | None) -> Problem:
        step: Message = msg("delivery.status.unknown.next")
        if nearest is not None:
            step = msg("delivery.status.unknown.nearest", nearest=nearest)
        return Problem(msg("delivery.status.unknown", status=name, source=self.source), self.where, step)

    @property
    def where(self) -> str:
        return f"sources: {self.source}: statuses"


def _natural_order(status: Status) -> tuple[int, int, int, str]:
    number = int(status.id) if status.id.isdecimal() else 0
    return (_RANK.get(status.category, 3), status.order, number, status.id)
