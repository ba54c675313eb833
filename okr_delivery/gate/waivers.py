"""Waivers: named exceptions with an owner, a reason and an end, kept beside the configuration in git."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from okr_delivery.gate.rules import WAIVER_RULES
from okr_delivery.gate.settings import known, nearest
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import Message, msg
from okr_delivery.model.okr import Location

if TYPE_CHECKING:
    from okr_delivery.config import Config
    from okr_delivery.config.document import Document

FILE = "okr-delivery.waivers.yaml"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)  # what else is a date to Python is none to a reader
KEYS = ("rule", "entity", "reason", "owner", "expires")


@dataclass(frozen=True, slots=True)
class Waiver:
    """`entity` is an issue key, `SOURCE:KEY` or what else a finding is about; `expires` includes its day.

    `place` counts the entries of the file from 0; -1: it stands in none. `named` is how an owner who is known by an
    account alone is called.
    """

    rule: str
    entity: str
    reason: str
    owner: str
    expires: date
    location: Location
    place: int = -1
    named: str | None = None

    @property
    def who(self) -> str:
        """The owner, for people."""
        return self.named or self.owner


@dataclass(frozen=True, slots=True)
class Waivers:
    """The waivers of one file, in its order; falsy when there is none."""

    entries: tuple[Waiver, ...] = ()

    def __iter__(self) -> Iterator[Waiver]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def load_waivers(config: Config) -> Waivers:
    """Reads the file beside the configuration; none is no error.

    Raises UserError with every problem and its file:line:column.
    """
    path = config.root / FILE
    if not path.is_file():
        return Waivers()
    return read_waivers(path, config.root)


def read_waivers(path: Path, root: Path) -> Waivers:
    """Reads one waivers file; `root` is the folder that file names are relative to."""
    from okr_delivery.config.document import read

    doc = read(path, root)
    if doc.data is None:
        return Waivers()
    if not isinstance(doc.data, list):
        raise UserError([Problem(msg("gate.waiver.list"), doc.where(()), msg("gate.waiver.example"))])
    problems = [p for i, raw in enumerate(doc.data) for p in _problems(doc, i, raw)]
    problems += _twice(doc)
    if problems:
        raise UserError(problems)
    return Waivers(tuple(_waiver(doc, i, raw) for i, raw in enumerate(doc.data)))


def _waiver(doc: Document, index: int, raw: dict[str, object]) -> Waiver:
    text = {key: str(raw[key]).strip() for key in KEYS}
    expires = date.fromisoformat(text.pop("expires"))
    return Waiver(**text, expires=expires, location=doc.location((index,)), place=index)


def _problems(doc: Document, index: int, raw: object) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield Problem(msg("gate.waiver.entry"), doc.where((index,)), msg("gate.waiver.example"))
        return
    for key in raw:
        if key not in KEYS:
            yield Problem(_unknown_key(str(key)), doc.where((index, key), key=True))
    for key in KEYS:
        value = raw.get(key)
        if isinstance(value, dict | list) or not _says_something(value):
            where = doc.where((index, key)) if key in raw else doc.where((index,))
            yield Problem(msg("gate.waiver.missing", key=key), where, msg("gate.waiver.example"))
        elif (wrong := _wrong(key, str(value).strip())) is not None:
            yield Problem(wrong, doc.where((index, key)))


def _says_something(value: object) -> bool:
    """Whether there is a letter or a digit: blanks without width look like a reason to a machine only."""
    return value is not None and any(sign.isalnum() for sign in str(value))


def _unknown_key(key: str) -> Message:
    return msg("gate.waiver.unknown_key", key=key, known=KEYS)


def _wrong(key: str, text: str) -> Message | None:
    if key == "rule" and not known(text):
        near = nearest(text)
        return msg("gate.waiver.rule.nearest", rule=text, nearest=near) if near else msg("gate.waiver.rule", rule=text)
    if key == "rule" and text in WAIVER_RULES:
        return msg("gate.waiver.own", rule=text)
    if key == "expires" and not _is_date(text):
        return msg("gate.waiver.date", text=text)
    return None


def _is_date(text: str) -> bool:
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _twice(doc: Document) -> Iterator[Problem]:
    """Two entries for one thing would leave it open which end counts."""
    seen: dict[tuple[str, str], int] = {}
    for index, raw in enumerate(doc.data):
        if not isinstance(raw, dict):
            continue
        place = (str(raw.get("rule")), str(raw.get("entity")))
        if place in seen:
            first = doc.locate((seen[place],))[1]
            message = msg("gate.waiver.twice", rule=place[0], entity=place[1], line=first)
            yield Problem(message, doc.where((index,)))
        seen.setdefault(place, index)
