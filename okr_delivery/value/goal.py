"""The goal of an iteration: what it serves, and whether the team called it hit or missed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.delivery.membership import started
from okr_delivery.model.okr import IterationGoal, Objective
from okr_delivery.value.results import GoalTrace

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.work import Iteration
    from okr_delivery.okrs import OkrBook
    from okr_delivery.value.conclusions import Conclusions

_PART = r"0-9a-z_"  # what an id of plain letters goes on with; other scripts write no spaces


def goal_of(snapshot: Snapshot, conclusions: Conclusions, team_id: str, iteration: Iteration) -> GoalTrace:
    """From the OKR files' `iterations:`, else from an objective's id in the tracker's goal text."""
    declared = declared_goal(snapshot.book, team_id, iteration)
    day = snapshot.calendar(team_id).local_date(started(iteration) or snapshot.as_of)
    objective = declared.objective if declared else None
    if objective is None and iteration.goal:
        objective = named_objective(snapshot, iteration.goal, day)
    text = declared.goal if declared and declared.goal else iteration.goal
    verdict = conclusions.goal(team_id, iteration, snapshot.as_of)
    said = None if verdict is None else ("hit" if verdict.hit else "missed")
    return GoalTrace(objective, text, said, verdict.reason if verdict else None)


def declared_goal(book: OkrBook, team_id: str, iteration: Iteration) -> IterationGoal | None:
    """The entry of the OKR files' `iterations:` for a team's iteration, by its name or its id."""
    return book.goal_for(team_id, iteration.name) or book.goal_for(team_id, iteration.id)


def named_objective(snapshot: Snapshot, text: str, day: date) -> str | None:
    """The first objective whose id stands in the text: a full id, or a short one of a cycle that contains the day."""
    book = snapshot.book
    for objective, in_full in _objectives_in(book, text):
        cycle = book.cycles[objective.cycle]
        if in_full or cycle.start <= day <= cycle.end:
            return objective.full_id
    return None


def objectives_in(book: OkrBook, text: str) -> Iterator[Objective]:
    """The objectives of any cycle whose ids stand in the text, in its order."""
    return (objective for objective, _ in _objectives_in(book, text))


def _objectives_in(book: OkrBook, text: str) -> list[tuple[Objective, bool]]:
    """(objective, whether its full id was written), in the order of the text."""
    folded = _folded(text)
    found: list[tuple[int, str, Objective, bool]] = []
    for full_id, objective in book.objectives.items():
        for ref, in_full in ((full_id, True), (objective.id, False)):
            at = _place(folded, _folded(ref), () if in_full else book.cycles)
            found += [] if at is None else [(at, full_id, objective, in_full)]
    return [(objective, in_full) for _, _, objective, in_full in sorted(found, key=lambda one: one[:2])]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _place(text: str, ref: str, cycles: Iterable[str]) -> int | None:
    """Where an id stands by itself, and not as part of a longer one or behind the id of a cycle."""
    if ref not in text:
        return None
    before = rf"(?<![{_PART}])(?<![{_PART}]-)(?<![a-z_]\.)" if ref[0].isascii() else r"(?<!\w)"
    after = rf"(?![{_PART}])(?![-.][{_PART}])" if ref[-1].isascii() else r"(?!\w)"
    other = tuple(f"{_folded(cycle)}:" for cycle in cycles)
    hits = re.finditer(before + re.escape(ref) + after, text)
    return next((hit.start() for hit in hits if not text[: hit.start()].endswith(other)), None)
