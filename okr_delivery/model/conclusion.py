"""The forced end of a value trace: what a team decides about a delivered requirement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verb(StrEnum):
    DOUBLE_DOWN = "double-down"
    LEAVE = "leave"
    FIX = "fix"
    STOP_LOSS = "stop-loss"
    DOWNGRADE = "downgrade"
    RETIRE = "retire"
    OBSERVE = "observe"


CHINESE = {
    "加码": Verb.DOUBLE_DOWN,
    "放着": Verb.LEAVE,
    "修正": Verb.FIX,
    "止损": Verb.STOP_LOSS,
    "降级": Verb.DOWNGRADE,
    "下线": Verb.RETIRE,
    "继续观察": Verb.OBSERVE,
}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`at` is epoch seconds; `due` is when a follow-up or a further observation ends."""

    source: str
    issue: str  # key
    kr: str | None  # full id, None = every key result of the requirement
    conclusion: Verb
    reason: str
    at: int
    by: str | None = None
    follow_up: str | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class GoalVerdict:
    """hit | missed, for the goal of one iteration. `team` None: of every team that has an iteration of that name."""

    iteration: str
    hit: bool
    reason: str
    at: int
    by: str | None = None
    team: str | None = None
