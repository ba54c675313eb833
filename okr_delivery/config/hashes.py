"""Fingerprints of the settings that stored or derived data depend on."""

from __future__ import annotations

import hashlib
import json

from okr_delivery.config import calendar as calendars
from okr_delivery.config.calendar import CalendarSettings
from okr_delivery.config.sources import Source

FETCHED = {"type", "url", "deployment", "projects", "groups", "boards", "jql", "history", "fields"}


def settings_hash(source: Source, calendar: CalendarSettings | None = None) -> str:
    """Of what timelines are derived with: the meaning of statuses and, where given, the calendar."""
    known = {
        "statuses": source.statuses.model_dump(mode="json"),
        "calendar": calendars.build(calendar).fingerprint if calendar is not None else None,
    }
    return _digest(known)


def fetch_hash(source: Source) -> str:
    """Of what is asked of the tracker: another scope or other fields need a full sync."""
    known = source.model_dump(mode="json", include=FETCHED)
    scope = source.statuses.label_scope  # labels of another scope are other statuses, in every issue's history
    return _digest(known if scope is None else {**known, "label_scope": scope})


def deployments_hash(source: Source) -> str:
    """Of what is asked of the tracker's deployments: with another one, all of them are read again, and no issue."""
    return _digest(source.model_dump(mode="json", include={*FETCHED, "deployments"}))


def _digest(known: object) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
