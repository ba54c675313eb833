"""From what a person types or pastes to one issue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from okr_delivery.delivery import keys
from okr_delivery.delivery.item import Item
from okr_delivery.delivery.teams import is_inside
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg
from okr_delivery.model.text import own_link

if TYPE_CHECKING:
    from okr_delivery.config import Config, Source
    from okr_delivery.delivery.sourceview import SourceView

View = Callable[[str], "SourceView"]


Sites = Mapping[str, str | None]
"""Where each source says that people open its issues, by name."""


def find(text: str, config: Config, view: View, sites: Sites) -> Item:
    """The issue that a key, an old key, a browser URL or SOURCE:KEY names.

    Raises UserError when no issue has that key (naming the nearest one) and when several sources have it.
    """
    asked = text.strip()
    hits = list(_hits(asked, config, view, sites))
    if len(hits) == 1:
        return hits[0]
    raise _ambiguous(asked, hits) if hits else _unknown(asked, config, view)


def _hits(asked: str, config: Config, view: View, sites: Sites) -> Iterator[Item]:
    for source in config.sources:
        key = key_for(asked, source, sites.get(source.name))
        if key is not None:
            yield from view(source.name).by_key(key)


def sources_of(text: str, config: Config, sites: Sites) -> list[Source]:
    """The sources that may hold what `text` names, by its form and the projects that they are limited to.

    An address that belongs to none may be on the site of a source that was never asked where that is.
    """
    asked = text.strip()
    named = [(source, key_for(asked, source, sites.get(source.name))) for source in config.sources]
    if "://" in asked and _host(asked) is not None and not any(key for _, key in named):
        named = [(source, keys.from_url(asked)) for source in config.sources if sites.get(source.name) is None]
    known = [(source, key) for source, key in named if key is not None]
    own = [source for source, key in known if _has_place(source, key)]
    return (own and [source for source, _ in known if source in own or _is_unlimited(source)]) or [s for s, _ in known]


def _has_place(source: Source, key: str) -> bool:
    """Whether the key's project is one that the source is limited to; of a shortened key only its form can tell."""
    project = keys.project_of(key)
    if project.casefold() in {each.casefold() for each in source.projects}:
        return True
    if any(is_inside(project, group) for group in source.groups):
        return True
    short = keys.split(key)
    by_path = bool(source.groups) or any("/" in name or name.isdecimal() for name in source.projects)
    shown = short is not None and short.sign != keys.DASH and by_path
    return shown and ("/" not in project or _is_unlimited(source))


def _is_unlimited(source: Source) -> bool:
    """One that names no places, or names them by ids, which no key holds."""
    places = (*source.projects, *source.groups)
    return not places or any(place.isdecimal() for place in places)


def key_for(asked: str, source: Source, site: str | None = None) -> str | None:
    """What `asked` means in a source whose issues people open at `site`; None when it speaks of another one."""
    if "://" in asked:
        ours = _same_host(asked, source.url) or own_link(asked, None, site)
        return keys.from_url(asked, source.url) if ours else None
    prefix, colon, rest = asked.partition(":")
    if colon:
        return rest.strip() if prefix == source.name else None
    return asked


def _same_host(url: str, base: str) -> bool:
    one, other = _host(url), _host(base)
    return one is not None and one == other


def _host(url: str) -> tuple[str | None, int | None] | None:
    """Host and port as they are written; None for what is no address."""
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.port
    except ValueError:
        return None


def _ambiguous(asked: str, hits: list[Item]) -> UserError:
    candidates = ", ".join(f"{item.source}:{item.key}" for item in hits)
    what = msg("delivery.issue.ambiguous", key=asked, candidates=candidates)
    return user_error(what, next_step=msg("delivery.issue.ambiguous.next"))


def _unknown(asked: str, config: Config, view: View) -> UserError:
    places = {
        key: (source.name, ref) for source in config.sources for key, ref in view(source.name).like(asked).items()
    }
    near = (places[key] for key in get_close_matches(asked.casefold(), places))
    item = next((item for name, ref in near if (item := view(name).item(ref)) is not None), None)
    step = msg("delivery.issue.unknown.next") if item is None else msg("delivery.issue.nearest", key=item.key)
    return user_error(msg("delivery.issue.unknown", key=asked), next_step=step)
