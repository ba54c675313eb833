"""What the connector has learnt of a site, as JSON: kept with the metadata and handed back on later runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from okr_delivery.model.work import Field
from okr_delivery_jira.fields import NOBODY, Role
from okr_delivery_jira.text import listed, string

SYSTEM = {
    "status": Field.STATUS,
    "issuetype": Field.TYPE,
    "parent": Field.PARENT,
    "fixVersions": Field.FIX_VERSION,
    "resolution": Field.RESOLUTION,
    "priority": Field.PRIORITY,
    "duedate": Field.DUE,
    "labels": Field.LABELS,
    "project": Field.PROJECT,
    "issuekey": Field.KEY,
    "issuelinks": Field.LINK,
    "description": Field.CLAIM_LINES,
    "summary": Field.TITLE,
    "components": Field.COMPONENTS,
}
"""Field ids that every site has."""

SYSTEM_NAMES = {
    "status": Field.STATUS,
    "issuetype": Field.TYPE,
    "issue type": Field.TYPE,
    "parent": Field.PARENT,
    "issueparentassociation": Field.PARENT,
    "fix version": Field.FIX_VERSION,
    "resolution": Field.RESOLUTION,
    "priority": Field.PRIORITY,
    "duedate": Field.DUE,
    "due date": Field.DUE,
    "labels": Field.LABELS,
    "project": Field.PROJECT,
    "key": Field.KEY,
    "link": Field.LINK,
    "description": Field.CLAIM_LINES,
    "summary": Field.TITLE,
    "component": Field.COMPONENTS,
}
"""Names of history items that come without a field id, lower case."""

CUSTOM_NAMES = {
    "epic link": Field.PARENT,
    "parent link": Field.PARENT,
    "sprint": Field.ITERATION,
    "flagged": Field.FLAGGED,
}
"""The same for fields that are custom fields on every site."""

ROLES = {
    "iteration": Field.ITERATION,
    "estimate": Field.ESTIMATE,
    "epic_link": Field.PARENT,
    "parent_link": Field.PARENT,
    "flagged": Field.FLAGGED,
    "priority": Field.PRIORITY,
    "key_result": Field.KEY_RESULT,
    "contribution": Field.CONTRIBUTION,
    "confidence": Field.CONFIDENCE,
    "user_value": Field.USER_VALUE,
}
"""Roles whose history is kept."""

BODY = (
    "summary", "issuetype", "project", "status", "created", "updated", "resolutiondate", "resolution", "priority",
    "duedate", "labels", "components", "fixVersions", "parent", "issuelinks", "creator", "security", "description",
)  # fmt: skip
"""The system fields of a body that are asked for by name."""


@dataclass(frozen=True, slots=True)
class BoardInfo:
    id: str
    name: str
    type: str
    filter_id: str | None = None
    sprints: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The resolved fields, boards and status ids of a site; survives a trip through JSON unchanged."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)  # display name -> id of a custom field, for bare items
    labels: Mapping[str, str] = field(default_factory=dict)  # display name -> id of a system field, for the same
    ambiguous: Mapping[str, str] = field(default_factory=dict)  # display name shared with another field -> role
    boards: tuple[BoardInfo, ...] = ()  # those configured and those whose sprints are read
    filters: tuple[str, ...] = ()  # of the configured boards: they widen the scope
    status_ids: tuple[str, ...] = ()
    team_boards: Mapping[str, bool] = field(default_factory=dict)  # that teams named when this was read
    projects: tuple[tuple[str, str], ...] = ()  # id and key of those in scope: their versions are read
    deployment: str = "cloud"

    def role(self, name: str) -> Role:
        return self.roles.get(name, NOBODY)

    @property
    def body_fields(self) -> list[str]:
        """Everything to ask of an issue, by id and in one order."""
        custom = {field_id for role in self.roles.values() for field_id in role.ids}
        return [*BODY, *sorted(custom - set(BODY))]

    def kept(self, project_id: str) -> dict[str, tuple[Field, str]]:
        """Field id -> (field, kind of its text), for issues of one project."""
        table = {field_id: (kept, "text") for field_id, kept in SYSTEM.items()}
        if self.role("priority").ids:
            del table["priority"]
        for name, kept in ROLES.items():
            role = self.role(name)
            wanted = role.ids if name in {"epic_link", "parent_link"} else (role.of(project_id),)
            table.update({field_id: (kept, role.kind) for field_id in wanted if field_id})
        return table

    def to_json(self) -> dict[str, object]:
        return {
            "roles": {name: {"kind": role.kind, "ids": dict(role.by_project)} for name, role in self.roles.items()},
            "names": dict(self.names),
            "boards": [[b.id, b.name, b.type, b.filter_id, b.sprints] for b in self.boards],
            "filters": list(self.filters),
            "statuses": list(self.status_ids),
            "team_boards": dict(self.team_boards),
            "labels": dict(self.labels),
            "ambiguous": dict(self.ambiguous),
            "projects": [list(project) for project in self.projects],
            "deployment": self.deployment,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Settings:
        """Raises ValueError when another version wrote it."""
        try:
            return cls(
                roles={name: _role(value) for name, value in _mapping(raw["roles"]).items()},
                names={name: str(value) for name, value in _mapping(raw["names"]).items()},
                boards=tuple(_board(row) for row in listed(raw["boards"])),
                filters=tuple(str(value) for value in listed(raw["filters"])),
                status_ids=tuple(str(value) for value in listed(raw["statuses"])),
                team_boards={board: bool(certain) for board, certain in _mapping(raw["team_boards"]).items()},
                labels={name: str(value) for name, value in _mapping(raw["labels"]).items()},
                ambiguous={name: str(value) for name, value in _mapping(raw["ambiguous"]).items()},
                projects=tuple(_project(row) for row in listed(raw["projects"])),
                deployment=str(raw["deployment"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not settings of this connector: {error}") from error


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, found {type(value).__name__}")
    return value


def _role(value: object) -> Role:
    raw = _mapping(value)
    return Role({place: str(field_id) for place, field_id in _mapping(raw["ids"]).items()}, str(raw["kind"]))


def _project(row: object) -> tuple[str, str]:
    project_id, key = listed(row)
    return str(project_id), str(key)


def _board(row: object) -> BoardInfo:
    board_id, name, kind, filter_id, sprints = listed(row)
    return BoardInfo(str(board_id), str(name), str(kind), string(filter_id), bool(sprints))
