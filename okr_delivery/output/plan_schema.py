"""The JSON Schema of `okr-delivery/plan/1`. Keys may be added within a version, so unknown ones are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_NUMBER = {"type": "number"}
_FIGURE = {"type": ["number", "null"]}
_AMOUNT = {"type": "number", "minimum": 0}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_FLAG = {"type": "boolean"}
_DAY = {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\d$"}
_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"}


def _object(**members: Mapping[str, Any]) -> dict[str, Any]:
    """An object whose keys are all always there."""
    return {"type": "object", "required": sorted(members), "properties": dict(members)}


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(of)}


def _maybe(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(of), {"type": "null"}]}


_KR: dict[str, Mapping[str, Any]] = {"kr": _TEXT, "cycle": _TEXT, "unit": _MAYBE}
_ISSUE: dict[str, Mapping[str, Any]] = {"source": _TEXT, "key": _TEXT, "title": _MAYBE, "url": _MAYBE}
_ITERATION: dict[str, Mapping[str, Any]] = {"source": _TEXT, "id": _TEXT, "name": _TEXT}
_CLASS: dict[str, Mapping[str, Any]] = {"class": _MAYBE}
_MESSAGE = _object(team=_TEXT, message=_TEXT)

_ENTRY = _object(
    **_ISSUE,
    rank={"type": ["integer", "null"], "minimum": 1},
    effort=_FIGURE,
    cumulated=_FIGURE,
    fits={"type": ["boolean", "null"]},
    score=_FIGURE,
    reason=_MAYBE,
    **_CLASS,
    key_results=_list(
        _object(
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
    missing=_list(_object(message=_TEXT, paste=_MAYBE)),
)
_DUE = _object(
    **_ISSUE,
    **_KR,
    iteration=_object(**_ITERATION),
    window=_object(start=_DAY, end=_DAY),
    due=_DAY,
    overdue=_FLAG,
    expected=_FIGURE,
    measured=_maybe(_object(value=_NUMBER, method=_TEXT)),
    owner=_MAYBE,
    command=_TEXT,
)
_LIST = _object(
    **_ITERATION,
    start=_DAY,
    end=_DAY,
    settled=_FLAG,
    load=_object(effort=_FIGURE, unestimated=_list(_TEXT)),
    key_results=_list(
        _object(
            **_KR,
            title=_TEXT,
            weight=_AMOUNT,
            missing={"type": ["number", "null"], "minimum": 0},
            unread=_FLAG,
            promised=_AMOUNT,
        )
    ),
    disputes=_list(_ENTRY),
    ranked=_list(_ENTRY),
    unranked=_list(_ENTRY),
    non_okr=_object(effort=_AMOUNT, share=_maybe(_SHARE), budget=_SHARE, issues=_list(_ENTRY)),
)

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "okr-delivery plan",
    **_object(
        schema={"const": "okr-delivery/plan/1"},
        tool=_TEXT,
        as_of=_INSTANT,
        teams=_list(
            _object(
                team=_TEXT,
                capacity=_maybe(
                    _object(
                        amount=_AMOUNT,
                        unit=_TEXT,
                        basis={"enum": ["configured", "history"]},
                        iterations=_list(_TEXT),
                    )
                ),
                iterations=_list(_LIST),
                due=_maybe(_list(_DUE)),
            )
        ),
        nothing=_list(_MESSAGE),
        no_plan=_list(_MESSAGE),
    ),
}
