"""How a server says "slow down": the shapes of a 429, and the counting behind it, which each kind of Jira does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from math import ceil

from werkzeug.wrappers import Response

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.faults.switches import HeaderForm
from okr_delivery.sandbox.jira.http import RefusedError

TOO_MANY = "Rate limit exceeded."


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as limits see it. `issue` is the one it writes to; `now` is the server's clock in epoch seconds."""

    method: str
    label: str
    account: str | None
    issue: int | None
    faults: Faults
    now: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request has to wait, and for how many seconds."""

    reason: str
    wait: float


class Limits:
    """Counts requests. The base counts nothing and lets everything pass."""

    def admit(self, ask: Ask) -> None:
        """Counts a request. Raises RefusedError with 429 where it is one too many."""

    def spend(self, ask: Ask, response: Response) -> None:
        """Counts what an answer cost."""

    def headers(self, response: Response, ask: Ask) -> None:
        """Adds the limit headers that every answer carries."""


def too_many(refusal: Refusal, faults: Faults, now: float, *, named: bool) -> RefusedError:
    """The 429 of an enforced limit; `named` says whether this kind of Jira gives the reason in a header."""
    reason = {"RateLimit-Reason": refusal.reason} if named else {}
    return RefusedError(429, TOO_MANY, headers=reason | wait(refusal, faults.limit_form, faults.structured, now))


def wait(refusal: Refusal, form: HeaderForm, structured: str, now: float) -> dict[str, str]:
    """Headers that say how long to wait, in one of the forms that are met in the wild."""
    seconds = max(1, ceil(refusal.wait))
    prefix = "" if structured == "plain" else "Beta-"
    reset = {"X-RateLimit-Reset": _iso(now + seconds)}
    forms: dict[HeaderForm, dict[str, str]] = {
        "seconds": {"Retry-After": str(seconds)} | reset,
        "date": {"Retry-After": formatdate(ceil(now) + seconds, usegmt=True)},
        "reset": reset,
        "structured": {f"{prefix}RateLimit": f'"{refusal.reason or "user"}";r=0;t={seconds}'},
        "missing": {},
    }
    return forms[form]


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
