"""What the store hands out beside the model's own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Field, Interval, ItemFact, Membership


@dataclass(frozen=True, slots=True)
class SourceState:
    """How far a source is synced. Instants are the tracker's clock in epoch seconds, None = never.

    `complete` is False from the first committed page of a run until its last, and for a source that was never synced
    to the end. `reason` is the id of a message without parameters, None when complete. `whole_since` is None but
    between the two parts of a first sync.
    """

    name: str
    complete: bool
    reason: str | None = None
    fetched_at: int | None = None  # server time before the first page of the last run that ended; see `whole_since`
    started_at: int | None = None  # the same of the last run that began
    watermark: int | None = None
    first_synced_at: int | None = None
    settings_hash: str | None = None
    account: str | None = None
    census_at: int | None = None
    full_at: int | None = None  # the last time every body was read
    metadata_at: int | None = None
    fetch_hash: str | None = None
    derived_hash: str | None = None
    base_url: str | None = None  # where people open issues, as the tracker says
    whole_since: int | None = None  # what is open or was updated since this instant is whole, as of `fetched_at`
    cursor: Mapping[str, object] | None = None  # of a run that did not end

    @property
    def coming(self) -> bool:
        """Whether only older history is missing: what is open or was updated since `whole_since` is whole."""
        return not self.complete and self.whole_since is not None

    @property
    def reason_message(self) -> Message | None:
        """Why it is incomplete, for people."""
        return msg(self.reason) if self.reason else None


@dataclass(frozen=True, slots=True)
class DeploymentMark:
    """How far a source's deployments were read; instants are the tracker's clock in epoch seconds.

    `settings` is the hash of what was asked. `read_at` is when the last reading that came to its end began, None:
    never; `begun_at` the same of the first one since then that did not. Not `complete`: the last one did not.
    """

    settings: str
    complete: bool
    begun_at: int
    read_at: int | None = None

    @property
    def settled_by(self) -> int:
        """What the store held before this instant was read again, or needed not to be."""
        return self.begun_at if self.read_at is None else self.read_at


@dataclass(frozen=True, slots=True)
class SeenClaim:
    """The text of one carrier of an issue, from the sync that first saw it so.

    `version` counts 1, 2, 3 … for an (issue, field): going back to an old text is a new version. An empty `text` says
    that the carrier was found emptied. `seen_at` is the tracker's clock (epoch seconds) before that sync's first page.
    `text` by field: CLAIM_LINES, KEY_RESULT, CONTRIBUTION, CONFIDENCE as they stand; LABELS only those that begin with
    one of the source's prefixes, blank-separated and sorted.
    """

    source: str
    issue_id: str
    field: Field
    version: int
    text: str
    seen_at: int


@dataclass(frozen=True, slots=True)
class Derived:
    """What `delivery` folded from an issue's history, valid for every instant from `fact.last_change` on."""

    issue_id: str
    intervals: tuple[Interval, ...]
    memberships: tuple[Membership, ...]
    fact: ItemFact
    rule_hash: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the ledger. Its identity is (kind, source, entity, iteration); `at` is epoch seconds.

    `body` holds ids, keys, numbers and claim lines only, JSON-serialisable.
    """

    kind: str
    source: str
    entity: str
    at: int
    team: str = ""
    iteration: str | None = None
    issue_id: str | None = None
    body: Mapping[str, object] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, str, str, str]:
        return (self.kind, self.source, self.entity, self.iteration or "")
