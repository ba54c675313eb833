"""From a description to claims: every line that speaks of a key result becomes at least one claim, readable or not."""

from __future__ import annotations

from collections.abc import Iterator

from okr_delivery.model.claims.clean import claim_lines
from okr_delivery.model.claims.grammar import parse_part
from okr_delivery.model.claims.keywords import Keyword
from okr_delivery.model.claims.write import NON_OKR_CLASSES
from okr_delivery.model.contribution import Claim
from okr_delivery.model.message import msg


def parse_claims(text: str) -> tuple[Claim, ...]:
    """The claims of a description, in its order. A line that can't be read is a claim with `error` and `paste`."""
    return tuple(claim for line in claim_lines(text).split("\n") if line for claim in _line(line))


def _line(line: str) -> Iterator[Claim]:
    word, _, rest = line.partition(": ")
    keyword = Keyword(word)
    if keyword.non_okr:
        yield _non_okr(keyword, rest)
        return
    for part in rest.split(";"):
        if part.strip():
            yield parse_part(part.strip(), keyword)


def _non_okr(keyword: Keyword, rest: str) -> Claim:
    """A first word that is no known class is kept in the reason: the configuration may declare more classes."""
    text = f"{keyword.value}: {rest}"
    first, _, reason = rest.partition(" ")
    work_class = NON_OKR_CLASSES.get(first.strip(",:-").lower())
    if work_class is None:
        return Claim(None, text, non_okr=rest)
    if not reason.strip(" -,:.。…"):
        paste = f"{keyword.value}: {first} …"
        return Claim(None, text, error=msg("value.claim.non_okr_reason", text=text, paste=paste), paste=paste)
    return Claim(None, text, non_okr=reason.strip(), non_okr_class=work_class)
