"""The pieces on disk: one file of bytes, one of places, one of what is always the same."""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

COLUMNS = 8  # id, open, start of the brief, ends of brief, body, history and inline, and one to spare


@dataclass(frozen=True, slots=True)
class Piece:
    """One issue in the forms in which it is asked for; `history` is empty for an issue without any.

    `created` and `updated` are as the body writes them, in the account's zone.
    """

    id: int
    created: str
    updated: str
    open: bool
    brief: bytes
    body: bytes
    history: bytes
    inline: bytes


class Writer:
    """Writes pieces in the order of their ids."""

    def __init__(self, folder: Path, fixed: Mapping[str, str], headers: Mapping[str, str]) -> None:
        self._folder = folder
        self._file = (folder / "pieces.bin").open("wb")
        self._rows = array("q")
        self._days: list[tuple[str, str]] = []
        self._fixed, self._headers = dict(fixed), dict(headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        with (self._folder / "places.bin").open("wb") as file:
            self._rows.tofile(file)
        always = {"fixed": self._fixed, "headers": self._headers, "days": self._days}
        (self._folder / "always.json").write_text(json.dumps(always), encoding="utf-8")

    def add(self, piece: Piece) -> None:
        start = self._file.tell()
        ends = [start]
        for part in (piece.brief, piece.body, piece.history, piece.inline):
            self._file.write(part)
            ends.append(ends[-1] + len(part))
        self._rows.extend((piece.id, int(piece.open), *ends, 0))
        self._days.append((piece.created[:10], piece.updated[:16].replace("T", " ")))


class Pieces:
    """Reads them back, each a slice of a mapped file."""

    def __init__(self, folder: Path) -> None:
        self._rows = array("q")
        with (folder / "places.bin").open("rb") as file:
            self._rows.frombytes(file.read())
        with (folder / "pieces.bin").open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        always = json.loads((folder / "always.json").read_text(encoding="utf-8"))
        self.fixed: dict[str, str] = always["fixed"]
        self.headers: dict[str, str] = always["headers"]
        self._days: list[tuple[str, str]] = [tuple(row) for row in always["days"]]
        self._place = {str(self._rows[at]): at for at in range(0, len(self._rows), COLUMNS)}

    def ids(self, *, lively: str | None, since: str | None, before: str | None) -> list[str]:
        """Ids of issues that are open or updated from `lively` on, created from day `since` to before `before`."""
        return [issue_id for issue_id, at in self._place.items() if self._meets(at, lively, since, before)]

    def _meets(self, at: int, lively: str | None, since: str | None, before: str | None) -> bool:
        created, updated = self._days[at // COLUMNS]
        if (since is not None and created < since) or (before is not None and created >= before):
            return False
        return lively is None or bool(self._rows[at + 1]) or updated >= lively

    def briefs(self, ids: Iterable[str]) -> bytes:
        return b",".join(self._part(issue_id, 0) for issue_id in ids)

    def bodies(self, ids: Iterable[str]) -> bytes:
        return b",".join(self._part(issue_id, 1) for issue_id in ids if issue_id in self._place)

    def histories(self, ids: Iterable[str]) -> bytes:
        return b",".join(filter(None, (self._part(issue_id, 2) for issue_id in ids if issue_id in self._place)))

    def whole(self, ids: Iterable[str], *, everything: bool = False) -> bytes:
        """Bodies with their history inside; `everything` adds comments and transitions, of which there are none."""
        return b",".join(self._whole(ids, everything))

    def _whole(self, ids: Iterable[str], everything: bool) -> Iterator[bytes]:
        more = b',"comment":{"comments":[]}},"transitions":[]' if everything else b"}"
        for issue_id in ids:
            yield self._part(issue_id, 1)[:-2] + more + b',"changelog":' + self._part(issue_id, 3) + b"}"

    def _part(self, issue_id: str, number: int) -> bytes:
        at = self._place[issue_id] + 2 + number
        return self._bytes[self._rows[at] : self._rows[at + 1]]
