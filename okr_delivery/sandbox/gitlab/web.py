"""The pages that links lead people to, as plain as can be."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import unquote

from werkzeug.wrappers import Response

from okr_delivery.sandbox.gitlab.state import GitLab, Visibility, WorkItem

ITEM = re.compile(r"/(?P<group>groups/)?(?P<path>.+?)/-/(?:issues|work_items|epics)/(?P<iid>\d+)/?")


def page(state: GitLab, path: str) -> Response:
    """An issue's page; 404 for anything else."""
    item = _item(state, unquote(path))
    if item is None or item.visibility is not Visibility.VISIBLE:
        return Response("<html><body><h1>404: Page not found</h1></body></html>", 404, content_type="text/html")
    labels = "".join(f"<li>{escape(state.labels[number].name)}</li>" for number in item.labels)
    body = (
        f"<!DOCTYPE html><html><head><title>{escape(item.title)} · GitLab</title></head><body>"
        f"<h1>{escape(state.reference(item))} {escape(item.title)}</h1><p>{item.state}</p>"
        f"<ul>{labels}</ul><pre>{escape(item.description)}</pre></body></html>"
    )
    return Response(body, 200, content_type="text/html; charset=utf-8")


def _item(state: GitLab, path: str) -> WorkItem | None:
    match = ITEM.fullmatch(path)
    if match is None:
        return None
    if match["group"]:
        group = state.group(match["path"])
        return state.epic(group.id, int(match["iid"])) if group else None
    project = state.project(match["path"])
    return state.issue(project.id, int(match["iid"])) if project else None
