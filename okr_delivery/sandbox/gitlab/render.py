"""REST bodies, as this version and plan writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from okr_delivery.sandbox.gitlab import wording
from okr_delivery.sandbox.gitlab.events import Note
from okr_delivery.sandbox.gitlab.http import dumped
from okr_delivery.sandbox.gitlab.index import Index
from okr_delivery.sandbox.gitlab.state import (
    EPIC,
    GitLab,
    Group,
    Iteration,
    Label,
    Milestone,
    Project,
    User,
    Wire,
    WorkItem,
)
from okr_delivery.sandbox.gitlab.tiers import Features
from okr_delivery.sandbox.site import BASE

BOX = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+\[([ xX])\]\s", re.MULTILINE)
ITERATION_STATES = {"upcoming": 1, "current": 2, "closed": 3}


def instant(at: int | None) -> str | None:
    """Epoch milliseconds as GitLab writes them: UTC, three digits, `Z`."""
    if at is None:
        return None
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def day(at: date | None) -> str | None:
    return at.isoformat() if at else None


class Renderer:
    """Writes one server's objects. `url` is its address; `today` its day, which milestones expire by."""

    def __init__(self, state: GitLab, features: Features, url: str, today: date, index: Index) -> None:
        self.state, self.features, self.url, self.today, self.index = state, features, url, today, index
        self._users: dict[int, Wire] = {}

    @property
    def api(self) -> str:
        return f"{self.url}/api/v4"

    def user(self, number: int | None) -> Wire | None:
        """The short form, wherever a person is named."""
        if number is None or number not in self.state.users:
            return None
        if number not in self._users:
            self._users[number] = self._user(self.state.users[number])
        return self._users[number]

    def _user(self, user: User) -> Wire:
        made: Wire = {"id": user.id, "username": user.username}
        if self.features.since(17, 6):
            made["public_email"] = ""
        made |= {"name": user.name, "state": user.state}
        if self.features.since(16):
            made["locked"] = False
        return made | {"avatar_url": None, "web_url": f"{self.url}/{user.username}"}

    def label(self, label: Label) -> Wire:
        """The short form, inside issues and events."""
        return {
            "id": label.id,
            "name": label.name,
            "description": label.description or None,
            "description_html": label.description,
            "text_color": "#FFFFFF",
            "color": label.color,
        } | ({"archived": False} if self.features.since(18, 3) else {})

    def milestone(self, milestone: Milestone) -> Wire:
        """`expired` goes by the server's day."""
        home: Wire = (
            {"project_id": milestone.project} if milestone.project is not None else {"group_id": milestone.group}
        )
        expired = milestone.due is not None and milestone.due < self.today and milestone.state == "active"
        return {
            "id": milestone.id,
            "iid": milestone.iid,
            **home,
            "title": milestone.title,
            "description": milestone.description,
            "state": milestone.state,
            "created_at": instant(milestone.created),
            "updated_at": instant(milestone.updated),
            "due_date": day(milestone.due),
            "start_date": day(milestone.start),
            "expired": expired,
            "web_url": f"{self._home(milestone.project, milestone.group)}/-/milestones/{milestone.iid}",
        }

    def _home(self, project: int | None, group: int | None) -> str:
        if project is not None:
            return f"{self.url}/{self.state.projects[project].path}"
        return f"{self.url}/groups/{self.state.groups[group or 0].path}"

    def iteration(self, iteration: Iteration) -> Wire:
        """Titles may be null: a cadence names them by their days."""
        group = self.state.cadences[iteration.cadence].group
        return {
            "id": iteration.id,
            "iid": iteration.iid,
            "sequence": iteration.sequence,
            "group_id": group,
            "title": iteration.title,
            "description": None,
            "state": ITERATION_STATES[iteration.state],
            "created_at": instant(iteration.created),
            "updated_at": instant(iteration.updated),
            "start_date": day(iteration.start),
            "due_date": day(iteration.due),
            "web_url": f"{self._home(None, group)}/-/iterations/{iteration.id}",
        }

    def project_path(self, item: WorkItem) -> str:
        return self.state.projects[item.project or 0].path

    def web_url(self, item: WorkItem) -> str:
        """Newest versions lead to the work item."""
        kind = "work_items" if self.features.since(18, 7) else "issues"
        if item.kind == EPIC:
            return f"{self._home(None, item.group)}/-/epics/{item.iid}"
        return f"{self.url}/{self.project_path(item)}/-/{kind}/{item.iid}"

    def issue_bytes(self, item: WorkItem, *, details: bool = False, alone: bool = False) -> bytes:
        """An issue as JSON; what was recorded keeps its own members."""
        if item.recorded is None:
            return dumped(self.issue(item, details=details, alone=alone))
        now = self.issue(item, details=details, alone=alone) if item.derived else {}
        body = item.recorded | {name: now[name] for name in item.derived if name in now}
        return dumped(body).replace(BASE.encode(), self.url.encode())

    def issue(self, item: WorkItem, *, details: bool = False, alone: bool = False) -> Wire:
        """`alone`: asked for by its number, which shows a little more. `details`: labels as objects."""
        made = self._core(item, details=details)
        made |= self._plan_members(item)
        if self.features.since(17):
            made |= {"imported": False, "imported_from": "none"}
        made["service_desk_reply_to"] = None
        made |= self._group_members(item)
        if alone:
            made["subscribed"] = False
        return made

    def _core(self, item: WorkItem, *, details: bool) -> Wire:
        people = [self.user(number) for number in item.assignees]
        milestone = self.state.milestones.get(item.milestone or 0)
        start: Wire = {"start_date": day(item.start)} if self.features.since(18, 10) else {}
        return {
            "id": item.id,
            "iid": item.iid,
            "project_id": item.project,
            "title": item.title,
            "description": item.description,
            "state": item.state,
            "created_at": instant(item.created),
            "updated_at": instant(item.updated),
            "closed_at": instant(item.closed),
            "closed_by": self.user(item.closed_by),
            "labels": self._labels(item, details=details),
            "milestone": self.milestone(milestone) if milestone else None,
            "assignees": people,
            "author": self.user(item.author),
            "type": item.kind.upper(),
            "assignee": people[0] if people else None,
            "user_notes_count": sum(1 for note in item.notes if not note.system),
            "merge_requests_count": len(self.index.closing(item.id)),
            "upvotes": 0,
            "downvotes": 0,
            **start,
            "due_date": day(item.due),
            "confidential": item.confidential,
            "discussion_locked": None,
            "issue_type": item.kind,
            "web_url": self.web_url(item),
            "time_stats": time_stats(item.time_estimate, item.time_spent),
        }

    def _labels(self, item: WorkItem, *, details: bool) -> list[object]:
        """Sorted by name, as lists show them."""
        rows = sorted((self.state.labels[number] for number in item.labels), key=lambda label: label.name)
        return [self.label(label) for label in rows] if details else [label.name for label in rows]

    def _plan_members(self, item: WorkItem) -> Wire:
        done, count = tasks(item.description)
        status: Wire = {"task_status": f"{done} of {count} checklist items completed"} if count else {}
        weight: Wire = {"weight": item.weight} if self.features.paid else {}
        return {
            "task_completion_status": {"count": count, "completed_count": done},
            **weight,
            "blocking_issues_count": sum(1 for link in item.links if link.kind == "blocks"),
            "has_tasks": bool(count),
            **status,
            "_links": self._links(item),
            "references": {
                "short": f"#{item.iid}",
                "relative": f"#{item.iid}",
                "full": self.state.reference(item),
            },
            "severity": "UNKNOWN",
            "moved_to_id": item.moved_to,
        }

    def _links(self, item: WorkItem) -> Wire:
        project = f"{self.api}/projects/{item.project}"
        own = f"{project}/issues/{item.iid}"
        other = self.state.items.get(item.duplicated_to or 0)
        duplicate = f"{self.api}/projects/{other.project}/issues/{other.iid}" if other else None
        return {
            "self": own,
            "notes": f"{own}/notes",
            "award_emoji": f"{own}/award_emoji",
            "project": project,
            "closed_as_duplicate_of": duplicate,
        }

    def _group_members(self, item: WorkItem) -> Wire:
        """What needs a plan, and a group above the project."""
        if not self.features.paid or self.state.projects[item.project or 0].group is None:
            return {}
        parent = self.state.items.get(item.parent or 0)
        epic = parent if parent is not None and parent.kind == EPIC else None
        iteration = self.state.iterations.get(item.iteration or 0)
        made: Wire = {
            "epic_iid": epic.iid if epic else None,
            "epic": self._epic(epic) if epic else None,
            "iteration": self.iteration(iteration) if iteration else None,
        }
        return made | ({"health_status": item.health} if self.features.ultimate else {})

    def _epic(self, epic: WorkItem) -> Wire:
        path = self.state.groups[epic.group or 0].path
        return {
            "id": epic.epic_id,
            "iid": epic.iid,
            "title": epic.title,
            "url": f"/groups/{path}/-/epics/{epic.iid}",
            "group_id": epic.group,
            "human_readable_end_date": None,
            "human_readable_timestamp": None,
        }

    def note(self, note: Note, item: WorkItem) -> Wire:
        """A stored note of an issue."""
        origin: Wire = {"imported": False, "imported_from": "none"} if self.features.since(17) else {}
        project: Wire = {"project_id": item.project} if self.features.since(16) else {}
        return {
            "id": note.id,
            "type": None,
            "body": note.body,
            "attachment": None,
            "author": self.user(note.author),
            "created_at": instant(note.at),
            "updated_at": instant(note.updated or note.at),
            "system": note.system,
            "noteable_id": item.id,
            "noteable_type": "Issue",
            **project,
            "resolvable": False,
            "confidential": note.internal,
            "internal": note.internal,
            **origin,
            "noteable_iid": item.iid,
            "commands_changes": {},
        }

    def project(self, project: Project) -> Wire:
        path, name = project.path.rpartition("/")[2], project.name
        group = self.state.groups.get(project.group or 0)
        return {
            "id": project.id,
            "description": "",
            "name": name,
            "name_with_namespace": f"{group.name} / {name}" if group else name,
            "path": path,
            "path_with_namespace": project.path,
            "created_at": instant(project.created),
            "default_branch": project.default_branch,
            "tag_list": [],
            "topics": [],
            "ssh_url_to_repo": f"git@gitlab.invalid:{project.path}.git",
            "http_url_to_repo": f"{self.url}/{project.path}.git",
            "web_url": f"{self.url}/{project.path}",
            "readme_url": None,
            "forks_count": 0,
            "avatar_url": None,
            "star_count": 0,
            "last_activity_at": instant(self.index.latest(project.id) or project.created),
            "visibility": "private",
            "namespace": self._namespace(project),
            "_links": {
                "self": f"{self.api}/projects/{project.id}",
                "issues": f"{self.api}/projects/{project.id}/issues",
                "merge_requests": f"{self.api}/projects/{project.id}/merge_requests",
            },
            "empty_repo": False,
            "archived": project.archived,
            "issues_enabled": project.issues_enabled,
            "issues_access_level": "enabled" if project.issues_enabled else "disabled",
            "merge_requests_enabled": True,
            "permissions": {"project_access": {"access_level": 20, "notification_level": 3}, "group_access": None},
        }

    def _namespace(self, project: Project) -> Wire:
        group = self.state.groups.get(project.group or 0)
        path = project.path.rpartition("/")[0]
        return {
            "id": group.id if group else project.id,
            "name": group.name if group else path,
            "path": path.rpartition("/")[2],
            "kind": "group" if group else "user",
            "full_path": path,
            "parent_id": group.parent if group else None,
            "avatar_url": None,
            "web_url": f"{self.url}/groups/{path}" if group else f"{self.url}/{path}",
        }

    def group(self, group: Group) -> Wire:
        names = [above.name for above in self.state.ancestors(group.id)]
        return {
            "id": group.id,
            "web_url": f"{self.url}/groups/{group.path}",
            "name": group.name,
            "path": group.path.rpartition("/")[2],
            "description": "",
            "visibility": "private",
            "avatar_url": None,
            "request_access_enabled": True,
            "full_name": " / ".join(reversed(names)),
            "full_path": group.path,
            "created_at": instant(0),
            "parent_id": group.parent,
        } | ({"archived": group.archived} if self.features.since(18) else {})


def time_stats(estimate: int, spent: int) -> Wire:
    """Seconds, and the same for people."""
    return {
        "time_estimate": estimate,
        "total_time_spent": spent,
        "human_time_estimate": wording.duration(estimate) if estimate else None,
        "human_total_time_spent": wording.duration(spent) if spent else None,
    }


def tasks(description: str) -> tuple[int, int]:
    """How many boxes of a description are ticked, and how many there are."""
    found = BOX.findall(description)
    return sum(1 for sign in found if sign != " "), len(found)
