"""The JSON Schema of OKR files, for editors."""

from __future__ import annotations

from typing import Any

from okr_delivery.config.schema import schema_of
from okr_delivery.okrs.files import CADENCE_PATTERN, CADENCES, DAYS_PATTERN, OkrFile


def json_schema() -> dict[str, Any]:
    """The schema of `okrs/*.yaml`."""
    schema = schema_of(OkrFile)
    for part in schema["$defs"].values():
        for member in part["properties"].values():
            if member.get("pattern") == DAYS_PATTERN:
                member["default"] = f"{member['default']}d"
            elif member.get("pattern") == CADENCE_PATTERN:
                member["default"] = next(name for name, days in CADENCES.items() if days == member["default"])
    return schema
