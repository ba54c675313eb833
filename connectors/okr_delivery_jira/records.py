"""Raw payloads -> issues, sprints, statuses and boards. Nothing behind this module sees a payload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from okr_delivery.model.claims import claim_lines
from okr_delivery.model.work import (
    EMPTY,
    Category,
    Field,
    Issue,
    Iteration,
    IterationState,
    Link,
    Status,
    Value,
)  # fmt: skip
from okr_delivery_jira import instants, text
from okr_delivery_jira.changes import actor, value_of
from okr_delivery_jira.settings import Settings
from okr_delivery_jira.sprint_text import sprint_id


class UnreadableError(ValueError):
    """An issue that makes no sense; `reason` is one of fields, key, created, instant."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class IssueReader:
    """Reads the bodies of one source. `base_url` is where people open issues.

    `sprints` are the known sprints' names by id, for servers whose bodies hold sprints as text.
    """

    def __init__(
        self,
        source: str,
        settings: Settings,
        base_url: str,
        now: int,
        sprints: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._source = source
        self._settings = settings
        self._epics = [field_id for role in ("epic_link", "parent_link") for field_id in settings.role(role).ids]
        self._base_url = base_url.rstrip("/")
        self._now = now
        self._sprint_names = sprints

    def read(self, body: Mapping[str, object]) -> Issue:
        """The slim issue. Raises UnreadableError when id, key, fields or a date are missing or make no sense."""
        fields = body.get("fields")
        if not isinstance(fields, dict):
            raise UnreadableError("fields")
        issue_id, key = text.string(body.get("id")), text.string(body.get("key"))
        if issue_id is None or key is None:
            raise UnreadableError("key")
        project = _object(fields.get("project"))
        kind = _object(fields.get("issuetype"))
        parent = _object(fields.get("parent"))
        created = self._instant(fields.get("created"))
        if created is None:
            raise UnreadableError("created")
        project_id = text.string(project.get("id")) or ""
        return Issue(
            source=self._source,
            id=issue_id,
            key=key,
            project_id=project_id,
            project=text.string(project.get("key")) or key.rpartition("-")[0],
            type_id=text.string(kind.get("id")) or "",
            type=text.string(kind.get("name")) or "",
            subtask=kind.get("subtask") is True,
            title=text.string(fields.get("summary")) or "",
            created=created,
            updated=self._instant(fields.get("updated")) or created,
            resolved=self._instant(fields.get("resolutiondate")),
            url=f"{self._base_url}/browse/{key}",
            creator=text.string(_object(fields.get("creator")).get("displayName")),
            creator_marks=actor(fields.get("creator")),
            parent_id=text.string(parent.get("id")),
            parent_key=text.string(parent.get("key")) or self._epic_key(fields),
            components=tuple(
                sorted(filter(None, (text.string(c.get("name")) for c in text.members(fields.get("components")))))
            ),
            links=tuple(_links(fields.get("issuelinks"))),
            confidential=bool(fields.get("security")),
            rank=self._custom(fields, "rank", project_id),
            current=self._current(fields, project_id, key),
        )

    def _instant(self, value: object) -> int | None:
        try:
            ts = instants.parse(value)
        except ValueError as error:
            raise UnreadableError("instant") from error
        if ts is not None and not instants.plausible(ts, self._now):
            raise UnreadableError("instant")
        return ts

    def _epic_key(self, fields: Mapping[str, object]) -> str | None:
        """The epic by key, where a body has no `parent`."""
        raw = (fields.get(field_id) for field_id in self._epics)
        return next((value for value in raw if isinstance(value, str) and value), None)

    def _custom(self, fields: Mapping[str, object], role: str, project_id: str) -> str | None:
        field_id = self._settings.role(role).of(project_id)
        return text.of_value(fields.get(field_id)) if field_id else None

    def _current(self, fields: Mapping[str, object], project_id: str, key: str) -> dict[Field, Value]:
        """The present value of every kept field, in the form that the history's sides have; EMPTY ones left out."""
        parent = _object(fields.get("parent"))
        due = text.string(fields.get("duedate"))
        values = {
            Field.STATUS: _named(fields.get("status")),
            Field.TYPE: _named(fields.get("issuetype")),
            Field.PARENT: Value(
                text.string(parent.get("id")), text.string(parent.get("key")) or self._epic_key(fields)
            ),
            Field.FIX_VERSION: _set(fields.get("fixVersions")),
            Field.COMPONENTS: _set(fields.get("components")),
            Field.RESOLUTION: _named(fields.get("resolution")),
            Field.PRIORITY: self._priority(fields, project_id),
            Field.DUE: Value(due, due),
            Field.LABELS: Value(None, text.words(fields.get("labels"))),
            Field.PROJECT: _named(fields.get("project")),
            Field.KEY: Value(None, key),
            Field.TITLE: Value(None, text.string(fields.get("summary"))),
            Field.CLAIM_LINES: Value(None, claim_lines(_prose(fields.get("description"))) or None),
            Field.ITERATION: self._sprints(fields, project_id),
            Field.FLAGGED: self._options(fields, "flagged", project_id),
            Field.ESTIMATE: Value(None, text.number(self._custom(fields, "estimate", project_id))),
            Field.KEY_RESULT: Value(None, self._custom(fields, "key_result", project_id)),
            Field.CONTRIBUTION: Value(None, self._custom(fields, "contribution", project_id)),
            Field.CONFIDENCE: Value(None, self._custom(fields, "confidence", project_id)),
            Field.USER_VALUE: Value(None, self._custom(fields, "user_value", project_id)),
        }
        return {kept: value for kept, value in values.items() if not value.empty}

    def _priority(self, fields: Mapping[str, object], project_id: str) -> Value:
        field_id = self._settings.role("priority").of(project_id)
        if field_id is None:
            return _named(fields.get("priority"))
        raw = fields.get(field_id)
        return Value(text.string(_object(raw).get("id")), text.of_value(raw))

    def _sprints(self, fields: Mapping[str, object], project_id: str) -> Value:
        """Sprint ids in numeric order with the names of today."""
        field_id = self._settings.role("iteration").of(project_id)
        raw = fields.get(field_id or "")
        found = {
            str(entry["id"]): text.string(entry.get("name")) or ""
            for entry in text.members(raw)
            if entry.get("id") is not None
        }
        texts = (sprint_id(entry, self._sprint_names) for entry in text.listed(raw))
        found |= {ref: self._sprint_names.get(ref, "") for ref in texts if ref is not None}
        ids = sorted(found, key=text.by_number)
        return Value(",".join(ids), ", ".join(found[key] for key in ids)) if ids else EMPTY

    def _options(self, fields: Mapping[str, object], role: str, project_id: str) -> Value:
        raw = text.members(fields.get(self._settings.role(role).of(project_id) or ""))
        ids = sorted((str(entry["id"]) for entry in raw if entry.get("id") is not None), key=text.by_number)
        names = [text.string(entry.get("value")) or "" for entry in raw]
        return Value(",".join(ids), ", ".join(names)) if ids else EMPTY


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _named(value: object) -> Value:
    entry = _object(value)
    return Value(text.string(entry.get("id")), text.string(entry.get("name")))


def _set(value: object) -> Value:
    return value_of(
        {str(e["id"]): text.string(e.get("name")) or "" for e in text.members(value) if e.get("id") is not None}
    )


def _prose(value: object) -> str:
    """Wiki text as it stands, a rich text document flattened."""
    return text.flatten(value) if isinstance(value, dict) else text.string(value) or ""


def _links(value: object) -> Sequence[Link]:
    """The issue links: each names the other issue on one of two sides."""
    found = []
    for entry in text.members(value):
        outward = isinstance(entry.get("outwardIssue"), dict)
        other = _object(entry.get("outwardIssue" if outward else "inwardIssue"))
        key = text.string(other.get("key"))
        if key:
            kind = _object(entry.get("type"))
            sentence = text.string(kind.get("outward" if outward else "inward")) or text.string(kind.get("name")) or ""
            found.append(Link(sentence, key, text.string(_object(other.get("fields")).get("summary")) or ""))
    return sorted(found, key=lambda link: (link.key, link.type))


_CATEGORIES = {category.value: category for category in Category}


def read_status(source: str, payload: Mapping[str, object], order: int) -> Status | None:
    """A status with its category by key, never by name or id; None for an entry without an id."""
    status_id = text.string(payload.get("id"))
    if status_id is None:
        return None
    key = text.string(_object(payload.get("statusCategory")).get("key")) or ""
    name = text.string(payload.get("name")) or status_id
    return Status(source, status_id, name, _CATEGORIES.get(key, Category.UNDEFINED), order)


_STATES = {state.value: state for state in IterationState}


def read_sprint(source: str, payload: Mapping[str, object], order: int) -> Iteration:
    """A sprint of the agile API. Raises ValueError for one without id or with an unknown state."""
    sprint_id, state = text.string(payload.get("id")), _STATES.get(str(payload.get("state")).lower())
    if sprint_id is None or state is None:
        raise ValueError("a sprint without id or state")
    return Iteration(
        source=source,
        id=sprint_id,
        name=text.string(payload.get("name")) or sprint_id,
        state=state,
        goal=text.string(payload.get("goal")),
        start=instants.parse(payload.get("startDate")),
        end=instants.parse(payload.get("endDate")),
        activated_at=instants.parse(payload.get("activatedDate")),
        closed_at=instants.parse(payload.get("completeDate")),
        board_id=text.string(payload.get("originBoardId")),
        order=order,
    )
