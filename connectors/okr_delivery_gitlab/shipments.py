"""What deployments brought: their merge requests, the issues that these close, and when their commits were authored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from okr_delivery.sync.workers import together
from okr_delivery_gitlab.client import GitLabClient, GraphQLErrors, ServerBusyError, StatusError
from okr_delivery_gitlab.closing import IssueRef, closed_by
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.settings import Project
from okr_delivery_gitlab.values import Row, instant, listed, mapping, members, nodes, string

MOST_REQUESTS = 300
"""Merge requests of one deployment whose commits are read. GitLab gives a first deployment all there ever were."""
BATCH = 25  # merge requests of one query
COMMITS = 100  # a page of GraphQL holds no more
IIDS = 50  # issues that one request asks for by number
HIDDEN = frozenset({403, 404})
LABEL = "graphql deployments"

QUERY = """query commits($path: ID!, $iids: [String!], $requests: Int!, $commits: Int!) {
  project(fullPath: $path) {
    mergeRequests(iids: $iids, first: $requests) {
      nodes { iid commitsWithoutMergeCommits(first: $commits) {
        nodes { authoredDate message }
        pageInfo { hasNextPage }
      } }
    }
  }
}"""


class Request(NamedTuple):
    """A merge request: project's id and its number in it."""

    project: str
    iid: str


@dataclass(frozen=True, slots=True)
class Commits:
    """When each was authored, and what their messages say."""

    authored: tuple[int, ...]
    messages: tuple[str, ...]


NO_COMMITS = Commits((), ())


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one deployment brought: ids of issues, and an instant for each commit."""

    issues: tuple[str, ...] = ()
    commits: tuple[int, ...] = ()


class Shipments:
    """Reads what deployments brought, some at a time. `sites` are the addresses at which people open this GitLab."""

    def __init__(self, client: GitLabClient, projects: Iterable[Project], sites: Sequence[str]) -> None:
        self._client = client
        self._paths = {project.id: project.path for project in projects}
        self._sites = sites
        self._ids: dict[IssueRef, str] = {}
        self._asked: set[IssueRef] = set()
        self._graphql = True

    def of(self, deployments: Sequence[tuple[str, str]]) -> list[Shipment]:
        """What each brought, in their order. A deployment is named by the project's id and its own."""
        lists = together([partial(self._requests, *named) for named in deployments])
        read = {request for rows in lists if len(rows) <= MOST_REQUESTS for request in rows}
        commits = self._commits(sorted(read))
        closes = [self._closed(rows, commits) for rows in lists]
        self._learn({ref for refs in closes for ref in refs})
        return [self._shipment(rows, refs, commits) for rows, refs in zip(lists, closes, strict=True)]

    def _shipment(
        self, rows: Iterable[Request], refs: Iterable[IssueRef], commits: Mapping[Request, Commits]
    ) -> Shipment:
        issues = dict.fromkeys(self._ids[ref] for ref in refs if ref in self._ids)
        authored = sorted(at for request in rows for at in commits.get(request, NO_COMMITS).authored)
        return Shipment(tuple(issues), tuple(authored))

    # merge requests

    def _requests(self, project: str, deployment: str) -> dict[Request, list[str]]:
        """The merge requests that a deployment was the first in its environment to bring, each with its texts."""
        rows = self._client.rows(
            f"projects/{project}/deployments/{deployment}/merge_requests",
            {"order_by": "created_at", "sort": "asc"},
            what="projects/:id/deployments/:id/merge_requests",
        )
        return dict(_request(row, project) for row in rows)

    def _closed(self, rows: Mapping[Request, list[str]], commits: Mapping[Request, Commits]) -> list[IssueRef]:
        found: dict[IssueRef, None] = {}
        for request, texts in rows.items():
            path = self._paths.get(request.project)
            if path is not None:
                said = [*texts, *commits.get(request, NO_COMMITS).messages]
                found.update(dict.fromkeys(closed_by(said, path, self._sites)))
        return list(found)

    # commits

    def _commits(self, requests: Sequence[Request]) -> dict[Request, Commits]:
        found: dict[Request, Commits] = {}
        for project in dict.fromkeys(request.project for request in requests):
            own = [request for request in requests if request.project == project]
            for start in range(0, len(own), BATCH):
                found |= self._some(project, own[start : start + BATCH])
        return found

    def _some(self, project: str, requests: Sequence[Request]) -> dict[Request, Commits]:
        """By one query where the server has it; what did not come whole with it is asked for one by one."""
        found = self._queried(project, requests) if self._graphql and project in self._paths else {}
        left = [request for request in requests if request not in found]
        return found | dict(zip(left, together([partial(self._listed, request) for request in left]), strict=True))

    def _queried(self, project: str, requests: Sequence[Request]) -> dict[Request, Commits]:
        """{} from a server that can't answer such a query, and it is not asked again."""
        asked = {
            "path": self._paths[project],
            "iids": [request.iid for request in requests],
            "requests": BATCH,
            "commits": COMMITS,
        }
        try:
            data = self._client.graphql(QUERY, asked, what=LABEL)
        except (GraphQLErrors, ServerBusyError):
            self._graphql = False
            return {}
        rows = nodes(mapping(data.get("project")).get("mergeRequests"))
        whole = ((string(row.get("iid")), mapping(row.get("commitsWithoutMergeCommits"))) for row in rows)
        return {
            Request(project, iid): _authored(nodes(commits), "authoredDate")
            for iid, commits in whole
            if iid is not None and mapping(commits.get("pageInfo")).get("hasNextPage") is False
        }

    def _listed(self, request: Request) -> Commits:
        rows = self._client.rows(
            f"projects/{request.project}/merge_requests/{request.iid}/commits",
            what="projects/:id/merge_requests/:iid/commits",
        )
        return _authored([row for row in rows if len(listed(row.get("parent_ids"))) < 2], "authored_date")

    # issues

    def _learn(self, refs: Iterable[IssueRef]) -> None:
        """Asks for the ids of issues by their numbers; one that this account does not see has none."""
        new = sorted(set(refs) - self._asked)
        for path in dict.fromkeys(ref.path for ref in new):
            iids = [ref.iid for ref in new if ref.path == path]
            for start in range(0, len(iids), IIDS):
                for iid, issue_id in self._numbered(path, iids[start : start + IIDS]):
                    self._ids[IssueRef(path, iid)] = issue_id
        self._asked.update(new)

    def _numbered(self, path: str, iids: list[str]) -> Iterator[tuple[str, str]]:
        known = next((project for project, own in self._paths.items() if own.casefold() == path.casefold()), None)
        place, asked = known or quote(path, safe=""), {"iids[]": iids, "scope": "all"}
        what = "projects/:id/issues of deployments"
        try:
            for row in self._client.rows(f"projects/{place}/issues", asked, what=what, expect=HIDDEN):
                iid, issue_id = string(row.get("iid")), string(row.get("id"))
                if iid is None or issue_id is None:
                    raise broken("shape", what)
                yield iid, issue_id
        except StatusError:
            return


def _request(row: Row, project: str) -> tuple[Request, list[str]]:
    """Raises AbortSyncError for a merge request without a number."""
    iid = string(row.get("iid"))
    if iid is None:
        raise broken("shape", "projects/:id/deployments/:id/merge_requests")
    texts = [text for name in ("title", "description") if (text := string(row.get(name)))]
    return Request(string(row.get("project_id")) or project, iid), texts


def _authored(rows: Iterable[Row], name: str) -> Commits:
    """Commits without a date are left out: nothing tells how long they took."""
    found = members(list(rows))
    instants = (_instant(row.get(name)) for row in found)
    messages = tuple(text for row in found if (text := string(row.get("message"))))
    return Commits(tuple(at for at in instants if at is not None), messages)


def _instant(value: object) -> int | None:
    """None for what no clock would write: people may date their commits as they like."""
    try:
        return instant(value)
    except ValueError:
        return None
