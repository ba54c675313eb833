"""The gate's baseline: findings that were there when a rule came in. They are shown, don't count, and get fewer.

Only what rules find on single requirements can be in it, by fingerprint: another fault of the same requirement is new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from okr_delivery.delivery.natural import natural
from okr_delivery.gate.finding import Entity, Finding
from okr_delivery.gate.lint import registry as lint
from okr_delivery.gate.rule import RequirementRule
from okr_delivery.gate.rules import RULES
from okr_delivery.gate.settings import nearest
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.config import Config

FILE = "okr-delivery.baseline.json"
VERSION = 1
MAX_BYTES = 50_000_000
FIELDS = ("fingerprint", "rule", "entity")
ISSUE = "issue"

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_CONFLICT = re.compile(r"(?m)^(<{7} |={7}$|>{7} )")
_LIST = re.compile(r'"findings"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Known:
    """One finding of the baseline: no time, no line and no prose, so that it changes only with the finding."""

    fingerprint: str
    rule: str
    entity: str  # SOURCE:KEY, for people, and to find it under the key that it has today

    @classmethod
    def of(cls, finding: Finding) -> Known:
        """The entry for a finding on an issue or, under its full id, on something in the OKR files."""
        return cls(finding.fingerprint, finding.rule, cls.name_of(finding.entity))

    @staticmethod
    def name_of(entity: Entity) -> str:
        """What an entry calls a thing: always two parts with a colon between them."""
        if entity.source is None:
            return entity.key if ":" in entity.key else f"{entity.kind}:{entity.key}"
        return f"{entity.source}:{entity.key}"

    @property
    def place(self) -> tuple[str, str]:
        """Source and key."""
        source, _, key = self.entity.partition(":")
        return source, key

    @property
    def order(self) -> tuple[object, ...]:
        return (self.rule, natural(self.entity), self.fingerprint)


@dataclass(frozen=True)
class Baseline:
    """`entries` are sorted by rule, then entity as people count."""

    entries: tuple[Known, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Known]) -> Baseline:
        """Sorted, each once."""
        return cls(tuple(sorted(set(entries), key=lambda entry: entry.order)))

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        return frozenset(entry.fingerprint for entry in self.entries)

    def text(self) -> str:
        """The file: one entry a line, so that two branches that touch different entries merge."""
        lines = (json.dumps({name: getattr(one, name) for name in FIELDS}, ensure_ascii=False) for one in self.entries)
        body = ",\n".join(lines)
        return f'{{"version": {VERSION}, "findings": [\n{body}\n]}}\n' if body else _EMPTY


_EMPTY = f'{{"version": {VERSION}, "findings": []}}\n'


def suitable(rule: str) -> bool:
    """Whether a rule's findings may be in a baseline: those on single requirements."""
    made = RULES.get(rule)
    return made is not None and issubclass(made, RequirementRule)


def suits(finding: Finding) -> bool:
    """Whether this finding may be in a baseline: one on a single requirement, or on the OKR files."""
    return (finding.entity.kind == ISSUE and suitable(finding.rule)) or finding.rule in lint.ids()


# -- the file ----------------------------------------------------------------------------------------------------------


def load_baseline(config: Config) -> Baseline | None:
    """Reads the file beside the configuration; None where there is none.

    Raises UserError for a file of a newer version, and for a damaged one with every problem and its file:line.
    """
    path = config.root / FILE
    if not path.is_file():
        return None
    return parse(_read(path))


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise user_error(msg("config.yaml.too_big", limit=MAX_BYTES // 1_000_000), where=FILE)
        raw = path.read_bytes()
    except OSError as error:
        raise user_error(msg("config.file.unreadable", reason=error.strerror or ""), where=FILE) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _damaged(msg("config.file.not_utf8"), line) from None


def parse(text: str) -> Baseline:
    """Reads the text of a baseline. Raises UserError as `load_baseline` does."""
    try:
        data = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        conflict = _CONFLICT.search(text)
        line = error.lineno if conflict is None else text.count("\n", 0, conflict.start()) + 1
        raise _damaged(msg("baseline.syntax" if conflict is None else "baseline.conflict"), line) from None
    except (RecursionError, ValueError):
        raise _damaged(msg("baseline.syntax"), 1) from None
    return _baseline(data, text)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of a name that stands twice, readers see the one and programs the other. Raises ValueError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _baseline(data: object, text: str) -> Baseline:
    version = data.get("version") if isinstance(data, dict) else None
    if not isinstance(data, dict) or type(version) is not int or version < 1:
        raise _damaged(msg("baseline.no_version"), 1)
    if version > VERSION:
        step = msg("baseline.newer.next", version=version)
        raise user_error(msg("baseline.newer", found=version, known=VERSION), where=FILE, next_step=step)
    found = data.get("findings")
    if not isinstance(found, list) or data.keys() != {"version", "findings"}:
        raise _damaged(msg("baseline.no_findings"), 1)
    problems = list(_problems(found))
    if problems:
        lines = _lines(text)
        raise UserError([_problem(what, lines[n] if n < len(lines) else 1) for n, what in problems])
    return Baseline.of(Known(**entry) for entry in found)


def _problems(entries: list[object]) -> Iterator[tuple[int, Message]]:
    """What is wrong with which entry."""
    seen: set[str] = set()
    for n, entry in enumerate(entries):
        wrong = _wrong(entry)
        if wrong is not None:
            yield n, wrong
        elif isinstance(entry, dict):
            if entry["fingerprint"] in seen:
                yield n, msg("baseline.twice", entity=entry["entity"], rule=entry["rule"])
            seen.add(entry["fingerprint"])


def _wrong(entry: object) -> Message | None:
    if not isinstance(entry, dict) or entry.keys() != set(FIELDS):
        return msg("baseline.entry", fields=FIELDS)
    if not all(isinstance(value, str) for value in entry.values()):
        return msg("baseline.entry", fields=FIELDS)
    if not _FINGERPRINT.fullmatch(entry["fingerprint"]):
        return msg("baseline.fingerprint")
    if not all(entry["entity"].partition(":")):
        return msg("baseline.entity", entity=entry["entity"])
    return None if suitable(entry["rule"]) or entry["rule"] in lint.ids() else _no_rule(entry["rule"])


def _no_rule(rule: str) -> Message:
    near = nearest(rule)
    if near is None or near == rule:
        return msg("baseline.rule", rule=rule)
    return msg("baseline.rule.nearest", rule=rule, nearest=near)


def _lines(text: str) -> list[int]:
    """The line that each entry of a well-formed file begins in."""
    start = _LIST.search(text)
    lines: list[int] = []
    place = start.end() if start else len(text)
    reader = json.JSONDecoder()
    while (place := _skip(text, place)) < len(text) and text[place] != "]":
        lines.append(text.count("\n", 0, place) + 1)
        place = reader.raw_decode(text, place)[1]
    return lines


def _skip(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _problem(what: Message, line: int) -> Problem:
    return Problem(what, f"{FILE}:{line}", msg("baseline.repair"))


def _damaged(what: Message, line: int) -> UserError:
    return UserError([_problem(what, line)])
