"""What resolvers share: the request, ids as GraphQL spells them, and the order and choice of work items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLResolveInfo

from okr_delivery.sandbox.gitlab.graphql_lists import CursorError, Page, connection
from okr_delivery.sandbox.gitlab.http import Call
from okr_delivery.sandbox.gitlab.parameters import moment
from okr_delivery.sandbox.gitlab.state import EPIC, KEY_RESULT, OBJECTIVE, Group, Project, WorkItem

TYPES = {
    "issue": (1, "Issue", "issue-type-issue"),
    "incident": (2, "Incident", "issue-type-incident"),
    "test_case": (3, "Test Case", "issue-type-test-case"),
    "requirement": (4, "Requirement", "issue-type-requirements"),
    "task": (5, "Task", "issue-type-task"),
    "objective": (6, "Objective", "issue-type-objective"),
    "key_result": (7, "Key Result", "issue-type-keyresult"),
    "epic": (8, "Epic", "issue-type-epic"),
    "ticket": (9, "Ticket", "issue-type-ticket"),
}
"""Kind -> number, name and icon. The numbers are this server's own: others have others."""
Args = Mapping[str, Any]
GONE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)


@dataclass(slots=True)
class Asked:
    """One GraphQL request: the call it came with, and what its query costs."""

    call: Call
    score: int
    limit: int


if TYPE_CHECKING:
    Info = GraphQLResolveInfo[Asked]
else:
    Info = GraphQLResolveInfo  # older ones take no type


def asked(info: Info) -> Asked:
    return info.context


def gid(kind: str, number: object) -> str:
    return f"gid://gitlab/{kind}/{number}"


def number_of(text: object, *kinds: str) -> int:
    """The number of a global id of one of these kinds. Raises GraphQLError for anything else."""
    head, _, tail = str(text).rpartition("/")
    if not tail.isdigit() or (kinds and head.removeprefix("gid://gitlab/") not in kinds):
        wanted = ", ".join(kinds)
        raise GraphQLError(f'"{text}" does not represent an instance of {wanted}' if kinds else f"{text} is no id")
    return int(tail)


def page(info: Info, args: Args) -> Page:
    most = asked(info).call.faults.page_most
    return Page(args.get("first"), args.get("last"), args.get("after"), args.get("before"), most)


def listed(
    info: Info, rows: Iterable[Any], args: Args, name: Callable[[Any], object] | None = None
) -> dict[str, object]:
    """A connection over rows; named by their ids unless said otherwise."""
    try:
        return connection(list(rows), page(info, args), name or (lambda row: row.id))
    except CursorError as error:
        raise GraphQLError(str(error)) from error


def kinds(call: Call) -> list[str]:
    """The kinds of work items that exist here."""
    names = ["issue", "incident", "test_case", "task"]
    names += ["requirement"] if call.features.ultimate else []
    names += [OBJECTIVE, KEY_RESULT] if call.features.okr else []
    return names + ([EPIC] if call.features.paid else [])


def seen_item(call: Call, item: WorkItem | None) -> WorkItem | None:
    """The item if this token may see it, else None."""
    if item is None or not call.sees_item(item) or item.kind not in kinds(call):
        return None
    if item.project is not None:
        return item if call.sees(call.state.projects[item.project]) else None
    return item if call.sees_group(call.state.groups[item.group or 0]) else None


def work_items(info: Info, home: Project | Group, args: Args) -> dict[str, object]:
    """The work items of a project or of a group, chosen and in order."""
    call = asked(info).call
    rows = [item for item in _candidates(call, home, args) if item.kind in kinds(call) and call.sees_item(item)]
    for name, fits in _FILTERS.items():
        if args.get(name) is not None:
            wanted = args[name]
            rows = [item for item in rows if fits(call, item, wanted)]
    return listed(info, _ordered(rows, str(args.get("sort") or "CREATED_DESC")), args)


def _candidates(call: Call, home: Project | Group, args: Args) -> list[WorkItem]:
    """By number they are looked up, so that asking for a few of many costs little."""
    iids = [*(args.get("iids") or ()), *([args["iid"]] if args.get("iid") else ())]
    if iids and not args.get("includeDescendants"):
        return _by_number(call, home, [int(iid) for iid in iids if str(iid).isdigit()])
    if isinstance(home, Project):
        return [item for item in call.forge.listed() if item.project == home.id]
    below = _below(call, home, args) if args.get("includeDescendants") else ({home.id}, set())
    return [item for item in call.forge.listed() if item.group in below[0] or item.project in below[1]]


def _by_number(call: Call, home: Project | Group, iids: list[int]) -> list[WorkItem]:
    find = call.state.issue if isinstance(home, Project) else call.state.epic
    found = (find(home.id, iid) for iid in dict.fromkeys(iids))
    return [item for item in found if item is not None]


def _below(call: Call, home: Group, args: Args) -> tuple[set[int], set[int]]:
    groups = {row.id for row in call.state.groups.values() if home in call.state.ancestors(row.id)}
    if args.get("excludeProjects"):
        return groups, set()
    archived = bool(args.get("includeArchived"))
    rows = (row for row in call.state.within(home.id) if call.sees(row) and (archived or not row.archived))
    return groups, {row.id for row in rows}


def _ids(call: Call, item: WorkItem, wanted: list[str]) -> bool:
    return item.id in {number_of(text, "WorkItem", "Issue") for text in wanted}


def _labels(call: Call, item: WorkItem, wanted: list[str]) -> bool:
    return set(wanted) <= {call.state.labels[number].name for number in item.labels}


def _when(text: object) -> int:
    found: int = moment().read(text)
    return found


_FILTERS: dict[str, Callable[[Call, WorkItem, Any], bool]] = {
    "ids": _ids,
    "labelName": _labels,
    "state": lambda call, item, wanted: wanted in ("all", item.state),
    "types": lambda call, item, wanted: item.kind.upper() in wanted,
    "confidential": lambda call, item, wanted: item.confidential is wanted,
    "search": lambda call, item, wanted: wanted.casefold() in f"{item.title} {item.description}".casefold(),
    "authorUsername": lambda call, item, wanted: call.state.users[item.author].username == wanted,
    "createdAfter": lambda call, item, wanted: item.created >= _when(wanted),
    "createdBefore": lambda call, item, wanted: item.created <= _when(wanted),
    "updatedAfter": lambda call, item, wanted: item.updated >= _when(wanted),
    "updatedBefore": lambda call, item, wanted: item.updated <= _when(wanted),
    "closedAfter": lambda call, item, wanted: item.closed is not None and item.closed >= _when(wanted),
    "closedBefore": lambda call, item, wanted: item.closed is not None and item.closed <= _when(wanted),
}


def _birth(item: WorkItem) -> int:
    return item.created


def _ordered(rows: list[WorkItem], sort: str) -> list[WorkItem]:
    name, _, way = sort.upper().rpartition("_")
    keys: dict[str, Callable[[WorkItem], Any]] = {
        "UPDATED": lambda item: item.updated,
        "TITLE": lambda item: item.title,
        "CLOSED_AT": lambda item: item.closed or 0,
    }
    key = keys.get(name, _birth)
    return sorted(rows, key=lambda item: (key(item), item.id), reverse=way == "DESC")
