"""The folder of a recording: one file per exchange, numbered in the order in which the answers came, and an index."""

from __future__ import annotations

import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

import okr_delivery
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.sync.errors import AbortSyncError
from okr_delivery.sync.record.exchange import Cleaner, exchange, label
from okr_delivery.sync.record.places import OWN

SCHEMA = "okr-delivery/recording/1"
INDEX = "index.json"
_UNTAME = re.compile(r"[^a-z0-9]+")


def prepare(folder: Path) -> None:
    """Makes an empty folder that only its owner can read. Raises UserError if it isn't empty or can't be written."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise user_error(
                msg("sync.record.not_empty"), where=str(folder), next_step=msg("sync.record.not_empty_help")
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        probe = folder / ".probe"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise UserError([_unwritable(folder, error)]) from error


def part(folder: Path, number: int, source: str) -> Path:
    """The folder of one of several sources: a name that every system allows."""
    tame = _UNTAME.sub("-", source.lower()).strip("-")[:40]
    return folder / f"{number:02d}-{tame}".rstrip("-")


class Recorder:
    """Observes one source's transport, from any thread, and writes what it sees.

    A file that can't be written ends the sync: a recording with a hole says something that did not happen. Raises
    AbortSyncError then, and again for whatever is sent after it. `kind` is the source's type.
    """

    def __init__(self, folder: Path, clean: Cleaner, *, kind: str, scrubbed: bool, clock: Callable[[], float]) -> None:
        self.folder = folder
        self.exchanges = 0
        self.size = 0  # bytes of all files
        self._clean = clean
        self._lock = threading.Lock()
        self._labels: Counter[str] = Counter()
        self._deployment: str | None = None
        self._about = {"type": kind, "scrubbed": scrubbed, "recorded_at": _iso(clock())}
        self._broken: Problem | None = None
        self._write_index()

    def __call__(self, request: requests.PreparedRequest, response: requests.Response | None) -> None:
        """Keeps one exchange."""
        with self._lock:
            if self._broken is not None:
                raise AbortSyncError([self._broken])
            found = exchange(request, response, self._clean)
            self._write(f"{self.exchanges + 1:04d}.json", found)
            self._note(found)
            self.exchanges += 1

    @property
    def whole(self) -> bool:
        """Whether everything could be written."""
        return self._broken is None

    def close(self) -> None:
        """Completes the index. Raises AbortSyncError when it can't be written."""
        with self._lock:
            if self._broken is None:
                self._write_index()

    def _note(self, found: dict[str, Any]) -> None:
        self._labels[label(found["request"])] += 1
        body = (found["response"] or {}).get("json")
        if found["request"]["path"].endswith("/serverInfo") and isinstance(body, dict):
            self._deployment = str(body.get("deploymentType") or "") or None

    def _write_index(self) -> None:
        about = self._about
        source = {"type": about["type"], "deployment": self._deployment}
        self._write(
            INDEX,
            {
                "schema": SCHEMA,
                "tool": {"name": "okr-delivery", "version": okr_delivery.__version__},
                "source": source,
                "recorded_at": about["recorded_at"],
                "scrubbed": about["scrubbed"],
                "root": OWN,
                "exchanges": self.exchanges,
                "endpoints": dict(sorted(self._labels.items())),
            },
        )

    def _write(self, name: str, content: dict[str, Any]) -> None:
        data = (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")
        target, beside = self.folder / name, self.folder / f".{name}.part"
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
                stream.write(data)
            beside.replace(target)
        except OSError as error:
            self._broken = _unwritable(self.folder, error)
            raise AbortSyncError([self._broken]) from error
        self.size += len(data)


def _unwritable(folder: Path, error: OSError) -> Problem:
    detail = error.strerror or type(error).__name__
    return Problem(msg("sync.record.unwritable", detail=detail), str(folder), msg("sync.record.unwritable_help"))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat()
