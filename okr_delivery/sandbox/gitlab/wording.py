"""Activity in GitLab's own words: English prose with markdown, whatever the user's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from okr_delivery.sandbox.gitlab.events import IterationEvent, LabelEvent, MilestoneEvent, StateEvent, WeightEvent
from okr_delivery.sandbox.gitlab.state import GitLab, Label, WorkItem

FULL_MILESTONES = (17, 0)  # the version since which milestones are named with the path they belong to
HOUR, WORKDAY, WORKWEEK, WORKMONTH = 3600, 8 * 3600, 5 * 8 * 3600, 4 * 5 * 8 * 3600


def title(old: str, new: str) -> str:
    """What was taken out and what was put in is marked within the words."""
    before, after = _marked(old, new)
    return f"changed title from **{before}** to **{after}**"


def _marked(old: str, new: str) -> tuple[str, str]:
    """Both titles with the one stretch between their common beginning and their common end marked."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    parts = []
    for text, sign in ((old, "-"), (new, "+")):
        middle = text[head : len(text) - tail]
        parts.append(text[:head] + (f"{{{sign}{middle}{sign}}}" if middle else "") + text[len(text) - tail :])
    return parts[0], parts[1]


def _common(left: str, right: str) -> int:
    """How many signs both begin with."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(left), len(right)))


def assignees(came: Sequence[str], went: Sequence[str]) -> str:
    """User names without the sign."""
    parts = [f"{word} {_sentence(names)}" for word, names in (("assigned to", came), ("unassigned", went)) if names]
    return " and ".join(parts)


def _sentence(names: Sequence[str]) -> str:
    shown = [f"@{name}" for name in names]
    if len(shown) < 3:
        return " and ".join(shown)
    return ", ".join(shown[:-1]) + ", and " + shown[-1]


def confidential(on: bool) -> tuple[str, str]:
    """The text and its action."""
    if on:
        return "made the issue confidential", "confidential"
    return "made the issue visible to everyone", "visible"


def dates(changed: dict[str, tuple[date | None, date | None]]) -> str:
    """`changed` by the words for the field, start date first."""
    return " and ".join(_date(name, *changed[name]) for name in ("start date", "due date") if name in changed)


def _date(name: str, old: date | None, new: date | None) -> str:
    if new is not None:
        return f"changed {name} to {_day(new)}"
    return f"removed {name} {_day(old)}" if old else f"removed {name}"


def _day(day: date) -> str:
    return f"{day:%B} {day.day:02d}, {day.year}"


def estimate(old: int, new: int) -> str:
    """Both in seconds."""
    if not old:
        return f"added time estimate of {duration(new)}"
    if not new:
        return f"removed time estimate of {duration(old)}"
    return f"changed time estimate to {duration(new)} from {duration(old)}"


def duration(seconds: int) -> str:
    """`1w 2d 4h 30m`, in working time: a day has 8 hours, a week 5 days, a month 4 weeks."""
    parts = []
    for size, sign in ((WORKMONTH, "mo"), (WORKWEEK, "w"), (WORKDAY, "d"), (HOUR, "h"), (60, "m")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{sign}")
    return " ".join(parts) or "0h"


def custom_field(name: str, old: str | None, new: str | None) -> str:
    """HTML, because a field's name could hold markdown."""
    if new is None:
        return f'<p>removed {escape(name)}: <code class="idiff">{escape(old or "")}</code></p>'
    return f'<p>changed {escape(name)} to <code class="idiff">{escape(new)}</code></p>'


def health(old: str | None, new: str | None) -> str:
    if new is None:
        return f"removed health status **{_human(old)}**"
    return f"changed health status to **{_human(new)}**"


def _human(name: str | None) -> str:
    return (name or "").replace("_", " ")


def status(name: str) -> str:
    return f"set status to **{name}**"


def kind(old: str, new: str) -> str:
    return f"changed type from {_human(old)} to {_human(new)}"


def parent(state: GitLab, child: WorkItem, other: WorkItem, added: bool) -> tuple[str, str]:
    """What is written at the child and at the parent."""
    near = child.project is not None and child.project == other.project
    child_at = reference(state, child, near)
    parent_at = reference(state, other, near)
    if added:
        return f"added {parent_at} as parent {_human(other.kind)}", f"added {child_at} as child {_human(child.kind)}"
    return f"removed parent {_human(other.kind)} {parent_at}", f"removed child {_human(child.kind)} {child_at}"


LINKED = {"relates_to": "marked this issue as related to", "blocks": "marked this issue as blocking"}
LINKED["is_blocked_by"] = "marked this issue as blocked by"


def linked(state: GitLab, item: WorkItem, other: WorkItem, kind_of: str) -> str:
    return f"{LINKED[kind_of]} {_seen_from(state, item, other)}"


def unlinked(state: GitLab, item: WorkItem, other: WorkItem) -> str:
    return f"removed the relation with {_seen_from(state, item, other)}"


def moved(state: GitLab, item: WorkItem, other: WorkItem, direction: str) -> str:
    """`direction`: to or from."""
    return f"moved {direction} {_seen_from(state, item, other)}"


def duplicate(state: GitLab, item: WorkItem, canonical: WorkItem) -> tuple[str, str]:
    """What is written at the duplicate and at the one that stays."""
    there = _seen_from(state, item, canonical)
    here = _seen_from(state, canonical, item)
    return f"marked this issue as a duplicate of {there}", f"marked {here} as a duplicate of this issue"


def mentioned(state: GitLab, iid: int, project: int, item: WorkItem) -> str:
    """A merge request that names the item."""
    where = "" if item.project == project else state.projects[project].path
    return f"mentioned in merge request {where}!{iid}"


def _seen_from(state: GitLab, item: WorkItem, other: WorkItem) -> str:
    return reference(state, other, item.project is not None and item.project == other.project)


def reference(state: GitLab, item: WorkItem, near: bool) -> str:
    """`#12` seen from its own project, else with the path."""
    if near:
        return f"#{item.iid}"
    return state.reference(item)


def of_state(state: GitLab, item: WorkItem, event: StateEvent) -> str:
    """`closed`, `reopened`, and what did it if it was no person's click."""
    if event.merge_request is not None and event.merge_request in state.merge_requests:
        source = state.merge_requests[event.merge_request]
        where = "" if source.project == item.project else state.projects[source.project].path
        return f"{event.state} with merge request {where}!{source.iid}"
    return f"{event.state} with commit {event.commit}" if event.commit else event.state


def of_labels(state: GitLab, events: Sequence[LabelEvent]) -> str:
    """One change's label events as one line. Deleted labels are only counted."""
    labels = [state.labels.get(event.label) if event.label is not None else None for event in events]
    scoped = state.tier.paid and labels[0] is not None and labels[0].scope is not None
    parts = []
    for action, word in (("add", "added"), ("remove", _removed(events, labels, scoped))):
        found = [label for event, label in zip(events, labels, strict=True) if event.action == action]
        if found:
            parts.append(_labels(word, found, "scoped" if scoped and action == "add" else ""))
    return " and ".join(parts)


def _removed(events: Sequence[LabelEvent], labels: Sequence[Label | None], scoped: bool) -> str:
    pairs = list(zip(events, labels, strict=True))
    came = {label.scope for event, label in pairs if label and event.action == "add"}
    by_hand = any(label is None or label.scope not in came for event, label in pairs if event.action == "remove")
    return "removed" if by_hand or not scoped else "automatically removed"


def _labels(word: str, found: Sequence[Label | None], suffix: str) -> str:
    known = sorted(f"~{label.id}" for label in found if label is not None)
    gone = sum(1 for label in found if label is None)
    names = " + ".join(part for part in (" ".join(known), f"{gone} deleted" if gone else "") if part)
    plural = "label" if (gone or len(known)) == 1 else "labels"
    return " ".join(part for part in (word, names, suffix, plural) if part)


def of_milestone(state: GitLab, event: MilestoneEvent) -> str:
    """Nothing stands behind the words once the milestone is deleted."""
    where = milestone(state, event.milestone)
    return f"removed milestone {where}" if event.action == "remove" else f"changed milestone to {where}"


def milestone(state: GitLab, number: int | None) -> str:
    """`/acme/payments%5`; of a group by its title; older servers leave the path out."""
    found = state.milestones.get(number) if number is not None else None
    if found is None:
        return ""
    short = f"%{found.iid}" if found.project is not None or '"' in found.title else f'%"{found.title}"'
    if state.release < FULL_MILESTONES:
        return short
    return f"/{state.home(found.project, found.group)}{short}"


def of_iteration(event: IterationEvent) -> str:
    where = f"*iteration:{event.iteration}" if event.iteration is not None else ""
    return f"removed iteration {where}" if event.action == "remove" else f"changed iteration to {where}"


def of_weight(event: WeightEvent) -> str:
    if event.weight is None:
        return f"removed weight of {event.previous}" if event.previous is not None else "removed weight"
    if event.previous is None:
        return f"set weight to {event.weight}"
    return f"changed weight to {event.weight} from {event.previous}"
