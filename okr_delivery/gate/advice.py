"""What a finding proposes: a key result and why, the line to paste, the legal way out, how to check again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from okr_delivery.delivery.resolve import KEYWORDS
from okr_delivery.gate import paste
from okr_delivery.gate.alike import DAYS, Alike
from okr_delivery.gate.finding import Stage, Suggestion
from okr_delivery.gate.krs import inactivity
from okr_delivery.model.errors import UserError
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import KeyResult
from okr_delivery.model.work import Field, FoundField
from okr_delivery.okrs.book import KrFound
from okr_delivery.value.capacity import load
from okr_delivery.value.krs import may_be_meant
from okr_delivery.value.offer import MIDDLE, PENDING, start
from okr_delivery.value.results import LinkFault, LinkProblem, Links

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.case import Case
    from okr_delivery.gate.planning import Planning

UNKNOWN_REF = "KR-ID"
MOST = 2  # suggestions: a longer list is a choice, not advice


class Advice:
    """Shared by all cases of one run; remembers what it worked out. `links` answers an item's links."""

    def __init__(self, snapshot: Snapshot, links: Callable[[Item], Links]) -> None:
        self.snapshot = snapshot
        self.book = snapshot.book
        self._links = links
        self._alike: dict[str, Alike] = {}
        self._priorities: dict[tuple[str, str], bool] = {}
        self._budgets: dict[tuple[str, str], float | None] = {}
        self._fields: dict[str, dict[str, FoundField]] = {}

    # -- which key result ------------------------------------------------------------------------------------------

    def suggestions(self, case: Case) -> tuple[Suggestion, ...]:
        """The key results that are likeliest meant, two at most, each active for this requirement, and why."""
        found: dict[str, Suggestion] = {}
        for kr, reason in self._candidates(case):
            if len(found) == MOST:
                break
            if inactivity(kr, self.book, case.day, planned=case.planned) is None:
                found.setdefault(kr.full_id, Suggestion(self.ref(case, kr), reason, kr.title))
        return tuple(found.values())

    def _candidates(self, case: Case) -> Iterator[tuple[KeyResult, Message]]:
        """Out of what is nearest to this one requirement first; nothing without a reason to tell."""
        yield from self._of_parent(case)
        yield from self._of_alike(case)
        yield from self._of_goal(case)
        yield from self._of_objectives(case)

    def _of_parent(self, case: Case) -> Iterator[tuple[KeyResult, Message]]:
        issue = case.issue
        parent = self.snapshot.item(issue.source, issue.parent_id) if issue.parent_id else None
        for stated in self._links(parent).contributions if parent else ():
            if kr := self.book.key_results.get(stated.kr):
                yield kr, msg("gate.suggest.parent", parent=parent.key if parent else "")

    def _of_alike(self, case: Case) -> Iterator[tuple[KeyResult, Message]]:
        """A confidential requirement's labels are not repeated."""
        if case.issue.confidential:
            return
        alike = self._alike.setdefault(case.team.id, Alike(self.snapshot, case.team.id, self._links))
        for habit in alike.habits(case.item):
            if kr := self.book.key_results.get(habit.kr):
                yield kr, msg(f"gate.suggest.{habit.kind}", n=habit.n, name=habit.name, days=DAYS)

    def _of_goal(self, case: Case) -> Iterator[tuple[KeyResult, Message]]:
        if case.iteration is None:
            return
        team, iteration = case.team.id, case.iteration
        goal = self.book.goal_for(team, iteration.name) or self.book.goal_for(team, iteration.id)
        for ref in goal.key_results if goal else ():
            if (kr := self._resolve(ref, case)) is not None:
                yield kr, msg("gate.suggest.goal", iteration=iteration.name)

    def _of_objectives(self, case: Case) -> Iterator[tuple[KeyResult, Message]]:
        wanted = set(case.team.objectives)
        found = [o for o in self.book.objectives.values() if o.id in wanted or o.full_id in wanted]
        krs = [(kr, o) for o in found for kr in o.key_results]
        for kr, objective in sorted(krs, key=lambda pair: -pair[0].weight):
            yield kr, msg("gate.suggest.objective", objective=objective.id)

    # -- what to write ---------------------------------------------------------------------------------------------

    def ref(self, case: Case, kr: KeyResult) -> str:
        """How this requirement names that key result."""
        return self.book.short_id(kr, case.day)

    def title(self, case: Case, ref: str) -> str | None:
        """The title of what a reference means to this requirement."""
        kr = self._resolve(ref, case)
        return None if kr is None else kr.title

    def serves(self, case: Case, ref: str) -> bool:
        """Whether a reference means a key result that this requirement may serve."""
        kr = self._resolve(ref, case)
        return kr is not None and may_be_meant(kr, self.book, case.day)

    def _resolve(self, ref: str, case: Case) -> KeyResult | None:
        answer = self.book.resolve(ref, case.day)
        return answer.kr if isinstance(answer, KrFound) else None

    def line(self, case: Case, ref: str | None, like: LinkProblem | None = None) -> str:
        """A contribution line that may be pasted as it is; with `like`, the written one with the right key result."""
        if like is not None and (offered := case.offered(like)) is not None:
            return offered
        kr = self._resolve(ref, case) if ref else None
        if ref is None or kr is None:
            return paste.contribution(UNKNOWN_REF, PENDING if case.stage is Stage.INTAKE else MIDDLE)
        return paste.contribution(ref, self._amount(case, kr))

    def _amount(self, case: Case, kr: KeyResult) -> str:
        """`?` where intake is all that is asked; else the middle size, or a blank where no size has a meaning."""
        what = start(kr, case.way(kr))
        if what is None:
            return ""
        return PENDING if case.stage is Stage.INTAKE else what

    def alternative(self, case: Case) -> tuple[str, Message]:
        """The Non-OKR line and a sentence with the budget."""
        non_okr = case.source.non_okr
        line = paste.non_okr(tuple(sorted({*non_okr.labels, *non_okr.types})))
        used = self._used(case)
        if used is None:
            return line, msg("gate.alternative.budget", line=line, budget=_percent(non_okr.budget))
        return line, msg("gate.alternative.used", line=line, budget=_percent(non_okr.budget), used=_percent(used))

    def _used(self, case: Case) -> float | None:
        """Share of the iteration's effort that serves no key result; by count where something is not estimated."""
        if case.iteration is None:
            return None
        place = (case.team.id, case.iteration.id)
        if place not in self._budgets:
            self._budgets[place] = load(self.snapshot, case.team.id, case.iteration).non_okr
        return self._budgets[place]

    def recheck(self, case: Case) -> Message:
        """How the owner sees that it is settled."""
        key = self.argument(case.item)
        stage = f" --stage {case.stage}" if case.stage in (Stage.INTAKE, Stage.RELEASE) else ""
        command = f"okr-delivery gate --issue {key} --sync{stage}"
        url = self.snapshot.config.reports.recheck_url
        return msg("gate.recheck.url", command=command, url=url) if url else msg("gate.recheck", command=command)

    def recheck_plan(self, planning: Planning) -> Message:
        """How a team sees that its plan is settled."""
        command = f"okr-delivery gate --team {planning.team.id}{self._which(planning)}{_stage_of(planning)} --sync"
        url = self.snapshot.config.reports.recheck_url
        return msg("gate.recheck.url", command=command, url=url) if url else msg("gate.recheck", command=command)

    def _which(self, planning: Planning) -> str:
        """Nothing for the next iteration, which is what a plain run looks at."""
        team, judged = planning.team.id, planning.iterations
        ref = next((ref for ref in KEYWORDS if self.snapshot.resolve(team, ref) == judged), judged[0].id)
        return "" if ref == "next" else f" --iteration {shlex.quote(ref)}"

    def argument(self, item: Item) -> str:
        """The address as a shell takes it: it would run what stands before an `&`."""
        key = self.address(item)
        return f'"{key}"' if "&" in key else key

    def address(self, item: Item) -> str:
        """The key, with its source where two sources know one of that name."""
        if len(self.snapshot.config.sources) < 2:
            return item.key
        try:
            self.snapshot.find(item.key)
        except UserError:
            return f"{item.issue.source}:{item.key}"
        return item.key

    # -- what exists -----------------------------------------------------------------------------------------------

    def reads(self, source: str, role: str) -> bool:
        """Whether the source's connector found and reads the field of that role."""
        return self.field(source, role) is not None

    def field(self, source: str, role: str) -> FoundField | None:
        """What the source's connector reads for a role."""
        if source not in self._fields:
            self._fields[source] = {found.role: found for found in self.snapshot.store.found_fields(source)}
        return self._fields[source].get(role)

    def has_priorities(self, source: str, project_id: str) -> bool:
        """Whether a project knows priorities: some issue of it carries one. Projects without the field never do."""
        place = (source, project_id)
        if place not in self._priorities:
            self._priorities[place] = self.snapshot.view(source).is_used(Field.PRIORITY, project_id)
        return self._priorities[place]


def _stage_of(planning: Planning) -> str:
    """Nothing for the stage that a run judges by itself."""
    own = Stage(str(planning.team.gate.adopt or planning.config.gate.adopt))
    return "" if own in (planning.stage, Stage.RELEASE) else f" --stage {planning.stage}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def ambiguous(links: Links) -> LinkProblem | None:
    """The first link that fits two key results: nobody can judge it before it is written in full."""
    return next((p for p in links.problems if p.fault is LinkFault.AMBIGUOUS_KR), None)
