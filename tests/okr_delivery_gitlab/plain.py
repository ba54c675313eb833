"""A GitLab as somebody else would write it from GitLab's documentation: lists, single objects, nothing optional.

It shares nothing with our own served GitLab.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from okr_delivery.config.sources import Source
from okr_delivery.store import Store
from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.engine import SourceResult, sync_source
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_gitlab import GitLabConnector

TOKEN = "glpat-plain"
Row = dict[str, Any]


@dataclass
class Plain:
    """What it serves, and how poorly.

    `paging`: link | number (only `X-Next-Page`) | none (no header at all). `begins`: it heeds `created_after`. `sorts`:
    it heeds `sort`. `details`: labels are objects where that is asked for. `graphql`: status and body of every query;
    `most` rows a page. `bearer`: it knows tokens as `Authorization: Bearer` only, everywhere or for GraphQL.
    """

    projects: list[Row]
    issues: list[Row]
    labels: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    events: Mapping[tuple[int, str], list[Row]] = field(default_factory=dict)  # (issue id, list) -> rows
    groups: list[Row] = field(default_factory=list)
    paging: str = "link"
    begins: bool = True
    sorts: bool = True
    details: bool = True
    graphql: tuple[int, Any] = (404, {"error": "404 Not Found"})
    bearer: str = ""
    most: int = 100
    version: str = "16.11.2"
    requests: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ: Any, start: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start)

    def _answer(self, request: Request) -> Response:
        path = re.sub(r"^/api/(v4/)?", "", str(request.environ["RAW_URI"]).partition("?")[0]).replace("%2F", "|")
        label = re.sub(r"(?<=/)[0-9]+|(?<=/)[^/]*\|[^/]*", ":id", path)
        self.requests[label] += 1
        self.asked.append((label, dict(request.args)))
        if not self._welcome(request, path):
            return _json({"message": "401 Unauthorized"}, 401)
        if path == "graphql":
            return _json(self.graphql[1], self.graphql[0])
        found = self._found(path.split("/"), request)
        return found if found is not None else _json({"error": "404 Not Found"}, 404)

    def _welcome(self, request: Request, path: str) -> bool:
        given = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if self.bearer == "everywhere" or (self.bearer == "graphql" and path == "graphql"):
            return given
        return given or request.headers.get("PRIVATE-TOKEN") == TOKEN

    def _found(self, path: list[str], request: Request) -> Response | None:
        match path:
            case ["version"]:
                return _json({"version": self.version, "revision": "abc"})
            case ["user"]:
                return _json({"id": 3, "username": "reader", "name": "Reader", "web_url": f"{self.url}/reader"})
            case ["projects" | "groups" as kind, name]:
                one = self._named(kind, name)
                return None if one is None else _json(one)
            case ["projects" | "groups" as kind, name, list_name]:
                one = self._named(kind, name)
                rows = None if one is None else self._list(kind, one, list_name, request.args)
                return None if rows is None else self._page(rows, request)
            case ["projects", number, "issues", iid, list_name]:
                here = [row for row in self.issues if row["project_id"] == int(number) and row["iid"] == int(iid)]
                rows = self.events.get((here[0]["id"], list_name)) if here else None
                return None if rows is None else self._page(rows, request)
            case _:
                return None

    def _named(self, kind: str, name: str) -> Row | None:
        rows, path = (self.projects, "path_with_namespace") if kind == "projects" else (self.groups, "full_path")
        wanted = name.replace("|", "/")
        return next((row for row in rows if wanted in (str(row["id"]), row[path])), None)

    def _list(self, kind: str, one: Row, name: str, query: Mapping[str, str]) -> list[Row] | None:
        if name == "issues":
            return self._issues(kind, one, query)
        if name == "projects" and kind == "groups":
            return self._inside(one)
        return {"labels": self.labels, "milestones": self.milestones}.get(name)

    def _inside(self, group: Row) -> list[Row]:
        return [row for row in self.projects if row["path_with_namespace"].startswith(f"{group['full_path']}/")]

    def _issues(self, kind: str, one: Row, query: Mapping[str, str]) -> list[Row]:
        numbers = {one["id"]} if kind == "projects" else {row["id"] for row in self._inside(one)}
        rows = [row for row in self.issues if row["project_id"] in numbers]
        state = query.get("state", "all")
        rows = [row for row in rows if state in ("all", row["state"])]
        for name, member in (("updated_after", "updated_at"), ("created_after", "created_at")):
            if name in query and (self.begins or name != "created_after"):
                rows = [row for row in rows if _instant(row[member]) >= _instant(query[name])]
        if "updated_before" in query:
            rows = [row for row in rows if _instant(row["updated_at"]) <= _instant(query["updated_before"])]
        if self.sorts:
            rows = sorted(rows, key=lambda row: row["created_at"], reverse=query.get("sort", "desc") == "desc")
        return [self._shown(row) for row in rows] if query.get("with_labels_details") == "true" else rows

    def _shown(self, row: Row) -> Row:
        known = {label["name"]: label for label in self.labels}
        if not self.details or not all(name in known for name in row["labels"]):
            return row
        return {**row, "labels": [known[name] for name in row["labels"]]}

    def _page(self, rows: list[Row], request: Request) -> Response:
        number = int(request.args.get("page", 1))
        size = min(int(request.args.get("per_page", 20)), self.most)
        answer = _json(rows[(number - 1) * size : number * size])
        more = number * size < len(rows)
        if self.paging == "number":
            answer.headers["X-Next-Page"] = str(number + 1) if more else ""
        if self.paging == "link" and more:
            query = urlencode([*((k, v) for k, v in parse_qsl(request.query_string.decode()) if k != "page"),
                               ("page", number + 1)])  # fmt: skip
            answer.headers["Link"] = f'<{request.base_url}?{query}>; rel="next"'
        return answer


def _instant(text: str) -> str:
    """Texts of one zone, with milliseconds or without."""
    return text.replace("Z", "").ljust(23, "0") if "." in text else f"{text.replace('Z', '')}.000"


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Requests are counted, not printed."""


class Serving:
    """Serves one while the `with` statement lasts."""

    def __init__(self, plain: Plain) -> None:
        self._plain = plain
        self._server = make_server("127.0.0.1", 0, plain, threaded=True, request_handler=_Quiet)
        plain.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def serving(plain: Plain) -> Iterator[Plain]:
    with Serving(plain):
        yield plain


def connect(plain: Plain, **more: Any) -> tuple[GitLabConnector, Transport]:
    given: dict[str, Any] = {"projects": ("acme/app",), "token": Secret(TOKEN), "options": {"label_scope": "workflow"}}
    spec = SourceSpec(name="gitlab", type="gitlab", url=plain.url, **(given | more))
    transport = Transport(NetworkSpec(), origin=plain.url, sleep=lambda _: None)
    return GitLabConnector.open(spec, transport), transport


def sync(plain: Plain, store: Store, *, full: bool = False, **more: Any) -> SourceResult:
    """One run through the engine."""
    connector, transport = connect(plain, **more)
    given = connector._spec
    source = Source.model_validate({
        "name": "gitlab", "type": "gitlab", "url": plain.url, "projects": list(given.projects),
        "groups": given.options.get("groups", ()), "statuses": {"label_scope": "workflow"},
    })  # fmt: skip
    return sync_source(
        source, store, connector, derive=lambda *_: None, team_of=lambda _: "gitlab", transport=transport, full=full,
    )  # fmt: skip
