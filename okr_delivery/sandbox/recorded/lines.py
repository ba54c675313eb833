"""The lines of recorded files, sorted by what each payload is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg
from okr_delivery.sandbox.site import Wire


@dataclass(slots=True)
class Payloads:
    """What was recorded of one site."""

    issues: list[Wire] = field(default_factory=list)
    fields: list[Wire] = field(default_factory=list)
    statuses: list[Wire] = field(default_factory=list)
    types: list[Wire] = field(default_factory=list)
    boards: list[Wire] = field(default_factory=list)
    configurations: list[Wire] = field(default_factory=list)
    sprints: list[Wire] = field(default_factory=list)
    servers: list[Wire] = field(default_factory=list)


MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("issues", frozenset({"key", "id", "fields"})),
    ("fields", frozenset({"clauseNames", "custom"})),
    ("statuses", frozenset({"statusCategory", "name"})),
    ("configurations", frozenset({"columnConfig", "id"})),
    ("sprints", frozenset({"state", "originBoardId"})),
    ("boards", frozenset({"type", "location"})),
    ("types", frozenset({"subtask", "name"})),
    ("servers", frozenset({"deploymentType", "baseUrl"})),
)
"""Which members tell what a payload is; the first that fits."""


def read(files: Sequence[Path]) -> dict[str, Payloads]:
    """Payloads by site. Raises UserError with every line that is none, and for files that can't be read."""
    sites: dict[str, Payloads] = {}
    for site, payload in payloads(files):
        kind = next((name for name, members in MARKS if members <= payload.keys()), None)
        if kind:
            getattr(sites.setdefault(site, Payloads()), kind).append(payload)
    return sites


def payloads(files: Sequence[Path]) -> list[tuple[str, Wire]]:
    """Every payload with its site. Raises UserError with every line that is none, and for files that can't be read."""
    found: list[tuple[str, Wire]] = []
    problems: list[Problem] = []
    for path in files:
        for where, row in _rows(path, problems):
            site, payload = row.get("site"), row.get("payload")
            if isinstance(site, str) and isinstance(payload, dict):
                found.append((site, payload))
            else:
                problems.append(Problem(msg("sandbox.recorded.line"), where))
    if problems:
        raise UserError(problems)
    return found


def _rows(path: Path, problems: list[Problem]) -> Iterator[tuple[str, Mapping[str, object]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problems.append(Problem(msg("sandbox.recorded.unreadable", reason=reason or ""), str(path)))
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            yield where, row
        else:
            problems.append(Problem(msg("sandbox.recorded.line"), where))
