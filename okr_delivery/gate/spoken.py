"""The issues that a text speaks of, such as a merge request's title, description and branch: read, nobody is asked.

A key counts where a source reads its project, so that `UTF-8` is no issue; a branch may write it in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from okr_delivery.delivery import find, keys
from okr_delivery.gate.examples import advice
from okr_delivery.gate.request import in_scope
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.delivery.snapshot import Snapshot

LONGEST = 1_000_000  # bytes of a text
_STEP = r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}"
_NAMED = re.compile(
    rf"""
    (?P<url>https?://[^\s<>()"'`]{{1,2000}})
    | (?<![\w/#&.-])(?P<path>{_STEP}(?:/{_STEP}){{0,20}})?\#(?P<iid>[1-9][0-9]{{0,9}})(?!\w)
    | (?<![A-Za-z0-9_])(?P<key>[A-Za-z][A-Za-z0-9_]{{1,99}}-[1-9][0-9]{{0,9}})(?![A-Za-z0-9_])
    """,
    re.VERBOSE | re.ASCII,
)


def spoken(text: str, snapshot: Snapshot, project: str | None = None) -> tuple[str, ...]:
    """The keys in a text that some source should hold, as trackers write them, each once and in order.

    `project` is where the text stands: `#12` is an issue there, and `app#12` one of its group's. Without it they are
    nothing, because they may be another tracker's.
    """
    return tuple(dict.fromkeys(_Reader(snapshot, project).keys(text)))


def issues_in(text: str, snapshot: Snapshot) -> tuple[str, ...]:
    """The issues that a text speaks of; raises UserError when there are none."""
    found = spoken(text, snapshot)
    if not found:
        step = advice("telling.spoken.nothing.next", snapshot, snapshot.config.sources)
        raise user_error(msg("telling.spoken.nothing"), next_step=step)
    return found


def cut_off() -> UserError:
    """What a text speaks of behind its end is not known, so that the rest gives no verdict."""
    return user_error(msg("telling.spoken.cut"), where="--issues-from", next_step=msg("telling.spoken.cut.next"))


class _Reader:
    def __init__(self, snapshot: Snapshot, project: str | None) -> None:
        self._snapshot = snapshot
        self._project = project
        self._known: dict[str, frozenset[str]] = {}

    def keys(self, text: str) -> Iterator[str]:
        for named in _NAMED.finditer(text):
            if named["url"] is not None:
                yield from self._of_page(named["url"].rstrip(".,;:!?"))
            elif named["iid"] is not None:
                yield from self._of_path(named["path"], named["iid"])
            else:
                yield from self._of_key(named["key"].upper())

    def _of_page(self, url: str) -> Iterator[str]:
        for source in self._snapshot.config.sources:
            key = _page(url, source, self._snapshot.sites)
            if key is not None and self._reads(source, keys.project_of(key)):
                yield key

    def _of_path(self, path: str | None, iid: str) -> Iterator[str]:
        home = self._project
        if path is None or "/" not in path:
            if home is None:
                return
            group = home.rpartition("/")[0]
            path = home if path is None else f"{group}/{path}"
        if path == home or any(self._reads(source, path) for source in self._snapshot.config.sources):
            yield f"{path}#{iid}"

    def _of_key(self, key: str) -> Iterator[str]:
        if any(self._reads(source, keys.project_of(key)) for source in self._snapshot.config.sources):
            yield key

    def _reads(self, source: Source, project: str) -> bool:
        return bool(project) and (in_scope(source, project) or project.casefold() in self._held(source))

    def _held(self, source: Source) -> frozenset[str]:
        """Projects that only the store can tell: the settings name none, or some by number."""
        places = (*source.projects, *source.groups)
        if places and not any(place.isdecimal() for place in places):
            return frozenset()
        if source.name not in self._known:
            items = self._snapshot.view(source.name).items.values()
            self._known[source.name] = frozenset(item.issue.project.casefold() for item in items)
        return self._known[source.name]


def _page(url: str, source: Source, sites: Mapping[str, str | None]) -> str | None:
    """The key that an address of a source's own site speaks of."""
    try:
        return find.key_for(url, source, sites.get(source.name))
    except ValueError:  # no address after all
        return None
