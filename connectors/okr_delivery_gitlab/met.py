"""Milestones and iterations that single issues name and the store does not hold yet, as their rows tell of them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from contextlib import suppress
from datetime import date

from okr_delivery.model.work import Iteration
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery_gitlab.iterations import Timeboxes
from okr_delivery_gitlab.settings import Milestone, Settings
from okr_delivery_gitlab.timeboxes import Homes, in_order, iteration_of, milestone_of
from okr_delivery_gitlab.values import Row, mapping


def met(source: str, rows: Iterable[Row], settings: Settings, known: Container[str], today: date) -> Timeboxes:
    """Each once. What can't be read is left to the next sync, which says what is wrong with it.

    Rows don't tell an iteration's cadence, so one without a title goes by its days until then.
    """
    groups = {p.group_id: p.group for p in settings.projects if p.group_id and p.group}
    groups |= {group.id: group.path for group in settings.groups}
    homes = Homes(settings.projects, groups)
    milestones: dict[str, tuple[Iteration, Milestone]] = {}
    iterations: dict[str, Iteration] = {}
    for row in rows:
        with suppress(AbortSyncError):
            if planned := mapping(row.get("milestone")):
                pair = milestone_of(source, planned, homes, today)
                milestones[pair[0].id] = pair
            if cadenced := mapping(row.get("iteration")):
                one = iteration_of(source, cadenced, groups)
                iterations[one.id] = one
    new = [pair for pair in milestones.values() if pair[0].id not in known]
    others = [one for one in iterations.values() if one.id not in known]
    return Timeboxes(
        iterations=(*in_order(one for one, _ in new), *in_order(others)),
        milestones=tuple(milestone for _, milestone in new),
    )
