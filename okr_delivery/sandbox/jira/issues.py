"""One issue, asked for by id or key."""

from __future__ import annotations

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.http import Call, RefusedError, answer
from okr_delivery.sandbox.jira.render import Choice
from okr_delivery.sandbox.site import SiteIssue, Visibility


def visible(call: Call, id_or_key: str) -> SiteIssue | None:
    """The issue if this caller may see it; archived ones still answer."""
    issue = call.tracker.site.find(id_or_key)
    if issue is None or issue.visibility is Visibility.HIDDEN:
        return None
    return issue if call.sees(issue.project) else None


def one(call: Call, issue_id: str) -> SiteIssue:
    """The issue or 404, which may mean deleted, forbidden or never there."""
    issue = visible(call, issue_id)
    if issue is None:
        raise RefusedError(404, call.dialect.unseen)
    return issue


def issue(call: Call, issue_id: str) -> Response:
    """`GET issue/{id}`: everything unless fields are named."""
    found = one(call, issue_id)
    choice = Choice.of(call.request.args.getlist("fields") or ["*all"])
    expand = [part for value in call.request.args.getlist("expand") for part in value.split(",")]
    properties = [part for value in call.request.args.getlist("properties") for part in value.split(",")]
    row = body(call, found, choice, expand, properties, call.dialect.inline_cap(call.faults, alone=True))
    return answer(row | described(call, expand, row.get("fields")))


def described(call: Call, expand: list[str], fields: object) -> dict[str, object]:
    """What `names` and `schema` in `expand` add: the names and types of the fields that are there."""
    shown = fields if isinstance(fields, dict) else {}
    rows = [call.render.row("field", row) for row in call.tracker.site.fields if row["id"] in shown]
    members = {"names": "name", "schema": "schema"}
    return {name: {str(row["id"]): row.get(key) for row in rows} for name, key in members.items() if name in expand}


def body(
    call: Call, issue: SiteIssue, choice: Choice, expand: list[str], properties: list[str], cap: int | None
) -> dict[str, object]:
    """An issue as it is answered; an inline history holds at most `cap` entries and names their true number."""
    row = call.render.issue(issue, choice)
    if properties:
        row["properties"] = {name: issue.properties[name] for name in properties if name in issue.properties}
    if "changelog" in expand:
        row["changelog"] = call.render.inline(issue, cap)
    return row
