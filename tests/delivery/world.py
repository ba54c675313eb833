"""A small tracker in memory: histories written as `B0 R1 D2.5`, statuses B R D V T F G X, days counted from DAY0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from okr_delivery.config import Config, load
from okr_delivery.config.sources import StatusSettings
from okr_delivery.delivery.derive import deriver
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.delivery.statusmap import StatusMap, compile_map
from okr_delivery.model.work import (
    EMPTY,
    Board,
    Category,
    Change,
    Field,
    Issue,
    Iteration,
    IterationState,
    Status,
    Value,
)
from okr_delivery.okrs import OkrBook
from okr_delivery.store import Store

DAY = 86_400
DAY0 = 1_772_409_600  # Mon 2026-03-02T00:00:00Z
SOURCE = "jira"
AS_OF = 30

STATUSES = tuple(
    Status(SOURCE, ref, ref, category, order)
    for order, (ref, category) in enumerate(
        [
            ("B", Category.NEW),
            ("R", Category.NEW),
            ("D", Category.INDETERMINATE),
            ("V", Category.INDETERMINATE),
            ("T", Category.INDETERMINATE),
            ("F", Category.DONE),
            ("G", Category.DONE),
            ("X", Category.DONE),
        ]
    )
)
SETTINGS = StatusSettings(
    order=("B", "R", "D", "V", "T", "F", "G"),
    commitment="R",
    start="D",
    wait=("V",),
    done=("F", "G"),
    cancelled=("X",),
)
RULES: StatusMap = compile_map(SETTINGS, STATUSES, SOURCE)

YAML = """\
version: 1
calendar: {timezone: %s}
sources:
  - name: jira
    type: jira
    url: https://acme.example.com
    projects: [PAY]
    non_okr: {types: {defect: [Bug]}}
    statuses: {order: [B, R, D, V, T, F, G], commitment: R, start: D, wait: [V], done: [F, G], cancelled: [X]}
"""


def at(day: float) -> int:
    """The instant of a (fraction of a) day."""
    return DAY0 + round(day * DAY)


def path(text: str) -> list[tuple[str, float]]:
    """`B0 D2.5` as [(B, 0), (D, 2.5)]."""
    return [(m[1], float(m[2])) for m in re.finditer(r"(\S)([0-9.]+)", text)]


Steps = Sequence[tuple[float, str | None]]


@dataclass
class Story:
    """One issue's history. `fields` maps a field to its initial value and (day, value) steps."""

    key: str
    way: str
    created: float = 0
    fields: Mapping[Field, tuple[str | None, Steps]] = field(default_factory=dict)
    subtask_of: str | None = None
    type: str = "Story"
    project: str = "PAY"
    complete: bool = True
    gone: float | None = None
    resolved: float | None = None
    actor: str | None = None

    @property
    def id(self) -> str:
        return str(10_000 + int(self.key.rpartition("-")[2]))

    def build(self) -> tuple[Issue, tuple[Change, ...]]:
        steps = path(self.way)
        histories = {Field.STATUS: (steps[0][0], [(day, name) for name, day in steps[1:]]), **self.fields}
        changes, current = [], {}
        for name, (first, moves) in histories.items():
            before = first
            for n, (day, after) in enumerate(moves):
                changes.append(self._change(day, name, before, after, n))
                before = after
            current[name] = value(name, before)
        return self._issue(current), tuple(sorted(changes, key=lambda c: c.order))

    def _change(self, day: float, name: Field, old: str | None, new: str | None, n: int) -> Change:
        history = 1000 * int(name) + n
        return Change(self.id, history, 0, at(day), name, value(name, old), value(name, new), self.actor)

    def _issue(self, current: Mapping[Field, Value]) -> Issue:
        parent = self.subtask_of
        parent_id = None if parent is None else str(10_000 + int(parent.rpartition("-")[2]))
        above = {} if parent is None else {Field.PARENT: Value(parent_id, parent)}
        return Issue(
            source=SOURCE,
            id=self.id,
            key=self.key,
            project_id=f"id-{self.project}",
            project=self.project,
            type_id=f"id-{self.type}",
            type=self.type,
            subtask=parent is not None,
            title=f"Title of {self.key}",
            created=at(self.created),
            updated=at(AS_OF),
            resolved=None if self.resolved is None else at(self.resolved),
            parent_id=parent_id,
            parent_key=parent,
            history_complete=self.complete,
            current={**above, **current},
        )


def value(name: Field, text: str | None) -> Value:
    """Numbers and labels are texts without an id, as trackers have them."""
    if text is None:
        return EMPTY
    if name in (Field.ESTIMATE, Field.LABELS, Field.FLAGGED):
        return Value(None, text)
    return Value(text, f"name of {text}" if name is Field.ITERATION else text)


def sprint(ref: str, start: float, end: float, *, closed: float | None = None, **more: Any) -> Iteration:
    """A sprint of board 1: closed when `closed` is given, else active."""
    state = IterationState.ACTIVE if closed is None else IterationState.CLOSED
    found = Iteration(SOURCE, ref, f"S{ref}", state, start=at(start), end=at(end), board_id="1", order=int(ref))
    return replace(found, closed_at=None if closed is None else at(closed), **more)


def config(folder: Path, text: str = YAML, zone: str = "UTC") -> Config:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "okr-delivery.yaml").write_text(text.replace("%s", zone), encoding="utf-8")
    return load(None, cwd=folder, env={})


def fill(
    store: Store,
    settings: Config,
    stories: Iterable[Story],
    iterations: Iterable[Iteration] = (),
    *,
    fetched: float = AS_OF,
    derive: bool = True,
    extra: Iterable[tuple[Issue, Sequence[Change]]] = (),
) -> None:
    """Writes a world as one page of a sync that ended, derivations included unless told otherwise."""
    built = [story.build() for story in stories] + list(extra)
    ids = [issue.id for issue, _ in built]
    with store.page(SOURCE) as tx:
        tx.put_statuses(STATUSES)
        tx.put_boards([Board(SOURCE, "1", "PAY board", "scrum", "PAY")])
        tx.put_iterations(iterations)
        tx.put_issues([issue for issue, _ in built])
        tx.put_changes(ids, [change for _, changes in built for change in changes])
        if derive:
            deriver(settings)(tx, SOURCE, ids)
        tx.set_state(complete=1, reason=None, fetched_at=at(fetched))


def snapshot(store: Store, settings: Config, day: float = AS_OF, *, teams: Sequence[str] | None = None) -> Snapshot:
    """The snapshot at a day; there are no OKRs in this world."""
    return Snapshot.at(store, settings, cast("OkrBook", None), at(day), teams=teams)
