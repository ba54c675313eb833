"""The past of every work item: its birth and what its history says, entry by entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from okr_delivery.sandbox.gitlab import changes, linking
from okr_delivery.sandbox.gitlab.state import CLOSED, EPIC, ISSUE, OPENED, TASK, WorkItem
from okr_delivery.sandbox.gitlab.translate import setting
from okr_delivery.sandbox.gitlab.translate.setting import Act, Scene
from okr_delivery.sandbox.site import History, SiteIssue, Wire
from okr_delivery.sandbox.world import setting as jira
from okr_delivery.sandbox.world.claims import Claim

KINDS = {"Epic": EPIC, "Sub-task": TASK}
TYPE_LABELS = {"Bug": "bug", "Key Result": "key-result"}
BLOCKED = "blocked"
UNTIDY = frozenset({jira.PROJECTS["PLT"]})  # teams whose board leaves the last stage's label on what is closed
QUOTE = re.compile(r"\{quote\}(.*?)\{quote\}", re.DOTALL)
HOUR = 3600  # seconds; a point is an hour where weights don't exist


@dataclass(slots=True)
class Life:
    """What a work item is at the moment its history is being told."""

    scene: Scene
    issue: SiteIssue
    item: WorkItem
    status: int = jira.TODO  # place in the workflow
    refused: str | None = None  # the resolution, if it says that nothing was delivered
    versions: list[str] = field(default_factory=list)
    fields: dict[str, str | None] = field(default_factory=dict)
    text: str = ""


def acts(scene: Scene) -> Iterator[Act]:
    """Births and entries, each at its instant."""
    epics = 0
    for issue in scene.issues:
        if scene.state.tier.paid and scene.type_of(issue) == "Epic":
            epics += 1
        life = Life(scene, issue, _newborn(scene, issue, epics))
        yield Act((issue.created, 0, life.item.id, 0), partial(_born, life))
        for place, entry in enumerate(issue.histories, start=1):
            yield Act((entry.at, 2, life.item.id, place), partial(_told, life, entry))


def _newborn(scene: Scene, issue: SiteIssue, epics: int) -> WorkItem:
    kind = KINDS.get(scene.type_of(issue), ISSUE)
    if kind == EPIC and not scene.state.tier.paid:
        kind = ISSUE
    iid = epics if kind == EPIC else setting.number_of(issue)
    author = scene.users[issue.creator or next(iter(scene.users))]
    made = WorkItem(scene.items[issue.id], iid, kind, issue.summary, issue.created, issue.created, author)
    if kind == EPIC:
        made.group, made.epic_id = setting.GROUP, scene.state.take("epic")
    else:
        made.project = scene.projects[issue.project].id
    made.parent = scene.items.get(issue.parent) if issue.parent else None
    return made


def _born(life: Life) -> None:
    """Labels and the plan a work item is born with are events of its birth."""
    scene, issue, item = life.scene, life.issue, life.item
    life.text = item.description = _markdown(str(_first(issue, "description", "fromString", issue.description) or ""))
    lifecycle = changes.lifecycle_of(scene.state, item)
    item.status = lifecycle.opens if lifecycle else None
    sprints = str(_first(issue, jira_sprint(scene), "from", ",".join(map(str, issue.sprints))) or "")
    born: dict[str, object] = {"labels": [scene.label(name) for name in _labels(scene, issue)]}
    changes.edit(scene.state, item, born | _planned(scene, sprints), issue.created, item.author)
    scene.state.add(item)


def _labels(scene: Scene, issue: SiteIssue) -> list[str]:
    names = list(issue.labels)
    kind = TYPE_LABELS.get(scene.type_of(issue))
    if scene.type_of(issue) == "Epic":  # a group's epic says by a label whose it is
        kind = setting.team_label(scene.projects[issue.project].path) if scene.state.tier.paid else "epic"
    if kind and kind not in names:
        names.append(kind)
    priority = next((row for row in scene.world.site.priorities if row["id"] == issue.priority), None)
    return [*names, *([f"{setting.PRIORITY}::{priority['name']}"] if priority else [])]


def jira_sprint(scene: Scene) -> str:
    return str(scene.world.site.ids.sprint)


def _first(issue: SiteIssue, field_id: str, side: str, current: object) -> object:
    """A field's value at birth: what its first change took away, else what it is now."""
    rows = (row for entry in issue.histories for row in entry.items if row.get("fieldId") == field_id)
    first = next(rows, None)
    return current if first is None else first[side]


def _told(life: Life, entry: History) -> None:
    """One entry of the history as one save."""
    scene, item = life.scene, life.item
    user = scene.users[str(entry.author["accountId"])] if entry.author else item.author
    saved: dict[str, object] = {}
    for row in entry.items:
        saved |= _row(life, row)
    closer = scene.closers.get((life.issue.id, entry.at))
    changes.edit(scene.state, item, saved | _relabelled(life, entry.items), entry.at, user, closer)
    for row in entry.items:
        if row.get("field") == "Link":
            _link(life, str(row["to"]), entry.at, user)


def _row(life: Life, row: Wire) -> dict[str, object]:
    """One changed field; those that only move labels are told by `_relabelled`."""
    scene = life.scene
    match row.get("fieldId"):
        case "status":
            return _status(life, str(row["to"]))
        case "resolution":
            return _resolution(life, row["to"])
        case "description":
            life.text = _markdown(str(row["toString"] or ""))
            return {"description": _described(life)}
        case "fixVersions":
            return _version(life, row)
        case name if name == jira_sprint(scene):
            return _planned(scene, str(row["to"] or ""))
        case name if name == scene.world.site.ids.points:
            return _estimate(life, row["toString"])
        case setting.KEY_RESULT | setting.CONTRIBUTION as name:
            return _field(life, name, row["toString"])
        case _:
            return {}


def _status(life: Life, number: str) -> dict[str, object]:
    places = next(ids for ids in jira.STATUS_IDS.values() if number in ids)
    life.status = places.index(number)
    return _ending(life)


def _resolution(life: Life, number: object) -> dict[str, object]:
    life.refused = setting.REFUSED.get(str(number))
    return _ending(life)


def _ending(life: Life) -> dict[str, object]:
    """Open or closed, or with statuses the status that says so."""
    if life.scene.workflow != "statuses" or life.item.kind == EPIC:
        return {"state": CLOSED if life.status in (jira.DONE, jira.REJECTED) else OPENED}
    place = life.status + 1
    if life.status == jira.DONE and life.refused:
        place = len(setting.STATUS_CATEGORIES) + 1 + list(setting.REFUSED.values()).index(life.refused)
    return {"status": place}


def _planned(scene: Scene, sprints: str) -> dict[str, object]:
    """Of several sprints the one that begins last: a milestone is only one."""
    known = [scene.periods[number] for number in sprints.replace(" ", "").split(",") if number in scene.periods]
    return {"iteration" if scene.cadences else "milestone": max(known, default=None)}


def _version(life: Life, row: Wire) -> dict[str, object]:
    if life.issue.project != jira.PROJECTS["WEB"]:
        return {}  # what a sprint went out with is a release, and no plan
    if row["from"]:
        life.versions.remove(str(row["from"]))
    if row["to"]:
        life.versions.append(str(row["to"]))
    return {"milestone": life.scene.periods[life.versions[-1]] if life.versions else None}


def _estimate(life: Life, text: object) -> dict[str, object]:
    """Epics have no weight of their own."""
    if life.item.kind == EPIC:
        return {}
    points = float(str(text)) if text else None
    if life.scene.state.tier.paid:
        return {"weight": None if points is None else round(points)}
    return {"time_estimate": round((points or 0) * HOUR)}


def _field(life: Life, name: str, text: object) -> dict[str, object]:
    life.fields[name] = str(text) if text else None
    if not life.scene.fields:
        return {"description": _described(life)}
    return {"custom": {setting.FIELD_IDS[field_id]: value for field_id, value in life.fields.items()}}


def _described(life: Life) -> str:
    """The description, with the line that stands for fields which this tier has not got."""
    kr = life.fields.get(setting.KEY_RESULT)
    if life.scene.fields or not kr:
        return life.text
    line = Claim("line", kr, life.fields.get(setting.CONTRIBUTION) or "").line(life.scene.world.lang)
    return f"{life.text}\n\n{line}"


def _markdown(text: str) -> str:
    """Jira's quotes as markdown's; the rest reads alike."""
    return QUOTE.sub(lambda found: "\n".join(f"> {line}" for line in found[1].splitlines()), text)


def _relabelled(life: Life, items: list[Wire]) -> dict[str, object]:
    """The labels behind a change of status, flag, priority or labels; empty if it changes none of them."""
    scene = life.scene
    names = {number: name for name, number in scene.labels.items()}
    old = [names[number] for number in life.item.labels]
    new = list(old)
    for row in items:
        match row.get("fieldId"):
            case "status" | "resolution":
                new = _staged(life, new)
            case "labels":
                gone, came = (set(str(row[side] or "").split()) for side in ("fromString", "toString"))
                new = [name for name in new if name not in gone - came] + sorted(came - gone)
            case name if name == scene.world.site.ids.flagged:
                new = [one for one in new if one != BLOCKED] + ([BLOCKED] if row["toString"] else [])
            case "priority":
                new = [one for one in new if not one.startswith(f"{setting.PRIORITY}::")]
                new += [f"{setting.PRIORITY}::{row['toString']}"] if row["toString"] else []
            case _:
                pass
    return {} if new == old else {"labels": [scene.label(name) for name in new]}


def _staged(life: Life, names: list[str]) -> list[str]:
    """The names with the label of the present stage, which takes the place of the one before."""
    if life.scene.workflow == "statuses" and life.item.kind != EPIC:
        return names
    stage, untidy = _stage_label(life), life.issue.project in UNTIDY
    if stage is None and untidy and life.status == jira.DONE:
        return names
    kept = [name for name in names if not name.startswith(f"{setting.SCOPE}::")]
    return kept if stage is None else [*kept, f"{setting.SCOPE}::{stage}"]


def _stage_label(life: Life) -> str | None:
    """The name behind the scope; None for what is said without a label: not begun, and done."""
    if life.status == jira.DONE:
        return life.refused
    return None if life.status == jira.TODO else setting.status_names(life.scene.world)[life.status]


def _link(life: Life, key: str, at: int, user: int) -> None:
    """A link is told once, from the side that made it."""
    scene = life.scene
    other = scene.world.site.find(key)
    here = {link.other for link in life.issue.links if link.outward}
    if other is not None and other.id in here and other.id in scene.items:
        there = scene.state.items[scene.items[other.id]]
        linking.link(scene.state, life.item, there, "relates_to", at, user)


def statuses(issue: SiteIssue) -> list[tuple[int, int, Mapping[str, object] | None]]:
    """(instant, place in the workflow, author) of every change of status, oldest first."""
    places = {number: place for ids in jira.STATUS_IDS.values() for place, number in enumerate(ids)}
    return [
        (entry.at, places[str(row["to"])], entry.author)
        for entry in issue.histories
        for row in entry.items
        if row.get("fieldId") == "status"
    ]
