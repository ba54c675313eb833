"""How long to wait before a request is sent again."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests

RETRIES = 4
FIRST, GROWTH = 1.0, 2  # seconds before the first repeat when the server names none; times this for each further one
UNTOLD_FIRST, UNTOLD_GROWTH = 2.0, 3  # the same for a limit: many are counted by the minute
JITTER = (0.7, 1.3)


def retry_after(response: requests.Response, now: float) -> float | None:
    """Seconds that `Retry-After` asks for: an int, a float or an HTTP date. None when it is missing or nonsense.

    A date counts from the server's own `Date`, so that a wrong clock here does not matter.
    """
    said = (response.headers.get("Retry-After") or "").strip()
    seconds = number_of(said)
    if seconds is None:
        until, sent = date_of(said), date_of(response.headers.get("Date") or "")
        seconds = None if until is None else until - (now if sent is None else sent)
    return None if seconds is None else max(0.0, seconds)


def number_of(text: str) -> float | None:
    """A finite number in plain digits, None for anything else."""
    try:
        found = float(text.strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def date_of(text: str) -> float | None:
    """Epoch seconds of an HTTP date, None for anything else."""
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def pause(
    asked: float | None, attempt: int, spread: Callable[[float, float], float], *, limited: bool = False
) -> float:
    """Seconds before repeat number `attempt` (from 1): what was asked and no less, else growing; spread by 0.7 to 1.3.

    `limited`: the server refused one request too many, so that four repeats have to outlast a minute.
    """
    first, growth = (UNTOLD_FIRST, UNTOLD_GROWTH) if limited else (FIRST, GROWTH)
    wanted = asked if asked is not None else first * growth ** (attempt - 1)
    return max(wanted * spread(*JITTER), asked or 0.0)
