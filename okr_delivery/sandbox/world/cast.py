"""Who plays in the synthetic organisation: for every sprint the requirements and what becomes of them.

A `Part` says what an issue is and what will happen to it; `life` makes the history of it. The parts come in order of
importance, so that a small world still holds what a demonstration needs: the next sprint with ready and unready
requirements, the last closed one with claims whose time has come, then the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from okr_delivery.sandbox.world import claims
from okr_delivery.sandbox.world.claims import NOTHING, Claim
from okr_delivery.sandbox.world.dice import Dice

TEAMS = ("PAY", "MOB")
POOL = {"PAY": ("GROW-KR1", "GROW-KR4", "GROW-KR2", "GROW-KR3", "FLOW-KR2"), "MOB": ("APP-KR2", "APP-KR4", "APP-KR5")}
LEAD = {"PAY": "GROW-KR1", "MOB": "APP-KR2"}  # short lag and window: claims can be looked at soon
SLOW = {"PAY": "GROW-KR4", "MOB": "APP-KR5"}  # four weeks of observation
UNREADY = {"PAY": "dispute", "MOB": "no_priority"}
HELD = {"PAY": "GROW-KR2", "MOB": "APP-KR1"}

HOSTILE = frozenset({"hostile"})
OPS = Claim("non_okr")

DELIVERED, CARRIED, ADDED, REMOVED = "delivered", "carried", "added", "removed"
CANCELLED, DONE_BEFORE, REOPENED, OPEN = "cancelled", "done_before", "reopened", "open"


@dataclass(frozen=True, slots=True)
class Part:
    """One issue. `offset` is its sprint (0 = active, None = backlog); `fate` what becomes of it.

    `marks` are small deviations: no_estimate, no_priority, dispute, re_estimated, late_claim (first written after the
    start), raised_claim (made bigger after the start), skip_stages, created_in, flagged, hostile. `tag` names the few
    issues that effects and conclusions speak of.
    """

    project: str
    kind: str = "Story"
    offset: int | None = None
    fate: str = OPEN
    claim: Claim = NOTHING
    marks: frozenset[str] = frozenset()
    labels: tuple[str, ...] = ()
    title: str = ""  # a key of the words: complaints, ops …; empty = a requirement of its project
    parent: str = ""  # tag of the parent
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Casting:
    """What casting needs besides chance."""

    lang: str
    previous: str  # id of the closed cycle
    closed: int  # number of closed sprints
    dice: Dice = field(compare=False)


def parts(cast: Casting, issues: int) -> list[Part]:
    """Exactly `issues` parts over both projects."""
    found = list(_planned(cast))[:issues]
    while len(found) < issues:
        found.append(_filler(cast, TEAMS[len(found) % 2]))
    return found


def _planned(cast: Casting) -> Iterator[Part]:
    for scene in (_epics, _next, _last, _active, _subtasks, _backlog, _later):
        yield from _alternating([list(scene(cast, project)) for project in TEAMS])
    for offset in range(-2, -cast.closed - 1, -1):
        yield from _alternating([list(_closed(cast, project, offset)) for project in TEAMS])


def _alternating(lists: list[list[Part]]) -> Iterator[Part]:
    for place in range(max(map(len, lists))):
        yield from (rows[place] for rows in lists if place < len(rows))


def _epics(cast: Casting, project: str) -> Iterator[Part]:
    marks = frozenset({"epic"})
    yield Part(project, "Epic", None, OPEN, claims.exactly(LEAD[project], "L"), marks, tag=f"{project}-epic-0")
    yield Part(project, "Epic", None, OPEN, Claim("labels", LEAD[project]), marks, tag=f"{project}-epic-1")


def _good(cast: Casting, project: str, kr: str, carrier: str = "line") -> Claim:
    return claims.good(cast.dice, cast.lang, kr, carrier)


def _bad(cast: Casting, project: str, fault: str) -> Claim:
    return claims.faulty(cast.lang, project, fault, cast.previous)


def _next(cast: Casting, project: str) -> Iterator[Part]:
    """Ready and unready, so that a gate has something to say; half of the defects in each team."""
    lead, slow = LEAD[project], SLOW[project]
    yield Part(project, offset=1, claim=_good(cast, project, lead), tag=f"{project}-next-0")
    yield Part(project, offset=1, claim=NOTHING)
    yield Part(project, offset=1, claim=_good(cast, project, slow, "fields"))
    faults = ("unknown_kr", "missing_amount", "bare_percent", "wrong_direction")
    others = ("inactive_kr", "wrong_unit", "pending", "implausible")
    for fault in faults if project == "PAY" else others:
        yield Part(project, offset=1, claim=_bad(cast, project, fault))
    yield Part(project, offset=1, claim=_good(cast, project, lead), marks=frozenset({"no_estimate", "hostile"}))
    yield Part(project, offset=1, claim=_good(cast, project, slow), marks=frozenset({UNREADY[project]}))
    yield Part(project, "Bug", 1, claim=Claim("none"), title="bugs")
    yield Part(project, "Story", 1, claim=Claim("parent", lead), parent=f"{project}-epic-0")
    yield Part(project, "Task", 1, claim=Claim("non_okr"), title="debts", labels=("tech-debt",))


def _last(cast: Casting, project: str) -> Iterator[Part]:
    """The sprint under trace: measured, concluded, due and still open claims side by side."""
    lead, slow = LEAD[project], SLOW[project]
    measured = claims.exactly(lead, {"GROW-KR1": "+1.5pp 60%", "APP-KR2": "+0.9pp 60%"}[lead])
    small, share = claims.exactly(lead, "S 70%", frame=2), claims.exactly(lead, "share 10%", "fields")
    yield Part(project, offset=-1, fate=DELIVERED, claim=measured, tag=f"{project}-effect-1")
    yield Part(project, offset=-1, fate=DELIVERED, claim=small, tag=f"{project}-effect-2")
    yield Part(project, offset=-1, fate=DELIVERED, claim=_good(cast, project, slow), tag=f"{project}-open-1")
    yield Part(project, offset=-1, fate=DELIVERED, claim=share, tag=f"{project}-due-1")
    yield Part(project, offset=-1, fate=CARRIED, claim=_good(cast, project, lead), marks=frozenset({"re_estimated"}))
    yield Part(project, offset=-1, fate=ADDED, claim=_good(cast, project, lead), marks=HOSTILE | {"late_claim"})
    yield Part(project, "Bug", -1, DELIVERED, Claim("none"), title="bugs")
    yield Part(project, offset=-1, fate=REOPENED, claim=_good(cast, project, slow), tag=f"{project}-observe-1")
    yield Part(project, offset=-1, fate=REMOVED, claim=_good(cast, project, HELD[project]))
    yield Part(project, offset=-1, fate=CANCELLED, claim=_good(cast, project, lead))
    yield Part(project, offset=-1, fate=DONE_BEFORE, claim=_good(cast, project, lead), marks=HOSTILE)


def _active(cast: Casting, project: str) -> Iterator[Part]:
    lead, slow = LEAD[project], SLOW[project]
    yield Part(project, offset=0, fate=DELIVERED, claim=_good(cast, project, lead), marks=frozenset({"raised_claim"}))
    yield Part(project, offset=0, fate=DELIVERED, claim=_good(cast, project, slow), marks=frozenset({"skip_stages"}))
    yield Part(project, offset=0, fate=CARRIED, claim=_good(cast, project, lead), marks=frozenset({"late_claim"}))
    yield Part(project, offset=0, fate=ADDED, claim=NOTHING, marks=HOSTILE)
    yield Part(project, offset=0, fate=CARRIED, claim=_good(cast, project, HELD[project]), marks=frozenset({"flagged"}))
    yield _complaint(0) if project == "PAY" else Part(project, "Task", 0, DELIVERED, OPS, title="ops", labels=("ops",))
    yield Part(project, offset=0, fate=REMOVED, claim=_good(cast, project, slow))
    kr = Claim("labels", "GROW-KR3" if project == "PAY" else "APP-KR1")
    yield Part(project, offset=0, fate=DELIVERED, claim=kr, marks=frozenset({"created_in"}))


def _subtasks(cast: Casting, project: str) -> Iterator[Part]:
    for _ in range(2):
        yield Part(project, "Sub-task", None, OPEN, Claim("none"), title="subtasks", parent=f"{project}-effect-1")


def _backlog(cast: Casting, project: str) -> Iterator[Part]:
    yield Part(project, claim=NOTHING)
    yield Part(project, claim=_good(cast, project, LEAD[project], "issue_link"))
    yield Part(project, claim=_bad(cast, project, "pending"), marks=frozenset({"no_estimate"}))
    yield Part(project, claim=NOTHING, marks=frozenset({"hostile", "no_estimate"}))
    yield Part(project, "Story", None, OPEN, Claim("parent", LEAD[project]), parent=f"{project}-epic-1")


def _later(cast: Casting, project: str) -> Iterator[Part]:
    yield Part(project, offset=2, claim=_good(cast, project, LEAD[project]), marks=frozenset({"no_estimate"}))
    yield Part(project, offset=2, claim=NOTHING)


def _closed(cast: Casting, project: str, offset: int) -> Iterator[Part]:
    """A few a sprint, so that every fate occurs within six sprints; the oldest two are thinner."""
    fates = (CARRIED, REOPENED, CANCELLED, ADDED, REMOVED)
    yield Part(project, offset=offset, fate=DELIVERED, claim=_any(cast, project), tag=f"{project}-old-{-offset}")
    yield _complaint(offset) if project == "PAY" and offset % 2 == 0 else _chore(cast, project, offset)
    yield Part(project, offset=offset, fate=fates[-offset % len(fates)], claim=_any(cast, project))
    if offset > -5:
        yield Part(project, offset=offset, fate=DELIVERED, claim=_any(cast, project), marks=frozenset({"re_estimated"}))


def _any(cast: Casting, project: str) -> Claim:
    return _good(cast, project, cast.dice.pick(POOL[project]), cast.dice.pick(("line", "line", "fields")))


def _complaint(offset: int) -> Part:
    """Counts for the key result on complaints, by its label."""
    claim = Claim("line", "FLOW-KR2")
    return Part("PAY", "Task", offset, DELIVERED, claim, title="complaints", labels=("cs-feedback",))


def _chore(cast: Casting, project: str, offset: int) -> Part:
    """Work that serves no key result."""
    kind = cast.dice.number(1, 3)
    if kind == 1:
        return Part(project, "Task", offset, DELIVERED, OPS, title="ops", labels=("ops",))
    if kind == 2:
        return Part(project, "Task", offset, DELIVERED, OPS, title="debts", labels=("tech-debt",))
    return Part(project, "Bug", offset, DELIVERED, Claim("none"), title="bugs", labels=("bug",))


def _filler(cast: Casting, project: str) -> Part:
    """More of the same for large worlds: mostly past sprints, some backlog."""
    dice = cast.dice
    if dice.chance(0.15):
        return Part(project, claim=_any(cast, project) if dice.chance(0.5) else NOTHING, fate=OPEN)
    offset = -dice.number(2, max(2, cast.closed))
    if dice.chance(0.25):
        return _chore(cast, project, offset)
    fate = dice.pick((DELIVERED,) * 4 + (CARRIED, ADDED, REMOVED, CANCELLED, REOPENED, DONE_BEFORE))
    marks = {name for name in ("re_estimated", "late_claim", "raised_claim", "created_in") if dice.chance(0.1)}
    claim = _any(cast, project) if dice.chance(0.85) else NOTHING
    return Part(project, offset=offset, fate=fate, claim=claim, marks=frozenset(marks))
