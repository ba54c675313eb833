"""The versioned JSON documents: all keys always present, absent numbers null, lists sorted by their makers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from okr_delivery.model.numbers import tidy

_RISKY = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)


def dumps(document: Mapping[str, object]) -> str:
    """Readable JSON without NaN or Infinity; ends with a newline.

    Characters that a terminal would obey are escaped as JSON allows, so nothing is lost.
    """
    return _tame(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


def line(value: object) -> str:
    """The same on one line without its end: for the entries of long lists."""
    return _tame(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def _tame(text: str) -> str:
    return _RISKY.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def instant(ts: int | None, zone: tzinfo = UTC) -> str | None:
    """ISO 8601 with offset; None stays None."""
    if ts is None:
        return None
    return datetime.fromtimestamp(ts, zone).isoformat()


def day(value: object) -> str | None:
    """A date as `YYYY-MM-DD`."""
    return None if value is None else str(value)


def number(value: float | None) -> float | int | None:
    """A JSON number: whole numbers without a fraction, the rest without the noise of binary fractions.

    Significant digits, not decimals, are kept: a rounded part may not pass the whole, nor a small one become 0.
    """
    if value is None:
        return None
    rounded = tidy(value)
    return int(rounded) if rounded == int(rounded) else rounded
