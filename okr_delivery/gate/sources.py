"""Fail closed: a team has no verdict while a source it needs is missing, half fetched, too old or asked differently."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote
from typing import TYPE_CHECKING

from okr_delivery.config import fetch_hash
from okr_delivery.delivery.membership import iteration_ids
from okr_delivery.delivery.planning import PREFIXES, kind_of, prefix_of
from okr_delivery.delivery.teams import sources_of
from okr_delivery.gate.result import GateInput, SourceUse
from okr_delivery.model.message import Message, msg
from okr_delivery.model.work import Field, IterationKind

if TYPE_CHECKING:
    from okr_delivery.config import Config, Team
    from okr_delivery.delivery.item import Item
    from okr_delivery.delivery.snapshot import Snapshot

MINUTE, HOUR, DAY = 60, 3600, 86_400
AHEAD = HOUR  # by which a tracker's clock may be ahead of ours before neither tells how old anything is


def blocking(names: Iterable[str], asked: GateInput) -> tuple[Message, ...]:
    """Why nothing that needs these sources can be judged; empty when it can. Each reason names one and what to run."""
    found = (_refused(name, asked) or _unusable(name, asked) for name in names)
    return tuple(reason for reason in found if reason is not None)


def no_cycles(snapshot: Snapshot) -> tuple[Message, ...]:
    """Why nothing can be held against key results: no file that the settings name declares a cycle; else empty.

    Otherwise every requirement would be told that its key result is unknown, which is none of its author's faults.
    Where the settings name no place, and there is none at the usual one, nobody has said that there are OKR files.
    """
    config = snapshot.config
    said = "okrs" in config.model_fields_set or any(config.resolve(entry).exists() for entry in config.okrs)
    if snapshot.book.cycles or not said:
        return ()
    return (msg("gate.none.no_cycles", okrs=", ".join(config.okrs), file=config.path.name),)


def before_data(snapshot: Snapshot, team: Team) -> tuple[Message, ...]:
    """Why a team can't be judged as of so long ago: what is known of it begins later; else empty.

    What ended before `history.since` is missing beside what was open then. Only an instant before the first sync lies
    so far back: a team that is new has nothing yet, and that is known.
    """
    names, day = sources_of(team), snapshot.day(team.id).isoformat()
    states = [state for name in names if (state := snapshot.source_states.get(name)) is not None]
    if all(state.first_synced_at is None or snapshot.as_of >= state.first_synced_at for state in states):
        return ()
    limits = {name: snapshot.config.source(name).history.since for name in names}
    midnight = snapshot.calendar(team.id).midnight
    late = [(name, since) for name, since in limits.items() if since is not None and snapshot.as_of < midnight(since)]
    if late:
        return tuple(msg("gate.none.before_since", day=day, source=name, since=str(since)) for name, since in late)
    return () if snapshot.first_created(team.id) is not None else (msg("gate.none.before_data", day=day),)


def _unusable(name: str, asked: GateInput) -> Message | None:
    """What was brought up to date by itself may be judged beside older issues."""
    one = asked.refreshed.get(name)
    found = unusable(name, asked.snapshot, asked.now, aged=one is not None)
    return found or (None if one is None else _ahead(name, one.at, asked.now))


def _ahead(name: str, at: int, now: int) -> Message | None:
    """Data of later than now is no fresh data: a clock is wrong, and we would judge what was before it."""
    if at - now <= AHEAD:
        return None
    return msg("gate.none.ahead", source=name, age=duration(at - now), command="okr-delivery doctor")


def rest(name: str, asked: GateInput) -> Message | None:
    """How old a source is beside the issues of it that are new, where it would be too old by itself."""
    state, limit = asked.snapshot.source_states[name], asked.snapshot.config.gate.max_age
    age = asked.now - (state.fetched_at or 0)
    if name not in asked.refreshed or age <= limit:
        return None
    return msg("gate.note.rest", source=name, age=duration(age), command=f"okr-delivery sync {name}")


def unseen(item: Item, asked: GateInput) -> Message | None:
    """Why an issue that was asked for is not fresh: its tracker did not show it; None when it did, or was not asked."""
    refreshed = asked.refreshed.get(item.issue.source)
    if refreshed is None or item.issue.id in refreshed.ids:
        return None
    return msg("gate.none.unseen", key=item.key, source=item.source, command=f"okr-delivery sync {item.source}")


def unread(item: Item, team: Team, asked: GateInput) -> Message | None:
    """What a named issue came into since the last sync and the store knows nothing of; None: nothing of that sort.

    Until the next sync such an issue counts as planned nowhere.
    """
    state, kind = asked.snapshot.source_states.get(item.source), kind_of(team)
    if state is None or state.fetched_at is None or kind in (IterationKind.PERIOD, IterationKind.VERSION):
        return None
    value, known = item.at(Field.ITERATION, asked.snapshot.as_of), asked.snapshot.store.iterations(item.source)
    strange = iteration_ids(value.id) - {iteration.id for iteration in known}
    new = [ref for ref in sorted(strange) if _came(item, ref) >= state.fetched_at]
    if not any(prefix_of(ref) == PREFIXES.get(kind, "") for ref in new):
        return None
    names = value.name if value.name and len(iteration_ids(value.id)) == 1 else ", ".join(new)
    return msg("gate.note.new_iteration", key=item.key, iteration=names, command=f"okr-delivery sync {item.source}")


def _came(item: Item, ref: str) -> int:
    """When an issue came into the iteration that it is in; with its creation, if history tells of no later instant."""
    came = (c for c in item.changes if c.field is Field.ITERATION and ref in iteration_ids(c.new.id))
    return max((c.ts for c in came if ref not in iteration_ids(c.old.id)), default=item.issue.created)


def _refused(name: str, asked: GateInput) -> Message | None:
    reason = asked.refused.get(name)
    return None if reason is None else msg("gate.none.refused", source=name, reason=reason)


def unusable(name: str, snapshot: Snapshot, now: int, *, aged: bool = False) -> Message | None:
    """Why nothing may be concluded from a source, or None. One whose older history is still coming may do, and with
    `aged` one that is old."""
    state = snapshot.source_states.get(name)
    command = f"okr-delivery sync {name}"
    if state is None or (state.fetched_at is None and state.complete):
        return msg("gate.none.never_synced", source=name, command=command)
    if not state.complete and not state.coming:
        reason = msg(state.reason) if state.reason else msg("gate.none.interrupted")
        return msg("gate.none.incomplete", source=name, reason=reason, command=command)
    if state.fetched_at is None:
        return msg("gate.none.never_synced", source=name, command=command)
    if state.fetch_hash not in (None, fetch_hash(snapshot.config.source(name))):
        return msg("gate.none.settings", source=name, command=command)
    if (ahead := _ahead(name, state.fetched_at, now)) is not None:
        return ahead
    age, limit = now - state.fetched_at, snapshot.config.gate.max_age
    if age > limit and not aged:
        return msg("gate.none.stale", source=name, age=duration(age), limit=duration(limit), command=command)
    return None


def doubts(asked: GateInput) -> tuple[Message, ...]:
    """Why the issues that a merge request speaks of and the store does not know leave the run without a verdict."""
    wanted = asked.requested
    if wanted is None or not wanted.unknown:
        return ()
    command = f"okr-delivery sync {' '.join(wanted.homes)}"
    if wanted.source is not None:
        command = f"okr-delivery gate --merge-request {quote(f'{wanted.source}:{wanted.request.ref}')} --sync"
    what = msg("gate.request.unknown", ref=wanted.request.ref, keys=wanted.unknown, command=command)
    return (what, *(why for name in wanted.homes if (why := _doubted(name, asked)) is not None))


def _doubted(name: str, asked: GateInput) -> Message | None:
    """Why a source may not know yet what it will."""
    state = asked.snapshot.source_states.get(name)
    coming = msg("gate.request.coming", source=name) if state is not None and state.coming else None
    return _refused(name, asked) or unusable(name, asked.snapshot, asked.now) or coming


def uses(config: Config, snapshot: Snapshot, needed: frozenset[str]) -> tuple[SourceUse, ...]:
    """All configured sources by name, and whether this run needed them."""
    names = sorted(source.name for source in config.sources)
    states = snapshot.source_states
    return tuple(
        SourceUse(name, state.fetched_at if state else None, bool(state and state.complete), name in needed)
        for name in names
        for state in [states.get(name)]
    )


def duration(seconds: int) -> Message:
    """`31 h`, as a person says it: whole units, rounded down."""
    for unit, size in (("days", 2 * DAY), ("hours", 2 * HOUR), ("minutes", 2 * MINUTE)):
        if seconds >= size:
            return msg(f"gate.duration.{unit}", n=seconds // (size // 2))
    return msg("gate.duration.seconds", n=seconds)
