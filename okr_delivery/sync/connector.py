"""The contract between the engine and a tracker's connector.

A connector is a package with one entry point in the group `okr_delivery.connectors`:

    [project.entry-points."okr_delivery.connectors"]
    linear = "okr_delivery_linear:LinearConnector"

The object named there is a class that meets `Connector`. It imports only `okr_delivery.sync` and
`okr_delivery.model`. Wire data is parsed once, inside the connector; what it hands over are model types.

The engine calls, in this order and from one thread:

1. `identity()`: who is calling, which zone, what time is it at the tracker. Refuse anonymous answers here.
2. `metadata()` when none is stored, when it is older than a day or when the source's settings changed; otherwise the
   stored metadata is handed back to the connector with `use(metadata)`.
3. `iterations(known)`: on a first run everything, later what may have changed.
4. `pages(since, resume, held)`: one `Page` after another. The engine commits each page with its cursor in one
   transaction, so a page must hold whole issues: the body and *all* of its kept history. A page is at most about
   250 issues. Pages are in ascending order of the issue id, so that a run that dies can resume behind the last one.
   On a first sync it is called twice: with `lively` set, for what is open or was updated lately, so that planning can
   go on while older history is still coming; then for everything, with what came the first time in `skip`.
5. `census()` when due: the ids of every issue in scope. `visible(ids)` before any of them is declared gone.

`ahead(since)` may be called after `use` or `metadata`, for a plan before anything is fetched. A connector may also meet
`Fetches` (single issues), `Deploys` (deployments), `MergeRequests` (what one closes or mentions), `Inspector` (what
`doctor` shows) and `okr_delivery.sync.writes.WriterFactory` (what feedback writes with).

With `since=None`, `pages` may run in a fork of the process, where the transport has new connections: what it leaves in
the connector is lost to the calls that follow, so all it has to say goes into pages. A connector that keeps threads
between calls is never forked.

A connector never writes to the store, never sleeps (the transport does) and never swallows an error.
`okr_delivery.sync.kit` is the conformance test that a connector's own tests call.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, runtime_checkable

from okr_delivery.model.message import Message
from okr_delivery.model.work import Board, Change, Deployment, Issue, Iteration, Status
from okr_delivery.model.work import FoundField as FoundField  # part of the contract; the store keeps it too

if TYPE_CHECKING:
    from okr_delivery.sync.errors import SkipRecordError
    from okr_delivery.sync.transport import Transport

API = 1
GROUP = "okr_delivery.connectors"


@dataclass(frozen=True, slots=True)
class Secret:
    """A token that never prints."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What a connector may know of a source: its settings without the rest of the configuration."""

    name: str
    type: str
    url: str  # no trailing slash; may hold a context path
    deployment: str = "auto"
    projects: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()
    jql: str | None = None
    since: date | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)  # key_result, contribution, confidence, estimate …
    user: str | None = None
    token: Secret | None = None
    options: Mapping[str, object] = field(default_factory=dict)  # anything else the type understands
    iteration_boards: Mapping[str, bool] = field(default_factory=dict)
    """Boards that teams name: their iterations are read too, the scope stays. False: may be another source's board."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the token speaks for. `server_time` is the tracker's clock (epoch seconds) before the first page."""

    account: str
    display_name: str
    timezone: str | None  # IANA name, None when the tracker doesn't tell
    server_time: int
    deployment: str  # cloud | datacenter | gitlab
    base_url: str  # for links that people open
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """Everything that changes rarely. `raw` is JSON-serialisable state of the connector's own, handed back by `use`."""

    statuses: tuple[Status, ...]
    boards: tuple[Board, ...]
    fields: tuple[FoundField, ...]
    warnings: tuple[Message, ...] = ()
    raw: Mapping[str, object] = field(default_factory=dict)
    projects: Mapping[str, str] = field(default_factory=dict)
    """Names of projects by id, where a renamed one gives its issues other keys without touching them."""


@dataclass(frozen=True, slots=True)
class Page:
    """Whole issues with their whole kept history. `after` is the greatest id in it, in the connector's id order.

    `not_visible` are ids that the tracker named but would not show; they count as neither fetched nor gone. `skipped`
    are records that could not be read: each is named to the user, the source stays incomplete and they are asked for
    again. A page may carry nothing but warnings; then `after` is None.
    """

    issues: tuple[Issue, ...]
    changes: tuple[Change, ...]
    after: str | None
    not_visible: tuple[str, ...] = ()
    warnings: tuple[Message, ...] = ()
    statuses: tuple[Status, ...] = ()  # statuses met on the way that metadata did not list
    skipped: tuple[SkipRecordError, ...] = ()


@dataclass(frozen=True, slots=True)
class Ahead:
    """The work that lies ahead of a sync. Counts are estimates unless the tracker gives exact ones.

    `issues` None: the tracker does not tell. `points` are those of trackers that bill by object, None elsewhere;
    `concurrency` is how many requests are under way at once.
    """

    issues: int | None
    requests: int | None
    concurrency: int = 1
    points: int | None = None


Held = Callable[[Sequence[str]], Mapping[str, int]]
"""Given ids, the `updated` instant of those that the store holds whole."""


@runtime_checkable
class Connector(Protocol):
    """Reads one source. See the module's text for the order of calls.

    Every method raises a subclass of `okr_delivery.sync.errors.SyncError` when it can't answer in full; an empty
    answer always means that the tracker said so.
    """

    api: ClassVar[int]
    type: ClassVar[str]

    @classmethod
    def open(cls, spec: SourceSpec, transport: Transport) -> Self:
        """Builds the connector without any request. Raises ConfigError for settings it can't use."""
        ...

    def identity(self) -> Identity:
        """Authenticates. Raises ConfigError when the token is missing, refused or anonymous."""
        ...

    def metadata(self) -> Metadata:
        """Statuses, boards and fields. Raises ConfigError for an unknown project, board or field."""
        ...

    def use(self, metadata: Metadata) -> None:
        """Takes stored metadata instead of asking for it again. Raises ValueError when it must be read anew."""
        ...

    def iterations(self, known: Mapping[str, Iteration]) -> Iterable[Iteration]:
        """The iterations in scope that are new or may have changed; `known` maps ids to what the store holds.

        With an empty `known`, all of them. An iteration that the tracker no longer lists is simply not returned.
        """
        ...

    def pages(
        self,
        since: int | None,
        resume: str | None,
        held: Held,
        *,
        lively: int | None = None,
        skip: Container[str] = (),
    ) -> Iterator[Page]:
        """Issues changed since the instant `since` (None = all in scope), whole, in ascending id order.

        With `lively`, an instant, only those of them that are open or were updated since then; ids in `skip` are left
        out unasked.
        `resume` is the `after` of the last committed page of a run that died: ids up to it may be skipped. Issues for
        which `held` answers the tracker's present `updated` need not be sent again.
        """
        ...

    def census(self) -> Iterator[str]:
        """The ids of all issues in scope, complete or an error."""
        ...

    def visible(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that the tracker still shows when asked for them one by one or in bulk."""
        ...

    def ahead(self, since: int | None) -> Ahead:
        """What `pages(since, None, …)` would take, asked without fetching any issue."""
        ...


@runtime_checkable
class Outgrows(Protocol):
    """A connector whose stored issues can become wrong without a change of theirs, as names change that they hold."""

    def outgrown(self, raw: Mapping[str, object]) -> bool:
        """Whether issues that were read with the metadata of this `raw` would be read otherwise now. Asked after
        `metadata()`; true has everything read again."""
        ...


@runtime_checkable
class Forgets(Protocol):
    """A connector whose tracker lets go of labels, iterations and projects without touching the issues in them, so that
    no window names those. Asked after `metadata()`, and after `iterations` where that read them all."""

    def lost_labels(self, raw: Mapping[str, object]) -> Mapping[str, str]:
        """Names, by id, of labels that the metadata of this `raw` had and the tracker does not list any more."""
        ...

    def deleted(self, iterations: Sequence[Iteration]) -> frozenset[str]:
        """Ids of those that are no more. The others are somewhere else now, or hidden from this account."""
        ...

    def left(self, projects: Sequence[str]) -> Mapping[str, str]:
        """Names, by id, of those projects that the tracker shows to lie outside the source's scope now. What is not
        shown at all is not among them."""
        ...


@runtime_checkable
class Inspector(Protocol):
    """A connector that can say more about its connection than the contract asks: `doctor` prints it."""

    def inspect(self) -> Iterable[Message]:
        """Permissions that are missing, addresses that would work instead, limits in force. Asked after `identity()`,
        or after it was refused; never raises for a refusal."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """Single issues, whole. `server_time` is the tracker's clock (epoch seconds) before the first of them was read.

    `iterations` are those that the issues name and the store does not hold, as far as they tell of them.
    """

    page: Page
    server_time: int
    iterations: tuple[Iteration, ...] = ()


@runtime_checkable
class Fetches(Protocol):
    """A connector that can bring single issues up to date without reading what else changed."""

    def fetch(self, keys: Sequence[str], known: Mapping[str, Iteration]) -> Fetched:
        """The issues of these keys (as a person may write them, old ones too), whole; called after `use`, without a
        call of `identity` before. An issue that lives on as another one brings that one along.

        `known` maps ids of iterations to what the store holds; no request is sent for others. Keys that the tracker
        does not know, does not show or that lie outside the source's scope are simply not in the page. Five requests at
        most for one key, who is calling included, unless the tracker tells an issue's history in more lists than that.
        Raises ConfigError as `identity` does, SyncError when it can't answer in full.
        """
        ...


@runtime_checkable
class Deploys(Protocol):
    """A connector whose tracker knows deployments. Asked after the last page, when the source's settings want it."""

    def deployments(self, since: int | None, held: Container[str] = ()) -> Iterator[Deployment]:
        """Ended deployments of the configured environments that changed since an instant (None = all), oldest first.

        Those whose id is in `held` need not be sent again. Raises SyncError when it can't answer in full.
        """
        ...


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """A merge request and the issues it speaks of, by key as the tracker shows them."""

    ref: str  # "group/project!12"
    title: str
    url: str | None
    sha: str  # head of its source branch
    closes: tuple[str, ...]
    mentions: tuple[str, ...]  # without those it closes


class Verdict(StrEnum):
    """What is said of a commit."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@runtime_checkable
class MergeRequests(Protocol):
    """A connector whose tracker holds merge requests."""

    def merge_request(self, ref: str) -> MergeRequest:
        """One merge request: `12`, `!12` (where the source has one project) or `group/project!12`.

        Raises ConfigError for one that does not exist or that the token may not see.
        """
        ...

    def put_verdict(self, request: MergeRequest, verdict: Verdict, *, name: str, text: str, url: str | None) -> bool:
        """Says a verdict on the head of a merge request; False when it was said already. Safe to repeat.

        PENDING never takes the place of a verdict that was said of this head.
        Raises ConfigError when the account may not.
        """
        ...
