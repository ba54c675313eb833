"""What changes rarely: projects, labels, statuses, custom fields, and what version and tier offer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.sync.connector import FoundField, Metadata, SourceSpec
from okr_delivery.sync.errors import ConfigError, RetryLaterError
from okr_delivery_gitlab.capabilities import Capabilities, common, discover
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.labels import read_labels, scope_of
from okr_delivery_gitlab.lists import IssueList
from okr_delivery_gitlab.namespaces import CustomField, NamespaceReader, roots
from okr_delivery_gitlab.problems import refused
from okr_delivery_gitlab.scope import Found, Place, ScopeReader, places
from okr_delivery_gitlab.settings import CustomStatus, Settings
from okr_delivery_gitlab.stages import statuses_of
from okr_delivery_gitlab.values import Row, string

MEMBERS = {"weight": "weight", "iteration": "iterations", "epic": "epics", "health_status": "health"}
"""Members of an issue that only tiers with the feature answer with."""
TEXT_ROLES = ("key_result", "contribution", "confidence", "user_value")
LISTED = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a server."""

    scope: Found
    can: Capabilities
    features: frozenset[str]
    custom: tuple[CustomField, ...] | None


class MetadataReader:
    """Reads everything anew. Raises ConfigError for a project, group or field that does not exist."""

    def __init__(self, spec: SourceSpec, client: GitLabClient, version: str | None) -> None:
        self._spec = spec
        self._client = client
        self._version = version or ""
        self._warnings: list[Message] = []

    def read(self) -> tuple[Settings, Metadata]:
        """The settings, without milestones and iterations, and the metadata without their JSON."""
        scope = ScopeReader(self._spec, self._client).read()
        can = self._capabilities()
        where = places(scope.groups, scope.projects, scope.named)
        above = roots([*(g.path for g in scope.groups), *(p.group for p in scope.projects if p.group)])
        namespaces = NamespaceReader(self._client, can, above)
        statuses = namespaces.statuses()
        custom = namespaces.fields() if self._wanted() else None
        features = self._features(where, can) | _named(statuses=statuses, custom_fields=custom is not None)
        seen = Seen(scope, can, features, custom)
        settings = self._settings(seen, where, statuses)
        found = [*self._found(settings), *self._roles(settings, seen)]
        fields = {field.role: field.id for field in found if field.role in (*TEXT_ROLES, "estimate") and custom}
        settings = replace(settings, fields={r: i for r, i in fields.items() if i.isdigit()})
        return settings, Metadata(
            statuses=statuses_of(self._spec.name, settings),
            boards=(),
            fields=tuple(found),
            warnings=(*scope.warnings, *self._warnings),
            projects={project.id: project.path for project in scope.projects},
        )

    def _capabilities(self) -> Capabilities:
        """Of a server whose introspection alone is broken, what every GitLab has.

        Not where a custom field is wanted: taken for one that is not there, it would leave requirements without links.
        """
        try:
            return discover(self._client)
        except RetryLaterError:
            can = Capabilities() if self._wanted() else common(self._client)
            if not can.activity:
                raise
        self._warnings.append(msg("gitlab.warning.untold"))
        return can

    def _settings(self, seen: Seen, where: Sequence[Place], statuses: tuple[CustomStatus, ...]) -> Settings:
        scope = label_scope(self._spec)
        return Settings(
            groups=seen.scope.groups,
            projects=seen.scope.projects,
            named=seen.scope.named,
            labels=read_labels(self._client, where),
            statuses=() if scope else statuses,
            features=seen.features,
            label_scope=scope,
            priority_scope=priority_scope(self._spec),
            estimate=self._estimate(seen),
            capabilities=seen.can.to_json(),
            version=self._version,
        )

    def _features(self, where: Sequence[Place], can: Capabilities) -> frozenset[str]:
        """By the members of an issue; where there is no issue yet, by what the edition has."""
        row = self._sample(where)
        if row is None:
            return _named(weight="WorkItemWidgetWeight" in can.widgets)
        found = {feature for member, feature in MEMBERS.items() if member in row}
        return frozenset(found | ({"scoped_labels"} if "weight" in row else set()))

    def _sample(self, where: Sequence[Place]) -> Row | None:
        """An issue: incidents have no weight on any tier."""
        for place in where:
            issues = IssueList(place)
            rows, _ = self._client.first(
                issues.path, {"scope": "all", "issue_type": "issue", "per_page": 1}, what=issues.what
            )
            if rows:
                return rows[0]
        return None

    def _estimate(self, seen: Seen) -> str:
        wanted = configured(self._spec, "estimate")
        if wanted is None:
            return "weight" if "weight" in seen.features else "time"
        return {"weight": "weight", "time_estimate": "time", "time": "time"}.get(wanted.casefold(), "field")

    def _wanted(self) -> list[str]:
        """Roles that a custom field is to play."""
        estimate = configured(self._spec, "estimate")
        by_field = estimate is not None and estimate.casefold() not in {"weight", "time", "time_estimate"}
        return [role for role in TEXT_ROLES if configured(self._spec, role)] + (["estimate"] if by_field else [])

    def _found(self, settings: Settings) -> Iterable[FoundField]:
        """Roles that GitLab's own members and labels play."""
        scopes = _scopes(settings)
        scope = settings.label_scope
        if scope:
            yield from self._by_labels("status", scope, scopes)
        else:
            kind = "custom_status" if settings.statuses else "state"
            yield FoundField("status", kind, kind, "schema")
        if settings.estimate != "field":
            member = "weight" if settings.estimate == "weight" else "time_estimate"
            yield FoundField(
                "estimate", member, member, "schema" if configured(self._spec, "estimate") is None else "id"
            )
        if settings.priority_scope:
            yield from self._by_labels("priority", settings.priority_scope, scopes)

    def _by_labels(self, role: str, scope: str, scopes: Sequence[str]) -> Iterator[FoundField]:
        """A scope that no label has is told, unless nobody named it."""
        if scope.casefold() in map(str.casefold, scopes):
            yield FoundField(role, f"{scope}::", f"{scope}::", "name")
        elif role == "status" or configured(self._spec, role):
            known = ", ".join(scopes[:LISTED]) or "–"
            self._warnings.append(msg(f"gitlab.warning.no_{role}_labels", scope=scope, known=known))

    def _roles(self, settings: Settings, seen: Seen) -> Iterable[FoundField]:
        """Roles that custom fields play: by number, else by name in any case. Names all that there are not at once."""
        problems: list[Problem] = []
        for role in self._wanted():
            wanted = configured(self._spec, role) or ""
            if seen.custom is None:
                self._warnings.append(msg("gitlab.warning.no_custom_fields", role=role, name=wanted))
                continue
            known = {field.id: field for field in seen.custom}
            named = [field for field in seen.custom if field.name.casefold() == wanted.casefold()]
            if wanted in known:
                yield FoundField(role, wanted, known[wanted].name, "id")
            elif len(named) == 1:
                yield FoundField(role, named[0].id, named[0].name, "name")
            else:
                listed = ", ".join(f"{field.name} ({field.id})" for field in (named or seen.custom)[:LISTED])
                if named:
                    problems += refused("field_ambiguous", None, role=role, name=wanted, known=listed).problems
                else:
                    problems += refused("field_unknown", None, role=role, name=wanted, known=listed or "–").problems
        if problems:
            raise ConfigError(problems)


def configured(spec: SourceSpec, role: str) -> str | None:
    """The configured field; `auto` and nothing are one."""
    wanted = spec.fields.get(role)
    return None if wanted is None or wanted.casefold() == "auto" else wanted


def label_scope(spec: SourceSpec) -> str | None:
    """The scope of the labels that carry the workflow, without its colons."""
    scope = string(spec.options.get("label_scope"))
    return scope.rstrip(":") or None if scope else None


def priority_scope(spec: SourceSpec) -> str | None:
    """The scope of the labels that carry the priority; None where the settings say that there is none."""
    if spec.fields.get("priority", "auto") is None:
        return None
    return (configured(spec, "priority") or "priority").rstrip(":") or None


def _scopes(settings: Settings) -> list[str]:
    """The scopes that labels have, each once."""
    return sorted({scope for label in settings.labels if (scope := scope_of(label.name)[0])})


def _named(**features: object) -> frozenset[str]:
    return frozenset(name for name, there in features.items() if there)


def same_settings(spec: SourceSpec, settings: Settings) -> bool:
    """Whether stored settings were read with the scopes that the source names now."""
    return (settings.label_scope, settings.priority_scope) == (label_scope(spec), priority_scope(spec))
