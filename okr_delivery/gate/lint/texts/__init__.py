"""What the lint reads in titles: pure functions on Chinese and English text, tables of words beside them."""

from __future__ import annotations

from okr_delivery.gate.lint.texts.clean import Language, language, plain
from okr_delivery.gate.lint.texts.dates import has_date
from okr_delivery.gate.lint.texts.directions import is_vague
from okr_delivery.gate.lint.texts.double import has_two_metrics
from okr_delivery.gate.lint.texts.figures import has_figure
from okr_delivery.gate.lint.texts.indicators import is_indicator
from okr_delivery.gate.lint.texts.likeness import likeness, same_numbers
from okr_delivery.gate.lint.texts.routine import is_routine
from okr_delivery.gate.lint.texts.tasks import is_task
from okr_delivery.gate.lint.texts.topics import is_bare

__all__ = [
    "Language",
    "has_date",
    "has_figure",
    "has_two_metrics",
    "is_bare",
    "is_indicator",
    "is_routine",
    "is_task",
    "is_vague",
    "language",
    "likeness",
    "plain",
    "same_numbers",
]
