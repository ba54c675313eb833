"""Versions of the projects in scope: release trains, planned by the day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from okr_delivery.model.work import Iteration, IterationKind, IterationState
from okr_delivery_jira.client import StatusError
from okr_delivery_jira.dialects import Dialect
from okr_delivery_jira.problems import broken, refused
from okr_delivery_jira.text import string

PREFIX = "version-"
"""Jira's sprint and version ids overlap; iterations are of both kinds."""

Row = Mapping[str, object]


class VersionReader:
    """Reads all versions of some projects (id, key), one request a project where its metadata did not bring them."""

    def __init__(self, source: str, dialect: Dialect, projects: Sequence[tuple[str, str]]) -> None:
        self._source = source
        self._dialect = dialect
        self._projects = projects

    def read(self, brought: Mapping[str, Sequence[Row]]) -> list[Iteration]:
        """`brought` holds what came with the metadata, by project id. Raises ConfigError for a project that is gone."""
        return [iteration for project in self._projects for iteration in self._of(*project, brought.get(project[0]))]

    def _of(self, project_id: str, key: str, rows: Sequence[Row] | None) -> Iterator[Iteration]:
        for order, row in enumerate(self._asked(key) if rows is None else rows):
            yield read_version(self._source, row, project_id, order)

    def _asked(self, key: str) -> Sequence[Row]:
        try:
            return self._dialect.versions(key)
        except StatusError:
            raise refused("project_gone", f"project/{key}", project=key) from None


def read_version(source: str, row: Row, project_id: str, order: int) -> Iteration:
    """A version as an iteration: closed when released or archived, else future until its days say otherwise.

    One that was archived and never released has no last day: the planned one was none.
    Raises AbortSyncError for one without an id or with a day that is none.
    """
    version_id = string(row.get("id"))
    if version_id is None:
        raise broken("shape", "project/{key}/version")
    name = string(row.get("name")) or version_id
    released, archived = row.get("released") is True, row.get("archived") is True
    return Iteration(
        source=source,
        id=f"{PREFIX}{version_id}",
        name=name,
        state=IterationState.CLOSED if released or archived else IterationState.FUTURE,
        goal=string(row.get("description")),
        order=order,
        kind=IterationKind.VERSION,
        first_day=_day(row, "startDate", name),
        last_day=_day(row, "releaseDate", name) if released or not archived else None,
        project_id=string(row.get("projectId")) or project_id,
    )


def _day(row: Row, member: str, name: str) -> date | None:
    """A day as the project's people typed it: Jira sends it alone or as the start of an instant."""
    text = string(row.get(member))
    try:
        return None if text is None else date.fromisoformat(text[:10])
    except ValueError:
        raise broken("version_unreadable", "project/{key}/version", version=name[:80]) from None
