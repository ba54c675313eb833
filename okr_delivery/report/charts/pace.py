"""A key result's readings against its plan."""

from __future__ import annotations

from typing import Any

from okr_delivery.locale import Translator
from okr_delivery.report.chartdata import PaceChart
from okr_delivery.report.charts.axes import day_axis, value_axis, x_of
from okr_delivery.report.charts.draw import altair, data, encoded, svg
from okr_delivery.report.charts.palette import BLUE, GREEN, INK, ORANGE
from okr_delivery.report.words import Words

WIDTH, HEIGHT = 400, 150


def pace(chart: PaceChart, t: Translator, *, name: str) -> str:
    """Points only for readings; nothing joins them, for nobody knows what lies between."""
    x, y = day_axis(chart.start, chart.end), _y(chart)
    layers = [*_band(chart, x, y), *_plan(chart, x, y), *_target(chart, y), _today(chart, x)]
    layers += [*_releases(chart, x), *_readings(chart, t, x, y)]
    picture = altair().layer(*layers, width=WIDTH, height=HEIGHT)
    alt = t("report.chart.pace.alt", n=chart.n, kr=chart.kr, start=str(chart.start), end=str(chart.end))
    return svg(picture, name=name, alt=alt, links=[release.url for release in chart.releases])


def _y(chart: PaceChart) -> Any:
    values = [p.value for p in (*chart.readings, *chart.plan)]
    values += [v for v in (chart.target, *(chart.band or ())) if v is not None]
    return value_axis("y", values or [0, 1])


def _band(chart: PaceChart, x: Any, y: Any) -> list[Any]:
    if chart.band is None:
        return []
    row = {"x": x_of(chart.start), "x2": x_of(chart.end), "y": chart.band[0], "y2": chart.band[1]}
    mark = altair().Chart(data([row])).mark_rect(color=GREEN, opacity=0.15, aria=False)
    return [encoded(mark, x=x, x2="x2:Q", y=y, y2="y2:Q")]


def _plan(chart: PaceChart, x: Any, y: Any) -> list[Any]:
    if not chart.plan:
        return []
    rows = [{"x": x_of(p.day), "y": p.value} for p in chart.plan]
    line = altair().Chart(data(rows)).mark_line(color=INK, opacity=0.55, strokeDash=[6, 4], strokeWidth=1.5, aria=False)
    return [encoded(line, x=x, y=y)]


def _target(chart: PaceChart, y: Any) -> list[Any]:
    if chart.target is None or chart.plan:
        return []
    line = altair().Chart(data([{"y": chart.target}])).mark_rule(color=GREEN, strokeWidth=1.5, aria=False)
    return [encoded(line, y=y)]


def _today(chart: PaceChart, x: Any) -> Any:
    line = altair().Chart(data([{"x": x_of(chart.today)}])).mark_rule(color=INK, opacity=0.25, aria=False)
    return encoded(line, x=x)


def _releases(chart: PaceChart, x: Any) -> list[Any]:
    """Triangles on the lower edge, those with a link apart: the renderer links whatever has the channel."""
    alt, layers = altair(), []
    for linked in (True, False):
        rows = [
            {"x": x_of(r.day), "url": r.url, "label": f"{r.key}, {r.day}"}
            for r in chart.releases
            if bool(r.url) is linked
        ]
        mark = alt.Chart(data(rows)).mark_point(
            shape="triangle-up", color=ORANGE, filled=True, opacity=1, size=70, yOffset=-4
        )
        channels = {"href": "url:N"} if linked else {}
        if rows:
            layers.append(encoded(mark, x=x, y=alt.value(HEIGHT), description="label:N", **channels))
    return layers


def _readings(chart: PaceChart, t: Translator, x: Any, y: Any) -> list[Any]:
    if not chart.readings:
        return []
    words = Words(t)
    rows = [
        {"x": x_of(p.day), "y": p.value, "label": f"{p.day}: {words.level(p.value, chart.unit)}"}
        for p in chart.readings
    ]
    alt = altair()
    points = alt.Chart(data(rows)).mark_point(color=BLUE, filled=True, opacity=1, size=48)
    last = {**rows[-1], "text": words.level(chart.readings[-1].value, chart.unit)}
    near_end = (chart.end - chart.readings[-1].day).days * 6 < (chart.end - chart.start).days
    text = alt.Chart(data([last])).mark_text(
        align="right" if near_end else "left", dx=-8 if near_end else 8, dy=-8, fontWeight="bold", aria=False
    )
    return [encoded(points, x=x, y=y, description="label:N"), encoded(text, x=x, y=y, text="text:N")]
