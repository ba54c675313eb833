"""Text that has to fit: measured in columns, because the renderer does not know the reader's fonts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def shortened(text: str, width: int) -> str:
    """At most `width` columns, an ellipsis in place of what is left out."""
    if columns(text) <= width:
        return text
    kept = ""
    for char in text:
        if columns(kept + char) > width - 1:
            break
        kept += char
    return kept.rstrip() + "…"


def apart(values: Sequence[float], least: float) -> list[float]:
    """Places for labels of ascending `values`: each at its value, or `least` above the one before."""
    places: list[float] = []
    for value in values:
        places.append(max(value, places[-1] + least) if places else value)
    return places
