"""Cycle times with their percentiles, work in progress, and what has been open for too long."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.results import Metric, MetricStatus, Percentiles
from okr_delivery.model.text import one_line
from okr_delivery.model.work import Kind
from okr_delivery.report.chartdata import ScatterBin, ScatterChart, ScatterPoint
from okr_delivery.report.parts import Figure, Flow, ItemClass
from okr_delivery.report.sections.context import Context
from okr_delivery.report.sections.services import services

FLOW = ("cycle_time", "lead_time", "throughput", "wip", "work_item_age", "flow_efficiency", "net_flow", "velocity")
QUALITY = ("reopened_rate", "rework_rate", "defects_escaped", "on_time_delivery", "estimation_accuracy")
MARKS = 400  # single marks drawn; a linked mark costs about 320 bytes
DAY = 86400


def flow(c: Context) -> Flow:
    cycle = c.sle.metrics.get("cycle_time")
    limit = _limit(cycle)
    ageing = _ageing(c, limit)
    return Flow(
        headline=_headline(c, cycle, ageing),
        figures=_figures(c, FLOW),
        quality=_figures(c, QUALITY),
        ageing=ageing,
        notes=_notes(c, cycle),
        chart=_scatter(c, cycle) if cycle else None,
        services=services(c),
    )


def _figures(c: Context, names: tuple[str, ...]) -> tuple[Figure, ...]:
    metrics = c.scope.metrics
    return tuple(c.metric(name, metrics[name], _percentiles(c, metrics[name])) for name in names if name in metrics)


def _percentiles(c: Context, metric: Metric) -> str | None:
    p = metric.percentiles
    if p is None or p.p50 is None:
        return None
    return c.t("report.flow.percentiles", p50=c.words.days(p.p50), p85=c.words.days(p.p85))


def _limit(cycle: Metric | None) -> float | None:
    """The p85 that open work is held against; none while too little has finished to know one."""
    if cycle is None or cycle.percentiles is None or cycle.status is MetricStatus.TOO_FEW or cycle.n < 10:
        return None
    return cycle.percentiles.p85


def _headline(c: Context, cycle: Metric | None, ageing: ItemClass | None) -> str:
    if cycle is None or cycle.percentiles is None or cycle.percentiles.p85 is None:
        return c.t("report.flow.no_cycle_time", since=c.sle.since.isoformat(), until=c.sle.until.isoformat())
    if ageing is None:
        return c.t("report.flow.too_few", n=cycle.n)
    return c.t("report.flow.headline", p85=c.words.days(cycle.percentiles.p85), n=cycle.n, old=ageing.n)


def _ageing(c: Context, limit: float | None) -> ItemClass | None:
    """None where there is no p85 to hold open work against."""
    if limit is None:
        return None
    old = sorted(_past(c, limit), key=lambda pair: (-pair[0], pair[1].issue.key))
    items = (c.shown(item, c.t("report.flow.age", age=c.words.days(age))) for age, item in old)
    return c.group("past_p85", c.t("report.flow.past_p85"), items)


def _past(c: Context, limit: float) -> list[tuple[float, Item]]:
    """Open items, started and not ended, older than `limit` days."""
    found: list[tuple[float, Item]] = []
    for item in c.snapshot.items(c.team):
        started = item.fact.started_at
        if item.open and not item.issue.subtask and started is not None and item.fact.kind in {Kind.ACTIVE, Kind.WAIT}:
            age = (c.snapshot.as_of - started) / DAY
            if age > limit:
                found.append((age, item))
    return found


def _notes(c: Context, cycle: Metric | None) -> tuple[str, ...]:
    notes = []
    if c.sle is not c.scope and cycle and cycle.n:
        notes.append(c.t("report.flow.window", since=c.sle.since.isoformat(), until=c.sle.until.isoformat()))
    if cycle and 10 <= cycle.n < 30:
        notes.append(c.t("report.flow.thin", n=cycle.n))
    return tuple(notes)


def _scatter(c: Context, cycle: Metric) -> ScatterChart | None:
    every = sorted((_point(c, row) for row in c.sle.cycle_times), key=lambda p: (p.day, p.key), reverse=True)
    if not every:
        return None
    p = cycle.percentiles or Percentiles(None, None, None)
    cap = _cap([point.days for point in every], p.p95)
    single, rest = _single(every, p.p95)
    return ScatterChart(
        points=tuple(single),
        bins=_bins(rest, cap),
        start=every[-1].day,
        end=every[0].day,
        cap=cap,
        above=sum(point.days > cap for point in every),
        p50=p.p50,
        p85=p.p85,
        p95=p.p95,
        n=len(every),
        definition=cycle.definition,
        as_of=c.as_of,
    )


def _point(c: Context, row: tuple[str, str, int, float]) -> ScatterPoint:
    key, kind, finished, days = row
    return ScatterPoint(key, one_line(kind), c.urls.get(key), c.local(finished), days)


def _cap(days: list[float], p95: float | None) -> float:
    """The top of the axis: the slowest item, but no more than 1.6 × p95, so that one outlier does not flatten all."""
    top = max(days)
    return top if p95 is None or top <= 2 * p95 else 1.6 * p95


def _single(every: list[ScatterPoint], p95: float | None) -> tuple[list[ScatterPoint], list[ScatterPoint]]:
    """Outliers first, then the newest, up to `MARKS`; what is left is binned."""
    if len(every) <= MARKS:
        return every, []
    ranked = sorted(range(len(every)), key=lambda i: (p95 is None or every[i].days <= p95, i))
    chosen = set(ranked[:MARKS])
    return [every[i] for i in sorted(chosen)], [p for i, p in enumerate(every) if i not in chosen]


def _bins(rest: list[ScatterPoint], cap: float) -> tuple[ScatterBin, ...]:
    height = max(cap / 12, 0.25)
    counts: Counter[tuple[date, int]] = Counter()
    for point in rest:
        counts[point.day - timedelta(days=point.day.weekday()), int(min(point.days, cap) / height)] += 1
    return tuple(ScatterBin(week, i * height, (i + 1) * height, n) for (week, i), n in sorted(counts.items()))
