"""A recording's folder, read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.sync.record.folder import INDEX, SCHEMA


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `body` is JSON if `is_json`, else text, or None for no body."""

    status: int
    headers: Mapping[str, str]
    body: object = None
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded request. `answer` None: the connection broke."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A source's exchanges in their order. `root` stands for the tracker's address in all of them."""

    type: str
    deployment: str | None
    root: str
    exchanges: tuple[Exchange, ...] = field(repr=False)


def load(folder: Path) -> Recording:
    """Raises UserError for a folder that holds none, or several, and for files that can't be read."""
    if not (folder / INDEX).is_file():
        several = ", ".join(part.name for part in _parts(folder))
        name = "several" if several else "none"
        raise user_error(
            msg(f"sandbox.replay.{name}"),
            where=str(folder),
            next_step=msg(f"sandbox.replay.{name}.next", folders=several),
        )
    index = _read(folder / INDEX)
    if index.get("schema") != SCHEMA:
        raise user_error(
            msg("sandbox.replay.schema", found=str(index.get("schema")), known=SCHEMA), where=str(folder / INDEX)
        )
    files = sorted((path for path in folder.glob("*.json") if path.stem.isdecimal()), key=lambda path: int(path.stem))
    source = index.get("source") or {}
    return Recording(
        type=str(source.get("type")),
        deployment=source.get("deployment"),
        root=str(index.get("root")),
        exchanges=tuple(_exchange(path) for path in files),
    )


def _parts(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{INDEX}"))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path) from error
    if not isinstance(found, dict):
        raise _unreadable(path)
    return found


def _exchange(path: Path) -> Exchange:
    raw = _read(path)
    try:
        asked, answered = raw["request"], raw["response"]
        return Exchange(
            method=str(asked["method"]),
            path=str(asked["path"]),
            query=tuple((str(name), str(value)) for name, value in asked.get("query", ())),
            body=asked.get("json", asked.get("text")),
            answer=None if answered is None else _answer(answered),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(path) from error


def _answer(raw: Mapping[str, Any]) -> Answer:
    headers = {str(name): str(value) for name, value in raw["headers"].items()}
    return Answer(int(raw["status"]), headers, raw.get("json", raw.get("text")), "json" in raw)


def _unreadable(path: Path) -> UserError:
    return user_error(
        msg("sandbox.replay.unreadable"), where=str(path), next_step=msg("sandbox.replay.unreadable.next")
    )
