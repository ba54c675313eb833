"""The plan for people: what to settle first, the order with its reasons, where capacity ends, what is still owed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from okr_delivery.gate.paste import localised
from okr_delivery.locale import Translator, hundredths, plain
from okr_delivery.model.message import Message
from okr_delivery.model.width import clip
from okr_delivery.output.json import instant
from okr_delivery.output.safe import message as cleaned
from okr_delivery.output.safe import terminal
from okr_delivery.output.table import table
from okr_delivery.value.capacity import Capacity
from okr_delivery.value.due import DueTrace
from okr_delivery.value.plan import Entry, IterationPlan, KrNeed, Missing, Owed, Plans, TeamPlan
from okr_delivery.value.quantity import change, quantity

TITLE = 44
NOTHING = "–"
INDENT = "      "
ASCII = str.maketrans(
    {"…": "...", "–": "-", "÷": "/", "×": "x", "“": '"', "”": '"', "·": "-", "\u2212": "-", "→": "->"}
)


def write(plans: Plans, t: Translator, *, unicode: bool = True) -> str:
    """The plans of all teams, then the teams without one. `unicode` False keeps our own signs in ASCII."""
    writer = _Writer(plans, t)
    parts = [part for team in plans.teams for part in writer.team(team)]
    text = "\n\n".join([*parts, *writer.without()]) + "\n"
    return text if unicode else text.translate(ASCII)


def reasons(plans: Plans, t: Translator) -> str:
    """Why teams have no plan, for whoever reads standard error beside a document."""
    return "\n\n".join(_Writer(plans, t).without()) + "\n"


@dataclass(frozen=True)
class _Writer:
    plans: Plans
    t: Translator

    def say(self, message: Message) -> str:
        """A message whose text out of files and trackers can do no harm on a terminal; its own line breaks stay."""
        return self.t.render(cleaned(message, terminal))

    # -- a team ----------------------------------------------------------------------------------------------------

    def team(self, team: TeamPlan) -> Iterator[str]:
        for one in team.iterations:
            yield self._head(team, one)
            yield from filter(None, (self._needs(one.needs), self._disputes(one), self._ranked(one, team.capacity)))
            yield from filter(None, (self._unranked(one), self._non_okr(one)))
        yield from filter(None, (self._due(team),))

    def _head(self, team: TeamPlan, one: IterationPlan) -> str:
        as_of = instant(self.plans.as_of, ZoneInfo(self.plans.zone))
        lines = [self.t("plan.text.head", team=team.team, iteration=terminal(one.iteration.name), as_of=as_of)]
        lines += [self.t("plan.text.days", start=_day(one.start), end=_day(one.end))] if one.start or one.end else []
        lines.append(self._capacity(team.capacity, one))
        open_ones = len(one.disputes)
        settled = self.t("plan.text.settled") if one.settled else self.t("plan.text.not_settled", n=open_ones)
        return "\n  ".join([*lines, settled])

    def _capacity(self, room: Capacity | None, one: IterationPlan) -> str:
        effort = NOTHING if one.load.effort is None else plain(one.load.effort)
        if room is None:
            text = self.t("plan.text.no_capacity", effort=effort)
        else:
            terms = {"amount": plain(room.amount), "unit": terminal(room.unit), "effort": effort}
            names = self.t.list([terminal(name) for name in room.iterations])
            text = self.t(f"plan.text.capacity.{room.basis}", **terms, n=len(room.iterations), iterations=names)
        if one.load.unestimated:
            text += self.t("plan.text.unestimated", n=len(one.load.unestimated))
        return text

    def _needs(self, needs: Sequence[KrNeed]) -> str:
        """What the key results need, and what the order below promises them."""
        if not needs:
            return ""
        header = [self.t(f"plan.text.need.{name}") for name in ("kr", "title", "missing", "promised", "share")]
        rows = [self._need(one) for one in needs]
        shown = self.t("plan.text.needs") + "\n" + table(rows, header, right=(2, 3, 4), indent="  ")
        return f"{shown}\n  {self.t('plan.text.unread')}" if any(one.gap.unread for one in needs) else shown

    def _need(self, one: KrNeed) -> list[str]:
        missing = NOTHING
        if one.gap.missing is not None:
            missing = self.say(quantity(one.gap.missing, one.kr)) + (" *" if one.gap.unread else "")
        share = f"{hundredths(one.promised / one.gap.missing)} %" if one.gap.missing else NOTHING
        promised = self.say(quantity(one.promised, one.kr))
        return [terminal(one.kr.full_id), clip(terminal(one.kr.title), TITLE), missing, promised, share]

    # -- requirements ----------------------------------------------------------------------------------------------

    def _disputes(self, one: IterationPlan) -> str:
        return self._block(self.t("plan.text.disputes", label=terminal(one.label)), map(self._entry, one.disputes))

    def _unranked(self, one: IterationPlan) -> str:
        return self._block(self.t("plan.text.unranked"), map(self._entry, one.unranked))

    def _block(self, title: str, parts: Iterable[Sequence[str]]) -> str:
        lines = [line for part in parts for line in part]
        return "\n".join([title, *lines]) if lines else ""

    def _entry(self, entry: Entry) -> list[str]:
        """One requirement outside of the order: what is known of its worth, and what it lacks."""
        effort = "" if entry.effort is None else self.t("plan.text.effort", effort=plain(entry.effort))
        first = "  ".join(part for part in (terminal(entry.key), _title(entry), effort) if part)
        return [f"  {first}", *self._why(entry)]

    def _why(self, entry: Entry) -> list[str]:
        reason = self.say(entry.reason).splitlines() if entry.reason is not None else []
        return [INDENT + line for line in (*reason, *map(self._missing, entry.missing))]

    def _missing(self, one: Missing) -> str:
        text = self.say(one.message)
        if one.paste is None:
            return text
        return self.t("plan.text.write", text=text, line=terminal(localised(one.paste, self.t.lang)))

    def _ranked(self, one: IterationPlan, room: Capacity | None) -> str:
        """The order: one line each, the reason below it, and a line where the capacity ends."""
        if not one.ranked:
            return ""
        columns = ("rank", "requirement", "title", "effort", "so_far", "score")
        rows = [self._row(entry) for entry in one.ranked]
        header = [self.t(f"plan.text.column.{name}") for name in columns]
        head, rule, *lines = table(rows, header, right=(0, 3, 4, 5), indent="  ").splitlines()
        out = [self.t("plan.text.order"), *self._reserved(one), head, rule]
        inside = True
        for entry, line in zip(one.ranked, lines, strict=True):
            if inside and entry.fits is False and room is not None:
                terms = {"amount": plain(room.amount), "unit": terminal(room.unit)}
                out.append("  " + self.t("plan.text.line", **terms))
                inside = False
            out += [line, *self._why(entry)]
        return "\n".join(out)

    def _reserved(self, one: IterationPlan) -> list[str]:
        return ["  " + self.t("plan.text.reserved", effort=plain(one.reserved))] if one.reserved else []

    def _row(self, entry: Entry) -> list[str]:
        figures = [NOTHING if value is None else plain(value) for value in (entry.effort, entry.cumulated, entry.score)]
        return [str(entry.rank), terminal(entry.key), _title(entry), *figures]

    def _non_okr(self, one: IterationPlan) -> str:
        budget = hundredths(one.budget)
        share = NOTHING if one.load.non_okr is None else hundredths(one.load.non_okr)
        over = one.load.non_okr is not None and one.load.non_okr > one.budget
        title = self.t("plan.text.non_okr.over" if over else "plan.text.non_okr", share=share, budget=budget)
        return self._block(title, ([self._apart(entry)] for entry in one.non_okr))

    def _apart(self, entry: Entry) -> str:
        effort = NOTHING if entry.effort is None else plain(entry.effort)
        kind = f"({terminal(entry.work)})" if entry.work else ""
        parts = (terminal(entry.key), _title(entry), kind, self.t("plan.text.effort", effort=effort))
        return "  " + "  ".join(part for part in parts if part)

    # -- what is owed ----------------------------------------------------------------------------------------------

    def _due(self, team: TeamPlan) -> str:
        if team.blind:
            names = self.t.list([terminal(name) for name in team.blind])
            return self.t("plan.text.blind", sources=names)
        title = self.t("plan.text.due", team=team.team)
        shown = self._block(title, map(self._one_due, team.due))
        return f"{shown}\n  {self.t('plan.text.verbs', verbs=self.t('terms.conclusion.words'))}" if shown else ""

    def _one_due(self, owed: Owed) -> list[str]:
        one = owed.trace
        first = "  ".join(part for part in (terminal(one.item.key), _title_of(one)) if part)
        late = "plan.text.overdue" if one.overdue else "plan.text.due_by"
        when = self.t(late, kr=terminal(one.kr.full_id), end=_day(one.window.end), due=_day(one.due))
        return [f"  {first}", INDENT + when, INDENT + self._known(one), INDENT + terminal(owed.command)]

    def _known(self, one: DueTrace) -> str:
        """What was expected and what is measured, and whose key result it is."""
        expected = self.t("plan.text.no_amount")
        if one.expected is not None:
            expected = self.t("plan.text.expected", amount=self.say(change(one.expected, one.kr)))
        text = self.t("plan.text.unmeasured", expected=expected)
        if one.effect is not None:
            measured = self.say(change(one.effect.value, one.kr))
            method = self._method(one.effect.method)
            text = self.t("plan.text.measured", expected=expected, measured=measured, method=method)
        return text + (self.t("plan.text.ask", owner=terminal(one.kr.owner)) if one.kr.owner else "")

    def _method(self, method: str) -> str:
        return self.t(f"terms.method.{method}")

    # -- teams without a plan --------------------------------------------------------------------------------------

    def without(self) -> Iterator[str]:
        blocked = [(team, reason) for team, several in self.plans.blocked for reason in several]
        for title, rows in (("plan.text.blocked", blocked), ("plan.text.nothing", self.plans.nothing)):
            lines = [self.t("gate.text.team", team=team, text=self.say(reason)) for team, reason in rows]
            if lines:
                yield "\n  ".join([self.t(title), *lines])


def _title(entry: Entry) -> str:
    return clip(terminal(entry.title), TITLE) if entry.title else ""


def _title_of(one: DueTrace) -> str:
    issue = one.item.issue
    return "" if issue.confidential else clip(terminal(issue.title), TITLE)


def _day(day: date | None) -> str:
    return NOTHING if day is None else day.isoformat()
