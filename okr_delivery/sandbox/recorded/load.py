"""From payloads to a site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg
from okr_delivery.sandbox.recorded import derive
from okr_delivery.sandbox.recorded.lines import Payloads, read
from okr_delivery.sandbox.site import History, Site, SiteIssue, Wire

ZONE = "Asia/Shanghai"  # of the account: never UTC, so that nothing works by accident
ACCOUNT = "5b10a2844c20165700ede21a"
SPRINT_STRING = re.compile(r"\[id=(\d+)|,id=(\d+)")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded site. It has no instant of its own: a server of it runs on the real clock."""

    name: str
    site: Site


def load(files: Sequence[Path], site: str) -> Recording:
    """The recorded site of that name. Of an issue that was recorded twice the later version counts.

    Raises UserError for an unknown site, naming those there are, and for every line that can't be read.
    """
    sites = read(files)
    check_site(site, (name for name, payloads in sites.items() if payloads.issues))
    return Recording(site, _site(site, sites[site]))


def check_site(site: str, known: Iterable[str]) -> None:
    """Raises UserError for a site that is not known, naming those that are."""
    names = sorted(known)
    if site not in names:
        step = msg("sandbox.recorded.sites", sites=", ".join(names)) if names else msg("sandbox.recorded.no_sites")
        raise user_error(msg("sandbox.recorded.unknown_site", site=site), where="--site", next_step=step)


def _site(name: str, payloads: Payloads) -> Site:
    made = Site(name=name, now=None, zone=ZONE, account=ACCOUNT)
    rows = _latest(payloads.issues)
    made.server_info = payloads.servers[0] if payloads.servers else {}
    made.users = derive.users(rows) | {ACCOUNT: derive.user(ACCOUNT, "okr-delivery")}
    made.fields = derive.fields(payloads.fields, rows)
    made.ids = derive.field_ids(made.fields)
    made.statuses = derive.statuses(payloads.statuses, rows)
    made.types = derive.from_bodies(payloads.types, rows, "issuetype")
    made.priorities = derive.from_bodies([], rows, "priority")
    made.resolutions = derive.from_bodies([], rows, "resolution")
    made.link_types = derive.link_types(rows)
    made.projects = derive.projects(rows)
    for row in rows:
        _add_issue(made, row)
    made.versions = derive.by_project(made, rows, "fixVersions")
    made.components = derive.by_project(made, rows, "components")
    derive.add_boards(made, payloads, rows)
    made.next_history = 1 + max((h.id for i in made.issues.values() for h in i.histories), default=0)
    return made


def _latest(rows: Iterable[Wire]) -> list[Wire]:
    """One row for each issue, in id order."""
    found: dict[int, Wire] = {}
    for row in rows:
        number = int(str(row["id"]))
        if number not in found or _age(row) >= _age(found[number]):
            found[number] = row
    return [found[number] for number in sorted(found)]


def _age(row: Wire) -> tuple[int, int]:
    histories = derive.histories(row)
    last = max((milliseconds(h["created"]) or 0 for h in histories), default=0)
    return (milliseconds(derive.body(row).get("updated")) or last, len(histories))


def _add_issue(site: Site, row: Wire) -> None:
    fields = derive.body(row)
    entries = sorted((_history(h) for h in derive.histories(row)), key=lambda h: (h.at, h.id))
    born = milliseconds(fields.get("created")) or (entries[0].at if entries else 0)
    changed = milliseconds(fields.get("updated")) or max([born, *(h.at for h in entries)])
    issue = SiteIssue(
        id=int(str(row["id"])),
        key=str(row["key"]),
        project=derive.project_id(site.projects, row),
        type=derive.reference(fields.get("issuetype")) or "",
        status=derive.reference(fields.get("status")) or "",
        created=born,
        updated=changed,
        summary=str(fields.get("summary") or ""),
    )
    _fill(site, issue, fields)
    issue.histories = entries
    issue.recorded = dict(fields)
    issue.derived = frozenset({"project", "updated"}) - fields.keys()
    issue.old_keys = [old for entry in entries for old in _former_keys(entry)]
    site.add(issue)
    for old in issue.old_keys:
        site.keys.setdefault(old.upper(), issue.id)


def _fill(site: Site, issue: SiteIssue, fields: Wire) -> None:
    """What queries and later edits look at; the answers use the recorded values."""
    labels = fields.get("labels")
    issue.labels = [str(label) for label in labels] if isinstance(labels, list) else []
    text = fields.get("description")
    issue.description = text if isinstance(text, str | dict) else None
    issue.priority = derive.reference(fields.get("priority"))
    issue.resolution = derive.reference(fields.get("resolution"))
    issue.resolved = milliseconds(fields.get("resolutiondate"))
    issue.status_changed = milliseconds(fields.get("statuscategorychangedate"))
    issue.versions, issue.components = _ids(fields.get("fixVersions")), _ids(fields.get("components"))
    issue.custom = {name: value for name, value in fields.items() if name.startswith("customfield_")}
    issue.sprints = sprint_ids(fields.get(site.ids.sprint or ""))
    parent = derive.reference(fields.get("parent"))
    issue.parent = int(parent) if parent and parent.isdigit() else None
    due = fields.get("duedate")
    issue.due = str(due) if due else None


def _ids(value: object) -> list[str]:
    return [str(row["id"]) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def sprint_ids(value: object) -> list[int]:
    """Ids in a sprint field: objects of Cloud, or strings of older servers."""
    found = []
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, Mapping):
            found.append(int(str(entry["id"])))
        elif match := SPRINT_STRING.search(str(entry)):
            found.append(int(match[1] or match[2]))
    return found


def _history(row: Wire) -> History:
    author, items = row.get("author"), row.get("items")
    at = milliseconds(row["created"]) or 0
    number = int(str(row["id"]))
    return History(number, at, author if isinstance(author, dict) else None, items if isinstance(items, list) else [])


def _former_keys(entry: History) -> list[str]:
    return [str(item["fromString"]) for item in entry.items if item.get("field") == "Key" and item.get("fromString")]


def milliseconds(value: object) -> int | None:
    """Epoch milliseconds of a recorded instant; None for none."""
    if not value:
        return None
    moment = datetime.fromisoformat(str(value))
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
