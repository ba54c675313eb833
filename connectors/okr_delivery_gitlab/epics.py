"""Epics: work items of groups, which no list of REST's issues holds. Their rows are given the members of REST's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, GraphQLErrors, ServerBusyError
from okr_delivery_gitlab.graphql import refusal
from okr_delivery_gitlab.problems import broken
from okr_delivery_gitlab.values import Row, instant, listed, mapping, nodes, number_of, string

EPIC_ID = "epic-"
PAGE = 50
MOST_PAGES = 100_000
_PARTS = {
    "description": ("WorkItemWidgetDescription", "description"),
    "labels": ("WorkItemWidgetLabels", "labels { nodes { id title } }"),
    "healthStatus": ("WorkItemWidgetHealthStatus", "healthStatus"),
    "startAndDueDate": ("WorkItemWidgetStartAndDueDate", "dueDate"),
    "milestone": ("WorkItemWidgetMilestone", "milestone { id title }"),
    "timeTracking": ("WorkItemWidgetTimeTracking", "timeEstimate"),
    "weight": ("WorkItemWidgetWeight", "weight"),
}
_HEALTH = {"onTrack": "on_track", "needsAttention": "needs_attention", "atRisk": "at_risk"}


def offers_epics(can: Capabilities) -> bool:
    """Whether the epics of a group can be listed."""
    owner = _owner(can)
    return owner is not None and can.takes(owner, "workItems", "types", "first", "after") and _has_members(can)


class EpicReader:
    """Lists the epics of groups, those of their subgroups included, in the order of creation."""

    def __init__(self, client: GitLabClient, can: Capabilities) -> None:
        self._client = client
        self._can = can

    def pages(self, path: str, filters: Mapping[str, str]) -> Iterator[list[Row]]:
        """Rows that pass `filters` (state, updated_after, updated_before), as of a list of issues.

        Raises AbortSyncError for an answer that is no list and for one that is refused.
        """
        after, size = None, PAGE
        for _ in range(MOST_PAGES):
            connection, size = self._page(path, filters, after, size)
            rows = [row for row in map(_row, nodes(connection)) if passes(row, filters)]
            if rows:
                yield rows
            page = mapping(connection.get("pageInfo"))
            if page.get("hasNextPage") is not True:
                return
            after = string(page.get("endCursor"))
        raise broken("endless", "graphql epics")

    def numbered(self, path: str, iids: Sequence[str]) -> list[Row]:
        """The epics with these numbers of one group. Raises as `pages` does."""
        owner = _owner(self._can) or ""
        if not self._can.takes(owner, "workItems", "iids"):
            return []
        query = (
            f"query epic($path: ID!, $iids: [String!]) {{\n  place: {owner.lower()}(fullPath: $path) {{\n"
            f"    workItems(iids: $iids) {{ nodes {{ {self._members()} }} }}\n  }}\n}}"
        )
        try:
            data = self._client.graphql(query, {"path": path, "iids": list(iids)}, what="graphql epics")
        except GraphQLErrors as error:
            raise refusal(error, "graphql epics") from error
        except ServerBusyError as error:
            raise error.__cause__ or error from None
        found = nodes(mapping(mapping(data.get("place")).get("workItems")))
        return [_row(node) for node in found if "&" in (string(node.get("reference")) or "")]

    def _page(self, path: str, filters: Mapping[str, str], after: str | None, size: int) -> tuple[Row, int]:
        """One page; a smaller one where the server finds it too complex."""
        variables = {"path": path, "first": size, "after": after, **self._windows(filters)}
        try:
            data = self._client.graphql(self._query(filters), variables, what="graphql epics")
        except GraphQLErrors as error:
            if size > 1 and any("complexity" in said for said in error.messages):
                return self._page(path, filters, after, size // 2)
            raise refusal(error, "graphql epics") from error
        except ServerBusyError as error:
            if size > 1:
                return self._page(path, filters, after, size // 2)
            raise error.__cause__ or error from None
        found = mapping(data.get("place")).get("workItems")
        if not isinstance(found, dict):
            raise broken("shape", "graphql epics")
        return found, size

    def _windows(self, filters: Mapping[str, str]) -> dict[str, object]:
        owner = _owner(self._can) or ""
        known = "updated_after" in filters and self._can.takes(owner, "workItems", "updatedAfter")
        return {"since": filters["updated_after"]} if known else {}

    def _query(self, filters: Mapping[str, str]) -> str:
        owner = _owner(self._can) or ""
        since = bool(self._windows(filters))
        given = {
            "types": "[EPIC]", "includeDescendants": "true", "sort": "CREATED_ASC", "first": "$first",
            "after": "$after", "updatedAfter": "$since" if since else None,
        }  # fmt: skip
        args = ", ".join(f"{n}: {v}" for n, v in given.items() if v and self._can.takes(owner, "workItems", n))
        head = f"query epics($path: ID!, $first: Int, $after: String{', $since: Time' if since else ''})"
        page = "pageInfo { hasNextPage endCursor }"
        return (
            f"{head} {{\n  place: {owner.lower()}(fullPath: $path) {{\n    workItems({args}) {{\n"
            f"      {page}\n      nodes {{ {self._members()} }}\n    }}\n  }}\n}}"
        )

    def _members(self) -> str:
        plain = ["id", "iid", "title", "state", "createdAt", "updatedAt", "closedAt", "confidential", "webUrl"]
        plain = [name for name in plain if self._can.has("WorkItem", name)]
        plain.append("reference(full: true)")
        if self._can.has("WorkItem", "author") and self._can.has("UserCore", "name"):
            plain.append("author { name }")
        if self._can.has("WorkItem", "namespace") and self._can.has("Namespace", "id", "fullPath"):
            plain.append("namespace { id fullPath }")
        return f"{' '.join(plain)} {self._parts()}"

    def _parts(self) -> str:
        """Only of the description is it known that every server has it."""
        if self._can.has("WorkItem", "widgets"):
            known = [part for part in _PARTS.values() if part[0] in self._can.widgets]
            return (
                f"widgets {{ {' '.join(f'... on {name} {{ {inside} }}' for name, inside in known)} }}" if known else ""
            )
        known_features = [
            f"{feature} {{ {inside} }}"
            for feature, (_, inside) in _PARTS.items()
            if self._can.has("WorkItemFeatures", feature)
        ]
        return f"features {{ {' '.join(known_features)} }}" if known_features else ""


def passes(row: Row, filters: Mapping[str, str]) -> bool:
    """Whether a row meets filters that the server was not asked for. Bounds include their instant, as GitLab's do."""
    if filters.get("state", row["state"]) != row["state"]:
        return False
    at = instant(row.get("updated_at")) or 0
    since, until = instant(filters.get("updated_after")), instant(filters.get("updated_before"))
    return (since is None or at >= since) and (until is None or at <= until)


def _owner(can: Capabilities) -> str | None:
    name = can.group_items
    return None if name is None else name.capitalize()


def _has_members(can: Capabilities) -> bool:
    wanted = ("id", "iid", "title", "state", "createdAt", "updatedAt", "reference")
    return can.has("WorkItem", *wanted)


def _row(node: Row) -> Row:
    """A work item with the names and spellings of REST."""
    number, full = number_of(node.get("id")), string(node.get("reference"))
    if number is None or full is None or "&" not in full:
        raise broken("shape", "graphql epics")
    parts = _widgets(node)
    place = mapping(node.get("namespace"))
    milestone = mapping(parts.get("milestone"))
    return {
        "id": f"{EPIC_ID}{number}",
        "iid": string(node.get("iid")),
        "project_id": f"group-{number_of(place.get('id')) or full.partition('&')[0]}",
        "references": {"full": full},
        "issue_type": "epic",
        "title": node.get("title"),
        "description": parts.get("description"),
        "state": "closed" if str(node.get("state")).upper() == "CLOSED" else "opened",
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
        "closed_at": node.get("closedAt"),
        "confidential": node.get("confidential") is True,
        "web_url": node.get("webUrl"),
        "author": mapping(node.get("author")),
        "labels": [
            {"id": number_of(label.get("id")), "name": label.get("title")} for label in nodes(parts.get("labels"))
        ],
        "milestone": {"id": number_of(milestone.get("id")), "title": milestone.get("title")} if milestone else None,
        "due_date": parts.get("dueDate"),
        "weight": parts.get("weight"),
        "time_stats": {"time_estimate": parts.get("timeEstimate")},
        "health_status": _HEALTH.get(str(parts.get("healthStatus")), parts.get("healthStatus")),
    }


def _widgets(node: Row) -> dict[str, object]:
    """The members of all widgets, in either form."""
    features = mapping(node.get("features")).values()
    found: dict[str, object] = {}
    for part in (*listed(node.get("widgets")), *features):
        found.update({name: value for name, value in mapping(part).items() if value is not None})
    return found
