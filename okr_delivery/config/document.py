"""YAML 1.2 files as plain data with the position of every key and value, for errors that name file:line:column.

Positions are 1-based. Mapping keys are always text as written (`2026-10-10`, `42`); dates stay text too and are read by
the models. Duplicate keys, tags, several documents and files beyond the limits are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.model.okr import Location

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError, StreamMark
    from ruamel.yaml.events import Event

MAX_BYTES = 5_000_000
MAX_NODES = 100_000
MAX_DEPTH = 100

Place = tuple[str | int, ...]
Position = tuple[int, int]

_HALF = re.compile("[\ud800-\udfff]")  # halves of a character, from escapes: nothing can print them
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    spelling: spelling.casefold() == "true"
    for word in ("true", "false")
    for spelling in (word, word.title(), word.upper())
}


class WrittenInt(int):
    """A whole number that remembers how it was written, so that an id such as 007 can stay one."""

    text: str


class WrittenFloat(float):
    """A decimal number that remembers how it was written (a name such as 1.10)."""

    text: str


@dataclass
class Document:
    """One file's data. `values` and `keys` map a place (path of keys and indexes) to its position.

    `file` is relative to the folder that `read` was given. Parts spliced in from other files keep their own file.
    """

    file: str
    data: Any
    values: dict[Place, Position] = field(default_factory=dict)
    keys: dict[Place, Position] = field(default_factory=dict)
    files: dict[Place, str] = field(default_factory=dict)

    def locate(self, place: Place, *, key: bool = False) -> tuple[str, int, int]:
        """File, line and column of a place, or of the nearest thing around it that was written."""
        for end in range(len(place), -1, -1):
            here = place[:end]
            position = (self.keys.get(here) if key and end == len(place) else None) or self.values.get(here)
            if position is not None:
                return (self._file(here), *position)
        return (self.file, 1, 1)

    def where(self, place: Place, *, key: bool = False) -> str:
        """`file:line:column`."""
        return ":".join(str(part) for part in self.locate(place, key=key))

    def location(self, place: Place) -> Location:
        """Where a thing is declared, for model objects."""
        path, line, _ = self.locate(place)
        return Location(path, line)

    @property
    def lines(self) -> Mapping[Place, Position]:
        """Position of every key (list items: of the item)."""
        return self.values | self.keys

    def splice(self, place: Place, other: Document, source: Place = ()) -> None:
        """Takes over the positions that `other` has at `source`, to stand at `place` here."""
        for mine, theirs in ((self.values, other.values), (self.keys, other.keys)):
            for old in [p for p in mine if p[: len(place)] == place]:
                del mine[old]
            mine.update({place + p[len(source) :]: at for p, at in theirs.items() if p[: len(source)] == source})
        self.files[place] = other.file

    def _file(self, place: Place) -> str:
        for end in range(len(place), -1, -1):
            if place[:end] in self.files:
                return self.files[place[:end]]
        return self.file


def shown(path: Path, root: Path) -> str:
    """A path as errors show it: relative to `root` where it lies inside."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)


def read(path: Path, root: Path) -> Document:
    """Reads one YAML file. Raises UserError for anything that is no single mapping or list within the limits."""
    name = shown(path, root)
    return parse(_text(path, name), name)


def parse(text: str, name: str) -> Document:
    """Reads YAML text; `name` is the file that errors name. An empty file has data None."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _Reader(name).document(text)
    except MarkedYAMLError as error:
        raise _refused(error, text, name) from None
    except YAMLError as error:
        position = getattr(error, "position", 0) or 0
        line = text.count("\n", 0, position) + 1
        raise user_error(msg("config.yaml.character"), where=f"{name}:{line}") from None


_SYNTAX = (
    ("\\t", "config.yaml.tab"),
    ("mapping values are not allowed", "config.yaml.colon"),
    ("could not find expected ':'", "config.yaml.missing_colon"),
    ("while scanning a quoted", "config.yaml.quote"),
    ("found unexpected end of stream", "config.yaml.quote"),
    ("expected <block end>", "config.yaml.indent"),
    ("expected ',' or", "config.yaml.bracket"),
    ("found undefined alias", "config.yaml.alias"),
    ("cannot start any token", "config.yaml.start"),
)


_FROM_ITS_START = frozenset({"config.yaml.missing_colon", "config.yaml.quote"})  # noticed where it ought to have ended


def _refused(error: MarkedYAMLError, text: str, name: str) -> UserError:
    """A mistake, told where it was made and not where it was noticed."""
    found = next((message for part, message in _SYNTAX if part in (error.problem or "")), "config.yaml.syntax")
    mark = error.problem_mark or error.context_mark
    if error.context_mark is not None and (found in _FROM_ITS_START or not _rest(text, mark)):
        mark = error.context_mark
    if mark is None:
        return user_error(msg(found), where=name, next_step=msg("config.yaml.hint"))
    empty = _empty_list(text, mark.line)
    if empty is not None:
        return user_error(msg("config.yaml.empty_list"), where=f"{name}:{empty}")
    return user_error(msg(found), where=f"{name}:{mark.line + 1}:{mark.column + 1}", next_step=msg("config.yaml.hint"))


def _rest(text: str, mark: StreamMark) -> bool:
    """Whether anything but comments stands behind a mark."""
    return any(_holds(line) for line in text.splitlines()[mark.line :])


def _empty_list(text: str, line: int) -> int | None:
    """The number of a line `[]` that a mistake comes from: the marked one, or the one before it that holds anything."""
    lines = list(enumerate(text.splitlines()[: line + 1], 1))
    last = [number for number, held in lines if _holds(held)][-2:]
    return next((n for n in reversed(last) if lines[n - 1][1].split("#")[0].replace(" ", "") == "[]"), None)


def _holds(line: str) -> bool:
    return not line.isspace() and line != "" and not line.lstrip().startswith("#")


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise user_error(msg("config.yaml.too_big", limit=MAX_BYTES // 1_000_000), where=name)
        raw = path.read_bytes()
    except FileNotFoundError:
        raise user_error(msg("config.file.missing"), where=name) from None
    except OSError as error:
        raise user_error(msg("config.file.unreadable", reason=error.strerror or ""), where=name) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise user_error(
            msg("config.file.not_utf8"), where=f"{name}:{line}", next_step=msg("config.file.not_utf8.next")
        ) from None


def scalar(text: str, *, plain: bool) -> str | int | float | bool | None:
    """A scalar's value by YAML 1.2's core rules: `off`, `NO` and dates stay text."""
    if not plain:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        whole = WrittenInt(text, 0 if text[:2] in ("0o", "0x") else 10)
        whole.text = text
        return whole
    if _FLOAT.fullmatch(text):
        decimal = WrittenFloat(text.replace(".inf", "inf").replace(".nan", "nan") if text[-1].isalpha() else text)
        decimal.text = text
        return decimal
    return text


class _Reader:
    """Builds data from parser events without recursion, so that hostile nesting costs nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.doc = Document(name, None)
        self.problems: list[Problem] = []
        self.anchors: dict[str, tuple[Place, Any, int]] = {}
        self.open: list[_Open] = []
        self.nodes = 0

    def document(self, text: str) -> Document:
        from ruamel.yaml import YAML

        documents = 0
        for event in YAML(typ="safe", pure=True).parse(text):
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise user_error(msg("config.yaml.documents"), where=self._at(event))
            handler = getattr(self, f"_{kind}", None)
            if handler is not None:
                handler(event)
        if self.problems:
            raise UserError(self.problems)
        return self.doc

    def _at(self, event: Event) -> str:
        line, column = _position(event)
        return f"{self.name}:{line}:{column}"

    def _count(self, event: Event, nodes: int = 1) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise user_error(msg("config.yaml.too_many", limit=MAX_NODES), where=self._at(event))
        if len(self.open) > MAX_DEPTH:
            raise user_error(msg("config.yaml.too_deep", limit=MAX_DEPTH), where=self._at(event))
        tag = getattr(event, "tag", None)
        if tag and not str(tag).startswith("tag:yaml.org,2002:"):
            self.problems.append(Problem(msg("config.yaml.tag", tag=str(tag)), self._at(event)))

    def _ScalarEvent(self, event: Any) -> None:  # noqa: N802 -- named after the event
        self._count(event)
        if _HALF.search(event.value):
            raise user_error(msg("config.yaml.character"), where=self._at(event))
        top = self.open[-1] if self.open else None
        if top is not None and top.awaits_key:
            self._key(top, event)
            return
        value = scalar(event.value, plain=bool(event.implicit[0]) and event.style is None)
        place = self._put(event, value)
        if event.anchor:
            self.anchors[event.anchor] = (place, value, 1)

    def _key(self, top: _Open, event: Any) -> None:
        place = (*top.place, event.value)
        if place in self.doc.keys:
            first = self.doc.keys[place][0]
            self.problems.append(Problem(msg("config.yaml.duplicate", key=event.value, line=first), self._at(event)))
        else:
            self.doc.keys[place] = _position(event)
        top.key = event.value

    def _start(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        if self.open and self.open[-1].awaits_key:
            raise user_error(msg("config.yaml.key"), where=self._at(event))
        self._count(event)
        place = self._put(event, value)
        self.open.append(_Open(place, value, event.anchor, self.nodes))

    def _MappingStartEvent(self, event: Any) -> None:  # noqa: N802 -- named after the event
        self._start(event, {})

    def _SequenceStartEvent(self, event: Any) -> None:  # noqa: N802 -- named after the event
        self._start(event, [])

    def _end(self, event: Any) -> None:
        done = self.open.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.place, done.value, self.nodes - done.nodes_before + 1)

    _MappingEndEvent = _end
    _SequenceEndEvent = _end

    def _AliasEvent(self, event: Any) -> None:  # noqa: N802 -- named after the event
        if self.open and self.open[-1].awaits_key:
            raise user_error(msg("config.yaml.key"), where=self._at(event))
        if any(container.anchor == event.anchor for container in self.open):
            raise user_error(msg("config.yaml.recursive"), where=self._at(event))
        if event.anchor not in self.anchors:
            raise user_error(msg("config.yaml.alias"), where=self._at(event))
        source, value, size = self.anchors[event.anchor]
        self._count(event, size)
        self._copy_positions(source, self._put(event, value), value)

    def _copy_positions(self, source: Place, target: Place, value: Any) -> None:
        """Gives every part of an aliased value the position of the part it repeats."""
        waiting = [(source, target, value)]
        while waiting:
            old, new, part = waiting.pop()
            for step, child in children(part):
                inside = (*old, step)
                if inside in self.doc.keys:
                    self.doc.keys[(*new, step)] = self.doc.keys[inside]
                self.doc.values[(*new, step)] = self.doc.values[inside]
                waiting.append((inside, (*new, step), child))

    def _put(self, event: Any, value: Any) -> Place:
        if not self.open:
            self.doc.data = value
            place: Place = ()
        else:
            place = self.open[-1].add(value)
        self.doc.values[place] = self._written(event, place)
        return place

    def _written(self, event: Any, place: Place) -> Position:
        """Where a value stands; of one that was left out, its key: the parser marks whatever comes next in the file."""
        left_out = event.start_mark.index == event.end_mark.index and getattr(event, "value", None) == ""
        return self.doc.keys.get(place, _position(event)) if left_out else _position(event)


@dataclass
class _Open:
    """A mapping or list whose end has not been met yet."""

    place: Place
    value: Any
    anchor: str | None
    nodes_before: int
    key: str | None = None

    @property
    def awaits_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None

    def add(self, value: Any) -> Place:
        if isinstance(self.value, dict):
            key, self.key = self.key or "", None
            self.value.setdefault(key, value)
            return (*self.place, key)
        self.value.append(value)
        return (*self.place, len(self.value) - 1)


def _position(event: Any) -> Position:
    return (event.start_mark.line + 1, event.start_mark.column + 1)


def children(data: Any) -> Iterator[tuple[str | int, Any]]:
    """The members of a mapping or list, with the step that leads to each."""
    if isinstance(data, dict):
        yield from data.items()
    elif isinstance(data, list):
        yield from enumerate(data)
