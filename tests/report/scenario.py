"""A made-up team's iteration, complete enough for every part of the report. Nothing in it depends on the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from okr_delivery.delivery.item import Item
from okr_delivery.delivery.releases import Release
from okr_delivery.delivery.results import (
    CarryTo,
    IterationSets,
    IterationSummary,
    Member,
    Metric,
    MetricStatus,
    Percentiles,
    Quality,
    Removal,
    Scope,
    Window,
)
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.delivery.teams import Role
from okr_delivery.locale import Translator, translator
from okr_delivery.model.calendar import Calendar
from okr_delivery.model.conclusion import Conclusion, Verb
from okr_delivery.model.okr import (
    Amendment,
    Cycle,
    CycleState,
    Direction,
    HealthMetric,
    KeyResult,
    Location,
    MilestoneItem,
    Objective,
    Reading,
)
from okr_delivery.model.okr import Metric as KrMetric
from okr_delivery.model.work import Issue, ItemFact, Iteration, IterationState, Kind, Membership
from okr_delivery.okrs.book import OkrBook
from okr_delivery.okrs.progress import all_progress
from okr_delivery.okrs.readings import Readings
from okr_delivery.okrs.results import KrProgress, ObjectiveProgress, Verdict
from okr_delivery.report.view import IterationReport, iteration_view
from okr_delivery.store.rows import SourceState
from okr_delivery.value.results import (
    GoalTrace,
    IterationTrace,
    KrTrace,
    ObservationWindow,
    RequirementTrace,
    Unlinked,
    WindowState,
)

SITE = "https://acme.atlassian.net"
TEAM = "payments"
CALENDAR = Calendar(timezone="Asia/Shanghai", weekmask=(True,) * 5 + (False,) * 2, overrides={}, country=None)
AS_OF = int(datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC).timestamp())
CYCLE = Cycle("2026Q4", date(2026, 10, 1), date(2026, 12, 31), CycleState.ACTIVE)
HOSTILE = "</svg><script>alert('x')</script> `code` | [x](javascript:alert(1)) \x1b[31m \u202e /close @all"

TEXTS = {
    "en": {
        "team": "Payments",
        "objective": "Merchants in lower-tier cities stay because checkout just works",
        "goal": "Three-step checkout for every merchant",
        "reason": "Shipped to all, but the drop-off at the address step is still there",
        "kr1": "30-day merchant retention",
        "kr2": "Average delivery lead time",
        "kr3": "Refund ratio kept in the band",
        "kr4": "Checkout live in all regions",
        "health": "Refund rate",
        "why": "contract postponed",
        "decided": "Retention rose most where the address step was shortest",
        "titles": (
            "One-tap repeat order",
            "Address from the last order",
            "Checkout in three steps",
            "Refund status page",
            "Offline receipt",
            "Split payment for large orders",
            "Ops: rotate certificates",
            "Faster risk check",
            "Coupon at checkout",
            "Invoice by e-mail",
            "Fraud alert for merchants",
            "Retry failed payments",
        ),
    },
    "zh": {
        "team": "支付",
        "objective": "下沉城市商户因为收银好用而留下来",
        "goal": "所有商户三步完成收银",
        "reason": "已全量发布，但地址一步的流失仍然存在",
        "kr1": "商户 30 天留存率",
        "kr2": "平均需求交付周期",
        "kr3": "退款比例保持在区间内",
        "kr4": "收银台在全部大区上线",
        "health": "退款率",
        "why": "合同延期",
        "decided": "地址步骤最短的商户留存提升最多",
        "titles": (
            "一键再来一单",
            "沿用上次地址",
            "三步收银",
            "退款进度页",
            "离线小票",
            "大额订单分次支付",
            "运维：证书轮换",
            "风控校验提速",
            "收银台用券",
            "电子发票邮件",
            "商户欺诈预警",
            "失败支付自动重试",
        ),
    },
}


def at(day: str, hour: int = 2) -> int:
    """Epoch seconds of a UTC hour, by default 10 o'clock in Shanghai."""
    return int(datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00").timestamp())


class FixedSnapshot(Snapshot):
    """A snapshot of what it is given; there is no store behind it."""

    def __init__(self, book: OkrBook, team_name: str, items: Sequence[Item]) -> None:
        sources = {"jira": SimpleNamespace(url=SITE, name="jira")}
        self.config = cast("Any", SimpleNamespace(source=sources.__getitem__))
        self.as_of, self.book = AS_OF, book
        self.teams = (cast("Any", SimpleNamespace(id=TEAM, name=team_name)),)
        self._given = tuple(items)
        state = SourceState("jira", complete=True, fetched_at=AS_OF - 7200)
        self.__dict__["source_states"] = {"gitlab": SourceState("gitlab", complete=False), "jira": state}

    def calendar(self, team_id: str) -> Calendar:
        return CALENDAR

    def items(self, team_id: str) -> tuple[Item, ...]:
        return self._given

    def item(self, source: str, issue_id: str) -> Item | None:
        return next((item for item in self._given if item.issue.id == issue_id), None)

    def released(self, item: Item) -> Release | None:
        at = item.fact.finished_at
        return None if at is None else Release(CALENDAR.local_date(at), "finished")


def item(number: int, title: str, *, started: int | None = None, finished: int | None = None, **issue: Any) -> Item:
    created = at("2026-10-05")
    kind = Kind.DONE if finished else Kind.ACTIVE if started else Kind.QUEUE
    fact = ItemFact(started_at=started, finished_at=finished, kind=kind, kind_since=finished or started or created)
    fields: dict[str, Any] = {"url": f"{SITE}/browse/PAY-{number}", **issue}
    body = Issue(
        "jira", str(number), f"PAY-{number}", "1", "PAY", "10", fields.pop("type", "Story"), subtask=False,
        title=title, created=created, updated=created, **fields,
    )  # fmt: skip
    stays: tuple[Membership, ...] = (Membership("26", at("2026-10-12"), at("2026-10-24")),) if number == 105 else ()
    stays += (Membership("27", at("2026-10-26"), None),)
    return Item(body, TEAM, Role.REQUIREMENT, None, fact, (), stays, stays, None, created, "r1", lambda: ())


def items(titles: Sequence[str], hostile: bool) -> list[Item]:
    names = list(titles)
    extra: dict[int, dict[str, Any]] = {104: {"confidential": True}, 107: {"type": "Task"}, 110: {"type": "Bug"}}
    if hostile:
        names = [HOSTILE] * len(names)
        extra |= {100: {"url": "javascript:alert(1)"}, 101: {"url": "https://evil.example/browse/PAY-101"}}
    days = {0: 30, 1: 31, 2: 33, 3: 34, 6: 35, 8: 36, 9: 37}
    made = []
    for index, title in enumerate(names):
        finished = at("2026-10-01") + days[index] * 86400 if index in days else None
        started = at("2026-10-01") + (18 + index) * 86400 if index != 11 else None
        made.append(item(100 + index, title, started=started, finished=finished, **extra.get(100 + index, {})))
    return made


def member(number: int, points: float | None = 3.0, out: float | None = 3.0, **more: Any) -> Member:
    return Member(f"PAY-{number}", str(number), "jira", at("2026-10-26"), estimate_in=points, estimate_out=out, **more)


def sets(iteration: Iteration, *, whole: bool = True) -> IterationSets:
    window = Window(
        iteration.activated_at, iteration.closed_at or AS_OF, iteration.activated_at, AS_OF, provisional=False
    )
    committed = [member(n, 5.0 if n == 102 else 3.0) for n in (100, 101, 102, 103, 104, 105, 107)]
    added = [member(108), member(109, None, None), member(110, 2.0, 2.0)]
    delivered = [member(n, 3.0, 8.0 if n == 102 else 3.0) for n in (100, 101, 102, 103, 108, 109)]
    carried = [member(105, carry_to=CarryTo.NEXT), member(110, 2.0, 2.0, carry_to=CarryTo.BACKLOG), member(107)]
    removed = [member(104, removal=Removal.CANCELLED)]
    if not whole:
        cut = int(iteration.id) % 3
        committed, delivered, added = committed[cut:], delivered[cut : len(delivered) - 2], []
        carried = [m for m in committed if m.issue_id not in {d.issue_id for d in delivered}]
        delivered, removed = [m for m in delivered if m.issue_id in {c.issue_id for c in committed}], []
    before = ("PAY-90",) if whole else ()
    return IterationSets(
        iteration, window, tuple(committed), tuple(added), tuple(delivered), tuple(carried), tuple(removed), before,
        (), "r1",
    )  # fmt: skip


def iteration(number: int, name: str | None = None) -> Iteration:
    start = datetime(2026, 10, 26, 1, tzinfo=UTC) + timedelta(days=14 * (number - 27))
    opened, closed = int(start.timestamp()), int((start + timedelta(days=11, hours=9)).timestamp())
    return Iteration(
        "jira", str(number), name or f"PAY S{number}", IterationState.CLOSED, activated_at=opened, closed_at=closed
    )


def book(words: dict[str, Any]) -> OkrBook:
    here = Location("okrs/2026Q4.yaml", 14)
    common: dict[str, Any] = {"cycle": "2026Q4", "objective": "GROW", "location": here, "owner": "lin"}
    krs = (
        KeyResult(
            id="GROW-KR1", title=words["kr1"], weight=2, metric=KrMetric(Direction.INCREASE, "%", 38, 50), lag_days=7,
            plan={"2026-10": 40, "2026-11": 44, "2026-12": 50},
            health=(HealthMetric("refund-rate", words["health"], "%", at_most=2),), **common,
        ),
        KeyResult(
            id="GROW-KR2", title=words["kr2"], metric=KrMetric(Direction.DECREASE, "d", 45, 32),
            amendments=(Amendment(date(2026, 11, 10), 35, words["why"], "lin", "wang"),), **common,
        ),
        KeyResult(
            id="GROW-KR3", title=words["kr3"], metric=KrMetric(Direction.RANGE, "%", low=12, high=14, tolerance=2),
            **common,
        ),
        KeyResult(
            id="GROW-KR4", title=words["kr4"],
            metric=KrMetric(
                Direction.MILESTONES,
                items=(MilestoneItem("east", "east", done=date(2026, 11, 3)), MilestoneItem("west", "west")),
            ), **common,
        ),
    )  # fmt: skip
    objective = Objective("GROW", "2026Q4", words["objective"], here, owner="lin", key_results=krs)
    return OkrBook({"2026Q4": CYCLE}, {"2026Q4:GROW": objective})


def readings() -> Readings:
    rows = [("10-05", 38.4), ("10-12", 39), ("10-19", 39.8), ("10-26", 40.9), ("11-09", 43.5), ("11-16", 43.9)]
    made = [
        Reading("2026Q4:GROW-KR1", date.fromisoformat(f"2026-{d}"), v, "bi", "bi-team", d == "11-16") for d, v in rows
    ]
    made += [Reading("2026Q4:GROW-KR2", date(2026, 10, d), v) for d, v in ((6, 44.0), (20, 46.5), (27, 46.0))]
    made += [Reading("2026Q4:GROW-KR1/refund-rate", date(2026, 11, 16), 2.4)]
    return Readings.of(made)


def requirement(number: int, words: dict[str, Any], expected: float | None, **more: Any) -> RequirementTrace:
    given: dict[str, Any] = {
        "low": None, "high": None, "confidence": 0.6, "delivered": True, "committed": True, "measured": None,
        "allocated": None, "method": None, "conclusion": None, "due": None, "late": False,
        "window": ObservationWindow(date(2026, 11, 7), date(2026, 11, 18), WindowState.DUE), **more,
    }  # fmt: skip
    url = given.pop("url", f"{SITE}/browse/PAY-{number}")
    title = given.pop("title", words["titles"][number - 100])
    return RequirementTrace("jira", str(number), f"PAY-{number}", title, url, expected, **given)


def trace(words: dict[str, Any], krs: dict[str, KrProgress], hostile: bool) -> IterationTrace:
    done = Conclusion("jira", "PAY-100", None, Verb.DOUBLE_DOWN, words["decided"], AS_OF)
    watching = ObservationWindow(date(2026, 11, 10), date(2026, 12, 7), WindowState.OPEN)
    unreleased = ObservationWindow(None, None, WindowState.OPEN)
    concluded = ObservationWindow(date(2026, 11, 7), date(2026, 11, 18), WindowState.CONCLUDED)
    bad = {"title": HOSTILE, "url": "javascript:alert(1)"} if hostile else {}
    first = (
        requirement(
            100,
            words,
            1.5,
            low=0.8,
            high=2.4,
            measured=1.2,
            method="experiment",
            conclusion=done,
            window=concluded,
            **bad,
        ),
        requirement(101, words, 1.0, measured=-0.3, method="did", due=date(2026, 11, 19)),
        requirement(102, words, 2.4, allocated=1.1, method="allocated", due=date(2026, 11, 21)),
        requirement(103, words, 0.6, confidence=None, due=date(2026, 11, 21), late=True),
        requirement(105, words, 1.2, delivered=False, window=unreleased),
        requirement(108, words, 0.5, committed=False, window=watching),
    )
    second = (
        requirement(102, words, -3.0, measured=-2.0, method="before_after", due=date(2026, 11, 21)),
        requirement(109, words, None, committed=False, window=watching),
    )
    one, two = krs["2026Q4:GROW-KR1"], krs["2026Q4:GROW-KR2"]
    window = ObservationWindow(date(2026, 11, 7), date(2026, 11, 18), WindowState.DUE)
    entries = (
        KrTrace(
            one.kr, "%", 6.7, 6.0, 3.0, 0.36, window, first, 0.6, Verdict.UNDETERMINED, one.health, one, 1.0, False
        ),
        KrTrace(two.kr, "d", -3.0, -3.0, None, None, window, second, None, Verdict.UNDETERMINED, (), two, None, False),
    )
    goal = GoalTrace("2026Q4:GROW", HOSTILE if hostile else words["goal"], "missed", words["reason"])
    return IterationTrace(TEAM, "jira", "27", "PAY S27", goal, entries, Unlinked(2, 0.18, ("PAY-107", "PAY-110")))


def metric(value: float | None, n: int, unit: str, definition: str, **more: Any) -> Metric:
    status = more.pop("status", MetricStatus.NO_DATA if value is None else MetricStatus.OK)
    return Metric(value, status, n, unit, definition, "r1", AS_OF, **more)


def scope(now: Iteration, whole: IterationSets) -> Scope:
    spread = Percentiles(8.0, 14.0, 17.0)
    metrics = {
        "lead_time": metric(
            24.0, 6, "d", "lead_time/created-last_done/elapsed", percentiles=Percentiles(24, 31.25, 33)
        ),
        "cycle_time": metric(
            8.0, 6, "d", "cycle_time/first_start-last_done/elapsed", percentiles=spread, excluded={"never_started": 1}
        ),
        "throughput": metric(6.0, 6, "items", "throughput/last_done/count", excluded={"subtask": 4}),
        "wip": metric(4.0, 4, "items", "wip/state/close"),
        "work_item_age": metric(
            22.4, 4, "d", "work_item_age/as_of-started/elapsed", percentiles=Percentiles(22.4, 33, 33)
        ),
        "flow_efficiency": metric(
            None, 0, "", "flow_efficiency/active-active_wait", status=MetricStatus.NOT_CONFIGURED
        ),
        "reopened_rate": metric(0.125, 8, "", "reopened_rate/cohort/30d", status=MetricStatus.PARTIAL),
        "say_do": metric(4 / 7, 7, "", "say_do/committed_delivered-committed/items"),
        "delivered_ratio": metric(6 / 7, 7, "", "delivered_ratio/delivered-committed/items"),
        "scope_change_ratio": metric(4 / 7, 7, "", "scope_change/added_removed-committed/items"),
        "carry_over": metric(3 / 9, 9, "", "carry_over/carried-delivered_carried/items"),
    }
    summary = IterationSummary(whole, 4 / 7, 6 / 7, 3 / 9, 4, 4 / 7, 14 / 23, 23.0, 20.0)
    checks = (
        Quality("completed_but_not_started", 1, 0.1, ("PAY-109",), ("cycle_time",)),
        Quality("unestimated", 2, 0.2, ("PAY-109", "PAY-111"), ("say_do_points", "velocity")),
    )
    return Scope(TEAM, "jira", now, date(2026, 10, 26), date(2026, 11, 6), metrics, summary, checks)


def longer(short: Scope, points: int) -> Scope:
    """Ninety days of cycle times: a spread that any reader of such charts has seen, and one outlier."""
    times = []
    for n in range(points):
        days = 2 + (n * 37 % 97) / 97 * 9 + (n % 11 == 0) * 7 + (n == 3) * 40
        finished = at("2026-08-24") + (n * 86_400 * 88) // max(points, 1)
        times.append((f"PAY-{n + 10}", ("Story", "Story", "Bug", "Task")[n % 4], finished, round(days, 2)))
    ranked = sorted(days for *_, days in times)
    p50, p85, p95 = (ranked[(p * points + 99) // 100 - 1] if times else None for p in (50, 85, 95))
    spread = Percentiles(p50, p85, p95)
    cycle = metric(p50, points, "d", "cycle_time/first_start-last_done/elapsed", percentiles=spread)
    return Scope(
        TEAM, "jira", None, date(2026, 8, 23), date(2026, 11, 20), {"cycle_time": cycle}, None, (), tuple(times)
    )  # fmt: skip


def progress(words: dict[str, Any]) -> tuple[OkrBook, tuple[KrProgress, ...], tuple[ObjectiveProgress, ...]]:
    okrs = book(words)
    krs, objectives = all_progress(okrs, readings(), CALENDAR, CALENDAR.local_date(AS_OF))
    return okrs, krs, objectives


def view(lang: str = "en", *, hostile: bool = False, points: int = 64, t: Translator | None = None) -> IterationReport:
    """The whole report of the made-up iteration."""
    words: dict[str, Any] = TEXTS[lang]
    okrs, krs, objectives = progress(words)
    now = iteration(27, HOSTILE if hostile else None)
    whole = sets(now)
    short = scope(now, whole)
    history = [sets(iteration(n), whole=False) for n in range(22, 27)] + [whole]
    found = trace(words, {p.kr.full_id: p for p in krs}, hostile)
    snapshot = FixedSnapshot(okrs, words["team"], items(words["titles"], hostile))
    said = t or translator(lang)
    return iteration_view(
        snapshot, short, found, krs, objectives, readings(), history, said, longer(short, points)
    )  # fmt: skip
