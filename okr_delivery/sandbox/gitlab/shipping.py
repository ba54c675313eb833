"""From a merge request to production: opening, merging, deploying, releasing. Instants are epoch milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

from okr_delivery.sandbox.gitlab import changes, linking, references, wording
from okr_delivery.sandbox.gitlab.activity import digest
from okr_delivery.sandbox.gitlab.requests import (
    GIVEN_UP,
    MERGED,
    Commit,
    Deployment,
    Environment,
    MergeRequest,
    Release,
)
from okr_delivery.sandbox.gitlab.state import CLOSED, OPENED, GitLab

PRODUCTION = "production"


def open_request(
    state: GitLab,
    project: int,
    title: str,
    description: str,
    branch: str,
    at: int,
    user: int,
    commit_at: int | None = None,
) -> MergeRequest:
    """A new merge request of one commit, made at `commit_at`. What it names is told so by a note."""
    number = state.take("merge_request")
    iid = state.take(f"merge_request of {project}")
    sha = digest("commit", project, iid, 1)
    commit = Commit(sha, title, commit_at or at, state.users[user].name)
    made = MergeRequest(number, iid, project, title, description, at, at, user, branch, sha, commits=[commit])
    made.target_branch = state.projects[project].default_branch
    state.merge_requests[number] = made
    for item in references.mentioned(state, made):
        body = wording.mentioned(state, iid, project, item)
        linking.note(state, item, body, "cross_reference", at, user)
    state.revision += 1
    return made


def merge(state: GitLab, request: MergeRequest, at: int, user: int, *, closes: bool = True) -> None:
    """Merges; open work items that it closes are closed by it, unless that is not to be."""
    request.state, request.merged, request.merged_by = MERGED, at, user
    request.updated = max(request.updated, at)
    request.merge_commit = digest("merge", request.id)
    state.revision += 1
    if not closes or request.target_branch != state.projects[request.project].default_branch:
        return
    for item in references.closed(state, request):
        if item.state == OPENED:
            changes.edit(state, item, {"state": CLOSED}, at, user, request.id)


def abandon(state: GitLab, request: MergeRequest, at: int) -> None:
    """Closes a request that is not to be merged."""
    request.state, request.closed, request.updated = GIVEN_UP, at, max(request.updated, at)
    state.revision += 1


def environment(state: GitLab, project: int, name: str = PRODUCTION, tier: str = PRODUCTION) -> Environment:
    """The project's environment of that name; made if there is none."""
    found = next((e for e in state.environments.values() if (e.project, e.name) == (project, name)), None)
    if found is None:
        found = Environment(state.take("environment"), project, name, tier)
        state.environments[found.id] = found
    return found


def deploy(
    state: GitLab,
    where: Environment,
    at: int,
    finished: int | None,
    user: int,
    status: str = "success",
    requests: Sequence[MergeRequest] | None = None,
) -> Deployment:
    """A deployment of the default branch. `requests` default to what was merged and never deployed there with success.

    GitLab links merge requests to successful deployments alone.
    """
    project = state.projects[where.project]
    fresh = _waiting(state, where, at) if requests is None else list(requests)
    number = state.take("deployment")
    iid = state.take(f"deployment of {project.id}")
    sha = max(fresh, key=lambda r: r.merged or 0).merge_commit if fresh else None
    made = Deployment(
        number,
        iid,
        project.id,
        where.id,
        project.default_branch,
        sha or digest("head", project.id, iid),
        status,
        at,
        finished or at,
        user,
        finished,
        [request.id for request in fresh] if status == "success" else [],
    )
    state.deployments[number] = made
    state.revision += 1
    return made


def _waiting(state: GitLab, where: Environment, at: int) -> list[MergeRequest]:
    rows = [row for row in state.deployments.values() if row.environment == where.id]
    out = {number for row in rows for number in row.merge_requests}
    found = (r for r in state.merge_requests.values() if r.project == where.project and r.merged is not None)
    return [request for request in found if request.id not in out and (request.merged or 0) <= at]


def release(state: GitLab, project: int, tag: str, at: int, user: int, milestones: Sequence[int] = ()) -> Release:
    """A release made at its own moment."""
    made = Release(project, tag, tag, at, at, digest("tag", project, tag), user, milestones=list(milestones))
    state.releases.append(made)
    state.revision += 1
    return made
