"""Finds issues of one source by the keys that they have or had, in any case and shortened, without reading them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.delivery import keys
from okr_delivery.delivery.item import Item
from okr_delivery.delivery.natural import natural
from okr_delivery.store.codes import id_order

if TYPE_CHECKING:
    from okr_delivery.store.reads import Reads

FEW = 20_000  # keys that are all looked at for one that is near
DIGITS = "0123456789"
ALIKE = 0.85  # of a text that is no key, to a key: a sign of it left out
LIKELY = 0.6  # of one project to another


class KeyBook:
    """`places` are the keys and paths of the projects that issues are in; `item` answers what an id stands for now.

    A key is its project's, a sign and a number. One spelled as asked comes before others.
    """

    def __init__(
        self,
        store: Reads,
        source: str,
        places: Callable[[], Iterable[str]],
        need: Callable[[Iterable[str]], list[Item]],
        item: Callable[[str], Item | None],
    ) -> None:
        self._store, self._name = store, source
        self._places, self._need, self._item = places, need, item

    def by_key(self, key: str) -> list[Item]:
        """The issue of that key, else that had it, else those whose keys end like a shortened one, in natural order."""
        found = self.named(key)
        short = keys.split(key)
        if found is not None or short is None or short.sign == keys.DASH:
            return [] if found is None else [found]
        hits = {item.ref: item for item in self._ending(short)} or {item.ref: item for item in self._once_ending(short)}
        return sorted(hits.values(), key=lambda item: natural(item.key))

    def named(self, key: str) -> Item | None:
        """The issue of that key in full, else that had it."""
        return self._present(key) or self._former(key)

    # in full

    def _present(self, key: str) -> Item | None:
        return next((item for item in self._keyed(key) if not item.alias), None)

    def _former(self, key: str) -> Item | None:
        """What had the key, or lives on as what has it."""
        moved = ((item.key, item.issue.id) for item in self._keyed(key) if item.alias)
        rows = self._store.with_former_keys(self._name, _spelled(key, ()))
        wider = () if rows else self._store.with_former_keys(self._name, _spelled(key, self._left))
        fits = {old: ref for old, ref in (*rows, *wider, *moved) if old.casefold() == key.casefold()}
        known = (self._item(fits[old]) for old in sorted(fits, key=lambda old: (old != key, old)))
        return next((item for item in known if item is not None), None)

    def _keyed(self, key: str) -> list[Item]:
        """The issues with a key in any case, moved ones too; of several with the same one, the latest first."""
        rows = self._store.with_keys(self._name, _spelled(key, self._places()))
        ids = {row.id for row in rows if row.key.casefold() == key.casefold()}
        latest = sorted(self._need(ids), key=lambda item: id_order(item.issue.id), reverse=True)
        return sorted(latest, key=lambda item: item.key != key)

    @cached_property
    def _left(self) -> tuple[str, ...]:
        """Projects that former keys speak of."""
        return tuple(dict.fromkeys(keys.project_of(key) for key in self._store.every_former_key(self._name)))

    # shortened

    def _ending(self, short: keys.Key) -> Iterator[Item]:
        return (item for item in self._near(short) if not item.alias)

    def _once_ending(self, short: keys.Key) -> Iterator[Item]:
        moved = (item.issue.id for item in self._near(short) if item.alias)
        rows = self._store.with_former_keys(self._name, _lengthened(short, self._left))
        known = (self._item(ref) for ref in (*moved, *(ref for _, ref in rows)))
        return (item for item in known if item is not None)

    def _near(self, short: keys.Key) -> list[Item]:
        return self._need(row.id for row in self._store.with_keys(self._name, _lengthened(short, self._places())))

    # for one that there is not

    def like(self, asked: str) -> Mapping[str, str]:
        """Keys of issues, in lower case and with the issue's id, of which one may be meant: a slip away from it."""
        few = self._store.some_keys(self._name, FEW + 1)
        rows = few if len(few) <= FEW else self._store.with_keys(self._name, self._slips(asked))
        near = _nearness(asked)
        return {folded: row.id for row in rows if near(folded := row.key.casefold())}

    def _slips(self, asked: str) -> list[str]:
        """Of too many keys to look at them all: those of a project of about that name, and about that number."""
        meant = keys.split(asked)
        if meant is None:
            return []
        places = {place.casefold(): place for place in self._places()}
        near = [places[place] for place in get_close_matches(meant.project.casefold(), places, 3)]
        return [f"{place}{meant.sign}{number}" for place in near for number in _slipped(meant.number)]


def _spelled(key: str, places: Iterable[str]) -> list[str]:
    """How a key may be spelled: as asked, all in one case, or with its project as it is spelled."""
    parts = keys.split(key)
    folded = "" if parts is None else parts.project.casefold()
    proper = [f"{p}{parts.sign}{parts.number}" for p in places if parts is not None and p.casefold() == folded]
    return list(dict.fromkeys([key, key.upper(), key.lower(), *proper]))


def _lengthened(short: keys.Key, places: Iterable[str]) -> list[str]:
    """What a shortened key may stand for."""
    whole = (f"{place}{short.sign}{short.number}" for place in places)
    return [key for key in whole if keys.means(short, key)]


def _nearness(asked: str) -> Callable[[str], bool]:
    """Whether a key is one slip from what was asked, in the number or in what stands before it.

    Every number of one digit is a slip from any other: there it says nothing.
    """
    meant = keys.split(asked.casefold())
    if meant is None:
        return lambda key: SequenceMatcher(None, key, asked.casefold()).ratio() >= ALIKE
    numbers = _slipped(meant.number) if len(meant.number) > 1 else {meant.number}

    def near(key: str) -> bool:
        project, sign, number = keys.split(key) or keys.Key("", "", "")
        if project == meant.project:
            return number in numbers
        same = (sign, number) == (meant.sign, meant.number)
        return same and SequenceMatcher(None, project, meant.project).ratio() >= LIKELY

    return near


def _slipped(number: str) -> set[str]:
    """A number, and those that differ from it in one digit, left out, added, or changed places with its neighbour."""
    cuts = [(number[:n], number[n:]) for n in range(len(number) + 1)]
    left_out = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    other = {a + digit + b[1:] for a, b in cuts if b for digit in DIGITS}
    added = {a + digit + b for a, b in cuts for digit in DIGITS}
    return {number, *left_out, *swapped, *other, *added} - {""}
