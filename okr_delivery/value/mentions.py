"""Which issues may ever have named a key result, themselves or through a parent: some too many, never too few.

Read from texts alone, so that of many issues those that matter are found without reading them all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from okr_delivery.model.work import Field, Value
from okr_delivery.value.carriers import CARRIER_FIELDS, claims_in

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.delivery.sourceview import Sieve
    from okr_delivery.model.okr import KeyResult
    from okr_delivery.okrs import OkrBook
    from okr_delivery.store.sayings import Said

CARRIERS = tuple(field for field in CARRIER_FIELDS if field is not Field.CONFIDENCE)
NAMING = frozenset(CARRIERS) - {Field.PARENT}
CLEANED = frozenset({Field.KEY_RESULT, Field.CONTRIBUTION, Field.CLAIM_LINES})
"""Read without what editors leave in them."""
ANY = "*"
"""Stands for every key result, where a text may name one in disguise."""
_WORD = re.compile(r"[a-z0-9._/#&-]+")
_UNLETTERED = re.compile(r"[!-/:-@]+")
_OPEN = re.compile(r"(?:[A-Za-z0-9\s.,:;+%/?\u4e00-\u9fff-]|(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))*")


class Mentions:
    """Of one snapshot. What was looked at once is kept."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._words = Words(snapshot.book)
        self._own: dict[str, dict[str, set[str]]] = defaultdict(dict)
        self._above: dict[str, dict[str, set[str]]] = defaultdict(dict)
        self._looked: dict[str, set[str]] = defaultdict(set)
        self._filed: dict[str, set[str]] = defaultdict(set)
        self._naming: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def sieve(self, kr: KeyResult) -> Sieve:
        """Keeps the ids of the issues that may have named a key result."""

        def kept(source: str, ids: Sequence[str]) -> list[str]:
            self._learn(source, ids)
            naming = self._naming[source]
            wanted = naming[kr.full_id] | naming[ANY]
            return [ref for ref in ids if ref in wanted]

        return kept

    def _learn(self, source: str, ids: Iterable[str]) -> None:
        asked = set(ids) - self._filed[source]
        self._look_at(source, asked)
        self._filed[source] |= asked
        own, above = self._own[source], self._above[source]
        for ref in asked & (own.keys() | above.keys()):
            for name in self._of(own, above, ref):
                self._naming[source][name].add(ref)

    def _look_at(self, source: str, ids: Iterable[str]) -> None:
        settings, looked = self._snapshot.config.source(source), self._looked[source]
        marks, seen = _marks(settings.links.labels), not settings.untold.isdisjoint(NAMING)
        while fresh := [ref for ref in ids if ref not in looked]:
            looked.update(fresh)
            parents: dict[str, None] = {}
            for said in self._snapshot.store.ever_said(source, fresh, CARRIERS, marks=marks, seen=seen):
                if said.field is Field.PARENT:
                    parents |= dict.fromkeys(self._adopt(source, said))
                elif names := self._words.of(said.field, said.value):
                    for ref in said.ids:
                        self._own[source].setdefault(ref, set()).update(names)
            ids = parents

    def _adopt(self, source: str, said: Said) -> list[str]:
        """Who is meant by a parent, by id or by a key alone; kept by whose parent it was."""
        named = [said.value.id] if said.value.id else self._ids_of(source, said.value.name)
        view = self._snapshot.view(source)
        found = [one for parent in named for one in (parent, *view.lives_on(parent))]
        for ref in said.ids:
            self._above[source].setdefault(ref, set()).update(found)
        return found

    def _ids_of(self, source: str, key: str | None) -> list[str]:
        """Ids of the issues that have or had a key."""
        if not key:
            return []
        store = self._snapshot.store
        former = (ref for _, ref in store.with_former_keys(source, [key]))
        return [*(row.id for row in store.with_keys(source, [key])), *former]

    @staticmethod
    def _of(own: Mapping[str, set[str]], above: Mapping[str, set[str]], ref: str) -> set[str]:
        """What an issue and those above it may have named."""
        seen, wanted = {ref}, [ref]
        while wanted:
            fresh = above.get(wanted.pop(), set()) - seen
            seen |= fresh
            wanted += fresh
        return {name for one in seen for name in own.get(one, ())}


def _marks(prefixes: Iterable[str]) -> list[str]:
    """What labels that name a key result hold, one of these each: of every prefix a part without letters.

    Nothing where a prefix has no such part.
    """
    parts = [max(_UNLETTERED.findall(prefix), key=len, default="") for prefix in prefixes]
    return list(dict.fromkeys(parts)) if all(parts) else []


class Words:
    """Finds in a text the key results of the OKR files that it may name, by full id."""

    def __init__(self, book: OkrBook) -> None:
        self._krs: dict[str, set[str]] = defaultdict(set)
        for kr in book.key_results.values():
            for name in (kr.id, (kr.tracker or "").partition(":")[2]):
                if name:
                    self._krs[name.casefold()].add(kr.full_id)
        self._known: dict[tuple[Field, Value], frozenset[str]] = {}
        self._in: dict[str, frozenset[str]] = {}

    def of(self, field: Field, value: Value) -> frozenset[str]:
        """Full ids; `ANY` among them where the value may hide a name."""
        place = field, value
        if place not in self._known:
            self._known[place] = frozenset(self._find(field, " ".join(filter(None, (value.id, value.name)))))
        return self._known[place]

    def _find(self, field: Field, text: str) -> Iterator[str]:
        yield from self._plainly(text)
        if field not in CLEANED or _OPEN.fullmatch(text):
            return
        if field is Field.CLAIM_LINES:
            yield from self._plainly(" ".join(claim.kr for claim in claims_in(text) if claim.kr is not None))
        else:
            yield ANY

    def _plainly(self, text: str) -> Iterator[str]:
        yield from self._odd
        for word in _WORD.findall(text.casefold()):
            if word not in self._in:
                self._in[word] = frozenset(full for name in self._names_in(word) for full in self._krs[name])
            yield from self._in[word]

    def _names_in(self, word: str) -> Iterator[str]:
        """The names that stand anywhere in a word: before a name there may be a prefix, behind it a sign."""
        for length in self._lengths:
            pieces = (word[start : start + length] for start in range(len(word) - length + 1))
            yield from (piece for piece in pieces if piece in self._krs)

    @cached_property
    def _lengths(self) -> frozenset[int]:
        return frozenset(map(len, self._krs))

    @cached_property
    def _odd(self) -> frozenset[str]:
        """Key results whose names are more than a word: any text may name them."""
        return frozenset(full for name, krs in self._krs.items() if not _WORD.fullmatch(name) for full in krs)
