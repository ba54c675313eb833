"""CSV as spreadsheets and databases read it: UTF-8, one header row, formula cells defused."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from okr_delivery.output.safe import csv_cell


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Writes the table in one piece (a temporary file moved into place) and answers the number of rows."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            out = csv.writer(stream, lineterminator="\n")
            out.writerow(columns)
            for row in rows:
                out.writerow([_cell(value) for value in row])
                count += 1
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return csv_cell(str(value))
