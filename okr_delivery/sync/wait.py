"""How long to wait before a request is sent again."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests

RETRIES = 4
FIRST = 1.0  # seconds before the first repeat when the server names none; doubled each time
JITTER = (0.7, 1.3)


def retry_after(response: requests.Response, now: float) -> float | None:
    """Seconds that `Retry-After` asks for: an int, a float or an HTTP date. None when it is missing or nonsense.

    A date counts from the server's own `Date`, so that a wrong clock here does not matter.
    """
    said = (response.headers.get("Retry-After") or "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        until, sent = _date(said), _date(response.headers.get("Date") or "")
        seconds = math.nan if until is None else until - (now if sent is None else sent)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _date(text: str) -> float | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def pause(asked: float | None, attempt: int, spread: Callable[[float, float], float]) -> float:
    """Seconds before repeat number `attempt` (from 1): what was asked or a doubling second, spread by 0.7 to 1.3.

    Never less than what was asked.
    """
    wanted = asked if asked is not None else FIRST * 2 ** (attempt - 1)
    return max(wanted * spread(*JITTER), asked or 0.0)
