"""What a single model can't see: names that repeat, dates outside the cycle, references, circles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from okr_delivery.config.document import Document, Place
from okr_delivery.config.models import Config
from okr_delivery.config.types import nearest
from okr_delivery.model.errors import Problem
from okr_delivery.model.message import Message, msg
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.files import (
    CycleEntry,
    DeliveryMetric,
    IssuesMetric,
    KeyResultEntry,
    MovingMetric,
    OkrFile,
)

if TYPE_CHECKING:
    from okr_delivery.okrs.load import Loaded

AMENDABLE = frozenset({"increase", "decrease", "at_least", "at_most", "issues", "delivery"})


def key_results(file: OkrFile) -> Iterator[tuple[Place, KeyResultEntry]]:
    """Every key result of a file with its place in it."""
    for n, objective in enumerate(file.objectives):
        for m, kr in enumerate(objective.key_results):
            yield ("objectives", n, "key_results", m), kr


def inside(document: Document, file: OkrFile) -> Iterator[Problem]:
    """Problems of one file: dates and months outside the cycle, amendments and health metrics that can't be."""
    for place, kr in key_results(file):
        for what, at in (*_plan(kr, file.cycle), *_amendments(kr, file.cycle), *_health(kr)):
            yield Problem(what, document.where((*place, *at), key=at[0] == "plan"))


Finding = tuple[Message, Place]


def _plan(kr: KeyResultEntry, cycle: CycleEntry) -> Iterator[Finding]:
    for month in kr.plan:
        first = date.fromisoformat(f"{month}-01")
        if month_end(month) < cycle.start or first > cycle.end:
            yield (
                msg("okrs.month_outside", value=month, cycle=cycle.id, start=cycle.start, end=cycle.end),
                ("plan", month),
            )
    if kr.plan and kr.metric.direction in ("milestones", "yes_no", "composite"):
        yield msg("okrs.plan_without_number", kr=kr.id, direction=kr.metric.direction), ("plan",)


def month_end(month: str) -> date:
    """The last day of a month such as 2026-10."""
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _amendments(kr: KeyResultEntry, cycle: CycleEntry) -> Iterator[Finding]:
    seen: set[date] = set()
    for n, amendment in enumerate(kr.amendments):
        place: Place = ("amendments", n)
        if kr.metric.direction not in AMENDABLE:
            yield msg("okrs.not_amendable", kr=kr.id, direction=kr.metric.direction), place
        if not cycle.start <= amendment.on <= cycle.end:
            day = amendment.on.isoformat()
            yield (
                msg("okrs.amended_outside", value=day, cycle=cycle.id, start=cycle.start, end=cycle.end),
                (*place, "on"),
            )
        if amendment.on in seen:
            yield msg("okrs.amended_twice", value=amendment.on.isoformat()), (*place, "on")
        seen.add(amendment.on)
        yield from _amended_target(kr, amendment.target, (*place, "target"))


def _amended_target(kr: KeyResultEntry, target: float, place: Place) -> Iterator[Finding]:
    metric = kr.metric
    if isinstance(metric, (MovingMetric, DeliveryMetric)):
        if target == metric.baseline:
            yield msg("okrs.no_way", key=f"{kr.id}.amendments", value=target), place
        elif (target > metric.baseline) != (metric.target > metric.baseline):
            yield msg("okrs.amended_other_way", kr=kr.id, baseline=metric.baseline, target=target), place


def _health(kr: KeyResultEntry) -> Iterator[Finding]:
    seen: set[str] = set()
    for n, health in enumerate(kr.health):
        if health.id.casefold() in seen:
            yield msg("okrs.duplicate_part", key=f"{kr.id}.health", value=health.id), ("health", n, "id")
        seen.add(health.id.casefold())


def unique(loaded: Sequence[Loaded]) -> Iterator[Problem]:
    """Ids that repeat within a cycle, over all files, and cycles that are declared in two ways."""
    cycles: dict[str, tuple[CycleEntry, str]] = {}
    ids: dict[tuple[str, str], str] = {}
    for part in loaded:
        cycle, where = part.file.cycle, part.document.where(("cycle",))
        first, at = cycles.setdefault(cycle.id, (cycle, where))
        if first != cycle:
            yield Problem(msg("okrs.cycle_differs", cycle=cycle.id, first=at), where)
        for place, name in _ids(part.file):
            here = part.document.where((*place, "id"))
            earlier = ids.setdefault((cycle.id, name.casefold()), here)
            if earlier != here:
                yield Problem(msg("okrs.duplicate_id", value=name, cycle=cycle.id, first=earlier), here)


def _ids(file: OkrFile) -> Iterator[tuple[Place, str]]:
    for n, objective in enumerate(file.objectives):
        yield ("objectives", n), objective.id
    for place, kr in key_results(file):
        yield place, kr.id


def references(loaded: Sequence[Loaded], book: OkrBook, config: Config) -> Iterator[Problem]:
    """References that name nothing, and circles in the network."""
    yield from _dangling(loaded, book)
    circle = book.network.cycle()
    if circle is not None:
        where = _declared(loaded, circle[0])
        yield Problem(msg("okrs.circle", path=" → ".join(circle)), where, msg("okrs.circle.next"))
    for part in loaded:
        yield from _outward(part, book, config)


def _dangling(loaded: Sequence[Loaded], book: OkrBook) -> Iterator[Problem]:
    places = {f"{part.file.cycle.id}:{name}": (part, place) for part in loaded for place, name in _ids(part.file)}
    krs = list(book.key_results)
    known = {"aligns_to": [*book.objectives, *krs], "continues": krs, "parts": krs}
    for loose in book.network.dangling:
        part, place = places[loose.holder]
        steps: Place = ("metric", "parts") if loose.role == "parts" else (loose.role,)
        where = part.document.where((*place, *steps))
        yield Problem(_unknown(loose.role, loose.ref, _short(known[loose.role], loose.ref, loose.holder)), where)


def _short(known: Iterable[str], ref: str, holder: str) -> list[str]:
    """Ids as the person would write them: full where the reference is full, short within the same cycle."""
    cycle = holder.partition(":")[0]
    return [full if ":" in ref or not full.startswith(f"{cycle}:") else full.partition(":")[2] for full in known]


def _unknown(role: str, ref: str, known: list[str]) -> Message:
    close = nearest(ref, known)
    if close is not None:
        return msg("okrs.unknown.near", role=role, value=ref, nearest=close)
    return msg("okrs.unknown", role=role, value=ref)


def _declared(loaded: Sequence[Loaded], full_id: str) -> str | None:
    for part in loaded:
        for place, name in _ids(part.file):
            if f"{part.file.cycle.id}:{name}" == full_id:
                return part.document.where(place)
    return None


def _outward(part: Loaded, book: OkrBook, config: Config) -> Iterator[Problem]:
    """References to sources and teams of the configuration, and from goals of iterations to objectives."""
    sources = [source.name for source in config.sources]
    teams = [team.id for team in config.effective_teams()]
    for place, kr in key_results(part.file):
        if isinstance(kr.metric, IssuesMetric) and kr.metric.source not in sources:
            where = part.document.where((*place, "metric", "source"))
            yield Problem(_unknown("source", kr.metric.source, sources), where)
        if isinstance(kr.metric, DeliveryMetric) and kr.metric.team not in teams:
            yield Problem(_unknown("team", kr.metric.team, teams), part.document.where((*place, "metric", "team")))
        if kr.tracker is not None:
            yield from _tracker(kr.tracker, sources, part.document.where((*place, "tracker")))
    yield from _goals(part, book, teams)


def _tracker(text: str, sources: list[str], where: str) -> Iterator[Problem]:
    source, colon, key = text.partition(":")
    if not colon or not key.strip():
        yield Problem(msg("okrs.tracker", value=text, source=sources[0]), where)
    elif source not in sources:
        yield Problem(_unknown("source", source, sources), where)


def _goals(part: Loaded, book: OkrBook, teams: list[str]) -> Iterator[Problem]:
    cycle = part.file.cycle.id
    for n, goal in enumerate(part.file.iterations):
        named = [("team", goal.team, teams)]
        if goal.objective is not None:
            named.append(("objective", goal.objective, _writable(list(book.objectives), goal.objective, cycle)))
        for m, ref in enumerate(goal.key_results):
            named.append((f"key_results/{m}", ref, _writable(list(book.key_results), ref, cycle)))
        for at, ref, known in named:
            if ref not in known:
                key, _, index = at.partition("/")
                place: Place = ("iterations", n, key, int(index)) if index else ("iterations", n, key)
                yield Problem(_unknown(key, ref, known), part.document.where(place))


def _writable(known: list[str], ref: str, cycle: str) -> list[str]:
    return known if ":" in ref else [full.partition(":")[2] for full in known if full.startswith(f"{cycle}:")]
