"""The calls about one issue, counted, and what a refusal of one means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import requests

from okr_delivery.sync.errors import GoneError, SyncError
from okr_delivery.sync.transport import Repeat
from okr_delivery_gitlab.client import AnswerError, GitLabClient, StatusError
from okr_delivery_gitlab.problems import gone, path_of, refused
from okr_delivery_gitlab.scope import HIDDEN
from okr_delivery_gitlab.values import Row, mapping, string
from okr_delivery_gitlab.writer_text import plain

_MAX_SAID = 300
SCOPE = "api"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an issue is: `group/project` and its number there."""

    path: str
    iid: str

    @property
    def key(self) -> str:
        return f"{self.path}#{self.iid}"


class IssueCalls:
    """`where` is the issue's key; `count` the calls made so far."""

    def __init__(self, client: GitLabClient, issue_id: str, spot: Spot, made: int) -> None:
        self._client = client
        self.issue_id = issue_id
        self.where = spot.key
        self.count = made
        self._base = f"projects/{quote(spot.path, safe='')}/issues/{spot.iid}"
        self._what = "projects/:id/issues/:iid"

    def issue(self) -> Row:
        """The issue's body. Raises ConfigError for one that is gone."""
        self.count += 1
        try:
            return mapping(self._client.get(self._base, what=self._what, expect=HIDDEN))
        except StatusError:
            raise gone("write_gone", self.where) from None

    def notes(self) -> list[Row]:
        """All comments, oldest first; activity is left out."""
        asked = {"activity_filter": "only_comments", "sort": "asc", "order_by": "created_at"}
        found: list[Row] = []
        try:
            for page in self._client.pages(f"{self._base}/notes", asked, what=f"{self._what}/notes", expect=HIDDEN):
                self.count += 1
                found += page
        except StatusError:
            raise gone("write_gone", self.where) from None
        return [row for row in found if row.get("system") is not True]

    def put(self, below: str, body: Mapping[str, object], *, what: str = "") -> None:
        """PUT: twice is the same as once."""
        self._change("put", below, body, Repeat.ABSOLUTE, what)

    def remove(self, below: str, *, what: str) -> None:
        """DELETE; what is gone already is fine."""
        try:
            self._change("delete", below, None, Repeat.ABSOLUTE, what)
        except GoneError:
            return

    def create(self, below: str, body: Mapping[str, object]) -> object:
        """A POST that creates. Raises UnsureError when it may have been applied, RetryLaterError for half an answer."""
        return self._change("post", below, body, Repeat.CREATING, below)

    def _change(self, method: str, below: str, body: object, repeat: Repeat, what: str) -> object:
        self.count += 1
        try:
            return self._client.rest(
                method, f"{self._base}{below}", body, what=f"{self._what}{what}", repeat=repeat, issue=self.issue_id
            )
        except AnswerError as refusal:
            raise said(refusal.response, self.where) from None


def said(response: requests.Response, where: str) -> SyncError:
    """What a refusal of a write means."""
    status = response.status_code
    error: SyncError
    match status:
        case 401:
            error = refused("unauthorized", path_of(response.url))
        case 403 if "insufficient_scope" in response.text[:2000]:
            error = refused("scope", where, scope=SCOPE)
        case 403:
            error = refused("write_forbidden", where)
        case 404:
            error = gone("write_gone", where)
        case _:
            error = refused("write_refused", where, status=status, said=_said_in(response))
    error.status = status
    return error


def _said_in(response: requests.Response) -> str:
    """`message` or `error`, cut short; never any other part of the body."""
    try:
        body = mapping(response.json())
    except ValueError:
        return "–"
    message = body.get("message") or body.get("error")
    if isinstance(message, dict):
        message = "; ".join(f"{name}: {text}" for name, text in message.items())
    return plain(string(message) or "–")[:_MAX_SAID] or "–"
