"""What is written back to a tracker, said so that saying it twice is the same as saying it once.

A connector that can write offers `writer()`. Edits of one issue are merged into as few calls as the tracker allows and
sent one after another; edits of different issues may be sent side by side. Nothing here decides *whether* to write:
that is `--apply`, at the edge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from okr_delivery.model.text import REPLACEMENT, one_line


@dataclass(frozen=True, slots=True)
class AddLabel:
    """A label that must be there; one that is stays as it is."""

    label: str


@dataclass(frozen=True, slots=True)
class RemoveLabel:
    """A label that must not be there."""

    label: str


@dataclass(frozen=True, slots=True)
class SetField:
    """A field, by the tracker's id, that must hold `value` (text, number or None for empty)."""

    field_id: str
    value: str | float | None


@dataclass(frozen=True, slots=True)
class PutComment:
    """One comment of ours per `mark`: made when there is none, rewritten when its text differs.

    `known` is the id that `Written.comments` told of it: by that it is found even after a person took the mark out of
    it, if our account wrote it. `text` is plain, whatever signs are in it, but for what `code` and `link` made. Raises
    ValueError for a mark that is not made of letters, digits, dots and single dashes, and for an empty text.
    """

    mark: str
    text: str
    known: str | None = None

    def __post_init__(self) -> None:
        _check_mark(self.mark)
        if not self.text.strip():
            raise ValueError("a comment without text")


@dataclass(frozen=True, slots=True)
class RemoveComment:
    """No comment of ours with this `mark`, nor the `known` one. Raises ValueError as PutComment does."""

    mark: str
    known: str | None = None

    def __post_init__(self) -> None:
        _check_mark(self.mark)


@dataclass(frozen=True, slots=True)
class PutLink:
    """One link out of the tracker per `global_id`, replaced as a whole."""

    global_id: str
    url: str
    title: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class PutProperty:
    """Machine state on the issue that people are not notified of; `value` is JSON-able."""

    key: str
    value: Mapping[str, object] = field(default_factory=dict)


MARK = re.compile(r"[0-9A-Za-z]+([.-][0-9A-Za-z]+)*")
"""What a mark may look like: it also has to survive in a comment's text, where other signs are markup."""


def _check_mark(mark: str) -> None:
    if not MARK.fullmatch(mark) or len(mark) > 100:
        raise ValueError(f"{mark!r} is no mark")


# -- what stands out in a comment --------------------------------------------------------------------------------------

_CODE, _CODE_END, _LINK, _LINK_END = "\ue000", "\ue001", "\ue002", "\ue003"
_SIGNS = re.compile(f"[{_CODE}-{_LINK_END}`]")
_PIECES = re.compile(f"{_CODE}([^{_CODE}-{_LINK_END}]*){_CODE_END}|{_LINK}([^{_CODE}-{_LINK_END}]*){_LINK_END}")
_ADDRESS = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w./?=&%+,;:~#-]*)?", re.ASCII)


class Piece(StrEnum):
    """How a part of a comment's line is shown."""

    TEXT = "text"
    CODE = "code"
    LINK = "link"


def code(text: str) -> str:
    """`text` so that a comment shows it as code: on one line, without back-ticks and control characters, never empty.

    What people typed into a tracker stands in comments like this and in no other way.
    """
    inner = _SIGNS.sub("", one_line(text).replace(REPLACEMENT, "")).strip()
    return f"{_CODE}{inner or '-'}{_CODE_END}"


def link(url: str) -> str:
    """A web address so that a comment links it; as code where it is none, or holds what could end a link."""
    return f"{_LINK}{url}{_LINK_END}" if _ADDRESS.fullmatch(url) else code(url)


def pieces(line: str) -> Iterator[tuple[Piece, str]]:
    """The parts of one line of a comment's text; signs of `code` and `link` that fit nothing are dropped."""
    end = 0
    for found in _PIECES.finditer(line):
        yield from _plain(line[end : found.start()])
        if found[1] is not None:
            yield Piece.CODE, found[1].replace("`", "").strip() or "-"
        elif _ADDRESS.fullmatch(found[2]):
            yield Piece.LINK, found[2]
        end = found.end()
    yield from _plain(line[end:])


def _plain(text: str) -> Iterator[tuple[Piece, str]]:
    kept = "".join(sign for sign in text if not _CODE <= sign <= _LINK_END)
    if kept:
        yield Piece.TEXT, kept


Edit = AddLabel | RemoveLabel | SetField | PutComment | RemoveComment | PutLink | PutProperty


class Outcome(StrEnum):
    """What became of an issue's edits."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"  # everything was already so


@dataclass(frozen=True, slots=True)
class Written:
    """One issue's answer; `requests` is how many calls it took, repeats after a failure not counted.

    `changed` names what was not so before: the same values will come back in the issue's history, made by our own
    account, and are nothing to react to. `comments` are the ids, by mark, of those that were to be there.
    """

    issue_id: str
    outcome: Outcome
    requests: int
    changed: tuple[Edit, ...] = ()
    comments: Mapping[str, str] = field(default_factory=dict)


class Writer(Protocol):
    """Writes to one tracker."""

    def write(self, issue_id: str, edits: Sequence[Edit]) -> Written:
        """Makes one issue so. Safe to repeat after any failure, and to call from several threads.

        Of edits that name the same thing (a label, a field, a mark …) the last one counts.

        Raises ConfigError when the account may not, or when the tracker refuses a value (a label with a blank), before
        anything of it is sent where that can be known; GoneError for an issue that is not there; RetryLaterError when
        the tracker asks for more patience than there is; UnsureError when nobody can tell whether a comment was made.
        """
        ...


@runtime_checkable
class WriterFactory(Protocol):
    """A connector that can write."""

    def writer(self) -> Writer:
        """Its writer. Authenticates if that has not happened. Raises ConfigError as `identity()` does."""
        ...
