"""The label that the gate puts on requirements: one that every tracker takes, and that means nothing else.

A label with a meaning would change what is judged by being put there, and by being taken off.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from okr_delivery.config.types import written
from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.config.document import Document, Place
    from okr_delivery.config.sources import Source

TELL_LABEL = "okr-gate"
LONGEST = 255  # signs of a label, on Jira and on GitLab
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # count as letters and symbols, and show nothing


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a setting gives a meaning to: labels, whole or by how they begin, and GitLab's scopes (`scope::`).

    `exclusive`: of a scope's labels the tracker leaves one on an issue, so that another one of it takes it away.
    """

    key: str
    labels: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    exclusive: bool = False

    def fits(self, label: str) -> bool:
        """Whether a folded label means something by this setting, or takes away one that does."""
        named = {folded(name) for name in self.labels}
        if label in named or label.startswith(tuple(name.casefold() for name in self.prefixes)):
            return True
        scopes = {name.casefold() for name in self.scopes} | {scope_of(name) for name in named if self.exclusive}
        return bool(scope_of(label)) and scope_of(label) in scopes


def told(document: Document, sources: Iterable[Source]) -> Iterator[tuple[Message, Place]]:
    """What is wrong with `gate.tell.label`, or with the default that stands there."""
    known, settings = list(sources), _inner(_inner(document.data, "gate"), "tell")
    text = _text(settings.get("label", TELL_LABEL))
    place: Place = ("gate", "tell", "label") if "label" in settings else ("gate",)
    if text.strip() and not is_seen(text):
        yield msg("config.tell_label.unseen"), place
        return
    for source in known:
        if not is_writable(text, source.type):
            said = {"label": written(text), "source": source.name, "most": LONGEST}
            yield msg(f"config.tell_label.{source.type}", **said), place
    key = next((meaning.key for meaning in _meanings(document, known) if meaning.fits(folded(text))), None)
    if key is not None:
        yield msg("config.tell_label", label=written(text), key=key), place


def is_writable(label: str, type_: str) -> bool:
    """Whether a type of tracker takes a label; True for types that nothing is known of."""
    if type_ == "jira":
        return len(label) <= LONGEST and all(sign.isprintable() and not sign.isspace() for sign in label)
    if type_ == "gitlab":
        return len(label) <= LONGEST and label.isprintable() and label == label.strip() and "," not in label
    return True


def is_seen(label: str) -> bool:
    """Whether a label shows anything: combining marks, joiners and fillers alone do not."""
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in _FILLERS for sign in label)


def folded(label: str) -> str:
    """A label without what people write differently: case and blanks."""
    return " ".join(label.casefold().split())


def scope_of(label: str) -> str:
    """What stands before the last `::`; "" for a plain label."""
    return label.rpartition("::")[0]


def _meanings(document: Document, sources: list[Source]) -> Iterator[Meaning]:
    types = {source.name: source.type for source in sources}
    waive = _text(_inner(_inner(document.data, "gate"), "waive").get("label") or "")
    if waive:
        stem = folded(waive)
        yield Meaning("gate.waive.label", (waive,), (f"{stem}:",), exclusive="gitlab" in types.values())
    for source in sources:
        yield from (_of(source, meaning) for meaning in (*meanings(source), Meaning("jql", _words(source.jql or ""))))
    yield from _of_teams(document, types)


def _of(source: Source, meaning: Meaning) -> Meaning:
    key = f"sources.{meaning.key} ({source.name})"
    return Meaning(key, meaning.labels, meaning.prefixes, meaning.scopes, source.type == "gitlab")


def meanings(source: Source) -> Iterator[Meaning]:
    """What a source's settings give a meaning to, whatever its tracker does with scopes."""
    fields = source.fields
    yield Meaning("requirements.exclude_labels", source.requirements.exclude_labels)
    yield Meaning("non_okr.labels", tuple(name for names in source.non_okr.labels.values() for name in names))
    yield Meaning("dispute.label", (source.dispute.label,))
    yield Meaning("fields", (str(fields.approved), str(fields.rehearsed)))
    yield Meaning("links.labels", prefixes=source.links.labels)
    if source.statuses.label_scope is not None:
        yield Meaning("statuses.label_scope", scopes=(source.statuses.label_scope,))
    if source.type == "gitlab":
        named = "priority" if fields.priority.casefold() == "auto" else fields.priority.rstrip(":")
        yield Meaning("fields.priority", scopes=(named,))


def _words(jql: str) -> tuple[str, ...]:
    """What a query that asks for labels may name as one."""
    if "label" not in jql.casefold():
        return ()
    quoted = [one or other for one, other in re.findall(r"\"([^\"]*)\"|'([^']*)'", jql)]
    return (*quoted, *re.findall(r"[^\s\"'()=!<>~,]+", jql))


def _of_teams(document: Document, types: Mapping[str, str]) -> Iterator[Meaning]:
    """Labels that say whose a requirement is."""
    for team in _rows(document.data, "teams"):
        for selector in _rows(team, "select"):
            named = selector.get("labels")
            labels = tuple(map(_text, named)) if isinstance(named, list) else ()
            exclusive = types.get(_text(selector.get("source"))) == "gitlab"
            yield Meaning(f"teams.select.labels ({written(team.get('id'))})", labels, exclusive=exclusive)


def _rows(data: Any, key: str) -> list[dict[str, Any]]:
    listed = data.get(key) if isinstance(data, dict) else None
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


def _inner(data: Any, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return str(getattr(value, "text", value))
