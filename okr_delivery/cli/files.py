"""Files that appear whole or not at all, and texts that are handed in."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg


def write_text(path: Path, text: str) -> None:
    """Writes beside the target and moves into place. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_text(folder: Path, name: str, most: int) -> tuple[str, bool]:
    """The first `most` bytes of a file, of standard input for `-`, and whether that is all. Raises UserError.

    What is no UTF-8 reads U+FFFD.
    """
    try:
        with sys.stdin.buffer if name == "-" else (folder / name).open("rb") as stream:
            found = stream.read(most + 1)
    except OSError as error:
        raise user_error(msg("telling.unread", reason=error.strerror or type(error).__name__), where=name) from error
    return found[:most].decode("utf-8", "replace"), len(found) <= most
