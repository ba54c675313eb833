"""Roll-up of key results to an objective: the weighted mean and the weakest, each measured thing once.

An objective is made of its own key results and of those of the objectives that align to it, directly or over others;
what aligns to one of its key results does not count again, because that key result is measured itself. A composite is
left out when one of its parts is counted, else it stands for its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import tidy, total
from okr_delivery.model.okr import Direction, KeyResult, Objective
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress


def objective_progress(objective: Objective, book: OkrBook, every: Mapping[str, KrProgress]) -> ObjectiveProgress:
    """Σ w·p / Σ w over the leaves with data; `every` holds the progress of all key results by full id."""
    counted = leaves(objective, book)
    with_data = [every[kr.full_id] for kr in counted if every[kr.full_id].clamped is not None]
    no_data = tuple(kr.full_id for kr in counted if every[kr.full_id].clamped is None)
    whole = total(found.kr.weight for found in with_data)
    progress = tidy(total(found.kr.weight * _share(found) for found in with_data) / whole) if with_data else None
    weakest = min(with_data, key=lambda found: (_share(found), found.kr.full_id), default=None)
    return ObjectiveProgress(
        id=objective.full_id,
        title=objective.title,
        progress=progress,
        weakest=weakest.kr.full_id if weakest else None,
        no_data=no_data,
        arithmetic=_arithmetic(with_data, progress, whole, weakest, no_data),
    )


def leaves(objective: Objective, book: OkrBook) -> tuple[KeyResult, ...]:
    """The key results that count for an objective, in the order of their full ids, each once."""
    reached = sorted(full for one in _below(objective.full_id, book) for full in _own(book.objectives[one]))
    krs = [book.key_results[full] for full in reached]
    counted = {kr.full_id: kr for kr in krs if kr.metric.direction is not Direction.COMPOSITE}
    measured = set(counted)
    for kr in krs:
        if kr.metric.direction is Direction.COMPOSITE:
            parts = set(_measured_in(kr.full_id, book))
            if not parts & measured:
                counted[kr.full_id] = kr
                measured |= parts
    return tuple(counted[full] for full in sorted(counted))


def _own(objective: Objective) -> tuple[str, ...]:
    return tuple(kr.full_id for kr in objective.key_results)


def _below(full_id: str, book: OkrBook) -> set[str]:
    """An objective and those that align to it, directly or over other objectives."""
    found: set[str] = set()
    waiting = [full_id]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += [child for child in book.children(here) if child in book.objectives]
    return found


def _measured_in(full_id: str, book: OkrBook) -> Iterator[str]:
    """The key results with a measure of their own that a composite is made of."""
    for part in book.children(full_id):
        if part in book.key_results:
            if book.key_results[part].metric.direction is Direction.COMPOSITE:
                yield from _measured_in(part, book)
            else:
                yield part


def _share(found: KrProgress) -> float:
    return found.clamped or 0.0


def _arithmetic(
    with_data: list[KrProgress],
    progress: float | None,
    whole: float,
    weakest: KrProgress | None,
    no_data: tuple[str, ...],
) -> Message:
    lines: list[Message] = []
    if weakest is None:
        lines.append(msg("okrs.rollup.no_data"))
    else:
        terms = " + ".join(f"{found.kr.weight:g} × {_share(found):.2f}" for found in with_data)
        lines.append(msg("okrs.rollup.mean", terms=terms, total=whole, progress=progress))
        lines.append(msg("okrs.rollup.weakest", kr=weakest.kr.id, progress=_share(weakest)))
    if no_data:
        lines.append(msg("okrs.rollup.left_out", krs=tuple(full.partition(":")[2] for full in no_data)))
    return msg("okrs.arithmetic", lines=tuple(lines))
