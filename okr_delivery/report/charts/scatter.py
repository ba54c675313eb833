"""Cycle times of finished issues by day, with their percentile lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from okr_delivery.locale import Translator
from okr_delivery.report.chartdata import ScatterChart, ScatterPoint
from okr_delivery.report.charts.axes import day_axis, value_axis, x_of
from okr_delivery.report.charts.draw import altair, data, encoded, svg
from okr_delivery.report.charts.palette import BLUE, GREEN, INK, PURPLE, VERMILION
from okr_delivery.report.words import Words

WIDTH, HEIGHT = 380, 190
LOOKS = ((BLUE, "circle"), (VERMILION, "diamond"), (GREEN, "square"), (PURPLE, "triangle-up"))


def types(chart: ScatterChart) -> tuple[str, ...]:
    """The types by how often they occur; those past the last look share it."""
    counts = Counter(point.type for point in chart.points)
    return tuple(sorted(counts, key=lambda kind: (-counts[kind], kind)))


def scatter(chart: ScatterChart, t: Translator, *, name: str) -> str:
    """Each dot opens its issue; what is above the axis sits on its edge, and the caption says how many."""
    x, words = day_axis(chart.start, chart.end), Words(t)
    tops = [0, chart.cap, *(p for p in (chart.p50, chart.p85, chart.p95) if p is not None and p <= chart.cap)]
    y = value_axis("y", tops, zero=True)
    layers = [*_bins(chart, t, x, y), *_lines(chart, t, words, y), *_points(chart, t, words, x, y)]
    picture = altair().layer(*layers, width=WIDTH, height=HEIGHT)
    shown = {f"p{p}": words.days(getattr(chart, f"p{p}")) for p in (50, 85, 95)}
    alt = t("report.chart.scatter.alt", n=chart.n, **shown)
    return svg(picture, name=name, alt=alt, links=[point.url for point in chart.points])


def _points(chart: ScatterChart, t: Translator, words: Words, x: Any, y: Any) -> list[Any]:
    layers = []
    order = types(chart)
    for kind in order:
        colour, shape = LOOKS[min(order.index(kind), len(LOOKS) - 1)]
        for linked in (True, False):
            points = [p for p in chart.points if p.type == kind and bool(p.url) is linked]
            rows = [_row(p, chart.cap, t, words) for p in points]
            mark = altair().Chart(data(rows)).mark_point(shape=shape, color=colour, filled=True, opacity=0.7, size=44)
            channels = {"href": "url:N"} if linked else {}
            if rows:
                layers.append(encoded(mark, x=x, y=y, description="label:N", **channels))
    return layers


def _row(p: ScatterPoint, cap: float, t: Translator, words: Words) -> dict[str, Any]:
    label = t("report.chart.scatter.point", key=p.key, type=p.type, days=words.days(p.days), day=str(p.day))
    return {"x": x_of(p.day), "y": round(min(p.days, cap), 3), "url": p.url, "label": label}


def _lines(chart: ScatterChart, t: Translator, words: Words, y: Any) -> list[Any]:
    known = [(p, getattr(chart, f"p{p}")) for p in (50, 85, 95)]
    drawn = [(p, value) for p, value in known if value is not None and value <= chart.cap]
    if not drawn:
        return []
    at = _apart([value for _, value in drawn], chart.cap * 0.075)
    rows = [
        {"y": value, "place": place, "text": t("report.chart.scatter.line", p=p, days=words.days(value))}
        for (p, value), place in zip(drawn, at, strict=True)
    ]
    alt = altair()
    rule = alt.Chart(data(rows)).mark_rule(color=INK, opacity=0.5, strokeDash=[6, 4], aria=False).encode(y=y)
    labels = [{"y": row["place"], "text": row["text"]} for row in rows]
    text = alt.Chart(data(labels)).mark_text(align="left", baseline="middle", dx=5, aria=False)
    return [rule, encoded(text, x=alt.value(WIDTH), y=y, text="text:N")]


def _bins(chart: ScatterChart, t: Translator, x: Any, y: Any) -> list[Any]:
    if not chart.bins:
        return []
    most = max(b.n for b in chart.bins)
    rows = [
        {
            "x": max(x_of(b.start), x_of(chart.start)),
            "x2": min(x_of(b.start) + 7, x_of(chart.end)),
            "y": b.low,
            "y2": b.high,
            "o": 0.08 + 0.5 * b.n / most,
            "label": t("report.chart.scatter.bin", n=b.n, day=str(b.start)),
        }
        for b in chart.bins
    ]
    opacity = altair().Opacity("o:Q", scale=None, legend=None)
    mark = altair().Chart(data(rows)).mark_rect(color=BLUE)
    return [encoded(mark, x=x, x2="x2:Q", y=y, y2="y2:Q", opacity=opacity, description="label:N")]


def _apart(values: Sequence[float], least: float) -> list[float]:
    """Places for labels of ascending `values`: each at its value, or `least` above the one before."""
    places: list[float] = []
    for value in values:
        places.append(max(value, places[-1] + least) if places else value)
    return places
