"""The JSON Schema of `okr-delivery/gate/1`. Keys may be added within a version, so unknown ones are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}
_COUNT = {"type": "integer", "minimum": 0}
_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"}


def _object(**members: Mapping[str, Any]) -> dict[str, Any]:
    """An object whose keys are all always there."""
    return {"type": "object", "required": sorted(members), "properties": dict(members)}


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(of)}


def _maybe(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(of), {"type": "null"}]}


_VERDICT = {"enum": ["pass", "fail", "none"]}
_STAGE = {"enum": ["intake", "pitch", "iteration", "release", "okr lint"]}
_SUGGESTION = _object(kr=_TEXT, title=_MAYBE, reason=_TEXT)
_FINDING = _object(
    rule={"type": "string", "pattern": r"^[A-Z]{2,3}\d{3}$"},
    name={"type": "string", "pattern": "^[a-z0-9-]+$"},
    severity={"enum": ["error", "warning", "info"]},
    team=_TEXT,
    entity=_object(source=_MAYBE, kind=_TEXT, key=_TEXT, url=_MAYBE, title=_MAYBE),
    kr=_MAYBE,
    created_by=_MAYBE,
    message=_TEXT,
    help=_TEXT,
    paste=_MAYBE,
    suggestion=_maybe(_SUGGESTION),
    suggestions=_list(_SUGGESTION),
    alternative=_MAYBE,
    baselined={"type": "boolean"},
    fingerprint={"type": "string", "pattern": "^[0-9a-f]{32}$"},
    location=_maybe(_object(path=_TEXT, line={"type": "integer", "minimum": 1})),
)
_WAIVER = _object(reason=_TEXT, owner=_TEXT, expires={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"})
_WAIVED = {**_object(**_FINDING["properties"], waiver=_WAIVER)}

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "okr-delivery gate",
    **_object(
        schema={"const": "okr-delivery/gate/1"},
        tool=_TEXT,
        verdict=_VERDICT,
        reasons=_list(_object(team=_MAYBE, message=_TEXT)),
        as_of=_INSTANT,
        stage=_STAGE,
        merge_request=_maybe(
            _object(
                source=_TEXT,
                ref=_TEXT,
                title=_TEXT,
                url=_MAYBE,
                sha=_TEXT,
                closes=_list(_TEXT),
                mentions=_list(_TEXT),
                outside=_list(_TEXT),
                unknown=_list(_TEXT),
            )
        ),
        iterations=_list(_object(team=_TEXT, source=_TEXT, id=_TEXT, name=_TEXT)),
        sources=_list(
            _object(name=_TEXT, fetched_at=_maybe(_INSTANT), complete={"type": "boolean"}, needed={"type": "boolean"})
        ),
        summary=_object(error=_COUNT, warning=_COUNT, info=_COUNT, waived=_COUNT, baselined=_COUNT, ready=_COUNT),
        teams=_list(_object(team=_TEXT, verdict=_VERDICT, stage=_STAGE, judged=_COUNT, ready=_COUNT)),
        findings=_list(_FINDING),
        waived=_list(_WAIVED),
        waiver_problems=_list(_FINDING),
    ),
}
