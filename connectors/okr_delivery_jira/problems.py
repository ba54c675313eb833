"""The errors of this connector: what happened, at which URL path, and what to set."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import msg
from okr_delivery.sync.errors import AbortSyncError, ConfigError, GoneError, RetryLaterError, UnsureError


def refused(name: str, where: str | None = None, /, **params: object) -> ConfigError:
    """A person must act. The catalogue holds `jira.error.<name>` and what to do in `jira.next.<name>`."""
    return ConfigError([_problem(name, where, params)])


def gone(name: str, where: str) -> GoneError:
    """The issue, or what is in it, is not there or not shown to us."""
    return GoneError([_problem(name, where, {})])


def broken(name: str, where: str | None = None, /, **params: object) -> AbortSyncError:
    """The answers contradict the protocol; going on could lose data."""
    return AbortSyncError([_problem(name, where, params)])


def later(name: str, where: str | None = None, /, **params: object) -> RetryLaterError:
    """Another run may succeed; what was committed stays."""
    return RetryLaterError([_problem(name, where, params)])


def unsure(name: str, where: str | None = None, /, **params: object) -> UnsureError:
    """Something may or may not have been made."""
    return UnsureError([_problem(name, where, params)])


def path_of(url: str) -> str:
    """The path of a URL: no host, no query, nothing secret."""
    return unquote(urlsplit(url).path) or "/"


def _problem(name: str, where: str | None, params: dict[str, object]) -> Problem:
    return Problem(msg(f"jira.error.{name}", **params), where, msg(f"jira.next.{name}", **params))
