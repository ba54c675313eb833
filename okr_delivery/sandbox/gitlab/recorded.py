"""A GitLab of recorded payloads: issues, their notes, milestones and merge requests of one site.

Answers repeat what was recorded. What payloads don't say is left out, not invented: there are no resource events, as
on servers whose issues were closed before such events existed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from okr_delivery.sandbox.gitlab.events import Note
from okr_delivery.sandbox.gitlab.requests import MergeRequest
from okr_delivery.sandbox.gitlab.state import (
    CLOSED,
    GitLab,
    Group,
    Label,
    Milestone,
    Project,
    Tier,
    User,
    Wire,
    WorkItem,
)
from okr_delivery.sandbox.recorded.lines import payloads
from okr_delivery.sandbox.recorded.load import check_site, milliseconds
from okr_delivery.sandbox.site import BASE

HOST = "https://gitlab.example.com"  # that recordings speak of
ACCOUNT = 1
ACTIONS = (
    ("changed title", "title"),
    ("changed the description", "description"),
    ("assigned to", "assignee"),
    ("unassigned", "assignee"),
    ("closed", "closed"),
    ("reopened", "opened"),
    ("mentioned in", "cross_reference"),
)
"""What the metadata of a system note says, by how the note begins: recordings of notes don't hold it."""


@dataclass(slots=True)
class Recorded:
    """What was recorded of one site; of something recorded twice the later version."""

    issues: dict[int, Wire] = field(default_factory=dict)
    requests: dict[int, Wire] = field(default_factory=dict)
    notes: dict[int, Wire] = field(default_factory=dict)
    milestones: dict[int, Wire] = field(default_factory=dict)


def load(files: Sequence[Path], site: str) -> GitLab:
    """The recorded GitLab of that name, to be served as of today.

    Raises UserError for an unknown site, naming those there are, and for every line that can't be read.
    """
    sites: dict[str, Recorded] = {}
    for name, payload in payloads(files):
        _sort(sites.setdefault(name, Recorded()), json.loads(json.dumps(payload).replace(HOST, BASE)))
    check_site(site, (name for name, found in sites.items() if found.issues))
    return _state(site, sites[site])


def _sort(found: Recorded, payload: Wire) -> None:
    keep = _kind(found, payload)
    number = payload.get("id")
    if keep is None or not isinstance(number, int):
        return
    old = keep.get(number)
    if old is None or str(old["updated_at"]) <= str(payload["updated_at"]):
        keep[number] = payload


def _kind(found: Recorded, payload: Wire) -> dict[int, Wire] | None:
    if "source_branch" in payload:
        return found.requests
    if "noteable_type" in payload:
        return found.notes
    if "moved_to_id" in payload:
        return found.issues
    return found.milestones if "due_date" in payload else None


def _state(name: str, found: Recorded) -> GitLab:
    state = GitLab(name, None, ACCOUNT, tier=_tier(found.issues.values()))
    state.users = {ACCOUNT: User(ACCOUNT, "okr-delivery", "okr-delivery")} | _users(found)
    for row in (*found.issues.values(), *found.requests.values()):
        _place(state, row)
    for row in (*found.milestones.values(), *_inner(found.issues.values(), "milestone")):
        _milestone(state, row)
    for number in sorted(found.issues):
        _issue(state, found.issues[number])
    for number in sorted(found.requests):
        _request(state, found.requests[number])
    for number in sorted(found.notes):
        _note(state, found.notes[number])
    state.numbers = _numbers(state, found)
    return state


def _tier(issues: Iterable[Wire]) -> Tier:
    """A plan is known by what it filled in."""
    paid = ("weight", "epic", "iteration", "health_status")
    return Tier.PREMIUM if any(row.get(name) is not None for row in issues for name in paid) else Tier.FREE


def _inner(rows: Iterable[Wire], name: str) -> Iterator[Wire]:
    for row in rows:
        value = row.get(name)
        yield from (value if isinstance(value, list) else [value] if isinstance(value, dict) else ())


def _users(found: Recorded) -> dict[int, User]:
    rows = [*found.issues.values(), *found.requests.values(), *found.notes.values()]
    names = ("author", "assignees", "assignee", "closed_by", "merged_by")
    people = {int(str(who["id"])): who for name in names for who in _inner(rows, name)}
    return {n: User(n, str(who["username"]), str(who["name"]), str(who["state"])) for n, who in people.items()}


def _place(state: GitLab, row: Wire) -> None:
    """The project of an issue or merge request, and the namespace it is in."""
    number = int(str(row["project_id"]))
    if number in state.projects:
        return
    references = row["references"]
    full = str(references["full"]) if isinstance(references, Mapping) else ""
    path = full.replace("!", "#").rpartition("#")[0]
    above, _, name = path.rpartition("/")
    home = state.group(above)
    if home is None:
        home = Group(1 + max(state.groups, default=9_000_000), above, above.rpartition("/")[2])
        state.groups[home.id] = home
    born = milliseconds(row["created_at"]) or 0
    state.projects[number] = Project(number, path, name, home.id, created=born)


def _milestone(state: GitLab, row: Wire) -> None:
    number, group = int(str(row["id"])), row.get("group_id")
    if group is not None:
        _true_group(state, int(str(group)), str(row["web_url"]))
    made = Milestone(number, int(str(row["iid"])), str(row["title"]), _whole(row.get("project_id")), _whole(group))
    made.state, made.description = str(row["state"]), str(row.get("description") or "")
    made.start, made.due = _day(row.get("start_date")), _day(row.get("due_date"))
    made.created, made.updated = milliseconds(row["created_at"]) or 0, milliseconds(row["updated_at"]) or 0
    state.milestones[number] = made


def _true_group(state: GitLab, number: int, url: str) -> None:
    """The group under the id that its milestones name, in place of a made up one."""
    path = url.partition("/groups/")[2].partition("/-/")[0]
    old = state.group(path)
    if old is None or old.id == number:
        return
    del state.groups[old.id]
    state.groups[number] = Group(number, path, old.name)
    for project in state.projects.values():
        project.group = number if project.group == old.id else project.group


def _issue(state: GitLab, row: Wire) -> None:
    item = WorkItem(
        id=int(str(row["id"])),
        iid=int(str(row["iid"])),
        kind=str(row.get("issue_type") or "issue"),
        title=str(row["title"]),
        created=milliseconds(row["created_at"]) or 0,
        updated=milliseconds(row["updated_at"]) or 0,
        author=_person(row.get("author")) or ACCOUNT,
        project=int(str(row["project_id"])),
    )
    item.description, item.state = str(row["description"] or ""), str(row["state"])
    item.closed = milliseconds(row["closed_at"]) if item.state == CLOSED else None
    item.closed_by = _person(row.get("closed_by"))
    item.assignees = [int(str(who["id"])) for who in _inner([row], "assignees")]
    item.labels = [_label(state, str(name), item.project) for name in _list(row["labels"])]
    item.milestone = next((int(str(found["id"])) for found in _inner([row], "milestone")), None)
    item.weight, item.due = _whole(row.get("weight")), _day(row.get("due_date"))
    item.confidential, item.moved_to = bool(row["confidential"]), _whole(row.get("moved_to_id"))
    stats = row["time_stats"]
    item.time_estimate = int(str(stats["time_estimate"])) if isinstance(stats, Mapping) else 0
    item.recorded = row
    state.add(item)


def _label(state: GitLab, name: str, project: int | None) -> int:
    known = (label.id for label in state.labels.values() if (label.name, label.project) == (name, project))
    number = next(known, None)
    if number is None:
        number = 1 + len(state.labels)
        state.labels[number] = Label(number, name, project=project)
    return number


def _request(state: GitLab, row: Wire) -> None:
    made = MergeRequest(
        id=int(str(row["id"])),
        iid=int(str(row["iid"])),
        project=int(str(row["project_id"])),
        title=str(row["title"]),
        description=str(row["description"] or ""),
        created=milliseconds(row["created_at"]) or 0,
        updated=milliseconds(row["updated_at"]) or 0,
        author=_person(row.get("author")) or ACCOUNT,
        source_branch=str(row["source_branch"]),
        sha=str(row["sha"]),
        target_branch=str(row["target_branch"]),
        state=str(row["state"]),
    )
    made.merged, made.closed = milliseconds(row.get("merged_at")), milliseconds(row.get("closed_at"))
    made.merged_by, made.recorded = _person(row.get("merged_by")), row
    made.merge_commit = str(row["merge_commit_sha"]) if row.get("merge_commit_sha") else None
    state.merge_requests[made.id] = made


def _note(state: GitLab, row: Wire) -> None:
    """A note of an issue that was recorded too; those of merge requests are nobody's history here."""
    item = state.items.get(int(str(row["noteable_id"]))) if row["noteable_type"] == "Issue" else None
    if item is None:
        return
    body, system, at = str(row["body"]), bool(row["system"]), milliseconds(row["created_at"]) or 0
    action = next((name for start, name in ACTIONS if body.startswith(start)), None) if system else None
    note = Note(int(str(row["id"])), at, _person(row.get("author")) or ACCOUNT, body, system, action)
    note.updated, note.internal = milliseconds(row["updated_at"]), bool(row.get("confidential"))
    item.notes.append(note)


def _numbers(state: GitLab, found: Recorded) -> dict[str, int]:
    """Where each kind's ids go on."""
    rows: dict[str, Iterable[int]] = {"item": found.issues, "merge_request": found.requests, "note": found.notes}
    rows |= {"label": state.labels, "milestone": state.milestones}
    numbers = {name: max(ids, default=0) for name, ids in rows.items()}
    for request in state.merge_requests.values():
        name = f"merge_request of {request.project}"
        numbers[name] = max(numbers.get(name, 0), request.iid)
    return numbers


def _person(value: object) -> int | None:
    return int(str(value["id"])) if isinstance(value, Mapping) else None


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
