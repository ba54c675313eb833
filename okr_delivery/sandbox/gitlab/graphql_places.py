"""Resolvers of the root, of projects, groups and namespaces, of merge requests and of environments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError

from okr_delivery.sandbox.gitlab.graphql_items import Resolver
from okr_delivery.sandbox.gitlab.graphql_sources import (
    GONE,
    TYPES,
    Args,
    Info,
    asked,
    gid,
    kinds,
    listed,
    number_of,
    seen_item,
    work_items,
)
from okr_delivery.sandbox.gitlab.graphql_values import (
    custom_field,
    iteration,
    label,
    lifecycles,
    milestone,
    statuses,
    user,
    work_item_type,
)
from okr_delivery.sandbox.gitlab.http import Call
from okr_delivery.sandbox.gitlab.parameters import moment
from okr_delivery.sandbox.gitlab.references import ISSUE
from okr_delivery.sandbox.gitlab.render import instant
from okr_delivery.sandbox.gitlab.requests import Environment, MergeRequest
from okr_delivery.sandbox.gitlab.rest_server import REVISION, shown_version
from okr_delivery.sandbox.gitlab.state import Group, Iteration, Milestone, Project, Wire, WorkItem

Home = Project | Group
MOST_REFERENCES = 10
TOO_MANY_REFERENCES = (
    "Number of references exceeds the limit. "
    f"Please provide no more than {MOST_REFERENCES} references at the same time."
)


def _call(info: Info) -> Call:
    return asked(info).call


def _project(root: object, info: Info, fullPath: str) -> Project | None:  # noqa: N803
    call = _call(info)
    found = call.state.project(fullPath) if "/" in fullPath else None
    return found if found is not None and call.caller.account is not None and call.sees(found) else None


def _group(root: object, info: Info, fullPath: str) -> Group | None:  # noqa: N803
    call = _call(info)
    found = None if fullPath.isdigit() else call.state.group(fullPath)
    return found if found is not None and call.caller.account is not None and call.sees_group(found) else None


def _namespace(root: object, info: Info, fullPath: str) -> Home | None:  # noqa: N803
    return _group(root, info, fullPath) or _project(root, info, fullPath)


def _metadata(root: object, info: Info) -> Wire | None:
    call = _call(info)
    if call.caller.account is None:
        return None
    return {"version": shown_version(call), "revision": REVISION, "enterprise": call.features.enterprise}


def _work_item(root: object, info: Info, id: str) -> WorkItem | None:  # noqa: A002  # GraphQL's name
    call = _call(info)
    return seen_item(call, call.state.items.get(number_of(id, "WorkItem", "Issue"))) if call.caller.account else None


def _by_reference(root: object, info: Info, refs: list[str], **args: Any) -> Wire:
    """By full references, or by short ones within the named namespace, which has to be one that the token sees."""
    if len(refs) > MOST_REFERENCES:
        raise GraphQLError(TOO_MANY_REFERENCES)
    call, found = _call(info), []
    home = _namespace(root, info, args.get("contextNamespacePath") or "")
    if home is None:
        raise GraphQLError(GONE)
    if isinstance(home, Group) and not call.features.since(17, 2):
        return listed(info, [], args)
    for text in refs:
        match = ISSUE.search(text)
        project = call.state.project(match["path"] or args.get("contextNamespacePath") or "") if match else None
        item = call.state.issue(project.id, int(match["iid"])) if project and match else None
        if seen_item(call, item) is not None:
            found.append(item)
    return listed(info, found, args)


def _milestone(root: object, info: Info, id: str) -> Wire | None:  # noqa: A002  # GraphQL's name
    return milestone(_call(info), number_of(id, "Milestone"))


def _iteration(root: object, info: Info, id: str) -> Wire | None:  # noqa: A002  # GraphQL's name
    return iteration(_call(info), number_of(id, "Iteration")) if _call(info).features.paid else None


def _full_name(home: Home, info: Info) -> str:
    number = home.id if isinstance(home, Group) else home.group
    names = [row.name for row in _call(info).state.ancestors(number)][::-1]
    return " / ".join(names if isinstance(home, Group) else [*names, home.name])


def _home_id(home: Home, info: Info) -> str:
    """Of a namespace: a project's own namespace has a kind of its own."""
    return gid("Group", home.id) if isinstance(home, Group) else gid("Namespaces::ProjectNamespace", home.id)


def _groups(call: Call, home: Home, *, above: bool) -> set[int]:
    """The groups whose labels, milestones and iterations a project or a group may use."""
    number = home.group if isinstance(home, Project) else home.id
    rows = {row.id for row in call.state.ancestors(number)}
    own = {home.id} if isinstance(home, Group) else set()
    return rows if above else own


def _inside(home: Home, project: int | None, group: int | None, groups: set[int]) -> bool:
    return group in groups or (isinstance(home, Project) and project == home.id)


def _below(call: Call, home: Home) -> set[tuple[int | None, int | None]]:
    """The projects and groups inside a group that the token may see."""
    if not isinstance(home, Group):
        return set()
    groups = [g for g in call.state.groups.values() if any(a.id == home.id for a in call.state.ancestors(g.id))]
    projects = [(project.id, None) for project in call.state.within(home.id) if not project.hidden]
    return {*projects, *((None, group.id) for group in groups if not group.hidden)}


def _labels(home: Home, info: Info, **args: Any) -> Wire:
    call = _call(info)
    groups = _groups(call, home, above=bool(args.get("includeAncestorGroups")))
    search = (args.get("searchTerm") or "").casefold()
    rows = [row for row in call.state.labels.values() if _inside(home, row.project, row.group, groups)]
    found = [label(call, row.id) for row in rows if search in row.name.casefold()]
    return listed(info, sorted(found, key=lambda row: str(row["title"])), args, lambda row: row["id"])


def _milestones(home: Home, info: Info, **args: Any) -> Wire:
    call = _call(info)
    groups = _groups(call, home, above=bool(args.get("includeAncestors")))
    below = _below(call, home) if args.get("includeDescendants") else set()
    rows = [
        row for row in call.state.milestones.values()
        if _inside(home, row.project, row.group, groups) or (row.project, row.group) in below
    ]  # fmt: skip
    found = [milestone(call, row.id) for row in rows if _fits(row, args, "Milestone")]
    return listed(info, found, args, lambda row: row["id"])


def _iterations(home: Home, info: Info, **args: Any) -> Wire:
    call = _call(info)
    if not call.features.paid:
        raise GraphQLError(GONE)
    groups = _groups(call, home, above=args.get("includeAncestors") is not False)
    rows = [row for row in call.state.iterations.values() if call.state.cadences[row.cadence].group in groups]
    rows = [row for row in rows if _fits(row, args, "Iteration")]
    found = [iteration(call, row.id) for row in sorted(rows, key=lambda row: (row.start, row.id))]
    return listed(info, found, args, lambda row: row["id"])


def _fits(row: Milestone | Iteration, args: Args, kind: str) -> bool:
    state, title = args.get("state"), args.get("title")
    ids = args.get("ids") or ([args["id"]] if args.get("id") else None)
    opened = state == "opened" and row.state != "closed"
    return (
        (state in (None, "all", row.state) or opened)
        and (title is None or row.title == title)
        and (ids is None or row.id in {number_of(text) for text in ids})
    )


def _cadences(home: Home, info: Info, **args: Any) -> Wire:
    call = _call(info)
    groups = _groups(call, home, above=bool(args.get("includeAncestorGroups"))) if call.features.paid else set()
    rows = (row for row in call.state.cadences.values() if row.group in groups)
    return listed(info, [_cadence(row.id, call) for row in rows], args, lambda row: row["id"])


def _cadence(number: int, call: Call) -> Wire:
    row = call.state.cadences[number]
    return {
        "id": gid("Iterations::Cadence", row.id),
        "title": row.title,
        "automatic": row.automatic,
        "rollOver": row.roll_over,
        "durationInWeeks": row.weeks,
        "active": True,
    }


def _types(home: Home, info: Info, **args: Any) -> Wire:
    """The kinds of work items there are: objectives only while they exist."""
    call, wanted = _call(info), args.get("name")
    rows = [kind for kind in kinds(call) if kind in TYPES and wanted in (None, kind.upper())]
    return listed(info, [work_item_type(kind) for kind in rows], args, lambda row: row["id"])


def _lifecycles(home: Home, info: Info, **args: Any) -> Wire | None:
    call = _call(info)
    return listed(info, lifecycles(call), args, lambda row: row["id"]) if call.features.statuses else None


def _statuses(home: Home, info: Info, **args: Any) -> Wire | None:
    call = _call(info)
    return listed(info, statuses(call), args, lambda row: row["id"]) if call.features.statuses else None


def _custom_fields(home: Home, info: Info, **args: Any) -> Wire | None:
    call = _call(info)
    if not call.features.custom_fields:
        return None
    return listed(info, [custom_field(row) for row in call.state.custom_fields.values()], args, lambda r: r["id"])


def _items(home: Home, info: Info, **args: Any) -> Wire:
    return work_items(info, home, args)


def _item(home: Home, info: Info, iid: str) -> WorkItem | None:
    state, call = _call(info).state, _call(info)
    if not iid.isdigit():
        return None
    found = state.issue(home.id, int(iid)) if isinstance(home, Project) else state.epic(home.id, int(iid))
    return seen_item(call, found)


def _projects(group: Group, info: Info, **args: Any) -> Wire:
    call = _call(info)
    inside = call.state.within(group.id) if args.get("includeSubgroups") else call.state.projects.values()
    archived = args.get("includeArchived") is not False
    rows = [row for row in inside if call.sees(row) and (args.get("includeSubgroups") or row.group == group.id)]
    return listed(info, [row for row in rows if archived or not row.archived], args)


def _descendants(group: Group, info: Info, **args: Any) -> Wire:
    call = _call(info)
    deep = args.get("includeParentDescendants") is not False
    rows = [row for row in call.state.groups.values() if row.id != group.id and group in call.state.ancestors(row.id)]
    return listed(info, [row for row in rows if call.sees_group(row) and (deep or row.parent == group.id)], args)


def _requests(project: Project, info: Info, **args: Any) -> Wire:
    call = _call(info)
    rows = [row for row in call.state.merge_requests.values() if row.project == project.id and _wanted(row, args)]
    sort = str(args.get("sort") or "CREATED_DESC")
    name = sort.rpartition("_")[0]
    key = {"UPDATED": "updated", "MERGED_AT": "merged"}.get(name, "created")
    rows.sort(key=lambda row: (getattr(row, key) or 0, row.id), reverse=sort.endswith("DESC"))
    return listed(info, rows, args)


def _wanted(row: MergeRequest, args: Args) -> bool:
    spans = {"created": row.created, "updated": row.updated, "merged": row.merged}
    for name, at in spans.items():
        after, before = args.get(f"{name}After"), args.get(f"{name}Before")
        if after is not None and (at is None or at < moment().read(after)):
            return False
        if before is not None and (at is None or at > moment().read(before)):
            return False
    return (
        args.get("state") in (None, "all", row.state)
        and (args.get("iids") is None or str(row.iid) in args["iids"])
        and (args.get("targetBranches") is None or row.target_branch in args["targetBranches"])
    )


def _request(project: Project, info: Info, iid: str) -> MergeRequest | None:
    rows = _call(info).state.merge_requests.values()
    return next((row for row in rows if row.project == project.id and str(row.iid) == iid), None)


def _commits(row: MergeRequest, info: Info, **args: Any) -> Wire:
    return listed(info, row.commits[::-1], args, lambda commit: commit.sha)


def _path(row: MergeRequest, info: Info) -> str:
    return _call(info).state.projects[row.project].path


def _environments(project: Project, info: Info, **args: Any) -> Wire:
    rows: Iterable[Environment] = _call(info).state.environments.values()
    found = [row for row in rows if row.project == project.id and args.get("name") in (None, row.name)]
    return listed(info, found, args)


def _deployments(row: Environment, info: Info, **args: Any) -> Wire:
    wanted = args.get("statuses")
    rows = [each for each in _call(info).state.deployments.values() if each.environment == row.id]
    return listed(info, [each for each in rows if wanted is None or each.status.upper() in wanted][::-1], args)


def _at(name: str) -> Resolver:
    return lambda row, info: instant(getattr(row, name))


def _of(kind: str) -> Resolver:
    return lambda row, info: gid(kind, row.id)


SHARED: dict[str, Resolver] = {
    "customFields": _custom_fields,
    "fullName": _full_name,
    "fullPath": lambda home, info: home.path,
    "iterationCadences": _cadences,
    "iterations": _iterations,
    "labels": _labels,
    "lifecycles": _lifecycles,
    "milestones": _milestones,
    "name": lambda home, info: home.name,
    "path": lambda home, info: home.path.rpartition("/")[2],
    "statuses": _statuses,
    "workItem": _item,
    "workItemStatuses": _statuses,
    "workItemTypes": _types,
    "workItems": _items,
}
RESOLVERS: dict[str, Resolver] = {
    **{f"{owner}.{name}": found for owner in ("Project", "Group", "Namespace") for name, found in SHARED.items()},
    "Query.currentUser": lambda root, info: user(_call(info), _call(info).caller.account),
    "Query.echo": lambda root, info, text: f'"{_call(info).caller.account}" says: {text}',
    "Query.group": _group,
    "Query.iteration": _iteration,
    "Query.metadata": _metadata,
    "Query.milestone": _milestone,
    "Query.namespace": _namespace,
    "Query.project": _project,
    "Query.queryComplexity": lambda root, info: {"score": asked(info).score, "limit": asked(info).limit},
    "Query.workItem": _work_item,
    "Query.workItemsByReference": _by_reference,
    "Project.archived": lambda project, info: project.archived,
    "Project.createdAt": _at("created"),
    "Project.environments": _environments,
    "Project.group": lambda project, info: _call(info).state.groups.get(project.group or 0),
    "Project.id": _of("Project"),
    "Project.mergeRequest": _request,
    "Project.mergeRequests": _requests,
    "Project.namespace": lambda project, info: _call(info).state.groups.get(project.group or 0) or project,
    "Project.webUrl": lambda project, info: f"{_call(info).render.url}/{project.path}",
    "Group.descendantGroups": _descendants,
    "Group.id": _of("Group"),
    "Group.parent": lambda group, info: _call(info).state.groups.get(group.parent or 0),
    "Group.projects": _projects,
    "Group.webUrl": lambda group, info: f"{_call(info).render.url}/groups/{group.path}",
    "Namespace.id": _home_id,
    "MergeRequest.commits": _commits,
    "MergeRequest.commitsWithoutMergeCommits": _commits,
    "MergeRequest.createdAt": _at("created"),
    "MergeRequest.diffHeadSha": lambda row, info: row.sha,
    "MergeRequest.id": _of("MergeRequest"),
    "MergeRequest.iid": lambda row, info: str(row.iid),
    "MergeRequest.mergeCommitSha": lambda row, info: row.merge_commit,
    "MergeRequest.mergeUser": lambda row, info: user(_call(info), row.merged_by),
    "MergeRequest.mergedAt": _at("merged"),
    "MergeRequest.milestone": lambda row, info: milestone(_call(info), row.milestone),
    "MergeRequest.project": lambda row, info: _call(info).state.projects[row.project],
    "MergeRequest.reference": lambda row, info, full=False: (_path(row, info) if full else "") + f"!{row.iid}",
    "MergeRequest.sourceBranch": lambda row, info: row.source_branch,
    "MergeRequest.targetBranch": lambda row, info: row.target_branch,
    "MergeRequest.updatedAt": _at("updated"),
    "MergeRequest.webUrl": lambda row, info: f"{_call(info).render.url}/{_path(row, info)}/-/merge_requests/{row.iid}",
    "Commit.authorName": lambda commit, info: commit.author,
    "Commit.authoredDate": _at("at"),
    "Commit.committedDate": _at("at"),
    "Commit.id": lambda commit, info: gid("Commit", commit.sha),
    "Commit.shortId": lambda commit, info: commit.sha[:8],
    "Commit.title": lambda commit, info: commit.message.partition("\n")[0],
    "Commit.webUrl": lambda commit, info: f"{_call(info).render.url}/-/commit/{commit.sha}",
    "Environment.deployments": _deployments,
    "Environment.id": _of("Environment"),
    "Environment.tier": lambda row, info: row.tier.upper(),
    "Deployment.createdAt": _at("created"),
    "Deployment.finishedAt": _at("finished"),
    "Deployment.id": _of("Deployment"),
    "Deployment.iid": lambda row, info: str(row.iid),
    "Deployment.status": lambda row, info: row.status.upper(),
    "Deployment.updatedAt": _at("updated"),
}
"""How the members of these types are found; what is not named here is read off the state's own object."""
