"""What happened to a work item: resource events, and the notes that are stored. Instants are epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StateEvent:
    """There is none for the opening."""

    id: int
    at: int
    user: int
    state: str  # closed | reopened
    merge_request: int | None = None  # what closed it
    commit: str | None = None


@dataclass(slots=True)
class LabelEvent:
    """`label` is None once the label is deleted. Events of one change share their instant."""

    id: int
    at: int
    user: int
    label: int | None
    action: str  # add | remove


@dataclass(slots=True)
class MilestoneEvent:
    """A swap is one `add`. `milestone` is None once it is deleted."""

    id: int
    at: int
    user: int
    milestone: int | None
    action: str  # add | remove


@dataclass(slots=True)
class IterationEvent:
    """A swap is one `add`."""

    id: int
    at: int
    user: int
    iteration: int | None
    action: str  # add | remove


@dataclass(frozen=True, slots=True)
class WeightEvent:
    id: int
    at: int
    user: int
    weight: int | None
    previous: int | None = None


@dataclass(slots=True)
class Note:
    """A comment, or with `system` a stored activity note. `action` is its metadata's: title, moved, duplicate …"""

    id: int
    at: int
    author: int
    body: str
    system: bool = False
    action: str | None = None
    updated: int | None = None
    internal: bool = False


@dataclass(slots=True)
class Events:
    """What resource event lists hold of one work item, each list oldest first."""

    state: list[StateEvent] = field(default_factory=list)
    label: list[LabelEvent] = field(default_factory=list)
    milestone: list[MilestoneEvent] = field(default_factory=list)
    iteration: list[IterationEvent] = field(default_factory=list)
    weight: list[WeightEvent] = field(default_factory=list)
