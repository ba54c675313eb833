"""The GraphQL endpoint: what is refused before a query runs, the query itself, and how its errors are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)
from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab import graphql_fast, graphql_items, graphql_places, graphql_writes
from okr_delivery.sandbox.gitlab.graphql_cost import Cost
from okr_delivery.sandbox.gitlab.graphql_schema import schema_of
from okr_delivery.sandbox.gitlab.graphql_sources import Asked
from okr_delivery.sandbox.gitlab.http import Call, RefusedError, answer
from okr_delivery.sandbox.gitlab.limits import LimitError
from okr_delivery.sandbox.gitlab.state import Wire

RESOLVERS = {**graphql_items.RESOLVERS, **graphql_places.RESOLVERS, **graphql_writes.RESOLVERS}
TOO_COMPLEX = "Query has complexity of {score}, which exceeds max complexity of {limit}"
TOO_DEEP = "Query has depth of {depth}, which exceeds max depth of {limit}"
WORDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, Wire]]], ...] = (
    (
        re.compile(r"Cannot query field '(\w+)' on type '(\w+)'"),
        lambda m: (
            f"Field '{m[1]}' doesn't exist on type '{m[2]}'",
            {"code": "undefinedField", "typeName": m[2], "fieldName": m[1]},
        ),
    ),
    (
        re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'"),
        lambda m: (
            f"Field '{m[3]}' doesn't accept argument '{m[1]}'",
            {"code": "argumentNotAccepted", "name": m[3], "typeName": "Field", "argumentName": m[1]},
        ),
    ),
    (
        re.compile(r"Unknown type '(\w+)'"),
        lambda m: (f"No such type {m[1]}, so it can't be a fragment condition", {"code": "undefinedType"}),
    ),
)
"""How GitLab words what is not there."""


def execute(call: Call) -> Response:
    """One query, or an array of them whose scores count together."""
    data = _body(call)
    many = data if isinstance(data, list) else [data]
    if sum(len(str(row.get("query") or "")) for row in many) > call.faults.query_limit:
        raise RefusedError(422, {"errors": [{"message": "Query too large"}]})
    runner = _Runner(call)
    answers = [runner.run(row) for row in many]
    return answer(answers if isinstance(data, list) else answers[0])


def _body(call: Call) -> Any:
    if call.request.method != "POST":
        raise RefusedError(404, {"errors": [{"message": "Not found!"}]})
    try:
        data = json.loads(call.request.get_data())
    except ValueError as error:
        raise RefusedError(422, {"errors": [{"message": "Unexpected end of document"}]}) from error
    rows = data if isinstance(data, list) else [data]
    if not all(isinstance(row, dict) for row in rows):
        raise RefusedError(422, {"errors": [{"message": "Unexpected end of document"}]})
    return data


class _Runner:
    """Runs the queries of one request."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._schema = _resolving(call)
        self._spent = 0

    def run(self, row: Mapping[str, Any]) -> Wire:
        """`data` and `errors` of one query."""
        text, name = str(row.get("query") or ""), row.get("operationName")
        variables = row.get("variables") or {}
        try:
            document, errors = _checked(self._schema, text)
        except GraphQLError as error:
            return {"errors": [{"message": error.message, "locations": _places(error)}]}
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        operation = next((n for n in operations if name in (None, n.name.value if n.name else None)), None)
        if operation is None:
            return {"errors": [{"message": "No operation named " + repr(name)}]}
        self._named(operation)
        if errors:
            return {"errors": [_worded(error) for error in errors]}
        fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
        refused = self._dear(operation, Cost(self._schema, fragments, variables))
        if refused is not None:
            return {"errors": [{"message": refused}]}
        asked = Asked(self._call, self._spent, self._call.faults.complexity_limit)
        data = graphql_fast.run(self._schema, operation, fragments, variables, asked)
        if data is not None:
            return {"data": data}
        return self._told(execute_sync(self._schema, document, None, asked, variables, name))

    def _named(self, operation: OperationDefinitionNode) -> None:
        name = operation.name.value if operation.name else ""
        self._call.operations[name] += 1
        self._call.request.environ["okr.operation"] = name

    def _dear(self, operation: OperationDefinitionNode, cost: Cost) -> str | None:
        """Why a query is too much; None = it is not."""
        faults = self._call.faults
        try:
            self._spent += cost.score(operation)
        except GraphQLError as error:
            return error.message
        if self._spent > faults.complexity_limit:
            return TOO_COMPLEX.format(score=self._spent, limit=faults.complexity_limit)
        depth = cost.depth(operation.selection_set)
        if depth > faults.depth_limit:
            return TOO_DEEP.format(depth=depth, limit=faults.depth_limit)
        return None

    def _told(self, result: ExecutionResult) -> Wire:
        for error in result.errors or ():
            if isinstance(error.original_error, LimitError):
                raise error.original_error
        made: Wire = {"data": result.data}
        if result.errors:
            made["errors"] = [error.formatted for error in result.errors]
        return made


@lru_cache(maxsize=256)
def _checked(schema: GraphQLSchema, text: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A query as the schema sees it: the same one comes again and again. Raises GraphQLError for what is no query."""
    document = parse(text)
    return document, validate(schema, document, max_errors=5)


def _worded(error: GraphQLError) -> Wire:
    for pattern, told in WORDS:
        match = pattern.search(error.message)
        if match:
            message, more = told(match)
            return {"message": message, "locations": _places(error), "path": ["query"], "extensions": more}
    return {"message": error.message, "locations": _places(error)}


def _places(error: GraphQLError) -> list[Wire]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


def _resolving(call: Call) -> GraphQLSchema:
    return _with_resolvers(schema_of(call.features, call.faults.without))


@cache
def _with_resolvers(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with what finds its members, put in once."""
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            for name, field in owner.fields.items():
                field.resolve = RESOLVERS.get(f"{owner.name}.{name}")
    return schema
