"""Tables of the value side: contributions, readings, effects, conclusions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from okr_delivery.delivery.export import Row, Table, instant, items
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.teams import Role
from okr_delivery.model.contribution import Contribution
from okr_delivery.model.okr import Effect
from okr_delivery.value.links import reader

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.okrs import Readings
    from okr_delivery.value.conclusions import Conclusions

COLUMNS = {
    "contributions": "source issue_key kr amount low high unit confidence stated_as carrier"
    " stated_at seen_at frozen_at",
    "readings": "kr date value source author independent note",
    "effects": "source issue_key kr date value low high method author independent note",
    "conclusions": "source issue_key kr conclusion reason by at follow_up due",
}


def tables(
    snapshot: Snapshot, readings: Readings, effects: Iterable[Effect], conclusions: Conclusions
) -> dict[str, Table]:
    """Table name to (columns, rows), as known at the snapshot's instant. Key results by full id.

    A contribution is the version frozen when the requirement last entered a running iteration, else the current one.
    """
    rows: dict[str, Iterator[Row]] = {
        "contributions": _contributions(snapshot, readings),
        "readings": _readings(snapshot, readings),
        "effects": _effects(snapshot, effects),
        "conclusions": _conclusions(snapshot, conclusions),
    }
    return {name: (tuple(COLUMNS[name].split()), found) for name, found in rows.items()}


def _contributions(snapshot: Snapshot, readings: Readings) -> Iterator[Row]:
    links = reader(snapshot, readings)
    for item in items(snapshot):
        if item.role is not Role.REQUIREMENT:
            continue
        frozen_at = links.frozen_at(item)
        stated = links.links(item, snapshot.as_of) if frozen_at is None else links.frozen(item, frozen_at)
        yield from (_contribution(one) for one in sorted(stated.contributions, key=lambda one: natural(one.kr)))


def _contribution(one: Contribution) -> Row:
    return (
        one.source,
        one.issue_key,
        one.kr,
        one.amount,
        one.low,
        one.high,
        one.unit,
        one.confidence,
        one.stated_as.value,
        one.carrier.value,
        instant(one.stated_at),
        instant(one.seen_at),
        instant(one.frozen_at),
    )


def _readings(snapshot: Snapshot, readings: Readings) -> Iterator[Row]:
    last = max((snapshot.day(team.id) for team in snapshot.teams), default=None)
    for one in sorted(readings.all, key=lambda one: (one.series, one.day)):
        if last is None or one.day <= last:
            yield (one.series, one.day.isoformat(), one.value, one.source, one.author, one.independent, one.note)


def _effects(snapshot: Snapshot, effects: Iterable[Effect]) -> Iterator[Row]:
    last = max((snapshot.day(team.id) for team in snapshot.teams), default=None)
    for one in effects:
        if last is None or one.day <= last:
            yield (
                one.source,
                one.issue,
                one.kr,
                one.day.isoformat(),
                one.value,
                one.low,
                one.high,
                one.method,
                one.author,
                one.independent,
                one.note,
            )


def _conclusions(snapshot: Snapshot, conclusions: Conclusions) -> Iterator[Row]:
    for one in conclusions.all:
        if one.at <= snapshot.as_of:
            yield (
                one.source,
                one.issue,
                one.kr,
                one.conclusion.value,
                one.reason,
                one.by,
                instant(one.at),
                one.follow_up,
                None if one.due is None else one.due.isoformat(),
            )
