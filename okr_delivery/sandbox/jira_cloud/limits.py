"""Cloud's three limits: bursts at an endpoint, writes to one issue, and points an hour for apps."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from math import floor

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.limits import Ask, Limits, Refusal, too_many

HOUR = 3600
LISTS = ("issues", "values", "issueChangeLogs", "comments")  # members that hold an answer's objects


class Window:
    """Instants of the latest requests; `wait` says how long the next one has to."""

    def __init__(self) -> None:
        self.times: deque[float] = deque()

    def used(self, now: float, seconds: float) -> int:
        """How many stand within the last `seconds`."""
        return sum(1 for at in self.times if at > now - seconds)

    def wait(self, now: float, count: int, seconds: float) -> float:
        """Seconds until one more fits under `count` in `seconds`; 0 = now."""
        recent = [at for at in self.times if at > now - seconds]
        return recent[len(recent) - count] + seconds - now if len(recent) >= count else 0.0

    def add(self, now: float, keep: float) -> None:
        while self.times and self.times[0] <= now - keep:
            self.times.popleft()
        self.times.append(now)


class CloudLimits(Limits):
    """Bursts by endpoint and method, writes by issue, points by the hour of the clock."""

    def __init__(self) -> None:
        self._bursts: defaultdict[tuple[str, str], Window] = defaultdict(Window)
        self._writes: defaultdict[int, Window] = defaultdict(Window)
        self._hour, self._points = 0, 0

    def admit(self, ask: Ask) -> None:
        refusal = self._quota(ask) or self._burst(ask) or self._write(ask)
        if refusal:
            raise too_many(refusal, ask.faults, ask.now, named=True)
        self._bursts[ask.method, ask.label].add(ask.now, 1)
        if ask.issue is not None:
            self._writes[ask.issue].add(ask.now, max((seconds for _, seconds in ask.faults.issue_writes), default=0))

    def _quota(self, ask: Ask) -> Refusal | None:
        if ask.faults.points_per_hour is None or ask.faults.login_kind != "oauth":
            return None
        hour = floor(ask.now / HOUR)
        if hour != self._hour:
            self._hour, self._points = hour, 0
        if self._points < ask.faults.points_per_hour:
            return None
        return Refusal(f"jira-quota-{ask.faults.points_of}-based", (hour + 1) * HOUR - ask.now)

    def _burst(self, ask: Ask) -> Refusal | None:
        if ask.faults.burst is None:
            return None
        wait = self._bursts[ask.method, ask.label].wait(ask.now, ask.faults.burst, 1)
        return Refusal("jira-burst-based", wait) if wait > 0 else None

    def _write(self, ask: Ask) -> Refusal | None:
        if ask.issue is None:
            return None
        window = self._writes[ask.issue]
        wait = max((window.wait(ask.now, count, seconds) for count, seconds in ask.faults.issue_writes), default=0.0)
        return Refusal("jira-per-issue-on-write", wait) if wait > 0 else None

    def spend(self, ask: Ask, response: Response) -> None:
        """1 point a call and 1 for each object of a read; writes cost 1."""
        if ask.faults.points_per_hour is not None and response.status_code != 429:
            self._points += 1 + (0 if ask.issue is not None else _objects(response))

    def headers(self, response: Response, ask: Ask) -> None:
        refused, limit = response.status_code == 429, ask.faults.burst or ask.faults.rate_limit
        used = self._bursts[ask.method, ask.label].used(ask.now, 1) if ask.faults.burst else 1
        left = 0 if refused else max(0, limit - used)
        response.headers["X-RateLimit-Limit"] = str(limit)
        response.headers["X-RateLimit-Remaining"] = str(left)
        response.headers["X-RateLimit-NearLimit"] = str(refused or left * 5 < limit).lower()
        if ask.faults.structured != "off" and ask.account is not None:
            prefix = "Beta-" if ask.faults.structured == "beta" else ""
            response.headers[f"{prefix}RateLimit-Policy"] = f'"jira-burst-based";q={limit};w=1'
            response.headers.setdefault(f"{prefix}RateLimit", f'"jira-burst-based";r={left};t=1')


def _objects(response: Response) -> int:
    if response.mimetype != "application/json" or not response.get_data():
        return 0
    data = json.loads(response.get_data())
    if isinstance(data, dict):
        data = next((data[name] for name in LISTS if isinstance(data.get(name), list)), [data])
    return len(data) if isinstance(data, list) else 1
