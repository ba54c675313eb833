"""Requirement → key result → objective as ribbons: width is what was expected, fill what was realised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from okr_delivery.locale import Translator
from okr_delivery.model.width import clip
from okr_delivery.report.chartdata import FlowChart, FlowLink
from okr_delivery.report.charts.draw import altair, data, encoded, svg
from okr_delivery.report.charts.palette import BLUE, GREY, INK, VERMILION
from okr_delivery.report.words import Words

WIDTH, LEFT, MIDDLE, RIGHT = 480, 92, 268, 396  # columns: requirements end, key results, objectives
GAP, LEAST, STEPS = 10, 3.0, 20
NODE = 8
SOFT = frozenset({"allocated", "group", "before_after"})  # no effect that was measured against something


@dataclass(frozen=True, slots=True)
class Box:
    """A node or the end of a ribbon: top and height in pixels."""

    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    link: FlowLink
    left: Box
    right: Box


@dataclass(frozen=True, slots=True)
class Layout:
    height: float
    requirements: dict[str, Box]
    krs: dict[str, Box]
    objectives: dict[str, Box]
    ribbons: tuple[Ribbon, ...]
    joins: tuple[tuple[str, Box, Box], ...]  # key result -> objective


def layout(chart: FlowChart) -> Layout:
    """Stacks requirements on the left and key results on the right in their given order, ribbons in between."""
    keys = list(dict.fromkeys(link.key for link in chart.links))
    krs = list(dict.fromkeys(kr for kr, _ in chart.objectives))
    whole = sum(abs(link.expected) for link in chart.links)
    height = min(max(34.0 * len(keys), 40.0 * len(krs), 120.0), 620.0)
    scale = (height - GAP * (max(len(keys), len(krs)) - 1)) / (whole or 1)
    sizes = [max(abs(link.expected) * scale, LEAST) for link in chart.links]
    left, starts = _stack(keys, [link.key for link in chart.links], sizes)
    right, ends = _stack(krs, [link.kr for link in chart.links], sizes)
    ribbons = tuple(Ribbon(*parts) for parts in zip(chart.links, starts, ends, strict=True))
    names = list(dict.fromkeys(objective for _, objective in chart.objectives))
    owners = [objective for _, objective in chart.objectives]
    last, joined = _stack(names, owners, [right[kr].height for kr, _ in chart.objectives])
    joins = tuple((kr, right[kr], box) for (kr, _), box in zip(chart.objectives, joined, strict=True))
    columns = [left, right, last]
    total = max(height, *(max(box.top + box.height for box in column.values()) for column in columns))
    return _centred(Layout(total, left, right, last, ribbons, joins))


def _stack(names: Sequence[str], owners: Sequence[str], sizes: Sequence[float]) -> tuple[dict[str, Box], list[Box]]:
    """Boxes of `names` from the top down, and the place of each part inside its owner's box."""
    heights = {name: sum(s for o, s in zip(owners, sizes, strict=True) if o == name) for name in names}
    boxes, top = {}, 0.0
    for name in names:
        boxes[name] = Box(top, heights[name])
        top += heights[name] + GAP
    used = dict.fromkeys(names, 0.0)
    places = []
    for owner, size in zip(owners, sizes, strict=True):
        places.append(Box(boxes[owner].top + used[owner], size))
        used[owner] += size
    return boxes, places


def _centred(flat: Layout) -> Layout:
    """Each column in the middle of the height."""
    moves = [
        (flat.height - max(box.top + box.height for box in column.values())) / 2
        for column in (flat.requirements, flat.krs, flat.objectives)
    ]
    left, middle, right = moves
    return Layout(
        flat.height,
        {name: _down(box, left) for name, box in flat.requirements.items()},
        {name: _down(box, middle) for name, box in flat.krs.items()},
        {name: _down(box, right) for name, box in flat.objectives.items()},
        tuple(Ribbon(r.link, _down(r.left, left), _down(r.right, middle)) for r in flat.ribbons),
        tuple((kr, _down(a, middle), _down(b, right)) for kr, a, b in flat.joins),
    )


def _down(box: Box, by: float) -> Box:
    return Box(box.top + by, box.height)


def flow(chart: FlowChart, t: Translator, *, name: str) -> str:
    """Grey: unmeasured; dashed edge: allocated or only seen to change; red edge: went the wrong way."""
    plan = layout(chart)
    x = _axis("X", "x", [0, WIDTH])
    y = _axis("Y", "y", [0, plan.height], reverse=True)
    layers = [*_joins(plan, x, y), *_ribbons(plan, t, x, y), *_fills(plan, x, y), _nodes(plan, x, y)]
    layers += [*_labels(plan, x, y)]
    picture = altair().layer(*layers, width=WIDTH, height=plan.height)
    links = [link.url for link in chart.links]
    return svg(picture, name=name, alt=t("report.chart.flow.alt", n=chart.n), links=links)


def _axis(channel: str, field: str, domain: list[float], *, reverse: bool = False) -> Any:
    alt = altair()
    scale = alt.Scale(domain=domain, nice=False, zero=False, reverse=reverse)
    return getattr(alt, channel)(f"{field}:Q", axis=None, scale=scale)


def _steps(left: float, right: float, a: Box, b: Box) -> list[dict[str, float]]:
    """The two edges of a ribbon at `STEPS` places, eased so that it leaves and arrives level."""
    rows = []
    for step in range(STEPS + 1):
        share = step / STEPS
        eased = share * share * (3 - 2 * share)
        top = a.top + (b.top - a.top) * eased
        rows.append(
            {"x": left + (right - left) * share, "y": top, "y2": top + a.height + (b.height - a.height) * eased}
        )
    return rows


def _area(rows: list[dict[str, Any]], x: Any, y: Any, channels: dict[str, str], **style: Any) -> Any:
    mark = altair().Chart(data(rows)).mark_area(**style)
    return encoded(mark, x=x, y=y, y2="y2:Q", detail="id:N", **channels)


def _joins(plan: Layout, x: Any, y: Any) -> list[Any]:
    rows = [{"id": kr, **row} for kr, a, b in plan.joins for row in _steps(MIDDLE + NODE, RIGHT, a, b)]
    return [_area(rows, x, y, {}, color=INK, opacity=0.08, aria=False)]


def _ribbons(plan: Layout, t: Translator, x: Any, y: Any) -> list[Any]:
    layers = []
    for measured in (True, False):
        for linked in (True, False):
            chosen = [
                (i, r)
                for i, r in enumerate(plan.ribbons)
                if (r.link.realised is not None) is measured and bool(r.link.url) is linked
            ]
            rows = [row for i, r in chosen for row in _described(i, r, t)]
            channels = {"description": "label:N"} | ({"href": "url:N"} if linked else {})
            if rows:
                layers.append(_area(rows, x, y, channels, color=BLUE if measured else GREY, opacity=0.3))
    return layers


def _described(number: int, ribbon: Ribbon, t: Translator) -> list[dict[str, Any]]:
    link, words = ribbon.link, Words(t)
    realised = t("report.chart.flow.unmeasured") if link.realised is None else words.percent(link.realised)
    label = t(
        "report.chart.flow.link", key=link.key, kr=link.kr, expected=words.percent(link.expected), realised=realised
    )
    extra = {"id": str(number), "label": label, "url": link.url}
    return [{**extra, **row} for row in _steps(LEFT, MIDDLE, ribbon.left, ribbon.right)]


def _fills(plan: Layout, x: Any, y: Any) -> list[Any]:
    """The realised part of each ribbon, from its upper edge; more than expected fills it all."""
    looks: dict[str, dict[str, Any]] = {
        "measured": {"color": BLUE, "opacity": 0.85},
        "allocated": {"fill": BLUE, "fillOpacity": 0.35, "stroke": BLUE, "strokeDash": [4, 3], "strokeWidth": 1.2},
        "against": {"fill": VERMILION, "fillOpacity": 0.25, "stroke": VERMILION, "strokeWidth": 1.5},
    }
    rows: dict[str, list[dict[str, Any]]] = {look: [] for look in looks}
    for number, ribbon in enumerate(plan.ribbons):
        look, share = _realised(ribbon.link)
        a, b = (Box(box.top, box.height * share) for box in (ribbon.left, ribbon.right))
        rows[look] += [{"id": str(number), **row} for row in _steps(LEFT, MIDDLE, a, b)] if share else []
    return [_area(found, x, y, {}, aria=False, **looks[look]) for look, found in rows.items() if found]


def _realised(link: FlowLink) -> tuple[str, float]:
    """How the realised part looks and which share of the ribbon it fills."""
    if link.realised is None or not link.expected:
        return "measured", 0.0
    share = link.realised / link.expected
    if share < 0:
        return "against", 1.0
    return ("allocated" if link.method in SOFT else "measured"), min(share, 1.0)


def _nodes(plan: Layout, x: Any, y: Any) -> Any:
    columns = ((LEFT - NODE, plan.requirements), (MIDDLE, plan.krs), (RIGHT, plan.objectives))
    rows = [
        {"x": left, "x2": left + NODE, "y": box.top, "y2": box.top + box.height}
        for left, column in columns
        for box in column.values()
    ]
    mark = altair().Chart(data(rows)).mark_rect(color=INK, opacity=0.6, aria=False)
    return encoded(mark, x=x, x2="x2:Q", y=y, y2="y2:Q")


def _labels(plan: Layout, x: Any, y: Any) -> list[Any]:
    return [
        _text(plan.requirements, LEFT - NODE - 5, x, y, width=14, align="right"),
        _text(plan.krs, MIDDLE + NODE + 5, x, y, width=17, align="left", fontWeight="bold"),
        _text(plan.objectives, RIGHT + NODE + 5, x, y, width=12, align="left"),
    ]


def _text(column: dict[str, Box], left: float, x: Any, y: Any, *, width: int, **style: Any) -> Any:
    rows = [{"x": left, "y": b.top + b.height / 2, "text": clip(name, width)} for name, b in column.items()]
    mark = altair().Chart(data(rows)).mark_text(baseline="middle", aria=False, **style)
    return encoded(mark, x=x, y=y, text="text:N")
