"""`current`, `next`, `last`, an id, a name or `team:I`: which iterations of a team are meant at an instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from math import inf

from okr_delivery.delivery.membership import ended, started, state_at
from okr_delivery.delivery.natural import natural
from okr_delivery.delivery.planning import PREFIXES
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg
from okr_delivery.model.work import Iteration, IterationKind, IterationState

KEYWORDS = ("current", "next", "last")
NO_KINDS: Mapping[str, IterationKind] = {}


def resolve(
    ref: str,
    iterations: Sequence[Iteration],
    as_of: int,
    team: str,
    *,
    kind: IterationKind = IterationKind.SPRINT,
) -> tuple[Iteration, ...]:
    """The iterations of one team that `ref` means; () when it has none. Raises UserError when a name fits several."""
    if ref in KEYWORDS:
        return PICKS[kind](ref, iterations, as_of)
    found = matches(ref, iterations) or _bare(ref, iterations)
    if len(found) > 1:
        raise _ambiguous(ref, {team: found})
    return found


def matches(ref: str, iterations: Sequence[Iteration]) -> tuple[Iteration, ...]:
    """All iterations with this id, else this name, else this name in another case."""
    by_id = tuple(i for i in iterations if i.id == ref)
    by_name = tuple(i for i in iterations if i.name == ref)
    folded = tuple(i for i in iterations if i.name.casefold() == ref.casefold())
    return by_id or by_name or folded


def _bare(ref: str, iterations: Sequence[Iteration]) -> tuple[Iteration, ...]:
    """Those whose ids begin with a word, by the tracker's own id."""
    ids = {prefix + ref for prefix in PREFIXES.values()}
    return tuple(i for i in iterations if i.id in ids)


def resolve_all(
    ref: str, scopes: Mapping[str, Sequence[Iteration]], as_of: int, kinds: Mapping[str, IterationKind] = NO_KINDS
) -> dict[str, tuple[Iteration, ...]]:
    """Per team what `ref` means. An id or name leaves out the teams that don't have it.

    Raises UserError when no team has the id or name, and when it fits several iterations. `team:I` narrows to a team.
    """

    def one(ref: str, team: str) -> tuple[Iteration, ...]:
        return resolve(ref, scopes[team], as_of, team, kind=kinds.get(team, IterationKind.SPRINT))

    if ref in KEYWORDS:
        return {team: one(ref, team) for team in scopes}
    hits = {team: found for team, scope in scopes.items() if (found := matches(ref, scope))}
    hits = hits or {team: found for team, scope in scopes.items() if (found := _bare(ref, scope))}
    if not hits:
        team, colon, rest = ref.partition(":")
        if colon and team in scopes:
            found = one(rest, team)
            if found or rest in KEYWORDS:
                return {team: found}
        raise _unknown(ref, scopes)
    if any(len(found) > 1 for found in hits.values()) or len({_identity(found[0]) for found in hits.values()}) > 1:
        raise _ambiguous(ref, hits)
    return hits


def _identity(iteration: Iteration) -> tuple[str, str]:
    """What makes it one and the same for several teams; a period is by its day, whatever the teams read from."""
    if iteration.kind is IterationKind.PERIOD:
        return ("", iteration.id)
    return (iteration.source, iteration.id)


def _unknown(ref: str, scopes: Mapping[str, Sequence[Iteration]]) -> Exception:
    names = sorted({i.name for scope in scopes.values() for i in scope}, key=natural)
    near = get_close_matches(ref, names, 1)
    step = msg("delivery.iteration.nearest", name=near[0]) if near else msg("delivery.iteration.unknown.next")
    return user_error(msg("delivery.iteration.unknown", ref=ref), where="--iteration", next_step=step)


def _ambiguous(ref: str, hits: Mapping[str, Sequence[Iteration]]) -> Exception:
    fits = [f"{team}:{i.id} ({i.name})" for team, found in hits.items() for i in found]
    what = msg("delivery.iteration.ambiguous", ref=ref, candidates=", ".join(fits))
    return user_error(what, where="--iteration", next_step=msg("delivery.iteration.ambiguous.next"))


def _sprint(ref: str, iterations: Sequence[Iteration], as_of: int) -> tuple[Iteration, ...]:
    wanted = {"current": IterationState.ACTIVE, "next": IterationState.FUTURE, "last": IterationState.CLOSED}[ref]
    found = [i for i in iterations if state_at(i, as_of) is wanted]
    if ref == "current":
        return tuple(sorted(found, key=lambda i: (_at(started(i)), i.order, natural(i.id))))
    if ref == "next":
        return tuple(sorted(found, key=lambda i: (_at(_planned(i)), i.order, natural(i.id)))[:1])
    return tuple(sorted(found, key=lambda i: (-_at(ended(i), -inf), natural(i.id)))[:1])


def _planned(iteration: Iteration) -> int | None:
    return iteration.activated_at if iteration.start is None else iteration.start


def _at(instant: int | None, absent: float = inf) -> float:
    return absent if instant is None else instant


def _by_day(ref: str, iterations: Sequence[Iteration], as_of: int) -> tuple[Iteration, ...]:
    """Release trains and periods: their states are those of the day already."""
    wanted = {"current": IterationState.ACTIVE, "next": IterationState.FUTURE, "last": IterationState.CLOSED}[ref]
    found = [i for i in iterations if i.state is wanted]
    if ref == "last":
        return tuple(sorted(found, key=lambda i: (-_at(i.end, -inf), -i.order, natural(i.id)))[:1])
    found.sort(key=lambda i: (_at(i.start), _at(i.end), i.order, natural(i.id)))
    return tuple(found if ref == "current" else found[:1])


def _by_dates(ref: str, iterations: Sequence[Iteration], as_of: int) -> tuple[Iteration, ...]:
    """Milestones and a cadence's iterations: `start` is the first instant, `end` the first one after the last day.

    Their trackers know no close, so dates decide, whatever the state; it only says which undated ones are over.
    """
    if ref == "last":
        past = [i for i in iterations if _is_past(i, as_of)]
        return tuple(sorted(past, key=lambda i: (-_at(i.end), natural(i.id)))[:1])
    ahead = [i for i in iterations if not _is_past(i, as_of)]
    current = _running(ahead, as_of)
    if ref == "current":
        return current
    begun = [i for i in ahead if i in current or (i.start is not None and i.start <= as_of)]
    later = [i for i in ahead if i not in begun and (i.start is not None or i.state is not IterationState.CLOSED)]
    return tuple(sorted(later, key=lambda i: (_at(i.start), _at(i.end), i.order, natural(i.id)))[:1])


def _is_past(iteration: Iteration, as_of: int) -> bool:
    return iteration.end is not None and iteration.end <= as_of


def _running(ahead: Sequence[Iteration], as_of: int) -> tuple[Iteration, ...]:
    """Those between their dates; else the one without a start due first; else those that began without a due day."""
    begun = [i for i in ahead if i.start is not None and i.start <= as_of]
    inside = sorted((i for i in begun if i.end is not None), key=lambda i: (_at(i.end), natural(i.id)))
    if inside:
        return tuple(inside)
    open_ones = [i for i in ahead if i.state is not IterationState.CLOSED]
    due = [i for i in open_ones if i.start is None and i.end is not None]
    if due:
        return (min(due, key=lambda i: (_at(i.end), natural(i.id))),)
    return tuple(sorted((i for i in begun if i in open_ones), key=lambda i: (_at(i.start), natural(i.id))))


Pick = Callable[[str, Sequence[Iteration], int], tuple[Iteration, ...]]
PICKS: Mapping[IterationKind, Pick] = {
    IterationKind.SPRINT: _sprint,
    IterationKind.ITERATION: _by_dates,
    IterationKind.MILESTONE: _by_dates,
    IterationKind.VERSION: _by_day,
    IterationKind.PERIOD: _by_day,
}
"""How `current`, `next` and `last` are found among iterations of each kind."""
