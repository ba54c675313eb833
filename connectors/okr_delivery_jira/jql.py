"""The queries: what is in scope, and since when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from okr_delivery_jira import instants
from okr_delivery_jira.problems import refused

_ORDER_BY = re.compile(r"\border\s+by\b", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
ORDER = "ORDER BY id ASC"
RELATIVE_SLACK = 3600
"""Seconds that a run may wait between reading the server's clock and the search."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The issues of a source: the union of projects and filters, narrowed."""

    projects: Sequence[str] = ()
    filters: Sequence[str] = ()
    jql: str | None = None
    since: date | None = None

    def clause(self) -> str:
        """A bounded JQL condition. Raises ConfigError when nothing bounds it or the narrowing can't be a condition."""
        union = [f"project in ({', '.join(quote(key) for key in self.projects)})"] if self.projects else []
        union += [f"filter = {found if found.isdigit() else quote(found)}" for found in self.filters]
        parts = [f"({' OR '.join(union)})"] if union else []
        if self.jql and self.jql.strip():
            parts.append(f"({_condition(self.jql)})")
        if not parts:
            raise refused("no_scope")
        if self.since is not None:
            parts.append(f'(updated >= "{self.since.isoformat()}" OR statusCategory != Done)')
        return " AND ".join(parts)

    @property
    def by_projects(self) -> bool:
        """Whether the project alone decides which issues are in scope."""
        return bool(self.projects) and not self.filters and not (self.jql or "").strip() and self.since is None

    def lively(self, since: int, zone: str | None) -> str:
        """Issues that are open or were updated since an instant (epoch seconds)."""
        return f'{self.clause()} AND (statusCategory != Done OR updated >= "{instants.literal(since, zone)}")'

    def changed(self, since: int, zone: str | None, now: int) -> str:
        """Issues updated since an instant (epoch seconds).

        Said twice: as a literal in the caller's zone, and relative to the server's clock, so that a zone that was
        changed a minute ago, or is unknown, loses nothing. Never an upper bound.
        """
        minutes = -(-(max(now - since, 0) + RELATIVE_SLACK) // 60)
        literal = instants.literal(since, zone)
        return f'{self.clause()} AND (updated >= "{literal}" OR updated >= -{minutes}m)'


def quote(text: str) -> str:
    """A JQL text operand."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _condition(jql: str) -> str:
    """The user's narrowing without a trailing sort, which the union could not carry."""
    bare = _QUOTED.sub(lambda match: "x" * len(match[0]), jql)
    sort = _ORDER_BY.search(bare)
    end = sort.start() if sort else len(jql)
    condition = jql[:end].strip()
    if not condition or not _balanced(bare[:end]):
        raise refused("jql_unbalanced", None, jql=jql)
    return condition


def _balanced(text: str) -> bool:
    depth = 0
    for sign in re.findall(r"[()]", text):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            return False
    return depth == 0
