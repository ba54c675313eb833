"""A GitLab at the HTTP edge that knows projects, environments, deployments, merge requests and releases only."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import requests
import responses

from okr_delivery.sync.connector import Secret, SourceSpec
from okr_delivery.sync.transport import NetworkSpec, Transport
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.settings import Project

URL = "https://git.example.com"
APP, SHOP = Project("7", "acme/mobile/app"), Project("8", "acme/shop")
Row = dict[str, Any]


def commit(day: int, message: str = "work", **more: Any) -> Row:
    """A commit authored on a day of March 2026."""
    return {"authored_date": f"2026-03-{day:02d}T10:00:00.000+02:00", "message": message, "parent_ids": ["a"], **more}


def request(iid: int, *commits: Row, description: str = "", title: str = "A change", project: str = "7") -> Row:
    return {
        "id": 900 + iid, "iid": iid, "project_id": int(project), "title": title, "description": description,
        "commits": list(commits),
    }  # fmt: skip


def deployment(number: int, day: int, *brought: Row, status: str = "success", **more: Any) -> Row:
    """A deployment of a CI job that ended at noon (UTC) of a day of March 2026."""
    return {
        "id": number, "iid": number, "ref": "main", "sha": f"{number:040x}", "status": status,
        "created_at": f"2026-03-{day:02d}T11:00:00.000Z", "updated_at": f"2026-03-{day:02d}T12:00:09.000Z",
        "environment": {"id": 1, "name": "production"},
        "deployable": {"id": 5, "finished_at": f"2026-03-{day:02d}T12:00:00.000Z", "web_url": f"{URL}/-/jobs/{number}"},
        "brought": list(brought), **more,
    }  # fmt: skip


@dataclass
class Forge:
    """What it holds, by the project's id; `refusals` maps "project id/list" to a status; `asked` is what came."""

    deployments: dict[str, list[Row]] = field(default_factory=dict)
    releases: dict[str, list[Row]] = field(default_factory=dict)
    issues: dict[str, dict[str, int]] = field(default_factory=dict)  # full path -> iid -> id
    environments: tuple[str, ...] = ("production",)
    features: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    graphql: bool = True
    page: int = 100
    asked: list[tuple[str, Mapping[str, list[str]]]] = field(default_factory=list)

    def count(self, what: str) -> int:
        return Counter(path for path, _ in self.asked)[what]

    def serve(self, mock: responses.RequestsMock) -> None:
        for method in ("GET", "POST"):
            mock.add_callback(method, re.compile(".*"), self._answer)

    def _answer(self, asked: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        parts = urlsplit(str(asked.url))
        path, query = parts.path.removeprefix("/api/v4/"), parse_qs(parts.query)
        self.asked.append((path, query))
        if path == "/api/graphql":
            return self._json(*self._graphql(json.loads(asked.body or "{}")["variables"]))
        status, found = self._rest(path, query)
        if not isinstance(found, list):
            return self._json(status, found)
        start = self.page * (int(query.get("page", ["1"])[0]) - 1)
        more_of_it = urlencode({**query, "page": str(start // self.page + 2)}, doseq=True)
        link = f'<{URL}/api/v4/{path}?{more_of_it}>; rel="next"'
        more = {"Link": link} if start + self.page < len(found) else {"X-Next-Page": ""}
        return self._json(status, found[start : start + self.page], more)

    def _json(self, status: int, found: object, headers: Mapping[str, str] | None = None) -> tuple[int, Any, str]:
        return status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(found)

    def _rest(self, path: str, query: Mapping[str, list[str]]) -> tuple[int, object]:
        _, project, *rest = [unquote(part) for part in path.split("/")]
        if f"{project}/{'/'.join(rest)}" in self.refusals:
            return self.refusals[f"{project}/{'/'.join(rest)}"], {"message": "403 Forbidden"}
        match rest:
            case ["deployments"]:
                return 200, self._deployments(project, query)
            case ["deployments", number, "merge_requests"]:
                rows = self.deployments[project]
                return 200, next(_without(row["brought"], "commits") for row in rows if str(row["id"]) == number)
            case ["merge_requests", iid, "commits"]:
                return 200, self._request(project, iid)["commits"]
            case ["environments"]:
                wanted = query.get("name", [None])[0]
                return 200, [{"id": 1, "name": name} for name in self.environments if wanted in (None, name)]
            case ["issues"]:
                known = self.issues.get({"7": APP.path, "8": SHOP.path}.get(project, project))
                numbers = query.get("iids[]", [])
                return (404, {}) if known is None else (
                    200, [{"id": known[iid], "iid": int(iid)} for iid in numbers if iid in known]
                )  # fmt: skip
            case ["releases"]:
                return 200, self.releases.get(project, [])
            case _:
                return 200, {"id": int(project), **self.features}

    def _deployments(self, project: str, query: Mapping[str, list[str]]) -> list[Row]:
        name, after = query["environment"][0], query.get("updated_after", [""])[0]
        rows = [row for row in self.deployments.get(project, []) if row["environment"]["name"] == name]
        rows = [row for row in rows if (row["updated_at"] or "") >= after]
        by, down = query["order_by"][0], query["sort"][0] == "desc"
        return _without(sorted(rows, key=lambda row: row[by], reverse=down), "brought")

    def _request(self, project: str, iid: str) -> Row:
        every = (each for rows in self.deployments.values() for row in rows for each in row["brought"])
        return next(each for each in every if (str(each["project_id"]), str(each["iid"])) == (project, iid))

    def _graphql(self, asked: Mapping[str, Any]) -> tuple[int, object]:
        if not self.graphql:
            return 200, {"errors": [{"message": "Field 'commitsWithoutMergeCommits' doesn't exist"}]}
        project = {APP.path: "7", SHOP.path: "8"}[asked["path"]]
        rows = [self._request(project, iid) for iid in asked["iids"]]
        found = [{"iid": str(row["iid"]), "commitsWithoutMergeCommits": _connection(row["commits"])} for row in rows]
        return 200, {"data": {"project": {"mergeRequests": {"nodes": found}}}}


def _connection(commits: list[Row]) -> Row:
    own = [each for each in commits if len(each["parent_ids"]) < 2]
    nodes = [{"authoredDate": each["authored_date"], "message": each["message"]} for each in own[:100]]
    return {"nodes": nodes, "pageInfo": {"hasNextPage": len(own) > 100}}


def _without(rows: list[Row], name: str) -> list[Row]:
    return [{key: value for key, value in row.items() if key != name} for row in rows]


def spec(*environments: str, **more: Any) -> SourceSpec:
    options = {"environments": environments or ("production",)}
    return SourceSpec("gitlab", "gitlab", URL, token=Secret("glpat-x"), options=options, **more)


def client(transport: Transport | None = None) -> GitLabClient:
    """A client of this forge; nobody waits for real."""
    sent = transport or Transport(NetworkSpec(), origin=URL, sleep=lambda _: None)
    return GitLabClient(spec(), Secret("glpat-x"), sent)
