"""Fail closed: a team has no verdict while a source it needs is missing, half fetched, too old or asked differently."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from okr_delivery.config import fetch_hash
from okr_delivery.delivery.teams import sources_of
from okr_delivery.gate.result import GateInput, SourceUse
from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.config import Config, Team
    from okr_delivery.delivery.snapshot import Snapshot

MINUTE, HOUR, DAY = 60, 3600, 86_400


def blocking(team: Team, asked: GateInput) -> tuple[Message, ...]:
    """Why this team can't be judged; empty when it can. Each reason names the source and what to run."""
    found = (_refused(name, asked) or unusable(name, asked.snapshot, asked.now) for name in sources_of(team))
    return tuple(reason for reason in found if reason is not None)


def _refused(name: str, asked: GateInput) -> Message | None:
    reason = asked.refused.get(name)
    return None if reason is None else msg("gate.none.refused", source=name, reason=reason)


def unusable(name: str, snapshot: Snapshot, now: int) -> Message | None:
    """Why nothing may be concluded from a source, or None. One whose older history is still coming may do."""
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
    age, limit = now - state.fetched_at, snapshot.config.gate.max_age
    if age > limit:
        return msg("gate.none.stale", source=name, age=duration(age), limit=duration(limit), command=command)
    return None


def doubts(asked: GateInput) -> tuple[Message, ...]:
    """Why the issues that a merge request speaks of and the store does not know leave the run without a verdict."""
    wanted = asked.requested
    if wanted is None or not wanted.unknown:
        return ()
    command = f"okr-delivery gate --merge-request {quote(f'{wanted.source}:{wanted.request.ref}')} --sync"
    what = msg("gate.request.unknown", ref=wanted.request.ref, keys=wanted.unknown, command=command)
    state = asked.snapshot.source_states.get(wanted.source)
    coming = msg("gate.request.coming", source=wanted.source) if state is not None and state.coming else None
    why = _refused(wanted.source, asked) or unusable(wanted.source, asked.snapshot, asked.now) or coming
    return (what,) if why is None else (what, why)


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
