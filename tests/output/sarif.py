"""What a SARIF 2.1.0 file of ours may hold, as a JSON Schema in words of our own.

It is narrower than the standard's: only the members that GitHub reads and that we write, none of them empty, texts of
at most 1,024 characters, every result with a place in a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT = {"type": "string", "minLength": 1, "maxLength": 1024, "pattern": r"\S"}
NAME = {"type": "string", "minLength": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
LINE = {"type": "integer", "minimum": 1}
WEB = {"type": "string", "pattern": r"^https?://[^\s<>\"{}|\\^`]+$"}


def closed(required: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these members and no other."""
    members = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": members, "additionalProperties": False}


def rows(of: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


MESSAGE = closed({"text": TEXT})
RULE = closed(
    {
        "id": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,255}$"},
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": closed({"text": TEXT, "markdown": TEXT}),
        "defaultConfiguration": closed({"level": LEVEL}),
    }
)
DRIVER = closed(
    {
        "name": NAME,
        "version": NAME,
        "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)*$"},
        "rules": rows(RULE, uniqueItems=True),
    }
)
REGION = closed({"startLine": LINE, "startColumn": LINE, "endLine": LINE, "endColumn": LINE})
FILE = closed({"uri": {"type": "string", "pattern": r"^(?![/.])(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"}})
TICKET = closed({"name": NAME, "fullyQualifiedName": NAME, "kind": {"const": "resource"}})
LOCATION = closed(
    {"physicalLocation": closed({"artifactLocation": FILE, "region": REGION})},
    logicalLocations=rows(TICKET, minItems=1, maxItems=1),
)
RESULT = closed(
    {
        "ruleId": NAME,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": MESSAGE,
        "locations": rows(LOCATION, minItems=1, maxItems=1),
        "partialFingerprints": closed({"primaryLocationLineHash": NAME}),
    },
    workItemUris=rows(WEB, minItems=1, uniqueItems=True),
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
    suppressions=rows(
        closed({"kind": {"enum": ["inSource", "external"]}, "status": {"const": "accepted"}, "justification": TEXT}),
        minItems=1,
    ),
)
INVOCATION = closed(
    {"executionSuccessful": {"type": "boolean"}},
    toolExecutionNotifications=rows(closed({"level": LEVEL, "message": MESSAGE}), minItems=1),
)
RUN = closed(
    {
        "tool": closed({"driver": DRIVER}),
        "language": {"type": "string", "pattern": "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"},
        "invocations": rows(INVOCATION, minItems=1, maxItems=1),
        "results": rows(RESULT, maxItems=25_000),
    }
)
SCHEMA: Mapping[str, Any] = closed(
    {"$schema": WEB, "version": {"const": "2.1.0"}, "runs": rows(RUN, minItems=1, maxItems=1)}
)
