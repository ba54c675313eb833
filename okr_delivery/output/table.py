"""Plain text tables that stay aligned with Chinese text."""

from __future__ import annotations

from collections.abc import Sequence

from okr_delivery.locale import hundredths
from okr_delivery.model.width import width


def pad(text: str, columns: int, right: bool = False) -> str:
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def table(rows: Sequence[Sequence[str]], header: Sequence[str], right: Sequence[int] = (), indent: str = "") -> str:
    """Columns two blanks apart; `right` names the columns that are aligned to the right."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(width(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        parts = [pad(cell, widths[i], i in right) for i, cell in enumerate(row)]
        lines.append((indent + "  ".join(parts)).rstrip())
    lines.insert(1, indent + "  ".join("-" * w for w in widths))
    return "\n".join(lines)


def figure(value: float | None, digits: int = 2) -> str:
    """A number as a person writes it; – when there is none."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float | None) -> str:
    return "–" if value is None else f"{hundredths(value)} %"
