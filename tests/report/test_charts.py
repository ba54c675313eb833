"""Charts: what is drawn, what may be in it, and that hostile text can't harm the renderer."""

from __future__ import annotations

import dataclasses
import re
from xml.etree import ElementTree

import pytest
from jsonschema import ValidationError

from okr_delivery.locale import translator
from okr_delivery.model.width import clip
from okr_delivery.model.width import width as columns
from okr_delivery.report import charts
from okr_delivery.report.chartdata import FlowChart, FlowLink, ScatterChart
from okr_delivery.report.charts import draw
from okr_delivery.report.charts.axes import tick_days
from okr_delivery.report.charts.flow import layout
from tests.report import golden, scenario

EN = translator("en")
VIEW = scenario.view("en")


def scatter_chart() -> ScatterChart:
    assert VIEW.flow.chart
    return VIEW.flow.chart


def flow_chart() -> FlowChart:
    assert VIEW.value.chart
    return VIEW.value.chart


def test_drawn_twice_is_the_same_although_the_renderer_counts_on() -> None:
    chart = scatter_chart()
    assert charts.scatter(chart, EN, name="scatter-1") == charts.scatter(chart, EN, name="scatter-1")


@pytest.mark.parametrize("name", ["pace", "flow", "say_do", "scatter"])
def test_every_chart_is_what_its_schema_allows(name: str) -> None:
    """Altair would say so at each step, which is turned off where charts are drawn."""
    spec = golden.whole_specs(scenario.view("en", points=500))[name]
    draw.altair().LayerChart.validate(spec)
    assert spec["config"]["background"] == "transparent" and spec["layer"]
    spec["layer"][-1]["encoding"]["y"]["axes"] = None
    with pytest.raises(ValidationError, match="axes"):
        draw.altair().LayerChart.validate(spec)


def test_coordinates_have_two_decimals_and_labels_keep_theirs() -> None:
    svg = charts.flow(flow_chart(), EN, name="flow-1")
    assert not re.search(r' (?:d|transform|x|y|width|height)="[^"]*\d\.\d{3,}', svg)
    assert "aria-roledescription" not in svg and 'background="' not in svg


def test_only_given_links_are_links() -> None:
    svg = charts.flow(flow_chart(), EN, name="flow-1")
    links = re.findall(r'href="([^"]*)"', svg)
    assert set(links) == {f"{scenario.SITE}/browse/PAY-{n}" for n in (100, 101, 102, 103, 105, 108)}
    unlinked = dataclasses.replace(
        flow_chart(), links=tuple(dataclasses.replace(link, url=None) for link in flow_chart().links)
    )
    assert "href" not in charts.flow(unlinked, EN, name="flow-1")


def test_an_address_that_nobody_gave_becomes_a_plain_group() -> None:
    alt = draw.altair()
    mark = alt.Chart(draw.data([{"x": 1, "u": "https://evil.example/"}])).mark_point().encode(x="x:Q", href="u:N")
    svg = draw.svg(mark, name="x-1", alt="x", links=[None])
    assert "href" not in svg and "<a" not in svg


@pytest.mark.parametrize("text", ["\x00\x01\x1b", "\ud800", "\ufffe", "</svg><script>", "\u202e", "]]>", "&amp;"])
def test_no_text_ends_the_process_or_the_picture(text: str) -> None:
    links = tuple(dataclasses.replace(link, key=text, kr=text) for link in flow_chart().links)
    chart = dataclasses.replace(flow_chart(), links=links, objectives=((text, text),))
    root = ElementTree.fromstring(charts.flow(chart, EN, name="flow-1"))
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {"svg", "g", "a", "path", "text", "rect"}


def test_a_range_or_an_empty_key_result_can_be_drawn() -> None:
    chart = VIEW.key_results.movements[0].chart
    assert chart
    empty = dataclasses.replace(chart, readings=(), plan=(), target=None, releases=(), band=(12.0, 14.0))
    assert "<svg" in charts.pace(empty, EN, name="pace-1")


def test_readings_are_points_and_nothing_joins_them() -> None:
    chart = VIEW.key_results.movements[0].chart
    assert chart
    svg = charts.pace(dataclasses.replace(chart, plan=()), EN, name="pace-1")
    labels = re.findall(r'aria-label="(2026-\d\d-\d\d): ', svg)
    assert len(labels) == len(chart.readings) == 6
    assert "mark-line" not in svg


def test_many_points_are_binned_and_none_is_lost() -> None:
    chart = scenario.view("en", points=3000).flow.chart
    assert chart
    assert len(chart.points) == 400
    assert len(chart.points) + sum(b.n for b in chart.bins) == chart.n == 3000
    assert chart.above == 1 and max(p.days for p in chart.points) > chart.cap


def test_ribbons_keep_their_height_inside_their_nodes() -> None:
    chart = flow_chart()
    plan = layout(chart)
    for name, box in plan.krs.items():
        ends = [r.right for r in plan.ribbons if r.link.kr == name]
        assert sum(end.height for end in ends) == pytest.approx(box.height)
        assert all(box.top - 1e-6 <= e.top and e.top + e.height <= box.top + box.height + 1e-6 for e in ends)
    assert all(b.top >= 0 and b.top + b.height <= plan.height + 1e-6 for b in plan.requirements.values())
    widths = {r.link.key: r.left.height / abs(r.link.expected) for r in plan.ribbons if r.left.height > 3}
    assert max(widths.values()) == pytest.approx(min(widths.values()))


def test_many_requirements_still_fit() -> None:
    links = tuple(FlowLink(f"PAY-{n}", None, None, "KR1", 0.01 * (n + 1), None, None, False) for n in range(24))
    plan = layout(FlowChart(links, (("KR1", "O1"),), 0, 0, 24, "d", "x"))
    tops = [box.top for box in plan.requirements.values()]
    assert tops == sorted(tops) and plan.height <= 900


def test_the_missing_extra_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "available", lambda: False)
    with pytest.raises(charts.ChartsMissingError) as caught:
        charts.scatter(scatter_chart(), EN, name="scatter-1")
    (problem,) = caught.value.problems
    assert problem.next_step and "okr-delivery[charts]" in EN.render(problem.next_step)
    assert "charts" in EN.render(problem.what)


def test_ticks_are_month_starts_or_even_days() -> None:
    start, end = scenario.CYCLE.start, scenario.CYCLE.end
    assert [d.isoformat() for d in tick_days(start, end, 6)] == ["2026-10-01", "2026-11-01", "2026-12-01"]
    assert tick_days(start, start, 6) == [start]
    assert len(tick_days(start, start.replace(day=20), 6)) <= 7


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [("PAY-1", 5, "PAY-1"), ("PAY-12345", 6, "PAY-1…"), ("支付迭代二十七", 7, "支付迭…"), ("", 3, "")],
)
def test_clipped_by_columns(text: str, width: int, short: str) -> None:
    assert clip(text, width) == short
    assert columns(short) <= width
