"""What the value side answers. Amounts are raw, in the key result's unit and sign; None = unknown, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okr_delivery.model.conclusion import Conclusion
from okr_delivery.model.contribution import Carrier, Contribution
from okr_delivery.model.message import Message
from okr_delivery.model.okr import KeyResult
from okr_delivery.okrs.results import HealthState, KrProgress, Verdict


class LinkFault(StrEnum):
    """Why a link is no contribution; the gate's rules key on it."""

    UNKNOWN_KR = "unknown_kr"
    AMBIGUOUS_KR = "ambiguous_kr"
    UNREADABLE = "unreadable"  # the line can't be read at all
    INVALID = (
        "invalid"  # wrong unit, zero, confidence outside 0–100 %, no span for a size, several KRs in a number field
    )
    PENDING = "pending"  # `?`: linked, no amount yet
    MISSING_AMOUNT = "missing_amount"  # the KR needs one
    CONFIDENCE = "confidence"  # the confidence field holds none
    DISAGREE = "disagree"  # carriers state different amounts for one KR


@dataclass(frozen=True, slots=True)
class LinkProblem:
    fault: LinkFault
    carrier: Carrier
    text: str  # as written
    kr: str | None  # full id when known, else as written
    message: Message
    nearest: str | None = None  # nearest known short id, for UNKNOWN_KR
    paste: str | None = None  # the line to write instead; a blank where only a person knows the amount
    pending: str | None = None  # the same where the amount may follow later


@dataclass(frozen=True, slots=True)
class Links:
    """All that an issue says about key results at one instant."""

    contributions: tuple[Contribution, ...]
    problems: tuple[LinkProblem, ...] = ()
    non_okr: str | None = None  # the reason of a Non-OKR line
    inherited: bool = False  # everything comes from the parent
    stated: bool = False  # some carrier says something, readable or not
    notes: tuple[Message, ...] = ()  # how a parent's amount was split


class WindowState(StrEnum):
    OPEN = "open"
    DUE = "due"
    CONCLUDED = "concluded"


@dataclass(frozen=True, slots=True)
class ObservationWindow:
    """Local dates of the team; the end includes its day. None: nothing was released yet."""

    start: date | None
    end: date | None
    state: WindowState


@dataclass(frozen=True, slots=True)
class RequirementTrace:
    """One requirement's part in one key result."""

    source: str
    issue_id: str
    key: str
    title: str
    url: str | None
    expected: float | None
    low: float | None
    high: float | None
    confidence: float | None
    delivered: bool
    committed: bool  # else added after the start
    window: ObservationWindow
    measured: float | None
    allocated: float | None
    method: str | None  # experiment | holdout | did | before_after | allocated | group
    conclusion: Conclusion | None
    due: date | None  # when a conclusion is due
    late: bool  # the claim was first seen or stated after the commitment


@dataclass(frozen=True, slots=True)
class KrTrace:
    """Promised, delivered and observed of one key result in one iteration: three series, never mixed."""

    kr: KeyResult
    unit: str | None
    promised: float | None
    delivered: float | None
    observed: float | None
    realisation: float | None
    window: ObservationWindow
    requirements: tuple[RequirementTrace, ...]
    calibration: float | None
    verdict: Verdict
    health: tuple[HealthState, ...]
    progress: KrProgress
    unexplained: float | None
    over_attributed: bool
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Work of the iteration that names no key result. `effort_share` is None when effort is not estimated."""

    count: int
    effort_share: float | None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HitRate:
    """How many of the measured requirements came true. Ratios are 0..1; None where the denominator is 0.

    `due` have an ended window, `measured` of those were measured, `hits` came true. `low` and `high` bound the rate if
    the unmeasured ones all missed, or all hit. `unbounded` were measured without a lower bound, which is no hit.
    """

    due: int
    measured: int
    hits: int
    rate: float | None
    coverage: float | None
    low: float | None
    high: float | None
    unbounded: int = 0


@dataclass(frozen=True, slots=True)
class GoalTrace:
    objective: str | None  # full id
    goal: str | None
    verdict: str | None  # hit | missed
    reason: str | None


@dataclass(frozen=True, slots=True)
class IterationTrace:
    team: str
    source: str
    id: str
    name: str
    goal: GoalTrace
    key_results: tuple[KrTrace, ...]
    unlinked: Unlinked
    hits: HitRate | None = None  # over all key results; None for an iteration without due requirements
