"""A small organisation in a real store: one source, one team, two sprints, the OKR files of one quarter."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from okr_delivery.config import Config, load
from okr_delivery.delivery.derive import deriver
from okr_delivery.delivery.item import Item
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.model.okr import Effect, Reading
from okr_delivery.model.work import (
    Category,
    Change,
    Field,
    Issue,
    Iteration,
    IterationState,
    Link,
    Status,
    Value,
)
from okr_delivery.okrs import OkrBook, Readings, load_okrs
from okr_delivery.store import Store, open_store
from okr_delivery.value.conclusions import Conclusions
from okr_delivery.value.conclusions import load as load_conclusions

CONFIG = """
version: 1
calendar: {timezone: UTC}
sources:
  - name: jira
    type: jira
    url: https://acme.example
    projects: [PAY]
    non_okr: {labels: {run: [ops]}, types: {defect: [Bug]}}
    fields: {key_result: KR, contribution: Contribution, confidence: Confidence}
    statuses: {order: [To Do, Doing, Done], start: Doing}
teams:
  - {id: pay, select: [{source: jira}], objectives: [GROW]}
"""

OKRS = """
cycle: {id: 2026Q4, start: 2026-10-01, end: 2026-12-31}
objectives:
  - id: GROW
    title: Merchants stay because checkout just works
    owner: lin
    key_results:
      - id: GROW-KR1
        title: 30-day retention
        tracker: jira:OKR-17
        metric: {unit: "%", direction: increase, baseline: 38, target: 50}
        health: [{id: refund-rate, title: Refund rate, unit: "%", at_most: 2}]
        lag: 2d
        observe: 14d
      - {id: COST-KR2, title: Cost, metric: {unit: CNY, direction: decrease, baseline: 4000000, target: 3000000}}
      - {id: GMV-KR3, title: Monthly turnover, metric: {unit: 万元, direction: increase, baseline: 100, target: 300}}
      - {id: BAND-KR4, title: Refund ratio, metric: {unit: "%", direction: range, low: 12, high: 14, tolerance: 2}}
      - {id: OPS-KR5, title: Checkout live, metric: {direction: milestones, items: [{id: beta, title: beta}]}}
      - {id: AUD-KR6, title: Audit passed, metric: {direction: yes_no, due: 2026-12-01}}
      - id: CS-KR7
        title: Answered complaints
        metric: {direction: issues, source: jira, jql: "labels = cs AND type = Story", count: done, target: 4}
      - id: SPEED-KR8
        title: Faster
        metric:
          {direction: delivery, name: lead_time, statistic: p50, unit: d, team: pay, baseline: 45, target: 32}
      - {id: UP-KR9, title: Uptime, metric: {unit: "%", direction: at_least, target: 99.9}}
      - id: JQL-KR10
        title: Odd
        metric: {direction: issues, source: jira, jql: "labels = a OR labels = b", count: done, target: 4}
iterations: [{team: pay, iteration: S27, objective: GROW, goal: Three-step checkout, key_results: [GROW-KR1]}]
"""


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> int:
    """An instant of 2026, UTC."""
    return int(datetime(2026, month, day, hour, minute, tzinfo=UTC).timestamp())


SPRINTS = (
    Iteration("jira", "26", "S26", IterationState.CLOSED, None, at(10, 1), at(10, 14), at(10, 1), at(10, 14, 18)),
    Iteration(
        "jira", "27", "S27", IterationState.CLOSED, None, at(10, 15), at(10, 28), at(10, 15), at(10, 28, 18), order=1
    ),
    Iteration(
        "jira", "28", "S28", IterationState.ACTIVE, "Serves GROW this time", at(10, 29), at(11, 11), at(10, 29), order=2
    ),
    Iteration("jira", "29", "S29", IterationState.FUTURE, None, at(11, 12), at(11, 25), order=3),
)
STATUSES = (
    Status("jira", "1", "To Do", Category.NEW, 0),
    Status("jira", "2", "Doing", Category.INDETERMINATE, 1),
    Status("jira", "3", "Done", Category.DONE, 2),
)


@cache
def empty_store() -> bytes:
    """A store that was just made; making one takes longer than most of these tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        open_store(f"sqlite:///{path}", ledger=None).close()
        return path.read_bytes()


class World:
    """Collects issues, then answers snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "okrs").mkdir(parents=True)
        (folder / "okr-delivery.yaml").write_text(CONFIG, "utf-8")
        (folder / "okrs" / "q4.yaml").write_text(OKRS, "utf-8")
        self.issues: list[Issue] = []
        self.changes: list[Change] = []
        self.saw: list[tuple[int, dict[str, tuple[str, str, dict[Field, str]]]]] = []
        self.readings: list[Reading] = []
        self.effects: list[Effect] = []
        self.sprints = list(SPRINTS)
        self._store: Store | None = None
        self._files: tuple[tuple[str, ...], tuple[Config, OkrBook]] | None = None

    def configure(self, old: str, new: str) -> None:
        path = self.folder / "okr-delivery.yaml"
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    @property
    def config(self) -> Config:
        return self._read()[0]

    @property
    def book(self) -> OkrBook:
        return self._read()[1]

    def _read(self) -> tuple[Config, OkrBook]:
        """Configuration and OKRs, read again when a file was written."""
        paths = [self.folder / "okr-delivery.yaml", *sorted((self.folder / "okrs").iterdir())]
        texts = tuple(path.read_text("utf-8") for path in paths)
        if self._files is None or self._files[0] != texts:
            config = load(None, cwd=self.folder, env={})
            self._files = texts, (config, load_okrs(config))
        return self._files[1]

    def issue(
        self,
        number: int,
        lines: str = "",
        *,
        labels: str = "",
        kr: str = "",
        contribution: str = "",
        confidence: str = "",
        estimate: float | None = None,
        sprint: str = "",
        parent: int | None = None,
        links: Sequence[tuple[str, str]] = (),
        type_name: str = "Story",
        created: int = at(9, 20),
        done: int | None = None,
        history: Sequence[tuple[int, Field, str, str]] = (),
        whole: bool = True,
        subtask: bool = False,
        version: str = "",
    ) -> Issue:
        """An issue; `history` is (when, field, before, after) and `sprint` a comma list it was in from the start."""
        current = {
            Field.STATUS: Value("3", "Done") if done is not None else Value("1", "To Do"),
            Field.CLAIM_LINES: Value(None, lines or None),
            Field.LABELS: Value(None, labels or None),
            Field.KEY_RESULT: Value(None, kr or None),
            Field.CONTRIBUTION: Value(None, contribution or None),
            Field.CONFIDENCE: Value(None, confidence or None),
            Field.ESTIMATE: Value(None, None if estimate is None else str(estimate)),
            Field.ITERATION: Value(sprint or None, sprint or None),
            Field.FIX_VERSION: Value(version or None, version or None),
            Field.PARENT: Value(None if parent is None else str(parent), None if parent is None else f"PAY-{parent}"),
        }
        made = Issue(
            source="jira",
            id=str(number),
            key=f"PAY-{number}",
            project_id="1",
            project="PAY",
            type_id=type_name,
            type=type_name,
            subtask=subtask,
            title=f"Requirement {number}",
            created=created,
            updated=at(11, 1),
            url=f"https://acme.example/browse/PAY-{number}",
            parent_id=None if parent is None else str(parent),
            parent_key=None if parent is None else f"PAY-{parent}",
            links=tuple(Link("relates", key, summary) for key, summary in links),
            history_complete=whole,
            current={name: value for name, value in current.items() if not value.empty},
        )
        self.issues.append(made)
        if done is not None:
            self._change(made, done - 3600, Field.STATUS, Value("1", "To Do"), Value("2", "Doing"))
            self._change(made, done, Field.STATUS, Value("2", "Doing"), Value("3", "Done"))
        for ts, name, before, after in history:
            self._change(made, ts, name, _value(name, before), _value(name, after))
        return made

    def _change(self, issue: Issue, ts: int, name: Field, old: Value, new: Value) -> None:
        self.changes.append(Change(issue.id, len(self.changes) + 1, 0, ts, name, old, new))

    def see(self, seen_at: int, number: int, field: Field, text: str) -> None:
        """A sync saw this text of a carrier."""
        self.saw.append((seen_at, {str(number): (f"PAY-{number}", "pay", {field: text})}))

    def close_sprint(self, number: int, closed_at: int) -> None:
        """One of the sprints as its tracker tells of it after its end."""
        self.sprints[number] = replace(self.sprints[number], state=IterationState.CLOSED, closed_at=closed_at)

    def reading(self, series: str, month: int, day: int, value: float) -> None:
        moment = datetime(2026, month, day, tzinfo=UTC).date()
        self.readings.append(Reading(f"2026Q4:{series}", moment, value))

    def effect(
        self, number: int, kr: str, value: float, method: str = "experiment", day: tuple[int, int] = (11, 1)
    ) -> None:
        moment = datetime(2026, *day, tzinfo=UTC).date()
        self.effects.append(
            Effect("jira", f"PAY-{number}", f"2026Q4:{kr}", moment, value, method, low=value / 2, high=value * 2)
        )

    def snapshot(self, as_of: int = at(10, 30)) -> Snapshot:
        return Snapshot.at(self.filled(), self.config, self.book, as_of)

    def item(self, number: int, as_of: int = at(10, 30)) -> tuple[Snapshot, Item]:
        snapshot = self.snapshot(as_of)
        item = snapshot.item("jira", str(number))
        assert item is not None
        return snapshot, item

    def all_readings(self) -> Readings:
        return Readings.of(self.readings)

    def conclusions(self) -> Conclusions:
        return load_conclusions(self.config, self.book)

    def filled(self) -> Store:
        if self._store is None:
            path = self.folder / "store.db"
            path.write_bytes(empty_store())
            self._store = open_store(f"sqlite:///{path}", ledger=None)
            with self._store.page("jira") as tx:
                tx.put_statuses(STATUSES)
                tx.put_iterations(self.sprints)
                tx.put_issues(self.issues)
                ordered = sorted(self.changes, key=lambda c: c.order)
                tx.put_changes([issue.id for issue in self.issues], ordered)
                deriver(self.config)(tx, "jira", [issue.id for issue in self.issues])
                tx.set_state(complete=1, reason=None, fetched_at=at(11, 30))
                for seen_at, texts in self.saw:
                    tx.see_claims(texts, seen_at)
        return self._store

    def refill(self) -> None:
        """The next snapshot is one of a store with everything that was told since."""
        self.close()
        self._store = None

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


def _value(name: Field, text: str) -> Value:
    if not text:
        return Value()
    if name in (Field.ITERATION, Field.PARENT, Field.LINK):
        return Value(text, text)
    if name is Field.STATUS:
        return next(Value(status.id, status.name) for status in STATUSES if status.name == text)
    return Value(None, text)
