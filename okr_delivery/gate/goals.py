"""What an iteration's goal lacks, and what to write: an entry for the OKR files, after what the work in it serves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.gate.finding import Suggestion
from okr_delivery.gate.krs import DAY, away, behind, inactivity
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import IterationGoal, KeyResult, Location, Objective
from okr_delivery.value.goal import objectives_in

if TYPE_CHECKING:
    from okr_delivery.gate.planning import Planning
    from okr_delivery.model.work import Iteration

UNKNOWN = "OBJECTIVE-ID"
MOST = 2  # suggestions
STRAYS = 3  # entries that are named
SHOWN = 80  # characters of a goal text


@dataclass(frozen=True, slots=True)
class Entry:
    """A line for `iterations:` of an OKR file. `objective`, declared at `place`, may stand in the goal text instead."""

    line: str
    objective: str
    place: Location | None
    suggestions: tuple[Suggestion, ...]


def entry(planning: Planning, iteration: Iteration) -> Entry:
    """The likeliest goal: the objective of the key result that most of the work serves, else one of the team's."""
    found = list(_likeliest(planning, iteration))
    if not found:
        return Entry(_line(planning, iteration, UNKNOWN, []), UNKNOWN, None, ())
    objective = planning.book.objective_of(found[0][0])
    krs = [kr.id for kr, reason in found if reason.id == "gate.suggest.work" and _of(kr, objective)]
    day = planning.day(iteration)
    suggestions = tuple(Suggestion(planning.book.short_id(kr, day), reason, kr.title) for kr, reason in found[:MOST])
    line = _line(planning, iteration, objective.id, krs)
    return Entry(line, objective.id, objective.location, suggestions)


def lacking(planning: Planning, iteration: Iteration) -> Message:
    """What is wrong with the goal of an iteration that has no entry and names no objective that runs then."""
    text = " ".join((iteration.goal or "").split())
    if not text:
        return msg("gate.kr301.message", iteration=iteration.name)
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    other = next(objectives_in(planning.book, text), None)
    if other is None:
        return msg("gate.kr301.unnamed", iteration=iteration.name, text=short)
    day = planning.day(iteration)
    said = {"iteration": iteration.name, "objective": other.id, "cycle": other.cycle, "day": day.isoformat()}
    return msg("gate.kr301.no_cycle" if behind(planning.book, day) else "gate.kr301.other_cycle", **said)


def renamed(planning: Planning, iteration: Iteration, otherwise: Message) -> Message:
    """What to do where entries fit none of the team's iterations: one that was renamed leaves its entry behind."""
    found = _strays(planning, iteration)[:STRAYS]
    if not found:
        return otherwise
    named = tuple(f"{goal.iteration} ({goal.location.path}:{goal.location.line})" for goal in found)
    return msg("gate.kr301.fix_renamed", entries=named, iteration=iteration.name, otherwise=otherwise)


def _strays(planning: Planning, iteration: Iteration) -> tuple[IterationGoal, ...]:
    """The entries for the team, of a cycle that runs when the iteration begins, that fit none of its iterations."""
    mine = planning.snapshot.iterations(planning.team.id)
    known = {_plain(ref) for one in mine for ref in (one.name, one.id)}
    goals = (goal for goal in planning.book.goals if goal.team == planning.team.id)
    return tuple(goal for goal in goals if _plain(goal.iteration) not in known and _runs(planning, iteration, goal))


def _runs(planning: Planning, iteration: Iteration, goal: IterationGoal) -> bool:
    """Whether the cycle of a goal's objective holds the day; one without an objective may mean any."""
    cycle = planning.book.cycles.get((goal.objective or "").partition(":")[0])
    return cycle is None or cycle.start <= planning.day(iteration) <= cycle.end


def _plain(ref: str) -> str:
    return ref.strip().casefold()


def near(planning: Planning, iteration: Iteration) -> bool:
    """Whether the goal's objective is only a step beyond the edge of its cycle, or the OKR files have no other yet."""
    other = next(objectives_in(planning.book, iteration.goal or ""), None)
    if other is None:
        return False
    cycle, day = planning.book.cycles[other.cycle], planning.day(iteration)
    grace = away(cycle, day, planning.snapshot.day(planning.team.id)) * DAY <= planning.config.gate.cycle_grace
    return grace or behind(planning.book, day)


def _likeliest(planning: Planning, iteration: Iteration) -> Iterator[tuple[KeyResult, Message]]:
    """Key results that are active then, each once, and why."""
    served = Counter(full for case in planning.inside(iteration) for full in case.krs)
    for full, n in sorted(served.items(), key=lambda pair: (-pair[1], pair[0])):
        kr = planning.book.key_results[full]
        if _is_active(planning, iteration, kr):
            yield kr, msg("gate.suggest.work", n=n, iteration=iteration.name)
    wanted = set(planning.team.objectives)
    mine = [o for o in planning.book.objectives.values() if {o.id, o.full_id} & wanted]
    for kr in sorted((kr for o in mine for kr in o.key_results), key=lambda kr: -kr.weight):
        if kr.full_id not in served and _is_active(planning, iteration, kr):
            yield kr, msg("gate.suggest.objective", objective=kr.objective)


def _is_active(planning: Planning, iteration: Iteration, kr: KeyResult) -> bool:
    return inactivity(kr, planning.book, planning.day(iteration), planned=True) is None


def _of(kr: KeyResult, objective: Objective) -> bool:
    return (kr.cycle, kr.objective) == (objective.cycle, objective.id)


def _line(planning: Planning, iteration: Iteration, objective: str, krs: list[str]) -> str:
    """One line of YAML; a name that two of the team's iterations bear is told apart by the id."""
    names = [one.name.strip().casefold() for one in planning.snapshot.iterations(planning.team.id)]
    name = iteration.name if names.count(iteration.name.strip().casefold()) == 1 else iteration.id
    pairs = [f"team: {planning.team.id}", f"iteration: {json.dumps(name, ensure_ascii=False)}"]
    pairs += [f"objective: {objective}", *([f"key_results: [{', '.join(krs)}]"] if krs else [])]
    return f"- {{{', '.join(pairs)}}}"
