"""CSV files that people and BI systems write: UTF-8, with or without BOM, or GB18030; every cell known by file:line."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from okr_delivery.config.document import shown
from okr_delivery.config.types import day, day_meant, nearest
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import Message, msg

MAX_BYTES = 50_000_000
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_SCALES = {"k": 1e3, "m": 1e6, "万": 1e4, "百万": 1e6, "亿": 1e8}
_FLAGS = {
    "": False,
    "true": True,
    "yes": True,
    "1": True,
    "是": True,
    "false": False,
    "no": False,
    "0": False,
    "否": False,
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a kind of table."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(slots=True)
class Row:
    """One line of a table; problems found while reading its cells are collected in `problems`."""

    cells: Mapping[str, str]
    where: str
    problems: list[Problem] = field(default_factory=list)

    def text(self, column: str) -> str | None:
        """The cell without blanks around it; None when empty."""
        return self.cells.get(column, "").strip() or None

    def needed(self, column: str) -> str:
        """The cell; a problem when empty."""
        text = self.text(column)
        if text is None:
            self.refuse(msg("okrs.csv.empty", column=column))
        return text or ""

    def number(self, column: str) -> float:
        """The cell as a number; nan and a problem when it is something else."""
        text = self.needed(column)
        value = number(text)
        if value is None and text:
            self.refuse(_not_a_number(column, text))
        return math.nan if value is None else value

    def optional_number(self, column: str) -> float | None:
        return self.number(column) if self.text(column) else None

    def day(self, column: str) -> date:
        """The cell as a date; a problem and date.min when it is none."""
        text = self.needed(column)
        try:
            return day(text) if text else date.min
        except ValueError:
            meant = day_meant(unicodedata.normalize("NFKC", text))
            hint = {"column": column, "value": text}
            self.refuse(msg("okrs.csv.day.meant", meant=meant, **hint) if meant else msg("okrs.csv.day", **hint))
            return date.min

    def flag(self, column: str) -> bool:
        text = (self.text(column) or "").casefold()
        if text not in _FLAGS:
            self.refuse(msg("okrs.csv.flag", column=column, value=text))
        return _FLAGS.get(text, False)

    def refuse(self, what: Message) -> None:
        self.problems.append(Problem(what, self.where))


def number(text: str) -> float | None:
    """A plain decimal number; None for anything else (no thousands, no per cent sign, no nan)."""
    value = float(text) if text.isascii() and _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def _not_a_number(column: str, text: str) -> Message:
    meant = number_meant(text)
    if meant is not None:
        return msg("okrs.csv.number.meant", column=column, value=text, meant=meant)
    return msg("okrs.csv.number", column=column, value=text)


def number_meant(text: str) -> str | None:
    """What to write for a number with a unit, thousands, full-width digits or another minus; None when unclear."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").strip().casefold()
    plain = re.sub(r"(?<=\d)[,\s_](?=\d{3}(?!\d))", "", plain)
    found = re.fullmatch(r"([-+]?(?:\d+(?:\.\d+)?|\.\d+))\s*(%|pp|百分点|个点|百万|万|亿|k|m)?", plain)
    if found is None:
        return None
    value = float(found[1]) * _SCALES.get(found[2] or "", 1.0)
    return f"{value:.12g}" if abs(value) < 1e12 else f"{value:.0f}"


def rows(path: Path, root: Path, columns: Columns) -> Iterator[Row]:
    """The lines of one file, without empty ones and comments (`#`). Raises UserError for what is no such table."""
    name = shown(path, root)
    reader = csv.reader(io.StringIO(decoded(path, name)[0], newline=""), strict=True)
    try:
        yield from _rows(reader, name, columns)
    except csv.Error:
        raise user_error(msg("okrs.csv.broken"), where=f"{name}:{reader.line_num}") from None


def _rows(reader: Iterator[list[str]], name: str, columns: Columns) -> Iterator[Row]:
    header: list[str] | None = None
    line = 1
    for cells in reader:
        where, line = f"{name}:{line}", getattr(reader, "line_num", line) + 1
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        if header is None:
            header = _header(cells, columns, where)
            continue
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            row = Row({}, where)
            row.refuse(msg("okrs.csv.too_many", expected=len(header), found=len(cells)))
            raise UserError(row.problems)
        yield Row(dict(zip(header, cells, strict=False)), where)
    if header is None:
        raise user_error(msg("okrs.csv.no_header", columns=",".join(columns.required)), where=f"{name}:1")


def _header(cells: Sequence[str], columns: Columns, where: str) -> list[str]:
    names = [cell.strip().casefold() for cell in cells]
    if len(names) == 1 and re.search(r"[;\t]", names[0]):
        raise user_error(msg("okrs.csv.separator", columns=",".join(columns.required)), where=where)
    problems = [Problem(_unknown_column(name, columns), where) for name in names if name and name not in columns.all]
    problems += [Problem(msg("okrs.csv.missing", column=n), where) for n in columns.required if n not in names]
    problems += [Problem(msg("okrs.csv.column_twice", column=n), where) for n in set(names) if n and names.count(n) > 1]
    if problems:
        raise UserError(problems)
    return names


def _unknown_column(name: str, columns: Columns) -> Message:
    close = nearest(name, columns.all)
    if close is not None:
        return msg("okrs.csv.unknown.near", column=name, nearest=close)
    return msg("okrs.csv.unknown", column=name, known=",".join(columns.all))


def decoded(path: Path, name: str) -> tuple[str, str]:
    """A file's text and the encoding it was written in. Raises UserError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise user_error(msg("okrs.csv.too_big", limit=MAX_BYTES // 1_000_000), where=name)
        raw = path.read_bytes()
    except OSError as error:
        raise user_error(msg("config.file.unreadable", reason=error.strerror or ""), where=name) from None
    encodings = ("utf-8-sig",) if raw.startswith(b"\xef\xbb\xbf") else ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, encoding
    raise user_error(msg("okrs.csv.encoding"), where=name, next_step=msg("okrs.csv.encoding.next"))
