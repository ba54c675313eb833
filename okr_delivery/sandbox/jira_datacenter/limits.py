"""Data Center's limit: a bucket of tokens for each user, filled at a steady rate; every answer tells how full it is."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.limits import Ask, Limits, Refusal, too_many


class BucketLimits(Limits):
    """A bucket by user. Without the `burst` switch it is never empty."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}  # by account: tokens, and when they were counted

    def admit(self, ask: Ask) -> None:
        size = ask.faults.burst
        if size is None or ask.account is None:
            return
        left = self._now(ask, size)
        if left < 1:
            raise too_many(Refusal("", (1 - left) / size), ask.faults, ask.now, named=False)
        self._left[ask.account] = (left - 1, ask.now)

    def _now(self, ask: Ask, size: int) -> float:
        left, at = self._left.get(str(ask.account), (float(size), ask.now))
        return min(float(size), left + (ask.now - at) * size)

    def headers(self, response: Response, ask: Ask) -> None:
        if ask.account is None:
            return
        size, refused = ask.faults.burst or ask.faults.rate_limit, response.status_code == 429
        left = int(self._now(ask, size)) if ask.faults.burst else size - 1
        response.headers["X-RateLimit-Limit"] = str(size)
        response.headers["X-RateLimit-Remaining"] = "0" if refused else str(left)
        response.headers["X-RateLimit-FillRate"] = str(size)
        response.headers["X-RateLimit-Interval-Seconds"] = "1"
        if not refused:
            response.headers.setdefault("retry-after", "0" if left > 0 else "1")
