"""Axes whose labels are made here: a renderer's own dates depend on the machine's time zone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from okr_delivery.report.charts.draw import altair

EPOCH = date(2000, 1, 1)


def x_of(day: date) -> int:
    return (day - EPOCH).days


def day_axis(start: date, end: date, *, ticks: int = 6) -> Any:
    """A position channel over [start, end] and a little air, with `MM-DD` labels; field `x` holds `x_of(day)`."""
    alt = altair()
    days = tick_days(start, end, ticks)
    labels = json.dumps({str(x_of(day)): day.strftime("%m-%d") for day in days})
    axis = alt.Axis(
        values=[x_of(day) for day in days], labelExpr=f"({labels})[datum.value]", grid=False, labelOverlap=False
    )
    air = max((end - start).days / 50, 0.5)
    scale = alt.Scale(domain=[x_of(start) - air, x_of(end) + air], nice=False, zero=False)
    return alt.X("x:Q", axis=axis, scale=scale)


def tick_days(start: date, end: date, ticks: int) -> list[date]:
    """Month starts where the span has at least two inside, else evenly spaced days."""
    months = [d for d in _month_starts(start, end) if start <= d <= end]
    if 2 <= len(months) <= ticks + 6:
        return months[:: (len(months) - 1) // ticks + 1]
    step = max(1, ((end - start).days + ticks - 1) // ticks)
    return [start + timedelta(days=offset) for offset in range(0, (end - start).days + 1, step)]


def _month_starts(start: date, end: date) -> list[date]:
    span = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [date(month // 12, month % 12 + 1, 1) for month in span]


def value_axis(field: str, values: Sequence[float], *, ticks: int = 5, zero: bool = False) -> Any:
    """A vertical position channel that holds all `values` with a little air."""
    alt = altair()
    low, high = min(values), max(values)
    air = (high - low or abs(high) or 1) * 0.08
    domain = [0 if zero else low - air, high + air]
    return alt.Y(
        f"{field}:Q",
        axis=alt.Axis(tickCount=ticks, domain=False, ticks=False),
        scale=alt.Scale(domain=domain, nice=False),
    )
