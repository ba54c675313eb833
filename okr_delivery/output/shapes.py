"""The pieces that the JSON Schemas of our documents are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"}


def record(**members: Mapping[str, Any]) -> dict[str, Any]:
    """An object whose keys are all always there."""
    return {"type": "object", "required": sorted(members), "properties": dict(members)}


def many(of: Mapping[str, Any]) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "items": dict(of)}


def maybe(of: Mapping[str, Any]) -> dict[str, Any]:
    """It, or null."""
    return {"anyOf": [dict(of), {"type": "null"}]}
