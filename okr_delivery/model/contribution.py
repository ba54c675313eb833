"""What a requirement is expected to move: the claim as written and the contribution it amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from okr_delivery.model.message import Message


class StatedAs(StrEnum):
    """How the amount was written."""

    AMOUNT = "amount"
    SIZE = "size"
    SHARE = "share"
    NONE = "none"  # a link without an amount, allowed for key results that need none
    PENDING = "pending"  # `?` / 待定: linked, the amount follows


class Carrier(StrEnum):
    FIELDS = "fields"
    LABELS = "labels"
    LINE = "line"
    ISSUE_LINK = "issue_link"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Claim:
    """One link as written, before it is held against the OKR files.

    `number` keeps its sign (`signed` says whether one was written) and is scaled (120k -> 120000). `suffix` is the unit
    as written ("pp", "%", "d", None), `scale` the scale word ("k", "万"). A share is a fraction (10 % -> 0.1).
    `error` is set when the text can't be read; then only `text`, `paste` and perhaps `kr` hold.
    """

    kr: str | None
    text: str
    stated_as: StatedAs = StatedAs.NONE
    number: float | None = None
    signed: bool = False
    suffix: str | None = None
    size: str | None = None  # S | M | L | XL
    confidence: float | None = None  # 0..1
    non_okr: str | None = None  # the reason, for a `Non-OKR:` line
    error: Message | None = None
    paste: str | None = None  # with `error`: the line to write instead, None when the text names no key result
    scale: str | None = None
    non_okr_class: str | None = None  # run | defect | debt | compliance; None: the first word is none of them


@dataclass(frozen=True, slots=True)
class Contribution:
    """A requirement's expected contribution to one key result, raw: in the key result's unit and sign.

    `amount` is None for a link without an amount. Instants are epoch seconds: `stated_at` from history, None when the
    tracker can't tell; `seen_at` when a sync first saw it; `frozen_at` the commitment it was frozen at.
    """

    source: str
    issue_id: str
    issue_key: str
    kr: str  # full id
    stated_as: StatedAs
    carrier: Carrier
    amount: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    confidence: float | None = None
    stated_at: int | None = None
    seen_at: int | None = None
    frozen_at: int | None = None
    late: bool = False  # first seen or stated after the commitment
