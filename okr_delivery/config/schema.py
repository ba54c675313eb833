"""The JSON Schemas of the user's files, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from okr_delivery.config.models import Config
from okr_delivery.config.types import UNITS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of okr-delivery.yaml."""
    schema = schema_of(Config)
    teams = schema["properties"]["teams"]
    path = {"type": "string", "description": "A file with one team or a list of them, or a folder of such files."}
    teams["items"] = {"anyOf": [teams["items"], path]}
    return schema


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one kind of file, with defaults as a person would write them."""
    schema = model.model_json_schema(by_alias=True)
    for part in (schema, *schema.get("$defs", {}).values()):
        for member in part.get("properties", {}).values():
            if isinstance(member.get("default"), int) and member.get("pattern", "").endswith("[smhdw]$"):
                member["default"] = _duration(member["default"])
    return {"$schema": DIALECT, **schema}


def _duration(seconds: int) -> str:
    """The shortest way to write a length of time: 26h, not 93600s."""
    unit = next(name for name in "dhms" if seconds % UNITS[name] == 0)
    return f"{seconds // UNITS[unit]}{unit}"
