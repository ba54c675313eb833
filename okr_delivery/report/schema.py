"""The JSON Schema of `okr-delivery/report/1`, read off the view's dataclasses so that the two can't drift apart."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from okr_delivery.report.json import SCHEMA
from okr_delivery.report.parts import IterationReport

PLAIN: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    NoneType: {"type": "null"},
}


def json_schema() -> dict[str, Any]:
    """Draft 2020-12; every key is required, further keys are allowed (a later version may add some)."""
    definitions: dict[str, Any] = {}
    entry = _of(IterationReport, definitions)
    members = {
        "schema": {"const": SCHEMA},
        "lang": {"enum": ["en", "zh"]},
        "iterations": {"type": "array", "items": entry, "minItems": 1},
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA}
    return {**head, "type": "object", "properties": members, "required": list(members), "$defs": definitions}


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is tuple:
        return _array(get_args(kind), definitions)
    if isinstance(kind, UnionType):
        return {"anyOf": [_of(option, definitions) for option in get_args(kind)]}
    if not is_dataclass(kind):
        raise TypeError(f"the view holds {kind}, which has no JSON form")
    return _reference(kind, definitions)


def _array(kinds: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return {"type": "array", "items": _of(kinds[0], definitions)}
    parts = [_of(kind, definitions) for kind in kinds]
    return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}


def _reference(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        hints = get_type_hints(kind)
        members = {field.name: _of(hints[field.name], definitions) for field in fields(kind)}
        definitions[name] |= {"type": "object", "properties": members, "required": list(members)}
    return {"$ref": f"#/$defs/{name}"}
