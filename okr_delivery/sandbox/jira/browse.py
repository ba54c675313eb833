"""The page a person sees who follows an issue's link: just enough to recognise the issue."""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.http import Call
from okr_delivery.sandbox.jira.issues import one
from okr_delivery.sandbox.site import by_id


def page(call: Call, key: str) -> Response:
    """Title, status and description of an issue, escaped."""
    found = one(call, key)
    status = by_id(call.tracker.site.statuses, found.status) or {"name": found.status}
    text = call.render.text("description", found.description) or ""
    body = f"<h1>{escape(found.key)} {escape(found.summary)}</h1><p>{escape(str(status['name']))}</p>"
    head = f"<!DOCTYPE html><meta charset=utf-8><title>{escape(found.key)}</title>"
    return Response(f"{head}{body}<pre>{escape(str(text))}</pre>", content_type="text/html;charset=UTF-8")
