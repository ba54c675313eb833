"""Flow: how long work takes, how much of it there is. Formulas: METRICS.md section 2.1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from statistics import fmean

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.metrics.period import Period, Population, Run
from okr_delivery.delivery.metrics.stat import METHOD, nearest_rank, percentiles
from okr_delivery.delivery.results import Metric, MetricStatus
from okr_delivery.model.work import Kind

DAY = 86_400
SLE_LEAST = 10
DAYS, ITEMS, RATIO = "d", "items", ""


def days(seconds: float) -> float:
    return seconds / DAY


def metrics(population: Population) -> Iterator[tuple[str, Metric]]:
    """The flow metrics by name, in the order they are shown."""
    yield "lead_time", lead_time(population)
    yield "cycle_time", cycle_time(population)
    yield "cycle_time_days", cycle_time_days(population)
    yield "cycle_time_business", cycle_time_business(population)
    yield "throughput", throughput(population)
    yield "wip", wip(population)
    yield "wip_average", wip_average(population)
    yield "work_item_age", work_item_age(population)
    yield "flow_efficiency", flow_efficiency(population)
    yield "net_flow", net_flow(population)


def _spread(
    p: Population, name: str, values: Iterable[float], items: Sequence[Item], out: Counter[str], unit: str = DAYS
) -> Metric:
    """The median of a sample, with its percentiles."""
    found = sorted(values)
    spread = percentiles(found)
    value = None if spread is None else spread.p50
    return p.metric(value, len(found), unit, f"{name}/{METHOD}", items=items, excluded=out, percentiles=spread)


def _finished_out(p: Population) -> Counter[str]:
    out = p.out(lambda item: p.period.holds(item.fact.finished_at))
    out["cancelled"] = sum(p.period.holds(item.fact.cancelled_at) for item in p.counted)
    out["gone"] = sum(p.period.holds(item.fact.gone_at) and item.fact.finished_at is None for item in p.counted)
    return out


def lead_time(p: Population) -> Metric:
    """Days from creation to the last finish, of issues finished in the period."""
    values = [days(item.fact.lead_seconds) for item in p.finished if item.fact.lead_seconds is not None]
    return _spread(p, "lead_time/created-last_done/elapsed", values, p.finished, _finished_out(p))


def _cycles(p: Population, name: str, length: Callable[[int, int], float]) -> Metric:
    started = [(item, item.fact.started_at, item.fact.finished_at) for item in p.finished]
    values = [length(a, b) for _, a, b in started if a is not None and b is not None]
    out = _finished_out(p)
    out["never_started"] = len(started) - len(values)
    return _spread(p, name, values, p.finished, out)


def cycle_time(p: Population) -> Metric:
    """Elapsed days from the first start to the last finish, nights and weekends kept."""
    return _cycles(p, "cycle_time/first_start-last_done/elapsed", lambda a, b: days(max(0, b - a)))


def cycle_time_days(p: Population) -> Metric:
    """The same in local calendar days, both ends counted."""
    return _cycles(p, "cycle_time/first_start-last_done/days", lambda a, b: float(p.calendar.days_between(a, b)))


def cycle_time_business(p: Population) -> Metric:
    """The same in working time of the team's calendar, in days of 24 hours."""
    name = "cycle_time/first_start-last_done/business"
    return _cycles(p, name, lambda a, b: days(max(0, p.calendar.business_seconds(a, b))))


def cycle_times(p: Population) -> tuple[tuple[str, str, int, float], ...]:
    """(key, type, finished_at, elapsed days) of each issue that was started and finished in the period."""
    return tuple(
        (item.key, item.issue.type, item.fact.finished_at, days(item.fact.cycle_seconds))
        for item in p.finished
        if item.fact.finished_at is not None and item.fact.cycle_seconds is not None
    )


def throughput(p: Population) -> Metric:
    """Issues finished in the period; over a covered period 0 is data."""
    n = len(p.finished)
    return p.metric(float(n), n, ITEMS, "throughput/last_done/count", items=p.finished, excluded=_finished_out(p))


def throughput_days(p: Population) -> tuple[tuple[date, int], ...]:
    """Finished per local day of the period up to as_of, zeros kept."""
    found = Counter(p.calendar.local_date(f) for item in p.finished if (f := item.fact.finished_at) is not None)
    last = min(p.period.last, p.calendar.local_date(p.snapshot.as_of))
    length = (last - p.period.first).days + 1
    every = (p.period.first + timedelta(days=n) for n in range(length))
    return tuple((day, found[day]) for day in every)


def wip_at(p: Population, t: int) -> list[Item]:
    """Issues started by then that are neither done, cancelled nor gone."""
    return [item for item, runs in p.runs if any(run.holds(t) for run in runs)]


def wip(p: Population) -> Metric:
    """Work in progress at the end of the period."""
    items = wip_at(p, p.period.until)
    out = p.out(lambda item: item.open and item.fact.started_at is not None)
    unmapped = [item for item in p.counted if item.open and item.fact.kind is Kind.UNMAPPED]
    n = len(items)
    return p.metric(float(n), n, ITEMS, "wip/state/close", items=[*items, *unmapped], excluded=out)


def wip_average(p: Population) -> Metric:
    """Mean work in progress over the period."""
    if not p.period.seconds:
        return p.metric(None, 0, ITEMS, "wip/state/average")
    shares = [(item, overlap(p.period, runs)) for item, runs in p.runs]
    items = [item for item, seconds in shares if seconds]
    value = sum(seconds for _, seconds in shares) / p.period.seconds
    return p.metric(value, len(items), ITEMS, "wip/state/average", items=items, excluded=p.out(lambda _: False))


def overlap(period: Period, runs: Iterable[Run]) -> int:
    """Seconds of the period that lie in the stretches."""
    a, b = period.after, period.until
    return sum(max(0, (b if run.until is None else min(b, run.until)) - max(a, run.since)) for run in runs)


def work_item_age(p: Population) -> Metric:
    """Days since the start, of issues in progress at as_of."""
    items = [item for item in p.counted if item.open and item.fact.started_at is not None]
    ages = [days(p.snapshot.as_of - item.fact.started_at) for item in items if item.fact.started_at is not None]
    out = p.out(lambda item: item.open and item.fact.started_at is not None)
    return _spread(p, "work_item_age/first_start-as_of/elapsed", ages, items, out)


def flow_efficiency(p: Population) -> Metric:
    """Share of active in active and waiting time, over issues finished in the period. A ratio of sums."""
    definition = "flow_efficiency/active-active_wait/finished"
    if not p.has_wait:
        return p.metric(None, 0, RATIO, definition, status=MetricStatus.NOT_CONFIGURED)
    active = sum(item.fact.active_seconds for item in p.finished)
    total = active + sum(item.fact.wait_seconds for item in p.finished)
    n = sum(1 for item in p.finished if item.fact.active_seconds + item.fact.wait_seconds)
    value = active / total if total else None
    return p.metric(value, n, RATIO, definition, items=p.finished, excluded=_finished_out(p))


def flows(p: Population) -> dict[str, int]:
    """starts, reopens, finishes, cancels and gone in the period: their balance is the change of work in progress."""
    found = dict.fromkeys(("starts", "reopens", "finishes", "cancels", "gone"), 0)
    ends = {Kind.DONE: "finishes", Kind.CANCELLED: "cancels", None: "gone"}
    for _, runs in p.runs:
        for i, run in enumerate(runs):
            found["reopens" if i else "starts"] += p.period.holds(run.since)
            found[ends[run.end]] += p.period.holds(run.until)
    return found


def net_flow(p: Population) -> Metric:
    """Starts minus finishes in the period."""
    found = flows(p)
    n = found["starts"] + found["finishes"]
    items = [item for item, _ in p.runs]
    return p.metric(float(found["starts"] - found["finishes"]), n, ITEMS, "net_flow/starts-finishes", items=items)


def service_level(p: Population) -> Metric:
    """Cycle time of issues finished in the period, as a service level expectation: p85, from 10 issues up."""
    values = sorted(cycle for _, _, _, cycle in cycle_times(p))
    few = len(values) < SLE_LEAST
    value = None if few else nearest_rank(values, 85)
    status = MetricStatus.TOO_FEW if few else None
    definition = f"sle/p85/cycle_time/first_start-last_done/elapsed/{METHOD}"
    spread = None if few else percentiles(values)
    out = _finished_out(p)
    return p.metric(
        value, len(values), DAYS, definition, items=p.finished, excluded=out, percentiles=spread, status=status
    )


def little_residual(p: Population) -> float | None:
    """Mean WIP over throughput x mean time in process; None below 10 finished issues. Far from 1: something is lost."""
    lasting = [i.fact.cycle_seconds - i.fact.parked_seconds for i in p.finished if i.fact.cycle_seconds is not None]
    if len(lasting) < SLE_LEAST or not p.period.seconds:
        return None
    expected = len(lasting) / p.period.seconds * fmean(lasting)
    average = wip_average(p).value
    return None if average is None or not expected else average / expected
