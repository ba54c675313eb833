"""The goal of an iteration: what it serves, and whether the team called it hit or missed."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import started
from okr_delivery.model.okr import Objective
from okr_delivery.value.results import GoalTrace

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration
    from okr_delivery.value.conclusions import Conclusions

_WORD = re.compile(r"[^\s,;()\[\]（）【】「」\"'“”，。；、|]+")


def goal_of(snapshot: Snapshot, conclusions: Conclusions, team_id: str, iteration: Iteration) -> GoalTrace:
    """From the OKR files' `iterations:`, else from an objective's id in the tracker's goal text."""
    book = snapshot.book
    declared = book.goal_for(team_id, iteration.name) or book.goal_for(team_id, iteration.id)
    day = snapshot.calendar(team_id).local_date(started(iteration) or snapshot.as_of)
    objective = declared.objective if declared else None
    if objective is None and iteration.goal:
        objective = named_objective(snapshot, iteration.goal, day)
    text = declared.goal if declared and declared.goal else iteration.goal
    verdict = conclusions.goal(team_id, iteration, snapshot.as_of)
    said = None if verdict is None else ("hit" if verdict.hit else "missed")
    return GoalTrace(objective, text, said, verdict.reason if verdict else None)


def named_objective(snapshot: Snapshot, text: str, day: date) -> str | None:
    """The first objective whose id stands in the text, in a cycle that contains the day."""
    book = snapshot.book
    words = [word.strip(".:").casefold() for word in _WORD.findall(text)]

    def runs(objective: Objective) -> bool:
        cycle = book.cycles[objective.cycle]
        return cycle.start <= day <= cycle.end

    for word in words:
        for full_id, objective in sorted(book.objectives.items()):
            if word == full_id.casefold() or (word == objective.id.casefold() and runs(objective)):
                return full_id
    return None
