"""The organisation's own words: titles, names and texts in its language, read from the data files."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "data"
LANGS = ("en", "zh")


@lru_cache
def words(lang: str) -> dict[str, Any]:
    """The texts of one language. Raises ValueError for any but en and zh."""
    if lang not in LANGS:
        raise ValueError(f"no texts in {lang!r}")
    loaded: dict[str, Any] = json.loads((DATA / f"{lang}.json").read_text(encoding="utf-8"))
    return loaded


@lru_cache
def hostile() -> tuple[str, ...]:
    """Titles that would do harm in some output if they were not cleaned."""
    loaded: list[str] = json.loads((DATA / "hostile.json").read_text(encoding="utf-8"))
    return (*loaded, "long " * 60)
