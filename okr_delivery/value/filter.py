"""The part of JQL that can be answered from the store: `labels = x AND project = PAY AND type = Story`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item

_CLAUSE = re.compile(r"\s*([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'()=,]+))\s*")
_AND = re.compile(r"AND\b", re.IGNORECASE)
_FIELDS: Mapping[str, str] = {
    "labels": "labels",
    "label": "labels",
    "project": "project",
    "type": "type",
    "issuetype": "type",
    "component": "component",
    "components": "component",
}


@dataclass(frozen=True, slots=True)
class Clause:
    """`name` is labels, project, type or component; values are compared whatever their case, by name or id."""

    name: str
    value: str

    def meets(self, item: Item) -> bool:
        return self.value.casefold() in {text.casefold() for text in self._texts(item)}

    def _texts(self, item: Item) -> Iterable[str]:
        issue = item.issue
        if self.name == "labels":
            return issue.labels
        if self.name == "project":
            return issue.project, issue.project_id
        return (issue.type, issue.type_id) if self.name == "type" else issue.components


def compile_jql(text: str) -> tuple[Clause, ...] | None:
    """The clauses, all of which must hold; None when the query says anything else."""
    found = list(_clauses(text))
    return None if None in found else tuple(clause for clause in found if clause is not None)


def _clauses(text: str) -> Iterator[Clause | None]:
    position = 0
    while True:
        match = _CLAUSE.match(text, position)
        name = _FIELDS.get(match[1].lower()) if match else None
        if match is None or name is None:
            yield None
            return
        yield Clause(name, next(value for value in match.groups()[1:] if value is not None))
        position = match.end()
        if position == len(text):
            return
        word = _AND.match(text, position)
        if word is None:
            yield None
            return
        position = word.end()
