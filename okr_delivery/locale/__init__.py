"""Message catalogues, English and Chinese: every sentence a person reads, by message id.

    t = translator("zh")
    t("gate.kr101.message", key="PAY-112")    # -> str
    t.render(message)                         # anything with `.id` and `.params`

Importing this package is cheap: Babel and the catalogues are read when the first sentence is wanted.
"""

from __future__ import annotations

from functools import lru_cache

from okr_delivery.locale.numbers import hundredths, plain
from okr_delivery.locale.render import Renderable, Translator

__all__ = ["LANGS", "Renderable", "Translator", "hundredths", "plain", "translator"]

LANGS = ("en", "zh")


@lru_cache
def translator(lang: str) -> Translator:
    """The translator of one language. Raises ValueError for a language without catalogues."""
    if lang not in LANGS:
        raise ValueError(f"no catalogue for {lang!r}; there is {', '.join(LANGS)}")
    return Translator(lang)
