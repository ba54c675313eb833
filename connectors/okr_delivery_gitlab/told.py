"""Notes -> events: references become ids, and what they leave in doubt is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from okr_delivery.model.work import EMPTY, Field, Value
from okr_delivery_gitlab.events import LISTS, Action, Event, Kind
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.notes import Note, Told, read_note


class Home(NamedTuple):
    """Where a work item lies: what short references in its notes are relative to."""

    project_id: str
    path: str
    group: str | None  # the path of the group around it
    planned: Value = EMPTY  # its milestone of today


@dataclass(slots=True)
class Understood:
    """Events in order. `doubts`: kinds whose notes name something without an id."""

    events: list[Event] = field(default_factory=list)
    doubts: set[Kind] = field(default_factory=set)


def understand(notes: Sequence[Note], home: Home, known: Known, customs: Mapping[str, Field]) -> Understood:
    """The events that notes tell. `customs` are the configured custom fields by their name of today."""
    found = Understood()
    numbers: dict[Kind, int] = {}
    for note in notes:
        for told in read_note(note):
            if told.kind is Kind.CUSTOM and told.subject not in customs:
                continue
            numbers[told.kind] = numbers.get(told.kind, 0) + 1
            value = _value(told, home, known, anew=note.anew)
            if value is None:
                found.doubts.add(told.kind)
                value = Value(None, told.ref)
            subject = customs[told.subject].name if told.kind is Kind.CUSTOM else told.subject
            number = numbers[told.kind]
            found.events.append(Event(note.ts, told.kind, number, told.action, value, told.old, note.actor, subject))
    if _begins_nameless(found.events):
        found.doubts.add(Kind.MILESTONE)
    return found


def _value(told: Told, home: Home, known: Known, *, anew: bool) -> Value | None:
    """What was added, removed or set, by its id; None for a reference that leaves in doubt what is meant."""
    if told.kind is Kind.STATUS:
        return _status(told, known)
    if told.ref is None or told.kind is Kind.CUSTOM:
        return told.value
    if told.kind in (Kind.PARENT, Kind.LINK, Kind.MOVED):
        return Value(None, _absolute(told.ref, home))
    return _by_reference(told, home, known, anew=anew)


def _by_reference(told: Told, home: Home, known: Known, *, anew: bool) -> Value | None:
    ref = told.ref or ""
    if told.kind is Kind.LABEL:
        return known.label(ref)
    if told.kind is Kind.MILESTONE:
        return known.milestone(home.project_id, ref) or (_by_title(ref, home, known) if anew else None)
    return known.iteration(ref)


def _by_title(ref: str, home: Home, known: Known) -> Value | None:
    """Titles are those of the moment the note was asked for; the item's own milestone says whether they have moved."""
    found = known.milestone_titled(home.group, ref)
    moved = found is not None and home.planned.name == found.name and home.planned.id != found.id
    return None if moved else found


def _status(told: Told, known: Known) -> Value:
    """A custom status goes by its name in notes; one that is listed no more keeps the name of that day."""
    name = told.value.name or ""
    found = known.status_named(name)
    return Value(found.id, found.name) if found else Value(None, name)


def _absolute(ref: str, home: Home) -> str:
    """`#12` with its project, `&3` with its group."""
    if ref.startswith("#"):
        return f"{home.path}{ref}"
    if ref.startswith("&"):
        return f"{home.group or home.path.rpartition('/')[0]}{ref}"
    return ref.lstrip("/")


def _begins_nameless(events: Iterable[Event]) -> bool:
    """Whether the first that is told of a milestone is its removal, without saying which."""
    first = next((event for event in events if event.kind is Kind.MILESTONE), None)
    return first is not None and first.action is Action.REMOVE and first.value == EMPTY


def with_lists(events: Iterable[Event], exact: Mapping[Kind, Sequence[Event]]) -> list[Event]:
    """Events of notes, those of some kinds put aside for the exact ones."""
    return [event for event in events if event.kind not in exact] + [event for own in exact.values() for event in own]


LISTED = frozenset(LISTS)
"""Kinds that have an exact list."""
