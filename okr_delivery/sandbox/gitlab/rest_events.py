"""REST: resource events, exact and by the issue. What a plan has not got is refused, not empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.events import IterationEvent, LabelEvent, MilestoneEvent, StateEvent, WeightEvent
from okr_delivery.sandbox.gitlab.http import Call, forbidden, no_route
from okr_delivery.sandbox.gitlab.paging import listed
from okr_delivery.sandbox.gitlab.parameters import PAGE
from okr_delivery.sandbox.gitlab.render import instant
from okr_delivery.sandbox.gitlab.routing import Endpoint, Handler
from okr_delivery.sandbox.gitlab.state import Wire, WorkItem

NAMES = {"iid": "eventable_id"}


class Happened(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def at(self) -> int: ...

    @property
    def user(self) -> int: ...


def _base(call: Call, event: Happened, item: WorkItem) -> Wire:
    return {
        "id": event.id,
        "user": call.render.user(event.user),
        "created_at": instant(event.at),
        "resource_type": "Issue",
        "resource_id": item.id,
    }


def _state(call: Call, item: WorkItem, event: StateEvent) -> Wire:
    return _base(call, event, item) | {"state": event.state}


def _label(call: Call, item: WorkItem, event: LabelEvent) -> Wire:
    label = call.state.labels.get(event.label) if event.label is not None else None
    return _base(call, event, item) | {"label": call.render.label(label) if label else None, "action": event.action}


def _milestone(call: Call, item: WorkItem, event: MilestoneEvent) -> Wire:
    found = call.state.milestones.get(event.milestone) if event.milestone is not None else None
    body = call.render.milestone(found) if found else None
    return _base(call, event, item) | {"milestone": body, "action": event.action}


def _iteration(call: Call, item: WorkItem, event: IterationEvent) -> Wire:
    found = call.state.iterations.get(event.iteration) if event.iteration is not None else None
    body = call.render.iteration(found) if found else None
    return _base(call, event, item) | {"iteration": body, "action": event.action}


def _weight(call: Call, item: WorkItem, event: WeightEvent) -> Wire:
    user, at = call.render.user(event.user), instant(event.at)
    return {"id": event.id, "user": user, "created_at": at, "issue_id": item.id, "weight": event.weight}


def _events(
    rows: Callable[[WorkItem], Sequence[Happened]], body: Callable[..., Wire], *, paid: bool = False
) -> Handler:
    def handle(call: Call) -> Response:
        item = call.issue()
        if paid and not call.features.enterprise:
            raise no_route()
        if paid and not call.features.paid:
            raise forbidden()
        return listed(call, rows(item), lambda event: body(call, item, event), names=NAMES)

    return handle


PLACE = "projects/:id/issues/:iid/resource"
ENDPOINTS = [
    Endpoint("GET", f"{PLACE}_state_events", _events(lambda item: item.events.state, _state), PAGE),
    Endpoint("GET", f"{PLACE}_label_events", _events(lambda item: item.events.label, _label), PAGE),
    Endpoint("GET", f"{PLACE}_milestone_events", _events(lambda item: item.events.milestone, _milestone), PAGE),
    Endpoint("GET", f"{PLACE}_iteration_events", _events(lambda i: i.events.iteration, _iteration, paid=True), PAGE),
    Endpoint("GET", f"{PLACE}_weight_events", _events(lambda item: item.events.weight, _weight, paid=True), PAGE),
]
