"""Progress of key results with what is computed from the tracker filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from okr_delivery.delivery.rules import calendar_of
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import Message, msg
from okr_delivery.okrs import KrAmbiguous, KrFound
from okr_delivery.okrs.progress import all_progress, kr_progress
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress
from okr_delivery.value.evidence import computed, gaps

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.calendar import Calendar
    from okr_delivery.okrs import Readings


def progress(
    snapshot: Snapshot, readings: Readings, kr_refs: Sequence[str] | None = None
) -> tuple[tuple[KrProgress, ...], tuple[ObjectiveProgress, ...]]:
    """All key results and objectives of the cycles of interest, or only the ones named.

    With `kr_refs` the objectives are those of the key results named. Raises UserError for ids that name none or
    several.
    """
    calendar = calendar_of(snapshot.config)
    day = calendar.local_date(snapshot.as_of)
    values, missing = computed(snapshot, readings), gaps(snapshot)
    if kr_refs is None:
        entries, objectives = all_progress(snapshot.book, readings, calendar, day, values)
        return tuple(_explained(entry, missing) for entry in entries), objectives
    named = _named(snapshot, kr_refs, calendar)
    cycles = sorted({full.partition(":")[0] for full in named})
    both = [all_progress(snapshot.book, readings, calendar, day, values, cycle) for cycle in cycles]
    entries = tuple(_explained(entry, missing) for krs, _ in both for entry in krs if entry.kr.full_id in named)
    wanted = {f"{entry.kr.cycle}:{entry.kr.objective}" for entry in entries}
    return entries, tuple(objective for _, found in both for objective in found if objective.id in wanted)


def one(snapshot: Snapshot, readings: Readings, full_id: str) -> KrProgress:
    """Progress of a single key result, as of the snapshot."""
    calendar = calendar_of(snapshot.config)
    day = calendar.local_date(snapshot.as_of)
    kr = snapshot.book.key_results[full_id]
    values = computed(snapshot, readings)
    return _explained(kr_progress(kr, snapshot.book, readings, calendar, day, values), gaps(snapshot))


def _explained(entry: KrProgress, missing: Mapping[str, Message]) -> KrProgress:
    """A computed key result without a value says why, before anything else."""
    why = missing.get(entry.kr.full_id)
    if why is None:
        return entry
    return replace(entry, arithmetic=msg("value.evidence.gap", why=why, arithmetic=entry.arithmetic))


def _named(snapshot: Snapshot, refs: Sequence[str], calendar: Calendar) -> set[str]:
    found: set[str] = set()
    problems: list[Problem] = []
    for ref in refs:
        answer = snapshot.book.resolve(ref, calendar.local_date(snapshot.as_of))
        if isinstance(answer, KrFound):
            found.add(answer.kr.full_id)
        elif isinstance(answer, KrAmbiguous):
            what = msg("value.links.ambiguous_kr", kr=ref, candidates=", ".join(answer.candidates))
            problems.append(Problem(what, "--kr"))
        else:
            step = msg("value.conclusion.kr.next", nearest=answer.nearest) if answer.nearest else None
            problems.append(Problem(msg("value.links.unknown_kr", kr=ref), "--kr", step))
    if problems:
        raise UserError(problems)
    return found
