"""Reads what changes rarely (fields, statuses, projects, boards) and resolves which field plays which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Board, Status
from okr_delivery.sync.connector import FoundField, Metadata, SourceSpec
from okr_delivery.sync.errors import ConfigError
from okr_delivery.sync.workers import Workers, together
from okr_delivery_jira import fields as roles
from okr_delivery_jira.client import JiraClient, StatusError
from okr_delivery_jira.dialects import LISTED, MISSING, Dialect
from okr_delivery_jira.fields import EVERYWHERE, Catalogue, FieldInfo, Role
from okr_delivery_jira.paging import offset_rows
from okr_delivery_jira.problems import refused
from okr_delivery_jira.records import read_status
from okr_delivery_jira.settings import SYSTEM, BoardInfo, Settings
from okr_delivery_jira.text import by_number, members, string

CONFIGURABLE = frozenset({*roles.TEXT_ROLES, "estimate", "priority"})


class UnknownBoardError(ConfigError):
    """A board that this account is not shown."""


@dataclass(frozen=True, slots=True)
class Project:
    id: str
    key: str
    team_managed: bool | None


@dataclass(frozen=True, slots=True)
class SeenBoard:
    """A board with what its configuration says."""

    info: BoardInfo
    project_id: str | None
    project_key: str | None
    estimate: str | None
    configured: bool


class Discovery:
    """One reading of the metadata of a source; six requests for one project with one board, sprints included."""

    def __init__(self, spec: SourceSpec, client: JiraClient, dialect: Dialect) -> None:
        self._spec = spec
        self._client = client
        self._dialect = dialect
        self.versions: dict[str, list[Mapping[str, object]]] = {}  # that came along, by project id

    def read(self) -> Metadata:
        """Raises ConfigError for an unknown project, board or field, with what there is."""
        with Workers(2) as workers:
            coming = workers.submit(self._statuses), workers.submit(self._client.fields)
            projects = together([partial(self._project, key) for key in self._spec.projects])
            statuses, catalogue_rows = coming[0].result(), roles.read_fields(coming[1].result())
        boards = self._boards(projects)
        scope = [project.id for project in projects] if not self._spec.boards and not self._spec.jql else []
        found = _Roles(self._spec, Catalogue(catalogue_rows, scope))
        found.resolve(boards, projects)
        names = found.names(self._dialect.named_items)
        settings = Settings(
            roles=found.roles,
            names=names.custom,
            labels=names.system,
            ambiguous=names.shared,
            boards=tuple(board.info for board in boards),
            filters=tuple(dict.fromkeys(b.info.filter_id for b in boards if b.configured and b.info.filter_id)),
            status_ids=tuple(status.id for status in statuses),
            team_boards=dict(self._spec.iteration_boards),
            projects=tuple((project.id, project.key) for project in projects),
            deployment=self._dialect.deployment,
        )
        return Metadata(
            statuses=statuses,
            boards=tuple(self._record(board) for board in boards),
            fields=tuple(found.found),
            warnings=tuple(found.warnings),
            raw=settings.to_json(),
        )

    def _statuses(self) -> tuple[Status, ...]:
        raw = [status.raw for status in self._client.statuses()]
        read = (read_status(self._spec.name, payload, order) for order, payload in enumerate(raw))
        return tuple(status for status in read if status is not None)

    def _project(self, key: str) -> Project:
        try:
            payload = self._client.read(f"project/{key}", what="project/{key}", expect=frozenset({404}))
        except StatusError:
            raise refused("project_unknown", f"project/{key}", project=key, known=self._known_projects()) from None
        project_id = string(payload.get("id")) if isinstance(payload, dict) else None
        if project_id is None:
            raise refused("project_unknown", f"project/{key}", project=key, known=self._known_projects())
        if isinstance(payload.get("versions"), list):
            self.versions[project_id] = members(payload["versions"])
        style = payload.get("simplified") if self._dialect.deployment == "cloud" else False  # others know no such kind
        return Project(project_id, string(payload.get("key")) or key, style if isinstance(style, bool) else None)

    def _known_projects(self) -> str:
        """The keys that this token sees, for the error's text."""
        keys = filter(None, (string(row.get("key")) for row in self._dialect.known_projects()))
        return ", ".join(sorted(keys)[:LISTED]) or "–"

    def _boards(self, projects: Sequence[Project]) -> list[SeenBoard]:
        """The source's own, and behind them those that only teams name."""
        own = self._own_boards(projects)
        known = {board.info.id for board in own}
        wanted = sorted((self._spec.iteration_boards.keys() - known), key=by_number)
        return own + [board for board_id in wanted for board in self._team_board(board_id)]

    def _team_board(self, board_id: str) -> list[SeenBoard]:
        """A board that must be there is an error when it is not; one that may be another source's is left out."""
        try:
            return [self._board(board_id, None, configured=False)]
        except UnknownBoardError:
            if self._spec.iteration_boards[board_id]:
                raise
            return []

    def _own_boards(self, projects: Sequence[Project]) -> list[SeenBoard]:
        if self._spec.boards:
            return together([partial(self._board, ref, None, configured=True) for ref in self._spec.boards])
        rows: dict[str, Mapping[str, object]] = {}
        homes: dict[str, list[Project]] = {}
        lists = together([partial(self._listed, project.key) for project in projects])
        for project, listed in zip(projects, lists, strict=True):
            for row in listed:
                board_id = str(row["id"])
                rows.setdefault(board_id, row)
                homes.setdefault(board_id, []).append(project)
        wanted = [_placed(row, homes[ref]) for ref, row in rows.items() if row.get("type") in {"scrum", "simple"}]
        seen = together([partial(self._board, str(row["id"]), row, configured=False) for row in wanted])
        return [board for board in seen if board.info.sprints]

    def _listed(self, project: str | None) -> list[Mapping[str, object]]:
        def page(start: int) -> object:
            params = {"startAt": start, "maxResults": 50} | ({"projectKeyOrId": project} if project else {})
            return self._client.agile("board", params, what="board")

        return [row for row in offset_rows(page, "board") if row.get("id") is not None]

    def _board(self, board_id: str, row: Mapping[str, object] | None, *, configured: bool) -> SeenBoard:
        """The configuration names type, filter and estimate; the board is read only if that lacks the type."""
        config = self._config(board_id)
        if row is None and not config.get("type"):
            row = self._read_board(board_id)
        merged = {**(row or {}), **{key: value for key, value in config.items() if value is not None}}
        location = _merged_location(row, config)
        kind = string(merged.get("type")) or "simple"
        info = BoardInfo(
            id=board_id,
            name=string(merged.get("name")) or board_id,
            type=kind,
            filter_id=string(_object(config.get("filter")).get("id")),
            sprints=kind == "scrum" or (kind == "simple" and self._has_sprints(board_id)),
        )
        estimate = string(_object(_object(config.get("estimation")).get("field")).get("fieldId"))
        return SeenBoard(info, location[0], location[1], estimate, configured)

    def _config(self, board_id: str) -> Mapping[str, object]:
        path = f"board/{board_id}/configuration"
        try:
            payload = self._client.agile(path, what="board/{id}/configuration", expect=MISSING)
        except StatusError:
            known = ", ".join(f"{row.get('id')} ({row.get('name')})" for row in self._listed(None)[:LISTED])
            raise UnknownBoardError(
                refused("board_unknown", path, board=board_id, known=known or "–").problems
            ) from None
        return _object(payload)

    def _read_board(self, board_id: str) -> Mapping[str, object]:
        return _object(self._client.agile(f"board/{board_id}", what="board/{id}"))

    def _has_sprints(self, board_id: str) -> bool:
        """A board of a team-managed project has sprints or answers 400; nothing else tells."""
        params = {"startAt": 0, "maxResults": 1}
        try:
            self._client.agile(f"board/{board_id}/sprint", params, what="board/{id}/sprint", expect=frozenset({400}))
        except StatusError:
            return False
        return True

    def _record(self, board: SeenBoard) -> Board:
        info = board.info
        return Board(self._spec.name, info.id, info.name, info.type, board.project_key, board.estimate)


@dataclass(frozen=True, slots=True)
class Names:
    """What display names of history items mean; `shared` ones mean nothing (name -> role)."""

    custom: Mapping[str, str]
    shared: Mapping[str, str]
    system: Mapping[str, str]


class _Roles:
    """Collects who plays which role, how it was found, and what a person should know of it."""

    def __init__(self, spec: SourceSpec, catalogue: Catalogue) -> None:
        self._spec = spec
        self._catalogue = catalogue
        self.roles: dict[str, Role] = {}
        self.found: list[FoundField] = []
        self.warnings: list[Message] = []

    def resolve(self, boards: Sequence[SeenBoard], projects: Sequence[Project]) -> None:
        for name in roles.SCHEMAS:
            self._take(name, *roles.by_schema(self._catalogue, name))
        self._take("flagged", *roles.flagged(self._catalogue))
        self._configured()
        self._estimate(boards, projects)
        keys = {project.id: project.key for project in projects}
        self.found = [replace(each, project=keys.get(each.project or "", each.project)) for each in self.found]

    def _configured(self) -> None:
        """The fields that a person named. Raises ConfigError for all of them that there are not."""
        problems: list[Problem] = []
        for name in (*roles.TEXT_ROLES, "priority", "estimate"):
            wanted = self._wanted(name)
            try:
                if wanted:
                    self._take(name, *self._named(name, wanted))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)

    def _named(self, name: str, wanted: str) -> tuple[Role, tuple[FoundField, ...]]:
        role, found = self._catalogue.configured(name, wanted)
        return (replace(role, kind="number") if name == "estimate" else role), found

    def names(self, named_items: bool) -> Names:
        """Names that histories give instead of ids: older ones on Cloud, all of them where `named_items`.

        A name that several fields bear means the one that a person named by its id; otherwise nobody can tell, and
        that is said where it matters.
        """
        roles = {field_id: name for name, role in self.roles.items() for field_id in role.ids}
        known: dict[str, str] = {}
        shared: dict[str, str] = {}
        for name, infos in self._catalogue.bearers(roles).items():
            mine = [info.id for info in infos if info.id in roles]
            decided = [ref for ref in mine if self._wanted(roles[ref]) == ref]
            if len(infos) == 1 or len(decided) == 1:
                known[name] = (decided or mine)[0]
            elif named_items:
                shared[name] = roles[mine[0]]
                self._share(infos, roles[mine[0]])
        return Names(known, shared, self._catalogue.labels(SYSTEM))

    def _share(self, infos: Sequence[FieldInfo], role: str) -> None:
        kind = "shared" if role in CONFIGURABLE else "shared_role"
        warning = msg(f"jira.warning.name_{kind}", name=infos[0].name, role=role, fields=_names(infos))
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _wanted(self, role: str) -> str | None:
        """The configured field; `auto` and nothing are one."""
        wanted = self._spec.fields.get(role)
        return None if wanted is None or wanted.casefold() == "auto" else wanted

    def _take(self, name: str, role: Role, found: Sequence[FoundField]) -> None:
        if role.by_project:
            self.roles[name] = role
            self.found.extend(found)

    def _estimate(self, boards: Sequence[SeenBoard], projects: Sequence[Project]) -> None:
        if self._wanted("estimate"):
            return
        by_board = {b.project_id or EVERYWHERE: b.estimate for b in reversed(boards) if b.estimate}
        styles = {project.id: project.team_managed for project in projects}
        result = roles.estimates(self._catalogue, by_board, styles)
        self._take("estimate", result.role, result.found)
        if result.rivals:
            warning = "estimate_elsewhere" if result.role.by_project else "estimate_ambiguous"
            self.warnings.append(msg(f"jira.warning.{warning}", fields=_names(result.rivals)))


def _names(found: Sequence[FieldInfo]) -> str:
    return ", ".join(f"{info.name} ({info.id})" for info in found)


def _placed(row: Mapping[str, object], homes: Sequence[Project]) -> Mapping[str, object]:
    """A board that does not say where it belongs belongs to the only project that lists it."""
    if row.get("location") or len(homes) != 1:
        return row
    return {**row, "location": {"projectId": homes[0].id, "projectKey": homes[0].key}}


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _merged_location(row: Mapping[str, object] | None, config: Mapping[str, object]) -> tuple[str | None, str | None]:
    """Project id and key: the board and its configuration spell them differently."""
    own, other = _object((row or {}).get("location")), _object(config.get("location"))
    if other.get("type", "project") != "project":
        other = {}
    project_id = string(own.get("projectId")) or string(other.get("id"))
    key = string(own.get("projectKey")) or string(other.get("key")) or string(other.get("projectKeyOrId"))
    return project_id, key
