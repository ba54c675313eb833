"""One issue's claims, held against the OKR files: contributions by precedence of carriers, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from okr_delivery.model.claims import claim_line
from okr_delivery.model.claims.keywords import Keyword
from okr_delivery.model.contribution import Carrier, Claim, Contribution, StatedAs
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import KeyResult
from okr_delivery.okrs import KrAmbiguous, KrFound, KrUnknown
from okr_delivery.value.amounts import Amount, Refusal, amount_of
from okr_delivery.value.carriers import Stated
from okr_delivery.value.krs import Names, Way, may_be_meant, needs_amount
from okr_delivery.value.offer import PENDING, Offers, looks_like_id, with_kr
from okr_delivery.value.results import LinkFault, LinkProblem, Links

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot

TOLERANCE = 1e-9


@dataclass(slots=True)
class _Entry:
    """What the carriers say about one key result, in the order of precedence."""

    kr: KeyResult
    said: list[tuple[Stated, Amount | None]] = field(default_factory=list)
    faulty: bool = False


@dataclass(slots=True)
class Draft:
    """Collects one issue's claims into its links. `ways` answers how a key result is to move."""

    snapshot: Snapshot
    names: Names
    ways: Callable[[KeyResult, date], Way]
    item: Item
    day: date
    order: Sequence[str]
    confidence: Claim | None
    entries: dict[str, _Entry] = field(default_factory=dict)
    problems: list[LinkProblem] = field(default_factory=list)
    non_okr: str | None = None
    stated: bool = False

    def take(self, stated: Stated) -> None:
        self.stated = True
        claim = stated.claim
        if claim.error is not None:
            self._unreadable(stated)
        elif claim.non_okr is not None:
            self._non_okr(stated)
        else:
            self._link(stated)

    def _unreadable(self, stated: Stated) -> None:
        claim, answer = stated.claim, self._resolve(stated.claim.kr) if stated.claim.kr else None
        kr = answer.kr if isinstance(answer, KrFound) else None
        fault = LinkFault.UNREADABLE if claim.stated_as is StatedAs.NONE else LinkFault.INVALID
        named = kr.full_id if kr else claim.kr if claim.kr and looks_like_id(claim.kr) else None
        near = answer.nearest if named and isinstance(answer, KrUnknown) else None
        why = claim.error or msg("value.claim.leftover")
        self._problem(fault, stated, why, kr=named, paste=claim.paste, nearest=near)
        if kr is not None:
            entry = self._entry(kr)
            entry.faulty = True
            entry.said.append((stated, None))

    def _resolve(self, ref: str) -> KrFound | KrUnknown | KrAmbiguous:
        return self.names.resolve(ref, self.item.source, self.day)

    def _meant(self, ref: str) -> KrFound | KrUnknown | KrAmbiguous:
        """The same, but what may have been meant is a key result that work of that day can serve."""
        answer = self._resolve(ref)
        return KrUnknown(None) if isinstance(answer, KrUnknown) and not self._runs(answer.nearest) else answer

    def _runs(self, ref: str | None) -> bool:
        """Whether it is a key result that may be meant."""
        found = self._resolve(ref) if ref else None
        return isinstance(found, KrFound) and may_be_meant(found.kr, self.snapshot.book, self.day)

    def _entry(self, kr: KeyResult) -> _Entry:
        return self.entries.setdefault(kr.full_id, _Entry(kr))

    def _non_okr(self, stated: Stated) -> None:
        """A class that only the configuration knows counts too; a line without any class does not."""
        claim = stated.claim
        reason = claim.non_okr or ""
        settings = self.snapshot.config.source(self.item.source).non_okr
        classes = {name.casefold() for name in (*settings.labels, *settings.types)}
        first, _, rest = reason.partition(" ")
        if claim.non_okr_class is not None:
            self.non_okr = self.non_okr or reason
        elif first.casefold() in classes and rest.strip():
            self.non_okr = self.non_okr or rest.strip()
        else:
            keyword = claim.text.partition(":")[0]
            known = sorted(classes) or ["run", "defect", "debt", "compliance"]
            paste = f"{keyword}: {known[0]} {reason}"
            text = msg("value.links.non_okr_class", text=claim.text, classes=", ".join(known), paste=paste)
            self._problem(LinkFault.UNREADABLE, stated, text, paste=paste)

    def _link(self, stated: Stated) -> None:
        ref = stated.claim.kr or ""
        answer = self._resolve(ref)
        if isinstance(answer, KrFound):
            self._linked(stated, answer.kr)
        elif isinstance(answer, KrAmbiguous):
            paste = _with_kr(stated.claim, answer.candidates[0])
            text = msg("value.links.ambiguous_kr", kr=ref, candidates=", ".join(answer.candidates), paste=paste)
            self._problem(LinkFault.AMBIGUOUS_KR, stated, text, kr=ref, paste=paste)
        else:
            near = answer.nearest
            guess = _with_kr(stated.claim, near) if near and self._runs(near) else None
            text = msg(
                "value.links.unknown_kr_nearest" if near else "value.links.unknown_kr", kr=ref, nearest=near or ""
            )
            self._problem(LinkFault.UNKNOWN_KR, stated, text, kr=ref, paste=guess, nearest=near)

    def _linked(self, stated: Stated, kr: KeyResult) -> None:
        entry = self._entry(kr)
        outcome = self._amount(stated, kr) if stated.carrier.value in self.order else None
        if isinstance(outcome, Refusal):
            entry.faulty = True
            self._problem(LinkFault.INVALID, stated, outcome.message, kr=kr.full_id, paste=outcome.paste)
        entry.said.append((stated, outcome if isinstance(outcome, Amount) else None))

    def _amount(self, stated: Stated, kr: KeyResult) -> Amount | Refusal | None:
        return amount_of(stated.claim, kr, self._way(kr), self._sizes)

    def _way(self, kr: KeyResult) -> Way:
        return self.ways(kr, self.day)

    @property
    def _sizes(self) -> dict[str, float]:
        return {str(size): share for size, share in self.snapshot.config.contribution.sizes.items()}

    def _problem(
        self,
        fault: LinkFault,
        stated: Stated,
        message: Message,
        *,
        kr: str | None = None,
        paste: str | None = None,
        nearest: str | None = None,
    ) -> None:
        """Notes what is wrong; `paste` is the nearest line that can be read, which is mended before it is offered."""
        offers = Offers(self._meant, self._way, self._sizes)
        better, pending = (offers.line(paste, pending=later) if paste else None for later in (False, True))
        written = stated.claim.text
        self.problems.append(LinkProblem(fault, stated.carrier, written, kr, message, nearest, better, pending))

    # -- the result ------------------------------------------------------------------------------------------------

    def links(self) -> Links:
        if self.entries and self.confidence is not None and self.confidence.error is not None:
            claim = replace(self.confidence, kr=next(iter(self.entries)))
            self._problem(
                LinkFault.CONFIDENCE, Stated(Carrier.FIELDS, claim, None, None), self.confidence.error, kr=claim.kr
            )
        contributions = tuple(self._contribution(entry) for entry in self.entries.values())
        return Links(contributions, tuple(self.problems), self.non_okr, inherited=False, stated=self.stated)

    def _contribution(self, entry: _Entry) -> Contribution:
        amounts = [(stated, amount) for stated, amount in entry.said if amount is not None]
        if not amounts:
            return self._without_amount(entry)
        stated, amount = amounts[0]
        self._disagree(entry.kr, amounts)
        made = self._build(entry.kr, stated, stated.claim.stated_as)
        return replace(made, amount=amount.value, low=amount.low, high=amount.high, confidence=self._sure(stated))

    def _without_amount(self, entry: _Entry) -> Contribution:
        pending = next((s for s, _ in entry.said if s.claim.stated_as is StatedAs.PENDING), None)
        stated = pending or entry.said[0][0]
        made = self._build(entry.kr, stated, StatedAs.PENDING if pending else StatedAs.NONE)
        if entry.faulty:
            return made
        if pending is not None and needs_amount(entry.kr):
            self._missing(LinkFault.PENDING, "value.links.pending", stated, entry.kr)
        elif needs_amount(entry.kr):
            self._missing(LinkFault.MISSING_AMOUNT, "value.links.missing_amount", stated, entry.kr)
        return made if needs_amount(entry.kr) else replace(made, confidence=self._sure(stated))

    def _missing(self, fault: LinkFault, message_id: str, stated: Stated, kr: KeyResult) -> None:
        ref = self.snapshot.book.short_id(kr, self.day)
        paste = claim_line(ref, PENDING, stated.claim.confidence)
        self._problem(fault, stated, msg(message_id, kr=kr.id), kr=kr.full_id, paste=paste)

    def _disagree(self, kr: KeyResult, amounts: Sequence[tuple[Stated, Amount]]) -> None:
        used, first = amounts[0]
        for stated, amount in amounts[1:]:
            if abs(amount.value - first.value) > TOLERANCE * max(1.0, abs(first.value)):
                text = msg(
                    "value.links.disagree",
                    kr=kr.id,
                    used=first.value,
                    carrier=msg(f"value.carrier.{used.carrier.value}"),
                    other=amount.value,
                    other_carrier=msg(f"value.carrier.{stated.carrier.value}"),
                )
                self._problem(LinkFault.DISAGREE, stated, text, kr=kr.full_id, paste=self._line_of(used, kr))

    def _line_of(self, stated: Stated, kr: KeyResult) -> str:
        """A field may hold whole lines, or begin with the key result; then its text is the line."""
        line = stated.claim.text
        whole = any(line.startswith(f"{keyword.value}: ") for keyword in Keyword)
        return line if whole else claim_line(self.snapshot.book.short_id(kr, self.day), line)

    def _sure(self, stated: Stated) -> float:
        if stated.claim.confidence is not None:
            return stated.claim.confidence
        if self.confidence is not None and self.confidence.confidence is not None:
            return self.confidence.confidence
        return self.snapshot.config.contribution.default_confidence

    def _build(self, kr: KeyResult, stated: Stated, stated_as: StatedAs) -> Contribution:
        return Contribution(
            source=self.item.source,
            issue_id=self.item.issue.id,
            issue_key=self.item.key,
            kr=kr.full_id,
            stated_as=stated_as,
            carrier=stated.carrier,
            unit=kr.metric.unit,
            stated_at=stated.stated_at,
            seen_at=stated.seen_at,
        )


def _with_kr(claim: Claim, kr: str) -> str:
    """The claim's line with another key result; a line of its own for a label, a field or a link."""
    written = claim.kr or ""
    if ":" in claim.text and claim.text.partition(": ")[2].startswith(written):
        return with_kr(claim.text, written, kr)
    return claim_line(kr, PENDING if claim.stated_as is StatedAs.NONE else claim.text)
