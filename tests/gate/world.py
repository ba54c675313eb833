"""A small company on a real store: configuration and OKR files on disk, issues in SQLite, real contribution lines."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from okr_delivery.config import Config, load
from okr_delivery.delivery.derive import deriver
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.gate.engine import GateInput, GateResult, run
from okr_delivery.gate.waivers import load_waivers
from okr_delivery.model.claims import claim_lines
from okr_delivery.model.work import (
    Category,
    Change,
    Field,
    FoundField,
    Issue,
    Iteration,
    IterationState,
    Status,
    Value,
)
from okr_delivery.okrs import load_effects, load_okrs, load_readings
from okr_delivery.store import Store, open_store
from okr_delivery.value.conclusions import load as load_conclusions

NOW = 1_795_000_000  # 2026-11-18T11:06:40Z, a Wednesday evening in Shanghai
DAY = 86_400

CONFIG = """\
version: 1
store: "sqlite:///store.db"
calendar: {timezone: Asia/Shanghai}
sources:
  - name: jira
    type: jira
    url: https://acme.atlassian.net
    projects: [PAY]
    non_okr: {labels: {run: [ops], debt: [tech-debt]}, types: {defect: [Bug]}, budget: 0.3}
teams:
  - id: payments
    select: [{source: jira}]
    objectives: [GROW]
    gate: {adopt: pitch}
gate: {since: 2026-11-16}
"""

OKRS = """\
cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31, state: active}
objectives:
  - id: GROW
    title: Merchants stay because checkout just works
    owner: lin
    source: self_driven
    key_results:
      - id: GROW-KR1
        title: 30-day retention
        weight: 2
        metric: {unit: "%", direction: increase, baseline: 38, target: 50}
      - id: GROW-KR2
        title: Refund ratio
        metric: {unit: "%", direction: range, low: 12, high: 14, tolerance: 2}
  - id: OPS
    title: Running costs halved while checkout stays up
    owner: zhao
    source: self_driven
    key_results:
      - id: COST-KR2
        title: Running costs
        metric: {unit: CNY, direction: decrease, baseline: 20000000, target: 8000000}
      - id: OPS-KR3
        title: Checkout live
        metric: {direction: milestones, items: [{id: beta, title: beta, due: 2026-11-15}]}
"""

PAST = """\
cycle: {id: 2026Q2, start: 2026-04-01, end: 2026-06-30, state: closed}
objectives:
  - id: OLD
    title: Merchants come because sign-up just works
    owner: lin
    source: self_driven
    key_results:
      - {id: OLD-KR1, title: Sign-ups, metric: {unit: "%", direction: increase, baseline: 10, target: 20}}
"""

FUTURE = """\
cycle: {id: 2027Q1, start: 2027-01-01, end: 2027-03-31, state: draft}
objectives:
  - id: NEXT
    title: Merchants recommend checkout to others
    owner: lin
    source: self_driven
    key_results:
      - {id: NEXT-KR1, title: Recommended, metric: {unit: "%", direction: increase, baseline: 5, target: 9}}
"""

GOAL = "GROW: checkout in three steps"
S27 = Iteration("jira", "27", "PAY S27", IterationState.ACTIVE, GOAL, NOW - 9 * DAY, NOW + 5 * DAY, order=1)
S28 = Iteration("jira", "28", "PAY S28", IterationState.FUTURE, GOAL, NOW + 5 * DAY, NOW + 19 * DAY, order=2)

READY = "Contributes-to: GROW-KR1 +1.5pp 60%"


def issue(number: int, description: str = READY, **changed: Any) -> Issue:
    """A requirement PAY-<number> that is ready for planning in PAY S28, unless told otherwise."""
    source, project = changed.pop("source", "jira"), changed.pop("project", "PAY")
    status = changed.pop("status", "1")
    current = {
        Field.STATUS: Value(status, {"1": "To Do", "2": "Done"}[status]),
        Field.CLAIM_LINES: Value(None, claim_lines(description) or None),
        Field.LABELS: Value(None, " ".join(changed.pop("labels", ())) or None),
        Field.ESTIMATE: Value(None, changed.pop("estimate", "3")),
        Field.PRIORITY: Value("2", "High") if changed.pop("priority", "High") else Value(),
        Field.USER_VALUE: Value(None, changed.pop("user_value", None)),
        Field.ITERATION: Value(changed.pop("iteration", "28"), None),
    }
    base: dict[str, Any] = {
        "source": source,
        "id": str(1000 + number),
        "key": f"{project}-{number}",
        "project_id": "1",
        "project": project,
        "type_id": "10",
        "type": "Story",
        "subtask": False,
        "title": f"Requirement {number}",
        "created": NOW - 40 * DAY,
        "updated": NOW - DAY,
        "url": f"https://acme.atlassian.net/browse/{project}-{number}",
        "creator": "fang",
        "current": {name: value for name, value in current.items() if not value.empty},
    }
    return Issue(**base | changed)


def joined(one: Issue, at: int, *, was: str | None = None) -> Change:
    """It came into the iteration that it is in, at an instant."""
    return Change(one.id, 1, 0, at, Field.ITERATION, Value(was, None), one.value(Field.ITERATION))


def finished(one: Issue, at: int) -> Change:
    """It was done at an instant."""
    return Change(one.id, 2, 0, at, Field.STATUS, Value("1", "To Do"), Value("2", "Done"))


@cache
def empty_store() -> bytes:
    """A store that was just made; making one takes longer than most of these tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        open_store(f"sqlite:///{path}", ledger=None).close()
        return path.read_bytes()


@dataclass
class World:
    """Files in `root`, issues in a store of its own. `gate(...)` asks one question."""

    root: Path
    config_text: str = CONFIG
    okrs: dict[str, str] = field(default_factory=lambda: {"2026Q4": OKRS, "2026Q2": PAST, "2027Q1": FUTURE})
    url: str | None = None
    _store: Store | None = None

    def write(self) -> Config:
        """Writes the files (again) and loads the configuration."""
        self.root.mkdir(exist_ok=True)
        (self.root / "okr-delivery.yaml").write_text(self.config_text, "utf-8")
        (self.root / "okrs").mkdir(exist_ok=True)
        for name, text in self.okrs.items():
            (self.root / "okrs" / f"{name}.yaml").write_text(text, "utf-8")
        env = {"OKR_DELIVERY_STORE": self.url} if self.url else {}
        return load(self.root / "okr-delivery.yaml", cwd=self.root, env=env)

    @property
    def store(self) -> Store:
        if self._store is None:
            config = self.write()
            if self.url is None and not (self.root / "store.db").exists():
                (self.root / "store.db").write_bytes(empty_store())
            self._store = open_store(config.store_url, ledger=self.root / "ledger")
        return self._store

    def synced(
        self,
        *issues: Issue,
        source: str = "jira",
        iterations: tuple[Iteration, ...] = (S27, S28),
        changes: Sequence[Change] = (),
        **state: object,
    ) -> World:
        """Puts issues and iterations as a complete sync of an hour ago would; `state` overrides the source's row.

        `changes` are in the order of their instants.
        """
        config = self.write()
        with self.store.page(source) as tx:
            statuses = [("1", "To Do", Category.NEW), ("2", "Done", Category.DONE)]
            tx.put_statuses([Status(source, ref, name, category) for ref, name, category in statuses])
            tx.put_iterations(iterations)
            tx.put_fields([FoundField("user_value", "customfield_7", "User value", "name")])
            tx.put_issues(issues)
            tx.put_changes([i.id for i in issues], changes)
            deriver(config)(tx, source, [i.id for i in issues])
            done = {"complete": 1, "reason": None, "fetched_at": NOW - 3600, "first_synced_at": NOW - 30 * DAY}
            tx.set_state(**done | state)
        return self

    def waivers(self, text: str) -> World:
        (self.root / "okr-delivery.waivers.yaml").write_text(textwrap.dedent(text), "utf-8")
        return self

    def snapshot(self, as_of: int = NOW, teams: list[str] | None = None) -> Snapshot:
        config = self.write()
        return Snapshot.at(self.store, config, load_okrs(config), as_of, teams=teams)

    def gate(
        self, *, as_of: int = NOW, teams: list[str] | None = None, waive: bool = True, now: int = NOW, **asked: Any
    ) -> GateResult:
        snapshot = self.snapshot(as_of, teams)
        readings = load_readings(snapshot.config, snapshot.book)
        waivers = load_waivers(snapshot.config) if waive else None
        effects = load_effects(snapshot.config, snapshot.book)
        decided = load_conclusions(snapshot.config, snapshot.book)
        given = {"waivers": waivers, "effects": effects, "conclusions": decided, **asked}
        return run(GateInput(snapshot, readings, now, **given))

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
