"""Which custom field plays which role, per project: one name or one schema may stand for many ids."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from okr_delivery.sync.connector import FoundField
from okr_delivery_jira.problems import refused
from okr_delivery_jira.text import listed, members, string

EVERYWHERE = "*"
GREENHOPPER = "com.pyxis.greenhopper.jira:"
SCHEMAS = {
    "iteration": f"{GREENHOPPER}gh-sprint",
    "epic_link": f"{GREENHOPPER}gh-epic-link",
    "parent_link": "com.atlassian.jpo:jpo-custom-field-parent",
    "rank": f"{GREENHOPPER}gh-lexo-rank",
}
TEAM_MANAGED_POINTS = f"{GREENHOPPER}jsw-story-points"
POINTS_NAMES = frozenset({"story points", "story point estimate"})
TEXT_ROLES = ("key_result", "contribution", "confidence", "user_value")


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One entry of `/field`."""

    id: str
    name: str
    names: frozenset[str]  # lower case: name, untranslated name, key
    schema: str  # `schema.custom`, else ""
    kind: str  # text | number | options | words | people
    project: str | None  # id of the only project it exists in
    custom: bool = True
    clauses: frozenset[str] = frozenset()  # lower case: what queries call it, which no translation changes


@dataclass(frozen=True, slots=True)
class Role:
    """The field that plays a role: per project id, or for every project that is not listed."""

    by_project: Mapping[str, str] = field(default_factory=dict)
    kind: str = "text"

    def of(self, project_id: str) -> str | None:
        return self.by_project.get(project_id) or self.by_project.get(EVERYWHERE)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.by_project.values())))


NOBODY = Role()


def read_fields(payload: object) -> tuple[FieldInfo, ...]:
    """The fields of the site, as `/field` lists them."""
    return tuple(_info(entry) for entry in members(payload) if string(entry.get("id")))


def _info(entry: Mapping[str, object]) -> FieldInfo:
    field_id, name = str(entry["id"]), string(entry.get("name")) or str(entry["id"])
    schema = entry.get("schema")
    schema = schema if isinstance(schema, dict) else {}
    named = (name, string(entry.get("untranslatedName")), string(entry.get("key")))
    clauses = (str(text).casefold() for text in listed(entry.get("clauseNames")))
    return FieldInfo(
        id=field_id,
        name=name,
        names=frozenset(text.casefold() for text in named if text),
        schema=string(schema.get("custom")) or "",
        kind=_kind(schema),
        project=_only_project(entry.get("scope")),
        custom=field_id.startswith("customfield_"),
        clauses=frozenset(text for text in clauses if not text.startswith("cf[")),
    )


def _kind(schema: Mapping[str, object]) -> str:
    if "user" in (schema.get("type"), schema.get("items")):
        return "people"
    if schema.get("type") == "array":
        boxes = str(schema.get("custom")).endswith(":multicheckboxes")  # whatever it says its items are
        return "options" if boxes else {"option": "options", "string": "words"}.get(str(schema.get("items")), "text")
    return "number" if schema.get("type") == "number" else "text"


def _only_project(scope: object) -> str | None:
    if not isinstance(scope, dict) or scope.get("type") != "PROJECT":
        return None
    project = scope.get("project")
    return string(project.get("id")) if isinstance(project, dict) else None


class Catalogue:
    """Looks fields up by id, schema or name. `project_ids` are the projects in scope, empty when that is unknown."""

    def __init__(self, fields: Sequence[FieldInfo], project_ids: Sequence[str] = ()) -> None:
        self._fields = tuple(fields)
        self._projects = frozenset(project_ids)

    def get(self, field_id: str) -> FieldInfo | None:
        return next((info for info in self._fields if info.id == field_id), None)

    def with_schema(self, schema: str) -> tuple[FieldInfo, ...]:
        return tuple(info for info in self._fields if info.schema == schema and self._in_scope(info))

    def named(self, name: str) -> tuple[FieldInfo, ...]:
        return tuple(info for info in self._fields if name.casefold() in info.names and self._in_scope(info))

    def bearers(self, ids: Iterable[str]) -> dict[str, tuple[FieldInfo, ...]]:
        """Lower-case display name -> the custom fields of the site that bear it, for the names of `ids`."""
        wanted = set(ids)
        found: dict[str, list[FieldInfo]] = {}
        for info in (info for info in self._fields if info.custom):
            for name in sorted(info.names | info.clauses):
                found.setdefault(name, []).append(info)
        return {name: tuple(infos) for name, infos in found.items() if any(info.id in wanted for info in infos)}

    def labels(self, ids: Iterable[str]) -> dict[str, str]:
        """Lower-case display name -> id, for those of the system fields `ids` that no other one is called like."""
        wanted = set(ids)
        found: dict[str, set[str]] = {}
        for info in (info for info in self._fields if not info.custom):
            for name in info.names:
                found.setdefault(name, set()).add(info.id)
        return {name: next(iter(one)) for name, one in found.items() if len(one) == 1 and one <= wanted}

    def configured(self, role: str, wanted: str) -> tuple[Role, tuple[FoundField, ...]]:
        """The field that a person named. Raises ConfigError when there is none or when it can't be told which."""
        exact = self.get(wanted)
        found = (exact,) if exact else self.named(wanted)
        if not found:
            raise refused("field_unknown", None, role=role, name=wanted, known=self._nearest(wanted))
        shared = [info for info in found if info.project is None]
        if len(shared) > 1:
            ids = ", ".join(f"{info.id} ({info.name})" for info in shared)
            raise refused("field_ambiguous", None, role=role, name=wanted, ids=ids)
        reason = "id" if exact else "name"
        places = {EVERYWHERE if exact else info.project or EVERYWHERE: info.id for info in found}
        return Role(places, found[0].kind), tuple(_played(role, info, reason) for info in found)

    def _in_scope(self, info: FieldInfo) -> bool:
        return info.project is None or not self._projects or info.project in self._projects

    def _nearest(self, wanted: str) -> str:
        names = {info.name.casefold(): f"{info.name} ({info.id})" for info in self._fields}
        close = difflib.get_close_matches(wanted.casefold(), names, n=5, cutoff=0.5)
        custom = sorted(text for text in names.values() if "customfield_" in text)
        return ", ".join([names[name] for name in close] or custom[:10]) or "–"


def by_schema(catalogue: Catalogue, role: str) -> tuple[Role, tuple[FoundField, ...]]:
    """A role that Jira marks by the field's schema; nobody when the site has no such field."""
    found = catalogue.with_schema(SCHEMAS[role])
    if not found:
        return NOBODY, ()
    places = {info.project or EVERYWHERE: info.id for info in reversed(found)}
    return Role(places, found[0].kind), tuple(_played(role, info, "schema") for info in found)


def flagged(catalogue: Catalogue) -> tuple[Role, tuple[FoundField, ...]]:
    """`Flagged` has no schema of its own: a field of options by that untranslated name."""
    found = [info for info in catalogue.named("flagged") if info.kind == "options"]
    places = {info.project or EVERYWHERE: info.id for info in reversed(found)}
    return Role(places, "options"), tuple(_played("flagged", info, "name") for info in found)


@dataclass(frozen=True, slots=True)
class Estimates:
    """How estimates were found; `rivals` are the fields between which nobody can choose."""

    role: Role
    found: tuple[FoundField, ...]
    rivals: tuple[FieldInfo, ...] = ()


def estimates(catalogue: Catalogue, boards: Mapping[str, str], team_managed: Mapping[str, bool | None]) -> Estimates:
    """The estimate per project: what its board estimates by, else by the kind of project, else the only candidate.

    `boards` maps a project id ("*" for a board without project) to the estimation field of its board. `team_managed`
    maps the ids of the known projects. A field that all boards estimate by, one of them without project, is everyone's.
    Two candidates that nothing decides between are no estimate, and named.
    """
    agreed = len(set(boards.values())) == 1
    places = {project: field_id for project, field_id in boards.items() if project != EVERYWHERE}
    found = [_found(catalogue, field_id, "board") for field_id in dict.fromkeys(boards.values())]
    rivals: tuple[FieldInfo, ...] = ()
    for project in (*team_managed, EVERYWHERE):
        if project in places or (agreed and EVERYWHERE in boards and project != EVERYWHERE):
            continue
        if project == EVERYWHERE and agreed:
            places[EVERYWHERE] = next(iter(boards.values()))
            continue
        candidates = _points(catalogue, project, team_managed.get(project))
        if len(candidates) == 1:
            places[project] = candidates[0].id
            found.append(_played("estimate", candidates[0], "schema"))
        elif project != EVERYWHERE or not team_managed:
            rivals = rivals or candidates
    return Estimates(Role(places, "number"), tuple(dict.fromkeys(found)), rivals)


def _found(catalogue: Catalogue, field_id: str, reason: str) -> FoundField:
    info = catalogue.get(field_id)
    return _played("estimate", info, reason) if info else FoundField("estimate", field_id, field_id, reason)


def _played(role: str, info: FieldInfo, reason: str) -> FoundField:
    return FoundField(role, info.id, info.name, reason, info.project)


def _points(catalogue: Catalogue, project: str, team_managed: bool | None) -> tuple[FieldInfo, ...]:
    own = catalogue.with_schema(TEAM_MANAGED_POINTS)
    named = [info for name in sorted(POINTS_NAMES) for info in catalogue.named(name) if info.kind == "number"]
    shared = tuple(dict.fromkeys(info for info in named if info not in own and info.project in (None, project)))
    if team_managed is None:
        return tuple(dict.fromkeys((*own, *shared)))
    return (own or shared) if team_managed else (shared or own)
