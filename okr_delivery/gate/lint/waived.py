"""Holds what the lint found against the waivers of its rules, under the ids of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.gate import waiving
from okr_delivery.gate.finding import Finding, Severity
from okr_delivery.gate.lint import registry
from okr_delivery.gate.lint.subject import Desk
from okr_delivery.gate.waiving import Known, Waived
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg
from okr_delivery.model.okr import Cycle, CycleState

if TYPE_CHECKING:
    from okr_delivery.gate.waivers import Waiver, Waivers

Asked = set[tuple[str, str]]
"""(rule, full id) of what was asked."""


def hold(
    findings: Sequence[Finding],
    waivers: Waivers | None,
    desk: Desk,
    asked: Asked,
    severity: Mapping[str, Severity],
    *,
    narrowed: bool,
) -> Waived:
    """`narrowed`: the run looked at some cycles only, so that a waiver for others may do its work elsewhere."""
    if waivers is None:
        return Waived(findings=list(findings))
    mine = [waiver for waiver in waivers if waiver.rule in registry.ids()]
    waiving.check_length(mine, lambda _: desk.day, desk.config.gate.max_waiver_days)
    named = [replace(waiver, entity=full_id(waiver, desk)) for waiver in mine]
    return waiving.apply(findings, named, lambda _: desk.day, severity, lambda one: _known(one, desk, asked, narrowed))


def full_id(waiver: Waiver, desk: Desk) -> str:
    """The cycle, objective or key result that a waiver names, as written where there is none.

    A short id means the one of the cycle that contains the day of the run, else of the next cycle to start, else of
    the last. Raises UserError where two fit.
    """
    ref = waiver.entity.strip()
    ids = {name.casefold(): name for name in [*desk.book.cycles, *desk.book.objectives, *desk.book.key_results]}
    if ref.casefold() in ids:
        return ids[ref.casefold()]
    short = [full for full in ids.values() if full.partition(":")[2].casefold() == ref.casefold()]
    fits = {full: desk.book.cycles[full.partition(":")[0]] for full in short}
    likeliest = _likeliest(fits, desk.day)
    if len(likeliest) > 1:
        where = f"{waiver.location.path}:{waiver.location.line}"
        terms = {"rule": waiver.rule, "entity": ref, "candidates": tuple(sorted(likeliest))}
        raise user_error(msg("lint.waiver.ambiguous", **terms), where=where)
    return likeliest[0] if likeliest else ref


def _likeliest(fits: Mapping[str, Cycle], day: date) -> list[str]:
    now = [full for full, cycle in fits.items() if cycle.start <= day <= cycle.end]
    ahead = min((cycle.start for cycle in fits.values() if cycle.start > day), default=None)
    past = max((cycle.start for cycle in fits.values()), default=None)
    return now or [full for full, cycle in fits.items() if cycle.start == (ahead or past)]


def _known(waiver: Waiver, desk: Desk, asked: Asked, narrowed: bool) -> Known:
    """What the entity of a waiver that matched nothing is to this run."""
    if (waiver.rule, waiver.entity) in asked:
        return Known.JUDGED
    cycle = desk.book.cycles.get(waiver.entity.partition(":")[0])
    objective = waiver.entity in desk.book.objectives or waiver.entity in desk.book.key_results
    if cycle is None or not (objective or waiver.entity == cycle.id):
        return Known.GONE
    return Known.CLOSED if cycle.state is CycleState.CLOSED and not narrowed else Known.OUT_OF_SCOPE
