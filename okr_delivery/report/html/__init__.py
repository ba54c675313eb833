"""The report as one self-contained HTML file: no script, no address but the trackers', light, dark and on paper."""

from __future__ import annotations

from okr_delivery.report.html.page import render

__all__ = ["render"]
