"""Objectives and key results as the user's files declare them. Progress is computed in `okr_delivery.okrs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class CycleState(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    REVIEW = "review"
    CLOSED = "closed"


class Direction(StrEnum):
    INCREASE = "increase"
    DECREASE = "decrease"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    RANGE = "range"
    MILESTONES = "milestones"
    YES_NO = "yes_no"
    ISSUES = "issues"
    DELIVERY = "delivery"
    COMPOSITE = "composite"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a thing is declared: path relative to the config's folder, 1-based line."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Cycle:
    """Dates include their day."""

    id: str
    start: date
    end: date
    state: CycleState


@dataclass(frozen=True, slots=True)
class MilestoneItem:
    id: str
    title: str
    due: date | None = None
    weight: float = 1.0
    done: date | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """How a key result is measured. Members that its direction does not use are None or empty."""

    direction: Direction
    unit: str | None = None
    baseline: float | None = None
    target: float | None = None
    low: float | None = None  # range
    high: float | None = None  # range
    tolerance: float | None = None  # range
    items: tuple[MilestoneItem, ...] = ()  # milestones
    due: date | None = None  # yes_no
    done: date | None = None  # yes_no
    source: str | None = None  # issues
    jql: str | None = None  # issues
    count: str | None = None  # issues
    name: str | None = None  # delivery
    statistic: str | None = None  # delivery
    team: str | None = None  # delivery
    rule: str | None = None  # composite: all | mean
    parts: tuple[str, ...] = ()  # composite


@dataclass(frozen=True, slots=True)
class HealthMetric:
    id: str
    title: str
    unit: str | None = None
    at_most: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """A declared change of the target in mid-cycle."""

    on: date
    target: float
    reason: str
    by: str
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class KeyResult:
    id: str
    cycle: str
    objective: str
    title: str
    metric: Metric
    location: Location
    owner: str | None = None
    weight: float = 1.0
    continues: str | None = None
    tracker: str | None = None
    plan: Mapping[str, float] = field(default_factory=dict)  # "2026-10" -> value at that month's end
    health: tuple[HealthMetric, ...] = ()
    cadence_days: int = 7
    read_by: str | None = None
    lag_days: int = 0
    observe_days: int = 28
    rationale: str | None = None
    amendments: tuple[Amendment, ...] = ()

    @property
    def full_id(self) -> str:
        return f"{self.cycle}:{self.id}"


@dataclass(frozen=True, slots=True)
class Objective:
    id: str
    cycle: str
    title: str
    location: Location
    owner: str | None = None
    level: str = "team"
    kind: str = "business"
    source: str = "aligned"
    value: str | None = None
    weight: float = 1.0
    aligns_to: tuple[str, ...] = ()
    key_results: tuple[KeyResult, ...] = ()

    @property
    def full_id(self) -> str:
        return f"{self.cycle}:{self.id}"


@dataclass(frozen=True, slots=True)
class IterationGoal:
    """An `iterations:` entry of an OKR file."""

    team: str
    iteration: str  # name or id
    objective: str | None
    goal: str | None
    key_results: tuple[str, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value. `series` is a full key-result id, `CYCLE:KR` or `CYCLE:KR/health-id`."""

    series: str
    day: date
    value: float
    source: str | None = None
    author: str | None = None
    independent: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A measured effect of one requirement on one key result, in the key result's unit."""

    source: str
    issue: str
    kr: str  # full id
    day: date
    value: float
    method: str  # experiment | holdout | did | before_after
    low: float | None = None
    high: float | None = None
    author: str | None = None
    independent: bool = False
    note: str | None = None
