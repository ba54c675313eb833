"""The JSON Schemas of the user's files, for editors."""

from __future__ import annotations

from typing import Any

from okr_delivery.config.models import Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of okr-delivery.yaml."""
    schema = Config.model_json_schema(by_alias=True)
    teams = schema["properties"]["teams"]
    path = {"type": "string", "description": "A file with one team or a list of them, or a folder of such files."}
    teams["items"] = {"anyOf": [teams["items"], path]}
    return {"$schema": DIALECT, **schema}
