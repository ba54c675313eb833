"""Single issues and epics by key, without reading what else changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from okr_delivery_gitlab.capabilities import Capabilities
from okr_delivery_gitlab.client import GitLabClient, StatusError
from okr_delivery_gitlab.epics import EpicReader, offers_epics
from okr_delivery_gitlab.lists import named
from okr_delivery_gitlab.scope import HIDDEN
from okr_delivery_gitlab.settings import Project, Settings
from okr_delivery_gitlab.values import Row, instant, string

_KEY = re.compile(r"(?:(?P<path>[^#&]*)(?P<sign>[#&]))?(?P<iid>[1-9][0-9]{0,17})", re.ASCII)
AFTER = "single"
"""The cursor of a page that no list led to."""
MOVES = 3
"""How often one issue is followed to where it lives on."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Numbers in one project, or with `group` those of a group's epics; `id` is the project's, of a group its path."""

    id: str
    group: bool
    iids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SingleReader:
    """Reads single rows of one source. What lies outside its scope is left out.

    `oldest` (epoch seconds): closed issues not updated since are out of scope. `key_of` names the issue of a global id.
    """

    client: GitLabClient
    settings: Settings
    oldest: int | None
    key_of: Callable[[str], str | None]

    def elsewhere(self, keys: Sequence[str]) -> bool:
        """Whether a key lies in a group in scope, but in no project of it that is known."""
        return any(
            path and sign == "#" and self._project(path) is None and self._in_group(path)
            for path, sign, _ in _parts(keys)
        )

    def rows(self, keys: Sequence[str]) -> list[Row]:
        """As the lists of a sync hold them, with what moved issues live on as; text that is no key leads to none."""
        found: dict[str, Row] = {}
        wanted: Sequence[str] = keys
        for _ in range(1 + MOVES):
            fresh = {str(row["id"]): row for spot in self._spots(wanted) for row in self._of(spot)}
            found |= fresh
            moved = {ref for row in fresh.values() if (ref := string(row.get("moved_to_id"))) and ref not in found}
            wanted = [key for ref in sorted(moved) if (key := self.key_of(ref)) is not None]
            if not wanted:
                break
        return list(found.values())

    def _spots(self, keys: Iterable[str]) -> list[Spot]:
        found: dict[tuple[str, bool], dict[str, None]] = {}
        for path, sign, iid in _parts(keys):
            project = self._project(path) if sign == "#" else None
            if project is not None:
                found.setdefault((project.id, False), {})[iid] = None
            elif sign == "&" and self._in_group(path):
                found.setdefault((path, True), {})[iid] = None
        return [Spot(ref, group, tuple(iids)) for (ref, group), iids in found.items()]

    def _project(self, path: str) -> Project | None:
        """The project in scope of that path, or the only one that a shortened path may stand for."""
        wanted = path.casefold()
        exact = [p for p in self.settings.projects if p.path.casefold() == wanted]
        tail = f"/{wanted}" if wanted else ""
        fits = exact or [p for p in self.settings.projects if f"/{p.path}".casefold().endswith(tail)]
        return fits[0] if len(fits) == 1 else None

    def _in_group(self, path: str) -> bool:
        return any(f"{path}/".casefold().startswith(f"{g.path}/".casefold()) for g in self.settings.groups)

    def _of(self, spot: Spot) -> Iterator[Row]:
        yield from (row for row in (self._epics if spot.group else self._issues)(spot) if self._in_time(row))

    def _issues(self, spot: Spot) -> list[Row]:
        """By the list that a sync reads, so that both hold the same."""
        asked = {"scope": "all", "with_labels_details": "true", "iids[]": list(spot.iids)}
        paths = {project.id: project.path for project in self.settings.projects}
        try:
            rows = self.client.rows(f"projects/{spot.id}/issues", asked, what="projects/:id/issues", expect=HIDDEN)
        except StatusError:
            return []
        return [named(row, paths) for row in rows if string(row.get("iid")) in spot.iids]

    def _epics(self, spot: Spot) -> list[Row]:
        can = Capabilities.from_json(self.settings.capabilities)
        if "epics" not in self.settings.features or not offers_epics(can):
            return []
        return EpicReader(self.client, can).numbered(spot.id, spot.iids)

    def _in_time(self, row: Row) -> bool:
        if self.oldest is None or row.get("state") != "closed":
            return True
        try:
            return (instant(row.get("updated_at")) or 0) >= self.oldest
        except ValueError:
            return True  # whoever reads the row says what is wrong with it


def _parts(keys: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Path, sign and number of each key; a number alone stands behind `#`."""
    for key in keys:
        found = _KEY.fullmatch(key.strip())
        if found is not None:
            yield (found["path"] or "").strip("/"), found["sign"] or "#", found["iid"]
