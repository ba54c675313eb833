"""What a GitLab's GraphQL knows, asked by introspection: one unknown field would fail a whole query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from okr_delivery.sync.errors import SyncError
from okr_delivery_gitlab.assumed import PROBE, assumed
from okr_delivery_gitlab.client import GraphQLErrors, ServerBusyError
from okr_delivery_gitlab.graphql import Asks, persistent
from okr_delivery_gitlab.values import Row, listed, mapping, members, string

LOOKED_AT = (
    "Query", "QueryComplexity", "Project", "Group", "Namespace", "WorkItem", "WorkItemFeatures", "WorkItemType",
    "WorkItemWidgetNotes", "WorkItemWidgetHierarchy", "WorkItemWidgetLinkedItems", "WorkItemWidgetStatus",
    "WorkItemWidgetCustomFields", "LinkedWorkItemType", "WorkItemStatus", "Discussion", "Note", "SystemNoteMetadata",
    "CustomField", "WorkItemTextFieldValue", "WorkItemNumberFieldValue", "WorkItemSelectFieldValue",
    "WorkItemDateFieldValue", "CustomFieldSelectOption", "UserCore",
)  # fmt: skip
"""The types that this connector's queries may touch."""

TYPED = frozenset({"WorkItemWidgetStatus"})
"""Of these it is asked what their fields lead to: a custom status was a text before it was an object."""
_KNOWN = "fragment known on __Type { fields(includeDeprecated: true) { name args { name } } }"
_TYPED = """fragment typed on __Type {
  fields(includeDeprecated: true) { name args { name } type { name ofType { name ofType { name } } } }
}"""


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a type: its arguments and, where that was asked, the name of the type that it leads to."""

    type: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Types, their fields, and the values of the one enumeration that matters; survives a trip through JSON."""

    types: Mapping[str, Mapping[str, Member]] = field(default_factory=dict)
    filters: tuple[str, ...] = ()  # of notes
    widgets: tuple[str, ...] = ()  # the types that a work item's `widgets` may hold

    def member(self, owner: str, name: str) -> Member | None:
        return self.types.get(owner, {}).get(name)

    def has(self, owner: str, *names: str) -> bool:
        """Whether a type has all of these fields."""
        return owner in self.types and all(name in self.types[owner] for name in names)

    def takes(self, owner: str, name: str, *args: str) -> bool:
        """Whether a field takes all of these arguments."""
        found = self.member(owner, name)
        return found is not None and set(args) <= set(found.args)

    @property
    def activity(self) -> bool:
        """Whether histories can be read in bulk: work items by number, and their activity alone."""
        return (
            self.takes("Project", "workItems", "iids", "first")
            and self.widget("notes", "WorkItemWidgetNotes")
            and self.takes("WorkItemWidgetNotes", "discussions", "filter", "first", "after")
            and "ONLY_ACTIVITY" in self.filters
            and self.has("Discussion", "notes")
            and self.has("Note", "body", "createdAt", "system")
        )

    def widget(self, feature: str, type_name: str) -> bool:
        """Whether work items carry a widget, in `widgets` or, as newer servers do, among their `features`."""
        if self.has("WorkItem", "widgets"):
            return type_name in self.widgets and type_name in self.types
        return self.has("WorkItemFeatures", feature) and type_name in self.types

    @property
    def group_items(self) -> str | None:
        """The field of a query under which a group's own work items are: `namespace`, `group`, or None."""
        for owner, name in (("Namespace", "namespace"), ("Group", "group")):
            if self.takes(owner, "workItems", "iids", "first") and self.takes("Query", name, "fullPath"):
                return name
        return None

    def to_json(self) -> dict[str, object]:
        return {
            "types": {
                owner: {name: [member.type, *member.args] for name, member in fields.items()}
                for owner, fields in self.types.items()
            },
            "filters": list(self.filters),
            "widgets": list(self.widgets),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Capabilities:
        """None known for what nobody asked yet: an empty object."""
        types = {
            owner: {name: _member(listed(value)) for name, value in mapping(fields).items()}
            for owner, fields in mapping(raw.get("types")).items()
        }
        return cls(types, _texts(raw.get("filters")), _texts(raw.get("widgets")))


def discover(client: Asks) -> Capabilities:
    """What the server's schema holds, in one request; of one that refuses to tell, what every GitLab has.

    Raises SyncError for a server that does not answer, or only that something went wrong.
    """
    try:
        data = _asked(client, LOOKED_AT)
    except GraphQLErrors as error:
        without = isinstance(error.__cause__, SyncError) or _too_complex(error)
        return Capabilities() if without else common(client)
    except ServerBusyError as error:
        raise error.__cause__ or error from None
    types = {name: _fields(mapping(data.get(name))) for name in LOOKED_AT if isinstance(data.get(name), dict)}
    values = members(mapping(data.get("filters")).get("enumValues"))
    widgets = members(mapping(data.get("widgets")).get("possibleTypes"))
    return Capabilities(types, _names(values), _names(widgets))


def common(client: Asks) -> Capabilities:
    """What every GitLab has, for a server that tells nothing of itself; nothing if it does not answer that either."""
    try:
        told = client.graphql(PROBE, what="graphql schema")
    except (GraphQLErrors, ServerBusyError):
        return Capabilities()
    return Capabilities.from_json(assumed()) if "project" in told else Capabilities()


def _asked(client: Asks, names: Sequence[str]) -> dict[str, object]:
    """In two halves where it is too complex in one."""
    try:
        return dict(persistent(client, introspection(names), what="graphql schema"))
    except GraphQLErrors as error:
        if len(names) < 2 or not _too_complex(error):
            raise
        half = len(names) // 2
        return _asked(client, names[:half]) | _asked(client, names[half:])


def _too_complex(error: GraphQLErrors) -> bool:
    return any("complex" in message for message in error.messages)


def introspection(names: Sequence[str] = LOOKED_AT) -> str:
    """The query that `discover` sends, about some types."""
    told = {name: "typed" if name in TYPED else "known" for name in names}
    asked = [f'{name}: __type(name: "{name}") {{ ...{fragment} }}' for name, fragment in told.items()]
    asked.append('filters: __type(name: "NotesFilterType") { enumValues { name } }')
    asked.append('widgets: __type(name: "WorkItemWidget") { possibleTypes { name } }')
    fragments = {"known": _KNOWN, "typed": _TYPED}
    used = [text for name, text in fragments.items() if name in told.values()]
    lines = "\n".join(f"  {line}" for line in asked)
    return "\n".join([f"query schema {{\n{lines}\n}}", *used])


def _fields(row: Row) -> dict[str, Member]:
    return {
        str(entry["name"]): Member(_named(entry.get("type")), _names(members(entry.get("args"))))
        for entry in members(row.get("fields"))
        if string(entry.get("name"))
    }


def _named(kind: object) -> str:
    """The innermost type of a list or of what may not be null."""
    found = mapping(kind)
    while isinstance(found.get("ofType"), dict):
        found = mapping(found["ofType"])
    return string(found.get("name")) or ""


def _names(rows: list[Row]) -> tuple[str, ...]:
    return tuple(name for row in rows if (name := string(row.get("name"))))


def _member(row: list[object]) -> Member:
    kind, *args = (str(value) for value in row)
    return Member(kind, tuple(args))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in listed(value))
