"""Small payloads of our own, in the shapes that GitLab answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
URL = "https://gitlab.example.com"


def at(ts: float) -> str:
    """An instant as GitLab writes it."""
    found = datetime.fromtimestamp(ts, UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03d}Z"


def project(number: int = 7, path: str = "acme/app", **members: Any) -> dict[str, Any]:
    """A project as `projects/:id` gives it."""
    group = path.rpartition("/")[0]
    namespace = {"id": 3, "kind": "group", "full_path": group}
    return {"id": number, "path_with_namespace": path, "namespace": namespace, "archived": False} | members


def issue(number: int, **members: Any) -> dict[str, Any]:
    """An issue as lists give it with `with_labels_details`; `members` win over the defaults."""
    base: dict[str, Any] = {
        "id": 1000 + number,
        "iid": number,
        "project_id": 7,
        "title": f"Issue {number}",
        "description": "",
        "state": "opened",
        "created_at": at(NOW - 1_000_000 + number),
        "updated_at": at(NOW - 500_000 + number),
        "closed_at": None,
        "labels": [],
        "milestone": None,
        "author": {"id": 5, "name": "Wang"},
        "due_date": None,
        "confidential": False,
        "issue_type": "issue",
        "web_url": f"{URL}/acme/app/-/issues/{number}",
        "time_stats": {"time_estimate": 0, "total_time_spent": 0},
        "references": {"short": f"#{number}", "relative": f"#{number}", "full": f"acme/app#{number}"},
        "moved_to_id": None,
        "has_tasks": False,
    }
    return base | members


def label(number: int, name: str, **members: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "color": "#fff", "is_project_label": True} | members


def milestone(number: int, title: str, **members: Any) -> dict[str, Any]:
    base = {"id": number, "iid": number - 800, "project_id": 7, "title": title, "description": "", "state": "active",
            "start_date": None, "due_date": None}  # fmt: skip
    return base | members


def merge_request(number: int, **members: Any) -> dict[str, Any]:
    base = {"id": 9000 + number, "iid": number, "project_id": 7, "source_project_id": 7, "title": f"Change {number}",
            "description": "", "sha": "a" * 40, "source_branch": "feature",
            "web_url": f"{URL}/acme/app/-/merge_requests/{number}",
            "references": {"full": f"acme/app!{number}"}}  # fmt: skip
    return base | members
