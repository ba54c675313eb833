"""Worlds drawn at random for three teams of one tracker that plan by sprints, by weeks and by versions.

Issues are moved, renamed, gone, restored from a ledger without a derivation, below others by id or by key alone; what
was derived may have been derived by other rules than those of today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from hypothesis import strategies as st

from okr_delivery.config import Config
from okr_delivery.delivery.derive import deriver
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.model.work import EMPTY, Board, Change, Field, Issue, Iteration, IterationKind, IterationState, Value
from okr_delivery.okrs import OkrBook
from okr_delivery.store import Store
from tests.delivery.lab import MONDAY
from tests.delivery.world import SOURCE, STATUSES, YAML, at, config, sprint

TEAMS = """\
teams:
  - {id: pay, select: [{source: jira, projects: [PAY]}], iterations: {from: sprints}}
  - {id: flow, select: [{source: jira, projects: [OPS]}], iterations: {from: calendar, weeks: 1, start: 2026-03-02}}
  - {id: web, select: [{source: jira, projects: [WEB]}], iterations: {from: versions}}
"""
TODAY = YAML.replace("projects: [PAY]", "projects: [PAY, OPS, WEB]") + TEAMS
OTHER_RULES = TODAY.replace("start: D", "start: T").replace("done: [F, G]", "done: [G]")
NO_VERSIONS = TODAY.replace("from: versions", "from: sprints")
PROJECTS = ("PAY", "OPS", "WEB")
ITERATIONS = (
    replace(sprint("6", 1, 5, closed=5), name="Six"),
    sprint("7", 5, 10, closed=10),
    sprint("8", 10, 18),
    replace(sprint("9", 25, 39), state=IterationState.FUTURE),
)
STAYS = (None, "6", "7", "8", "9", "6,7", "7,8")
RIDES = (None, "1", "2", "1,2")


def version(ref: str, last: int, *, released: bool) -> Iteration:
    state = IterationState.CLOSED if released else IterationState.FUTURE
    days = (MONDAY, MONDAY + timedelta(days=last))
    return Iteration(
        SOURCE, f"version-{ref}", f"R{ref}", state, order=int(ref), kind=IterationKind.VERSION, first_day=days[0],
        last_day=days[1], project_id="id-WEB",
    )  # fmt: skip


@dataclass(frozen=True)
class Ticket:
    """An issue, its history, when it was found gone, and whether only the ledger remembered it."""

    issue: Issue
    changes: tuple[Change, ...]
    gone: int | None = None
    restored: bool = False


@dataclass(frozen=True)
class World:
    """`derived_by` is the configuration that was in force when the pages came."""

    tickets: tuple[Ticket, ...]
    derived_by: str

    @property
    def keys(self) -> list[str]:
        """Every key that there is or was."""
        old = {c.old.name for t in self.tickets for c in t.changes if c.field is Field.KEY}
        return [t.issue.key for t in self.tickets] + sorted(key for key in old if key)

    def into(self, store: Store, folder: Path) -> Config:
        """Writes it as one page; answers the configuration of today."""
        by, today = config(folder / "then", self.derived_by), config(folder / "today", TODAY)
        whole = [t for t in self.tickets if not t.restored]
        ids = [t.issue.id for t in whole]
        with store.page(SOURCE) as tx:
            tx.put_statuses(STATUSES)
            tx.put_boards([Board(SOURCE, "1", "PAY board", "scrum", "PAY")])
            tx.put_iterations([*ITERATIONS, version("1", 8, released=True), version("2", 25, released=False)])
            tx.put_issues([t.issue for t in whole])
            tx.put_changes(ids, [change for t in whole for change in t.changes])
            deriver(by)(tx, SOURCE, ids)
            tx.tombstone({t.issue.id: t.gone for t in whole if t.gone is not None}, {})
            for t in self.tickets:
                if t.restored:
                    tx.put_gone(t.issue, t.changes, t.gone or at(20))
            tx.set_state(complete=1, reason=None, fetched_at=at(30))
        return today


def snapshot(store: Store, settings: Config, day: float) -> Snapshot:
    return Snapshot.at(store, settings, cast("OkrBook", None), at(day))


# -- one issue ---------------------------------------------------------------------------------------------------------

days = st.one_of(
    st.sampled_from([0.0, 4.99, 5.0, 7.0, 9.9995, 10.0, 14.0, 18.0]), st.floats(0, 29).map(lambda d: round(d, 2))
)


@st.composite
def histories(draw: st.DrawFn, ref: str, created: float) -> tuple[dict[Field, Value], list[Change]]:
    """Present values of the fields that matter to planning, and how they came about."""
    current: dict[Field, Value] = {}
    changes: list[Change] = []
    choices: Mapping[Field, Sequence[str | None]] = {
        Field.STATUS: "BRDVTFGX", Field.ITERATION: STAYS, Field.FIX_VERSION: RIDES, Field.PRIORITY: (None, "High"),
    }  # fmt: skip
    for name, among in choices.items():
        now = _value(draw(st.sampled_from(among)))
        moves = sorted(draw(st.lists(days, max_size=5 if name is Field.STATUS else 2)))
        for n, day in enumerate(d for d in moves if d >= created):
            after = _value(draw(st.sampled_from(among)))
            changes.append(Change(ref, 1000 * int(name) + n, 0, at(day), name, now, after))
            now = after
        current[name] = now
    return current, changes


def _value(text: str | None) -> Value:
    return EMPTY if text is None else Value(text, text)


@st.composite
def tickets(draw: st.DrawFn, number: int, count: int) -> Ticket:
    """`number` of `count`."""
    ref, project = str(10_000 + number), draw(st.sampled_from(PROJECTS))
    created = draw(st.sampled_from([0.0, 0.0, 3.0, 6.0, 12.0]))
    current, changes = draw(histories(ref, created))
    key = f"{project}-{number}"
    if draw(st.integers(0, 3)) == 0:
        changes += _renamed(ref, number, project, draw(st.sampled_from(PROJECTS)), max(created, draw(days)))
    parent = draw(st.one_of(st.none(), st.integers(1, count)))
    named = draw(st.sampled_from(["id", "both", "key", "old key"]))
    kind = draw(st.sampled_from(["Story", "Story", "Epic", "Bug", "Sub-task", "Sub-task"]))
    above = (None, None) if parent in (None, number) else _above(parent or 0, named, draw(st.sampled_from(PROJECTS)))
    moved = draw(st.one_of(st.none(), st.none(), st.none(), st.integers(1, count)))
    issue = Issue(
        source=SOURCE, id=ref, key=key, project_id=f"id-{project}", project=project, type_id=f"id-{kind}", type=kind,
        subtask=kind == "Sub-task", title=key, created=at(created), updated=at(30), parent_id=above[0],
        parent_key=above[1], moved_to=None if moved in (None, number) else str(10_000 + (moved or 0)),
        history_complete=draw(st.integers(0, 9)) > 0,
        current={**current, **({} if above == (None, None) else {Field.PARENT: Value(*above)})},
    )  # fmt: skip
    gone = draw(st.one_of(st.none(), st.none(), st.none(), days.map(at)))
    return Ticket(issue, tuple(sorted(changes, key=lambda c: c.order)), gone, gone is not None and draw(st.booleans()))


def _renamed(ref: str, number: int, to: str, before: str, day: float) -> list[Change]:
    """It was moved here from another project, which the tracker tells as it tells everything."""
    old = Value(f"id-{before}", f"Project {before}"), Value(f"id-{to}", f"Project {to}")
    keys = Value(None, f"{before}-9{number}"), Value(None, f"{to}-{number}")
    return [
        Change(ref, 90_000, 0, at(day), Field.PROJECT, *old),
        Change(ref, 90_000, 1, at(day), Field.KEY, *keys),
    ]


def _above(number: int, named: str, project: str) -> tuple[str | None, str | None]:
    key = f"{project}-9{number}" if named == "old key" else f"{project}-{number}"
    return (str(10_000 + number) if named in ("id", "both") else None, None if named == "id" else key)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A handful of issues, most of them the teams' own."""
    count = draw(st.integers(2, 9))
    made = tuple(draw(tickets(n, count)) for n in range(1, count + 1))
    return World(made, draw(st.sampled_from([TODAY, TODAY, OTHER_RULES, NO_VERSIONS])))
