"""What a source names: projects and groups, and the projects that lie in those groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import quote

from okr_delivery.model.message import Message, msg
from okr_delivery.sync.connector import SourceSpec
from okr_delivery.sync.workers import together
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.problems import broken, refused
from okr_delivery_gitlab.settings import Group, Project
from okr_delivery_gitlab.values import Row, by_number, listed, mapping, string

HIDDEN = frozenset({403, 404})
INSIDE = {"include_subgroups": "true", "archived": "false", "with_shared": "false", "order_by": "id"}
NEWEST = 20
"""Projects that are looked at to notice new ones: more than appear between two runs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where issues are listed: a project that the source names, or a group with everything below it."""

    kind: str  # projects | groups
    id: str
    path: str

    @property
    def below(self) -> str:
        """The start of the place's addresses."""
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class Found:
    """The scope as it is now. `named` are the ids of the projects outside the groups."""

    groups: tuple[Group, ...]
    projects: tuple[Project, ...]
    named: tuple[str, ...]
    warnings: tuple[Message, ...] = field(default=())


def groups_of(spec: SourceSpec) -> tuple[str, ...]:
    """The groups that the settings name."""
    given = spec.options.get("groups")
    return tuple(str(path).strip("/") for path in listed(list(given) if isinstance(given, tuple) else given))


def places(groups: Sequence[Group], projects: Sequence[Project], named: Sequence[str]) -> list[Place]:
    """Each issue in scope is in exactly one of them. In the order of ids, groups first."""
    alone = [project for project in projects if project.id in named]
    return [Place("groups", group.id, group.path) for group in groups] + [
        Place("projects", project.id, project.path) for project in alone
    ]


class ScopeReader:
    """Asks for every project and group by name. Raises ConfigError for one that this account does not see."""

    def __init__(self, spec: SourceSpec, client: GitLabClient) -> None:
        self._spec = spec
        self._client = client

    def read(self) -> Found:
        """Archived projects of a group are left out, those that are named themselves are not."""
        wanted = groups_of(self._spec)
        if not wanted and not self._spec.projects:
            raise refused("no_scope", self._spec.name)
        groups = _outermost(together([partial(self._group, path) for path in wanted]))
        named = together([partial(self._project, path) for path in self._spec.projects])
        inside = [project for group in groups for project in self.inside(group)]
        known = {project.id: project for project in [*inside, *named]}
        within = {project.id for project in inside}
        return Found(
            groups=tuple(groups),
            projects=tuple(sorted(known.values(), key=lambda project: by_number(project.id))),
            named=tuple(sorted({p.id for p in named} - within, key=by_number)),
            warnings=tuple(self._renamed(named)),
        )

    def inside(self, group: Group) -> list[Project]:
        """All projects of a group and of its subgroups, archived ones left out."""
        asked = {**INSIDE, "sort": "asc", "simple": "true"}
        rows = self._client.rows(f"groups/{group.id}/projects", asked, what="groups/:id/projects")
        return [project_of(row) for row in rows]

    def newest(self, group: Group) -> list[Project]:
        """Those of its projects that were made last, newest first; one request."""
        asked = {**INSIDE, "sort": "desc", "simple": "true", "per_page": NEWEST}
        rows, _ = self._client.first(f"groups/{group.id}/projects", asked, what="groups/:id/projects")
        return [project_of(row) for row in rows]

    def project(self, project_id: str) -> Project | None:
        """A project by its id; None for one that is not shown."""
        try:
            return project_of(mapping(self._client.get(f"projects/{project_id}", what="projects/:id", expect=HIDDEN)))
        except StatusError:
            return None

    def _project(self, path: str) -> Project:
        """A former path leads to the present one, by a redirect that the client follows."""
        name = quote(path.strip("/"), safe="")
        try:
            return project_of(mapping(self._client.get(f"projects/{name}", what="projects/:id", expect=HIDDEN)))
        except StatusError as error:
            raise refused("project_unknown", f"projects/{path}", project=path, status=error.status) from None

    def _group(self, path: str) -> Group:
        asked = {"with_projects": "false"}
        try:
            row = self._client.get(f"groups/{quote(path, safe='')}", asked, what="groups/:id", expect=HIDDEN)
        except StatusError as error:
            raise refused("group_unknown", f"groups/{path}", group=path, status=error.status) from None
        group_id, full = string(mapping(row).get("id")), string(mapping(row).get("full_path"))
        if group_id is None or full is None:
            raise broken("shape", "groups/:id")
        return Group(group_id, full)

    def _renamed(self, named: Sequence[Project]) -> Iterable[Message]:
        for wanted, found in zip(self._spec.projects, named, strict=True):
            if wanted.strip("/").casefold() not in {found.path.casefold(), found.id}:
                yield msg("gitlab.warning.renamed", old=wanted, new=found.path)


def project_of(row: Row) -> Project:
    """Raises AbortSyncError for a row without id or path."""
    project_id, path = string(row.get("id")), string(row.get("path_with_namespace"))
    if project_id is None or path is None:
        raise broken("shape", "projects/:id")
    above = mapping(row.get("namespace"))
    project = Project(project_id, path)
    if above.get("kind") == "group":
        return replace(project, group_id=string(above.get("id")), group=string(above.get("full_path")))
    return project


def _outermost(groups: Iterable[Group]) -> list[Group]:
    """Groups that lie in none of the others, each once, in the order of ids."""
    known = {group.id: group for group in groups}
    paths = {group.path.casefold() for group in known.values()}
    outer = [g for g in known.values() if not any(g.path.casefold().startswith(f"{path}/") for path in paths)]
    return sorted(outer, key=lambda group: by_number(group.id))
