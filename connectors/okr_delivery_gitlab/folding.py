"""Steps of one field -> its changes, which end in what is true now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from okr_delivery.model.work import EMPTY, Change, Field, Value
from okr_delivery_gitlab.events import STREAM, Action, Event

SEEN = 16
"""Rank of what no event tells: that a value is another one now."""


class Step(NamedTuple):
    """A field's value from an instant on."""

    ts: int
    history_id: int
    value: Value
    actor: str | None = None


class Story(NamedTuple):
    """A field's value at creation and every step from there."""

    first: Value
    steps: Sequence[Step]


Amends = Callable[[Step], bool]
"""Whether a last step that says otherwise than today is to say what is true today."""


def always(_: Step) -> bool:
    """For values that events tell in a rounded or escaped form."""
    return True


def never(_: Step) -> bool:
    """For values that events tell exactly."""
    return False


class Ending(NamedTuple):
    """What a field is now.

    Where the last step says otherwise and is not amended, the value changed without an event, seen at `updated`.
    """

    now: Value
    updated: int
    amends: Amends = never


def changes_of(issue_id: str, kept: Field, story: Story, ending: Ending) -> Iterator[Change]:
    """The changes of a field in order. Steps that repeat the value are none."""
    before = story.first
    for step in _ended(kept, story, ending):
        yield Change(issue_id, step.history_id, int(kept), step.ts, kept, before, step.value, step.actor)
        before = step.value


def _ended(kept: Field, story: Story, ending: Ending) -> Iterable[Step]:
    steps = _moving(story)
    if (steps[-1].value if steps else story.first) == ending.now:
        return steps
    if steps and ending.amends(steps[-1]):
        return _moving(Story(story.first, [*steps[:-1], steps[-1]._replace(value=ending.now)]))
    ts = max([ending.updated, *(step.ts for step in steps[-1:])])
    return [*steps, Step(ts, SEEN * STREAM + int(kept), ending.now)]


def _moving(story: Story) -> list[Step]:
    """The steps that change the value."""
    before, steps = story.first, []
    for step in story.steps:
        if step.value != before:
            steps.append(step)
            before = step.value
    return steps


def single(events: Sequence[Event], now: Value) -> Story:
    """The story of a value that is one at a time: what is set takes the place of what stood there.

    What is removed without standing there is no step. The first event tells what stood there at creation: what it
    removes, or else the value that it names as the former one. Without any event it is what stands there now.
    """
    if not events:
        return Story(now, ())
    head = events[0]
    first = head.old if head.old is not None else head.value if head.action is Action.REMOVE else EMPTY
    return Story(first, tuple(_steps(events, first)))


def _steps(events: Sequence[Event], present: Value) -> Iterator[Step]:
    for event in events:
        if event.action is Action.SET:
            present = event.value
        elif event.action is Action.REMOVE and _same(event.value, present):
            present = EMPTY
        else:
            continue
        yield Step(event.ts, event.history_id, present, event.actor)


def _same(removed: Value, present: Value) -> bool:
    """A removal that does not say of what is one of whatever stands there."""
    if removed == EMPTY:
        return True
    return removed.id == present.id if removed.id is not None else removed.name == present.name


def by_second(events: Iterable[Event]) -> Iterator[tuple[int, list[Event]]]:
    """Events of one second together: what happens in it is one change."""
    for ts, group in groupby(events, key=lambda event: event.ts):
        yield ts, list(group)


def joined(*stories: Story, join: Callable[[Sequence[Value]], Value]) -> Story:
    """Stories of values that stand side by side, as one."""
    present = [story.first for story in stories]
    moves = sorted(
        ((step, place) for place, story in enumerate(stories) for step in story.steps),
        key=lambda move: (move[0].ts, move[0].history_id),
    )
    steps = []
    for step, place in moves:
        present[place] = step.value
        steps.append(step._replace(value=join(present)))
    return Story(join([story.first for story in stories]), steps)
