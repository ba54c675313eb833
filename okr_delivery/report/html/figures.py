"""A chart as the page shows it: picture, legend, what it is based on, and its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from markupsafe import Markup

from okr_delivery.locale import Translator
from okr_delivery.report import charts, tables
from okr_delivery.report.chartdata import FlowChart, PaceChart, SayDoChart, ScatterChart
from okr_delivery.report.charts.draw import INSTALL
from okr_delivery.report.charts.flow import SOFT
from okr_delivery.report.charts.scatter import types
from okr_delivery.report.tables import Table

C = TypeVar("C", PaceChart, FlowChart, SayDoChart, ScatterChart)


@dataclass(frozen=True, slots=True)
class Picture:
    """`legend` pairs a swatch's class with its label; `svg` None = not drawn, the table stands alone."""

    kind: str
    title: str
    svg: Markup | None
    legend: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    n: int
    definition: str
    table: Table


class Drawing:
    """Draws the charts of one document; names, and so the ids inside, are unique in it."""

    def __init__(self, t: Translator, wanted: bool | None) -> None:
        self._t = t
        self._numbers = count(1)
        self.on = charts.available() if wanted is None else wanted
        self.missing = wanted is None and not self.on
        self.install = INSTALL

    def pace(self, chart: PaceChart) -> Picture:
        t = self._t
        legend = [("dot blue", t("report.chart.pace.reading"))]
        legend += [("dash ink", t("report.chart.pace.plan"))] if chart.plan else []
        legend += [("rule green", t("report.chart.pace.target"))] if chart.target is not None and not chart.plan else []
        legend += [("fill green", t("report.chart.pace.band"))] if chart.band else []
        legend += [("tri orange", t("report.chart.pace.release"))] if chart.releases else []
        legend += [("bar ink", t("report.chart.pace.today"))]
        title = t("report.chart.pace", kr=chart.kr)
        return self._picture("pace", title, chart, charts.pace, legend, (), tables.pace(chart, t))

    def flow(self, chart: FlowChart) -> Picture:
        t = self._t
        looks = [
            ("fill blue", "realised"),
            ("fill dashed", "allocated"),
            ("fill light", "less"),
            ("fill grey", "unmeasured"),
            ("fill red", "against"),
        ]
        seen = _looks(chart)
        legend = [(swatch, t(f"report.chart.flow.legend.{look}")) for swatch, look in looks if look in seen]
        notes = [t("report.chart.flow.hidden", n=chart.hidden)] if chart.hidden else []
        notes += [t("report.chart.flow.spanless", n=chart.spanless)] if chart.spanless else []
        return self._picture(
            "flow", t("report.chart.flow"), chart, charts.flow, legend, tuple(notes), tables.flow(chart, t)
        )

    def say_do(self, chart: SayDoChart) -> Picture:
        t = self._t
        swatches = {"committed_done": "blue", "added_done": "sky", "committed_not": "orange", "added_not": "sand"}
        names = [name for name in (*swatches, "removed") if any(getattr(bar, name) for bar in chart.bars)]
        legend = [(f"fill {swatches.get(name, 'hollow')}", t(f"report.chart.say_do.{name}")) for name in names]
        title = t("report.chart.say_do")
        return self._picture("say-do", title, chart, charts.say_do, legend, (), tables.say_do(chart, t))

    def scatter(self, chart: ScatterChart) -> Picture:
        t = self._t
        looks = ("dot blue", "diamond red", "square green", "tri purple")
        legend = [(looks[min(i, len(looks) - 1)], kind) for i, kind in enumerate(types(chart))]
        notes = [t("report.chart.scatter.above", n=chart.above)] if chart.above else []
        binned = sum(b.n for b in chart.bins)
        notes += [t("report.chart.scatter.binned", n=binned)] if binned else []
        title, table = t("report.chart.scatter"), tables.scatter(chart, t)
        return self._picture("scatter", title, chart, charts.scatter, legend, tuple(notes), table)

    def _picture(
        self,
        kind: str,
        title: str,
        chart: C,
        draw: Callable[..., str],
        legend: list[tuple[str, str]],
        notes: tuple[str, ...],
        table: Table,
    ) -> Picture:
        drawn = None
        if self.on:
            drawn = Markup(draw(chart, self._t, name=f"{kind}-{next(self._numbers)}"))  # noqa: S704  # our renderer's SVG
        return Picture(kind, title, drawn, tuple(legend) if drawn else (), notes, chart.n, chart.definition, table)


def _looks(chart: FlowChart) -> set[str]:
    """The kinds of ribbon that the chart really has."""
    seen = set()
    for link in chart.links:
        if link.realised is None:
            seen.add("unmeasured")
            continue
        share = link.realised / link.expected if link.expected else 0.0
        seen.add("against" if share < 0 else "allocated" if link.method in SOFT else "realised")
        seen |= {"less"} if 0 <= share < 1 else set()
    return seen
