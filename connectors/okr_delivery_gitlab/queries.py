"""GraphQL queries, built from what a server has: what it lacks is not asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from okr_delivery_gitlab.capabilities import Capabilities

LONGEST = 10_000  # characters that GitLab accepts
LINKS = 50
DISCUSSIONS = 50
REFERENCES = 10
"""References that GitLab looks up at once."""
ALONE = 100
"""Discussions a page when one work item is read alone; GitLab gives no more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted beside the activity; each only where the server has it."""

    parent: bool = True
    links: bool = True
    status: bool = True
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Numbers of work items in one project or, for a group's own ones, group.

    `references`: full references of work items anywhere instead; `path` is then a project that the account sees.
    """

    path: str
    group: bool
    iids: tuple[str, ...]
    references: bool = False


class Queries:
    """Builds the queries for one server."""

    def __init__(self, capabilities: Capabilities, wish: Wish) -> None:
        self._can = capabilities
        self._wish = wish

    @property
    def references(self) -> bool:
        """Whether work items of any project can be asked for by their references."""
        return self._can.takes("Query", "workItemsByReference", "contextNamespacePath", "refs", "first")

    def items(self, places: Sequence[Place], discussions: int) -> tuple[str, dict[str, object]]:
        """Work items of several places with the first page of each one's activity, and the variables to send along."""
        holes = ", ".join(f"$p{n}: ID!, $i{n}: [String!]!" for n, _ in enumerate(places))
        asked = "\n".join(f"  {self._place(n, place)}" for n, place in enumerate(places))
        variables: dict[str, object] = {"first": discussions}
        for n, place in enumerate(places):
            variables |= {f"p{n}": place.path, f"i{n}": list(place.iids)}
        head = f"query activity({holes}, $first: Int)"
        return f"{head} {{\n{self._score()}{asked}\n}}\n{self._item('first: $first')}", variables

    def more(self, place: Place, cursor: str | None, discussions: int) -> tuple[str, dict[str, object]]:
        """One work item's activity behind a cursor."""
        head = "query more($p0: ID!, $i0: [String!]!, $first: Int, $after: String)"
        body = f"{head} {{\n{self._score()}  {self._place(0, place)}\n}}\n"
        text = body + self._item("first: $first, after: $after", alone=True)
        return text, {"p0": place.path, "i0": list(place.iids), "first": discussions, "after": cursor}

    def _score(self) -> str:
        has = self._can.has("Query", "queryComplexity") and self._can.has("QueryComplexity", "score", "limit")
        return "  queryComplexity { score limit }\n" if has else ""

    def _place(self, n: int, place: Place) -> str:
        if place.references:
            args = f"contextNamespacePath: $p{n}, refs: $i{n}, first: {REFERENCES}"
            return f"p{n}: workItemsByReference({args}) {{ nodes {{ ...item }} }}"
        name = (self._can.group_items or "group") if place.group else "project"
        return f"p{n}: {name}(fullPath: $p{n}) {{ workItems(iids: $i{n}, first: 100) {{ nodes {{ ...item }} }} }}"

    def _item(self, page: str, *, alone: bool = False) -> str:
        parts = list(self._notes(page))
        if not alone:
            parts += [*self._parent(), *self._links(), *self._status(), *self._custom()]
        reach = "widgets" if self._can.has("WorkItem", "widgets") else "features"
        inside = "\n".join(f"    {self._part(reach, *part)}" for part in parts)
        return f"fragment item on WorkItem {{\n  id iid\n  {reach} {{\n{inside}\n  }}\n}}"

    def _part(self, reach: str, feature: str, type_name: str, fields: str) -> str:
        return f"... on {type_name} {{ {fields} }}" if reach == "widgets" else f"{feature} {{ {fields} }}"

    def _notes(self, page: str) -> Iterable[tuple[str, str, str]]:
        said = " ".join(filter(None, ("createdAt body system", self._id(), self._action(), self._author())))
        yield (
            "notes", "WorkItemWidgetNotes",
            f"discussions(filter: ONLY_ACTIVITY, {page}) {{ pageInfo {{ hasNextPage endCursor }} "
            f"nodes {{ notes {{ pageInfo {{ hasNextPage }} nodes {{ {said} }} }} }} }}",
        )  # fmt: skip

    def _id(self) -> str:
        return "id" if self._can.has("Note", "id") else ""

    def _action(self) -> str:
        has = self._can.has("Note", "systemNoteMetadata") and self._can.has("SystemNoteMetadata", "action")
        return "systemNoteMetadata { action }" if has else ""

    def _author(self) -> str:
        has = self._can.has("Note", "author") and self._can.has("UserCore", "id")
        name = "username" if self._can.has("UserCore", "username") else ""
        return f"author {{ {f'id {name}'.rstrip()} }}" if has else ""

    def _parent(self) -> Iterable[tuple[str, str, str]]:
        name = "WorkItemWidgetHierarchy"
        if self._wish.parent and self._can.widget("hierarchy", name) and self._can.has(name, "parent"):
            yield "hierarchy", name, f"parent {{ {self._other()} }}"

    def _links(self) -> Iterable[tuple[str, str, str]]:
        name = "WorkItemWidgetLinkedItems"
        has = self._can.takes(name, "linkedItems", "first") and self._can.has(
            "LinkedWorkItemType", "linkType", "workItem"
        )
        if self._wish.links and self._can.widget("linkedItems", name) and has:
            inside = f"linkType workItem {{ {self._other()} }}"
            yield "linkedItems", name, f"linkedItems(first: {LINKS}) {{ nodes {{ {inside} }} }}"

    def _other(self) -> str:
        """What is asked of another work item."""
        typed = self._can.has("WorkItem", "workItemType") and self._can.has("WorkItemType", "name")
        named = " workItemType { name }" if typed else ""
        return f"id title reference(full: true){named}"

    def _status(self) -> Iterable[tuple[str, str, str]]:
        name = "WorkItemWidgetStatus"
        found = self._can.member(name, "status")
        is_object = (
            found is not None and found.type == "WorkItemStatus" and self._can.has("WorkItemStatus", "id", "name")
        )
        if self._wish.status and self._can.widget("status", name) and is_object:
            yield "status", name, "status { id name }"

    def _custom(self) -> Iterable[tuple[str, str, str]]:
        name = "WorkItemWidgetCustomFields"
        has = self._can.has(name, "customFieldValues") and self._can.has("CustomField", "id", "name")
        if self._wish.custom and self._can.widget("customFields", name) and has:
            values = " ".join(self._values())
            yield "customFields", name, f"customFieldValues {{ customField {{ id name }} {values} }}"

    def _values(self) -> Iterable[str]:
        """Values of different types under names of their own: one name may stand for one type only."""
        for kind, alias in (("Text", "text"), ("Number", "number"), ("Date", "date")):
            if self._can.has(f"WorkItem{kind}FieldValue", "value"):
                yield f"... on WorkItem{kind}FieldValue {{ {alias}: value }}"
        if self._can.has("WorkItemSelectFieldValue", "selectedOptions") and self._can.has(
            "CustomFieldSelectOption", "value"
        ):
            yield "... on WorkItemSelectFieldValue { selectedOptions { value } }"
