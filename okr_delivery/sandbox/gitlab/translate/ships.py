"""How the work went out: merge requests, deployments and releases, of chances of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from okr_delivery.sandbox.gitlab import shipping
from okr_delivery.sandbox.gitlab.requests import MergeRequest
from okr_delivery.sandbox.gitlab.state import Milestone, Project
from okr_delivery.sandbox.gitlab.translate import past, setting
from okr_delivery.sandbox.gitlab.translate.setting import Act, Scene
from okr_delivery.sandbox.site import SiteIssue
from okr_delivery.sandbox.world import setting as jira
from okr_delivery.sandbox.world.calendar import instant, local_day
from okr_delivery.sandbox.world.dice import Dice

CHANCES = 4_000_081  # between the world's seed and that of its merge requests
MINUTE, SECOND = 60_000, 1000
WORKED = (jira.DEVELOPMENT, jira.REVIEW, jira.TESTING)
DAILY = frozenset({"PAY", "MOB"})  # the rest: portal with its trains, platform at once


@dataclass(slots=True)
class Branch:
    """One merge request to be: instants of its commit, its opening, and its merge or end; None = still open."""

    issue: SiteIssue
    user: int
    committed: int
    opened: int
    merged: int | None = None
    given_up: int | None = None
    closes: int | None = None  # the instant at which the merge closes the issue
    request: MergeRequest | None = None


def acts(scene: Scene) -> Iterator[Act]:
    """Merge requests in order of their opening, then what was deployed and released of them."""
    dice = Dice(scene.world.seed + CHANCES)
    found = [branch for issue in scene.issues if (branch := _branch(scene, dice, issue))]
    for place, branch in enumerate(found):
        yield from _life(scene, branch, place)
    for key, number in jira.PROJECTS.items():
        if number in scene.projects:
            own = [b for b in found if b.issue.project == number and b.merged is not None]
            yield from _deployments(scene, dice, key, scene.projects[number], sorted(own, key=lambda b: b.merged or 0))
    yield from _releases(scene)


def _branch(scene: Scene, dice: Dice, issue: SiteIssue) -> Branch | None:
    """Most work has one; what was finished is merged, what was given up may be closed, the rest is open."""
    steps = past.statuses(issue)
    worked = next(((at, author) for at, place, author in steps if place in WORKED), None)
    chance, early, late = dice.between(0, 1), dice.between(0.1, 0.5), dice.between(0.5, 0.8)
    seconds, related = dice.number(2, 20), dice.chance(0.25)
    if worked is None or scene.type_of(issue) in ("Epic", "Sub-task") or chance > 0.85:
        return None
    begun, author = worked
    at, place, _ = steps[-1]
    end = at if place in (jira.DONE, jira.REJECTED) else scene.world.now * 1000
    made = Branch(
        issue,
        scene.users[str(author["accountId"])] if author else setting.FIRST_USER,
        begun + int((end - begun) * early * 0.5),
        begun + int((end - begun) * late),
    )
    if place not in (jira.DONE, jira.REJECTED):
        return made if place in WORKED else None
    if place == jira.REJECTED or issue.resolution != jira.RESOLUTIONS["Done"]:
        made.given_up = end
    elif related:
        made.merged = made.opened + int((end - made.opened) * 0.8)
    else:
        made.merged, made.closes = end - seconds * SECOND, end
        made.opened = min(made.opened, made.merged - MINUTE)
    return made


def _life(scene: Scene, branch: Branch, place: int) -> Iterator[Act]:
    yield Act((branch.opened, 1, place, 0), partial(_open, scene, branch))
    if branch.merged is not None:
        yield Act((branch.merged, 1, place, 1), partial(_merge, scene, branch))
    if branch.given_up is not None:
        yield Act((branch.given_up, 1, place, 1), partial(_give_up, scene, branch))


def _open(scene: Scene, branch: Branch) -> None:
    state, issue = scene.state, branch.issue
    number = setting.number_of(issue)
    verb = "Related to" if branch.merged is not None and branch.closes is None else "Closes"
    slug = "-".join(re.findall(r"[a-z0-9]+", issue.summary.lower())[:5]) or "work"
    branch.request = shipping.open_request(
        state,
        scene.projects[issue.project].id,
        f'Resolve "{issue.summary}"',
        f"{verb} #{number}",
        f"{number}-{slug}",
        branch.opened,
        branch.user,
        branch.committed,
    )


def _merge(scene: Scene, branch: Branch) -> None:
    """The issue is closed by its own history a few seconds later; here it is only said by what."""
    if branch.request is None or branch.merged is None:
        return
    shipping.merge(scene.state, branch.request, branch.merged, branch.user, closes=False)
    if branch.closes is not None:
        scene.closers[branch.issue.id, branch.closes] = branch.request.id


def _give_up(scene: Scene, branch: Branch) -> None:
    if branch.request is not None and branch.given_up is not None:
        shipping.abandon(scene.state, branch.request, branch.given_up)


def _deployments(scene: Scene, dice: Dice, key: str, home: Project, branches: Sequence[Branch]) -> Iterator[Act]:
    """Production, and before it the staging system, where everything goes at once."""
    for place, branch in enumerate(branches):
        staged = (branch.merged or 0) + 3 * MINUTE
        yield from _deployment(scene, home, "staging", staged, dice.number(2, 5), [branch], "success", place)
    waiting: dict[int, list[Branch]] = {}
    for branch in branches:
        waiting.setdefault(_goes_out(scene, key, branch.merged or 0), []).append(branch)
    for place, (at, out) in enumerate(sorted(waiting.items())):
        failed, lasts, repaired = dice.chance(0.1), dice.number(4, 9), dice.number(25, 80)
        if failed:
            yield from _deployment(scene, home, shipping.PRODUCTION, at, lasts, [], "failed", place)
        again = at + repaired * MINUTE if failed else at
        yield from _deployment(scene, home, shipping.PRODUCTION, again, lasts, out, "success", place)


def _goes_out(scene: Scene, key: str, merged: int) -> int:
    """When what was merged reaches users."""
    if key == "PLT":
        return merged + 20 * MINUTE
    day = local_day(merged)
    if key in DAILY:
        at = instant(day, 17, 30)
        return at if at > merged else instant(day + timedelta(days=3 if day.weekday() == 4 else 1), 17, 30)
    milestones = [m for m in scene.state.milestones.values() if m.project == scene.projects[jira.PROJECTS[key]].id]
    trains = sorted(m.due for m in milestones if m.due)
    return instant(next((due for due in trains if instant(due, 20) > merged), day), 20)


def _deployment(
    scene: Scene, home: Project, name: str, at: int, minutes: int, out: Sequence[Branch], status: str, place: int
) -> Iterator[Act]:
    finished = at + minutes * MINUTE
    if finished > scene.world.now * 1000:
        return

    yield Act((at, 3, home.id, place), partial(_deploy, scene, home, name, at, finished, out, status))


def _deploy(scene: Scene, home: Project, name: str, at: int, finished: int, out: Sequence[Branch], status: str) -> None:
    where = shipping.environment(scene.state, home.id, name, name)
    requests = [branch.request for branch in out if branch.request is not None]
    shipping.deploy(scene.state, where, at, finished, setting.FIRST_USER, status, requests)


def _releases(scene: Scene) -> Iterator[Act]:
    """A release for each closed sprint and each train, in the morning after."""
    for place, milestone in enumerate(scene.state.milestones.values()):
        if milestone.state != "closed" or not milestone.due or not milestone.project:
            continue
        at = instant(milestone.due + timedelta(days=1), 11)
        if at <= scene.world.now * 1000:
            yield Act((at, 4, milestone.project, place), partial(_release, scene, milestone, milestone.project, at))


def _release(scene: Scene, milestone: Milestone, project: int, at: int) -> None:
    shipping.release(scene.state, project, f"v4.{milestone.iid}", at, setting.FIRST_USER, [milestone.id])
