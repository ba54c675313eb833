"""What the connector has learnt of a GitLab, as JSON: kept with the metadata and handed back on later runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from okr_delivery_gitlab.values import listed, mapping

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Project:
    """`group_id` is the id of the group it lies in, None in a person's own namespace."""

    id: str
    path: str
    group_id: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group that the source names: its projects and those of its subgroups are in scope."""

    id: str
    path: str


@dataclass(frozen=True, slots=True)
class Label:
    """`home` is the `project <id>` or `group <id>` it belongs to; None where the list does not tell."""

    id: str
    name: str
    home: str | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    """`home` as for labels: `iid` is unique in it only."""

    id: str
    iid: str
    title: str
    home: str


@dataclass(frozen=True, slots=True)
class CustomStatus:
    """`category` is GitLab's: triage | to_do | in_progress | done | canceled."""

    id: str  # the numeric part of its gid
    name: str
    category: str
    order: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """Projects, labels, milestones and features; survives a trip through JSON unchanged.

    `groups` and `projects` are those in scope; `named` are the ids of the projects that the source names itself.
    `features` are what the tier was found to have: weight, iterations, epics, health, statuses, custom_fields,
    scoped_labels. `fields` maps a role (key_result, contribution, …) to the numeric id of a custom field. `estimate`
    is what issues are estimated by: weight, time (hours) or field, the custom field of that role.
    `capabilities` is the JSON of `capabilities.Capabilities`.
    """

    groups: tuple[Group, ...] = ()
    projects: tuple[Project, ...] = ()
    named: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    iterations: Mapping[str, str] = field(default_factory=dict)  # bare id -> name
    statuses: tuple[CustomStatus, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    features: frozenset[str] = frozenset()
    label_scope: str | None = None
    priority_scope: str | None = "priority"
    estimate: str = "time"
    capabilities: Mapping[str, object] = field(default_factory=dict)
    version: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "groups": [[g.id, g.path] for g in self.groups],
            "projects": [[p.id, p.path, p.group_id, p.group] for p in self.projects],
            "named": list(self.named),
            "labels": [[label.id, label.name, label.home] for label in self.labels],
            "milestones": [[m.id, m.iid, m.title, m.home] for m in self.milestones],
            "iterations": dict(self.iterations),
            "statuses": [[s.id, s.name, s.category, s.order] for s in self.statuses],
            "fields": dict(self.fields),
            "features": sorted(self.features),
            "label_scope": self.label_scope,
            "priority_scope": self.priority_scope,
            "estimate": self.estimate,
            "capabilities": dict(self.capabilities),
            "version": self.version,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Settings:
        """Raises ValueError when another version wrote it."""
        if raw.get("format") != FORMAT:
            raise ValueError("not settings of this connector")
        try:
            return cls(
                groups=tuple(Group(*_texts(row)) for row in listed(raw["groups"])),
                projects=tuple(_project(row) for row in listed(raw["projects"])),
                named=tuple(str(value) for value in listed(raw["named"])),
                labels=tuple(_label(row) for row in listed(raw["labels"])),
                milestones=tuple(Milestone(*_texts(row)) for row in listed(raw["milestones"])),
                iterations={key: str(value) for key, value in mapping(raw["iterations"]).items()},
                statuses=tuple(_status(row) for row in listed(raw["statuses"])),
                fields={key: str(value) for key, value in mapping(raw["fields"]).items()},
                features=frozenset(str(value) for value in listed(raw["features"])),
                label_scope=_text(raw["label_scope"]),
                priority_scope=_text(raw["priority_scope"]),
                estimate=str(raw["estimate"]),
                capabilities=mapping(raw["capabilities"]),
                version=str(raw["version"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not settings of this connector: {error}") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _project(row: object) -> Project:
    project_id, path, group_id, group = listed(row)
    return Project(str(project_id), str(path), _text(group_id), _text(group))


def _label(row: object) -> Label:
    label_id, name, home = listed(row)
    return Label(str(label_id), str(name), _text(home))


def _texts(row: object) -> list[str]:
    return [str(value) for value in listed(row)]


def _status(row: object) -> CustomStatus:
    status_id, name, category, order = listed(row)
    return CustomStatus(str(status_id), str(name), str(category), int(str(order)))
