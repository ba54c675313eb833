"""Whole histories of a block of issues: activity by GraphQL, exact lists of events where that is not enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from okr_delivery.model.work import Field, Link, Value
from okr_delivery_gitlab.events import Event


@dataclass(frozen=True, slots=True)
class Detail:
    """What a REST body does not hold of an issue. `events` are in the order in which they happened.

    `complete` is False when part of the history could not be read. `parent`, `status` (a custom one, by its bare id)
    and `custom` are of today; None: not asked for or not known here, EMPTY: asked for and empty.
    """

    events: tuple[Event, ...] = ()
    complete: bool = True
    parent: Value | None = None
    links: tuple[Link, ...] = ()
    custom: Mapping[Field, Value] = field(default_factory=dict)
    status: Value | None = None
    duplicate: bool | None = None
