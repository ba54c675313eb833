"""A small GitLab in memory, as its connector hands it over: labels as statuses, milestones and cadences by their days.

Histories are written as in `tests.delivery.world`: `O0 D2 C5`, O open, R ready, D dev, V review, T test, X rejected and
? a label that was deleted, C closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from okr_delivery.config import Config
from okr_delivery.delivery.derive import deriver
from okr_delivery.delivery.keys import project_of, split
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.model.work import (
    EMPTY,
    Category,
    Change,
    Field,
    Issue,
    Iteration,
    IterationKind,
    IterationState,
    Status,
    Value,
    joined_labels,
)
from okr_delivery.okrs import OkrBook
from okr_delivery.store import Store
from tests.delivery.world import AS_OF, at, config, path

SOURCE = "lab"
MONDAY = date(2026, 3, 2)  # day 0
URL = "https://gitlab.acme.cn"
STATES = {"O": "opened", "R": "41", "D": "42", "V": "43", "T": "44", "X": "45", "?": "label-46", "C": "closed"}
NAMES = {
    "opened": "Open",
    "closed": "Closed",
    "41": "ready",
    "42": "dev",
    "43": "review",
    "44": "test",
    "45": "rejected",
}
PROJECTS = {"acme/pay": "77", "acme/web": "78", "other/app": "79"}
RANK = {Field.STATUS: 1, Field.RESOLUTION: 1, Field.LABELS: 2, Field.ITERATION: 3}

STATUSES = tuple(
    Status(SOURCE, ref, NAMES[ref], category, order)
    for order, (ref, category) in enumerate(
        [
            ("opened", Category.NEW),
            *((ref, Category.INDETERMINATE) for ref in ("41", "42", "43", "44", "45")),
            ("closed", Category.DONE),
        ]
    )
)
SOURCES = """\
version: 1
calendar: {timezone: %s}
sources:
  - name: lab
    type: gitlab
    url: https://gitlab.acme.cn
    groups: [acme, other]
    statuses:
      label_scope: workflow
      order: [Open, ready, workflow::dev, review, test, Closed]
      commitment: workflow::ready
      start: dev
      wait: [workflow::review]
      cancelled: [workflow::rejected]
"""
YAML = SOURCES + "teams: [{id: pay, select: [{source: lab}], iterations: {from: milestones}}]\n"

Moves = Sequence[tuple[float, str | None]]


@dataclass
class Card:
    """One issue. `fields` maps a field to its initial text and (day, text) steps; `moved` is (day, key it lives on)."""

    key: str
    way: str
    fields: Mapping[Field, tuple[str | None, Moves]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    created: float = 0
    type: str = "Issue"
    moved: tuple[float, str] | None = None
    resolution: tuple[float, Value] | None = None
    parent: str | None = None

    @property
    def id(self) -> str:
        return id_of(self.key)

    @property
    def project(self) -> str:
        return project_of(self.key)

    def build(self) -> tuple[Issue, tuple[Change, ...]]:
        steps = path(self.way)
        told = {Field.STATUS: (steps[0][0], [(day, name) for name, day in steps[1:]]), **self.fields}
        changes = [change for name, (first, moves) in told.items() for change in self._changes(name, first, moves)]
        current = {name: value(name, moves[-1][1] if moves else first) for name, (first, moves) in told.items()}
        if self.labels:
            current[Field.LABELS] = Value(None, joined_labels(self.labels))
        resolution = (self.moved[0], Value("moved", "Moved")) if self.moved else self.resolution
        if resolution is not None:
            order = RANK[Field.RESOLUTION] * 10**15 + 1
            changes.append(Change(self.id, order, 1, at(resolution[0]), Field.RESOLUTION, EMPTY, resolution[1]))
            current[Field.RESOLUTION] = resolution[1]
        return self._issue(current), tuple(sorted(changes, key=lambda c: c.order))

    def _changes(self, name: Field, first: str | None, moves: Moves) -> Iterable[Change]:
        before = first
        for n, (day, after) in enumerate(moves):
            order = RANK.get(name, 6) * 10**15 + n
            yield Change(self.id, order, 0, at(day), name, value(name, before), value(name, after))
            before = after

    def _issue(self, current: Mapping[Field, Value]) -> Issue:
        above = {} if self.parent is None else {Field.PARENT: Value(id_of(self.parent), self.parent)}
        return Issue(
            source=SOURCE,
            id=self.id,
            key=self.key,
            project_id=PROJECTS.get(self.project, "80"),
            project=self.project,
            type_id=self.type.lower(),
            type=self.type,
            subtask=self.type == "Task",
            title=f"Title of {self.key}",
            created=at(self.created),
            updated=at(AS_OF),
            url=f"{URL}/{self.project}/-/issues/{self.key.rpartition('#')[2]}",
            parent_id=None if self.parent is None else id_of(self.parent),
            parent_key=self.parent,
            current={**above, **{name: one for name, one in current.items() if not one.empty}},
            moved_to=None if self.moved is None else id_of(self.moved[1]),
        )


def id_of(key: str) -> str:
    """Ids of issues are global: iids repeat in every project."""
    found = split(key)
    assert found is not None
    return str(1000 * int(PROJECTS.get(found.project, "80")) + int(found.number))


def value(name: Field, text: str | None) -> Value:
    if text is None:
        return EMPTY
    if name is Field.STATUS:
        return Value(STATES[text], NAMES.get(STATES[text], "gone"))
    if name is Field.ITERATION:
        return Value(text, ", ".join(f"title of {one}" for one in text.split(",")))
    return Value(None, joined_labels(text.split()) if name is Field.LABELS else text)


def held(first: str | None, *moves: tuple[float, str | None]) -> dict[Field, tuple[str | None, Moves]]:
    """What the field of milestones and iterations held."""
    return {Field.ITERATION: (first, moves)}


def timebox(
    ref: str,
    first: int | None,
    last: int | None,
    *,
    closed: bool = False,
    project: str | None = None,
    group: str | None = None,
    cadence: str | None = None,
) -> Iteration:
    """A milestone, or with `cadence` an iteration of it, from day `first` to day `last`, both included."""
    return Iteration(
        SOURCE,
        ref if cadence is None else f"iteration-{ref}",
        f"M{ref}",
        IterationState.CLOSED if closed else IterationState.ACTIVE,
        order=int(ref),
        kind=IterationKind.MILESTONE if cadence is None else IterationKind.ITERATION,
        first_day=None if first is None else MONDAY + timedelta(days=first),
        last_day=None if last is None else MONDAY + timedelta(days=last),
        board_id=cadence,
        project_id=None if project is None else PROJECTS[project],
        group=group,
    )


def settings(folder: Path, text: str = YAML, zone: str = "UTC") -> Config:
    return config(folder, text, zone)


def fill(
    store: Store, made: Config, cards: Iterable[Card], iterations: Iterable[Iteration] = (), *, fetched: float = AS_OF
) -> None:
    """Writes cards as one page of a sync that ended."""
    built = [card.build() for card in cards]
    ids = [issue.id for issue, _ in built]
    with store.page(SOURCE) as tx:
        tx.put_statuses(STATUSES)
        tx.put_iterations(iterations)
        tx.put_issues([issue for issue, _ in built])
        tx.put_changes(ids, [change for _, changes in built for change in changes])
        deriver(made)(tx, SOURCE, ids)
        tx.set_state(complete=1, reason=None, fetched_at=at(fetched))


def snapshot(store: Store, made: Config, day: float = AS_OF) -> Snapshot:
    """The snapshot at a day; there are no OKRs in this world."""
    return Snapshot.at(store, made, cast("OkrBook", None), at(day))
