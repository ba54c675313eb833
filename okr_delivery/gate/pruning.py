"""Takes entries out of a waivers file and leaves everything else as it was written: order, comments, line ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from okr_delivery.gate.waivers import FILE
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.config.document import Document

_DASH = re.compile(r"\s*-(\s|$)")
_IDLE = re.compile(r"\s*(#.*)?$")  # a comment of its own, or nothing
MARK = "\ufeff"


def without(text: str, gone: Collection[int]) -> str:
    """The text of a waivers file that can be read, without the entries of these places.

    Lines of comments between entries stay, also those above an entry that goes. Raises UserError where entries share
    lines, or one repeats parts of another that goes.
    """
    from okr_delivery.config.document import parse

    body = text.removeprefix(MARK)
    doc = parse(body, "")
    left = [entry for n, entry in enumerate(doc.data) if n not in gone]
    cut = _cut(body, doc, gone)
    if cut is None or not _is(cut, left):
        raise user_error(msg("waivers.shared_lines"), where=FILE, next_step=msg("waivers.shared_lines.next"))
    return text[: len(text) - len(body)] + cut


def _cut(text: str, doc: Document, gone: Collection[int]) -> str | None:
    """Line by line; None where entries don't begin with lines of their own."""
    lines = text.splitlines(keepends=True)
    begins = [_begin(lines, doc.locate((n,))[1] - 1) for n in range(len(doc.data))]
    if None in begins or len(set(begins)) < len(begins):
        return None
    starts = [begin for begin in begins if begin is not None]
    dropped: set[int] = set()
    for n, start in enumerate(starts):
        if n in gone:
            dropped.update(_lines_of(lines, start, starts[n + 1] if n + 1 < len(starts) else len(lines)))
    return "".join(line for n, line in enumerate(lines) if n not in dropped)


def _begin(lines: Sequence[str], line: int) -> int | None:
    """The line of the dash that an entry stands behind: its own, or one above with nothing but comments between."""
    if _DASH.match(lines[line]):
        return line
    above = line - 1
    while above >= 0 and _IDLE.match(lines[above]):
        above -= 1
    return above if above >= 0 and _DASH.match(lines[above]) else None


def _lines_of(lines: Sequence[str], start: int, end: int) -> range:
    while end > start + 1 and _IDLE.match(lines[end - 1]):
        end -= 1
    return range(start, end)


def _is(text: str, entries: Sequence[object]) -> bool:
    from okr_delivery.config.document import parse

    try:
        return list(parse(text, "").data or []) == list(entries)
    except UserError:
        return False
