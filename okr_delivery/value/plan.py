"""What `plan` answers: the ordered list of an iteration's requirements, each with its reason.

Disputes stand apart and come first, then what can be ranked, then what lacks something, then work that serves no key
result; beside them what fits, and what earlier iterations still owe an answer to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from okr_delivery.model.message import Message
from okr_delivery.model.okr import KeyResult
from okr_delivery.model.work import Iteration
from okr_delivery.value.capacity import Capacity, Load
from okr_delivery.value.due import DueTrace
from okr_delivery.value.gap import Gap


@dataclass(frozen=True, slots=True)
class Closing:
    """What one requirement is expected to close of one key result's gap. Amounts in its unit and sign.

    `share` of the gap is at most 1; `worth` is share × weight × confidence. `unread`: the gap is the whole span,
    for want of a reading. `calibration` is shown, not used here.
    """

    kr: KeyResult
    amount: float
    low: float | None
    high: float | None
    confidence: float
    calibration: float | None
    gap: float
    unread: bool
    share: float
    worth: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that keeps a requirement, or one of its key results, out of the order. `paste` is the line to write."""

    message: Message
    paste: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One issue of the iteration. `title` and `url` are None for a confidential one.

    `score` is Σ worth ÷ effort; with it come the rank, the effort down to here and whether that still fits (None
    without a capacity). `work` is the class of work that serves no key result.
    """

    source: str
    key: str
    title: str | None
    url: str | None
    effort: float | None
    closings: tuple[Closing, ...] = ()
    missing: tuple[Missing, ...] = ()
    score: float | None = None
    reason: Message | None = None
    work: str | None = None
    rank: int | None = None
    cumulated: float | None = None
    fits: bool | None = None


@dataclass(frozen=True, slots=True)
class KrNeed:
    """A key result that the iteration serves: what it needs, and what the list promises toward it × confidence."""

    kr: KeyResult
    gap: Gap
    promised: float


@dataclass(frozen=True, slots=True)
class IterationPlan:
    """One list. `start` and `end` are the local days of the iteration, None where the tracker has none.

    `reserved` is the effort of undisputed work that serves no key result, which is counted first, and `budget` the
    share that it may take; `label` is the one that marks a dispute, whatever kind of work is disputed.
    """

    iteration: Iteration
    start: date | None
    end: date | None
    load: Load
    reserved: float
    budget: float
    label: str
    disputes: tuple[Entry, ...]
    ranked: tuple[Entry, ...]
    unranked: tuple[Entry, ...]
    non_okr: tuple[Entry, ...]
    needs: tuple[KrNeed, ...]

    @property
    def settled(self) -> bool:
        """Whether the list may be made final: no dispute is open."""
        return not self.disputes


@dataclass(frozen=True, slots=True)
class Owed:
    """A trace that is due, and the command to type; the conclusion and the reason in it are the team's to fill in.

    `url` is None for a confidential issue.
    """

    trace: DueTrace
    url: str | None
    command: str


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """A team's plan. `blind` are the sources whose releases are not known, so that nothing is said of what is due."""

    team: str
    capacity: Capacity | None
    iterations: tuple[IterationPlan, ...]
    due: tuple[Owed, ...]
    blind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plans:
    """The answer for all teams: `nothing` are those without such an iteration, `blocked` those without usable data."""

    as_of: int
    zone: str
    teams: tuple[TeamPlan, ...]
    nothing: tuple[tuple[str, Message], ...] = ()
    blocked: tuple[tuple[str, tuple[Message, ...]], ...] = ()

    @property
    def exit_code(self) -> int:
        """2 while a team has no plan for want of data, or nobody has anything to plan."""
        return 0 if self.teams and not self.blocked else 2
