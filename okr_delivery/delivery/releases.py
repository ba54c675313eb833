"""When an issue reached its users: the first source in `release.from` that has a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.membership import VERSION_ID, iteration_ids
from okr_delivery.delivery.trains import is_released
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.work import Field, Iteration


@dataclass(frozen=True, slots=True)
class Release:
    """The local day of a release. `source` is the entry of `release.from` that knew it, `name` that of the version."""

    day: date
    source: str
    name: str | None = None


def released(
    item: Item, wanted: Sequence[str], versions: Mapping[str, Iteration], calendar: Calendar, as_of: int
) -> Release | None:
    """The release of an issue as of an instant; None while nothing that counts has a date.

    Nothing tells of deployments yet, so that entry never has one.
    """
    for source in wanted:
        found = None
        if source == "version":
            found = _by_version(item, versions, calendar.local_date(as_of), as_of)
        elif source == "finished" and item.fact.finished_at is not None:
            found = Release(calendar.local_date(item.fact.finished_at), source)
        if found is not None:
            return found
    return None


def _by_version(item: Item, versions: Mapping[str, Iteration], today: date, as_of: int) -> Release | None:
    """The earliest release of a version that the issue was to be fixed in."""
    ids = iteration_ids(item.at(Field.FIX_VERSION, as_of).id)
    known = (versions[VERSION_ID + one] for one in ids if VERSION_ID + one in versions)
    dated = [(v.last_day, v.order, v.name) for v in known if is_released(v, today) and v.last_day is not None]
    return Release(min(dated)[0], "version", min(dated)[2]) if dated else None
