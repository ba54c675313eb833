"""From the entries of an OKR file to the model."""

from __future__ import annotations

from okr_delivery.config.document import Document
from okr_delivery.model.okr import (
    Amendment,
    Cycle,
    CycleState,
    Direction,
    HealthMetric,
    KeyResult,
    Metric,
    MilestoneItem,
    Objective,
)
from okr_delivery.okrs.files import CycleEntry, KeyResultEntry, MetricEntry, MilestonesMetric, ObjectiveEntry, OkrFile


def cycle(entry: CycleEntry) -> Cycle:
    return Cycle(entry.id, entry.start, entry.end, CycleState(entry.state))


def objectives(file: OkrFile, document: Document) -> tuple[Objective, ...]:
    """The objectives of one file with their key results and where they are declared."""
    return tuple(_objective(entry, n, file.cycle.id, document) for n, entry in enumerate(file.objectives))


def _objective(entry: ObjectiveEntry, n: int, cycle_id: str, document: Document) -> Objective:
    return Objective(
        id=entry.id,
        cycle=cycle_id,
        title=entry.title,
        location=document.location(("objectives", n)),
        owner=entry.owner,
        level=entry.level,
        kind=entry.kind,
        source=entry.source,
        value=entry.value,
        aligns_to=entry.aligns_to,
        key_results=tuple(_key_result(kr, n, m, entry, cycle_id, document) for m, kr in enumerate(entry.key_results)),
    )


def _key_result(
    entry: KeyResultEntry, n: int, m: int, objective: ObjectiveEntry, cycle_id: str, document: Document
) -> KeyResult:
    return KeyResult(
        id=entry.id,
        cycle=cycle_id,
        objective=objective.id,
        title=entry.title,
        metric=_metric(entry.metric),
        location=document.location(("objectives", n, "key_results", m)),
        owner=entry.owner,
        weight=entry.weight,
        continues=entry.continues,
        tracker=entry.tracker,
        plan=dict(sorted(entry.plan.items())),
        health=tuple(HealthMetric(**health.model_dump()) for health in entry.health),
        cadence_days=entry.reading.cadence,
        read_by=entry.reading.by,
        lag_days=entry.lag,
        observe_days=entry.observe,
        rationale=entry.rationale,
        amendments=tuple(sorted((Amendment(**a.model_dump()) for a in entry.amendments), key=lambda a: a.on)),
    )


def _metric(entry: MetricEntry) -> Metric:
    members = entry.model_dump(exclude={"direction", "items"})
    items = entry.items if isinstance(entry, MilestonesMetric) else ()
    steps = tuple(MilestoneItem(**item.model_dump()) for item in items)
    return Metric(direction=Direction(entry.direction), items=steps, **members)
