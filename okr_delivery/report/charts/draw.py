"""From a chart's description to SVG text that is safe and the same every time."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.model.text import one_line
from okr_delivery.report.charts.palette import INK

SVG = "http://www.w3.org/2000/svg"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
INSTALL = "pip install 'okr-delivery[charts]'"
FONT = 'system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'
DROPPED = {"font-family", "aria-roledescription", "pointer-events", "version"}
GEOMETRY = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r", "viewBox"}
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?|-?\d+e-\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


class ChartsMissingError(UserError):
    """The `charts` extra is not installed."""

    def __init__(self) -> None:
        super().__init__([Problem(msg("report.chart.extra"), None, msg("report.chart.extra.next", command=INSTALL))])


def available() -> bool:
    return all(importlib.util.find_spec(name) for name in ("altair", "vl_convert"))


def altair() -> Any:
    """Altair itself, imported when the first chart is drawn.

    It holds each part of a chart against the schema again whenever one is put into another, which takes longer than
    all drawing; here that is off, and the tests hold the whole of each chart against it.
    """
    if not available():
        raise ChartsMissingError
    return _imported()


@lru_cache
def _imported() -> Any:
    import altair as alt
    from altair.utils import schemapi

    schemapi.disable_debug_mode()
    return alt


def data(rows: Iterable[Mapping[str, object]]) -> Any:
    """Rows as a chart's data: a tuple, which Altair hands on where it copies a list with all that is in it."""
    return altair().Data(values=tuple(rows))


def encoded(mark: Any, **channels: Any) -> Any:
    """`mark` with its channels. A text such as `label:N` is given its class here: Altair searches all it has for it."""
    alt = altair()
    typed = {name: getattr(alt, name.capitalize())(c) if isinstance(c, str) else c for name, c in channels.items()}
    return mark.encode(**typed)


def svg(chart: Any, *, name: str, alt: str, links: Iterable[str | None]) -> str:
    """`chart` drawn; `alt` describes it; only `links` may appear as addresses in it."""
    import vl_convert

    chart.config = _theme()
    text = vl_convert.vegalite_to_svg(_cleaned(chart.to_dict(validate=False)), vl_version=_version())
    return _finished(text, name=name, alt=alt, links={link for link in links if link})


def _version() -> str:
    """The Vega-Lite version of Altair's schema: v6.4.1 -> 6.4."""
    return ".".join(altair().SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _theme() -> dict[str, Any]:
    axis = {
        "aria": False,
        "domainColor": INK,
        "domainOpacity": 0.35,
        "gridColor": INK,
        "gridOpacity": 0.1,
        "labelColor": INK,
        "labelFontSize": 11,
        "labelLimit": 0,
        "labelOpacity": 0.75,
        "tickColor": INK,
        "tickOpacity": 0.35,
        "title": None,
    }
    return {
        "background": "transparent",
        "font": FONT,
        "axis": axis,
        "view": {"stroke": None},
        "text": {"fontSize": 11, "color": INK},
    }


def _cleaned(value: Any) -> Any:
    """Every string without the characters that XML forbids: one of them would end the process inside the renderer."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {key: _cleaned(entry) for key, entry in value.items()}
    return [_cleaned(entry) for entry in value] if isinstance(value, list) else value


def _finished(text: str, *, name: str, alt: str, links: set[str]) -> str:
    root = ElementTree.fromstring(text)  # noqa: S314  # our own renderer's output, not somebody's file
    root.attrib.update({"role": "group", "aria-label": one_line(alt), "class": f"chart {name.rpartition('-')[0]}"})
    ids = _renamed(root, name)
    for element in root.iter():
        _tidy(element, ids)
        _relink(element, links)
        element.tag = element.tag.rpartition("}")[2]
    root.set("xmlns", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _renamed(root: ElementTree.Element, name: str) -> dict[str, str]:
    """Ids by order of appearance: the renderer counts on from one chart to the next."""
    found = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    return {old: f"{name}-{number}" for number, old in enumerate(found, 1)}


def _tidy(element: ElementTree.Element, ids: Mapping[str, str]) -> None:
    for key in DROPPED & set(element.attrib):
        del element.attrib[key]
    for key, value in element.attrib.items():
        if key in GEOMETRY:
            element.attrib[key] = _NUMBER.sub(_rounded, value)
        elif key == "id":
            element.attrib[key] = ids[value]
        elif "url(#" in value:
            element.attrib[key] = _REFERENCE.sub(lambda match: f"url(#{ids[match[1]]})", value)


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _relink(element: ElementTree.Element, links: set[str]) -> None:
    """The renderer makes an address of anything, `null` included: an unknown one becomes a plain group."""
    if XLINK_HREF not in element.attrib:
        return
    target = element.attrib.pop(XLINK_HREF)
    if target in links:
        element.set("href", target)
    else:
        element.tag = f"{{{SVG}}}g"
