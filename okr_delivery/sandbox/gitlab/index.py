"""What is looked up again and again in a state, made once for each revision of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from okr_delivery.sandbox.gitlab import references
from okr_delivery.sandbox.gitlab.requests import MergeRequest
from okr_delivery.sandbox.gitlab.state import GitLab, WorkItem

Made = TypeVar("Made")


class Index:
    """Lists and look-ups of one state; thrown away with every write to it."""

    def __init__(self, state: GitLab) -> None:
        self._state = state
        self._revision = -1
        self._kept: dict[Hashable, Any] = {}

    def kept(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` makes, as long as nothing is written."""
        if self._revision != self._state.revision:
            self._kept.clear()
            self._revision = self._state.revision
        if key not in self._kept:
            self._kept[key] = make()
        made: Made = self._kept[key]
        return made

    def closing(self, item: int) -> Sequence[MergeRequest]:
        """The merge requests that close a work item, in id order."""
        return self.kept("closing", self._closing).get(item, ())

    def _closing(self) -> dict[int, list[MergeRequest]]:
        found: defaultdict[int, list[MergeRequest]] = defaultdict(list)
        for request in self._state.merge_requests.values():
            for item in references.closed(self._state, request):
                found[item.id].append(request)
        return dict(found)

    def mentioning(self, item: int) -> Sequence[MergeRequest]:
        """The merge requests that name a work item, in id order."""
        return self.kept("mentioning", self._mentioning).get(item, ())

    def _mentioning(self) -> dict[int, list[MergeRequest]]:
        found: defaultdict[int, list[MergeRequest]] = defaultdict(list)
        for request in self._state.merge_requests.values():
            for item in references.mentioned(self._state, request):
                found[item.id].append(request)
        return dict(found)

    def children(self, item: int) -> Sequence[WorkItem]:
        """Work items whose parent this is, in id order."""
        return self.kept("children", self._children).get(item, ())

    def _children(self) -> dict[int, list[WorkItem]]:
        found: defaultdict[int, list[WorkItem]] = defaultdict(list)
        for item in self._state.items.values():
            if item.parent is not None:
                found[item.parent].append(item)
        return dict(found)

    def latest(self, project: int) -> int | None:
        """When a project's issues last changed, epoch milliseconds; None without issues."""
        return self.kept("latest", self._latest).get(project)

    def _latest(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for item in self._state.items.values():
            if item.project is not None:
                found[item.project] = max(item.updated, found.get(item.project, 0))
        return found
