"""What a reader of an iteration report sees, section by section: plain frozen dataclasses.

Sentences and labels are rendered already; numbers stay beside them unrounded (ratios 0..1, durations in days, amounts
raw in the key result's unit and sign, None = unknown). Dates are local dates of the team. `url` is None unless it is
safe to link. Titles and names are tracker text: an encoder of the medium has still to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from okr_delivery.report.chartdata import FlowChart, PaceChart, SayDoChart, ScatterChart


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what is needed to judge it. `text` says why when there is no number."""

    id: str
    label: str
    value: float | None
    unit: str
    text: str
    status: str
    n: int
    excluded: tuple[tuple[str, int], ...]
    excluded_text: str
    definition: str
    as_of: str


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An issue named as an example; a confidential one has no title."""

    key: str
    title: str | None
    url: str | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ItemClass:
    """A class of issues: how many, the first few, and a sentence for the rest (None when all are named)."""

    id: str
    label: str
    n: int
    items: tuple[WorkItem, ...]
    more: str | None


@dataclass(frozen=True, slots=True)
class SourceLine:
    name: str
    complete: bool
    fetched_at: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Head:
    """`since` and `until` are the iteration's bounds as facts; `provisional` while it is open."""

    team: str
    team_name: str
    source: str
    iteration: str
    name: str
    since: date | None
    until: date
    provisional: bool
    as_of: str
    day: date
    rule_hash: str
    period: str
    stamp: str
    summary: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """`verdict` is hit, missed or None."""

    objective: str | None
    objective_title: str | None
    text: str | None
    verdict: str | None
    verdict_text: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Health:
    id: str
    title: str
    value: float | None
    limit: str
    day: date | None
    met: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class Movement:
    """One key result: where it stands, how its reading moved in the iteration, and the three series."""

    kr: str
    id: str
    title: str
    unit: str | None
    baseline: float | None
    target: float | None
    original_target: float | None
    value: float | None
    before: float | None
    change: float | None
    change_text: str
    since_text: str | None
    progress: float | None
    expected_progress: float | None
    progress_text: str
    status: str
    status_text: str
    verdict: str
    verdict_text: str
    reading_day: date | None
    reading_text: str
    independent: bool
    stale: bool
    health: tuple[Health, ...]
    arithmetic: str
    promised: float | None
    delivered: float | None
    observed: float | None
    realisation: float | None
    series_text: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    definition: str
    chart: PaceChart | None


@dataclass(frozen=True, slots=True)
class ObjectiveLine:
    id: str
    title: str
    progress: float | None
    weakest: str | None
    no_data: tuple[str, ...]
    text: str
    arithmetic: str


@dataclass(frozen=True, slots=True)
class KeyResults:
    headline: str
    movements: tuple[Movement, ...]
    objectives: tuple[ObjectiveLine, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """Say/do, delivered ratio and scope change in its parts. Without iteration sets only the sentence."""

    headline: str
    figures: tuple[Figure, ...]
    parts: tuple[tuple[str, str], ...]
    classes: tuple[ItemClass, ...]
    notes: tuple[str, ...]
    chart: SayDoChart | None


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """How one project reaches its users; `notes` say why some figures are missing."""

    source: str
    project: str
    environments: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    headline: str
    figures: tuple[Figure, ...]
    quality: tuple[Figure, ...]
    ageing: ItemClass | None
    notes: tuple[str, ...]
    chart: ScatterChart | None
    services: tuple[ServiceFigures, ...]


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """One requirement's part in one key result. `conclusion` is a verb of conclusions.yaml."""

    source: str
    key: str
    title: str | None
    url: str | None
    kr: str
    unit: str | None
    expected: float | None
    low: float | None
    high: float | None
    confidence: float | None
    expected_text: str
    delivered: bool
    committed: bool
    late: bool
    state_text: str
    window_start: date | None
    window_end: date | None
    window: str
    window_text: str
    measured: float | None
    allocated: float | None
    method: str | None
    realised_text: str
    conclusion: str | None
    conclusion_text: str
    reason: str | None
    due: date | None


@dataclass(frozen=True, slots=True)
class OpenConclusion:
    """A decision that is asked of somebody: the one place where a person is named."""

    key: str
    title: str | None
    url: str | None
    kr: str
    due: date | None
    asked: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    headline: str
    figures: tuple[Figure, ...]
    rows: tuple[RequirementRow, ...]
    open: tuple[OpenConclusion, ...]
    unmeasured: ItemClass | None
    unlinked: str
    notes: tuple[str, ...]
    chart: FlowChart | None


@dataclass(frozen=True, slots=True)
class Check:
    """One data-quality check that found something; `metrics` are ids of what it touches."""

    id: str
    label: str
    n: int
    share: float | None
    share_text: str
    keys: tuple[str, ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataQuality:
    headline: str
    sources: tuple[SourceLine, ...]
    checks: tuple[Check, ...]
    gaps: tuple[str, ...]
    excluded: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One thing to try next, proposed by rule from the figures above, and the metric that would show it."""

    rule: str
    because: str
    text: str
    metric: str
    metric_text: str


@dataclass(frozen=True, slots=True)
class IterationReport:
    """The whole report of one team's iteration, in reading order."""

    lang: str
    head: Head
    goal: Goal
    key_results: KeyResults
    promise: Promise
    flow: Flow
    value: Value
    data_quality: DataQuality
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Report:
    """One document: the iterations asked for, in order."""

    lang: str
    iterations: tuple[IterationReport, ...]
