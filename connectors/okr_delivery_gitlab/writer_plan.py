"""What an issue shall be, checked before anything is sent, and what has to change for that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
from okr_delivery_gitlab.problems import refused
from okr_delivery_gitlab.values import Row, day, listed, mapping, string
from okr_delivery_gitlab.writer_text import plain

LONGEST_LABEL = 255
LONGEST_ID = 255
MEMBERS = ("weight", "due_date")
"""Members of an issue that `SetField` may name; everything else is a custom field, by its number."""

Note = PutComment | RemoveComment | PutLink


@dataclass(frozen=True, slots=True)
class Wanted:
    """The last edit for each thing. Labels are True for "there" and False for "not there"."""

    labels: dict[str, bool] = field(default_factory=dict)
    members: dict[str, SetField] = field(default_factory=dict)
    customs: dict[str, SetField] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)

    @classmethod
    def of(cls, edits: Sequence[Edit], where: str) -> Self:
        """Raises ConfigError for what GitLab would refuse or has no place for. `where` is the issue's id."""
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
                self._take_field(edit, where, field_id)
            case PutComment(mark) | RemoveComment(mark):
                self.notes[f"comment {mark}"] = edit
            case PutLink(global_id):
                _check_link(edit, where)
                self.notes[f"link {global_id}"] = edit
            case PutProperty():
                raise refused("no_property", where)

    def _take_field(self, edit: SetField, where: str, field_id: str) -> None:
        if field_id in MEMBERS:
            _check_member(edit, where)
            self.members[field_id] = edit
        elif field_id.isdigit():
            self.customs[field_id] = edit
        else:
            raise refused("not_set", where, field=plain(field_id)[:60])


def _check_label(label: str, where: str) -> None:
    if not label.strip():
        raise refused("label_empty", where)
    if len(label) > LONGEST_LABEL:
        raise refused("label_long", where, label=plain(label[:40]), most=LONGEST_LABEL)
    if "," in label or label != label.strip() or not label.isprintable():
        raise refused("label_sign", where, label=plain(label))


def _check_member(edit: SetField, where: str) -> None:
    text = "" if edit.value is None else str(edit.value)
    try:
        if edit.field_id == "due_date":
            day(text)
        elif text:
            weight_of(edit.value)
    except ValueError:
        raise refused("field_value", where, field=edit.field_id, value=plain(text)[:60]) from None


def weight_of(value: object) -> int:
    """A weight is a whole number from zero. Raises ValueError for anything else."""
    number = float(str(value))
    if number < 0 or number != int(number):
        raise ValueError(str(value))
    return int(number)


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


@dataclass(frozen=True, slots=True)
class Present:
    """An issue as it is: its REST body."""

    key: str
    row: Row

    @property
    def labels(self) -> frozenset[str]:
        found = (string(mapping(label).get("name")) or string(label) for label in listed(self.row.get("labels")))
        return frozenset(label for label in found if label)

    def due(self, wanted: Wanted) -> tuple[Edit, ...]:
        """The edits of labels and members that are not so yet. Raises ConfigError for a member that the tier lacks."""
        return (*self._labels(wanted.labels), *(edit for edit in wanted.members.values() if not self._holds(edit)))

    def _labels(self, wanted: Mapping[str, bool]) -> Iterator[Edit]:
        here = self.labels
        for label, there in wanted.items():
            if there != (label in here):
                yield AddLabel(label) if there else RemoveLabel(label)

    def _holds(self, edit: SetField) -> bool:
        if edit.field_id not in self.row:
            raise refused("no_member", self.key, field=edit.field_id)
        return self.row.get(edit.field_id) == encoded(edit)

    @staticmethod
    def body(edits: Sequence[Edit]) -> dict[str, object]:
        """One PUT for all of them; labels as deltas, so that what others add in between stays."""
        added = [edit.label for edit in edits if isinstance(edit, AddLabel)]
        removed = [edit.label for edit in edits if isinstance(edit, RemoveLabel)]
        fields: dict[str, object] = {edit.field_id: encoded(edit) for edit in edits if isinstance(edit, SetField)}
        fields |= {"add_labels": ",".join(added)} if added else {}
        return fields | ({"remove_labels": ",".join(removed)} if removed else {})


def encoded(edit: SetField) -> object:
    """A member as GitLab takes and shows it; None for empty."""
    if edit.value is None or edit.value == "":
        return None
    return weight_of(edit.value) if edit.field_id == "weight" else str(edit.value)
