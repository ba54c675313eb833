"""Connections: lists with cursors in both directions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Row = TypeVar("Row")
BAD_CURSOR = "Please provide a valid cursor"


class CursorError(Exception):
    """A cursor that belongs to no list."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part is asked for: `most` is what the server gives at once."""

    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None
    most: int = 100


def connection(rows: Sequence[Row], page: Page, name: Callable[[Row], object] = id) -> dict[str, object]:
    """One page of rows with its place in the whole. A row is found again by its `name`, wherever it has moved to."""
    low, high = 0, len(rows)
    places = {str(name(row)): number for number, row in enumerate(rows)} if page.after or page.before else {}
    if page.after is not None:
        low = _place(places, page.after) + 1
    if page.before is not None:
        high = min(high, _place(places, page.before))
    size = min(page.most, *(side for side in (page.first, page.last) if side is not None), page.most)
    start, end = (max(low, high - size), high) if page.last is not None and page.first is None else (low, low + size)
    end = min(end, high)
    part = rows[start:end]
    info = {
        "hasNextPage": end < len(rows),
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(name(part[0])) if part else None,
        "endCursor": _cursor(name(part[-1])) if part else None,
    }
    return {"nodes": part, "count": len(rows), "pageInfo": info}


def _cursor(name: object) -> str:
    return base64.urlsafe_b64encode(str(name).encode()).decode().rstrip("=")


def _place(places: dict[str, int], cursor: str) -> int:
    try:
        name = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CursorError(BAD_CURSOR) from error
    if name in places:
        return places[name]
    if not name.isdigit():
        raise CursorError(BAD_CURSOR)
    return _before(places, int(name))


def _before(places: dict[str, int], number: int) -> int:
    """Where a numbered row stood that is not there any more: at the last one that would come before it."""
    numbers = [int(name) for name in places]
    rising = len(numbers) < 2 or numbers[0] < numbers[-1]
    return sum(1 for other in numbers if (other < number) == rising) - 1
