"""What became of the work of the last iterations, one bar each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from okr_delivery.locale import Translator
from okr_delivery.model.width import clip, width
from okr_delivery.report.chartdata import SayDoBar, SayDoChart
from okr_delivery.report.charts.draw import altair, data, encoded, svg
from okr_delivery.report.charts.palette import BLUE, INK, ORANGE, SAND, SKY
from okr_delivery.report.words import Words

WIDTH, ROW, LEFT, RIGHT = 440, 32, 116, 44
NAME = 18  # columns of text that fit to the left of the bars
CLASSES = ("committed_done", "added_done", "committed_not", "added_not", "removed")
FILL = {"committed_done": BLUE, "added_done": SKY, "committed_not": ORANGE, "added_not": SAND, "removed": "transparent"}
LABEL = {"committed_done": "#fff", "added_done": "#000", "committed_not": "#000", "added_not": "#000", "removed": INK}


def say_do(chart: SayDoChart, t: Translator, *, name: str) -> str:
    """Counts stand in the segments, so no colour has to be told from another; removed work is an outline."""
    bars = chart.bars
    most = max((_total(bar) for bar in bars), default=0) or 1
    segments = [row for line, bar in enumerate(bars) for row in _segments(bar, line, t, (WIDTH - LEFT - RIGHT) / most)]
    height = ROW * len(bars)
    x = altair().X("x:Q", axis=None, scale=altair().Scale(domain=[0, WIDTH], nice=False))
    y = altair().Y("y:Q", axis=None, scale=altair().Scale(domain=[0, height], reverse=True, nice=False))
    layers = [*_bars(segments, x, y), *_texts(bars, segments, t, x, y)]
    picture = altair().layer(*layers, width=WIDTH, height=height)
    return svg(picture, name=name, alt=t("report.chart.say_do.alt", n=chart.n), links=())


def _total(bar: SayDoBar) -> int:
    return sum(getattr(bar, name) for name in CLASSES)


def _segments(bar: SayDoBar, line: int, t: Translator, scale: float) -> list[dict[str, Any]]:
    rows, at = [], float(LEFT)
    for name in CLASSES:
        n = getattr(bar, name)
        if n:
            label = t(
                "report.chart.say_do.bar", iteration=bar.iteration, **{"class": t(f"report.chart.say_do.{name}")}, n=n
            )
            rows.append({"class": name, "n": str(n), "label": label, **_box(at, n * scale, line)})
        at += n * scale
    return rows


def _box(left: float, width: float, line: int) -> dict[str, float]:
    top = line * ROW
    return {
        "x": left,
        "x2": left + width,
        "y": top + 6,
        "y2": top + ROW - 6,
        "cx": left + width / 2,
        "cy": top + ROW / 2,
    }


def _bars(segments: Sequence[dict[str, Any]], x: Any, y: Any) -> list[Any]:
    layers = []
    for name in CLASSES:
        rows = [row for row in segments if row["class"] == name]
        dashes = {"strokeDash": [3, 2]} if name == "removed" else {}
        edge = {"stroke": INK, "strokeOpacity": 0.7 if name == "removed" else 0.0, "strokeWidth": 1, **dashes}
        mark = altair().Chart(data(rows)).mark_rect(fill=FILL[name], **edge)
        if rows:
            layers.append(encoded(mark, x=x, x2="x2:Q", y=y, y2="y2:Q", description="label:N"))
    return layers


def _texts(bars: Sequence[SayDoBar], segments: Sequence[dict[str, Any]], t: Translator, x: Any, y: Any) -> list[Any]:
    layers = [
        _text([row for row in segments if row["class"] == name], x, y, color=LABEL[name], align="center")
        for name in CLASSES
        if any(row["class"] == name for row in segments)
    ]
    names = [{"cx": 0, "cy": i * ROW + ROW / 2, "n": _name(bar, t)} for i, bar in enumerate(bars)]
    shares = [{"cx": WIDTH, "cy": i * ROW + ROW / 2, "n": Words(t).percent(bar.say_do)} for i, bar in enumerate(bars)]
    return [*layers, _text(names, x, y, align="left"), _text(shares, x, y, align="right", fontWeight="bold")]


def _name(bar: SayDoBar, t: Translator) -> str:
    """The mark of a running iteration only where it fits: the name is what tells the rows apart."""
    marked = t("report.chart.say_do.open", name=bar.iteration)
    return marked if bar.open and width(marked) <= NAME else clip(bar.iteration, NAME)


def _text(rows: Sequence[dict[str, Any]], x: Any, y: Any, **style: Any) -> Any:
    alt = altair()
    mark = alt.Chart(data(rows)).mark_text(baseline="middle", aria=False, **style)
    across = alt.X("cx:Q", axis=None, scale=x.to_dict()["scale"])
    return encoded(mark, x=across, y=alt.Y("cy:Q", axis=None, scale=y.to_dict()["scale"]), text="n:N")
