"""The JSON Schema of `okr-delivery/plan/1`. Keys may be added within a version, so unknown ones are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okr_delivery.output.shapes import INSTANT, MAYBE, TEXT, many, maybe, record

_NUMBER = {"type": "number"}
_FIGURE = {"type": ["number", "null"]}
_AMOUNT = {"type": "number", "minimum": 0}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_FLAG = {"type": "boolean"}
_DAY = {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\d$"}
_KR: dict[str, Mapping[str, Any]] = {"kr": TEXT, "cycle": TEXT, "unit": MAYBE}
_ISSUE: dict[str, Mapping[str, Any]] = {"source": TEXT, "key": TEXT, "title": MAYBE, "url": MAYBE}
_ITERATION: dict[str, Mapping[str, Any]] = {"source": TEXT, "id": TEXT, "name": TEXT}
_CLASS: dict[str, Mapping[str, Any]] = {"class": MAYBE}
_MESSAGE = record(team=TEXT, message=TEXT)

_ENTRY = record(
    **_ISSUE,
    rank={"type": ["integer", "null"], "minimum": 1},
    effort=_FIGURE,
    cumulated=_FIGURE,
    fits={"type": ["boolean", "null"]},
    score=_FIGURE,
    reason=MAYBE,
    **_CLASS,
    key_results=many(
        record(
            **_KR,
            expected=_NUMBER,
            low=_FIGURE,
            high=_FIGURE,
            confidence=_SHARE,
            calibration=_FIGURE,
            weight=_AMOUNT,
            missing=_AMOUNT,
            unread=_FLAG,
            share=_SHARE,
            worth=_AMOUNT,
        )
    ),
    missing=many(record(message=TEXT, paste=MAYBE)),
)
_DUE = record(
    **_ISSUE,
    **_KR,
    iteration=record(**_ITERATION),
    window=record(start=_DAY, end=_DAY),
    due=_DAY,
    overdue=_FLAG,
    expected=_FIGURE,
    measured=maybe(record(value=_NUMBER, method=TEXT)),
    owner=MAYBE,
    command=TEXT,
)
_LIST = record(
    **_ITERATION,
    start=_DAY,
    end=_DAY,
    settled=_FLAG,
    load=record(effort=_FIGURE, unestimated=many(TEXT)),
    key_results=many(
        record(
            **_KR,
            title=TEXT,
            weight=_AMOUNT,
            missing={"type": ["number", "null"], "minimum": 0},
            unread=_FLAG,
            promised=_AMOUNT,
        )
    ),
    disputes=many(_ENTRY),
    ranked=many(_ENTRY),
    unranked=many(_ENTRY),
    non_okr=record(effort=_AMOUNT, share=maybe(_SHARE), budget=_SHARE, issues=many(_ENTRY)),
)

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "okr-delivery plan",
    **record(
        schema={"const": "okr-delivery/plan/1"},
        tool=TEXT,
        as_of=INSTANT,
        teams=many(
            record(
                team=TEXT,
                capacity=maybe(
                    record(
                        amount=_AMOUNT,
                        unit=TEXT,
                        basis={"enum": ["configured", "history"]},
                        iterations=many(TEXT),
                    )
                ),
                iterations=many(_LIST),
                due=maybe(many(_DUE)),
            )
        ),
        nothing=many(_MESSAGE),
        no_plan=many(_MESSAGE),
    ),
}
