"""What of a run's findings is waived, by the file or by a label, and what the file's unused waivers are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.gate import labels, waiving
from okr_delivery.gate.baseline import ISSUE, suitable
from okr_delivery.gate.ends import Days
from okr_delivery.gate.finding import Finding, Severity, Stage
from okr_delivery.gate.rules import RULES
from okr_delivery.gate.waiving import Known, Waived
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.work import Iteration, IterationState

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.ask import Answers, PlanAnswers
    from okr_delivery.gate.waivers import Waiver, Waivers

AMBIGUOUS_ISSUE = "delivery.issue.ambiguous"


@dataclass(frozen=True)
class Looked:
    """What a run looked at. `trusted`: nothing that could be missing was, so that what nobody knows is gone."""

    snapshot: Snapshot
    findings: Sequence[Finding]
    answers: Sequence[Answers]
    plans: Sequence[PlanAnswers]
    severity: Mapping[str, Severity]
    trusted: bool

    def waive(self, waivers: Waivers) -> Waived:
        """The file's waivers first, then those by label. Raises UserError for a waiver that nobody may write so."""
        config = self.snapshot.config
        days = Days(config, self.snapshot.as_of, self.snapshot)
        waiving.check_length(waivers, days.latest, config.gate.max_waiver_days)
        written = [self._with_present_key(waiver) for waiver in waivers]
        out = waiving.apply(self.findings, written, days.of, self.severity, self._known)
        by_label = labels.apply(out.findings, self.snapshot, self._item)
        return replace(out, findings=by_label.findings, waived=[*out.waived, *by_label.waived], notes=by_label.notes)

    @cached_property
    def _asked(self) -> frozenset[tuple[str, str]]:
        """Each rule that was asked with what it was asked about, by all names that a waiver may use."""
        return frozenset((rule, name) for names, rules in self._subjects() for rule in rules for name in names)

    def _subjects(self) -> Iterator[tuple[list[str], Iterable[str]]]:
        for answer in self.answers:
            key, source = answer.case.item.key, answer.case.issue.source
            yield [waiving.folded(key), waiving.folded(f"{source}:{key}")], answer.rules
        for plan in self.plans:
            for iteration in plan.planning.iterations:
                yield list(waiving.names_of_iteration(iteration, plan.team)), plan.rules

    def _with_present_key(self, waiver: Waiver) -> Waiver:
        """A waiver that names an issue by an old key or its address, under the key of today and of that source alone.

        Raises UserError for a key that two sources know, whatever was found in which.
        """
        item = self._named(waiver) if waiver.rule in self._on_issues else None
        if item is None:
            return waiver
        full = f"{item.source}:{item.key}"
        written = waiving.folded(waiver.entity) in map(waiving.folded, (item.key, full))
        return waiver if written else replace(waiver, entity=full)

    def _named(self, waiver: Waiver) -> Item | None:
        try:
            return self.snapshot.find(waiver.entity)
        except UserError as error:
            problem = error.problems[0]
            if problem.what.id == AMBIGUOUS_ISSUE:
                raise user_error(problem.what, where=waiving.place(waiver), next_step=problem.next_step) from None
            return None

    @cached_property
    def _on_issues(self) -> frozenset[str]:
        """The rules that find something about issues."""
        found = {finding.rule for finding in self.findings if finding.entity.kind == ISSUE}
        return frozenset(found | {rule for rule in RULES if suitable(rule)})

    @cached_property
    def _cases(self) -> dict[tuple[str, str], Item]:
        return {(a.case.issue.source, a.case.item.key): a.case.item for a in self.answers}

    def _item(self, finding: Finding) -> Item | None:
        entity = finding.entity
        if entity.kind != ISSUE or entity.source is None:
            return None
        return self._cases.get((entity.source, entity.key)) or self._find(f"{entity.source}:{entity.key}")

    def _find(self, text: str) -> Item | None:
        try:
            return self.snapshot.find(text)
        except UserError:
            return None

    # -- what is unused ------------------------------------------------------------------------------------------------

    def _known(self, waiver: Waiver) -> Known:
        """What an unused waiver's entity is; while some source can't be trusted, nothing is declared gone."""
        if waiver.rule not in RULES:
            return Known.OUT_OF_SCOPE
        if (waiver.rule, waiving.folded(waiver.entity)) in self._asked:
            return Known.JUDGED
        found = None if suitable(waiver.rule) else self._of_plan(waiver)
        return self._of_issue(waiver) if found is None else found

    def _of_issue(self, waiver: Waiver) -> Known:
        item = self._find(waiver.entity)
        if item is None:
            return Known.GONE if self.trusted and self._all_teams else Known.OUT_OF_SCOPE
        if item.gone_at is not None:
            return Known.GONE
        if any(waiver.rule in plan.rules for plan in self.plans if plan.team == item.team):
            return Known.JUDGED
        return Known.FINISHED if not item.open and _of_open_work(waiver.rule) else Known.OUT_OF_SCOPE

    def _of_plan(self, waiver: Waiver) -> Known | None:
        """For rules about plans: what the iteration or key result is; None where the name fits neither."""
        name, snapshot = waiving.folded(waiver.entity), self.snapshot
        fits = [i for team in snapshot.teams for i in snapshot.iterations(team.id) if _named(i, team.id, name)]
        if fits:
            over = all(snapshot.state(iteration) is IterationState.CLOSED for iteration in fits)
            return Known.CLOSED if over else Known.OUT_OF_SCOPE
        krs = (kr for kr in snapshot.book.key_results.values() if name in map(waiving.folded, (kr.id, kr.full_id)))
        if next(krs, None) is None:
            return None
        asked = any(waiver.rule in plan.rules for plan in self.plans)
        return Known.JUDGED if asked and self.trusted and self._all_teams else Known.OUT_OF_SCOPE

    @property
    def _all_teams(self) -> bool:
        return len(self.snapshot.teams) == len(self.snapshot.config.effective_teams())


def _named(iteration: Iteration, team: str, name: str) -> bool:
    return name in waiving.names_of_iteration(iteration, team)


def _of_open_work(rule: str) -> bool:
    """Whether a rule is only asked of work that is not finished."""
    return suitable(rule) and RULES[rule].stage is not Stage.RELEASE
