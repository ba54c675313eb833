"""REST: merge requests, what they close, and their commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab import references
from okr_delivery.sandbox.gitlab.http import Call, answer, dumped, not_found
from okr_delivery.sandbox.gitlab.paging import listed
from okr_delivery.sandbox.gitlab.parameters import PAGE, Declared, boolean, choice, integers, moment, string, strings
from okr_delivery.sandbox.gitlab.render import instant, tasks, time_stats
from okr_delivery.sandbox.gitlab.requests import MERGED, OPEN, Commit, MergeRequest
from okr_delivery.sandbox.gitlab.routing import Endpoint
from okr_delivery.sandbox.gitlab.state import Wire
from okr_delivery.sandbox.site import BASE

ORDERS = ("created_at", "label_priority", "milestone_due", "popularity", "priority", "title", "updated_at", "merged_at")
NAMES = {"iid": "merge_request_iid"}
LIST: Declared = {
    **PAGE,
    "state": choice("opened", "closed", "locked", "merged", "all", default="all"),
    "order_by": choice(
        "created_at",
        "label_priority",
        "milestone_due",
        "popularity",
        "priority",
        "title",
        "updated_at",
        "merged_at",
        default="created_at",
    ),
    "sort": choice("asc", "desc", default="desc"),
    "with_labels_details": boolean(default=False),
    "with_merge_status_recheck": boolean(default=False),
    "view": choice("simple"),
    "scope": choice("created-by-me", "assigned-to-me", "created_by_me", "assigned_to_me", "reviews_for_me", "all"),
    "iids": integers(),
    "labels": strings(),
    "milestone": string(),
    "source_branch": string(),
    "target_branch": string(),
    "created_after": moment(),
    "created_before": moment(),
    "updated_after": moment(),
    "updated_before": moment(),
    "merged_after": moment(),
    "merged_before": moment(),
    "search": string(),
}
ALONE: Declared = {
    "render_html": boolean(),
    "include_diverged_commits_count": boolean(),
    "include_rebase_in_progress": boolean(),
}


def _birth(row: MergeRequest) -> int:
    return row.created


KEYS: dict[str, Callable[[MergeRequest], int]] = {
    "updated_at": lambda request: request.updated,
    "merged_at": lambda request: request.merged or 0,
}


def requests(call: Call) -> Response:
    project = call.project()
    return _requests(call, (row for row in call.state.merge_requests.values() if row.project == project.id))


def of_group(call: Call) -> Response:
    group = call.group()
    inside = {row.id for row in call.state.within(group.id) if call.sees(row) and not row.archived}
    return _requests(call, (row for row in call.state.merge_requests.values() if row.project in inside))


def _requests(call: Call, rows: Iterable[MergeRequest]) -> Response:
    key = KEYS.get(call.given["order_by"], _birth)
    checks = [check for name, check in _checks(call).items() if call.given.get(name) is not None]
    seen = [row for row in rows if all(check(row) for check in checks)]
    seen.sort(key=lambda row: (key(row), row.id), reverse=call.given["sort"] == "desc")
    return listed(call, seen, lambda row: body(call, row))


def _checks(call: Call) -> Mapping[str, Callable[[MergeRequest], bool]]:
    given = call.given
    state = call.state
    return {
        "state": lambda row: given["state"] in ("all", row.state),
        "scope": lambda row: given["scope"] == "all" or row.author == call.caller.account,
        "iids": lambda row: row.iid in given["iids"],
        "labels": lambda row: set(given["labels"]) <= {state.labels[number].name for number in row.labels},
        "source_branch": lambda row: row.source_branch == given["source_branch"],
        "target_branch": lambda row: row.target_branch == given["target_branch"],
        "created_after": lambda row: row.created >= given["created_after"],
        "created_before": lambda row: row.created <= given["created_before"],
        "updated_after": lambda row: row.updated >= given["updated_after"],
        "updated_before": lambda row: row.updated <= given["updated_before"],
        "merged_after": lambda row: row.merged is not None and row.merged >= given["merged_after"],
        "merged_before": lambda row: row.merged is not None and row.merged <= given["merged_before"],
        "search": lambda row: given["search"].casefold() in f"{row.title} {row.description}".casefold(),
    }


def request(call: Call) -> Response:
    return answer(body(call, _request(call), alone=True))


def _request(call: Call) -> MergeRequest:
    project, iid = call.project(), call.number("iid")
    for row in call.state.merge_requests.values():
        if (row.project, row.iid) == (project.id, iid):
            return row
    raise not_found()


def closes(call: Call) -> Response:
    """The issues that are closed when the request is merged."""
    items = [item for item in references.closed(call.state, _request(call)) if call.sees_item(item)]
    return listed(call, items, call.render.issue_bytes, names=NAMES)


def related(call: Call) -> Response:
    """The issues it names, those it closes among them."""
    items = [item for item in references.mentioned(call.state, _request(call)) if call.sees_item(item)]
    return listed(call, items, call.render.issue_bytes, names=NAMES)


def commits(call: Call) -> Response:
    """Newest first."""
    row = _request(call)
    path = call.state.projects[row.project].path
    return listed(call, row.commits[::-1], lambda commit: _commit(call, commit, path), names=NAMES)


def _commit(call: Call, commit: Commit, path: str) -> Wire:
    at, mail = instant(commit.at), f"{commit.author}@example.com"
    return {
        "id": commit.sha,
        "short_id": commit.sha[:8],
        "created_at": at,
        "parent_ids": [],
        "title": commit.message.partition("\n")[0],
        "message": commit.message,
        "author_name": commit.author,
        "author_email": mail,
        "authored_date": at,
        "committer_name": commit.author,
        "committer_email": mail,
        "committed_date": at,
        "trailers": {},
        "web_url": f"{call.render.url}/{path}/-/commit/{commit.sha}",
    }


def body(call: Call, row: MergeRequest, *, alone: bool = False) -> bytes:
    """A merge request as JSON; what was recorded is answered as it was."""
    if row.recorded is not None:
        return dumped(row.recorded).replace(BASE.encode(), call.render.url.encode())
    return dumped(brief(call, row) | (_more(row) if alone else {}))


def brief(call: Call, row: MergeRequest) -> Wire:
    """As lists show it."""
    features = call.features
    wire = _core(call, row) | _merging(call, row) | _branches(call, row)
    leave = {
        "merge_user": features.since(14, 7),
        "detailed_merge_status": features.since(15, 6),
        "prepared_at": features.since(16),
        "squash_on_merge": features.since(15, 7),
        "imported": features.since(17),
        "imported_from": features.since(17),
        "merge_after": features.since(17, 3),
    }
    return {name: value for name, value in wire.items() if leave.get(name, True)}


def _core(call: Call, row: MergeRequest) -> Wire:
    state, render = call.state, call.render
    milestone = state.milestones.get(row.milestone or 0)
    labels = sorted((state.labels[number] for number in row.labels), key=lambda label: label.name)
    details = bool(call.given.get("with_labels_details"))
    return {
        "id": row.id,
        "iid": row.iid,
        "project_id": row.project,
        "title": row.title,
        "description": row.description,
        "state": row.state,
        "created_at": instant(row.created),
        "updated_at": instant(row.updated),
        "merged_by": render.user(row.merged_by),
        "merge_user": render.user(row.merged_by),
        "merged_at": instant(row.merged),
        "closed_by": None,
        "closed_at": instant(row.closed),
        "target_branch": row.target_branch,
        "source_branch": row.source_branch,
        "user_notes_count": 0,
        "upvotes": 0,
        "downvotes": 0,
        "author": render.user(row.author),
        "assignees": [],
        "assignee": None,
        "reviewers": [],
        "source_project_id": row.project,
        "target_project_id": row.project,
        "labels": [render.label(label) if details else label.name for label in labels],
        "draft": row.draft,
        "imported": False,
        "imported_from": "none",
        "work_in_progress": row.draft,
        "milestone": render.milestone(milestone) if milestone else None,
    }


def _merging(call: Call, row: MergeRequest) -> Wire:
    return {
        "merge_when_pipeline_succeeds": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "mergeable" if row.state == OPEN else "not_open",
        "merge_after": None,
        "sha": row.sha,
        "merge_commit_sha": row.merge_commit if row.state == MERGED else None,
        "squash_commit_sha": None,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": True,
        "prepared_at": instant(row.created),
        "reference": f"!{row.iid}",
        "references": {
            "short": f"!{row.iid}",
            "relative": f"!{row.iid}",
            "full": f"{call.state.projects[row.project].path}!{row.iid}",
        },
        "web_url": f"{call.render.url}/{call.state.projects[row.project].path}/-/merge_requests/{row.iid}",
    }


def _branches(call: Call, row: MergeRequest) -> Wire:
    done, count = tasks(row.description)
    return {
        "time_stats": time_stats(0, 0),
        "squash": False,
        "squash_on_merge": False,
        "task_completion_status": {"count": count, "completed_count": done},
        "has_conflicts": False,
        "blocking_discussions_resolved": True,
        "approvals_before_merge": None,
    }


def _more(row: MergeRequest) -> Wire:
    """What only a request that is asked for alone shows."""
    return {
        "subscribed": False,
        "changes_count": "1",
        "latest_build_started_at": None,
        "latest_build_finished_at": None,
        "first_deployed_to_production_at": None,
        "pipeline": None,
        "head_pipeline": None,
        "diff_refs": {"base_sha": row.sha, "head_sha": row.sha, "start_sha": row.sha},
        "merge_error": None,
        "first_contribution": False,
        "user": {"can_merge": False},
    }


PLACE = "projects/:id/merge_requests"
ENDPOINTS = [
    Endpoint("GET", PLACE, requests, LIST),
    Endpoint("GET", "groups/:id/merge_requests", of_group, LIST),
    Endpoint("GET", f"{PLACE}/:iid", request, ALONE),
    Endpoint("GET", f"{PLACE}/:iid/closes_issues", closes, PAGE),
    Endpoint("GET", f"{PLACE}/:iid/related_issues", related, PAGE),
    Endpoint("GET", f"{PLACE}/:iid/commits", commits, PAGE),
]
