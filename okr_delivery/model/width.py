"""How wide text is in columns: Chinese takes two, combining and zero-width marks none."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """Columns that `text` takes in a fixed-width font."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200b\u200c\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, limit: int) -> str:
    """Cuts to `limit` columns, ending with … when something was cut."""
    if width(text) <= limit:
        return text
    kept = ""
    for char in text:
        if width(kept) + _columns(char) > limit - 1:
            break
        kept += char
    return kept.rstrip() + "…"
