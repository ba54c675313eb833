"""Tokens: whose one is, what it may do, and what to create where it may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from okr_delivery.sync.connector import Secret
from okr_delivery.sync.errors import ConfigError, SyncError
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.problems import refused
from okr_delivery_gitlab.values import day, listed, mapping, string

JOB = "glcbt-"
"""How tokens of CI jobs begin since GitLab 16.8."""
_BOT = re.compile(r"(?:project|group)_[0-9]+_bot")
READS, WRITES = frozenset({"read_api", "api"}), frozenset({"api"})
ALL = frozenset({400, 401, 403, 404})


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says of itself. `expires` None: never, or not told."""

    name: str
    scopes: frozenset[str]
    expires: date | None
    active: bool

    @property
    def reads(self) -> bool:
        return bool(self.scopes & READS)

    @property
    def writes(self) -> bool:
        return bool(self.scopes & WRITES)


def check_kind(token: Secret) -> None:
    """Raises ConfigError for a token that is a CI job's by its own looks."""
    if token.value.startswith(JOB):
        raise refused("job_token")


def why_refused(error: ConfigError, as_job: Callable[[], GitLabClient]) -> ConfigError:
    """A refusal for what it is: older tokens of CI jobs look like any other, and only one question tells them.

    `as_job` builds a client that shows the token as a job's.
    """
    if error.status != 401:
        return error
    client = as_job()
    try:
        client.get("job", what="job", expect=ALL)
    except (StatusError, SyncError):
        return error
    finally:
        client.close()
    return refused("job_token")


def own_token(client: GitLabClient) -> Token | None:
    """What GitLab tells of the token in use; None where it doesn't: before 15.5, and for tokens of applications."""
    try:
        row = mapping(client.get("personal_access_tokens/self", what="personal_access_tokens/self", expect=ALL))
        return Token(
            name=string(row.get("name")) or "–",
            scopes=frozenset(map(str, listed(row.get("scopes")))),
            expires=day(row.get("expires_at")),
            active=row.get("active") is not False,
        )
    except (StatusError, ValueError):
        return None


def is_bot(client: GitLabClient) -> bool:
    """Whether the token is a project's or a group's, which GitLab gives an account of its own."""
    try:
        me = mapping(client.get("user", what="user", expect=ALL))
    except StatusError:
        return False
    return me.get("bot") is True or _BOT.match(string(me.get("username")) or "") is not None
