"""A work item that moves to another project: a new one with the old one's past."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from okr_delivery.sandbox.gitlab import changes, wording
from okr_delivery.sandbox.gitlab.events import Events, Note
from okr_delivery.sandbox.gitlab.state import CLOSED, GitLab, Label, Milestone, Project, WorkItem


def move(state: GitLab, item: WorkItem, home: Project, at: int) -> WorkItem:
    """The item in its new project: its own id and number, the old one's birth, notes and events.

    What belongs to the old project is looked up by its title in the new one and left behind if it is not there.
    """
    made = _copy(state, item, home)
    state.add(made)
    state.revision += 1
    for here, there, direction in ((made, item, "from"), (item, made, "to")):
        body = wording.moved(state, here, there, direction)
        here.notes.append(Note(state.take("note"), at, state.account, body, True, "moved"))
        changes.touch(state, here, at)
    changes.edit(state, item, {"state": CLOSED}, at, state.account)
    item.moved_to = made.id
    item.derived |= {"moved_to_id"} if item.recorded is not None else set()
    return made


def _copy(state: GitLab, item: WorkItem, home: Project) -> WorkItem:
    labels = [_same_label(state, number, home) for number in item.labels]
    milestone = _same_milestone(state, item.milestone, home)
    return replace(
        item,
        id=state.take("item"),
        iid=state.next_iid(home.id, None),
        project=home.id,
        labels=[number for number in labels if number is not None],
        milestone=milestone,
        assignees=list(item.assignees),
        custom=dict(item.custom),
        links=[],
        moved_to=None,
        events=_copied(state, item),
        notes=[replace(note, id=state.take("note")) for note in item.notes],
        recorded=None,
        derived=frozenset(),
    )


def _copied(state: GitLab, item: WorkItem) -> Events:
    """The events under new ids, with the labels and milestones they had in the old project."""
    events = deepcopy(item.events)
    return Events(
        state=[replace(event, id=state.take("state_event")) for event in events.state],
        label=[replace(event, id=state.take("label_event")) for event in events.label],
        milestone=[replace(event, id=state.take("milestone_event")) for event in events.milestone],
        iteration=[replace(event, id=state.take("iteration_event")) for event in events.iteration],
        weight=[replace(event, id=state.take("weight_event")) for event in events.weight],
    )


def _same_label(state: GitLab, number: int, home: Project) -> int | None:
    label = state.labels[number]
    found = labels_of(state, home.id, None)
    return next((other.id for other in found if other.id == number or other.name == label.name), None)


def _same_milestone(state: GitLab, number: int | None, home: Project) -> int | None:
    milestone = state.milestones.get(number) if number is not None else None
    if milestone is None:
        return None
    found = milestones_of(state, home.id, None)
    return next((o.id for o in found if o.id == number or o.title == milestone.title), None)


def labels_of(state: GitLab, project: int | None, group: int | None) -> list[Label]:
    """The labels that may be used in a project or group: its own, then those of the groups above."""
    groups = _groups(state, project, group)
    own = [label for label in state.labels.values() if project is not None and label.project == project]
    return own + [label for number in groups for label in state.labels.values() if label.group == number]


def milestones_of(state: GitLab, project: int | None, group: int | None) -> list[Milestone]:
    """The milestones that may be used in a project or group: its own, then those of the groups above."""
    groups = _groups(state, project, group)
    own = [found for found in state.milestones.values() if project is not None and found.project == project]
    return own + [found for number in groups for found in state.milestones.values() if found.group == number]


def _groups(state: GitLab, project: int | None, group: int | None) -> list[int]:
    nearest = state.projects[project].group if project is not None else group
    return [found.id for found in state.ancestors(nearest)]


def label_of(state: GitLab, name: str, project: int | None, group: int | None) -> int:
    """The usable label of that name, the nearest first; made in the project (group) itself if there is none."""
    found = next((label for label in labels_of(state, project, group) if label.name == name), None)
    if found is None:
        found = Label(state.take("label"), name, project=project, group=group if project is None else None)
        state.labels[found.id] = found
    return found.id
