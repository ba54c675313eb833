"""From a part to an issue with its history: what was written, who moved it, when, and how it ended.

The script of a life is a list of changes at instants; those after `now` have not happened yet. So the active sprint
needs no case of its own: it is a life cut short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from okr_delivery.sandbox import edits
from okr_delivery.sandbox.site import IssueLink, Site, SiteIssue, Sprint
from okr_delivery.sandbox.world import cast as roles
from okr_delivery.sandbox.world import setting
from okr_delivery.sandbox.world.calendar import Beat, office
from okr_delivery.sandbox.world.cast import Part
from okr_delivery.sandbox.world.claims import Claim
from okr_delivery.sandbox.world.dice import Dice

POINTS = (1.0, 2.0, 3.0, 5.0, 8.0)
MINUTE = 60_000
BEFORE_MIDNIGHT = 30_000
DONE_STATUSES = frozenset({setting.DONE, setting.REJECTED})
PEOPLE = {"PAY": (1, 5), "MOB": (6, 10), "WEB": (3, 6), "PLT": (7, 10)}  # numbers of a project's first and last person


@dataclass(slots=True)
class Stage:
    """Everything a life needs: the site it is written into, the sprints, the words, chance, and the end of time."""

    site: Site
    sprints: Mapping[tuple[str, int], Sprint]
    beats: Mapping[int, Beat]
    text: Mapping[str, Any]
    lang: str
    dice: Dice
    now: int  # milliseconds
    goals: dict[str, int] = field(default_factory=dict)  # key result -> id of its own issue
    tags: dict[str, int] = field(default_factory=dict)  # tag -> id
    hostile: int = 0  # hostile titles given out so far


@dataclass(slots=True)
class Script:
    """An issue as it was created, and what is to happen to it."""

    part: Part
    issue: SiteIssue
    events: list[tuple[int, dict[str, object]]] = field(default_factory=list)

    def then(self, at: int, **changes: object) -> None:
        """Something that changes; `status` by its place in the workflow."""
        self.events.append((at, changes))


def script(stage: Stage, part: Part, title: str) -> Script:
    """The life of one part; the issue has no id and key yet."""
    beat = stage.beats[part.offset] if part.offset is not None else stage.beats[0]
    made = Script(part, newborn(stage, part, title, _born(stage, part, beat)))
    if part.offset is None:
        _shelf(stage, made)
    else:
        _sprint_life(stage, made, beat)
    return made


def _born(stage: Stage, part: Part, beat: Beat) -> int:
    dice = stage.dice
    if part.fate == roles.ADDED:
        position = dice.between(1.0, 3.0)
    elif "epic" in part.marks:
        position = -45.0 - dice.between(0, 10)
    else:
        position = -dice.between(4.0, 22.0)
    return office(min(beat.at(position, dice.number(0, 999)), stage.now - 6 * 3_600_000 - dice.number(0, 999_999)))


def newborn(stage: Stage, part: Part, title: str, born: int) -> SiteIssue:
    """The issue as it was created, without id and key."""
    status = setting.STATUS_IDS[part.project][setting.TODO]
    issue = SiteIssue(0, "", setting.PROJECTS[part.project], setting.TYPES[part.kind], status, born, born, title)
    issue.status_changed = born
    issue.creator = stage.dice.pick(_people(part.project))
    issue.priority = None if "no_priority" in part.marks else str(stage.dice.number(2, 4))
    disputed = {"disputed"} if "dispute" in part.marks else set()
    issue.labels = sorted({*part.labels, *_claim_labels(part.claim), *disputed})
    issue.custom = {"customfield_10019": f"0|i{stage.dice.number(0, 46_655):05d}:", "customfield_10026": None}
    issue.description = _description(stage, part, Claim("none") if _writes_later(part) else part.claim)
    return issue


def _people(project: str) -> list[str]:
    first, last = PEOPLE[project]
    return [f"712020:{number:04d}" for number in range(first, last + 1)]


def _claim_labels(claim: Claim) -> tuple[str, ...]:
    return (f"kr:{claim.kr}",) if claim.carrier == "labels" else ()


def _writes_later(part: Part) -> bool:
    return "late_claim" in part.marks or part.claim.carrier != "line"


def _description(stage: Stage, part: Part, claim: Claim) -> str:
    text = stage.text
    lines = [str(text["value"]), ""]
    if claim.carrier == "line":
        lines.append(claim.line(stage.lang))
    if part.claim.carrier == "non_okr":
        lines.append(f"{'非OKR' if stage.lang == 'zh' else 'Non-OKR'}: {part.labels[0] if part.labels else part.title}")
    lines += [f"{{quote}}{text['effort_note']}{{quote}}", str(text["acceptance"])]
    return "\n".join(lines)


def _shelf(stage: Stage, made: Script) -> None:
    """Backlog, epics and sub-tasks: few events."""
    part, born, dice = made.part, made.issue.created, stage.dice
    if "no_estimate" not in part.marks and part.kind != "Sub-task":
        made.then(office(born + dice.number(60, 3000) * MINUTE), points=dice.pick(POINTS))
    if part.claim.carrier in ("fields", "issue_link"):
        made.then(office(born + dice.number(30, 600) * MINUTE), **claim_change(stage, made))
    if part.kind == "Epic":
        made.then(office(born + dice.number(3000, 9000) * MINUTE), status=setting.DEVELOPMENT)
    if part.kind == "Sub-task":
        beat = stage.beats[-1]
        made.then(beat.at(dice.between(1, 3)), status=setting.DEVELOPMENT)
        made.then(beat.at(dice.between(3, 4)), status=setting.DONE, resolution="Done")


def claim_change(stage: Stage, made: Script) -> dict[str, object]:
    """The change that writes the claim to its carrier."""
    claim = made.part.claim
    if claim.carrier == "fields":
        return {"key_result": claim.kr, "contribution": claim.amount}
    if claim.carrier == "issue_link":
        return {"link": claim.kr}
    return {"description": _description(stage, made.part, claim)}


def _sprint_life(stage: Stage, made: Script, beat: Beat) -> None:
    part, dice = made.part, stage.dice
    _prepare(stage, made, beat)
    if part.offset is not None and part.offset > 0:
        return
    if "flagged" in part.marks:
        made.then(beat.at(dice.between(2.0, 3.0)), flagged=True)
        made.then(beat.at(dice.between(4.0, 5.0)), flagged=False)
    if "late_claim" in part.marks:
        late = dice.between(3.1, 3.5) if part.fate == roles.ADDED else dice.between(2.0, 2.9)
        made.then(beat.at(late), **claim_change(stage, made))
    if "raised_claim" in part.marks and part.claim.carrier == "line":
        raised = _description(stage, part, replace(part.claim, amount="L", frame=0))
        made.then(beat.at(dice.between(2.0, 2.9)), description=raised)
    if "re_estimated" in part.marks:
        made.then(beat.at(dice.between(3.0, 3.9)), points=dice.pick((8.0, 13.0)))
    FATES[part.fate](stage, made, beat)


def _prepare(stage: Stage, made: Script, beat: Beat) -> None:
    """From the backlog into the sprint: estimate, ready, planned. Some are created straight into their sprint."""
    part, dice, issue = made.part, stage.dice, made.issue
    number = stage.sprints[part.project, beat.offset].id
    planned = beat.at(-dice.between(0.4, 2.8), dice.number(0, 999))
    if beat.offset > 0:
        planned = office(stage.now - dice.number(30, 4000) * MINUTE)
    if part.fate == roles.ADDED:
        planned = issue.created + dice.number(20, 60) * MINUTE
    planned = max(planned, issue.created + 10 * MINUTE)
    if "created_in" in part.marks:
        issue.sprints = [number]
    else:
        made.then(planned, sprint=[number])
    estimated = office((issue.created + planned) // 2)
    if "no_estimate" not in part.marks:
        made.then(estimated, points=dice.pick(POINTS))
    if part.claim.carrier in ("fields", "issue_link") and "late_claim" not in part.marks:
        made.then(estimated + 2 * MINUTE, **claim_change(stage, made))
    if beat.offset < 2:
        made.then(planned - 3 * MINUTE, status=setting.READY)


def _work(stage: Stage, made: Script, beat: Beat, start: float, latest: float) -> float:
    """Development, review, test; returns the position at which the testing is over."""
    dice = stage.dice
    steps = [setting.DEVELOPMENT, setting.REVIEW, setting.TESTING]
    if "skip_stages" in made.part.marks:
        steps = [setting.DEVELOPMENT]
    at = start
    room = (latest - start) / (len(steps) + 0.5)
    for status in steps:
        made.then(beat.at(at, dice.number(0, 999)), status=status)
        at += dice.between(0.5, 1.0) * room
    return at


def _finish(stage: Stage, made: Script, beat: Beat, at: float, resolution: str = "Done") -> None:
    status = setting.REJECTED if resolution != "Done" and made.part.project == "MOB" else setting.DONE
    done = beat.at(at, stage.dice.number(0, 999))
    made.then(done, status=status, resolution=resolution)
    if made.part.tag.startswith(f"{made.part.project}-old-"):
        made.then(done + 5 * MINUTE, fixVersions=[setting.version_id(made.part.project, beat.offset)])


def _delivered(stage: Stage, made: Script, beat: Beat) -> None:
    start = stage.dice.between(0.2, 3.0)
    if made.part.fate == roles.ADDED:
        start = stage.dice.between(3.6, 4.5)
    _finish(stage, made, beat, _work(stage, made, beat, start, 8.6))


def _carried(stage: Stage, made: Script, beat: Beat) -> None:
    """Open at the close: the tracker itself adds the following sprint, within a second of the close.

    By the day it happens half a minute before midnight: a tracker that has no close leaves it to people.
    """
    _work(stage, made, beat, stage.dice.between(3.0, 5.0), 12.0)
    following = beat.offset + 1
    here, there = (stage.sprints[made.part.project, offset] for offset in (beat.offset, following))
    if here.complete is not None:
        late = stage.dice.number(350, 950)
        made.then(here.complete + (late - BEFORE_MIDNIGHT if beat.by_day else late), sprint=[here.id, there.id])
    if following <= 0:
        later = stage.beats[following]
        _finish(stage, made, later, stage.dice.between(2.0, 5.0))


def _removed(stage: Stage, made: Script, beat: Beat) -> None:
    dice = stage.dice
    made.then(beat.at(dice.between(1.0, 2.0)), status=setting.DEVELOPMENT)
    out = dice.between(3.0, 6.0)
    made.then(beat.at(out), status=setting.TODO)
    made.then(beat.at(out + 0.02), sprint=[])


def _cancelled(stage: Stage, made: Script, beat: Beat) -> None:
    made.then(beat.at(stage.dice.between(1.0, 2.0)), status=setting.DEVELOPMENT)
    _finish(stage, made, beat, stage.dice.between(3.0, 6.0), "Won't Do")


def _done_before(stage: Stage, made: Script, beat: Beat) -> None:
    made.then(beat.at(-0.3), status=setting.DEVELOPMENT)
    _finish(stage, made, beat, -0.1)


def _reopened(stage: Stage, made: Script, beat: Beat) -> None:
    dice = stage.dice
    done = _work(stage, made, beat, dice.between(0.2, 1.0), 5.0)
    _finish(stage, made, beat, done)
    made.then(beat.at(done + 0.8), status=setting.DEVELOPMENT, resolution=None)
    _finish(stage, made, beat, min(8.5, done + dice.between(1.5, 2.5)))


def _open(_stage: Stage, _made: Script, _beat: Beat) -> None:
    """Planned and waiting."""


FATES = {
    roles.DELIVERED: _delivered,
    roles.ADDED: _delivered,
    roles.CARRIED: _carried,
    roles.REMOVED: _removed,
    roles.CANCELLED: _cancelled,
    roles.DONE_BEFORE: _done_before,
    roles.REOPENED: _reopened,
    roles.OPEN: _open,
}


def live(stage: Stage, made: Script) -> None:
    """Lets happen what lies before `now`, oldest first."""
    for at, changes in sorted(made.events, key=lambda event: event[0]):
        if at <= stage.now:
            _apply(stage, made, max(at, made.issue.created + 1), changes)


def _apply(stage: Stage, made: Script, at: int, changes: Mapping[str, object]) -> None:
    site, issue = stage.site, made.issue
    wire = {_field(name): _value(made, name, value) for name, value in changes.items() if name != "link"}
    author = stage.dice.pick(_people(made.part.project))
    if edits.edit(site, issue, wire, at, author) and "status" in changes:
        issue.resolved = at if changes["status"] in DONE_STATUSES else None
    if "link" in changes:
        _link(stage, issue, str(changes["link"]), at, author)


def _field(name: str) -> str:
    custom = {
        "points": "customfield_10026",
        "sprint": "customfield_10020",
        "flagged": "customfield_10021",
        "key_result": "customfield_10040",
        "contribution": "customfield_10041",
    }
    return custom.get(name, name)


def _value(made: Script, name: str, value: object) -> object:
    if name == "status" and isinstance(value, int):
        return setting.STATUS_IDS[made.part.project][value]
    return value


def _link(stage: Stage, issue: SiteIssue, kr: str, at: int, author: str) -> None:
    other = stage.site.issues[stage.goals[kr]]
    number = 10_000 + issue.id
    issue.links.append(IssueLink(number, "10000", other.id, outward=True))
    other.links.append(IssueLink(number, "10000", issue.id, outward=False))
    for here, there in ((issue, other), (other, issue)):
        added = edits.item("Link", None, (None, None), (there.key, f"This issue relates to {there.key}"))
        edits.record(stage.site, here, [added], at, author)
