"""Bodies and histories in bulk, and one by one: what answers when asked for by id or key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from werkzeug.wrappers import Response

from okr_delivery.sandbox.jira.http import Call, RefusedError, answer, checked, page_of, strings
from okr_delivery.sandbox.jira.issues import body as body_of
from okr_delivery.sandbox.jira.issues import one, visible
from okr_delivery.sandbox.jira.render import Choice
from okr_delivery.sandbox.jira.tokens import Place, fingerprint
from okr_delivery.sandbox.site import BASE, History, SiteIssue

MAX_BODIES, MAX_HISTORIES, MAX_HISTORY_PAGE, MAX_FIELD_IDS, MAX_PROPERTIES = 100, 1000, 10_000, 10, 5
BODIES: dict[str, type | tuple[type, ...]] = {
    "issueIdsOrKeys": list,
    "fields": list,
    "fieldsByKeys": bool,
    "expand": list,
    "properties": list,
}
HISTORIES: dict[str, type | tuple[type, ...]] = {
    "issueIdsOrKeys": list,
    "fieldIds": list,
    "maxResults": int,
    "nextPageToken": str,
}


def bodies(call: Call) -> Response:
    """`issue/bulkfetch`: the bodies of at most 100 issues, in ascending id order."""
    body = call.body()
    checked(body, BODIES)
    wanted = _asked(body, MAX_BODIES)
    properties = strings(body.get("properties", []), "properties")
    if len(properties) > MAX_PROPERTIES:
        raise RefusedError(400, f"The number of properties must not be more than {MAX_PROPERTIES}.")
    choice = Choice.of(strings(body.get("fields", ["*navigable"]), "fields"))
    expand = strings(body.get("expand", []), "expand")
    found, missing = _split(call, wanted)
    cap = call.dialect.inline_cap(call.faults, alone=False)
    rows = [body_of(call, issue, choice, expand, properties, cap) for issue in sorted(found, key=lambda i: i.id)]
    return answer({"issues": rows, "issueErrors": [{"id": w, "errorMessage": _UNSEEN} for w in missing]})


_UNSEEN = "The issue either doesn't exist or you don't have permission to view it"


def _asked(body: dict[str, object], most: int) -> list[str]:
    wanted = strings(body.get("issueIdsOrKeys"), "issueIdsOrKeys")
    if not 1 <= len(wanted) <= most:
        raise RefusedError(400, f"The number of issue ids or keys must be between 1 and {most}.")
    return wanted


def _split(call: Call, wanted: Iterable[str]) -> tuple[list[SiteIssue], list[str]]:
    found: dict[int, SiteIssue] = {}
    missing = []
    for text in wanted:
        issue = visible(call, text)
        if issue is None:
            missing.append(text)
        else:
            found[issue.id] = issue
    return list(found.values()), missing


def changelog(call: Call, issue_id: str) -> Response:
    """`GET issue/{id}/changelog`: offset pages of at most 100, oldest first."""
    found = one(call, issue_id)
    rows: list[object] = [call.render.history(found, entry) for entry in found.histories]
    address = f"{BASE}/rest/api/{call.version}/issue/{issue_id}/changelog"
    return answer({"self": address, **page_of(rows, call, 100)})


@dataclass(frozen=True, slots=True)
class Entry:
    """A history entry of one issue, ordered over all issues: by instant, issue and entry."""

    issue: SiteIssue
    history: History

    @property
    def order(self) -> tuple[int, int, int]:
        return (self.history.at, self.issue.id, self.history.id)


def histories(call: Call) -> Response:
    """`changelog/bulkfetch`: entries of up to 1,000 issues, oldest first over all of them, grouped within the page."""
    call.refuse_anonymous()
    body = call.body()
    checked(body, HISTORIES)
    wanted = _asked(body, MAX_HISTORIES)
    only = _field_ids(body)
    size = _history_size(body, call)
    what = fingerprint("changelog", wanted, only)
    token = body.get("nextPageToken")
    place = call.tokens.read(what, str(token) if token else None, call.tracker.now // 1000, call.faults.token_life)
    entries = _entries(_split(call, wanted)[0], only)
    part = entries[place.after : place.after + size]
    data: dict[str, object] = {"issueChangeLogs": _grouped(part, only, call)}
    if place.after + size < len(entries):
        following = Place(place.page + 1, place.after + size, call.tracker.now // 1000)
        data["nextPageToken"] = call.tokens.make(what, following)
    return answer(data)


def _field_ids(body: dict[str, object]) -> frozenset[str]:
    names = strings(body.get("fieldIds", []), "fieldIds")
    if len(names) > MAX_FIELD_IDS or len(set(names)) != len(names):
        raise RefusedError(400, f"fieldIds must hold at most {MAX_FIELD_IDS} unique ids.")
    return frozenset(names)


def _history_size(body: dict[str, object], call: Call) -> int:
    size = body.get("maxResults", 1000)
    if not isinstance(size, int) or not 1 <= size <= MAX_HISTORY_PAGE:
        raise RefusedError(400, f"maxResults must be between 1 and {MAX_HISTORY_PAGE}.")
    return min(size, call.faults.history_cap)


def _entries(issues: list[SiteIssue], only: frozenset[str]) -> list[Entry]:
    found = [Entry(issue, h) for issue in issues for h in issue.histories if not only or _kept(h, only)]
    return sorted(found, key=lambda entry: entry.order)


def _kept(history: History, only: frozenset[str]) -> list[dict[str, object]]:
    return [item for item in history.items if item.get("fieldId") in only]


def _grouped(entries: list[Entry], only: frozenset[str], call: Call) -> list[dict[str, object]]:
    groups: dict[int, list[dict[str, object]]] = {}
    for entry in entries:
        created = entry.history.at if call.faults.bulk_created == "ms" else None
        row = call.render.history(entry.issue, entry.history, created)
        if only:
            row["items"] = call.render.items(entry.issue, _kept(entry.history, only))
        groups.setdefault(entry.issue.id, []).append(row)
    return [{"issueId": str(number), "changeHistories": rows} for number, rows in groups.items()]
