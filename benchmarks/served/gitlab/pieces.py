"""The pieces on disk: one file of bytes, one of where each begins and ends, one of what is always the same."""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

COLUMNS = 8  # id, project, iid, created, updated, open, and the ends of body and node; instants in milliseconds


@dataclass(frozen=True, slots=True)
class Piece:
    """One issue: REST's body, and GraphQL's node with the activity. Instants are as the body writes them."""

    id: int
    project: int
    iid: int
    created: str
    updated: str
    open: bool
    body: bytes
    node: bytes


class Writer:
    """Writes pieces in any order."""

    def __init__(self, folder: Path, always: Mapping[str, object]) -> None:
        self._folder = folder
        self._file = (folder / "pieces.bin").open("wb")
        self._rows = array("q")
        self._always = dict(always)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        with (self._folder / "places.bin").open("wb") as file:
            self._rows.tofile(file)
        (self._folder / "always.json").write_text(json.dumps(self._always), encoding="utf-8")

    def add(self, piece: Piece) -> None:
        self._file.write(piece.body)
        middle = self._file.tell()
        self._file.write(piece.node)
        created, updated = (milliseconds(text) for text in (piece.created, piece.updated))
        self._rows.extend(
            (piece.id, piece.project, piece.iid, created, updated, int(piece.open), middle, self._file.tell())
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of issues is asked for; None leaves a bound out."""

    projects: frozenset[int]
    open: bool | None = None
    created_after: int | None = None
    created_before: int | None = None
    updated_after: int | None = None
    updated_before: int | None = None


class Pieces:
    """Reads them back, each a slice of a mapped file."""

    def __init__(self, folder: Path) -> None:
        self._rows = array("q")
        with (folder / "places.bin").open("rb") as file:
            self._rows.frombytes(file.read())
        with (folder / "pieces.bin").open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.always: dict[str, dict[str, str]] = json.loads((folder / "always.json").read_text(encoding="utf-8"))
        places = range(0, len(self._rows), COLUMNS)
        self._order = sorted(places, key=lambda at: (self._rows[at + 3], self._rows[at]))
        self._by_number = {(self._rows[at + 1], self._rows[at + 2]): at for at in places}

    def listed(self, wanted: Filter) -> list[int]:
        """Where the issues of a list are, in the order of their creation."""
        return [at for at in self._order if self._meets(at, wanted)]

    def _meets(self, at: int, wanted: Filter) -> bool:
        _, project, _, created, updated, is_open = self._rows[at : at + 6]
        return (
            project in wanted.projects
            and (wanted.open is None or bool(is_open) is wanted.open)
            and (wanted.created_after is None or created >= wanted.created_after)
            and (wanted.created_before is None or created <= wanted.created_before)
            and (wanted.updated_after is None or updated >= wanted.updated_after)
            and (wanted.updated_before is None or updated <= wanted.updated_before)
        )

    def bodies(self, places: Iterable[int]) -> bytes:
        return b",".join(self._part(at, at - 1 if at else None, at + 6) for at in places)

    def nodes(self, project: int, iids: Iterable[str]) -> bytes:
        found = (self._by_number.get((project, int(iid))) for iid in iids)
        return b",".join(self._part(at, at + 6, at + 7) for at in found if at is not None)

    def _part(self, at: int, begin: int | None, end: int) -> bytes:
        return self._bytes[0 if begin is None else self._rows[begin] : self._rows[end]]


def milliseconds(text: str) -> int:
    """An instant as GitLab writes it."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)
