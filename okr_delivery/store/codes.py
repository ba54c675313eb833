"""Small ints for enumerations and digests for texts: what is stored never follows the order of a Python enum."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

from okr_delivery.model.work import Category, IterationState

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
CATEGORIES = {
    Category.NEW: 1,
    Category.INDETERMINATE: 2,
    Category.DONE: 3,
    Category.UNDEFINED: 4,
    Category.CANCELLED: 5,
}
STATES = {IterationState.FUTURE: 1, IterationState.ACTIVE: 2, IterationState.CLOSED: 3}
CATEGORY_OF = {code: category for category, code in CATEGORIES.items()}
STATE_OF = {code: state for state, code in STATES.items()}


def digest(*parts: object) -> bytes:
    """Sixteen bytes that stand for JSON-serialisable parts."""
    return hashlib.blake2b(dumps(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def dumps(thing: object) -> str:
    """JSON with one spelling: sorted keys, no blanks, characters as they are."""
    return _encode(thing)


def clean(text: str) -> str:
    """Without what no database stores: NUL and halves of surrogate pairs, which JSON can spell. U+FFFD instead."""
    if text.isascii() and "\0" not in text:
        return text
    return UNSTORABLE.sub("\ufffd", text)


def id_order(ref: str) -> tuple[int, str]:
    """Sorts ids that are numbers as numbers, without trusting them to be."""
    return (len(ref), ref)


def natural(refs: Iterable[str]) -> list[str]:
    return sorted(refs, key=id_order)
