"""Labels: their scopes, and the lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from okr_delivery.sync.workers import together
from okr_delivery_gitlab.client import GitLabClient
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.scope import Place
from okr_delivery_gitlab.settings import Label
from okr_delivery_gitlab.values import Row, by_number, string

EVERY = {
    "projects": {"include_ancestor_groups": "true"},
    "groups": {"include_ancestor_groups": "true", "include_descendant_groups": "true", "only_group_labels": "false"},
}


def scope_of(name: str) -> tuple[str, str]:
    """Scope and rest of a label's name; the last `::` divides them. The scope is "" for a plain label."""
    scope, sign, rest = name.rpartition("::")
    return (scope, rest) if sign and scope and rest else ("", name)


def renamed(before: Iterable[Label], now: Iterable[Label]) -> bool:
    """Whether a label has another name than it had: issues and their past speak with it, and none is touched."""
    names = {label.id: label.name for label in now}
    return any(names.get(label.id, label.name) != label.name for label in before)


def read_labels(client: GitLabClient, places: Sequence[Place]) -> tuple[Label, ...]:
    """All labels that issues in these places can carry, each once."""
    lists = together([partial(_of_place, client, place) for place in places])
    known = {label.id: label for found in lists for label in found}
    return tuple(sorted(known.values(), key=lambda label: by_number(label.id)))


def _of_place(client: GitLabClient, place: Place) -> list[Label]:
    asked = {"with_counts": "false", **EVERY[place.kind]}
    rows = client.rows(f"{place.below}/labels", asked, what=f"{place.kind}/:id/labels")
    return [_label(row, place) for row in rows]


def _label(row: Row, place: Place) -> Label:
    ref, name = string(row.get("id")), string(row.get("name"))
    if ref is None or name is None:
        raise broken("shape", "labels")
    own = place.kind == "projects" and row.get("is_project_label") is not False
    return Label(ref, name, f"project {place.id}" if own else None)
