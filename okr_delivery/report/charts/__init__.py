"""Charts as static SVG: Vega-Altair describes them, vl-convert draws them, no script and no network.

Every function takes the numbers of `report.chartdata` and returns the text of one `<svg>` element. `name` is unique in
the document and prefixes every id inside. Raises ChartsMissingError without the `charts` extra.
"""

from __future__ import annotations

from okr_delivery.report.charts.draw import ChartsMissingError, available
from okr_delivery.report.charts.flow import flow
from okr_delivery.report.charts.pace import pace
from okr_delivery.report.charts.say_do import say_do
from okr_delivery.report.charts.scatter import scatter

__all__ = ["ChartsMissingError", "available", "flow", "pace", "say_do", "scatter"]
