"""Values of wire data: texts, numbers, lists and instants as GitLab writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

Row = Mapping[str, object]
_GID = re.compile(r"gid://[^/]+/[A-Za-z:]+/([0-9]+)")
EARLIEST = 946_684_800  # 2000-01-01: no tracker is older


def string(value: object) -> str | None:
    """A non-empty text or a number as text, else None: empty and absent are one."""
    if type(value) is str:  # nearly always
        return value or None
    if isinstance(value, bool) or value is None:
        return None
    return str(value) or None if isinstance(value, str | int | float) else None


def listed(value: object) -> list[object]:
    """The items of a list, none of anything else."""
    return list(value) if isinstance(value, list) else []


def members(value: object) -> list[Row]:
    """The objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: object) -> Row:
    """An object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def nodes(connection: object) -> list[Row]:
    """The objects of a GraphQL connection."""
    return members(mapping(connection).get("nodes"))


def number_of(gid: object) -> str | None:
    """The numeric part of a GraphQL id such as `gid://gitlab/WorkItem/12`; None for anything else."""
    found = _GID.fullmatch(gid) if isinstance(gid, str) else None
    return found[1] if found else None


def instant(value: object) -> int | None:
    """Epoch seconds of an ISO 8601 text with an offset, fractions cut; None for null and "".

    Raises ValueError for a text that is no instant, or one before the year 2000.
    """
    text = string(value)
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no offset")
    ts = int(found.timestamp())
    if ts < EARLIEST:
        raise ValueError(f"{text!r} is before the year 2000")
    return ts


def day(value: object) -> date | None:
    """A `YYYY-MM-DD` text; None for null and "". Raises ValueError for a text that is no date."""
    text = string(value)
    return None if text is None else date.fromisoformat(text)


def written(ts: int) -> str:
    """An instant as GitLab's filters take it: UTC, spelt with `Z`, because `+` in a query is a blank."""
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def by_number(text: str) -> tuple[int, int, str]:
    """Sorts ids as numbers, anything else behind them as text."""
    return (0, int(text), "") if re.fullmatch(r"[0-9]+", text) else (1, 0, text)
