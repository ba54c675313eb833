"""Releases of the projects in scope, as iterations of kind version: one for each milestone that went out with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from okr_delivery.model.releases import ReleaseId
from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.settings import Project
from okr_delivery_gitlab.values import Row, instant, members, string

HIDDEN = frozenset({403, 404})
LIST = "projects/:id/releases"


class ReleaseReader:
    """Reads all releases of projects: one request for each project and hundred."""

    def __init__(self, source: str, client: GitLabClient, projects: Sequence[Project]) -> None:
        self._source, self._client, self._projects = source, client, projects

    def read(self) -> Iterator[Iteration]:
        """In the order of their projects, oldest first. A project that has none, or shows none, is passed over."""
        for project in self._projects:
            for order, row in enumerate(self._rows(project)):
                yield from read_release(self._source, row, project.id, order)

    def _rows(self, project: Project) -> list[Row]:
        asked = {"order_by": "released_at", "sort": "asc"}
        try:
            return self._client.rows(f"projects/{project.id}/releases", asked, what=LIST, expect=HIDDEN)
        except StatusError:
            return []


def read_release(source: str, row: Row, project: str, order: int) -> Iterable[Iteration]:
    """A release whose day is to come is closed only from then on: who reads it looks at the day.

    Raises AbortSyncError for one without a tag or with an instant that is none.
    """
    tag = string(row.get("tag_name"))
    if tag is None:
        raise broken("shape", LIST)
    try:
        released = instant(row.get("released_at"))
    except ValueError as error:
        raise broken("shape", LIST) from error
    milestones = [ref for one in members(row.get("milestones")) if (ref := string(one.get("id")))]
    for milestone in milestones or [""]:
        yield Iteration(
            source,
            str(ReleaseId(project, milestone, tag)),
            string(row.get("name")) or tag,
            IterationState.CLOSED,
            closed_at=released,
            order=order,
            kind=IterationKind.VERSION,
            project_id=project,
        )
