"""The JSON Schema of `okr-delivery/gate/1`. Keys may be added within a version, so unknown ones are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from okr_delivery.output.gate_words import COUNTED
from okr_delivery.output.shapes import INSTANT, MAYBE, TEXT, many, maybe, record

_COUNT = {"type": "integer", "minimum": 0}
_VERDICT = {"enum": ["pass", "fail", "none"]}
_STAGE = {"enum": ["intake", "pitch", "iteration", "release", "okr lint"]}
_SUGGESTION = record(kr=TEXT, title=MAYBE, reason=TEXT)
_FINDING = record(
    rule={"type": "string", "pattern": r"^[A-Z]{2,3}\d{3}$"},
    name={"type": "string", "pattern": "^[a-z0-9-]+$"},
    severity={"enum": ["error", "warning", "info"]},
    team=TEXT,
    entity=record(source=MAYBE, kind=TEXT, key=TEXT, url=MAYBE, title=MAYBE),
    kr=MAYBE,
    created_by=MAYBE,
    message=TEXT,
    help=TEXT,
    paste=MAYBE,
    suggestion=maybe(_SUGGESTION),
    suggestions=many(_SUGGESTION),
    alternative=MAYBE,
    baselined={"type": "boolean"},
    fingerprint={"type": "string", "pattern": "^[0-9a-f]{32}$"},
    location=maybe(record(path=TEXT, line={"type": "integer", "minimum": 1})),
)
_WAIVER = record(reason=TEXT, owner=TEXT, owner_name=MAYBE, expires={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"})
_WAIVED = {**record(**_FINDING["properties"], waiver=_WAIVER)}

SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "okr-delivery gate",
    **record(
        schema={"const": "okr-delivery/gate/1"},
        tool=TEXT,
        verdict=_VERDICT,
        reasons=many(record(team=MAYBE, message=TEXT)),
        as_of=INSTANT,
        stage=_STAGE,
        merge_request=maybe(
            record(
                source=MAYBE,
                ref=TEXT,
                title=TEXT,
                url=MAYBE,
                sha=TEXT,
                closes=many(TEXT),
                mentions=many(TEXT),
                outside=many(TEXT),
                unknown=many(TEXT),
            )
        ),
        iterations=many(record(team=TEXT, source=TEXT, id=TEXT, name=TEXT)),
        sources=many(
            record(name=TEXT, fetched_at=maybe(INSTANT), complete={"type": "boolean"}, needed={"type": "boolean"})
        ),
        summary=record(error=_COUNT, warning=_COUNT, info=_COUNT, waived=_COUNT, baselined=_COUNT, ready=_COUNT),
        teams=many(record(team=TEXT, verdict=_VERDICT, stage=_STAGE, judged=_COUNT, ready=_COUNT, notes=many(TEXT))),
        counts=many(record(team=TEXT, rule=TEXT, **dict.fromkeys(COUNTED, _COUNT))),
        findings=many(_FINDING),
        waived=many(_WAIVED),
        waiver_problems=many(_FINDING),
    ),
}
