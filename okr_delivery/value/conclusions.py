"""conclusions.yaml: what teams decided about delivered requirements and about the goals of their iterations.

The file is a list, edited by people and appended to by `conclude`:

    - {source: jira, issue: PAY-112, kr: GROW-KR1, conclusion: double-down, reason: …, by: lin, at: 2026-12-20}
    - {goal: PAY S27, team: payments, verdict: hit, reason: …, at: 2026-11-12T10:00:00+08:00}

Nothing is ever changed in it: of several conclusions on the same thing the latest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from okr_delivery.config.document import Document, Place, read, shown
from okr_delivery.config.problems import attempt, sort
from okr_delivery.config.types import Day, Identifier, Strict, Text, Words, day, nearest, refuse, written
from okr_delivery.delivery.rules import calendar_of
from okr_delivery.model.conclusion import CHINESE, Conclusion, GoalVerdict, Verb
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import Message, msg
from okr_delivery.okrs import KrAmbiguous, KrFound, KrUnknown, OkrBook
from okr_delivery.value.windows import last_observed
from okr_delivery.value.yaml_list import append_entry

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.delivery.item import Item
    from okr_delivery.model.work import Iteration

MOST_OBSERVES = 2
VERBS: Mapping[str, Verb] = {**{verb.value: verb for verb in Verb}, **CHINESE}
GOALS: Mapping[str, bool] = {"hit": True, "missed": False, "达成": True, "命中": True, "未达成": False, "未命中": False}


@dataclass(frozen=True)
class Conclusions:
    """Everything concluded, in the order of the file."""

    all: tuple[Conclusion, ...] = ()
    goals: tuple[GoalVerdict, ...] = ()

    def latest(self, source: str, keys: Iterable[str], kr: str, as_of: int) -> Conclusion | None:
        """What was last concluded of an issue (by any of its keys) for a key result, as known at an instant."""
        names = {key.casefold() for key in keys}
        found = [
            c
            for c in self.all
            if c.source == source and c.issue.casefold() in names and c.kr in (None, kr) and c.at <= as_of
        ]
        return max(found, key=lambda c: c.at, default=None)

    def goal(self, team: str, iteration: Iteration, as_of: int) -> GoalVerdict | None:
        """The latest verdict on an iteration's goal, as known at an instant."""
        names = {iteration.name.casefold(), iteration.id.casefold()}
        found = [g for g in self.goals if g.iteration.casefold() in names and g.team in (None, team) and g.at <= as_of]
        return max(found, key=lambda g: g.at, default=None)

    def observed(self, source: str, keys: Iterable[str], kr: str | None) -> int:
        """How often it was decided to observe longer."""
        names = {key.casefold() for key in keys}
        return sum(
            c.source == source and c.issue.casefold() in names and c.conclusion is Verb.OBSERVE and _meets(c.kr, kr)
            for c in self.all
        )


def _meets(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


# -- reading -----------------------------------------------------------------------------------------------------------


def verb(word: str) -> Verb | None:
    """The conclusion that an English or a Chinese word means."""
    return VERBS.get(word.strip().lower().replace("_", "-").replace(" ", "-"))


def _verb(value: object) -> Verb:
    text = written(value)
    found = verb(text)
    if found is None:
        raise refuse("value.conclusion.verb", value=text, meant=_near(text, VERBS), known=", ".join(VERBS))
    return found


def _goal(value: object) -> bool:
    text = written(value)
    if text.strip().lower() not in GOALS:
        raise refuse("value.conclusion.goal", value=text, known=", ".join(GOALS))
    return GOALS[text.strip().lower()]


def says_something(reason: str) -> bool:
    """Whether there is a letter or a digit in it: a machine takes blanks without width for a reason, nobody else."""
    return any(sign.isalnum() for sign in reason)


def _reason(value: str) -> str:
    if not says_something(value):
        raise refuse("config.type.empty")
    return value


Reason = Annotated[Text, AfterValidator(_reason)]


def _near(text: str, known: Iterable[str]) -> str:
    return nearest(text, list(known)) or next(iter(known))


def _when(value: object) -> date | datetime:
    """A date, or an instant with its offset."""
    text = written(value)
    try:
        return day(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise refuse("value.conclusion.at", value=text) from None
    if moment.tzinfo is None:
        raise refuse("value.conclusion.at", value=text)
    return moment


class ConclusionEntry(Strict):
    source: Identifier | None = Field(None, description="Source of the issue. Default: the only one.")
    issue: Words = Field(description="Key of the requirement.")
    kr: Text | None = Field(None, description="Key result. Default: all of the requirement.")
    conclusion: Annotated[Verb, BeforeValidator(_verb)] = Field(description="What was decided.")
    reason: Reason = Field(description="Why, one sentence.")
    by: Text | None = Field(None, description="Who decided.")
    at: Annotated[date | datetime, BeforeValidator(_when)] = Field(description="When: a date or an instant.")
    follow_up: Text | None = Field(None, description="What happens next.")
    due: Day | None = Field(
        None, description="When the follow-up, or the longer observation, ends; that at most one observation later."
    )


class GoalEntry(Strict):
    goal: Words = Field(description="Name or id of the iteration.")
    team: Identifier | None = Field(None, description="Team of the iteration.")
    verdict: Annotated[bool, BeforeValidator(_goal)] = Field(description="hit or missed.")
    reason: Reason = Field(description="Why, one sentence.")
    by: Text | None = Field(None, description="Who decided.")
    at: Annotated[date | datetime, BeforeValidator(_when)] = Field(description="When: a date or an instant.")


def load(config: Config, book: OkrBook) -> Conclusions:
    """The file that the configuration names; none yet is no error.

    Raises UserError with every problem, each at its file:line:column.
    """
    path = config.resolve(config.conclusions)
    if not path.exists():
        return Conclusions()
    document = read(path, config.root)
    if document.data is None:
        return Conclusions()
    reading = _Reading(config, book, document)
    reading.read()
    if reading.problems:
        raise UserError(sort(reading.problems))
    return Conclusions(tuple(reading.found), tuple(reading.goals))


class _Reading:
    """Collects entries and problems of one file."""

    def __init__(self, config: Config, book: OkrBook, document: Document) -> None:
        self.config, self.book, self.document = config, book, document
        self.found: list[Conclusion] = []
        self.goals: list[GoalVerdict] = []
        self.problems: list[Problem] = []

    def read(self) -> None:
        if not isinstance(self.document.data, list):
            self._problem((), "value.conclusion.no_list")
            return
        for index, entry in enumerate(self.document.data):
            if not isinstance(entry, dict):
                self._problem((index,), "value.conclusion.no_mapping")
            elif "goal" in entry:
                self._take_goal((index,))
            else:
                self._take((index,))

    def _problem(self, place: Place, message_id: str, **params: object) -> None:
        self.problems.append(Problem(msg(message_id, **params), self.document.where(place)))

    def _take_goal(self, place: Place) -> None:
        entry, problems = attempt(GoalEntry, self.document, place)
        self.problems += problems
        if entry is None:
            return
        teams = [team.id for team in self.config.effective_teams()]
        if entry.team is not None and entry.team not in teams:
            self._problem((*place, "team"), "value.conclusion.team", team=entry.team, meant=_near(entry.team, teams))
        self.goals.append(
            GoalVerdict(entry.goal, entry.verdict, entry.reason, self._at(entry.at), entry.by, entry.team)
        )

    def _take(self, place: Place) -> None:
        entry, problems = attempt(ConclusionEntry, self.document, place)
        self.problems += problems
        if entry is None:
            return
        source, kr = self._source(place, entry.source), self._kr(place, entry)
        made = Conclusion(
            source=source,
            issue=entry.issue,
            kr=kr,
            conclusion=entry.conclusion,
            reason=entry.reason,
            at=self._at(entry.at),
            by=entry.by,
            follow_up=entry.follow_up,
            due=entry.due,
        )
        self._check_term(place, made)
        if made.conclusion is Verb.OBSERVE and Conclusions(tuple(self.found)).observed(source, [made.issue], kr) >= (
            MOST_OBSERVES
        ):
            self._problem((*place, "conclusion"), "value.conclusion.observed", key=made.issue, most=MOST_OBSERVES)
        self.found.append(made)

    def _check_term(self, place: Place, made: Conclusion) -> None:
        what = _too_long(self.config, self.book, made.conclusion, made.kr, made.at, made.due)
        if what is not None:
            self.problems.append(
                Problem(what, self.document.where((*place, "due")), msg("value.conclusion.too_long.next"))
            )

    def _source(self, place: Place, name: str | None) -> str:
        known = [source.name for source in self.config.sources]
        if name is None and len(known) == 1:
            return known[0]
        if name is None:
            self._problem(place, "value.conclusion.source_missing", known=", ".join(known))
        elif name not in known:
            self._problem((*place, "source"), "value.conclusion.source", source=name, meant=_near(name, known))
        return name or ""

    def _kr(self, place: Place, entry: ConclusionEntry) -> str | None:
        if entry.kr is None:
            return None
        on = entry.at.date() if isinstance(entry.at, datetime) else entry.at
        answer = resolve(entry.kr, on, self.book)
        if isinstance(answer, KrFound):
            return answer.kr.full_id
        self.problems.append(_kr_problem(entry.kr, answer, self.document.where((*place, "kr"))))
        return None

    def _at(self, at: date | datetime) -> int:
        """A date stands for its first instant, so that it is known on its own day."""
        if isinstance(at, datetime):
            return int(at.timestamp())
        return int(datetime.combine(at, time(), calendar_of(self.config).zone).timestamp())


def resolve(ref: str, on: date, book: OkrBook) -> KrFound | KrUnknown | KrAmbiguous:
    """The key result a conclusion speaks of. It is often drawn after the cycle's end, so the past comes last."""
    answer = book.resolve(ref, on)
    if not isinstance(answer, KrUnknown):
        return answer
    past = [
        kr
        for kr in book.key_results.values()
        if kr.id.casefold() == ref.strip().casefold() and book.cycle_of(kr).end < on
    ]
    return KrFound(max(past, key=lambda kr: book.cycle_of(kr).end)) if past else answer


def _kr_problem(ref: str, answer: KrUnknown | KrAmbiguous, where: str) -> Problem:
    if isinstance(answer, KrAmbiguous):
        return Problem(msg("value.conclusion.kr_ambiguous", kr=ref, candidates=", ".join(answer.candidates)), where)
    step = msg("value.conclusion.kr.next", nearest=answer.nearest) if answer.nearest else None
    return Problem(msg("value.conclusion.kr", kr=ref), where, step)


def _too_long(config: Config, book: OkrBook, meant: Verb, kr: str | None, at: int, due: date | None) -> Message | None:
    """What is wrong with an `observe` whose end is further away than one more observation; None: nothing.

    Without a key result (full id) it speaks of all, and the longest observation counts.
    """
    if meant is not Verb.OBSERVE or due is None:
        return None
    spoken = [one for full, one in book.key_results.items() if kr in (None, full)]
    last = last_observed(spoken, calendar_of(config).local_date(at))
    return None if due <= last else msg("value.conclusion.too_long", until=str(due), last=str(last))


# -- adding ------------------------------------------------------------------------------------------------------------


def add(
    config: Config,
    book: OkrBook,
    conclusions: Conclusions,
    item: Item,
    word: str,
    *,
    at: int,
    reason: str,
    kr: str | None = None,
    by: str | None = None,
    follow_up: str | None = None,
    due: date | None = None,
) -> Path:
    """Appends one conclusion and answers the file; everything else in it, comments too, stays as it was.

    Raises UserError for an unknown word or key result, for a third `observe` on the same thing, and for one that ends
    later than one more observation allows.
    """
    meant = verb(word)
    if meant is None:
        known = ", ".join(VERBS)
        what = msg("value.conclusion.verb", value=word, meant=_near(word, VERBS), known=known)
        raise user_error(what, next_step=msg("value.conclusion.verb.next", meant=_near(word, VERBS)))
    full = None if kr is None else _known_kr(config, book, kr, at)
    if meant is Verb.OBSERVE and conclusions.observed(item.source, [item.key], full) >= MOST_OBSERVES:
        what = msg("value.conclusion.observed", key=item.key, most=MOST_OBSERVES)
        raise user_error(what, next_step=msg("value.conclusion.observed.next"))
    too_long = _too_long(config, book, meant, full, at, due)
    if too_long is not None:
        raise user_error(too_long, next_step=msg("value.conclusion.too_long.next"))
    entry = {
        "source": item.source,
        "issue": item.key,
        "kr": full,
        "conclusion": meant.value,
        "reason": reason.strip(),
        "by": by,
        "at": _instant(config, at),
        "follow_up": follow_up,
        "due": None if due is None else due.isoformat(),
    }
    return _append(config, entry)


def add_goal(
    config: Config, team: str, iteration: Iteration, word: str, *, reason: str, at: int, by: str | None = None
) -> Path:
    """Appends the verdict on an iteration's goal: hit or missed. Raises UserError for another word."""
    if word.strip().lower() not in GOALS:
        what = msg("value.conclusion.goal", value=word, known=", ".join(GOALS))
        raise user_error(what, next_step=msg("value.conclusion.goal.next"))
    verdict = "hit" if GOALS[word.strip().lower()] else "missed"
    entry = {"goal": iteration.name, "team": team, "verdict": verdict, "reason": reason.strip(), "by": by}
    return _append(config, entry | {"at": _instant(config, at)})


def _known_kr(config: Config, book: OkrBook, ref: str, at: int) -> str:
    answer = resolve(ref, datetime.fromtimestamp(at, UTC).date(), book)
    if isinstance(answer, KrFound):
        return answer.kr.full_id
    raise UserError([_kr_problem(ref, answer, "--kr")])


def _instant(config: Config, at: int) -> str:
    return datetime.fromtimestamp(at, calendar_of(config).zone).isoformat(timespec="seconds")


def _append(config: Config, entry: Mapping[str, str | None]) -> Path:
    path = config.resolve(config.conclusions)
    append_entry(path, shown(path, config.root), {key: text for key, text in entry.items() if text is not None})
    return path
