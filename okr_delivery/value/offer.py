"""The line that is offered instead of a faulty one: it holds an amount that counts, or a blank for a person to fill in.

What the grammar proposes can be read, but need not suit the key result that it names: a size where there is no way to
the target, a percentage of a band. So each part is held against its key result again, until nothing is left to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from okr_delivery.model.claims import claim_line, has_blank
from okr_delivery.model.claims.grammar import parse_part
from okr_delivery.model.claims.keywords import Keyword
from okr_delivery.model.claims.write import BLANK, points_unit, size_text
from okr_delivery.model.contribution import Claim, StatedAs
from okr_delivery.model.numbers import less
from okr_delivery.model.okr import KeyResult
from okr_delivery.okrs import KrAmbiguous, KrFound, KrUnknown
from okr_delivery.value.amounts import Amount, Refusal, amount_of, in_percent
from okr_delivery.value.krs import Way, needs_amount

PENDING = "?"
MIDDLE = "M"
STEPS = 5  # corrections of one part: name, form, unit, sign, and the amount itself


def start(kr: KeyResult, way: Way, *, chinese: bool = False) -> str | None:
    """What to write where nothing is known of an amount: the middle size, to be corrected, else the blank.

    None for a key result that needs no amount.
    """
    if not needs_amount(kr):
        return None
    return size_text(MIDDLE, chinese=chinese) if way.span else blank(kr, way.sign, chinese=chinese)


def blank(kr: KeyResult, way: int, *, chinese: bool = False) -> str:
    """`+Npp`, `-N CNY`: a number with its sign and unit, which is yet to be filled in."""
    sign = "-" if way < 0 else "+"
    return next(f"{sign}{BLANK}{unit}" for unit in _units(kr, chinese=chinese) if _is_read(kr, sign, unit))


def _units(kr: KeyResult, *, chinese: bool) -> Iterator[str]:
    """How the unit may stand behind the number; some can't be written at all, and none need be."""
    if in_percent(kr):
        yield points_unit(chinese=chinese)
    elif kr.metric.unit:
        yield f" {kr.metric.unit.strip()}"
    yield ""


def _is_read(kr: KeyResult, sign: str, unit: str) -> bool:
    """Whether one of the unit, so written, is one of it."""
    claim = parse_part(f"{sign}1{unit}", kr=kr.id)
    if claim.error is not None or not has_blank(claim_line(kr.id, f"{sign}{BLANK}{unit}")):
        return False
    return amount_of(claim, kr, Way(None, 0), {}) == Amount(float(f"{sign}1"))


@dataclass(frozen=True, slots=True)
class Offers:
    """Mends the lines of one issue. `ways` answers how a key result is to move."""

    resolve: Callable[[str], KrFound | KrUnknown | KrAmbiguous]
    ways: Callable[[KeyResult], Way]
    sizes: Mapping[str, float]

    def line(self, text: str, *, pending: bool) -> str | None:
        """The line with every part mended; `pending`: an amount that nobody stated may stay open, as `?`.

        None when a part names no key result that exists or may have been meant.
        """
        word, _, rest = text.partition(": ")
        keyword = next((one for one in Keyword if one.value == word), None)
        if keyword is None or keyword.non_okr:
            return text
        parts = [self._part(part.strip(), keyword, pending=pending) for part in rest.split(";") if part.strip()]
        known = [part for part in parts if part is not None]
        return f"{word}: {'; '.join(known)}" if known and len(known) == len(parts) else None

    def _part(self, text: str, keyword: Keyword, *, pending: bool) -> str | None:
        for _ in range(STEPS):
            claim = parse_part(text, keyword)
            named = self._kr(claim.kr) if claim.kr else None
            if named is None and (claim.kr or claim.paste is None):
                return None
            if named is not None and _is_open(claim, named[0]):
                return _body(self._opened(claim, named[1], pending=pending))
            better = self._better(claim, named) if named else claim.paste or ""
            if ";" in better:
                return _body(self.line(better, pending=pending))
            if _body(better) == text:
                beyond = named is not None and self._is_beyond(claim, named[1])
                return _body(self._opened(claim, named[1], pending=False)) if named and beyond else text
            text = _body(better) or ""
        return None

    def _kr(self, ref: str) -> tuple[str, KeyResult] | None:
        """The key result that is named or may have been meant, and how to write it."""
        answer = self.resolve(ref)
        if isinstance(answer, KrUnknown):
            near = answer.nearest if looks_like_id(ref) else None
            return self._kr(near) if near else None
        if isinstance(answer, KrAmbiguous):
            return self._kr(answer.candidates[0])
        kr = answer.kr
        return {kr.id.casefold(): kr.id, kr.full_id.casefold(): kr.full_id}.get(ref.casefold(), ref), kr

    def _better(self, claim: Claim, named: tuple[str, KeyResult]) -> str:
        """One step toward a line that counts; the same line when nothing is wrong with it."""
        ref, kr = named
        if ref != claim.kr:
            return with_kr(claim.text, claim.kr or "", ref)
        if claim.error is not None:
            return claim.paste or claim_line(ref, PENDING)
        outcome = amount_of(claim, kr, self.ways(kr), self.sizes)
        return outcome.paste if isinstance(outcome, Refusal) else claim.text

    def _is_beyond(self, claim: Claim, kr: KeyResult) -> bool:
        """Whether the amount is more than the whole way, as one with a slip in its unit or its zeros often is."""
        way = self.ways(kr)
        outcome = amount_of(claim, kr, way, self.sizes)
        return isinstance(outcome, Amount) and way.span is not None and less(abs(way.span), abs(outcome.value)) < 0

    def _opened(self, claim: Claim, kr: KeyResult, *, pending: bool) -> str:
        """An amount that is still open, where one is needed."""
        chinese = claim.text.startswith(f"{Keyword.CONTRIBUTES_ZH.value}: ")
        what = start(kr, self.ways(kr), chinese=chinese)
        if what is not None and pending:
            what = PENDING
        return claim_line(claim.kr or kr.id, what, claim.confidence, chinese=chinese)


def _is_open(claim: Claim, ref: str) -> bool:
    """Nothing is wrong with the claim, but it says no amount."""
    stated = claim.stated_as not in (StatedAs.NONE, StatedAs.PENDING)
    return claim.error is None and claim.kr == ref and not stated


def _body(line: str | None) -> str | None:
    return None if line is None else line.partition(": ")[2]


def with_kr(line: str, written: str, kr: str) -> str:
    """A line with another key result, the first that it names."""
    word, sign, rest = line.partition(": ")
    return f"{word}{sign}{rest.replace(written, kr, 1)}"


def looks_like_id(text: str) -> bool:
    """Rather the id of a key result than a word of a sentence."""
    return any(ch.isdigit() for ch in text)
