"""What an issue says about key results at an instant: one claim after another, by carrier, with when it was said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from okr_delivery.delivery.item import Item
from okr_delivery.model.claims import claim_lines, label_claim, parse_bare, parse_claims, plain
from okr_delivery.model.contribution import Carrier, Claim, StatedAs
from okr_delivery.model.message import msg
from okr_delivery.model.work import Field, Value, labels_of
from okr_delivery.store.rows import SeenClaim

CARRIER_FIELDS = (
    Field.KEY_RESULT,
    Field.CONTRIBUTION,
    Field.CONFIDENCE,
    Field.LABELS,
    Field.CLAIM_LINES,
    Field.LINK,
    Field.PARENT,
)
_TOKENS = re.compile(r"[^\s,;()\[\]（）【】「」《》\"'“”，；、|/]+")
_PIECES = re.compile(r"[,;，；、\n|/]+")

Seen = Mapping[Field, Sequence[SeenClaim]]
Known = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Stated:
    """One claim as it stood. `stated_at` from history, None when the tracker can't tell; `seen_at` by a sync."""

    carrier: Carrier
    claim: Claim
    stated_at: int | None
    seen_at: int | None


@dataclass(frozen=True, slots=True)
class Voice:
    """The carriers of one issue at one instant. `seen` are the claim texts that syncs saw, by field, oldest first.

    `untold` are the fields whose history the tracker does not keep: of them, only what syncs saw is known.
    """

    item: Item
    t: int
    seen: Seen
    known: Known
    prefixes: tuple[str, ...]
    untold: frozenset[Field] = frozenset()

    def claims(self) -> list[Stated]:
        """Everything said, except by the parent. Field amounts come last: they may lean on what the others name."""
        said = [*self._labels(), *self._lines(), *self._issue_links()]
        return [*self._fields(said), *said]

    def text(self, name: Field) -> str:
        """The text of a field in force; from what syncs saw where the history is not whole."""
        if self._is_told(name):
            return text_of(self.item.at(name, self.t))
        if self.item.issue.history_complete and self.item.issue.updated <= self.t:
            return text_of(self.item.issue.value(name))  # nothing was changed since
        versions = [claim.text for claim in self.seen.get(name, ()) if claim.seen_at <= self.t]
        return versions[-1] if versions else text_of(self.item.issue.value(name)) if not self.seen.get(name) else ""

    def _is_told(self, name: Field) -> bool:
        """Whether the tracker says what the field held when."""
        kept = name not in self.untold or any(change.field is name for change in self.item.changes)
        return self.item.issue.history_complete and kept

    def confidence(self) -> Claim | None:
        """The confidence field, as a claim that holds nothing else; None when empty."""
        text = plain(self.text(Field.CONFIDENCE))
        return parse_confidence(text) if text else None

    def _labels(self) -> Iterator[Stated]:
        for label in labels_of(Value(None, self.text(Field.LABELS))):
            kr = label_claim(label, self.prefixes)
            if kr is not None:
                claim = Claim(kr, label)
                yield self._stated(Carrier.LABELS, claim, Field.LABELS, _holds(label))

    def _lines(self) -> Iterator[Stated]:
        for claim in claims_in(self.text(Field.CLAIM_LINES)):
            yield self._stated(Carrier.LINE, claim, Field.CLAIM_LINES, _claims(claim))

    def _fields(self, said: Sequence[Stated]) -> list[Stated]:
        krs, amount = self.text(Field.KEY_RESULT), self.text(Field.CONTRIBUTION)
        others = list(dict.fromkeys(s.claim.kr for s in said if s.claim.kr is not None))
        found = field_claims(krs, amount, others, self.known)
        return [self._of_fields(claim, krs, amount) for claim in found]

    def _of_fields(self, claim: Claim, krs: str, amount: str) -> Stated:
        parts = [
            self._stated(Carrier.FIELDS, claim, name, whole.__eq__)
            for name, whole in ((Field.KEY_RESULT, krs), (Field.CONTRIBUTION, amount))
            if whole
        ]
        return Stated(Carrier.FIELDS, claim, _latest(p.stated_at for p in parts), _latest(p.seen_at for p in parts))

    def _issue_links(self) -> Iterator[Stated]:
        for key, summary in self._linked().items():
            names = dict.fromkeys([key, *_TOKENS.findall(summary)])
            for ref in (name for name in names if self.known(name)):
                claim = Claim(ref, f"{key} {summary}".strip())
                yield Stated(Carrier.ISSUE_LINK, claim, self._linked_since(key), self._seen_at(Field.LINK, _holds(key)))

    def _linked(self) -> dict[str, str]:
        """Keys of the linked issues at the instant, with what is known of their summaries."""
        now = {link.key: link.summary for link in self.item.issue.links}
        summaries = dict(now)
        later = [c for c in self.item.changes if c.field is Field.LINK and c.ts > self.t] if self._past else []
        for change in reversed(later):
            if change.new.id:
                now.pop(change.new.id, None)
            if change.old.id:
                now[change.old.id] = summaries.get(change.old.id, change.old.name or "")
        return dict(sorted(now.items()))

    @property
    def _past(self) -> bool:
        return self.t < self.item.last_change

    def _linked_since(self, key: str) -> int | None:
        added = [c.ts for c in self.item.changes if c.field is Field.LINK and c.new.id == key and c.ts <= self.t]
        return added[-1] if added else self._created

    @property
    def _created(self) -> int | None:
        return self.item.issue.created if self.item.issue.history_complete else None

    def _stated(self, carrier: Carrier, claim: Claim, name: Field, holds: Callable[[str], bool]) -> Stated:
        return Stated(carrier, claim, self._since(name, holds), self._seen_at(name, holds))

    def _since(self, name: Field, holds: Callable[[str], bool]) -> int | None:
        """Since when the field has held it without a break; None when the history is not whole."""
        since: int | None = None
        for ts, value in self.item.versions(name) if self._is_told(name) else ():
            at = self.item.issue.created if ts is None else ts
            if at > self.t:
                break
            since = (since if since is not None else at) if holds(text_of(value)) else None
        return since

    def _seen_at(self, name: Field, holds: Callable[[str], bool]) -> int | None:
        return next((claim.seen_at for claim in self.seen.get(name, ()) if holds(claim.text)), None)


def _holds(word: str) -> Callable[[str], bool]:
    return lambda text: word in labels_of(Value(None, text))


def _claims(claim: Claim) -> Callable[[str], bool]:
    return lambda text: claim in claims_in(text)


def _latest(instants: Iterable[int | None]) -> int | None:
    known = [at for at in instants if at is not None]
    return max(known) if known else None


def text_of(value: Value) -> str:
    return value.name if value.name is not None else value.id or ""


@lru_cache(maxsize=8192)
def claims_in(text: str) -> tuple[Claim, ...]:
    """The claims of a text; the same lines come back for every version and every instant."""
    return parse_claims(text) if text else ()


def parse_confidence(text: str) -> Claim:
    """A confidence field: `60`, `60%` or `0.6`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*(%?)", text.strip())
    value = float(match[1]) if match else -1.0
    fraction = value / 100 if match and (match[2] or value > 1) else value
    if 0 <= fraction <= 1:
        return Claim(None, text, confidence=fraction)
    return Claim(None, text, error=msg("value.claim.confidence", detail=text))


def field_claims(krs: str, amount: str, others: Sequence[str], known: Known) -> list[Claim]:
    """What the key-result field and the contribution field say together.

    The contribution field may hold whole lines, `GROW-KR1 +1.5pp`, or just the amount: that is then for the one key
    result of the other field, else for the only one the issue names at all (`others`).
    """
    refs = kr_refs(krs, known)
    if not amount.strip():
        return [Claim(ref, ref) for ref in refs]
    named = list(claims_in(amount)) if claim_lines(amount) else _named(plain(amount), known)
    if named:
        taken = {claim.kr for claim in named}
        return [*named, *(Claim(ref, ref) for ref in refs if ref not in taken)]
    targets = refs or list(others)
    text = plain(amount)
    if len(targets) == 1:
        return [parse_bare(text, targets[0])]
    links = [Claim(ref, ref) for ref in refs]
    return [*links, _homeless(text, targets)] if targets or text else links


def _named(text: str, known: Known) -> list[Claim]:
    """`GROW-KR1 +1.5pp; GROW-KR2 M` in a field: only if it begins with a key result that exists."""
    claims = [parse_bare(part) for part in text.split(";") if part.strip()]
    return claims if any(claim.kr is not None and known(claim.kr) for claim in claims) else []


def _homeless(text: str, targets: Sequence[str]) -> Claim:
    """An amount without a key result, or with several to choose from."""
    if not targets:
        return Claim(None, text, error=msg("value.links.amount_without_kr", text=text))
    paste = "Contributes-to: " + "; ".join(f"{ref} ?" for ref in targets)
    error = msg("value.links.amount_for_several", text=text, krs=", ".join(targets), paste=paste)
    return Claim(None, text, StatedAs.AMOUNT, error=error, paste=paste)


def kr_refs(text: str, known: Known) -> list[str]:
    """The key results a field names: in each piece of a list the first word that is one, else its first word."""
    found: dict[str, None] = {}
    for piece in _PIECES.split(text):
        words = [word for raw in plain(piece).split() if (word := raw.strip(":.-"))]
        if words:
            found[next((word for word in words if known(word)), words[0])] = None
    return list(found)
