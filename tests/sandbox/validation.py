"""Calls held against the vendor's specifications: requests strictly, answers with the relaxation real traffic needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

BASE = "http://sandbox.test"


def strict(document: dict[str, Any], root: str = "") -> OpenAPI:
    """The specification as it is, but for its server and for query parameters that it types as objects."""
    for item in document["paths"].values():
        for operation in (o for o in item.values() if isinstance(o, dict)):
            operation.pop("security", None)  # logins are the server's own tests
            for parameter in operation.get("parameters") or []:
                schema = parameter.get("schema") or {}
                if parameter["in"] == "query" and (
                    schema.get("type") == "object" or "StringList" in json.dumps(schema)
                ):
                    parameter["schema"] = {"type": "string"}
    document.pop("security", None)
    config = Config(spec_validator_cls=None)  # type: ignore[arg-type]  # None = the files' own faults are not looked at
    return OpenAPI.from_dict(document | {"servers": [{"url": f"{BASE}{root}"}]}, config=config)


def relaxed(document: dict[str, Any], root: str = "") -> OpenAPI:
    """The specification for answers: more members, null and epoch instants are legal."""
    for schema in list(_objects(document)):
        _relax(schema)
    for path, operations in document["paths"].items():
        if path.endswith("/remotelink"):  # one link, says the file, of what is a list unless a global id is given
            operations["get"]["responses"]["200"]["content"]["application/json"] = {}
    changelog = document["components"]["schemas"].get("Changelog")
    if changelog:
        changelog["properties"]["created"] = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
    return strict(document, root)


LISTS = ("field", "status", "issuetype", "priority", "resolution", "project", "project/{projectIdOrKey}/versions")
PAGES = ("board", "board/{boardId}/sprint")


def _listed(document: dict[str, Any]) -> dict[str, Any]:
    """The answers that are lists and pages, said so."""
    for path in LISTS:
        content = _content(document, f"/api/2/{path}")
        content["schema"] = {"type": "array", "items": content["schema"]}
    for path in PAGES:
        content = _content(document, f"/agile/1.0/{path}")
        content["schema"] = {"type": "object", "properties": {"values": {"type": "array", "items": content["schema"]}}}
    document["components"]["schemas"]["IssueBean"]["properties"]["fields"] = {"type": "object"}
    return document


def _untyped(document: dict[str, Any]) -> dict[str, Any]:
    """Values of fields and properties may be anything, though the file says object and string."""
    document["components"]["schemas"]["IssueUpdateBean"]["properties"]["fields"] = {"type": "object"}
    operation = document["paths"]["/api/2/issue/{issueIdOrKey}/properties/{propertyKey}"]["put"]
    operation["requestBody"]["content"]["application/json"] = {}
    return document


def _content(document: dict[str, Any], path: str) -> dict[str, Any]:
    content: dict[str, Any] = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return content


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in list(node.values()):
            yield from _objects(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _objects(inner)


def _relax(node: dict[str, Any]) -> None:
    example = node.get("example")
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        node["example"] = _parsed(example)
    if node.get("additionalProperties") is False:
        del node["additionalProperties"]
    if node.get("format") == "date-time":
        del node["format"]
    members = node.get("properties")
    for schema in list(members.values()) if isinstance(members, dict) else []:
        if isinstance(schema, dict) and schema.keys() & {"type", "allOf"}:
            schema["nullable"] = True
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]


def _parsed(example: str) -> Any:
    try:
        return json.loads(example)
    except ValueError:
        return example


@dataclass(frozen=True)
class Specification:
    """Both readings of one file."""

    strict: OpenAPI
    relaxed: OpenAPI
    version: int = 3  # of the platform API that the file describes

    @classmethod
    def read(cls, path: Path) -> Specification:
        text = path.read_text(encoding="utf-8")
        return cls(strict(json.loads(text)), relaxed(json.loads(text)))

    @classmethod
    def datacenter(cls, path: Path) -> Specification:
        """The file of Data Center, which types lists as one item and an issue's fields as objects."""
        text = path.read_text(encoding="utf-8")
        return cls(strict(_untyped(json.loads(text)), "/rest"), relaxed(_listed(json.loads(text)), "/rest"), 2)

    def check(self, answer: requests.Response) -> None:
        """Validates a call as it went over the wire. Raises openapi-core's error."""
        request = _request(answer.request, self.version)
        self.strict.validate_request(request)
        if not answer.content:
            return  # 204 and its like: the files promise content that the server never sends
        response = MockResponse(answer.content, status_code=answer.status_code, content_type="application/json")
        self.relaxed.validate_response(request, response)


def _request(sent: requests.PreparedRequest, version: int) -> MockRequest:
    parts = urlsplit(sent.url or "")
    path = parts.path.replace("/rest/api/2/", f"/rest/api/{version}/")
    query: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query):
        query[name] = [*query[name], value] if name in query else [value]
    body = sent.body if isinstance(sent.body, bytes) else (sent.body or "").encode()
    return MockRequest(
        BASE,
        (sent.method or "get").lower(),
        path,
        args={name: values if len(values) > 1 else values[0] for name, values in query.items()},
        headers={"Authorization": "Basic eDp5"},
        data=body or None,
        content_type="application/json",
    )
