"""The ledger: facts that cannot be fetched again, one JSON line each, append-only, in the user's git.

`ledger/<year-month of the fact>/<team>.jsonl`; the first line of an identity (kind, source, entity, iteration) wins,
in the order of months, file names and lines. Lines hold ids, keys, numbers and claim lines, no titles. A line that
can't be read, such as the torn last one of a killed run, is reported and the rest is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from okr_delivery.model.errors import Problem, user_error
from okr_delivery.model.message import msg
from okr_delivery.store.codes import clean, digest
from okr_delivery.store.lock import lock_file
from okr_delivery.store.rows import Fact

NO_TEAM = "no-team"  # issues that no team's `select` matches
FIXED = ("kind", "source", "entity", "iteration", "at", "team", "issue")


@dataclass(frozen=True, slots=True)
class LedgerRead:
    """What a ledger holds: each identity once, and the lines that could not be read."""

    facts: tuple[Fact, ...]
    problems: tuple[Problem, ...] = ()


class Ledger:
    """A ledger folder. Reading a folder that does not exist finds nothing; the first append makes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> list[Path]:
        """Its files, oldest month first."""
        return sorted(self.path.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]/*.jsonl"))

    def mark(self) -> str:
        """Changes when any file does; cheap, reads no file."""
        stats = [(f.relative_to(self.path).as_posix(), f.stat()) for f in self.files()]
        return digest([[name, s.st_size, s.st_mtime_ns] for name, s in stats]).hex()

    def read(self) -> LedgerRead:
        """Every fact once. Raises UserError when a file can't be opened."""
        facts: dict[tuple[str, str, str, str], Fact] = {}
        problems: list[Problem] = []
        for file in self.files():
            for number, line in enumerate(_lines(file), 1):
                fact = _parse(line)
                if fact is not None:
                    facts.setdefault(fact.identity, fact)
                elif line.strip():
                    problems.append(Problem(msg("sync.ledger.unreadable"), f"{file}:{number}"))
        return LedgerRead(tuple(facts.values()), tuple(problems))

    def append(self, facts: Iterable[Fact]) -> None:
        """Appends facts, each file in one write that is on the disk when this returns. Raises UserError."""
        files: dict[Path, list[Fact]] = defaultdict(list)
        for fact in facts:
            files[self.path / _month(fact.at) / f"{slug(fact.team or NO_TEAM)}.jsonl"].append(fact)
        for file, found in sorted(files.items()):
            try:
                _append(file, "".join(f"{_render(fact)}\n" for fact in found))
            except OSError as error:
                raise _unwritable(file, error) from error


def slug(team: str) -> str:
    """A file name for a team: itself when it is tame, else a tame form with a digest that keeps names apart."""
    tame = re.sub(r"[^a-z0-9]+", "-", team.lower()).strip("-")[:60]
    if tame == team:
        return team
    return "-".join(part for part in (tame, hashlib.blake2b(team.encode(), digest_size=4).hexdigest()) if part)


def _lines(file: Path) -> Sequence[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise user_error(msg("sync.ledger.closed", detail=detail), where=str(file)) from error


def _parse(line: str) -> Fact | None:
    try:
        said = json.loads(line)
        at = int(datetime.fromisoformat(said["at"]).timestamp())
        kind, source, entity = said["kind"], said["source"], said["entity"]
    except (ValueError, TypeError, KeyError):
        return None
    if not all(isinstance(part, str) for part in (kind, source, entity)):
        return None
    body = {k: v for k, v in said.items() if k not in FIXED}
    return Fact(kind, source, entity, at, str(said.get("team") or ""), said.get("iteration"), said.get("issue"), body)


def _render(fact: Fact) -> str:
    said: Mapping[str, object] = {
        "kind": fact.kind,
        "source": fact.source,
        "entity": fact.entity,
        "iteration": fact.iteration,
        "at": datetime.fromtimestamp(fact.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "team": fact.team,
        "issue": fact.issue_id,
        **fact.body,
    }
    return clean(json.dumps(said, ensure_ascii=False, separators=(", ", ": ")))


def _month(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def _append(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        lock_file(handle, wait=True)
        size = os.fstat(handle).st_size
        torn = size > 0 and _last_byte(handle, size) != b"\n"
        _write(handle, ("\n" + text if torn else text).encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _last_byte(handle: int, size: int) -> bytes:
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1)


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _unwritable(file: Path, error: OSError) -> Exception:
    detail = error.strerror or type(error).__name__
    return user_error(
        msg("sync.ledger.unwritable", detail=detail), where=str(file), next_step=msg("sync.ledger.unwritable_help")
    )
