"""GitLab's activity notes, English prose whatever the user's language, read into what they tell.

The wordings are those of GitLab's own source, old ones too: notes of resource events are written anew whenever they are
shown, all others stay as they were written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from okr_delivery.model.work import EMPTY, Value
from okr_delivery_gitlab.events import Action, Kind


class Note(NamedTuple):
    """An activity note. `action` is what its metadata says it is about; lists of notes do not tell.

    `anew`: it was not stored but written for this answer, from what things are called now.
    """

    ts: int
    body: str
    action: str | None = None
    actor: str | None = None
    anew: bool = False


class Told(NamedTuple):
    """What one clause of a note tells. `ref` is a reference as written, still to be resolved to an id.

    A member that was deleted since has neither `ref` nor `value`. `old` None: the note does not tell.
    """

    kind: Kind
    action: Action
    ref: str | None = None
    value: Value = EMPTY
    old: Value | None = None
    subject: str = ""


_REF = r"(?P<ref>\S*[#&]\d+)"
_SPAN = r"(?:-?\d+(?:mo|w|d|h|m|s)\s?)+"
_DAY = r"[A-Za-z]+ \d{1,2}, \d{4}"
_STATE = re.compile(r"(?:status changed to )?(?P<what>closed|reopened)\b", re.IGNORECASE)
_BY_ITSELF = re.compile(r"(?:automatically closed this|resolved the corresponding error and closed)", re.IGNORECASE)
_LABELS = re.compile(
    r"(?:^|\band )(?P<verb>added|automatically removed|removed) (?P<refs>.+?) (?:scoped )?labels?"
    r"(?= and (?:automatically removed|removed|added) |\s*$)"
)
_LABEL = re.compile(r'(?P<ref>[^\s"~]*~(?:"[^"]*"|[^\s+]+))|(?P<gone>\d+) deleted')
_MILESTONE = re.compile(r"(?:changed milestone to|milestone changed to)(?: (?P<ref>\S.*))?$", re.IGNORECASE)
_NO_MILESTONE = re.compile(r"(?:removed milestone|milestone removed)(?: (?P<ref>\S.*)?)?$", re.IGNORECASE)
_ITERATION = re.compile(r"(?P<what>changed iteration to|removed iteration)(?: (?P<ref>\S*\*iteration:\d+|\S.*?))?"
                        r"(?: on this item and parent item)?(?: \(deleted\))?\s*$")  # fmt: skip
_WEIGHT = re.compile(r"(?:set|changed) weight to \**(?P<new>\d+)\**,?(?: from \**(?P<old>\d+)\**)?\s*$")
_NO_WEIGHT = re.compile(r"removed (?:the )?weight(?: of \**(?P<old>\d+)\**)?\s*$")
_TIME = re.compile(
    rf"(?:changed time estimate to|added time estimate of) (?P<new>{_SPAN})(?: ?from (?P<old>{_SPAN}))?$"
)
_NO_TIME = re.compile(rf"removed time estimate(?: of (?P<old>{_SPAN}))?$")
_DATES = re.compile(r"(?:changed|removed) (?:start|due|finish) date\b")
_DUE = re.compile(rf"\bchanged due date to (?P<new>{_DAY})")
_NO_DUE = re.compile(rf"\bremoved due date(?: (?P<old>{_DAY}))?")
_TITLE = re.compile(r"changed title from \*\*(?P<old>.*)\*\* to \*\*(?P<new>.*)\*\*\s*$", re.DOTALL | re.IGNORECASE)
_TYPE = re.compile(r"changed (?:the )?(?:issue )?type from (?P<old>[a-z _]+) to (?P<new>[a-z _]+)$", re.IGNORECASE)
_PROMOTED = re.compile(r"promoted (?:the |this )?issue to (?:an? )?(?P<new>incident)$", re.IGNORECASE)
_PARENT = re.compile(rf"(?:added {_REF} as parent [a-z _]+|added to epic {_REF.replace('ref', 'epic')}|"
                     rf"changed epic to {_REF.replace('ref', 'other')}|"
                     rf"added epic {_REF.replace('ref', 'above')} as parent epic)$", re.IGNORECASE)  # fmt: skip
_NO_PARENT = re.compile(rf"(?:removed parent [a-z _]+|removed from epic) {_REF}$", re.IGNORECASE)
_STATUS = re.compile(r"set status to \*\*(?P<new>.+)\*\*$", re.DOTALL)
_DUPLICATE = re.compile(rf"marked this [a-z ]+ as a duplicate of {_REF}$|closed as duplicate of", re.IGNORECASE)
_MOVED = re.compile(rf"(?:moved|promoted) to (?:epic )?{_REF}$", re.IGNORECASE)
_LINK = re.compile(r"marked this [a-z ]+ as (?P<how>related to|blocking|blocked by) (?P<refs>.+)$", re.IGNORECASE)
_NO_LINK = re.compile(rf"removed the relation with {_REF}$", re.IGNORECASE)
_CUSTOM = re.compile(
    r"<p>(?:(?P<off>removed) (?P<was>.*):|changed (?P<name>.*) to) <code[^>]*>(?P<text>.*)</code></p>\s*$", re.DOTALL
)
_ANY_REF = re.compile(r"[^\s,]*[#&]\d+")
_MARKS = re.compile(r"\{[-+]|[-+]\}")
_PARTS = re.compile(r"(-?\d+)(mo|w|d|h|m|s)")
_SECONDS = {"mo": 4 * 5 * 8 * 3600, "w": 5 * 8 * 3600, "d": 8 * 3600, "h": 3600, "m": 60, "s": 1}
LONGEST = 2**63
"""Seconds that GitLab can hold."""
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip


def read_note(note: Note) -> tuple[Told, ...]:
    """What a note tells, in its order; nothing for those that matter to no kept field."""
    return _told(note.body.strip())


@lru_cache(maxsize=4096)
def _told(body: str) -> tuple[Told, ...]:
    """Kept for a while: most notes say what others said before."""
    for reader in _READERS:
        found = tuple(reader(body))
        if found:
            return found
    return ()


def hours(text: str | None) -> Value:
    """A span such as `1w 2d 30m` in hours, with GitLab's eight hours a day and five days a week; EMPTY for none."""
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text or ""))
    return hours_of(seconds)


def hours_of(seconds: int) -> Value:
    """Seconds as a number of hours; EMPTY for 0, which is what GitLab keeps for no estimate, and beyond its range."""
    if not 0 < seconds <= LONGEST:
        return EMPTY
    exact = round(Decimal(seconds) / 3600, 4)
    plain = f"{exact:f}"
    return Value(None, plain.rstrip("0").rstrip(".") if "." in plain else plain)


def kind_of_item(text: str | None) -> str:
    """`Test Case`, `TEST_CASE` and `test case` are all `test_case`."""
    return "_".join((text or "").lower().split())


def _states(body: str) -> Iterator[Told]:
    if _BY_ITSELF.match(body):
        yield Told(Kind.STATE, Action.CLOSE)
    found = _STATE.match(body)
    if found:
        yield Told(Kind.STATE, Action.CLOSE if found["what"].lower() == "closed" else Action.REOPEN)
        if _DUPLICATE.match(body):
            yield Told(Kind.DUPLICATE, Action.SET)


def _labels(body: str) -> Iterator[Told]:
    """`added ~1 ~2 + 1 deleted label and removed ~3 label`: removals first, so that a swap ends in what was added."""
    told = [
        Told(Kind.LABEL, Action.ADD if clause["verb"] == "added" else Action.REMOVE, member["ref"])
        for clause in _LABELS.finditer(body)
        for member in _LABEL.finditer(clause["refs"])
        for _ in range(int(member["gone"] or 1))
    ]
    yield from sorted(told, key=lambda one: one.action is Action.ADD)


def _milestones(body: str) -> Iterator[Told]:
    yield from _single(Kind.MILESTONE, _MILESTONE.match(body), _NO_MILESTONE.match(body))


def _iterations(body: str) -> Iterator[Told]:
    found = _ITERATION.match(body)
    if found:
        action = Action.REMOVE if found["what"].startswith("removed") else Action.SET
        yield Told(Kind.ITERATION, action, found["ref"])


def _single(kind: Kind, put: re.Match[str] | None, away: re.Match[str] | None) -> Iterator[Told]:
    if put:
        yield Told(kind, Action.SET, put["ref"])
    elif away:
        yield Told(kind, Action.REMOVE, away["ref"] or None)


def _weights(body: str) -> Iterator[Told]:
    yield from _changed(Kind.WEIGHT, _WEIGHT.match(body), _NO_WEIGHT.match(body), lambda text: Value(None, text))


def _times(body: str) -> Iterator[Told]:
    yield from _changed(Kind.TIME, _TIME.match(body), _NO_TIME.match(body), hours)


def _dates(body: str) -> Iterator[Told]:
    if _DATES.match(body):
        yield from _changed(Kind.DUE, _DUE.search(body), _NO_DUE.search(body), _day)


def _changed(
    kind: Kind, put: re.Match[str] | None, away: re.Match[str] | None, read: Callable[[str | None], Value]
) -> Iterator[Told]:
    """A value that was set or removed; what stood there before where the note tells."""
    found = put or away
    if found is None:
        return
    before = found.groupdict().get("old")
    old = read(before) if before else None
    yield Told(kind, Action.SET if put else Action.REMOVE, None, read(put["new"]) if put else EMPTY, old)


def _day(text: str | None) -> Value:
    """`September 20, 2018`; EMPTY for what is no date in English."""
    month, day, year = (text or "x 0, 0").replace(",", "").split()
    if month.lower() not in _MONTHS:
        return EMPTY
    iso = f"{int(year):04}-{_MONTHS.index(month.lower()) + 1:02}-{int(day):02}"
    return Value(iso, iso)


def _titles(body: str) -> Iterator[Told]:
    found = _TITLE.match(body)
    if found:
        old, new = (Value(None, _MARKS.sub("", found[side])) for side in ("old", "new"))
        yield Told(Kind.TITLE, Action.SET, None, new, old)


def _types(body: str) -> Iterator[Told]:
    found = _TYPE.match(body)
    if found:
        old, new = (Value(kind_of_item(found[side])) for side in ("old", "new"))
        yield Told(Kind.TYPE, Action.SET, None, new, old)
    elif promoted := _PROMOTED.match(body):
        yield Told(Kind.TYPE, Action.SET, None, Value(kind_of_item(promoted["new"])))


def _parents(body: str) -> Iterator[Told]:
    put, away = _PARENT.match(body), _NO_PARENT.match(body)
    if put:
        yield Told(Kind.PARENT, Action.SET, next(filter(None, put.groups())))
    elif away:
        yield Told(Kind.PARENT, Action.REMOVE, away["ref"])


def _statuses(body: str) -> Iterator[Told]:
    found = _STATUS.match(body)
    if found:
        yield Told(Kind.STATUS, Action.SET, None, Value(None, found["new"]))


def _ends(body: str) -> Iterator[Told]:
    if _DUPLICATE.match(body):
        yield Told(Kind.DUPLICATE, Action.SET)
    elif moved := _MOVED.match(body):
        yield Told(Kind.MOVED, Action.SET, moved["ref"])


def _links(body: str) -> Iterator[Told]:
    put, away = _LINK.match(body), _NO_LINK.match(body)
    for ref in _ANY_REF.findall(put["refs"]) if put else ():
        yield Told(Kind.LINK, Action.ADD, ref, subject=put["how"].lower() if put else "")
    if away:
        yield Told(Kind.LINK, Action.REMOVE, away["ref"])


def _customs(body: str) -> Iterator[Told]:
    found = _CUSTOM.match(body)
    if found:
        name, text = html.unescape(found["name"] or found["was"]), Value(None, html.unescape(found["text"]))
        if found["off"]:
            yield Told(Kind.CUSTOM, Action.REMOVE, None, EMPTY, text, name)
        else:
            yield Told(Kind.CUSTOM, Action.SET, None, text, None, name)


_READERS: tuple[Callable[[str], Iterator[Told]], ...] = (
    _states, _titles, _milestones, _iterations, _weights, _times, _dates, _types, _parents, _statuses, _ends, _links,
    _customs, _labels,
)  # fmt: skip
