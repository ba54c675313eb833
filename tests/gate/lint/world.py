"""OKR files of one example on disk, read as a user's are, and the desk that rules are asked from."""

from __future__ import annotations

import json
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from okr_delivery.config import Config, load
from okr_delivery.gate.lint.rule import CycleRule, LintExample, LintRule, OkrRule
from okr_delivery.gate.lint.subject import Desk, Subject, SubjectKind, Work
from okr_delivery.gate.rule import Fault, NotApplicable, Outcome
from okr_delivery.model.message import Message
from okr_delivery.model.okr import Cycle, KeyResult
from okr_delivery.okrs import load_okrs, load_readings

CONFIG = """\
version: 1
calendar: {timezone: Asia/Shanghai}
sources: [{name: jira, type: jira, url: "https://acme.atlassian.net", projects: [PAY]}]
teams: [{id: payments, select: [{source: jira}]}]
"""
CYCLE = "2026Q4"
Row = dict[str, Any]
MORE_OBJECTIVES = (
    "Shops find every answer on their own before they have to call us",
    "New shops sell on the very day they register",
    "Couriers arrive when buyers are at home",
    "Buyers recommend us to their families",
    "Suppliers see their money the day after delivery",
)
MORE_KEY_RESULTS = (
    "Share of orders that are paid in three steps rises from 20 % to 60 %",
    "Refused payments fall from 9 % to 4 % of all attempts",
    "Complaints about checkout fall from 120 to 40 a week",
    "Time to pay falls from 90 s to 30 s",
    "Share of repeat buyers rises from 12 % to 18 %",
)


def metric(n: int) -> Row:
    return {"unit": "%", "direction": "increase", "baseline": 10 + n, "target": 40 + n}


def key_result(name: str, title: str, owner: str | None, measured: Any, example: LintExample) -> Row:
    made: Row = {"id": name, "title": title, "metric": dict(measured)}
    made |= {"owner": owner} if owner else {}
    made |= {"rationale": example.rationale} if example.rationale else {}
    if example.health:
        made["health"] = [{"id": "health", "title": example.health, "unit": "%", "at_most": 2}]
    return made


def objective(name: str, title: str, example: LintExample, krs: list[Row]) -> Row:
    made: Row = {"id": name, "title": title, "level": example.level, "kind": example.kind}
    made |= {"source": example.source, "key_results": krs}
    made |= {"owner": example.owner} if example.owner else {}
    return made | ({"aligns_to": ["ABOVE:TOP-KR1"]} if example.parent else {})


def document(cycle: str, start: str, end: str, state: str, objectives: list[Row]) -> Row:
    return {"cycle": {"id": cycle, "start": start, "end": end, "state": state}, "objectives": objectives}


def files(example: LintExample) -> Iterator[tuple[str, Row]]:
    """What the example's OKR files hold: its cycle, what it aligns to, and the cycle before."""
    first = key_result("GROW-KR1", example.title, example.owner, example.metric, example)
    rest = [
        key_result(f"GROW-KR{n + 1}", MORE_KEY_RESULTS[n - 1], example.owner, metric(n), example)
        for n in range(1, example.key_results)
    ]
    krs = [first, *rest]
    objectives = [objective("GROW", example.objective, example, krs[: example.key_results])]
    for n in range(1, example.objectives):
        more = [key_result(f"MORE{n}-KR{m}", MORE_KEY_RESULTS[m], "lin", metric(m), LintExample()) for m in (0, 1)]
        objectives.append(objective(f"MORE{n}", MORE_OBJECTIVES[n - 1], example, more))
    if example.before is not None and krs:
        krs[0]["continues"] = "2026Q3:GROW-KR1"
    yield CYCLE, document(CYCLE, example.starts, "2026-12-31", "active", objectives)
    if example.parent is not None:
        top = key_result("TOP-KR1", example.parent, "wang", metric(3), LintExample())
        above = {"id": "TOP", "title": "Small towns shop with us", "level": "company", "source": "self_driven"}
        rows = [above | {"owner": "wang", "key_results": [top]}]
        yield "ABOVE", document("ABOVE", example.parent_starts, "2027-12-31", "active", rows)
    if example.before is not None or example.before_objective is not None:
        title, earlier = example.before or MORE_KEY_RESULTS[0], example.before_objective or "Small towns know us"
        old = key_result("GROW-KR1", title, "lin", metric(4), LintExample())
        rows = [{"id": "GROW", "title": earlier, "owner": "lin", "source": "self_driven", "key_results": [old]}]
        yield "2026Q3", document("2026Q3", "2026-07-01", "2026-09-30", "closed", rows)


def written(example: LintExample, root: Path) -> Config:
    """The configuration of a folder that holds the example's files."""
    (root / "okrs").mkdir(parents=True)
    (root / "readings").mkdir()
    (root / "okr-delivery.yaml").write_text(CONFIG, "utf-8")
    for name, content in files(example):
        (root / "okrs" / f"{name}.yaml").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    lines = ["kr,date,value", *(f"{CYCLE}:GROW-KR1,{day},{value}" for day, value in example.readings.items())]
    if example.key_results and example.metric["direction"] not in ("milestones", "yes_no", "composite"):
        (root / "readings" / "q4.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return load(root / "okr-delivery.yaml", cwd=root, env={})


@dataclass(frozen=True)
class Done:
    """Work that serves every key result but those of `idle`."""

    idle: frozenset[str] = frozenset()
    missing: tuple[Message, ...] = ()
    computed: Mapping[str, float] = field(default_factory=dict)

    def serves(self, kr: KeyResult) -> bool:
        return kr.full_id not in self.idle

    def doubts(self, cycle: Cycle) -> tuple[Message, ...]:
        return self.missing


def desk_of(example: LintExample) -> Desk:
    """The example's files, read, and the work that it speaks of."""
    with tempfile.TemporaryDirectory() as folder:
        config = written(example, Path(folder) / "work")
        book = load_okrs(config)
        work = Done() if example.worked else Done(frozenset({f"{CYCLE}:GROW-KR1"}))
        return Desk(book, load_readings(config, book), config, date.fromisoformat(example.today), work)


def subject_of(desk: Desk, kind: SubjectKind) -> Subject:
    """The example's own objective or key result."""
    return desk.subject(f"{CYCLE}:GROW" if kind is SubjectKind.OBJECTIVE else f"{CYCLE}:GROW-KR1")


def answers(rule: type[OkrRule], desk: Desk) -> Iterator[Outcome]:
    """What a rule says of everything in the example that it is asked about."""
    made = rule()
    if isinstance(made, LintRule):
        for kind in made.subjects:
            if kind is SubjectKind.OBJECTIVE or f"{CYCLE}:GROW-KR1" in desk.book.key_results:
                yield made.check(subject_of(desk, kind), desk)
    elif isinstance(made, CycleRule):
        yield made.check(desk.book.cycles[CYCLE], desk)


def faults(rule: type[OkrRule], example: LintExample) -> list[Fault]:
    """What a rule finds in an example."""
    found = [one for one in answers(rule, desk_of(example)) if not isinstance(one, NotApplicable)]
    return [fault for one in found for fault in one]


def desk_of_files(
    root: Path,
    okrs: Mapping[str, str],
    *,
    readings: str = "",
    config: str = CONFIG,
    day: str = "2026-11-21",
    work: Work | None = None,
) -> Desk:
    """OKR files as texts, by their names, written into a folder and read."""
    (root / "okrs").mkdir(parents=True)
    (root / "readings").mkdir()
    (root / "okr-delivery.yaml").write_text(config, "utf-8")
    for name, text in okrs.items():
        (root / "okrs" / f"{name}.yaml").write_text(textwrap.dedent(text), "utf-8")
    if readings:
        (root / "readings" / "q4.csv").write_text("kr,date,value\n" + textwrap.dedent(readings), "utf-8")
    loaded = load(root / "okr-delivery.yaml", cwd=root, env={})
    book = load_okrs(loaded)
    return Desk(book, load_readings(loaded, book), loaded, date.fromisoformat(day), work)
