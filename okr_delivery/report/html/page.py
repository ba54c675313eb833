"""Renders the view with Jinja2: autoescape on, unknown names are errors, nothing is fetched."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from okr_delivery.locale import Translator
from okr_delivery.report.html.figures import Drawing
from okr_delivery.report.parts import IterationReport, Report
from okr_delivery.report.view import document

TEMPLATES = Path(__file__).parent / "templates"
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b(?: \d\d:\d\d)?")


def render(view: IterationReport | Report, t: Translator, *, charts: bool | None = None) -> str:
    """The whole page. `charts` None draws them where the extra is installed, else the page says why there are none.

    The same view gives the same bytes.
    """
    report = view if isinstance(view, Report) else document([view])
    template = _environment().get_template("report.html.j2")
    return template.render(report=report, t=t, drawing=Drawing(t, charts)) + "\n"


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dates"] = dates
    return environment


def dates(text: str) -> Markup:
    """Escaped text whose dates do not break at a line's end."""
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(text))))  # noqa: S704  # escaped right here
