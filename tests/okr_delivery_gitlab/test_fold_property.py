"""Generated lives of an issue: whatever happens to it, its history replays to what was true, and ends in what is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from okr_delivery.model.work import EMPTY, Field, Value, joined_labels
from okr_delivery_gitlab.events import Action, Event, Kind
from okr_delivery_gitlab.settings import Settings
from tests.okr_delivery_gitlab.histories import (
    LABELS,
    MILESTONES,
    NOW,
    SETTINGS,
    Read,
    Telling,
    at,
    consistent,
    iso,
    milestone,
    read,
    row,
)  # fmt: skip

FREE = replace(SETTINGS, features=frozenset({"weight"}))
WORKFLOW = ("11", "12", "13")


@dataclass
class Life:
    """An issue as GitLab would keep it, and what its events say. `exclusive` as on paid tiers."""

    exclusive: bool
    labels: list[str] = field(default_factory=list)  # put on last behind the others
    milestone: str | None = None
    weight: str | None = None
    closed: bool = False
    duplicate: bool = False
    closed_at: int | None = None
    events: list[Event] = field(default_factory=list)
    seen: list[tuple[int, dict[Field, Value]]] = field(default_factory=list)
    tell: Telling = field(default_factory=Telling)

    def does(self, day: float, what: str, ref: str) -> None:
        getattr(self, what)(day, ref)
        self.seen.append((at(day), self.truth()))

    def add(self, day: float, ref: str) -> None:
        if ref in self.labels:
            return
        scope = LABELS[ref].rpartition("::")[0]
        siblings = [old for old in self.labels if scope and LABELS[old].rpartition("::")[0] == scope]
        self.events.append(self.tell.add(day, ref))
        for old in siblings if self.exclusive else ():
            self.labels.remove(old)
            self.events.append(self.tell.remove(day, old))
        self.labels.append(ref)

    def remove(self, day: float, ref: str) -> None:
        if ref in self.labels:
            self.labels.remove(ref)
            self.events.append(self.tell.remove(day, ref))

    def plan(self, day: float, ref: str) -> None:
        if self.milestone != ref:
            self.milestone = ref
            self.events.append(self.tell.plan(day, ref))

    def unplan(self, day: float, _: str) -> None:
        if self.milestone is not None:
            self.events.append(self.tell.unplan(day, self.milestone))
            self.milestone = None

    def weigh(self, day: float, ref: str) -> None:
        old, self.weight = self.weight, str(int(ref) % 5)
        if old != self.weight:
            value = Value(None, self.weight)
            self.events.append(self.tell(day, Kind.WEIGHT, Action.SET, value, old=Value(None, old)))

    def close(self, day: float, _: str) -> None:
        if not self.closed:
            self.closed, self.closed_at = True, at(day)
            self.events.append(self.tell.close(day))

    def duplicated(self, day: float, ref: str) -> None:
        if not self.closed:
            self.duplicate = True
            self.events.append(self.tell(day, Kind.DUPLICATE, Action.SET))
            self.close(day, ref)

    def reopen(self, day: float, _: str) -> None:
        if self.closed:
            self.closed, self.duplicate, self.closed_at = False, False, None
            self.events.append(self.tell.reopen(day))

    def truth(self) -> dict[Field, Value]:
        """What should be read of it now."""
        stage = next((ref for ref in reversed(self.labels) if ref in WORKFLOW), None)
        label = Value(stage, LABELS[stage].rpartition("::")[2]) if stage else EMPTY
        priority = next((ref for ref in reversed(self.labels) if LABELS[ref].startswith("priority::")), None)
        opened = label if stage else Value("opened", "Open")
        reason = Value("duplicate", "Duplicate") if self.duplicate else label
        return {
            Field.STATUS: Value("closed", "Closed") if self.closed else opened,
            Field.RESOLUTION: reason if self.closed else EMPTY,
            Field.PRIORITY: Value(priority, LABELS[priority].rpartition("::")[2]) if priority else EMPTY,
            Field.LABELS: Value(None, joined_labels(LABELS[ref] for ref in self.labels)),
            Field.ITERATION: Value(self.milestone, MILESTONES[self.milestone]) if self.milestone else EMPTY,
            Field.ESTIMATE: Value(None, self.weight),
        }

    def body(self) -> dict[str, Any]:
        return row(
            *sorted(self.labels),
            state="closed" if self.closed else "opened",
            closed_at=iso(self.closed_at) if self.closed_at else None,
            milestone=milestone(self.milestone) if self.milestone else None,
            weight=int(self.weight) if self.weight is not None else None,
            _links={"closed_as_duplicate_of": "https://git.example.com/x" if self.duplicate else None},
        )


DEEDS = st.one_of(
    st.tuples(st.sampled_from(["add", "remove"]), st.sampled_from(sorted(LABELS))),
    st.tuples(st.sampled_from(["plan", "unplan"]), st.sampled_from(sorted(MILESTONES))),
    st.tuples(st.sampled_from(["weigh", "close", "reopen", "duplicated"]), st.sampled_from(["1", "2", "3"])),
)
LIVES = st.builds(
    lambda exclusive, deeds, begin: _life(exclusive, deeds, begin),
    st.booleans(), st.lists(DEEDS, max_size=25), st.lists(st.sampled_from(sorted(LABELS)), max_size=3, unique=True),
)  # fmt: skip


def _life(exclusive: bool, deeds: list[tuple[str, str]], begin: list[str]) -> Life:
    """A life with a deed every other day. Labels that it was created with stand in the order of their ids."""
    life = Life(exclusive)
    for ref in sorted(begin):
        life.add(0, ref)
    life.labels.sort()
    life.events.clear()
    life.seen.append((at(0), life.truth()))
    for place, (what, ref) in enumerate(deeds):
        life.does(1 + 2 * place, what, ref)
    return life


def _settings(life: Life) -> Settings:
    return SETTINGS if life.exclusive else FREE


@given(LIVES)
@settings(max_examples=150)
def test_the_history_replays_to_what_was_true(life: Life) -> None:
    found = read(life.body(), *life.events, settings=_settings(life))
    consistent(found)
    for kept, value in life.truth().items():
        assert found.issue.value(kept) == value, kept
    for ts, truth in life.seen:
        for kept, value in truth.items():
            assert found.at(kept, ts) == value, (kept, ts)


@given(LIVES, st.sets(st.integers(0, 30)), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_whatever_part_of_the_events_is_lost_it_ends_in_what_is_true(life: Life, lost: set[int], random: Any) -> None:
    events = [event for place, event in enumerate(life.events) if place not in lost]
    random.shuffle(events)
    found = read(life.body(), *events, settings=_settings(life))
    consistent(found)
    truth = life.truth()
    for kept in (Field.LABELS, Field.ITERATION, Field.ESTIMATE):
        assert found.issue.value(kept) == truth[kept], kept
    assert (found.issue.value(Field.STATUS).id == "closed") is life.closed


def _without_ids(event: Event) -> Event:
    return event._replace(value=Value(None, None)) if event.kind is Kind.LABEL and event.value.id == "11" else event


@given(LIVES)
@settings(max_examples=100)
def test_a_deleted_label_leaves_all_else_as_it_was(life: Life) -> None:
    """Its events lose their label, and the issue its label, without an event."""
    life.labels = [ref for ref in life.labels if ref != "11"]
    found = read(life.body(), *map(_without_ids, life.events), settings=_settings(life))
    consistent(found)
    statuses = {change.new.id for change in found.of(Field.STATUS)} - {"opened", "closed", *WORKFLOW}
    assert statuses <= {"label-deleted"}
    assert found.issue.value(Field.LABELS) == life.truth()[Field.LABELS]


@given(LIVES)
@settings(max_examples=50)
def test_reading_twice_says_the_same(life: Life) -> None:
    once: Callable[[], Read] = lambda: read(life.body(), *life.events, settings=_settings(life))  # noqa: E731  # a repeat
    assert once().changes == once().changes
    assert all(change.ts <= NOW for change in once().changes)
