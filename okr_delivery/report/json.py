"""`okr-delivery/report/1`: the view as JSON. All keys are always there; ids and keys are English, sentences are not."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date

from okr_delivery.report.parts import IterationReport, Report
from okr_delivery.report.view import document

SCHEMA = "okr-delivery/report/1"


def render(view: IterationReport | Report) -> dict[str, object]:
    """A JSON document: dates are ISO text, absent values None, pairs and tuples lists."""
    report = view if isinstance(view, Report) else document([view])
    return {"schema": SCHEMA, "lang": report.lang, "iterations": [_plain(entry) for entry in report.iterations]}


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    return value.isoformat() if isinstance(value, date) else value
