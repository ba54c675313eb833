"""What the OKR arithmetic answers. Ratios are 0..1 unless said; None = no data, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from okr_delivery.model.message import Message
from okr_delivery.model.okr import KeyResult, Reading


class KrStatus(StrEnum):
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    TOO_EARLY = "too_early"
    NO_DATA = "no_data"


class Verdict(StrEnum):
    ACHIEVED = "achieved"
    HOLLOW = "hollow"
    MISSED = "missed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class HealthState:
    """`met` is None without a reading."""

    id: str
    title: str
    unit: str | None
    limit: str  # "<= 2" or ">= 99"
    value: float | None
    day: date | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class KrProgress:
    """Progress, pace and verdict of one key result at one day.

    `progress` is raw (may leave 0..1), `clamped` is what pace compares; `original_progress` is against the target
    before amendments. `reading` is the latest one on or before the day, `age_days` its age, `stale` older than its
    cadence.
    """

    kr: KeyResult
    day: date
    value: float | None
    progress: float | None
    clamped: float | None
    original_progress: float | None
    expected_progress: float | None
    status: KrStatus
    verdict: Verdict
    confidence: float | None
    reading: Reading | None
    age_days: int | None
    stale: bool
    health: tuple[HealthState, ...]
    arithmetic: Message


@dataclass(frozen=True, slots=True)
class ObjectiveProgress:
    """Weighted mean over children with data, and the weakest child; children without data are named."""

    id: str  # full id
    title: str
    progress: float | None
    weakest: str | None  # full id
    no_data: tuple[str, ...]
    arithmetic: Message
