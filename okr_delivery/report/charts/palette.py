"""Colours that people with any colour vision tell apart, on white and on dark paper; text and lines take the page's."""

from __future__ import annotations

INK = "currentColor"
BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#009e73"
ORANGE = "#e69f00"
SAND = "#f0cf85"
VERMILION = "#d55e00"
PURPLE = "#cc79a7"
GREY = "#9aa0a6"
