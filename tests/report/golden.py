"""Golden files of the report. `python -m tests.report.golden` writes them anew; read the diff before committing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import vl_convert

from okr_delivery.locale import translator
from okr_delivery.report import charts, html, markdown
from okr_delivery.report import json as report_json
from okr_delivery.report.parts import IterationReport
from tests.report import scenario

DATA = Path(__file__).parent / "data"
LANGS = ("en", "zh")


def outputs() -> Iterator[tuple[str, str]]:
    """(file name, text) of everything that is held against a golden file."""
    for lang in LANGS:
        view, t = scenario.view(lang), translator(lang)
        yield f"report.{lang}.json", dumped(report_json.render(view))
        yield f"report.{lang}.md", markdown.render(view, t)
        yield f"report.{lang}.html", without_pictures(html.render(view, t))
    for name, spec in specs(scenario.view("en")).items():
        yield f"chart.{name}.json", dumped(spec)


def dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def without_pictures(page: str) -> str:
    """The page without what only the renderer's version decides."""
    return re.sub(r"<svg .*?</svg>", "<svg/>", page, flags=re.DOTALL)


def specs(view: IterationReport) -> dict[str, Any]:
    """What is handed to the renderer, chart by chart, without what is the same in all."""
    common = {"$schema", "config"}
    return {name: {k: v for k, v in spec.items() if k not in common} for name, spec in whole_specs(view).items()}


def whole_specs(view: IterationReport) -> dict[str, dict[str, Any]]:
    """What is handed to the renderer, chart by chart."""
    movement = view.key_results.movements[0]
    assert movement.chart and view.value.chart and view.promise.chart and view.flow.chart
    t = translator(view.lang)
    seen: list[dict[str, Any]] = []

    def keep(spec: dict[str, Any], **_: object) -> str:
        seen.append(spec)
        return '<svg xmlns="http://www.w3.org/2000/svg"/>'

    with mock.patch.object(vl_convert, "vegalite_to_svg", keep):
        charts.pace(movement.chart, t, name="pace-1")
        charts.flow(view.value.chart, t, name="flow-1")
        charts.say_do(view.promise.chart, t, name="say_do-1")
        charts.scatter(view.flow.chart, t, name="scatter-1")
    return dict(zip(("pace", "flow", "say_do", "scatter"), seen, strict=True))


def main() -> None:
    DATA.mkdir(exist_ok=True)
    for name, text in outputs():
        (DATA / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
