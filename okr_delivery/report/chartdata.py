"""The numbers behind each chart, the same that its table shows. No text but ids, names and titles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PacePoint:
    """A reading, or a point of the plan, in the key result's unit."""

    day: date
    value: float


@dataclass(frozen=True, slots=True)
class Release:
    """A requirement of this key result and the day it reached users."""

    day: date
    key: str
    url: str | None


@dataclass(frozen=True, slots=True)
class PaceChart:
    """Readings as points, the plan as a line from the cycle's start to its end; `band` for a range key result."""

    kr: str
    unit: str | None
    start: date
    end: date
    today: date
    readings: tuple[PacePoint, ...]
    plan: tuple[PacePoint, ...]
    target: float | None
    band: tuple[float, float] | None
    releases: tuple[Release, ...]
    n: int
    definition: str
    as_of: str


@dataclass(frozen=True, slots=True)
class FlowLink:
    """`expected` and `realised` are shares of the key result's span (0..1, may pass 1); realised None = unmeasured."""

    key: str
    title: str | None
    url: str | None
    kr: str
    expected: float
    realised: float | None
    method: str | None
    delivered: bool


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Requirement → key result → objective. Not drawn: `hidden` narrow links, and `spanless` ones, whose key result has
    no span (a range, say) that an amount could be a share of."""

    links: tuple[FlowLink, ...]
    objectives: tuple[tuple[str, str], ...]  # (key result, objective)
    hidden: int
    spanless: int
    n: int
    definition: str
    as_of: str


@dataclass(frozen=True, slots=True)
class SayDoBar:
    """Every issue that was in the iteration, once: the five counts add up to |C| + |A|."""

    iteration: str
    committed_done: int
    added_done: int
    committed_not: int
    added_not: int
    removed: int
    say_do: float | None
    open: bool


@dataclass(frozen=True, slots=True)
class SayDoChart:
    """Oldest iteration first."""

    bars: tuple[SayDoBar, ...]
    n: int
    definition: str
    as_of: str


@dataclass(frozen=True, slots=True)
class ScatterPoint:
    key: str
    type: str
    url: str | None
    day: date
    days: float


@dataclass(frozen=True, slots=True)
class ScatterBin:
    """Points too many to draw one by one: a week and a band of days, with how many fell there."""

    start: date
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class ScatterChart:
    """At most 400 single points, newest and outliers first; the rest in `bins`. Points above `cap` are drawn on it."""

    points: tuple[ScatterPoint, ...]
    bins: tuple[ScatterBin, ...]
    start: date
    end: date
    cap: float
    above: int
    p50: float | None
    p85: float | None
    p95: float | None
    n: int
    definition: str
    as_of: str
