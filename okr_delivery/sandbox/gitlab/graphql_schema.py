"""The schema of one server: the SDL beside this package's data, without what its version and edition have not got."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from graphql import GraphQLSchema, build_ast_schema, parse
from graphql.language import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeNode,
)

from okr_delivery.sandbox.gitlab.tiers import Features, version_of

BUILT_IN = frozenset({"Int", "Float", "String", "Boolean", "ID"})
MARKS = frozenset({"since", "until", "ee"})
FIELDED = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode, InputObjectTypeDefinitionNode)
Node = TypeVar("Node", bound=Any)


def schema_of(features: Features, without: Iterable[str] = ()) -> GraphQLSchema:
    """The schema of a server of this version and edition; `without` are types and fields it lacks beside."""
    return _schema(features.version[:2], features.enterprise, tuple(without))


@cache
def _schema(version: tuple[int, int], enterprise: bool, without: tuple[str, ...]) -> GraphQLSchema:
    """Built once for each kind: it takes a tenth of a second, and tests start a server each."""
    text = files("okr_delivery.sandbox").joinpath("data", "gitlab.graphql").read_text(encoding="utf-8")
    kept = _Kept(version, enterprise, frozenset(without))
    definitions = [row for row in parse(text, no_location=True).definitions if _plain(row)]
    definitions = _closed([kept.definition(row) for row in definitions if kept.stands(row)], frozenset(without))
    return build_ast_schema(DocumentNode(definitions=tuple(definitions)))


def _plain(row: DefinitionNode) -> bool:
    return not (isinstance(row, DirectiveDefinitionNode) and row.name.value in MARKS)


class _Kept:
    """Which nodes stand at one version and edition; their marks are taken off."""

    def __init__(self, version: tuple[int, int], enterprise: bool, without: frozenset[str]) -> None:
        self._version, self._enterprise, self._without = version, enterprise, without

    def stands(self, node: Node) -> bool:
        """Whether the marks of a node let it stand."""
        return all(self._allows(mark) for mark in getattr(node, "directives", None) or ())

    def _allows(self, mark: Any) -> bool:
        if mark.name.value == "ee":
            return self._enterprise
        value = mark.arguments[0].value
        assert isinstance(value, StringValueNode)  # noqa: S101  # as the directives are declared
        reached = self._version >= version_of(value.value)[:2]
        return reached if mark.name.value == "since" else not reached

    def definition(self, node: Any) -> Any:
        """A copy with what stands of its members."""
        if isinstance(node, FIELDED):
            return _changed(node, fields=self._members(node.fields or (), node.name.value))
        if isinstance(node, EnumTypeDefinitionNode):
            return _changed(node, values=tuple(_changed(value) for value in node.values or () if self.stands(value)))
        return _changed(node) if hasattr(node, "name") else node

    def _members(self, rows: Iterable[Any], owner: str) -> tuple[Any, ...]:
        named = ((row, f"{owner}.{row.name.value}") for row in rows if self.stands(row))
        return tuple(self._member(row) for row, name in named if name not in self._without)

    def _member(self, row: Any) -> Any:
        if not hasattr(row, "arguments"):
            return _changed(row)
        return _changed(row, arguments=tuple(_changed(each) for each in row.arguments or () if self.stands(each)))


def _changed(node: Node, **values: Any) -> Node:
    """A copy of a node without its marks, with other values for some members."""
    members = {name: getattr(node, name, None) for name in node.keys if name != "loc"}
    made: Node = type(node)(**{**members, "directives": (), **values})
    return made


def _closed(rows: list[Any], without: frozenset[str]) -> list[Any]:
    """Takes out what leads to types that are not there, until nothing does."""
    rows = [row for row in rows if not hasattr(row, "name") or row.name.value not in without]
    while True:
        known = {row.name.value for row in rows if hasattr(row, "name")} | BUILT_IN
        closed = [row for row in (_leading(row, known) for row in rows) if row is not None]
        if _size(closed) == _size(rows):
            return closed
        rows = closed


def _leading(row: Any, known: set[str]) -> Any:
    if not isinstance(row, FIELDED):
        return row
    fields = tuple(_arguments(each, known) for each in row.fields or () if _named(each.type) in known)
    if not fields:
        return None
    more: dict[str, Any] = {}
    if isinstance(row, ObjectTypeDefinitionNode) and row.interfaces:
        more["interfaces"] = tuple(each for each in row.interfaces if each.name.value in known)
    return _changed(row, fields=fields, **more)


def _arguments(row: Any, known: set[str]) -> Any:
    if not getattr(row, "arguments", None):
        return row
    return _changed(row, arguments=tuple(each for each in row.arguments if _named(each.type) in known))


def _size(rows: Iterable[Any]) -> int:
    return sum(1 for _ in _walk(rows))


def _walk(rows: Iterable[Any]) -> Iterator[Any]:
    for row in rows:
        yield row
        for each in getattr(row, "fields", None) or ():
            yield each
            yield from getattr(each, "arguments", None) or ()


def _named(node: TypeNode) -> str:
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    return str(node.name.value)  # type: ignore[attr-defined]  # what is neither list nor non-null has a name
