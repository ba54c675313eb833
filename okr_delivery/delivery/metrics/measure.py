"""All metrics of one team over one iteration or period."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.delivery.metrics import checks, dora, flow, iteration, quality
from okr_delivery.delivery.metrics.period import Period, Population, of_days, of_iteration
from okr_delivery.delivery.results import Metric, Scope
from okr_delivery.delivery.teams import sources_of
from okr_delivery.model.work import Iteration

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot

ALL = (
    "lead_time",
    "cycle_time",
    "cycle_time_days",
    "cycle_time_business",
    "throughput",
    "wip",
    "wip_average",
    "work_item_age",
    "flow_efficiency",
    "net_flow",
    "sle",
    "reopened_rate",
    "rework_rate",
    "committed",
    "say_do",
    "say_do_points",
    "delivered_ratio",
    "scope_change",
    "scope_change_ratio",
    "scope_change_points",
    "carry_over",
    "delivered_points",
    "velocity",
)


def measure(
    snapshot: Snapshot,
    team_id: str,
    iteration: Iteration | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Scope:
    """Metrics over (start, end] of an iteration, else over local days `since` to `until`, else the last 90 days."""
    if iteration is None:
        period = of_days(snapshot.calendar(team_id), snapshot.as_of, since, until)
    else:
        period = of_iteration(snapshot, team_id, iteration)
    return _scope(Population(snapshot, team_id, period), iteration, period)


def _scope(p: Population, chosen: Iteration | None, period: Period) -> Scope:
    found = None if chosen is None else iteration.summary(p.snapshot.sets(p.team_id, chosen))
    metrics: dict[str, Metric] = dict(flow.metrics(p))
    metrics["sle"] = flow.service_level(_recent(p))
    metrics.update(quality.metrics(p))
    metrics.update(iteration.metrics(p, found))
    metrics["velocity"] = iteration.velocity(p, chosen)
    sources = sources_of(p.snapshot.team(p.team_id))
    return Scope(
        team=p.team_id,
        source=chosen.source if chosen is not None else sources[0] if len(sources) == 1 else None,
        iteration=chosen,
        since=period.first,
        until=period.last,
        metrics={name: metrics[name] for name in ALL},
        summary=found,
        data_quality=checks.run(p, chosen),
        cycle_times=flow.cycle_times(p),
        throughput_days=flow.throughput_days(p),
        services=dora.services(p),
    )


def _recent(p: Population) -> Population:
    """The same team over the 90 days up to the period's end: what a service level stands on."""
    return Population(p.snapshot, p.team_id, of_days(p.calendar, p.period.until, None, None))
