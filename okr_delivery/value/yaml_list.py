"""Appends an entry to a YAML file that holds a list, without touching what people wrote in it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from okr_delivery.config.document import parse, scalar
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

_PLAIN = re.compile(r"[A-Za-z\u4e00-\u9fff][\w.-]*")


def append_entry(path: Path, name: str, entry: Mapping[str, str]) -> None:
    """Adds `entry` as the last item; a file that does not exist yet is made. `name` is the file that errors name.

    Raises UserError when the file can't be read or written, or is no list. A crash leaves the old file.
    """
    text = _read(path, name)
    document = parse(text, name)
    if document.data is not None and not isinstance(document.data, list):
        raise user_error(msg("value.conclusion.no_list"), where=name)
    if document.data and not _is_block(text):
        raise user_error(
            msg("value.conclusion.flow_list"), where=name, next_step=msg("value.conclusion.flow_list.next")
        )
    kept = _without_empty_list(text) if not document.data else text
    block = _block(entry, _dash_indent(text) if document.data else "")
    before = kept if not kept or kept.endswith("\n") else kept + "\n"
    made = before + block
    if len(parse(made, name).data or ()) != len(document.data or ()) + 1:
        raise user_error(
            msg("value.conclusion.flow_list"), where=name, next_step=msg("value.conclusion.flow_list.next")
        )
    _replace(path, made, name)


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text("utf-8-sig") if path.exists() else ""
    except UnicodeDecodeError:
        raise user_error(msg("config.file.not_utf8"), where=name, next_step=msg("config.file.not_utf8.next")) from None
    except OSError as error:
        raise user_error(msg("config.file.unreadable", reason=error.strerror or ""), where=name) from None


def _first(text: str) -> str:
    """The first line that holds anything."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "---", "%")))
    return next(lines, "")


def _is_block(text: str) -> bool:
    return _first(text).lstrip().startswith("-")


def _dash_indent(text: str) -> str:
    first = _first(text)
    return first[: len(first) - len(first.lstrip())]


def _without_empty_list(text: str) -> str:
    """Comments stay, an empty `[]` makes room."""
    return "".join(line for line in text.splitlines(keepends=True) if line.strip() not in ("[]", "[ ]", "null", "~"))


def _block(entry: Mapping[str, str], indent: str) -> str:
    lines = [f"{key}: {_scalar(text)}" for key, text in entry.items()]
    return "".join(f"{indent}{'- ' if n == 0 else '  '}{line}\n" for n, line in enumerate(lines))


def _scalar(text: str) -> str:
    """A value that reads back as the same text; JSON strings are YAML."""
    if _PLAIN.fullmatch(text) and scalar(text, plain=True) == text:
        return text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f").replace("\x85", "\\x85")


def _replace(path: Path, text: str, name: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        made = Path(beside)
        made.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        made.replace(path)
    except OSError as error:
        raise user_error(msg("value.conclusion.not_written", reason=error.strerror or ""), where=name) from None
