"""What an issue shall be, checked before anything is sent, and what has to change for that."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from okr_delivery.sync.writes import (
    AddLabel,
    Edit,
    PutComment,
    PutLink,
    PutProperty,
    RemoveComment,
    RemoveLabel,
    SetField,
)
from okr_delivery_jira.problems import refused
from okr_delivery_jira.text import listed, number, of_value
from okr_delivery_jira.writer_text import plain, shown, wiki

LONGEST_LABEL = LONGEST_ID = 255
LONGEST_VALUE = 32_768  # bytes of an entity property
# A PUT ignores some of these in silence, replaces others as a whole, and has other ways for the rest.
NOT_SET = frozenset({"status", "resolution", "labels", "comment", "issuelinks", "attachment", "worklog",
                     "description", "environment"})  # fmt: skip
_RICH = ":textarea"
_AS_TEXT = frozenset({"string", "date", "datetime", "any"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The last edit for each thing. Labels are True for "there" and False for "not there"."""

    labels: dict[str, bool] = field(default_factory=dict)
    fields: dict[str, SetField] = field(default_factory=dict)
    comments: dict[str, PutComment | RemoveComment] = field(default_factory=dict)
    links: dict[str, PutLink] = field(default_factory=dict)
    properties: dict[str, PutProperty] = field(default_factory=dict)

    @classmethod
    def of(cls, edits: Sequence[Edit], where: str) -> Self:
        """Raises ConfigError for what Jira would refuse or silently ignore. `where` is the issue's id."""
        wanted = cls()
        for edit in edits:
            wanted._take(edit, where)
        return wanted

    def _take(self, edit: Edit, where: str) -> None:
        match edit:
            case AddLabel(label) | RemoveLabel(label):
                _check_label(label, where)
                self.labels[label] = isinstance(edit, AddLabel)
            case SetField(field_id):
                if field_id in NOT_SET:
                    raise refused("not_set", where, field=field_id)
                self.fields[field_id] = edit
            case PutComment(mark) | RemoveComment(mark):
                self.comments[mark] = edit
            case PutLink(global_id):
                _check_link(edit, where)
                self.links[global_id] = edit
            case PutProperty(key):
                _check_property(edit, where)
                self.properties[key] = edit


def _check_label(label: str, where: str) -> None:
    if not label:
        raise refused("label_empty", where)
    if len(label) > LONGEST_LABEL:
        raise refused("label_long", where, label=plain(label[:40]), most=LONGEST_LABEL)
    if any(sign.isspace() or not sign.isprintable() for sign in label):
        raise refused("label_blank", where, label=plain(label))


def _check_link(link: PutLink, where: str) -> None:
    try:
        parts = urlsplit(link.url)
    except ValueError:
        parts = None
    usable = parts is not None and parts.scheme in ("http", "https") and parts.hostname
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", link.url):
        raise refused("link_url", where, url=plain(link.url[:200]))
    if not plain(link.title) or not 0 < len(link.global_id) <= LONGEST_ID:
        raise refused("link_title", where, most=LONGEST_ID)


def _check_property(edit: PutProperty, where: str) -> None:
    size = len(json.dumps(dict(edit.value)).encode())
    if not 0 < len(edit.key) <= LONGEST_ID or size > LONGEST_VALUE:
        raise refused("property_size", where, most=LONGEST_VALUE)


@dataclass(frozen=True, slots=True)
class Present:
    """An issue as it is, as far as it was asked for."""

    key: str
    fields: Mapping[str, object]
    schema: Mapping[str, object]
    properties: Mapping[str, object]

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(str(label) for label in listed(self.fields.get("labels")))

    @property
    def for_customers(self) -> bool:
        """Whether the issue is a request that customers can read, comments included."""
        project = self.fields.get("project")
        return isinstance(project, dict) and project.get("projectTypeKey") == "service_desk"

    def due(self, wanted: Wanted) -> tuple[Edit, ...]:
        """The edits of labels and fields that are not so yet. Raises ConfigError for a field that can't be written."""
        here = self.labels
        labels: list[Edit] = [
            AddLabel(label) if there else RemoveLabel(label)
            for label, there in wanted.labels.items()
            if there != (label in here)
        ]
        return (*labels, *(edit for edit in wanted.fields.values() if not self._holds(edit)))

    def body(self, edits: Sequence[Edit]) -> dict[str, object]:
        """One PUT for all of them; labels as deltas, so that what others add in between stays."""
        deltas = [
            {"add" if isinstance(edit, AddLabel) else "remove": edit.label}
            for edit in edits
            if isinstance(edit, AddLabel | RemoveLabel)
        ]
        fields = {edit.field_id: self._encoded(edit) for edit in edits if isinstance(edit, SetField)}
        return ({"update": {"labels": deltas}} if deltas else {}) | ({"fields": fields} if fields else {})

    def _holds(self, edit: SetField) -> bool:
        now, then = of_value(self.fields.get(edit.field_id)), of_value(self._encoded(edit))
        return shown(now or "") == shown(then or "") if self._is_rich(edit) else now == then

    def _encoded(self, edit: SetField) -> object:
        kind = self._schema(edit).get("type")
        if edit.value is None or edit.value == "":
            return None
        if kind == "option":
            return {"value": str(edit.value)}
        if kind == "number":
            return _number(edit, self.key)
        if kind is None:
            return edit.value
        if kind not in _AS_TEXT:
            raise refused("field_kind", self.key, field=edit.field_id, kind=str(kind))
        text = edit.value if isinstance(edit.value, str) else number(edit.value) or ""
        return wiki(text) if self._is_rich(edit) else plain(text)

    def _is_rich(self, edit: SetField) -> bool:
        return str(self._schema(edit).get("custom", "")).endswith(_RICH)

    def _schema(self, edit: SetField) -> Mapping[str, object]:
        found = self.schema.get(edit.field_id)
        return found if isinstance(found, dict) else {}


def _number(edit: SetField, key: str) -> float | int:
    text = number(edit.value)
    if text is None:
        raise refused("field_number", key, field=edit.field_id, value=plain(str(edit.value))[:60])
    return float(text) if "." in text else int(text)
