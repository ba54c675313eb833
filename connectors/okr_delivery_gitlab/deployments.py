"""Ended deployments to the environments that the source's settings name."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from okr_delivery.model.work import Deployment
from okr_delivery.sync.connector import SourceSpec
from okr_delivery.sync.errors import ConfigError
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.problems import broken, refused
from okr_delivery_gitlab.settings import Project
from okr_delivery_gitlab.shipments import Shipment, Shipments
from okr_delivery_gitlab.values import Row, instant, listed, mapping, string, written

ENDED = {"success": True, "failed": False, "canceled": False}
HIDDEN = frozenset({403, 404})
TOGETHER = 20  # deployments whose merge requests are read in one go
FEATURES = ("builds_access_level", "environments_access_level", "repository_access_level")
LIST = "projects/:id/deployments"


@dataclass(frozen=True, slots=True)
class _Place:
    """An environment of a project."""

    project: Project
    environment: str


class DeploymentReader:
    """Reads the deployments of the projects in scope. `site` is where people open this GitLab."""

    def __init__(self, spec: SourceSpec, client: GitLabClient, projects: Sequence[Project], site: str) -> None:
        self._spec, self._client, self._projects = spec, client, projects
        self._environments = tuple(str(name) for name in _names(spec.options.get("environments")))
        self._shipments = Shipments(client, projects, (site, spec.url))

    def read(self, since: int | None, held: Container[str] = ()) -> Iterator[Deployment]:
        """Those that changed since an instant (None: all), oldest first; ids in `held` are not looked into again.

        Raises ConfigError for an environment that is in none of the projects, and for deployments that this account
        may not see.
        """
        found: dict[str, Deployment] = {}
        for environment in self._environments:
            rows = list(self._in_environment(environment, since))
            if not rows:
                self._require(environment)
            found |= {one.id: one for one in rows if one is not None and one.id not in held}
        ordered = sorted(found.values(), key=lambda one: (one.finished_at, int(one.id)))
        for start in range(0, len(ordered), TOGETHER):
            yield from self._whole(ordered[start : start + TOGETHER])

    def _whole(self, deployments: Sequence[Deployment]) -> Iterator[Deployment]:
        """With what they brought: GitLab knows it of the successful ones only."""
        succeeded = [one for one in deployments if one.succeeded]
        shipments = self._shipments.of([(one.project_id, one.id) for one in succeeded])
        brought = {one.id: shipment for one, shipment in zip(succeeded, shipments, strict=True)}
        for one in deployments:
            shipment = brought.get(one.id, Shipment())
            yield replace(one, issues=shipment.issues, commits=shipment.commits)

    # lists

    def _in_environment(self, environment: str, since: int | None) -> Iterator[Deployment | None]:
        """Of all projects; None for one that has not ended."""
        for project in self._projects:
            place = _Place(project, environment)
            for row in self._listed(place, since):
                yield self._read(row, place)

    def _listed(self, place: _Place, since: int | None) -> Iterator[Row]:
        """All of them by id; what changed newest first, so that a row which moves meanwhile comes twice, not never."""
        asked = {"environment": place.environment, "order_by": "id", "sort": "asc"}
        begin = since if since is not None else _midnight(self._spec)
        if begin is not None:
            asked |= {"updated_after": written(begin), "order_by": "updated_at", "sort": "desc"}
        path = f"projects/{place.project.id}/deployments"
        try:
            for page in self._client.pages(path, asked, what=LIST, expect=HIDDEN):
                yield from page
        except StatusError as error:
            self._require_none(place.project, error)

    def _read(self, row: Row, place: _Place) -> Deployment | None:
        status, ref = string(row.get("status")), string(row.get("id"))
        if ref is None or not ref.isdecimal():
            raise broken("shape", LIST)
        if status not in ENDED:
            return None
        job = mapping(row.get("deployable"))
        return Deployment(
            source=self._spec.name,
            id=ref,
            project_id=place.project.id,
            environment=place.environment,
            succeeded=ENDED[status],
            finished_at=_finished(row, job),
            ref=string(row.get("ref")),
            sha=string(row.get("sha")),
            url=string(job.get("web_url")),
        )

    # what may be wrong

    def _require(self, environment: str) -> None:
        """Raises ConfigError for an environment that no project shows; lists are empty for those too."""
        seen: dict[str, None] = {}
        for project in self._projects:
            names = self._environments_of(project, environment)
            if environment in names:
                return
            seen.update(dict.fromkeys(names))
        known = ", ".join(sorted(seen)) or "–"
        raise refused("environment_unknown", self._spec.name, environment=environment, known=known)

    def _environments_of(self, project: Project, environment: str) -> list[str]:
        """That one alone, where it is there; else some of those that are there."""
        path, what = f"projects/{project.id}/environments", "projects/:id/environments"
        try:
            exact, _ = self._client.first(path, {"name": environment}, what=what, expect=HIDDEN)
            rows = exact or self._client.first(path, {"states": "available", "per_page": 20}, what=what)[0]
        except StatusError:
            return []
        return [name for row in rows if (name := string(row.get("name")))]

    def _require_none(self, project: Project, error: StatusError) -> None:
        """Raises ConfigError unless the project has no deployments to see: their features are switched off there."""
        try:
            row = mapping(self._client.get(f"projects/{project.id}", what="projects/:id", expect=HIDDEN))
        except StatusError:
            row = {}
        if not any(row.get(feature) == "disabled" for feature in FEATURES):
            raise self._forbidden(project, error) from None

    def _forbidden(self, project: Project, error: StatusError) -> ConfigError:
        where = f"projects/{project.path}/deployments"
        found = refused("deployments_forbidden", where, project=project.path, status=error.status)
        found.status = error.status
        return found


def _names(value: object) -> list[object]:
    return list(value) if isinstance(value, tuple) else listed(value)


def _midnight(spec: SourceSpec) -> int | None:
    """When the first day of the source's history began, wherever on earth it began first."""
    day = spec.since
    return None if day is None else int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 14 * 3600


def _finished(row: Row, job: Row) -> int:
    """The end of its job; of one that no job made, its last change. Raises AbortSyncError for one without a time."""
    try:
        found = next((at for value in _ends(row, job) if (at := instant(value)) is not None), None)
    except ValueError as error:
        raise broken("shape", LIST) from error
    if found is None:
        raise broken("shape", LIST)
    return found


def _ends(row: Row, job: Row) -> tuple[object, ...]:
    return row.get("finished_at"), job.get("finished_at"), row.get("updated_at"), row.get("created_at")
