"""Events of an issue -> its timeline: changes of the kept fields, from its creation to what is true of it now.

Whatever the events leave open or contradict, the last change of a field ends in its value of today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from okr_delivery.model.work import EMPTY, Change, Field, Value, joined_labels
from okr_delivery_gitlab.events import Action, Event, Kind
from okr_delivery_gitlab.folding import Amends, Ending, Step, Story, always, changes_of, joined, never, single
from okr_delivery_gitlab.history import Detail
from okr_delivery_gitlab.known import Known
from okr_delivery_gitlab.labelling import GONE
from okr_delivery_gitlab.lifecycle import Lifecycle, Moment
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.settings import Settings
from okr_delivery_gitlab.timeboxes import ITERATION_ID
from okr_delivery_gitlab.today import DAY, Today, read_today, type_value
from okr_delivery_gitlab.values import Row

_SENTENCES = {"related to": "relates to", "blocking": "blocks", "blocked by": "is blocked by"}


class ChangeReader:
    """Folds the histories of one source's issues. `now` (epoch seconds) bounds what instants are believed."""

    def __init__(self, settings: Settings, now: int) -> None:
        self._known = Known(settings)
        self._now = now

    def read(self, row: Row, detail: Detail) -> Timeline:
        """The timeline of one issue.

        Raises UnreadableError when id, key, state or a date are missing or make no sense, AbortSyncError for an event
        with an instant that can't be true.
        """
        today = read_today(row, detail, self._known, self._now)
        for event in detail.events:
            if event.ts > self._now + DAY:
                raise broken("instant", today.key, value=event.ts)
        return Timeline(today, detail, self._known)


class Timeline:
    """The stories of one issue's fields, and what each is today in the form that they have there.

    `current` are the values of today that have a history.
    """

    def __init__(self, today: Today, detail: Detail, known: Known) -> None:
        self.today = today
        self._events = _by_kind(detail.events)
        self._known = known
        self._life = Lifecycle(today, detail.events, known)
        self.current = self._current()

    def changes(self) -> tuple[Change, ...]:
        """All kept changes in (ts, history id, item) order."""
        own = (change for kept in self._stories() for change in kept)
        links = _links(self.today.id, self._events.get(Kind.LINK, ()))
        return tuple(sorted([*own, *links], key=lambda change: change.order))

    def _stories(self) -> Iterator[Iterator[Change]]:
        """The changes of each field that has any, field by field."""
        for kept, story, amend in self._told():
            ending = Ending(self.current[kept], self.today.updated, amend)
            yield changes_of(self.today.id, kept, story, ending)

    def _current(self) -> dict[Field, Value]:
        today, final = self.today, self._life.final
        return {
            Field.STATUS: final.status,
            Field.RESOLUTION: final.resolution,
            Field.PRIORITY: final.priority,
            Field.LABELS: Value(None, joined_labels(today.labels.values())),
            Field.ITERATION: timeboxes([today.milestone, today.iteration]),
            Field.ESTIMATE: estimate_of(today, self._known.settings),
            Field.DUE: today.due,
            Field.TITLE: Value(None, today.title or None),
            Field.TYPE: today.type,
            Field.PARENT: today.parent,
            **{kept: value for kept, value in today.custom.items() if kept is not Field.ESTIMATE},
        }

    def _told(self) -> Iterator[tuple[Field, Story, Amends]]:
        life = self._life
        yield Field.STATUS, life.story(lambda moment: moment.status), life.settles_status
        yield Field.RESOLUTION, life.story(lambda moment: moment.resolution), never
        yield Field.PRIORITY, life.story(lambda moment: moment.priority), never
        yield Field.LABELS, life.story(_names), never
        known = self._known
        milestones = self._timebox(Kind.MILESTONE, self.today.milestone, known.title)
        iterations = self._timebox(Kind.ITERATION, self.today.iteration, known.settings.iterations.get)
        yield Field.ITERATION, joined(milestones, iterations, join=timeboxes), never
        yield from self._plain()

    def _timebox(self, kind: Kind, now: Value, names: Callable[[str], str | None]) -> Story:
        """A milestone or iteration goes by its title of today, however an event calls it."""

        def titled(value: Value) -> Value:
            if value.id is None or value.id == now.id:
                return now if value.id is not None else EMPTY
            return Value(value.id, names(value.id) or value.name)

        return single([event._replace(value=titled(event.value)) for event in self._of(kind)], now)

    def _plain(self) -> Iterator[tuple[Field, Story, Amends]]:
        """Fields whose values stand in their events."""
        now = self.current
        kind = {"weight": Kind.WEIGHT, "time": Kind.TIME}.get(self._known.settings.estimate)
        estimates = self._of(kind) if kind else self._customs(Field.ESTIMATE)
        yield Field.ESTIMATE, single(estimates, now[Field.ESTIMATE]), never if kind else always
        yield Field.DUE, single(self._of(Kind.DUE), now[Field.DUE]), never
        yield Field.TITLE, single(self._of(Kind.TITLE), now[Field.TITLE]), always
        yield Field.TYPE, single([_typed(event) for event in self._of(Kind.TYPE)], now[Field.TYPE]), always
        parent = now[Field.PARENT]
        yield Field.PARENT, single([_with_id(e, parent) for e in self._of(Kind.PARENT)], parent), _both(parent)
        for kept in self.today.custom:
            if kept is not Field.ESTIMATE:
                yield kept, single(self._customs(kept), now[kept]), always

    def _of(self, kind: Kind) -> list[Event]:
        return [event for event in self._events.get(kind, ()) if event.action is not Action.UNKNOWN]

    def _customs(self, kept: Field) -> list[Event]:
        return [event for event in self._of(Kind.CUSTOM) if event.subject == kept.name]


def _by_kind(events: Iterable[Event]) -> dict[Kind, list[Event]]:
    found: dict[Kind, list[Event]] = {}
    for event in events:
        found.setdefault(event.kind, []).append(event)
    return found


def timeboxes(values: Sequence[Value]) -> Value:
    """Milestone and iteration as one list of ids: they stand side by side."""
    milestone, iteration = values
    ids = [milestone.id, f"{ITERATION_ID}{iteration.id}" if iteration.id is not None else None]
    names = [value.name or value.id or "" for value in values if value.id is not None]
    known = [ref for ref in ids if ref is not None]
    return Value(",".join(known), ", ".join(names)) if known else EMPTY


def estimate_of(today: Today, settings: Settings) -> Value:
    """What the source estimates by: weight, hours, or the number in a custom field."""
    if settings.estimate == "weight":
        return today.weight
    return today.time if settings.estimate == "time" else today.custom.get(Field.ESTIMATE, EMPTY)


def _names(moment: Moment) -> Value:
    return Value(None, joined_labels(name for ref, name in moment.labels.items() if ref != GONE))


def _typed(event: Event) -> Event:
    old = event.old
    return event._replace(value=type_value(event.value.id or ""), old=type_value(old.id) if old and old.id else old)


def _with_id(event: Event, parent: Value) -> Event:
    """Notes name a parent by key alone: its id is that of today's parent, if it is the same."""
    same = event.value.name is not None and event.value.name == parent.name
    return event._replace(value=parent) if same else event


def _links(issue_id: str, events: Iterable[Event]) -> Iterator[Change]:
    for event in events:
        link = Value(event.value.name, _SENTENCES.get(event.subject, "relates to"))
        old, new = (EMPTY, link) if event.action is Action.ADD else (link, EMPTY)
        yield Change(issue_id, event.history_id, int(Field.LINK), event.ts, Field.LINK, old, new, event.actor)


def _both(parent: Value) -> Amends:
    """Where an issue has a parent and was given one last, it is the same one: keys change when groups are renamed."""

    def amends(step: Step) -> bool:
        return parent != EMPTY and step.value != EMPTY

    return amends
