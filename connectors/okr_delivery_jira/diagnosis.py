"""What a refusal by Jira means, and what to set so that it goes away."""

from __future__ import annotations

import re

import requests

from okr_delivery.sync.errors import SyncError
from okr_delivery_jira.problems import later, path_of, refused
from okr_delivery_jira.text import listed

SCOPES = (
    (re.compile(r"/agile/1\.0/(board|sprint)"), "read:board-scope:jira-software, read:sprint:jira-software"),
    (re.compile(r"/myself$"), "read:jira-user"),
    (re.compile(r"."), "read:jira-work"),
)
_SEARCHES = ("search/jql", "search/approximate-count", "POST search")
_DIALECT_SEARCHES = ("search/jql", "POST search")
_NO_LOGIN = re.compile(r"FAILED|DENIED", re.IGNORECASE)
_MAX_SENTENCES, _MAX_SENTENCE = 3, 300


def diagnose(response: requests.Response, what: str) -> SyncError | None:
    """The error for statuses that mean one thing in Jira; None leaves the answer to the transport."""
    path = path_of(response.url)
    login = response.headers.get("X-Seraph-LoginReason", "")
    if response.status_code < 300 and _NO_LOGIN.search(login):  # answered all the same, to nobody
        return refused("login_failed", path, reason=login[:40])
    match response.status_code:
        case 401:
            return _unauthorized(response, path)
        case 403:
            return _forbidden(response, path)
        case 404 | 405 if what.endswith(_DIALECT_SEARCHES):
            return refused("wrong_kind", path)
        case 404:
            return refused("not_found", path)
        case 410:
            return refused("old_search", path)
        case 400 if what.endswith(_SEARCHES):
            return _bad_search(response, path)
    return None


def scope_for(path: str) -> str:
    """The classic scopes that an endpoint needs."""
    return next(scopes for pattern, scopes in SCOPES if pattern.search(path))


def _unauthorized(response: requests.Response, path: str) -> SyncError:
    if "scope does not match" in response.text[:2000].lower():
        return refused("scope", path, scope=scope_for(path))
    return refused("unauthorized", path)


def _forbidden(response: requests.Response, path: str) -> SyncError | None:
    reason = response.headers.get("X-Authentication-Denied-Reason", "")
    if "captcha" in reason.lower():
        return refused("captcha", path)
    return refused("forbidden", path, scope=scope_for(path))


def _bad_search(response: requests.Response, path: str) -> SyncError:
    sentences = _sentences(response)
    if any("token" in sentence.lower() for sentence in sentences):  # page tokens live a week and can be revoked
        return later("token_expired", path)
    return refused("jql", path, said=" ".join(sentences) or "–")


def _sentences(response: requests.Response) -> list[str]:
    """`errorMessages`, cut short; never any other part of the body."""
    try:
        body = response.json()
    except ValueError:
        return []
    found = listed(body.get("errorMessages")) if isinstance(body, dict) else []
    return [str(sentence)[:_MAX_SENTENCE] for sentence in found[:_MAX_SENTENCES]]
