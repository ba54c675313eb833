"""One request through the served tracker: routing, login, limits, faults, counting, and the answer's last touches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from okr_delivery.sandbox.edits import BadValueError
from okr_delivery.sandbox.faults import Failure, Faults
from okr_delivery.sandbox.jira import events, failures
from okr_delivery.sandbox.jira.dialect import Dialect, Handler
from okr_delivery.sandbox.jira.http import AnsweredError, Call, RefusedError
from okr_delivery.sandbox.jira.limits import Ask
from okr_delivery.sandbox.jira.login import Caller, Door, check_scope, identify
from okr_delivery.sandbox.jira.tokens import Tokens
from okr_delivery.sandbox.site import BASE
from okr_delivery.sandbox.tracker import Tracker

MARKS = (
    "issue_id",
    "int:board_id",
    "int:sprint_id",
    "comment_id",
    "link_id",
)  # ids in paths; `<key>` stands for itself
MOST_ADDRESS = 8000  # bytes of a request line


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A handler with the label it is counted under: its path with `{id}` and `{key}` for what varies."""

    label: str
    version: int
    handler: Handler
    agile: bool = False
    gateway: bool = False  # reached through it


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
    ask: Ask | None = None
    failed: bool = False  # a login came with the request and was not good
    gateway: bool = False


class App:
    """Answers requests for one tracker. `url` is where it can be reached, with the context path."""

    def __init__(
        self, dialect: Dialect, tracker: Tracker, faults: Faults, login: tuple[str, str], context: str
    ) -> None:
        self.dialect, self.tracker, self.context = dialect, tracker, context
        self.user, self.token = login
        self.url = ""
        self.requests: Counter[str] = Counter()
        self.log: list[Logged] = []
        self.total = 0
        self.tokens = Tokens()
        self.use(faults)
        self._by_method: Counter[tuple[str, str]] = Counter()
        self._routes = _routes(type(dialect), context)

    @property
    def server_name(self) -> str:
        return self.dialect.server_name

    def now(self) -> float:
        return self.tracker.clock()

    def use(self, faults: Faults) -> None:
        """Puts these faults in force from the next request (and write) on; limits start from nothing."""
        self.faults = faults
        self.limits = self.dialect.limits()
        self.tracker.use(faults)
        self._pending = list(faults.events)

    def reset(self) -> None:
        """Counts from zero again."""
        self.requests.clear()
        self._by_method.clear()
        self.log.clear()
        self.total = 0

    def __call__(self, request: Request) -> Reply:
        """Answers one request; thread-safe: everything but the latency happens under the tracker's lock."""
        if self.faults.latency:
            time.sleep(self.faults.latency)
        with self.tracker.lock:
            reply = self._reply(request)
            return replace(reply, response=self._finish(request, reply))

    def _reply(self, request: Request) -> Reply:
        self.total += 1
        try:
            endpoint, arguments = self._route(request)
            self._happen(endpoint.label)
        except RefusedError as error:
            self._count(request, "(unknown)", error.status, None)
            return Reply(error.response())
        failure = self._failure(request.method, endpoint.label)
        if failure and failure.kind == "drop_before":
            self._count(request, endpoint.label, 0, None)
            return Reply(Response(), drop=True)
        if failure and failure.kind in ("status", "html_login", "redirect"):
            response = failures.answer_of(failure, self.tracker.clock(), named=self.dialect.names_reasons)
            self._count(request, endpoint.label, response.status_code, None)
            return Reply(response, ask=self._ask(request, endpoint, arguments, None))
        reply = self._answer(request, endpoint, arguments)
        if failure and failure.kind == "truncated_json":
            failures.truncate(reply.response)
        return replace(reply, drop=failure is not None and failure.kind == "drop_after")

    def _route(self, request: Request) -> tuple[Endpoint, dict[str, Any]]:
        if len(request.full_path) > MOST_ADDRESS:
            raise RefusedError(414, "URI Too Long")
        try:
            endpoint, arguments = self._routes.bind_to_environ(request.environ).match()
        except HTTPException as error:
            raise RefusedError(error.code or 404, error.name) from error
        found = dict(arguments)
        if found.pop("cloud", self.faults.cloud_id) != self.faults.cloud_id:
            raise RefusedError(404, "Not Found")
        return endpoint, found

    def _happen(self, label: str) -> None:
        """Lets due events happen; one that can't is an error of the faults file, answered as such."""
        for event in list(self._pending):
            number = self.total if event.endpoint == "*" else self.requests[label] + 1
            if event.endpoint in ("*", label) and number >= event.at:
                self._pending.remove(event)
                try:
                    events.run(self.tracker, event)
                except (KeyError, BadValueError) as error:
                    raise RefusedError(500, f"The event {event.do} of the faults file failed: {error}") from error

    def _answer(self, request: Request, endpoint: Endpoint, arguments: Mapping[str, Any]) -> Reply:
        caller, ask = Caller(None), self._ask(request, endpoint, arguments, None)
        try:
            caller = identify(request, self._door(endpoint), self.faults)
            ask = replace(ask, account=caller.account)
            if caller.account is not None:
                check_scope(request.method, endpoint.label, endpoint.agile, self.faults)
            self.limits.admit(ask)
            response = endpoint.handler(self._call(request, endpoint, caller.account), **arguments)
            self.limits.spend(ask, response)
        except RefusedError as error:
            response = error.response()
        except AnsweredError as error:
            response = error.answer
        self._count(request, endpoint.label, response.status_code, caller.account)
        failed = caller.failed or (caller.account is None and request.authorization is not None)
        return Reply(response, False, ask, failed, endpoint.gateway)

    def _ask(self, request: Request, endpoint: Endpoint, arguments: Mapping[str, Any], account: str | None) -> Ask:
        issue = None
        if request.method != "GET" and "issue_id" in arguments:
            found = self.tracker.site.find(str(arguments["issue_id"]))
            issue = found.id if found else None
        return Ask(request.method, endpoint.label, account, issue, self.faults, self.tracker.clock())

    def _door(self, endpoint: Endpoint) -> Door:
        live = self.faults.revoke_after is None or self.total <= self.faults.revoke_after
        account = self.tracker.site.account
        return Door(self.user, self.token, account, endpoint.gateway, live, self.dialect.gateway, self.url)

    def _call(self, request: Request, endpoint: Endpoint, account: str | None) -> Call:
        zone = self._zone()
        render = self.dialect.renderer(self.tracker.site, zone, endpoint.version, self.faults)
        return Call(
            request=request,
            version=endpoint.version,
            account=account,
            projects=None if account else self._ids(self.faults.anonymous_projects),
            tracker=self.tracker,
            faults=self.faults,
            tokens=self.tokens,
            render=render,
            zone=zone,
            dialect=self.dialect,
            gone=self._ids(self.faults.hidden_projects) | self.tracker.hidden,
        )

    def _zone(self) -> str:
        zone = self.faults.account_zone or self.tracker.site.zone
        for number, later in sorted((int(n), z) for n, z in self.faults.zone_after.items()):
            zone = later if self.total > number else zone
        return zone

    def _ids(self, keys: Sequence[str]) -> frozenset[str]:
        rows = (self.tracker.site.project(key) for key in keys)
        return frozenset(str(row["id"]) for row in rows if row)

    def _count(self, request: Request, label: str, status: int, account: str | None) -> None:
        self.requests[label] += 1
        self._by_method[request.method, label] += 1
        self.log.append(Logged(request.method, request.full_path.rstrip("?"), label, status, account))

    def _failure(self, method: str, label: str) -> Failure | None:
        for failure in self.faults.failures:
            if failure.endpoint not in ("*", label) or failure.method not in (None, method):
                continue
            if failure.at <= self._number(failure, method, label) < failure.at + failure.times:
                return failure
        return None

    def _number(self, failure: Failure, method: str, label: str) -> int:
        """The number of this request among those that a failure counts."""
        if failure.method is None:
            return self.total if failure.endpoint == "*" else self.requests[label] + 1
        if failure.endpoint == "*":
            return 1 + sum(count for (verb, _), count in self._by_method.items() if verb == method)
        return self._by_method[method, label] + 1

    def _finish(self, request: Request, reply: Reply) -> Response:
        response = reply.response
        if response.mimetype == "application/json":
            response.set_data(self._addressed(response.get_data(), gateway=reply.gateway))
        response.headers["Date"] = formatdate(self.tracker.clock(), usegmt=True)
        if self.faults.foreign_link:
            response.headers["Link"] = f'<{self.faults.foreign_link}{request.path}>; rel="next"'
        if reply.ask is not None:
            self.limits.headers(response, reply.ask)
            self.dialect.headers(response, reply.ask.account, failed=reply.failed)
        return response

    @property
    def site_url(self) -> str:
        """Where the site says it is: people's links lead there."""
        here = self.faults.site_url
        if here is None and self.dialect.gateway and self.faults.login_kind != "classic":
            port = self.url.rpartition(":")[2]
            here = f"http://localhost:{port}"
        return here or self.url

    @property
    def gateway_url(self) -> str:
        """The root that scoped tokens and OAuth go to."""
        return f"{self.url}/ex/jira/{self.faults.cloud_id}"

    def _addressed(self, data: bytes, *, gateway: bool) -> bytes:
        data = self.dialect.rewrite(data)
        if gateway and self.faults.self_urls == "gateway":
            data = data.replace(f"{BASE}/rest/".encode(), f"{self.gateway_url}/rest/".encode())
        return data.replace(BASE.encode(), self.site_url.encode())


_MAPS: dict[tuple[type[Dialect], str], Map] = {}


def _routes(dialect: type[Dialect], context: str) -> Map:
    """Compiled once for each kind: some 300 rules take half a second, and tests start a server each."""
    if (dialect, context) not in _MAPS:
        _MAPS[dialect, context] = Map(list(_rules(dialect, context)), strict_slashes=False)
    return _MAPS[dialect, context]


def _rules(dialect: type[Dialect], context: str) -> Iterator[Rule]:
    roots = [(context, False), *([(f"{context}/ex/jira/<cloud>", True)] if dialect.gateway else [])]
    for key, handler in dialect.pages.items():
        yield _rule(context, Endpoint("", 2, handler), key)
    for root, gateway in roots:
        for version in (*dialect.versions, None):
            prefix = f"{root}/rest/api/{version or 'latest'}"
            for key, handler in dialect.platform.items():
                yield _rule(prefix, Endpoint("", version or 2, handler, gateway=gateway), key)
        for key, handler in dialect.agile.items():
            yield _rule(f"{root}/rest/agile/1.0", Endpoint("", 2, handler, True, gateway), key)


def _rule(prefix: str, endpoint: Endpoint, key: tuple[str, str]) -> Rule:
    method, path = key
    label = path.replace("<key>", "{key}")
    for mark in MARKS:
        label = label.replace(f"<{mark}>", "{id}")
    return Rule(f"{prefix}/{path}", methods=[method], endpoint=replace(endpoint, label=label))
