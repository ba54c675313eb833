"""One request through the served tracker: routing, login, limits, faults, counting, and the answer's last touches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from okr_delivery.sandbox.faults import Failure, Faults
from okr_delivery.sandbox.jira.dialect import PAGES, Dialect, Handler
from okr_delivery.sandbox.jira.http import Call, RefusedError, answer
from okr_delivery.sandbox.jira.tokens import Tokens
from okr_delivery.sandbox.site import BASE
from okr_delivery.sandbox.tracker import Tracker

MARKS = ("issue_id", "int:board_id", "int:sprint_id", "comment_id")  # ids in paths; `<key>` stands for itself
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in to continue</body></html>"
UNAUTHENTICATED = "Client must be authenticated to access this resource."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A handler with the label it is counted under: its path with `{id}` and `{key}` for what varies."""

    label: str
    version: int
    handler: Handler


@dataclass(frozen=True, slots=True)
class Logged:
    """A request as it was answered, for tests."""

    method: str
    path: str
    label: str
    status: int
    account: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, and whether the connection is to be cut instead of sending it (or behind it)."""

    response: Response
    drop: bool = False
    account: str | None = None  # that the request was made as


class App:
    """Answers requests for one tracker. `url` is where it can be reached, with the context path."""

    def __init__(
        self, dialect: Dialect, tracker: Tracker, faults: Faults, login: tuple[str, str], context: str
    ) -> None:
        self.dialect, self.tracker, self.context = dialect, tracker, context
        self.use(faults)
        self.user, self.token = login
        self.url = ""
        self.requests: Counter[str] = Counter()
        self.log: list[Logged] = []
        self.total = 0
        self.tokens = Tokens()
        self._routes = _routes(dialect, context)

    def use(self, faults: Faults) -> None:
        """Puts these faults in force from the next request (and write) on."""
        self.faults = faults
        self.tracker.lag = faults.index_lag

    def __call__(self, request: Request) -> Reply:
        """Answers one request; thread-safe: everything but the latency happens under the tracker's lock."""
        if self.faults.latency:
            time.sleep(self.faults.latency)
        with self.tracker.lock:
            reply = self._reply(request)
            return replace(reply, response=self._finish(reply))

    def _reply(self, request: Request) -> Reply:
        self.total += 1
        try:
            endpoint, arguments = self._routes.bind_to_environ(request.environ).match()
        except HTTPException as error:
            code = error.code or 404
            self._count(request, "(unknown)", code, None)
            return Reply(answer({"errorMessages": [error.name], "errors": {}}, code))
        failure = self._failure(endpoint.label)
        if failure and failure.kind == "drop_before":
            self._count(request, endpoint.label, 0, None)
            return Reply(Response(), drop=True)
        if failure and failure.kind in ("status", "html_login"):
            self._count(request, endpoint.label, failure.status if failure.kind == "status" else 200, None)
            return Reply(self._failed(failure))
        response, account = self._answer(request, endpoint, arguments)
        if failure and failure.kind == "truncated_json":
            response.set_data(response.get_data()[: max(1, len(response.get_data()) // 2)])
        return Reply(response, failure is not None and failure.kind == "drop_after", account)

    def _answer(
        self, request: Request, endpoint: Endpoint, arguments: Mapping[str, Any]
    ) -> tuple[Response, str | None]:
        account: str | None = None
        try:
            account = self._login(request)
            response = endpoint.handler(self._call(request, endpoint, account), **arguments)
        except RefusedError as error:
            response = error.response()
        self._count(request, endpoint.label, response.status_code, account)
        return response, account

    def _call(self, request: Request, endpoint: Endpoint, account: str | None) -> Call:
        zone = self._zone()
        render = self.dialect.renderer(self.tracker.site, zone, endpoint.version)
        projects = None if account else self._public()
        return Call(
            request,
            endpoint.version,
            account,
            projects,
            self.tracker,
            self.faults,
            self.tokens,
            render,
            zone,
            self.dialect,
        )

    def _zone(self) -> str:
        zone = self.faults.account_zone or self.tracker.site.zone
        for number, later in sorted((int(n), z) for n, z in self.faults.zone_after.items()):
            zone = later if self.total > number else zone
        return zone

    def _public(self) -> frozenset[str]:
        rows = (self.tracker.site.project(key) for key in self.faults.anonymous_projects)
        return frozenset(str(row["id"]) for row in rows if row)

    def _login(self, request: Request) -> str | None:
        """The account of the login; None for nobody. A wrong login is 401, or nobody where the fault says so."""
        login = request.authorization
        if login is None:
            return None
        revoked = self.faults.revoke_after is not None and self.total > self.faults.revoke_after
        basic = login.type == "basic" and (login.username, login.password) == (self.user, self.token)
        if (basic or (login.type == "bearer" and login.token == self.token)) and not revoked:
            return self.tracker.site.account
        if self.faults.dead_login == "anonymous":
            return None
        raise RefusedError(401, UNAUTHENTICATED)

    def _count(self, request: Request, label: str, status: int, account: str | None) -> None:
        self.requests[label] += 1
        self.log.append(Logged(request.method, request.full_path.rstrip("?"), label, status, account))

    def _failure(self, label: str) -> Failure | None:
        for failure in self.faults.failures:
            number = self.total if failure.endpoint == "*" else self.requests[label] + 1
            if failure.endpoint in ("*", label) and failure.at <= number < failure.at + failure.times:
                return failure
        return None

    def _failed(self, failure: Failure) -> Response:
        if failure.kind == "html_login":
            return Response(LOGIN_PAGE, 200, content_type="text/html;charset=UTF-8")
        text = {429: "Rate limit exceeded.", 401: "Client must be authenticated to access this resource."}
        response = answer(
            {"errorMessages": [text.get(failure.status, "Service unavailable.")], "errors": {}}, failure.status
        )
        if failure.retry_after == "date":
            response.headers["Retry-After"] = formatdate(self.tracker.clock() + 1, usegmt=True)
        elif failure.retry_after is not None:
            response.headers["Retry-After"] = str(failure.retry_after)
        if failure.status == 429:
            response.headers["RateLimit-Reason"] = failure.reason or "jira-burst-based"
        return response

    def _finish(self, reply: Reply) -> Response:
        response = reply.response
        if response.mimetype == "application/json":
            data = self.dialect.rewrite(response.get_data())
            response.set_data(data.replace(BASE.encode(), self.url.encode()))
        response.headers["Date"] = formatdate(self.tracker.clock(), usegmt=True)
        self.dialect.headers(response, self.faults, reply.account)
        return response


def _routes(dialect: Dialect, context: str) -> Map:
    rules = [_rule(context, 2, *row) for row in PAGES.items()]
    for version in dialect.versions:
        rules += [_rule(f"{context}/rest/api/{version}", version, *row) for row in dialect.platform.items()]
    rules += [_rule(f"{context}/rest/api/latest", 2, *row) for row in dialect.platform.items()]
    rules += [_rule(f"{context}/rest/agile/1.0", 2, *row) for row in dialect.agile.items()]
    return Map(rules, strict_slashes=False)


def _rule(prefix: str, version: int, key: tuple[str, str], handler: Handler) -> Rule:
    method, path = key
    label = path.replace("<key>", "{key}")
    for mark in MARKS:
        label = label.replace(f"<{mark}>", "{id}")
    return Rule(f"{prefix}/{path}", methods=[method], endpoint=Endpoint(label, version, handler))
