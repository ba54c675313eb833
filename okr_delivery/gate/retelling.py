"""What becomes of requirements that were told before and that a run is not about: nobody else would take it back.

They are asked once more, up to the stage at which they were told; what is closed, gone or no requirement any more is
done with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from okr_delivery.delivery.snapshot import NOBODY
from okr_delivery.delivery.teams import Role
from okr_delivery.gate.engine import GateInput, run
from okr_delivery.gate.finding import Stage
from okr_delivery.gate.sources import blocking
from okr_delivery.gate.telling import Telling, tellings
from okr_delivery.model.work import Field, labels_of

if TYPE_CHECKING:
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Remembered:
    """A requirement that was told; `stage` is how far it was asked then, None: that is not known."""

    source: str
    issue_id: str
    stage: Stage | None


def again(asked: GateInput, told: Iterable[Remembered], label: str) -> tuple[Telling, ...]:
    """Those of the run's teams whose sources can be trusted; `asked` is the question of the run."""
    plain = replace(asked, stage=None, iteration=None, issues=(), backlog=False, refreshed={}, requested=None)
    teams, whole = {team.id for team in asked.snapshot.teams}, _is_whole(asked.snapshot)
    over, left = [], []
    for one, item in _trusted(plain, told):
        if item is None or item.issue.id != one.issue_id or item.team == NOBODY:
            over += [_over(one, item, label)] if whole else []
        elif item.team in teams:
            if _is_over(item):
                over.append(_over(one, item, label))
            else:
                left.append((one, item))
    return (*over, *_judged(plain, left, label))


def labelled(snapshot: Snapshot, source: str, label: str) -> list[str]:
    """Ids of the issues that carry the label now, as far as the store knows."""
    found = snapshot.store.speaking(source, Field.LABELS, lambda value: label in labels_of(value))
    items = (snapshot.item(source, ref) for ref in sorted(found))
    return [item.issue.id for item in items if item is not None and label in item.issue.labels]


def _trusted(asked: GateInput, told: Iterable[Remembered]) -> Iterator[tuple[Remembered, Item | None]]:
    """With what the store holds of each. What it does not hold may still come to one that is not complete."""
    snapshot = asked.snapshot
    names = [source.name for source in snapshot.config.sources]
    trusted = {name for name in names if not blocking((name,), asked)}
    for one in told:
        if one.source in trusted:
            item = snapshot.item(one.source, one.issue_id)
            if item is not None or snapshot.source_states[one.source].complete:
                yield one, item


def _is_whole(snapshot: Snapshot) -> bool:
    """Whether every team is looked at, so that what none of them owns is nobody's."""
    return len(snapshot.teams) == len(snapshot.config.effective_teams())


def _is_over(item: Item) -> bool:
    return item.gone_at is not None or not item.open or item.role is not Role.REQUIREMENT


def _over(one: Remembered, item: Item | None, label: str) -> Telling:
    key, carried = (one.issue_id, ()) if item is None else (item.key, item.issue.labels)
    return Telling(one.source, one.issue_id, key, True, label in carried, (), beside=True, over=True)


def _judged(asked: GateInput, left: Sequence[tuple[Remembered, Item]], label: str) -> Iterator[Telling]:
    """Whoever was told at intake is asked no more than that by a run that is not about it."""
    for stage in (Stage.INTAKE, None):
        mine = [item for one, item in left if (one.stage is Stage.INTAKE) is (stage is Stage.INTAKE)]
        if mine:
            refs = tuple(f"{item.source}:{item.key}" for item in mine)
            yield from tellings(run(replace(asked, issues=refs, stage=stage)), label, beside=True)
