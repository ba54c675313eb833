"""What can go wrong on the wire, named by what the caller does next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr_delivery.model.errors import UserError

if TYPE_CHECKING:
    from okr_delivery.sync.run import SourceResult


class SyncError(UserError):
    """Base of all errors of this module. Each ends the source's run as incomplete, never as a shorter success.

    `status` is the HTTP status that was answered, None when there was none. `done` is what the run had fetched and
    changed until then, None where no run had begun.
    """

    status: int | None = None
    done: SourceResult | None = None


class ConfigError(SyncError):
    """A person must change the configuration, a token or a permission; a later run alone won't help."""


class GoneError(ConfigError):
    """The thing that was to be changed is not there, or not for this account."""


class RetryLaterError(SyncError):
    """The tracker asked for more patience than this run has; what was committed stays, a later run resumes."""


class AbortSyncError(SyncError):
    """The answers contradict the protocol (same-page loop, implausible instant); continuing could lose data."""


class SkipRecordError(SyncError):
    """One record can't be read; the engine names it, leaves it out and marks the source incomplete."""


class UnsureError(RetryLaterError):
    """A request that creates something may or may not have been applied: look for its mark before sending it again."""
