"""`gate --sync`: brings up to date what is asked about, and no more than that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.cli.refusals import of_source
from okr_delivery.model.errors import UserError

if TYPE_CHECKING:
    from okr_delivery.cli.merging import Desk
    from okr_delivery.config import Source
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.model.message import Message
    from okr_delivery.sync.single import Refreshed


@dataclass
class Refresh:
    """Sources that could not be refreshed and why, by name, and of the others the single issues that were."""

    refused: dict[str, Message] = field(default_factory=dict)
    refreshed: dict[str, Refreshed] = field(default_factory=dict)


def refresh(app: App, teams: tuple[str, ...], issues: tuple[str, ...], desk: Desk | None) -> Refresh:
    """The named issues, else what a merge request speaks of, else the sources of the teams. Shows what refused."""
    app.check_teams(teams)
    if issues:
        return _of_issues(app, issues)
    if desk is not None:
        return _of_sources(app, list(_of_request(app, desk)))
    return _of_sources(app, list(_of_teams(app, teams)))


def _of_sources(app: App, sources: Sequence[Source]) -> Refresh:
    from okr_delivery.cli.syncing import sync_sources

    _, errors = sync_sources(app, sources)
    for error in errors.values():
        app.show_error(error)
    return Refresh({name: error.problems[0].what for name, error in errors.items() if not _enough(error)})


def _enough(error: UserError) -> bool:
    """Whether only older history is missing of what the run was to fetch: planning can be judged without it."""
    from okr_delivery.sync.errors import SyncError

    return isinstance(error, SyncError) and error.done is not None and error.done.whole_since is not None


def _of_teams(app: App, teams: tuple[str, ...]) -> Iterator[Source]:
    from okr_delivery.delivery.teams import sources_of

    chosen = [team for team in app.config.effective_teams() if not teams or team.id in teams]
    names = {name for team in chosen for name in sources_of(team)}
    yield from (source for source in app.config.sources if source.name in names)


def _of_request(app: App, desk: Desk) -> Iterator[Source]:
    """The merge request's own source, and those of issues in other trackers that it speaks of."""
    from okr_delivery.gate.request import homes

    keys = (*desk.request.closes, *desk.request.mentions)
    names = {source.name for key in keys for source in homes(app.config, desk.sources, key)}
    yield from (source for source in app.config.sources if source.name in names)


# -- single issues -----------------------------------------------------------------------------------------------------


def _of_issues(app: App, texts: tuple[str, ...]) -> Refresh:
    out = Refresh()
    for source, keys in _asked(app, texts):
        try:
            with app.timed("cli.phase.sync", source=source.name):
                found = _bring(app, source, keys)
        except UserError as error:
            app.show_error(of_source(error, source))
            out.refused[source.name] = error.problems[0].what
            continue
        if found is None:
            out.refused |= _of_sources(app, [source]).refused
        else:
            out.refreshed[source.name] = found
    return out


def _asked(app: App, texts: tuple[str, ...]) -> Iterator[tuple[Source, list[str]]]:
    """Each source that may hold one of them, with the keys that are meant there."""
    from okr_delivery.delivery import find

    sites = {state.name: state.base_url for state in app.store.sources()}
    meant = {text: find.sources_of(text, app.config, sites) for text in texts}
    for source in app.config.sources:
        mine = [text for text, sources in meant.items() if source in sources]
        keys = [find.key_for(text.strip(), source, sites.get(source.name)) for text in mine]
        if mine:
            yield source, [key or text for key, text in zip(keys, mine, strict=True)]


def _bring(app: App, source: Source, keys: Sequence[str]) -> Refreshed | None:
    """The issues and what they may inherit from, as far as the store knows; then what they turned out to lie under."""
    from okr_delivery.cli.syncing import fetch_issues

    first = _lines(app, source, keys)

    def more(found: Refreshed) -> Sequence[str]:
        return [key for key, ref in _lines(app, source, keys).items() if key not in first and ref not in found.ids]

    return fetch_issues(app, source, list(first), more)


def _lines(app: App, source: Source, keys: Sequence[str]) -> dict[str, str | None]:
    """Each issue's present key, or what was asked where the store does not know it, and those above it; with their ids
    as far as the store holds them."""
    from okr_delivery.delivery.snapshot import Snapshot

    snapshot = Snapshot.at(app.store, app.config, app.book, app.now)
    found: dict[str, str | None] = {}
    for key in keys:
        try:
            item = snapshot.find(f"{source.name}:{key}")
        except UserError:
            found[key] = None
        else:
            found |= {item.key: item.issue.id, **dict(_above(snapshot, source, item))}
    return found


def _above(snapshot: Snapshot, source: Source, item: Item) -> Iterator[tuple[str, str | None]]:
    """Key and id up the line that an issue may inherit from; the last one may be of an issue that is not held."""
    from okr_delivery.model.contribution import Carrier
    from okr_delivery.value.links import MAX_DEPTH

    if Carrier.PARENT.value not in source.links.order:
        return
    here = item
    for _ in range(MAX_DEPTH):
        parent = snapshot.item(source.name, here.issue.parent_id) if here.issue.parent_id else None
        if parent is None:
            yield from ((key, None) for key in filter(None, [here.issue.parent_key]))
            return
        yield parent.key, parent.issue.id
        here = parent
