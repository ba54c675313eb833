"""What only GraphQL tells of a top-level group: its custom statuses and custom fields, where the tier has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, GraphQLErrors
from okr_delivery_gitlab.graphql import persistent
from okr_delivery_gitlab.settings import CustomStatus
from okr_delivery_gitlab.values import Row, mapping, nodes, number_of, string


@dataclass(frozen=True, slots=True)
class CustomField:
    id: str
    name: str


def roots(paths: Iterable[str]) -> list[str]:
    """The top-level groups of some groups, each once."""
    return sorted({path.partition("/")[0] for path in paths})


class NamespaceReader:
    """Asks top-level groups. One whose answer is an error has nothing of the kind to offer to this account."""

    def __init__(self, client: GitLabClient, can: Capabilities, paths: Sequence[str]) -> None:
        self._client = client
        self._can = can
        self._paths = paths

    def statuses(self) -> tuple[CustomStatus, ...]:
        """In the order of their lifecycles; none on a tier without them."""
        if not self._can.has("Namespace", "lifecycles") or not self._can.has("WorkItemStatus", "id", "name"):
            return ()
        category = "category" if self._can.has("WorkItemStatus", "category") else ""
        wanted = f"lifecycles {{ nodes {{ id name statuses {{ id name {category} }} }} }}"
        found: dict[str, CustomStatus] = {}
        for row in self._asked("namespace", wanted, "statuses"):
            for lifecycle in nodes(row.get("lifecycles")):
                for status in (mapping(each) for each in _items(lifecycle.get("statuses"))):
                    _put(found, status)
        return tuple(found.values())

    def fields(self) -> tuple[CustomField, ...] | None:
        """The active custom fields; None on a tier or version without them."""
        owner = next((o for o in ("Namespace", "Group") if self._can.has(o, "customFields")), None)
        if owner is None or not self._can.has("CustomField", "id", "name"):
            return None
        active = "(active: true)" if self._can.takes(owner, "customFields", "active") else ""
        wanted = f"customFields{active} {{ nodes {{ id name }} }}"
        rows = [
            row for row in self._asked(owner.lower(), wanted, "fields") if isinstance(row.get("customFields"), dict)
        ]
        if not rows:
            return None
        found = [(number_of(f.get("id")), string(f.get("name"))) for row in rows for f in nodes(row["customFields"])]
        return tuple(CustomField(ref, name) for ref, name in found if ref and name)

    def _asked(self, root: str, wanted: str, what: str) -> list[Row]:
        if not self._paths:
            return []
        holes = ", ".join(f"$p{n}: ID!" for n, _ in enumerate(self._paths))
        asked = "\n".join(f"  n{n}: {root}(fullPath: $p{n}) {{ {wanted} }}" for n, _ in enumerate(self._paths))
        variables = {f"p{n}": path for n, path in enumerate(self._paths)}
        try:
            data = persistent(self._client, f"query {what}({holes}) {{\n{asked}\n}}", variables, what=f"graphql {what}")
        except GraphQLErrors as error:
            data = error.data if error.hidden else {}
        return [mapping(data.get(f"n{n}")) for n, _ in enumerate(self._paths)]


def _items(statuses: object) -> list[object]:
    """A plain list, or a connection's nodes."""
    return list(statuses) if isinstance(statuses, list) else list(nodes(statuses))


def _put(found: dict[str, CustomStatus], row: Row) -> None:
    ref, name = number_of(row.get("id")), string(row.get("name"))
    if ref is not None and name is not None and ref not in found:
        found[ref] = CustomStatus(ref, name, (string(row.get("category")) or "").lower(), len(found))
