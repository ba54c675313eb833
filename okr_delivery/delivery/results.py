"""What the delivery metrics answer: every number with its n, exclusions, definition and rule hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from okr_delivery.model.work import Iteration


class MetricStatus(StrEnum):
    OK = "ok"
    PARTIAL = "partial"
    TOO_FEW = "too_few"
    NO_DATA = "no_data"
    NOT_CONFIGURED = "not_configured"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Percentiles:
    """By nearest rank. `bands` are the 90 % order-statistics bounds of the three, an upper one of None is open."""

    p50: float | None
    p85: float | None
    p95: float | None
    bands: tuple[tuple[float | None, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """One number. Durations are in days (unit "d"). `value` None = not a number today, `status` says why."""

    value: float | None
    status: MetricStatus
    n: int
    unit: str
    definition: str  # id, e.g. "cycle_time/first_start-last_done/elapsed"
    rule_hash: str
    as_of: int
    excluded: Mapping[str, int] = field(default_factory=dict)
    percentiles: Percentiles | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The bounds of an iteration as METRICS.md section 4 names them (epoch seconds)."""

    start: int | None  # S; None: a milestone without start, nothing is committed
    end: int  # E, or as_of while it is open
    committed_by: int | None  # S' = S + grace
    closing: int  # E⁻ = E − 60 s; as_of while open
    provisional: bool  # not closed yet


class Removal(StrEnum):
    LEFT = "left"
    CANCELLED = "cancelled"
    GONE = "gone"
    FINISHED_OUTSIDE = "finished_outside"


class CarryTo(StrEnum):
    NEXT = "to_next"
    BACKLOG = "to_backlog"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Member:
    """One issue's part in an iteration's sets. Estimates are None when unestimated."""

    key: str
    issue_id: str
    source: str
    joined_at: int  # S' for committed issues
    left_at: int | None = None
    finished_at: int | None = None
    estimate_in: float | None = None  # at S' for committed, at joining for added
    estimate_out: float | None = None  # D at finishing, R at leaving, K at the end
    removal: Removal | None = None
    carry_to: CarryTo | None = None
    flips: int = 0
    parallel: bool = False  # delivered while in several open iterations
    reopened_from: str | None = None  # id of the iteration in which it had been finished before it was re-opened

    @property
    def ref(self) -> tuple[str, str]:
        """Source and id: ids of two sources overlap."""
        return self.source, self.issue_id


@dataclass(frozen=True, slots=True)
class IterationSets:
    """C, A, D, K, R. |C| + |A| = |D| + |K| + |R| always holds."""

    iteration: Iteration
    window: Window
    committed: tuple[Member, ...]
    added: tuple[Member, ...]
    delivered: tuple[Member, ...]
    carried_over: tuple[Member, ...]
    removed: tuple[Member, ...]
    done_before_start: tuple[str, ...]
    done_before_added: tuple[str, ...]
    rule_hash: str


@dataclass(frozen=True, slots=True)
class IterationSummary:
    """The `iteration` block of metrics/1. `say_do_points` and the other points are None when nothing is estimated."""

    sets: IterationSets
    say_do: float | None
    delivered_ratio: float | None
    carry_over_ratio: float | None
    scope_change: int
    scope_change_ratio: float | None
    say_do_points: float | None = None
    committed_points: float | None = None
    delivered_points: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """One data-quality check that found something."""

    check: str
    n: int
    share: float | None
    keys: tuple[str, ...]  # first 10
    metrics: tuple[str, ...]  # which metrics it touches


@dataclass(frozen=True, slots=True)
class Service:
    """What is known of how a project reaches its users: the five DORA metrics and the two stand-ins by name.

    `connected` is False where no deployments are read. `reasons` says, by name, why a metric is not configured.
    """

    source: str
    project: str
    connected: bool
    environments: tuple[str, ...]
    metrics: Mapping[str, Metric]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Metrics of one team over one iteration or period; the rows of metrics/1."""

    team: str
    source: str | None
    iteration: Iteration | None
    since: date
    until: date
    metrics: Mapping[str, Metric]
    summary: IterationSummary | None
    data_quality: tuple[Quality, ...]
    cycle_times: tuple[tuple[str, str, int, float], ...] = ()  # (key, type, finished_at, days), for the scatter
    throughput_days: tuple[tuple[date, int], ...] = ()  # items finished per local day of the period, zeros kept
    services: tuple[Service, ...] = ()  # each project for itself
