"""Work as trackers know it: issues, their changes, iterations. Instants are UTC epoch seconds (int)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple


class Field(IntEnum):
    """The fields whose history is kept. Numbers are stored: never renumber, only append."""

    STATUS = 1
    ITERATION = 2  # comma list of iteration ids, names in `name`
    ESTIMATE = 3  # the number is in `name` when the tracker gives no id
    TYPE = 4
    PARENT = 5
    FIX_VERSION = 6
    RESOLUTION = 7
    PRIORITY = 8
    DUE = 9
    LABELS = 10  # label names as `joined_labels` writes them
    FLAGGED = 11
    PROJECT = 12
    KEY = 13
    KEY_RESULT = 14  # the configured key-result field, as text
    CONTRIBUTION = 15  # the configured contribution field, as text
    CONFIDENCE = 16
    CLAIM_LINES = 17  # only the contribution lines of the description, newline-separated
    LINK = 18  # one issue link added (new) or removed (old): id = other issue's key, name = its summary or sentence
    TITLE = 19
    COMPONENTS = 20
    USER_VALUE = 21  # the configured user-value field, as text


class Value(NamedTuple):
    """A field's value at one side of a change: the tracker's id and the text of that day, each None when absent.

    Empty and absent are both None. For lists `id` is a comma list of ids and is what counts. A tuple, like `Change`
    and `Interval`: a sync makes two for each change, and a frozen dataclass takes three times as long to build.
    """

    id: str | None = None
    name: str | None = None

    @property
    def empty(self) -> bool:
        return self.id is None and self.name is None


EMPTY = Value()

_BLANK = "\N{SYMBOL FOR SPACE}"  # stands for a blank inside a label's name
LIVES_ON = frozenset({"moved", "duplicate"})
"""Ids of a resolution by which a tracker itself says that the work lives on in another issue: never delivered."""


def joined_labels(names: Iterable[str]) -> str | None:
    """Label names as one text, sorted, each once; None for none. Read back by `labels_of`."""
    return " ".join(sorted(set(map(_one_word, names)))) or None


@lru_cache(maxsize=4096)
def _one_word(name: str) -> str:
    return "".join(_BLANK if sign.isspace() else sign for sign in name)


def labels_of(value: Value) -> tuple[str, ...]:
    """The label names in a value of the labels field, in its order."""
    return tuple(name.replace(_BLANK, " ") for name in (value.name or "").split())


class Change(NamedTuple):
    """One item of one history entry. Order everywhere is (ts, history_id, item)."""

    issue_id: str
    history_id: int
    item: int
    ts: int
    field: Field
    old: Value
    new: Value
    actor: str | None = None  # marks of the account (`model.accounts`); never a name or an address

    @property
    def order(self) -> tuple[int, int, int]:
        return (self.ts, self.history_id, self.item)


@dataclass(frozen=True, slots=True)
class Link:
    """An issue link on the current body. `key` and `summary` are the other issue's."""

    type: str
    key: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """The slim current state of an issue; identity is (source, id), the key is an alias."""

    source: str
    id: str
    key: str
    project_id: str
    project: str  # the project's key
    type_id: str
    type: str
    subtask: bool
    title: str
    created: int
    updated: int
    resolved: int | None = None
    url: str | None = None
    creator: str | None = None  # display name, shown only where something is asked of them
    parent_id: str | None = None
    parent_key: str | None = None
    components: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    confidential: bool = False
    rank: str | None = None
    history_complete: bool = True
    current: Mapping[Field, Value] = field(default_factory=dict)  # current value of every kept field

    def value(self, name: Field) -> Value:
        return self.current.get(name, EMPTY)

    moved_to: str | None = None
    """Trackers that make a new issue of one that is moved: the id of the new one. This one is an alias then."""

    creator_marks: str | None = None
    """Marks of the account that made it (`model.accounts`); None where the tracker does not tell, or did not then."""

    @property
    def labels(self) -> tuple[str, ...]:
        return labels_of(self.value(Field.LABELS))


class IterationState(StrEnum):
    FUTURE = "future"
    ACTIVE = "active"
    CLOSED = "closed"


class IterationKind(StrEnum):
    """What an iteration is in its tracker. Stored: never rename, only append."""

    SPRINT = "sprint"
    VERSION = "version"  # a release train: its id is `version-` and the tracker's own
    MILESTONE = "milestone"
    ITERATION = "iteration"
    PERIOD = "period"  # of a team that plans by the calendar: made, never stored


@dataclass(frozen=True, slots=True)
class Iteration:
    """A sprint, a version, a milestone or an iteration. Instants are epoch seconds; None when the tracker has none.

    Trackers that plan by the day give `first_day` and `last_day`, both inclusive; the team's calendar turns them into
    `start` and `end` when they are asked for.
    """

    source: str
    id: str
    name: str
    state: IterationState
    goal: str | None = None
    start: int | None = None  # typed plan
    end: int | None = None  # typed plan
    activated_at: int | None = None
    closed_at: int | None = None
    board_id: str | None = None  # the board, or the cadence, that owns it
    order: int = 0  # the tracker's order within its list
    kind: IterationKind = IterationKind.SPRINT
    first_day: date | None = None
    last_day: date | None = None
    project_id: str | None = None  # the project that owns it, for those that no board owns
    group: str | None = None  # full path of the group that owns it, for those that no project owns


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment that ended, successfully or not. `finished_at` is epoch seconds.

    `issues` are the tracker's ids of the issues whose merge requests it brought. `commits` holds an instant for each
    commit that its environment got with it for the first time; empty when the tracker does not tell.
    """

    source: str
    id: str
    project_id: str
    environment: str
    succeeded: bool
    finished_at: int
    ref: str | None = None  # the branch or tag
    sha: str | None = None
    url: str | None = None
    issues: tuple[str, ...] = ()
    commits: tuple[int, ...] = ()


class Category(StrEnum):
    NEW = "new"
    INDETERMINATE = "indeterminate"
    DONE = "done"
    UNDEFINED = "undefined"
    CANCELLED = "cancelled"  # of trackers that tell work that was given up from work that was done


@dataclass(frozen=True, slots=True)
class Status:
    source: str
    id: str
    name: str
    category: Category
    order: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    source: str
    id: str
    name: str
    type: str  # scrum | kanban | simple
    project: str | None = None
    estimate_field: str | None = None


@dataclass(frozen=True, slots=True)
class FoundField:
    """How a configured or well-known field was found: shown by `doctor`."""

    role: str  # iteration | estimate | key_result | contribution | confidence | …
    id: str
    name: str
    reason: str  # schema | board | name | id
    project: str | None = None  # the only project that has it; None: not of one project alone


class Kind(IntEnum):
    """Status kinds (stored)."""

    QUEUE = 1
    ACTIVE = 2
    WAIT = 3
    DONE = 4
    CANCELLED = 5
    UNMAPPED = 6


class Interval(NamedTuple):
    """A stay in one status, [entered_at, left_at); left_at None = still there.

    A tuple, because every change of every issue makes one: a frozen dataclass takes three times as long to build.
    """

    status_id: str
    kind: Kind
    stage: int
    entered_at: int
    left_at: int | None


@dataclass(frozen=True, slots=True)
class Membership:
    """A stay of an issue in an iteration, [entered_at, left_at); touching stays are joined."""

    iteration_id: str
    entered_at: int
    left_at: int | None


@dataclass(frozen=True, slots=True)
class ItemFact:
    """What the timeline says of one issue at one instant. Instants None = did not happen; durations in seconds.

    `active + wait + parked + unmapped = end - started_at` where end is whichever of finished, cancelled, gone is
    set, else the instant of the fold.
    """

    committed_at: int | None = None
    started_at: int | None = None
    first_finished_at: int | None = None
    finished_at: int | None = None
    cancelled_at: int | None = None
    gone_at: int | None = None
    lead_seconds: int | None = None
    cycle_seconds: int | None = None
    active_seconds: int = 0
    wait_seconds: int = 0
    parked_seconds: int = 0
    unmapped_seconds: int = 0
    reopened: int = 0  # times it left done after first_finished_at
    kind: Kind = Kind.UNMAPPED  # at the instant of the fold
    kind_since: int = 0
    last_change: int = 0
    notes: tuple[str, ...] = ()  # data-quality check names that this issue meets
