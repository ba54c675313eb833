"""One request through the served GitLab: routing, login, limits, faults, counting, and the answer's last touches."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

from werkzeug.wrappers import Request, Response

from okr_delivery.sandbox.faults import Failure, Faults
from okr_delivery.sandbox.gitlab import deeds, failures, graphql_endpoint, parameters, web
from okr_delivery.sandbox.gitlab.changes import BadValueError
from okr_delivery.sandbox.gitlab.endpoints import ENDPOINTS
from okr_delivery.sandbox.gitlab.forge import Forge
from okr_delivery.sandbox.gitlab.http import Call, RefusedError
from okr_delivery.sandbox.gitlab.index import Index
from okr_delivery.sandbox.gitlab.limits import LimitError, Limits
from okr_delivery.sandbox.gitlab.logins import Caller, Door, LoginPageError, check_scope, identify, login_page
from okr_delivery.sandbox.gitlab.posted import Posted
from okr_delivery.sandbox.gitlab.render import Renderer
from okr_delivery.sandbox.gitlab.routing import ROOT, Endpoint, Routes
from okr_delivery.sandbox.gitlab.tiers import features_of

GRAPHQL_PATH = "/api/graphql"
MOST_ADDRESS = 8000  # bytes of a request line
ROUTES = Routes(ENDPOINTS)
GRAPHQL = Endpoint("POST", "graphql", graphql_endpoint.execute)


@dataclass(frozen=True, slots=True)
class Logged:
    """A request as it was answered, for tests. `operation` is the name of a GraphQL one."""

    method: str
    path: str
    label: str
    status: int
    account: int | None
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, and whether the connection is to be cut instead of sending it (or behind it)."""

    response: Response
    drop: bool = False


class App:
    """Answers requests for one GitLab. `url` is where it can be reached, with the context path.

    `ignored` counts parameters that came and that nobody read, by endpoint: GitLab says nothing of them.
    """

    server_name = "nginx"

    def __init__(self, forge: Forge, faults: Faults, token: str, context: str) -> None:
        self.forge, self.token, self.context = forge, token, context
        self.url = ""
        self.index = Index(forge.state)
        self.posted = Posted()
        self.requests: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.ignored: Counter[tuple[str, str]] = Counter()
        self.log: list[Logged] = []
        self.total = 0
        self._by_method: Counter[tuple[str, str]] = Counter()
        self.use(faults)

    def now(self) -> float:
        return self.forge.clock()

    def use(self, faults: Faults) -> None:
        """Puts these faults in force from the next request on; limits start from nothing."""
        self.faults = faults
        self.limits = Limits(faults)
        self.forge.use(faults)
        self._pending = list(faults.events)

    def reset(self) -> None:
        """Counts from zero again."""
        for counter in (self.requests, self.operations, self.ignored, self._by_method):
            counter.clear()
        self.log.clear()
        self.total = 0

    def __call__(self, request: Request) -> Reply:
        """Answers one request; thread-safe: everything but the latency happens under the forge's lock."""
        if self.faults.latency:
            time.sleep(self.faults.latency)
        with self.forge.lock:
            reply = self._reply(request)
            self._finish(reply.response)
            return reply

    def _reply(self, request: Request) -> Reply:
        self.total += 1
        path = str(request.environ["RAW_PATH"]).removeprefix(self.context)
        if not path.startswith("/api/"):
            return Reply(self._counted(request, "(page)", web.page(self.forge.state, path)))
        try:
            endpoint, arguments = self._route(request, path)
            self._happen(endpoint.label)
        except RefusedError as error:
            return Reply(self._counted(request, "(unknown)", error.response()))
        failure = self._failure(request.method, endpoint.label)
        if failure and failure.kind == "drop_before":
            self._counted(request, endpoint.label, Response(status=0))
            return Reply(Response(), drop=True)
        if failure and failure.kind in ("status", "html_login", "redirect", "graphql_errors"):
            response = failures.answer_of(failure, endpoint.label, self.faults, self.now())
            return Reply(self._counted(request, endpoint.label, response))
        response = self._answer(request, endpoint, arguments, path)
        if failure and failure.kind == "truncated_json":
            failures.truncate(response)
        return Reply(response, drop=failure is not None and failure.kind == "drop_after")

    def _route(self, request: Request, path: str) -> tuple[Endpoint, dict[str, str]]:
        if len(request.full_path) > MOST_ADDRESS:
            raise RefusedError(414, {"message": "414 URI Too Long"})
        if path == GRAPHQL_PATH:
            return GRAPHQL, {}
        if not path.startswith(ROOT):
            raise RefusedError(404, {"error": "API version not found"})
        return ROUTES.find(request.method, path)

    def _happen(self, label: str) -> None:
        """Lets due events happen; one that can't is an error of the faults file, answered as such."""
        for event in list(self._pending):
            number = self.total if event.endpoint == "*" else self.requests[label] + 1
            if event.endpoint in ("*", label) and number >= event.at:
                self._pending.remove(event)
                try:
                    deeds.run(self.forge, event)
                except (KeyError, BadValueError) as error:
                    said = f"The event {event.do} of the faults file failed: {error}"
                    raise RefusedError(500, {"message": said}) from error

    def _answer(self, request: Request, endpoint: Endpoint, arguments: Mapping[str, str], path: str) -> Response:
        caller = Caller(None)
        try:
            self.limits.admit(self.now())
            caller = identify(request, endpoint.label, self._door(), self.faults)
            if caller.account is not None:
                check_scope(request.method, endpoint.label, self.faults)
            response = endpoint.handler(self._call(request, endpoint, arguments, caller, path))
        except RefusedError as error:
            response = error.response()
        except LimitError as error:
            response = error.response
        except LoginPageError:
            response = login_page()
        return self._counted(request, endpoint.label, response, caller.account)

    def _door(self) -> Door:
        live = self.faults.revoke_after is None or self.total <= self.faults.revoke_after
        return Door(self.token, self.forge.state.account, live)

    def _call(
        self, request: Request, endpoint: Endpoint, arguments: Mapping[str, str], caller: Caller, path: str
    ) -> Call:
        state = self.forge.state
        sent, unread = parameters.read(request, endpoint.parameters) if endpoint is not GRAPHQL else ({}, set())
        self.ignored.update((endpoint.label, name) for name in unread - {"private_token", "job_token"})
        features = features_of(state, self.faults, self.total)
        return Call(
            request=request,
            arguments=arguments,
            given=parameters.completed(sent, endpoint.parameters),
            caller=caller,
            state=state,
            forge=self.forge,
            faults=self.faults,
            features=features,
            render=Renderer(state, features, self.url, self.forge.today, self.index),
            lists=self.index,
            path=path,
            label=endpoint.label,
            sent=sent,
            limits=self.limits,
            posted=self.posted,
            operations=self.operations,
        )

    def _counted(self, request: Request, label: str, response: Response, account: int | None = None) -> Response:
        self.requests[label] += 1
        self._by_method[request.method, label] += 1
        operation = str(request.environ.get("okr.operation", ""))
        path = f"{request.environ['RAW_PATH']}?{request.query_string.decode()}".rstrip("?")
        self.log.append(Logged(request.method, path, label, response.status_code, account, operation))
        return response

    def _failure(self, method: str, label: str) -> Failure | None:
        for failure in self.faults.failures:
            wanted = failure.endpoint in ("*", label) and failure.method in (None, method)
            number = self._number(failure, method, label)
            if wanted and failure.at <= number < failure.at + failure.times:
                return failure
        return None

    def _number(self, failure: Failure, method: str, label: str) -> int:
        """The number of this request among those that a failure counts."""
        if failure.method is None:
            return self.total if failure.endpoint == "*" else self.requests[label] + 1
        if failure.endpoint == "*":
            return 1 + sum(count for (verb, _), count in self._by_method.items() if verb == method)
        return self._by_method[method, label] + 1

    def _finish(self, response: Response) -> None:
        response.headers["Date"] = formatdate(self.now(), usegmt=True)
        self.limits.headers(response, self.now())
        if response.status_code == 200 and response.mimetype == "application/json":
            digest = hashlib.md5(response.get_data(), usedforsecurity=False).hexdigest()
            response.headers["Cache-Control"] = "max-age=0, private, must-revalidate"
            response.headers["ETag"] = f'W/"{digest}"'
        response.headers["Vary"] = "Origin, Accept-Encoding"
        response.headers["X-Runtime"] = "0.050000"
