"""Reads the catalogue files `<lang>/<domain>.po` of this package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent


class DuplicateIdError(ValueError):
    """Two domains of one language define the same message id."""


@lru_cache
def catalogue(lang: str, folder: Path = FOLDER) -> MappingProxyType[str, str]:
    """Message id -> text, all domains merged.

    Raises DuplicateIdError, and Babel's own error for a file that is no catalogue.
    """
    merged: dict[str, str] = {}
    for path in sorted((folder / lang).glob("*.po")):
        for message_id, text in entries(path):
            if message_id in merged:
                raise DuplicateIdError(
                    f"{message_id!r} of {path.name} is already defined in another domain of {lang!r}"
                )
            merged[message_id] = text
    return MappingProxyType(merged)


def entries(path: Path) -> Iterator[tuple[str, str]]:
    """The (id, text) pairs of one file without its header; a message without text is left out."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        for message in read_po(file, ignore_obsolete=True, abort_invalid=True):
            if message.id and isinstance(message.id, str) and isinstance(message.string, str) and message.string:
                yield message.id, message.string
