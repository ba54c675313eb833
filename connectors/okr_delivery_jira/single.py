"""Single issues by key, without reading what else changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from okr_delivery_jira.dialects import Block, Body, Dialect
from okr_delivery_jira.jql import Scope
from okr_delivery_jira.settings import Settings
from okr_delivery_jira.text import string

_KEY = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]{1,18}", re.ASCII | re.IGNORECASE)
MOST = 100
"""Keys that are asked for together."""


@dataclass(frozen=True, slots=True)
class SingleReader:
    """Reads single issues of one source. What lies outside its scope is left out."""

    dialect: Dialect
    settings: Settings
    scope: Scope

    def blocks(self, keys: Iterable[str]) -> list[Block]:
        """Whole issues; text that is no key leads to none."""
        wanted = list(dict.fromkeys(key.upper() for key in map(str.strip, keys) if _KEY.fullmatch(key)))
        parts = [wanted[start : start + MOST] for start in range(0, len(wanted), MOST)]
        return [block for part in parts if (block := self._block(part)) is not None]

    def _block(self, keys: Sequence[str]) -> Block | None:
        fields = self.settings.body_fields
        inside = self._inside(self.dialect.named(keys, fields))
        return self.dialect.whole(inside, fields) if inside else None

    def _inside(self, bodies: Sequence[Body]) -> list[Body]:
        """The project tells where it is all that the scope names; the site is asked where boards or conditions do."""
        if not bodies:
            return []
        if self.scope.by_projects:
            return [body for body in bodies if self._of_project(body)]
        ids = self.dialect.within(self.scope.clause(), [str(body["id"]) for body in bodies])
        return [body for body in bodies if str(body["id"]) in ids]

    def _of_project(self, body: Body) -> bool:
        fields = body.get("fields")
        project = fields.get("project") if isinstance(fields, dict) else None
        if not isinstance(project, dict):
            return False
        named = {name.casefold() for name in self.scope.projects}
        named |= {part.casefold() for known in self.settings.projects for part in known}
        own = (string(project.get("id")), string(project.get("key")))
        return any(part is not None and part.casefold() in named for part in own)
