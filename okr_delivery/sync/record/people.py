"""Who is who in one recording: every person gets a number, and every spelling of that person leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PREFIXED = re.compile(r"(\d{1,8}:).+", re.DOTALL)
_NUMBERED = re.compile(r"JIRAUSER\d+")
NOBODY = frozenset({"anonymous", "unassigned", "automatic", "-1"})
"""What trackers write where there is no person."""
APPS = frozenset({"automation for jira"})


class People:
    """Numbers people in the order in which they are met."""

    def __init__(self) -> None:
        self._forms: dict[str, str] = {}  # an identifier -> what stands for it
        self._numbers: dict[str, int] = {}  # an identifier -> its person
        self._named: dict[str, int] = {}  # a display name -> the first person of that name
        self._identified: set[int] = set()
        self._last = 0

    def meet(self, ids: Iterable[str | None], name: str | None = None, key: str | None = None) -> int:
        """The person behind identifiers and a display name. `key` is one that differs from the login name."""
        known = [one for one in ids if one]
        number = self._find([*known, *([key] if key else [])], name)
        for one in known:
            self._learn(one, number, _form(one, number))
        if key:
            self._learn(key, number, _form(key, number, suffix="-key" if known and key not in known else ""))
        if name:
            self._named.setdefault(_fold(name), number)
        return number

    def ref(self, text: str, name: str | None = None) -> str:
        """What stands for an account id, login name, key or e-mail address."""
        if _fold(text) in NOBODY:
            return text
        if _fold(text) in self._forms:
            return self._forms[_fold(text)]
        if name is None and _fold(text) in self._named:
            return display(self._named[_fold(text)])
        self.meet([text], name)
        return self._forms[_fold(text)]

    def shown(self, text: str, ref: str | None = None) -> str:
        """What stands for a display name; `ref` says whose it is where several people bear it."""
        if _fold(text) in NOBODY | APPS:
            return text
        known = self._numbers.get(_fold(ref)) if ref else None
        number = self._named.get(_fold(text), self._numbers.get(_fold(text))) if known is None else known
        return display(self.meet([], text) if number is None else number)

    def form(self, text: str) -> str | None:
        """What stands for a text that is known to name a person; None for any other."""
        folded = _fold(text)
        named = self._named.get(folded)
        return self._forms.get(folded) or (display(named) if named is not None else None)

    def _find(self, ids: list[str], name: str | None) -> int:
        number = next((self._numbers[_fold(one)] for one in ids if _fold(one) in self._numbers), None)
        if number is None and name:
            namesake = self._named.get(_fold(name))
            if namesake is not None and not (ids and namesake in self._identified):
                number = namesake
        if number is None:
            self._last += 1
            number = self._last
        return number

    def _learn(self, one: str, number: int, form: str) -> None:
        self._numbers.setdefault(_fold(one), number)
        self._forms.setdefault(_fold(one), form)
        self._identified.add(number)


def display(number: int) -> str:
    return f"User {number:03d}"


def account(number: int) -> str:
    return f"user-{number:03d}"


def _form(text: str, number: int, suffix: str = "") -> str:
    """The form that an identifier has: an address, an account id with its old prefix, a numbered key."""
    if "@" in text:
        return f"{account(number)}@example.com"
    if _NUMBERED.fullmatch(text):
        return f"JIRAUSER{10_000 + number}"
    prefix = _PREFIXED.fullmatch(text)
    return f"{prefix[1] if prefix else ''}{account(number)}{suffix}"


def _fold(text: str) -> str:
    return text.strip().casefold()
