"""The calls about one issue, counted, and what a refusal of one means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import requests

from okr_delivery.sync.errors import GoneError, RetryLaterError, SyncError
from okr_delivery.sync.transport import Repeat
from okr_delivery_jira.client import AnswerError, StatusError
from okr_delivery_jira.problems import gone, later, path_of, refused
from okr_delivery_jira.text import listed
from okr_delivery_jira.writer_text import plain

if TYPE_CHECKING:
    from okr_delivery_jira.client import JiraClient

SCOPE = "write:jira-work"
_MAX_SAID = 400


class ConflictError(RetryLaterError):
    """Somebody else changes the issue at the same moment."""


class IssueCalls:
    """`where` is the issue's key once it is known, before that its id; `count` the calls made so far."""

    def __init__(self, client: JiraClient, issue_id: str) -> None:
        self._client = client
        self.issue_id = issue_id
        self.where = issue_id
        self.count = 0

    def read(self, below: str, params: Mapping[str, Any]) -> Any:
        """GET of the issue (`below` empty) or of something in it. Raises ConfigError for an issue that is gone."""
        self.count += 1
        try:
            return self._client.read(
                f"issue/{self.issue_id}{below}", params, what=f"issue/{{id}}{below}", expect=frozenset({404})
            )
        except StatusError:
            raise gone("write_gone", self.where) from None

    def ask(self, path: str, body: Mapping[str, Any]) -> Any:
        """A POST that only reads."""
        self.count += 1
        return self._client.ask(path, body)

    def put(self, below: str, body: object, *, what: str | None = None) -> None:
        """PUT: twice is the same as once. Raises ConflictError for 409, ConfigError for other refusals."""
        self._change("PUT", below, body, Repeat.ABSOLUTE, what)

    def upsert(self, below: str, body: object) -> None:
        """A POST that replaces what has the same identity."""
        self._change("POST", below, body, Repeat.ABSOLUTE, None)

    def remove(self, below: str, *, what: str) -> None:
        """DELETE; what is gone already is fine."""
        try:
            self._change("DELETE", below, None, Repeat.ABSOLUTE, what)
        except GoneError:
            return

    def create(self, below: str, body: object) -> object:
        """A POST that creates. Raises UnsureError when it may have been applied, RetryLaterError for half an answer."""
        response = self._change("POST", below, body, Repeat.CREATING, None)
        return self._client.parsed(response, f"POST issue/{{id}}{below}")

    def _change(self, method: str, below: str, body: object, repeat: Repeat, what: str | None) -> requests.Response:
        self.count += 1
        path, label = f"issue/{self.issue_id}{below}", f"issue/{{id}}{what or below}"
        try:
            return self._client.change(method, path, body, what=label, repeat=repeat, issue=self.issue_id)
        except AnswerError as refusal:
            raise self._said(refusal.response) from None

    def _said(self, response: requests.Response) -> SyncError:
        error = self._error(response)
        error.status = response.status_code
        return error

    def _error(self, response: requests.Response) -> SyncError:
        match response.status_code:
            case 401 if "scope does not match" in response.text[:2000].lower():
                return refused("scope", path_of(response.url), scope=SCOPE)
            case 401:
                return refused("unauthorized", path_of(response.url))
            case 403:
                return refused("write_forbidden", self.where, scope=SCOPE)
            case 404:
                return gone("write_gone", self.where)
            case 409:
                return ConflictError(later("write_conflict", self.where).problems)
            case 413:
                return refused("write_full", self.where)
            case _:
                return refused("write_refused", self.where, status=response.status_code, said=_said_in(response))


def _said_in(response: requests.Response) -> str:
    """`errorMessages` and what is said of each field, cut short; never any other part of the body."""
    try:
        body = response.json()
    except ValueError:
        return "–"
    if not isinstance(body, dict):
        return "–"
    fields = body.get("errors")
    by_field = [f"{name}: {text}" for name, text in fields.items()] if isinstance(fields, dict) else []
    return plain(" ".join(map(str, [*listed(body.get("errorMessages")), *by_field])))[:_MAX_SAID] or "–"
