"""What a query costs: a score made as GitLab makes it, and how deep it goes.

Every field costs 1 and what is inside it. Lists that are looked up cost a hundredth more for each row they may have,
discussions a twentieth. Of fragments on different types the dearest counts, because an object has one type; aliases
add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    value_from_ast_untyped,
)
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef

PAGE = 100
CONSTANT = {"linkedItems": 5, "children": 5, "ancestors": 5, "parent": 5, "commits": 2, "commitsWithoutMergeCommits": 2}
RESOLVED = frozenset(
    {
        "workItems", "workItemTypes", "labels", "milestones", "iterations", "iterationCadences", "mergeRequests",
        "projects", "descendantGroups", "environments", "deployments", "lifecycles", "statuses", "customFields",
        "project", "group", "namespace", "workItem", "workItemsByReference", "mergeRequest", "metadata",
        "discussions",
    }
)  # fmt: skip
"""Fields that are looked up, which costs 1 more, and as lists by their rows."""
MULTIPLIER = {"discussions": 0.05}
GITALY = frozenset({"discussions"})  # text that may name commits has to be looked up
Selected = tuple[GraphQLNamedType, SelectionSetNode]


class Cost:
    """The score and depth of one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables

    def score(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        return self._inside([(root, operation.selection_set)]) if root else 0

    def _inside(self, selected: Iterable[Selected]) -> int:
        """The dearest of the types that an object with these selections may have."""
        rows = list(selected)
        types = {name: kind for owner, _ in rows for name, kind in self._possible(owner).items()}
        return max((self._of(kind, rows) for kind in types.values()), default=0)

    def _possible(self, owner: GraphQLNamedType) -> dict[str, GraphQLObjectType]:
        if isinstance(owner, GraphQLObjectType):
            return {owner.name: owner}
        if is_abstract_type(owner):
            abstract: GraphQLAbstractType = owner
            return {kind.name: kind for kind in self._schema.get_possible_types(abstract)}
        return {}

    def _of(self, kind: GraphQLObjectType, rows: Iterable[Selected]) -> int:
        fields: dict[str, list[FieldNode]] = {}
        for _, selection in rows:
            self._collect(kind, selection, fields)
        return sum(self._field(kind, nodes) for nodes in fields.values())

    def _collect(self, kind: GraphQLObjectType, selection: SelectionSetNode, found: dict[str, list[FieldNode]]) -> None:
        for node in selection.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._fits(kind, node.type_condition.name.value):
                    self._collect(kind, node.selection_set, found)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if self._fits(kind, fragment.type_condition.name.value):
                    self._collect(kind, fragment.selection_set, found)

    def _fits(self, kind: GraphQLObjectType, name: str) -> bool:
        wanted = self._schema.get_type(name)
        return wanted is kind or (is_abstract_type(wanted) and self._schema.is_sub_type(wanted, kind))

    def _field(self, owner: GraphQLObjectType, nodes: list[FieldNode]) -> int:
        name = nodes[0].name.value
        definition = self._definition(owner, name)
        if definition is None:
            return 1
        kind = get_named_type(definition.type)
        sets = [node.selection_set for node in nodes if node.selection_set]
        child = self._inside((kind, selection) for selection in sets) if is_composite_type(kind) else 0
        if name in CONSTANT:
            return child + CONSTANT[name]
        return self._looked_up(name, nodes[0], kind, child) if name in RESOLVED else child + 1

    def _looked_up(self, name: str, node: FieldNode, kind: GraphQLNamedType, child: int) -> int:
        given = {each.name.value: self._value(each.value) for each in node.arguments or ()}
        cost = child + 1 + (1 if given.get("sort") else 0) + (5 if given.get("search") else 0)
        cost += 1 if name in GITALY else 0
        if not kind.name.endswith("Connection"):
            return cost
        rows = min(PAGE, *(given[side] for side in ("first", "last") if isinstance(given.get(side), int)), PAGE)
        by_number = given.get("iid") or given.get("iids")
        return int(cost + cost * rows * (0 if by_number else MULTIPLIER.get(name, 0.01)))

    def _value(self, node: ValueNode) -> Any:
        value = value_from_ast_untyped(node, dict(self._variables))
        return None if value is Undefined else value

    def _definition(self, owner: GraphQLObjectType, name: str) -> GraphQLField | None:
        if owner is self._schema.query_type and name in ("__schema", "__type"):
            return SchemaMetaFieldDef if name == "__schema" else TypeMetaFieldDef
        found: GraphQLField | None = owner.fields.get(name)
        return found

    def depth(self, selection: SelectionSetNode) -> int:
        """How many fields lie within each other at the deepest place."""
        return max((self._deep(node) for node in selection.selections), default=0)

    def _deep(self, node: Any) -> int:
        if isinstance(node, FieldNode):
            return 1 + (self.depth(node.selection_set) if node.selection_set else 0)
        if isinstance(node, FragmentSpreadNode):
            return self.depth(self._fragments[node.name.value].selection_set)
        return self.depth(node.selection_set)
