"""Makes plans: what is worth most for its effort comes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from shlex import quote
from typing import TYPE_CHECKING

from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.teams import sources_of
from okr_delivery.locale import plain
from okr_delivery.model.claims import claim_line
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.message import Message, msg
from okr_delivery.model.numbers import tidy, total
from okr_delivery.model.okr import Effect, KeyResult
from okr_delivery.model.work import Field, Iteration, labels_of
from okr_delivery.value.capacity import Capacity, capacity, load, serves_none, work_in
from okr_delivery.value.demand import Check
from okr_delivery.value.due import DueTrace, asked_since, due
from okr_delivery.value.gap import Gap
from okr_delivery.value.krs import is_active, needs_amount, way_of
from okr_delivery.value.offer import MIDDLE, start
from okr_delivery.value.plan import (
    Closing,
    Entry,
    IterationPlan,
    KrNeed,
    Missing,
    Owed,
    TeamPlan,
)
from okr_delivery.value.quantity import change, quantity
from okr_delivery.value.results import LinkFault, LinkProblem, Links

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import Readings
    from okr_delivery.value.conclusions import Conclusions

SOME_KR = "KR-ID"


class Planner:
    """Makes the plans of one snapshot's teams; what they share is worked out once."""

    def __init__(
        self, snapshot: Snapshot, readings: Readings, effects: Iterable[Effect], conclusions: Conclusions
    ) -> None:
        self.snapshot, self.readings, self.conclusions = snapshot, readings, conclusions
        self.effects = tuple(effects)
        self._check = Check(snapshot, readings, self.effects, conclusions)

    def plan(self, team_id: str, iterations: Sequence[Iteration]) -> TeamPlan:
        """The lists of a team's iterations, what fits into each, and what waits for a conclusion."""
        snapshot, room = self.snapshot, capacity(self.snapshot, team_id)
        blind = tuple(name for name in sources_of(snapshot.team(team_id)) if not snapshot.deployments_read(name))
        owed = () if blind else tuple(map(self._owed, self._due(team_id)))
        lists = tuple(self._list(team_id, iteration, room) for iteration in iterations)
        return TeamPlan(team_id, room, lists, owed, blind)

    def _due(self, team_id: str) -> tuple[DueTrace, ...]:
        given = (self.snapshot, self.readings, self.effects, self.conclusions)
        return due(*given, team_id, since=asked_since(self.snapshot, team_id))

    def _owed(self, trace: DueTrace) -> Owed:
        several = len(self.snapshot.config.sources) > 1
        key = f"{trace.item.source}:{trace.item.key}" if several else trace.item.key
        command = f'okr-delivery conclude {quote(key)} CONCLUSION --kr {trace.kr.full_id} --reason "TEXT"'
        issue = trace.item.issue
        return Owed(trace, None if issue.confidential else self.snapshot.link(issue.source, issue.url), command)

    def _list(self, team_id: str, iteration: Iteration, room: Capacity | None) -> IterationPlan:
        made = [self._sorted(team_id, iteration, item) for item in work_in(self.snapshot, team_id, iteration)]
        non_okr = tuple(entry for entry, apart, disputed in made if apart and not disputed)
        agreed = [entry for entry, apart, disputed in made if not apart and not disputed]
        reserved = total(max(entry.effort or 0.0, 0.0) for entry in non_okr)
        order = ranked([entry for entry in agreed if entry.score is not None], reserved, room)
        first, last = self._days(team_id, iteration)
        return IterationPlan(
            iteration=iteration,
            start=first,
            end=last,
            load=load(self.snapshot, team_id, iteration),
            reserved=reserved,
            budget=self.snapshot.config.source(iteration.source).non_okr.budget,
            label=self.snapshot.config.source(iteration.source).dispute.label,
            disputes=tuple(entry for entry, _, disputed in made if disputed),
            ranked=order,
            unranked=tuple(entry for entry in agreed if entry.score is None),
            non_okr=non_okr,
            needs=self._needs(team_id, iteration, order),
        )

    def _sorted(self, team_id: str, iteration: Iteration, item: Item) -> tuple[Entry, bool, bool]:
        """Its entry, whether it serves no key result, and whether somebody disputes it."""
        apart = serves_none(self.snapshot, item)
        entry = self._named(item) if apart else self._entry(team_id, iteration, item)
        return entry, apart, self._disputed(item)

    def _days(self, team_id: str, iteration: Iteration) -> tuple[date | None, date | None]:
        """The first and the last local day, as planned."""
        calendar = self.snapshot.calendar(team_id)
        first = None if iteration.start is None else calendar.local_date(iteration.start)
        if iteration.end is None:
            return first, iteration.last_day
        by_day = iteration.last_day is not None  # its end is the midnight after that day
        return first, iteration.last_day if by_day else calendar.local_date(iteration.end)

    def _disputed(self, item: Item) -> bool:
        label = self.snapshot.config.source(item.source).dispute.label.casefold()
        return label in {name.casefold() for name in labels_of(item.at(Field.LABELS, self.snapshot.as_of))}

    def _needs(self, team_id: str, iteration: Iteration, order: Sequence[Entry]) -> tuple[KrNeed, ...]:
        served = {kr.full_id: kr for kr in self._check.served(team_id, [iteration])}
        closings = [closing for entry in order for closing in entry.closings]
        served |= {closing.kr.full_id: closing.kr for closing in closings}
        return tuple(
            KrNeed(served[full], self._check.gap(served[full]), _promised(closings, full))
            for full in sorted(served, key=natural)
        )

    # -- one requirement -------------------------------------------------------------------------------------------

    def _named(self, item: Item) -> Entry:
        issue = item.issue
        hidden = issue.confidential
        return Entry(
            source=issue.source,
            key=issue.key,
            title=None if hidden else issue.title,
            url=None if hidden else self.snapshot.link(issue.source, issue.url),
            effort=item.number_at(Field.ESTIMATE, self.snapshot.as_of),
            work=item.non_okr,
        )

    def _entry(self, team_id: str, iteration: Iteration, item: Item) -> Entry:
        """A requirement with what it closes, what it lacks and, if that can be said, its score."""
        named, links = self._named(item), self._check.promise(item)
        day = self._check.start(team_id, iteration)
        stated = [self._closing(item, one, day) for one in links.contributions]
        closings = tuple(one for one in stated if isinstance(one, Closing))
        lacks = (
            *(one for one in stated if isinstance(one, Missing)),
            *self._said(item, links, self._unlinked(team_id, iteration), named.effort),
        )
        if not closings or not named.effort or named.effort < 0:
            return replace(named, closings=closings, missing=lacks)
        score = tidy(total(one.worth for one in closings) / named.effort)
        return replace(
            named,
            closings=closings,
            missing=lacks,
            score=score,
            reason=self._reason(closings, named.effort, score, day),
        )

    def _closing(self, item: Item, stated: Contribution, day: date) -> Closing | Missing | None:
        """What it closes of one key result; None where the reason is among the problems of the links."""
        kr = self.snapshot.book.key_results[stated.kr]
        name = self.snapshot.book.short_id(kr, day)
        if not is_active(kr, self.snapshot.book, day):
            return Missing(msg("plan.missing.inactive", kr=kr.full_id, cycle=kr.cycle))
        if stated.amount is None:
            return Missing(msg("plan.missing.no_number", kr=name)) if not needs_amount(kr) else None
        gap = self._check.gap(kr)
        if gap.missing is None:
            command = f"okr-delivery okr read {name} VALUE"
            return Missing(msg("plan.missing.reading", kr=name, command=command))
        if gap.way * stated.amount < 0:
            return Missing(msg("plan.missing.direction", kr=name, amount=change(stated.amount, kr)))
        return self._made(item, kr, stated, gap)

    def _made(self, item: Item, kr: KeyResult, stated: Contribution, gap: Gap) -> Closing:
        amount, confidence, missing = stated.amount or 0.0, self._check.confidence(stated), gap.missing or 0.0
        share = min(tidy(abs(amount) / missing), 1.0) if missing else 0.0
        return Closing(
            kr=kr,
            amount=amount,
            low=stated.low,
            high=stated.high,
            confidence=confidence,
            calibration=self._check.calibration(item.team, kr),
            gap=missing,
            unread=gap.unread,
            share=share,
            worth=tidy(share * kr.weight * confidence),
        )

    def _said(self, item: Item, links: Links, unlinked: Missing, effort: float | None) -> Iterator[Missing]:
        """What it lacks beside an amount that counts, each with the line to write where there is one."""
        problems = [problem for problem in links.problems if problem.fault is not LinkFault.DISAGREE]
        for problem in problems:
            yield _problem(item, problem)
        if not links.contributions and not problems:
            carried = links.stated or links.inherited  # by its children, else its own words would be here
            yield Missing(msg("plan.missing.split")) if carried else unlinked
        if effort is None:
            yield Missing(msg("plan.missing.estimate"))
        elif effort <= 0:
            yield Missing(msg("plan.missing.no_effort", effort=effort))

    def _unlinked(self, team_id: str, iteration: Iteration) -> Missing:
        """The line begins with what the iteration's goal names; without one there is nothing to guess from."""
        day, book = self._check.start(team_id, iteration), self.snapshot.book
        found = self._check.of_goal(team_id, iteration, day)
        if not found:
            return Missing(msg("plan.missing.key_result"), claim_line(SOME_KR, MIDDLE))
        kr, ref = found[0], book.short_id(found[0], day)
        line = claim_line(ref, start(kr, way_of(kr, book, day, self.readings)))
        return Missing(msg("plan.missing.key_result_goal", kr=ref), line)

    def _reason(self, closings: Sequence[Closing], effort: float, score: float, day: date) -> Message:
        """The score in its numbers."""
        parts = tuple(_part(one, self.snapshot.book.short_id(one.kr, day)) for one in closings)
        if len(parts) == 1:
            return msg("plan.reason", part=parts[0], effort=effort, score=score)
        worth = total(one.worth for one in closings)
        return msg("plan.reason.several", parts=parts, worth=worth, effort=effort, score=score)


def _part(one: Closing, name: str) -> Message:
    terms = {"kr": name, "amount": change(one.amount, one.kr), "weight": one.kr.weight}
    terms |= {"confidence": _percent(one.confidence), "worth": one.worth}
    if not one.gap:
        return msg("plan.part.nothing", **terms)
    gap = quantity(one.gap, one.kr)
    gap = msg("plan.gap.unread", gap=gap) if one.unread else msg("plan.gap", gap=gap)
    return msg("plan.part", gap=gap, share=_percent(one.share), **terms)


def _percent(share: float) -> str:
    """Three digits: the reader may want to work it out again."""
    return plain(float(f"{100 * share:.3g}"))


def _problem(item: Item, problem: LinkProblem) -> Missing:
    """What the gate would say of a link; of a confidential issue nothing that somebody wrote is repeated."""
    if item.issue.confidential and problem.fault not in (LinkFault.PENDING, LinkFault.MISSING_AMOUNT):
        return Missing(msg("plan.missing.hidden"))
    return Missing(problem.message, problem.paste)


def _promised(closings: Iterable[Closing], full_id: str) -> float:
    """Σ expected × confidence toward one key result."""
    return tidy(total(tidy(abs(one.amount) * one.confidence) for one in closings if one.kr.full_id == full_id))


def ranked(entries: Sequence[Entry], reserved: float, room: Capacity | None) -> tuple[Entry, ...]:
    """By score; of equal ones the smaller effort first, then as people count. Capacity ends once for all."""
    found, used = [], reserved
    ordered = sorted(entries, key=lambda e: (-(e.score or 0.0), e.effort or 0.0, natural(e.key), e.source))
    for rank, entry in enumerate(ordered, 1):
        used = total((used, entry.effort or 0.0))
        fits = None if room is None else used <= room.amount
        found.append(replace(entry, rank=rank, cumulated=used, fits=fits))
    return tuple(found)
