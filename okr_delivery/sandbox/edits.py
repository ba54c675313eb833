"""Changes to an issue, each with the history items that the tracker would write for it.

`edit` is used by the server for requests that write and by the world's builder, so a synthetic past and a live present
are made of the same items. Instants are epoch milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from okr_delivery.sandbox import adf
from okr_delivery.sandbox.site import BASE, History, Site, SiteIssue, Wire, by_id

Editor = Callable[[Site, SiteIssue, object], list[Wire]]


class BadValueError(Exception):
    """A value that the tracker refuses. `field` is the name a client used."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field}: {reason}")


def item(name: str, field_id: str | None, old: tuple[object, object], new: tuple[object, object]) -> Wire:
    """A history item; an id of None leaves `fieldId` out, as links, keys and parents do."""
    row: Wire = {"field": name, "fieldtype": "custom" if (field_id or "").startswith("customfield_") else "jira"}
    if field_id:
        row["fieldId"] = field_id
    return row | {"from": old[0], "fromString": old[1], "to": new[0], "toString": new[1]}


def edit(site: Site, issue: SiteIssue, changes: Mapping[str, object], at: int, author: str | None) -> History | None:
    """Applies `changes` (field id -> new value) as one history entry; None when nothing was different."""
    items: list[Wire] = []
    for name, value in changes.items():
        items += _editor(site, name)(site, issue, value)
        if items and issue.recorded is not None:
            _forget_recorded(issue, name)
    if not items:
        return None
    return record(site, issue, items, at, author)


def record(site: Site, issue: SiteIssue, items: list[Wire], at: int, author: str | None) -> History:
    """Adds a history entry with these items and moves `updated`."""
    history = History(site.take_history_id(), at, site.users.get(author) if author else None, items)
    issue.histories.append(history)
    if any(row.get("fieldId") == "status" for row in items):
        issue.status_changed = at
    issue.updated = max(issue.updated, at)
    if issue.recorded is not None:
        _forget_recorded(issue, "updated")
    site.revision += 1
    return history


def _forget_recorded(issue: SiteIssue, name: str) -> None:
    issue.recorded = {k: v for k, v in (issue.recorded or {}).items() if k != name}
    issue.derived |= {name}


def _editor(site: Site, name: str) -> Editor:
    if name in EDITORS:
        return EDITORS[name]
    if name == site.ids.sprint:
        return _sprint
    if name == site.ids.flagged:
        return _flagged
    if name == site.ids.epic_link:
        return _parent
    row = by_id(site.fields, name)
    if row is None or not row.get("custom"):
        raise BadValueError(name, f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.")
    return _custom(row)


def _summary(_: Site, issue: SiteIssue, value: object) -> list[Wire]:
    if not isinstance(value, str) or not value.strip():
        raise BadValueError("summary", "You must specify a summary of the issue.")
    old, issue.summary = issue.summary, value
    return [] if old == value else [item("summary", "summary", (None, old), (None, value))]


def _description(_: Site, issue: SiteIssue, value: object) -> list[Wire]:
    old, new = _plain(issue.description), _plain(value)
    issue.description = new or None
    if old == new:
        return []
    return [item("description", "description", (_blob(old), old or None), (_blob(new), new or None))]


def _plain(value: object) -> str:
    return adf.text(value) if isinstance(value, Mapping) else str(value or "")


def _blob(text: str) -> str | None:
    return json.dumps(adf.document(text), ensure_ascii=False) if text else None


def _labels(_: Site, issue: SiteIssue, value: object) -> list[Wire]:
    new = _strings("labels", value)
    for label in new:
        if any(sign.isspace() for sign in label):
            raise BadValueError("labels", f"The label '{label}' contains spaces which is invalid.")
    old, issue.labels = issue.labels, sorted(set(new))
    if old == issue.labels:
        return []
    return [item("labels", "labels", ("", " ".join(old)), ("", " ".join(issue.labels)))]


def _strings(name: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(v, str) for v in value):
        raise BadValueError(name, "data was not an array of strings")
    return [str(v) for v in value]


def _reference(value: object) -> str | None:
    """The id in `{"id": …}` or `{"name": …}` form, or a bare string."""
    if isinstance(value, Mapping):
        value = value.get("id") or value.get("name") or value.get("value")
    return None if value is None else str(value)


def _choice(name: str, attribute: str, rows: Callable[[Site], list[Wire]]) -> Editor:
    def change(site: Site, issue: SiteIssue, value: object) -> list[Wire]:
        wanted = _reference(value)
        new = next((r for r in rows(site) if wanted in (r["id"], r["name"])), None)
        if wanted is not None and new is None:
            raise BadValueError(name, f"The {name} selected is invalid.")
        old = by_id(rows(site), getattr(issue, attribute))
        setattr(issue, attribute, new["id"] if new else None)
        return [] if old is new else [item(name, name, _pair(old), _pair(new))]

    return change


def _pair(row: Wire | None) -> tuple[object, object]:
    return (row["id"], row["name"]) if row else (None, None)


def _parent(site: Site, issue: SiteIssue, value: object) -> list[Wire]:
    wanted = value.get("key") or value.get("id") if isinstance(value, Mapping) else value
    new = site.find(str(wanted)) if wanted is not None else None
    if wanted is not None and new is None:
        raise BadValueError("parent", "Could not find parent issue by id or key.")
    old = site.issues.get(issue.parent) if issue.parent else None
    issue.parent = new.id if new else None
    if old is new:
        return []
    sides = [(str(p.id), p.key) if p else (None, None) for p in (old, new)]
    return [item("IssueParentAssociation", None, sides[0], sides[1])]


def _many(name: str, shown: str, attribute: str, rows: Callable[[Site, SiteIssue], list[Wire]]) -> Editor:
    """A list field whose history has one item for each entry that came or went."""

    def change(site: Site, issue: SiteIssue, value: object) -> list[Wire]:
        known = rows(site, issue)
        wanted = (
            [_reference(v) for v in value] if isinstance(value, Sequence) and not isinstance(value, str) else [None]
        )
        new = [str(r["id"]) for r in known if r["id"] in wanted or r["name"] in wanted]
        if len(new) != len(wanted):
            raise BadValueError(name, f"{shown} is not valid")
        old: list[str] = getattr(issue, attribute)
        setattr(issue, attribute, new)
        gone = [item(shown, name, _pair(by_id(known, i)), (None, None)) for i in old if i not in new]
        return gone + [item(shown, name, (None, None), _pair(by_id(known, i))) for i in new if i not in old]

    return change


def _due(_: Site, issue: SiteIssue, value: object) -> list[Wire]:
    new = None if value in (None, "") else str(value)
    old, issue.due = issue.due, new
    sides = [(d, f"{d} 00:00:00.0") if d else (None, None) for d in (old, new)]
    return [] if old == new else [item("duedate", "duedate", sides[0], sides[1])]


def _assignee(site: Site, issue: SiteIssue, value: object) -> list[Wire]:
    wanted = value.get("accountId") or value.get("id") if isinstance(value, Mapping) else value
    if wanted is not None and str(wanted) not in site.users:
        raise BadValueError("assignee", f"User '{wanted}' does not exist.")
    old, issue.assignee = issue.assignee, None if wanted is None else str(wanted)
    if old == issue.assignee:
        return []
    sides = [(who, str(site.users[who]["displayName"])) if who else (None, None) for who in (old, issue.assignee)]
    accounts = {"tmpFromAccountId": old, "tmpToAccountId": issue.assignee}
    return [item("assignee", "assignee", sides[0], sides[1]) | {k: v for k, v in accounts.items() if v}]


def _sprint(site: Site, issue: SiteIssue, value: object) -> list[Wire]:
    """The sprints as ids; history holds the ids in numeric order and the names beside them."""
    wanted = value if isinstance(value, Sequence) and not isinstance(value, str) else [] if value is None else [value]
    new = [int(str(v)) for v in wanted]
    if any(number not in site.sprints for number in new):
        raise BadValueError("Sprint", "Sprint does not exist")
    old, issue.sprints = issue.sprints, new
    if sorted(old) == sorted(new):
        return []
    return [item("Sprint", site.ids.sprint, _sprint_side(site, old), _sprint_side(site, new))]


def _sprint_side(site: Site, numbers: list[int]) -> tuple[str, str]:
    ordered = sorted(numbers)
    return ", ".join(map(str, ordered)), ", ".join(site.sprints[n].name if n in site.sprints else "" for n in ordered)


def _flagged(site: Site, issue: SiteIssue, value: object) -> list[Wire]:
    field_id = str(site.ids.flagged)
    old, new = bool(issue.custom.get(field_id)), bool(value)
    issue.custom[field_id] = [flag_option()] if new else None
    sides = [("[10019]", "Impediment") if on else ("", "") for on in (old, new)]
    return [] if old == new else [item("Flagged", field_id, sides[0], sides[1])]


def flag_option() -> Wire:
    """The value of the flag field on an impediment."""
    return {"self": f"{BASE}/rest/api/3/customFieldOption/10019", "value": "Impediment", "id": "10019"}


def _custom(row: Wire) -> Editor:
    field_id, name = str(row["id"]), str(row["name"])
    schema = row.get("schema")
    number = isinstance(schema, Mapping) and schema.get("type") == "number"

    def change(_: Site, issue: SiteIssue, value: object) -> list[Wire]:
        new = _number(name, value) if number else (_plain(value) or None)
        old = issue.custom.get(field_id)
        issue.custom[field_id] = new
        return [] if old == new else [item(name, field_id, (None, shown(old)), (None, shown(new)))]

    return change


def _number(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValueError(name, "Operation value must be a number")
    return float(value)


def shown(value: object) -> str | None:
    """A value as history writes it: whole numbers without a fraction."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else str(value)


EDITORS: dict[str, Editor] = {
    "summary": _summary,
    "description": _description,
    "labels": _labels,
    "status": _choice("status", "status", lambda site: site.statuses),
    "priority": _choice("priority", "priority", lambda site: site.priorities),
    "resolution": _choice("resolution", "resolution", lambda site: site.resolutions),
    "issuetype": _choice("issuetype", "type", lambda site: site.types),
    "parent": _parent,
    "fixVersions": _many("fixVersions", "Fix Version", "versions", lambda s, i: s.versions.get(i.project, [])),
    "components": _many("components", "Component", "components", lambda s, i: s.components.get(i.project, [])),
    "duedate": _due,
    "assignee": _assignee,
}
"""How each system field is changed, by field id; custom fields are looked up by their schema."""
