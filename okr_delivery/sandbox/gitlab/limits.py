"""How GitLab says "slow down": a throttle that its headers tell of, and limits of single endpoints that they don't."""

from __future__ import annotations

from collections import deque
from email.utils import formatdate
from math import ceil

from werkzeug.wrappers import Response

from okr_delivery.sandbox.faults import Faults
from okr_delivery.sandbox.gitlab.http import answer, text

MINUTE = 60
LATER = "Retry later\n"
TOO_OFTEN = {"message": {"error": "This endpoint has been requested too many times. Try again later."}}


class LimitError(Exception):
    """A request too many; `response` says so."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(str(response.status_code))


class Limits:
    """Counts requests by the minute of the clock, and notes within the last minute."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._minute, self._used = 0, 0
        self._notes: deque[float] = deque()

    def admit(self, now: float) -> None:
        """Counts a request. Raises LimitError where it is one too many."""
        minute = int(now // MINUTE)
        if minute != self._minute:
            self._minute, self._used = minute, 0
        self._used += 1
        if self._used > self._faults.requests_per_minute:
            raise LimitError(refusal(self._faults, now, (minute + 1) * MINUTE - now))

    def admit_note(self, now: float) -> None:
        """Counts a new note. Raises LimitError where it is one too many; the headers know nothing of it."""
        while self._notes and self._notes[0] <= now - MINUTE:
            self._notes.popleft()
        if len(self._notes) >= self._faults.notes_per_minute:
            as_json = self._faults.limit_body == "json"
            raise LimitError(answer(TOO_OFTEN, 429) if as_json else text(LATER, 429))
        self._notes.append(now)

    def headers(self, response: Response, now: float) -> None:
        """Adds what every answer says of the throttle."""
        if self._faults.rate_headers == "none":
            return
        limit, reset = self._faults.requests_per_minute, (int(now // MINUTE) + 1) * MINUTE
        response.headers["RateLimit-Limit"] = str(limit)
        response.headers["RateLimit-Name"] = "throttle_authenticated_api"
        response.headers["RateLimit-Observed"] = str(self._used)
        response.headers["RateLimit-Remaining"] = str(max(0, limit - self._used))
        response.headers["RateLimit-Reset"] = str(reset)


def refusal(faults: Faults, now: float, seconds: float) -> Response:
    """The throttle's 429: plain text, and the wait in the form that the switches want."""
    wait = max(1, ceil(seconds))
    after = {"seconds": str(wait), "date": formatdate(ceil(now) + wait, usegmt=True)}.get(faults.limit_form)
    told = after is not None and faults.rate_headers == "all"
    return text(LATER, 429, {"Retry-After": str(after)} if told else None)
