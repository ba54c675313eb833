"""How a text may name an issue so that it counts under these settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.config import Source
    from okr_delivery.delivery.snapshot import Snapshot

NUMBER = 12
MOST = 2


def advice(step: str, snapshot: Snapshot, sources: Iterable[Source], project: str | None = None) -> Message:
    """The next step `step` with an example or two, else `step`.plain: nothing was synced that could make one.

    `project` is where the text stands, if one of the sources reads it: a number alone means its issue there.
    """
    found = tuple(islice(dict.fromkeys(_examples(snapshot, tuple(sources), project)), MOST))
    return msg(step, examples=found) if found else msg(f"{step}.plain")


def _examples(snapshot: Snapshot, sources: tuple[Source, ...], project: str | None) -> Iterator[str]:
    every = [(source, list(_projects(snapshot, source))) for source in sources]
    for source, names in every:
        group = next(iter(source.groups), None)
        if project and any(project.casefold() == name.casefold() for name in names):
            yield f"Closes #{NUMBER}"
        elif names:
            yield f"{names[0]}{'#' if '/' in names[0] else '-'}{NUMBER}"
        elif group is not None:
            yield f"{group}/project#{NUMBER}"


def _projects(snapshot: Snapshot, source: Source) -> Iterator[str]:
    """Those that the settings name, then those that the store holds; numbers, which stand in no key, aside."""
    yield from (name for name in source.projects if not name.isdecimal())
    yield from (name for name, _ in snapshot.view(source.name).places)
