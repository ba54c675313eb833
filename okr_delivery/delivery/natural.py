"""The order in which people count: PAY-2 before PAY-10."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"([0-9]+)")


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that takes runs of digits for numbers."""
    parts = _NUMBER.split(text)
    return tuple((1, int(part)) if i % 2 else (0, part) for i, part in enumerate(parts))
