"""What an answer says about the tracker's limits: which one is used up, until when, and how much is left of the others.

Read are `Retry-After`, `RateLimit-Reason`, the `X-RateLimit-…` headers of Jira Cloud and of Data Center's token bucket,
GitLab's `RateLimit-…`, and the structured `RateLimit` and `RateLimit-Policy`, also with the prefix `Beta-`. All of them
may be missing, and none of them is taken for the status: a `Retry-After` on a success means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

import requests

from okr_delivery.sync.wait import date_of, number_of, retry_after

NEAR = 0.2  # of a limit that remains: from here on starts are spread
SECOND = 1.0  # the window of a limit that names none: Jira Cloud counts bursts by the second
LONGEST_GAP = 2.0  # between two starts while a limit is only near; a tracker that wants more says 429
LONGEST_REFILL = 60.0  # the same for a token bucket, which is empty until it is filled again
UNTOLD_GAP = 0.25  # near a limit that doesn't tell how much is left
UNIX = 1_000_000_000  # a reset above this is an instant, below it a number of seconds


class Scope(Enum):
    """What a limit binds."""

    SOURCE = "source"
    ENDPOINT = "endpoint"
    ISSUE = "issue"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that is used up. `kind` completes the id `sync.limit.…` of its name for people."""

    scope: Scope
    kind: str = "unnamed"


@dataclass(frozen=True, slots=True)
class Allowance:
    """Seconds between two starts within `scope`, so that what remains lasts until there is more. 0: plenty."""

    scope: Scope
    gap: float


REASONS = {
    "jira-quota-global-based": Limit(Scope.SOURCE, "quota_global"),
    "jira-quota-tenant-based": Limit(Scope.SOURCE, "quota_tenant"),
    "jira-burst-based": Limit(Scope.ENDPOINT, "burst"),
    "jira-per-issue-on-write": Limit(Scope.ISSUE, "issue"),
}
UNNAMED = Limit(Scope.ENDPOINT)


def reached(response: requests.Response) -> Limit:
    """Which limit a 429 is about. A reason that is missing or unknown binds the endpoint that was asked."""
    said = response.headers.get("RateLimit-Reason") or response.headers.get("X-RateLimit-Reason") or ""
    known = (REASONS.get(part.strip().strip('"').lower()) for part in said.split(","))
    return next((limit for limit in known if limit is not None), UNNAMED)


def asked(response: requests.Response, now: float) -> float | None:
    """Seconds that the server asks to wait: `Retry-After`, else until the limit is reset. None: it names none.

    Raises nothing for nonsense. A wait of nothing counts as none: who refused a moment ago will refuse again.
    """
    seconds = retry_after(response, now)
    if seconds is None:
        seconds = max((s for s in _resets(response, now) if s is not None), default=None)
    return seconds or None


def allowances(response: requests.Response, now: float) -> list[Allowance]:
    """One for each scope that the answer tells about."""
    found: dict[Scope, float] = {}
    for each in (*_flat(response, now), *_structured(response)):
        found[each.scope] = max(each.gap, found.get(each.scope, 0.0))
    return [Allowance(scope, gap) for scope, gap in found.items()]


def _resets(response: requests.Response, now: float) -> Iterator[float | None]:
    for name in ("X-RateLimit-Reset", "RateLimit-Reset"):
        yield _reset(response, name, now)
    for state in _states(response):
        yield state.numbers.get("t") if state.numbers.get("r", 0.0) < 1 else None


def _reset(response: requests.Response, name: str, now: float) -> float | None:
    """Seconds until a reset that lies ahead, by the server's own clock where it tells it."""
    said = response.headers.get(name)
    if said is None:
        return None
    number = number_of(said)
    if number is not None and number < UNIX:
        return number if number > 0 else None
    until = number if number is not None else _iso(said)
    sent = date_of(response.headers.get("Date") or "")
    ahead = None if until is None else until - (now if sent is None else sent)
    return ahead if ahead is not None and ahead > 0 else None


def _iso(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class _Flat:
    """One family of headers with a number each."""

    response: requests.Response
    prefix: str

    def number(self, name: str) -> float | None:
        return number_of(self.response.headers.get(self.prefix + name) or "")

    @property
    def near(self) -> bool:
        """Whether the limit is near, by the server's own word or by what remains."""
        if (self.response.headers.get(self.prefix + "NearLimit") or "").strip().lower() == "true":
            return True
        limit, left = self.number("Limit"), self.number("Remaining")
        return left is not None and (left < 1 if not limit else left < NEAR * limit)

    @property
    def there(self) -> bool:
        return any(self.response.headers.get(self.prefix + name) for name in ("Remaining", "NearLimit"))


def _flat(response: requests.Response, now: float) -> Iterator[Allowance]:
    jira, plain = _Flat(response, "X-RateLimit-"), _Flat(response, "RateLimit-")
    fill, interval = jira.number("FillRate"), jira.number("Interval-Seconds")
    if jira.there and fill and interval:  # Data Center: one bucket for the whole account
        yield Allowance(Scope.SOURCE, min(interval / fill, LONGEST_REFILL) if jira.near else 0.0)
    elif jira.there:
        yield Allowance(Scope.ENDPOINT, _gap(jira, _reset(response, "X-RateLimit-Reset", now)))
    if plain.there:  # GitLab: one counter for the whole account
        yield Allowance(Scope.SOURCE, _gap(plain, _reset(response, "RateLimit-Reset", now)))


def _gap(family: _Flat, reset: float | None) -> float:
    if not family.near:
        return 0.0
    left = family.number("Remaining")
    return UNTOLD_GAP if left is None else _spread(reset if reset is not None else SECOND, left)


def _spread(seconds: float, left: float) -> float:
    return min(seconds / max(left, 1.0), LONGEST_GAP)


# structured fields: "burst";r=50;t=1, "hour";r=9000;t=1800

_ITEM = re.compile(r'\s*("[^"]*"|[^\s",;]+)\s*((?:;\s*[^",;]*(?:"[^"]*")?\s*)*)(?:,|$)')
_OLD_NAMES = {"limit": "q", "remaining": "r", "reset": "t", "window": "w"}


def _structured(response: requests.Response) -> Iterator[Allowance]:
    for state in _states(response):
        left, quota = state.numbers.get("r"), state.numbers.get("q")
        if left is None:
            continue
        near = left < 1 if not quota else left < NEAR * quota
        scope = Scope.SOURCE if "quota" in state.name else Scope.ENDPOINT
        yield Allowance(scope, _spread(state.numbers.get("t", SECOND), left) if near else 0.0)


@dataclass(slots=True)
class _State:
    """One named limit: r is left of q, t seconds until there is more, w seconds wide."""

    name: str
    numbers: dict[str, float] = field(default_factory=dict)


def _states(response: requests.Response) -> list[_State]:
    found: dict[str, _State] = {}
    for header in ("RateLimit-Policy", "Beta-RateLimit-Policy", "RateLimit", "Beta-RateLimit"):
        for name, numbers in _items(response.headers.get(header) or ""):
            found.setdefault(name, _State(name)).numbers.update(numbers)
    return list(found.values())


def _items(text: str) -> Iterator[tuple[str, Mapping[str, float]]]:
    """The items of a list with their numbers; those of the older form `limit=100, remaining=50` belong to no name."""
    for item in _ITEM.finditer(text):
        head, rest = item.group(1), item.group(2)
        named = dict(_numbers(rest))
        if head.startswith('"'):
            yield head.strip('"').lower(), named
        elif "=" in head:
            yield "", dict(_numbers(head)) | named
        elif (quota := number_of(head)) is not None:
            yield "", {"q": quota} | named
        else:
            yield head.lower(), named


def _numbers(text: str) -> Iterator[tuple[str, float]]:
    for part in text.split(";"):
        name, _, value = part.partition("=")
        number = number_of(value)
        if number is not None:
            key = name.strip().lower()
            yield _OLD_NAMES.get(key, key), number
