"""The table beside each chart: the same numbers, for readers and for screens that draw nothing."""

from __future__ import annotations

from dataclasses import dataclass

from okr_delivery.locale import Translator
from okr_delivery.report.chartdata import FlowChart, PaceChart, SayDoChart, ScatterChart
from okr_delivery.report.words import NOTHING, Words

AnyChart = PaceChart | FlowChart | SayDoChart | ScatterChart
ROWS = 400  # of a scatter; the chart itself draws no more single marks


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are text of ours or tracker text; `numeric` are the column numbers to align right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


def pace(chart: PaceChart, t: Translator) -> Table:
    w = Words(t)
    rows = [(p.day.isoformat(), t("report.chart.pace.reading"), w.level(p.value, chart.unit)) for p in chart.readings]
    rows += [(p.day.isoformat(), t("report.chart.pace.plan"), w.level(p.value, chart.unit)) for p in chart.plan]
    rows += [(r.day.isoformat(), t("report.chart.pace.release"), r.key) for r in chart.releases]
    if chart.target is not None:
        rows.append((chart.end.isoformat(), t("report.chart.pace.target"), w.level(chart.target, chart.unit)))
    if chart.band:
        low, high = (w.level(value, chart.unit) for value in chart.band)
        rows.append((chart.end.isoformat(), t("report.chart.pace.band"), f"{low} … {high}"))
    columns = (t("report.chart.pace.day"), t("report.chart.pace.kind"), t("report.chart.pace.value"))
    return Table(columns, tuple(sorted(rows)), frozenset({2}))


def flow(chart: FlowChart, t: Translator) -> Table:
    w = Words(t)
    rows = [
        (link.key, link.title or NOTHING, link.kr, w.percent(link.expected), _realised(link.realised, link.method, t))
        for link in chart.links
    ]
    columns = (
        t("report.chart.column.key"),
        t("report.value.column.requirement"),
        t("report.value.column.kr"),
        t("report.chart.flow.expected"),
        t("report.chart.flow.realised"),
    )
    return Table(columns, tuple(rows), frozenset({3, 4}))


def _realised(share: float | None, method: str | None, t: Translator) -> str:
    if share is None:
        return t("report.chart.flow.unmeasured")
    shown = Words(t).percent(share)
    return t("report.value.realised", amount=shown, method=t(f"terms.method.{method}")) if method else shown


def say_do(chart: SayDoChart, t: Translator) -> Table:
    names = ("committed_done", "added_done", "committed_not", "added_not", "removed")
    rows = [
        (bar.iteration, *(str(getattr(bar, name)) for name in names), Words(t).percent(bar.say_do))
        for bar in chart.bars
    ]
    heads = (t(f"report.chart.say_do.{name}") for name in names)
    columns = (t("report.chart.column.iteration"), *heads, t("terms.metric.say_do"))
    return Table(columns, tuple(rows), frozenset(range(1, 7)))


def scatter(chart: ScatterChart, t: Translator) -> Table:
    w = Words(t)
    rows = [(p.key, p.type, p.day.isoformat(), w.days(p.days)) for p in chart.points[:ROWS]]
    rows += [
        (
            NOTHING,
            t("report.chart.scatter.bin", n=b.n, day=b.start.isoformat()),
            b.start.isoformat(),
            _band(b.low, b.high, w),
        )
        for b in chart.bins
    ]
    columns = (
        t("report.chart.column.key"),
        t("report.chart.scatter.type"),
        t("report.chart.column.finished"),
        t("report.chart.scatter.days"),
    )
    return Table(columns, tuple(rows), frozenset({3}))


def _band(low: float, high: float, w: Words) -> str:
    return f"{w.days(low)} … {w.days(high)}"
