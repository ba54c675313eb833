"""The organisation's OKRs as the user's files would declare them: plain data, ready to be written as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from okr_delivery.sandbox.world.calendar import Quarter
from okr_delivery.sandbox.world.words import words

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CyclePlan:
    """One OKR file: its cycle, objectives and, later, the goals of iterations."""

    quarter: Quarter
    state: str
    objectives: list[Row]
    iterations: list[Row]

    @property
    def name(self) -> str:
        return f"{self.quarter.id}.yaml"

    def document(self) -> Row:
        """The file's content."""
        cycle = {"id": self.quarter.id, "start": self.quarter.start, "end": self.quarter.end, "state": self.state}
        rows: Row = {"cycle": cycle, "objectives": self.objectives}
        return rows | ({"iterations": self.iterations} if self.iterations else {})


@dataclass(frozen=True, slots=True)
class Writer:
    """What every key result needs to be written: the words and the quarter."""

    text: Mapping[str, Any]
    quarter: Quarter
    now: date
    goals: Mapping[str, str]  # key result -> key of its own issue

    def objective(self, name: str, krs: list[Row], **members: object) -> Row:
        row: Row = {"id": name, "title": self.text["okr"][name]["title"]}
        return row | members | {"key_results": krs}

    def kr(self, name: str, owner: str, metric: Row, **members: object) -> Row:
        objective = name.split("-")[0]
        row: Row = {"id": name, "title": self.text["okr"][objective]["krs"][name], "owner": owner}
        if name in self.goals:
            row["tracker"] = f"jira:{self.goals[name]}"
        why = self.text["rationales"].get(name)
        return row | {"metric": metric} | members | ({"rationale": why} if why else {})

    def unit(self, name: str) -> str:
        return str(self.text["units"][name])

    def plan(self, *values: float) -> Row:
        return dict(zip(self.quarter.months, values, strict=True))

    def day(self, days: int) -> date:
        """A day of the quarter, counted from its first."""
        return min(self.quarter.start + timedelta(days=days), self.quarter.end)

    def done(self, due: date, late: int) -> date | None:
        """When something due on that day was done: `late` days after it, if that is in the past."""
        actual = due + timedelta(days=late)
        return actual if actual <= self.now else None


def cycles(lang: str, now: date, goals: Mapping[str, str], last_start: date) -> list[CyclePlan]:
    """The closed quarter before, the current one, and the next one as a draft if a planned sprint begins in it."""
    quarter = Quarter.of(now)
    found = [
        CyclePlan(quarter.previous, "closed", _previous(Writer(words(lang), quarter.previous, now, {})), []),
        CyclePlan(quarter, "active", _current(Writer(words(lang), quarter, now, goals), True), []),
    ]
    if last_start > quarter.end:
        draft = _current(Writer(words(lang), quarter.next, now, {}), False)
        found.append(CyclePlan(quarter.next, "draft", draft, []))
    return found


def _previous(write: Writer) -> list[Row]:
    """Fewer key results; one of them (the instalment pilot) was not carried on."""
    retention = write.kr("GROW-KR1", "lin", {"unit": "%", "direction": "increase", "baseline": 33, "target": 38})
    cost = {"unit": write.unit("money"), "direction": "decrease", "baseline": 0.47, "target": 0.42}
    pilot = {"unit": write.unit("points"), "direction": "increase", "baseline": 0, "target": 800}
    conversion = {"unit": "%", "direction": "increase", "baseline": 18, "target": 21}
    grow = [retention, write.kr("GROW-KR4", "zhao", cost), write.kr("GROW-KR9", "zhao", pilot)]
    found = [
        write.objective(
            "GROW", grow, owner="lin", level="team", kind="business", source="self_driven", value="merchant"
        ),
        write.objective(
            "APP", [write.kr("APP-KR2", "chen", conversion)], owner="chen", level="team", source="self_driven"
        ),
    ]
    return [row | {"title": write.text["earlier"][row["id"]]} for row in found]


def _current(write: Writer, continues: bool) -> list[Row]:
    return [
        write.objective(
            "COMPANY",
            _company(write),
            owner="wang",
            level="company",
            kind="business",
            source="self_driven",
            value="merchant",
        ),
        write.objective(
            "GROW",
            _grow(write, continues),
            owner="lin",
            level="team",
            kind="business",
            source="aligned",
            value="merchant",
            aligns_to=["COMPANY-KR1"],
        ),
        write.objective(
            "FLOW", _flow(write), owner="li", level="team", kind="capability", source="self_driven", value="employee"
        ),
        write.objective(
            "APP",
            _app(write, continues),
            owner="chen",
            level="team",
            kind="business",
            source="aligned",
            value="consumer",
            aligns_to=["COMPANY-KR2"],
        ),
        write.objective(
            "PORTAL", _portal(write), owner="maria", level="team", source="aligned", aligns_to=["COMPANY-KR2"]
        ),
        write.objective("PLAT", _platform(write), owner="tom", level="team", kind="capability", source="support"),
    ]


def _company(write: Writer) -> list[Row]:
    volume = {"unit": write.unit("million"), "direction": "increase", "baseline": 820, "target": 1000}
    score = {"unit": write.unit("points"), "direction": "at_least", "target": 45}
    return [
        write.kr("COMPANY-KR1", "wang", volume, weight=2, reading={"cadence": "monthly", "by": "finance"}, lag="7d"),
        write.kr("COMPANY-KR2", "wang", score, reading={"cadence": "monthly", "by": "research"}),
    ]


def _grow(write: Writer, continues: bool) -> list[Row]:
    text = write.text
    health = [{"id": "refund-rate", "title": text["health"]["refund-rate"], "unit": "%", "at_most": 2}]
    amended = {"on": write.day(40), "target": 48, "reason": text["amendment"], "by": "lin", "approved_by": "wang"}
    before = {"continues": f"{write.quarter.previous.id}:GROW-KR1"} if continues else {}
    milestones = [
        {
            "id": name,
            "title": text["milestones"][name],
            "due": write.day(days),
            "weight": weight,
            "done": write.done(write.day(days), late),
        }
        for name, days, weight, late in (("beta", 14, 1, 2), ("live", 45, 2, 1), ("everywhere", 80, 3, 0))
    ]
    return [
        write.kr(
            "GROW-KR1",
            "lin",
            {"unit": "%", "direction": "increase", "baseline": 38, "target": 50},
            weight=2,
            plan=write.plan(40, 44, 50),
            health=health,
            reading={"cadence": "weekly", "by": "bi-team"},
            lag="1d",
            observe="5d",
            amendments=[amended],
            **before,
        ),
        write.kr(
            "GROW-KR2",
            "lin",
            {"unit": "%", "direction": "range", "low": 12, "high": 14, "tolerance": 2},
            lag="3d",
            observe="14d",
        ),
        write.kr("GROW-KR3", "zhao", {"direction": "milestones", "items": milestones}),
        write.kr(
            "GROW-KR4",
            "zhao",
            {"unit": write.unit("money"), "direction": "decrease", "baseline": 0.42, "target": 0.3},
            lag="7d",
            observe="28d",
        ),
        write.kr("GROW-KR5", "lin", {"direction": "composite", "rule": "all", "parts": ["GROW-KR1", "GROW-KR2"]}),
    ]


def _flow(write: Writer) -> list[Row]:
    lead = {"direction": "delivery", "name": "lead_time", "statistic": "p50", "unit": "d", "team": "payments"}
    complaints = {"direction": "issues", "source": "jira", "jql": "labels = cs-feedback", "count": "done", "target": 6}
    audit = write.day(60)
    return [
        write.kr("FLOW-KR1", "li", lead | {"baseline": 32, "target": 16}),
        write.kr("FLOW-KR2", "li", complaints),
        write.kr("FLOW-KR3", "zhao", {"direction": "yes_no", "due": audit, "done": write.done(audit, -4)}),
    ]


def _portal(write: Writer) -> list[Row]:
    settled = {"unit": "%", "direction": "increase", "baseline": 40, "target": 55}
    speed = {"unit": "s", "direction": "decrease", "baseline": 4.2, "target": 2.5}
    return [
        write.kr(
            "PORTAL-KR1", "maria", settled, reading={"cadence": "weekly", "by": "bi-team"}, lag="1d", observe="5d"
        ),
        write.kr("PORTAL-KR2", "maria", speed, lag="3d", observe="28d"),
    ]


def _platform(write: Writer) -> list[Row]:
    failed = {"unit": "%", "direction": "decrease", "baseline": 6, "target": 2}
    wait = {"unit": write.unit("hours"), "direction": "decrease", "baseline": 40, "target": 16}
    return [
        write.kr("PLAT-KR1", "tom", failed, reading={"cadence": "weekly", "by": "bi-team"}, lag="1d", observe="2d"),
        write.kr("PLAT-KR2", "tom", wait, lag="1d", observe="14d"),
    ]


def _app(write: Writer, continues: bool) -> list[Row]:
    text = write.text
    health = [{"id": "uninstalls", "title": text["health"]["uninstalls"], "unit": "%", "at_most": 1.2}]
    before = {"continues": f"{write.quarter.previous.id}:APP-KR2"} if continues else {}
    return [
        write.kr("APP-KR1", "sun", {"unit": "%", "direction": "at_least", "target": 99.5}, lag="1d", observe="14d"),
        write.kr(
            "APP-KR2",
            "chen",
            {"unit": "%", "direction": "increase", "baseline": 21, "target": 27},
            weight=2,
            plan=write.plan(22.5, 24.5, 27),
            health=health,
            reading={"cadence": "weekly", "by": "bi-team"},
            lag="1d",
            observe="5d",
            **before,
        ),
        write.kr("APP-KR3", "sun", {"unit": "s", "direction": "at_most", "target": 1.5}),
        write.kr(
            "APP-KR4",
            "chen",
            {"unit": write.unit("users"), "direction": "increase", "baseline": 1_200_000, "target": 1_500_000},
            lag="3d",
            observe="28d",
        ),
        write.kr(
            "APP-KR5",
            "sun",
            {"unit": write.unit("per10k"), "direction": "decrease", "baseline": 35, "target": 20},
            lag="7d",
            observe="28d",
        ),
        write.kr("APP-KR6", "chen", {"direction": "composite", "rule": "mean", "parts": ["APP-KR2", "APP-KR4"]}),
    ]
