"""A GitLab at the HTTP edge: answers of our own making, and a record of what was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import requests
import responses
from requests.structures import CaseInsensitiveDict

from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_gitlab import GitLabConnector
from tests.conftest import FrozenClock
from tests.okr_delivery_gitlab.builders import URL, project

DATE = "Mon, 21 Sep 2026 14:13:20 GMT"  # builders.NOW
TOKEN = "glpat-s3cret"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: method, path behind `/api/v4/` (or `graphql`), query, JSON body and headers."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]
    url: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is more than a body with 200."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Asked], Any]


@dataclass
class Site:
    """`handlers` answer by method and path, a pattern of the path too; `asked` is what came.

    A list is cut into pages by `page` and `per_page`, with the `Link` of offset paging.
    """

    handlers: dict[str, Handler] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=lambda: {"Date": DATE})

    def answer(self, what: str, body: Any, status: int = 200, **headers: str) -> None:
        told = {"X-Next-Page": ""} if isinstance(body, list) else {}
        self.handlers[what] = lambda _: Answer(status, body, told | headers)

    def rows(self, what: str, *rows: Any) -> None:
        """A list that is paged."""
        self.handlers[what] = lambda asked: paged(asked, list(rows))

    def count(self, what: str) -> int:
        return sum(bool(re.fullmatch(what, str(asked))) for asked in self.asked)

    def all(self, what: str) -> list[Asked]:
        return [asked for asked in self.asked if re.fullmatch(what, str(asked))]

    def serve(self, mock: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PUT", "DELETE"):
            mock.add_callback(method, re.compile(".*"), self._answer)

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        parts = urlsplit(str(request.url))
        path = unquote(re.sub(r"^.*?/api/(v4/)?", "", parts.path))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = json.loads(request.body) if request.body else None
        asked = Asked(
            str(request.method), path, query, body, CaseInsensitiveDict(request.headers), str(request.url)
        )  # fmt: skip
        self.asked.append(asked)
        result = self._handler(asked)(asked)
        found = result if isinstance(result, Answer) else Answer(200, result)
        text = found.body if isinstance(found.body, str) else json.dumps(found.body)
        kind = "text/plain" if isinstance(found.body, str) else "application/json"
        return found.status, {"Content-Type": kind, **self.headers, **found.headers}, text

    def _handler(self, asked: Asked) -> Handler:
        for table in (self.handlers, DEFAULTS):
            for what, handler in table.items():
                if what == str(asked) or re.fullmatch(what, str(asked)):
                    return handler
        return lambda _: Answer(404, {"message": "404 Not found"})


def paged(asked: Asked, rows: list[Any]) -> Answer:
    """One page of rows; the next one is told and linked by its number."""
    size, number = int(asked.query.get("per_page", 20)), int(asked.query.get("page", 1))
    part = rows[(number - 1) * size : number * size]
    headers = {"X-Total": str(len(rows)), "X-Next-Page": ""}
    if number * size < len(rows):
        following = urlencode({**asked.query, "page": number + 1, "per_page": size})
        headers["X-Next-Page"] = str(number + 1)
        headers["Link"] = f'<{asked.url.partition("?")[0]}?{following}>; rel="next"'
    return Answer(200, part, headers)


DEFAULTS: dict[str, Handler] = {
    "GET version": lambda _: {"version": "17.2.1", "revision": "abc"},
    "GET user": lambda _: {"id": 11, "username": "bot", "name": "Sync", "web_url": f"{URL}/bot"},
    "GET projects/acme/app": lambda _: project(),
    "GET projects/7/(labels|milestones|issues)": lambda asked: paged(asked, []),
    "POST graphql": lambda _: {"data": {}, "errors": [{"message": "Introspection is switched off"}]},
}


def spec(**more: Any) -> SourceSpec:
    given: dict[str, Any] = {"url": URL, "projects": ("acme/app",), "token": Secret(TOKEN)}
    return SourceSpec(name="gitlab", type="gitlab", **(given | more))


def transport(origin: str = URL, **more: Any) -> Transport:
    """One whose waits pass in no time."""
    clock = FrozenClock()
    return Transport(NetworkSpec(), origin=origin, clock=clock, sleep=clock.sleep, **more)


def connect(**more: Any) -> GitLabConnector:
    return GitLabConnector.open(spec(**more), transport())
