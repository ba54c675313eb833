"""From what a person types or pastes to one issue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from okr_delivery.delivery.item import Item
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
        found = None if key is None else _by_key(key, view(source.name))
        if found is not None:
            yield found


def sources_of(text: str, config: Config, sites: Sites) -> list[Source]:
    """The sources that may hold what `text` names, by its form and the projects that they are limited to.

    An address that belongs to none may be on the site of a source that was never asked where that is.
    """
    asked = text.strip()
    named = [(source, key_for(asked, source, sites.get(source.name))) for source in config.sources]
    if "://" in asked and _host(asked) is not None and not any(key for _, key in named):
        named = [(source, _from_path(asked)) for source in config.sources if sites.get(source.name) is None]
    known = [(source, key.rpartition("-")[0].casefold()) for source, key in named if key is not None]
    own = [source for source, project in known if project in {each.casefold() for each in source.projects}]
    return (own and [source for source, _ in known if source in own or not source.projects]) or [s for s, _ in known]


def key_for(asked: str, source: Source, site: str | None = None) -> str | None:
    """What `asked` means in a source whose issues people open at `site`; None when it speaks of another one."""
    if "://" in asked:
        return _from_path(asked) if _same_host(asked, source.url) or own_link(asked, None, site) else None
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


def _from_path(url: str) -> str | None:
    parts = urlsplit(url)
    if "selectedIssue" in (query := parse_qs(parts.query)):
        return query["selectedIssue"][0]
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if "browse" in steps[:-1]:
        return steps[steps.index("browse") + 1]
    return steps[-1] if steps else None


def _by_key(key: str, view: SourceView) -> Item | None:
    wanted = key.casefold()
    for item in view.items.values():
        if item.key.casefold() == wanted:
            return item
    for old, issue_id in view.aliases.items():
        if old.casefold() == wanted:
            return view.items.get(issue_id)
    return None


def _ambiguous(asked: str, hits: list[Item]) -> UserError:
    candidates = ", ".join(f"{item.source}:{item.key}" for item in hits)
    what = msg("delivery.issue.ambiguous", key=asked, candidates=candidates)
    return user_error(what, next_step=msg("delivery.issue.ambiguous.next"))


def _unknown(asked: str, config: Config, view: View) -> UserError:
    keys = [item.key for source in config.sources for item in view(source.name).items.values()]
    near = get_close_matches(asked.upper(), keys, 1)
    step = msg("delivery.issue.nearest", key=near[0]) if near else msg("delivery.issue.unknown.next")
    return user_error(msg("delivery.issue.unknown", key=asked), next_step=step)
