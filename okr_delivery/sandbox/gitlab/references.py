"""Which issues a text closes and which it only names, by GitLab's default closing pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator

from okr_delivery.sandbox.gitlab.requests import MergeRequest
from okr_delivery.sandbox.gitlab.state import GitLab, WorkItem

_ISSUE = r"(?:(?P<path>[\w.-]+(?:/[\w.-]+)+)?#(?P<iid>\d+)|https?://[^\s/]+/(?P<far>\S+?)/-/(?:issues|work_items)/(?P<number>\d+))"
ISSUE = re.compile(rf"(?<![\w&/]){_ISSUE}\b")
_PLAIN = re.sub(r"\?P<\w+>", "", _ISSUE)
_WORDS = r"(?:[Cc]los(?:e[sd]?|ing)|[Ff]ix(?:e[sd]|ing)?|[Rr]esolv(?:e[sd]?|ing)|[Ii]mplement(?:s|ed|ing)?)"
CLOSING = re.compile(rf"\b{_WORDS}:? +(?:(?:issues? +)?{_PLAIN}(?: *,? +and +| *,? *)?)+")


def closed(state: GitLab, request: MergeRequest) -> list[WorkItem]:
    """The work items that the request closes when it is merged into the default branch; each once."""
    found = [
        item for text in _texts(request) for part in CLOSING.finditer(text) for item in _named(state, request, part[0])
    ]
    return _once(found)


def mentioned(state: GitLab, request: MergeRequest) -> list[WorkItem]:
    """All work items it names in its title, its description and its commits; those it closes too."""
    return _once([item for text in (request.title, *_texts(request)) for item in _named(state, request, text)])


def closing(state: GitLab, item: WorkItem) -> list[MergeRequest]:
    """The requests that close this item, in id order."""
    return [request for request in state.merge_requests.values() if item in closed(state, request)]


def _texts(request: MergeRequest) -> list[str]:
    return [request.description, *(commit.message for commit in request.commits)]


def _named(state: GitLab, request: MergeRequest, text: str) -> Iterator[WorkItem]:
    for match in ISSUE.finditer(text):
        path = match["path"] or match["far"]
        project = state.project(path) if path else state.projects[request.project]
        item = state.issue(project.id, int(match["iid"] or match["number"])) if project else None
        if item is not None:
            yield item


def _once(found: list[WorkItem]) -> list[WorkItem]:
    return list({item.id: item for item in found}.values())
