"""Writes a reading into the user's files, the way a person would: one more line in the cycle's CSV."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from datetime import date
from pathlib import Path

from okr_delivery.config.document import shown
from okr_delivery.config.models import Config
from okr_delivery.locale.numbers import plain
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import Message, msg
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.readings import COLUMNS, find, load_readings, series_of
from okr_delivery.okrs.tables import decoded


def append_reading(
    config: Config,
    book: OkrBook,
    kr: str,
    value: float,
    day: date,
    *,
    source: str | None = None,
    author: str | None = None,
    independent: bool = False,
    note: str | None = None,
) -> Path:
    """Adds one reading of `KR` or `KR/health-id` and returns the file that holds it.

    Raises UserError for an unknown key result, one without a number, or a day that has a reading already.
    """
    series = series_of(kr, day, book)
    if isinstance(series, Message):
        raise user_error(series)
    if any(reading.day == day for reading in load_readings(config, book).series(series)):
        raise user_error(msg("okrs.readings.exists", kr=kr, date=day.isoformat()))
    path = _file(config, series)
    cells = {
        "kr": _written(kr, day, book, series),
        "date": day.isoformat(),
        "value": plain(value) if value == float(plain(value)) else repr(value),
        "source": source or "",
        "author": author or "",
        "independent": "true" if independent else "",
        "note": note or "",
    }
    _append(path, config, cells)
    return path


def _written(ref: str, day: date, book: OkrBook, series: str) -> str:
    """The shortest way to name the series that still means it on that day."""
    found = find(ref.partition("/")[0], day, book)
    health = series.partition("/")[2]
    short = series.partition("/")[0] if isinstance(found, Message) else book.short_id(found, day)
    return f"{short}/{health}" if health else short


def _file(config: Config, series: str) -> Path:
    """The first file that `readings:` names, or the cycle's file in the first folder."""
    entry = config.readings[0] if config.readings else "readings/"
    path = config.resolve(entry)
    if path.is_file() or entry.lower().endswith(".csv"):
        return path
    slug = re.sub(r"[^a-z0-9]+", "-", series.partition(":")[0].lower()).strip("-")
    return path / f"{slug or 'readings'}.csv"


def _append(path: Path, config: Config, cells: dict[str, str]) -> None:
    text, encoding = decoded(path, shown(path, config.root)) if path.exists() else ("", "utf-8")
    header = _header(text) or [*COLUMNS.all]
    newline = "\r\n" if "\r\n" in text else "\n"
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header, extrasaction="ignore", lineterminator=newline)
    if not _header(text):
        writer.writeheader()
    writer.writerow(cells)
    before = text if not text or text.endswith("\n") else text + newline
    _replace(path, (before + out.getvalue()).encode(encoding))


def _header(text: str) -> list[str]:
    for cells in csv.reader(io.StringIO(text, newline="")):
        if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
            return [cell.strip().casefold() for cell in cells]
    return []


def _replace(path: Path, content: bytes) -> None:
    """Writes beside and moves into place, so that a crash leaves the old file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        beside = Path(name)
        beside.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        beside.replace(path)
    except OSError as error:
        raise user_error(msg("okrs.readings.not_written", reason=error.strerror or ""), where=str(path)) from None
