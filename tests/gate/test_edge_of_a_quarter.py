"""Across the edge of a quarter, day by day: work is carried over, OKR files are late or early, and nobody is refused
by the calendar alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from okr_delivery.delivery.derive import deriver
from okr_delivery.delivery.snapshot import Snapshot
from okr_delivery.gate.engine import GateInput, run
from okr_delivery.gate.finding import Severity
from okr_delivery.gate.result import GateResult
from okr_delivery.model.work import Category, Change, Field, Issue, Iteration, IterationState, Status, Value
from okr_delivery.okrs import load_okrs, load_readings
from tests.gate.world import CONFIG, World, issue

EDGE = date(2027, 1, 1)  # the first day of the new quarter
DAYS = range(-14, 22)
SPRINTS = 6
A_SPRINT = 10  # requirements; three of them are carried over
NOON = 12 * 3600


def at(day: date) -> int:
    """Eight in the evening in Shanghai."""
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


def quarter(name: str, start: str, end: str, state: str, *, heirs: bool = False) -> str:
    """An OKR file with three key results; with `heirs`, the first two go on with those of the quarter before."""

    def kr(ref: str, title: str, metric: str, heir: str) -> str:
        more = f", continues: {heir}" if heirs and heir else ""
        return f"      - {{id: {ref}, title: {title}, metric: {{{metric}}}{more}}}\n"

    own = {"2026Q4": "BEAT-KR1", "2027Q1": "PACE-KR1"}[name]
    return (
        f"cycle: {{id: {name}, start: {start}, end: {end}, state: {state}}}\n"
        "objectives:\n"
        "  - id: GROW\n    title: Merchants stay because checkout just works\n    owner: lin\n"
        "    source: self_driven\n    key_results:\n"
        + kr("GROW-KR1", "Retention", 'unit: "%", direction: increase, baseline: 38, target: 50', "2026Q4:GROW-KR1")
        + kr("GROW-KR2", "Refunds", 'unit: "%", direction: range, low: 12, high: 14, tolerance: 2', "2026Q4:GROW-KR2")
        + kr(own, "Faster answers", "unit: h, direction: decrease, baseline: 9, target: 3", "2026Q4:BEAT-KR1")
    )


def old(state: str) -> str:
    return quarter("2026Q4", "2026-10-01", "2026-12-31", state)


def new(state: str, *, heirs: bool = True) -> str:
    return quarter("2027Q1", "2027-01-01", "2027-03-31", state, heirs=heirs)


def well_kept(day: int) -> dict[str, str]:
    return {"2026Q4": old("active" if day < 0 else "review" if day < 10 else "closed"), "2027Q1": new(_begun(day))}


def _begun(day: int) -> str:
    return "draft" if day < 0 else "active"


KEEPING: Mapping[str, Callable[[int], dict[str, str]]] = {
    "well kept": well_kept,
    "late": lambda day: {"2026Q4": old("active")} | ({"2027Q1": new("active")} if day >= 12 else {}),
    "never written": lambda day: {"2026Q4": old("active" if day < 7 else "closed")},
    "left a draft": lambda day: {"2026Q4": old("active"), "2027Q1": new("draft")},
    "active too early": lambda day: {"2026Q4": old("active"), "2027Q1": new("active")},
    "closed early": lambda day: {"2026Q4": old("closed"), "2027Q1": new(_begun(day))},
    "closed early, no other": lambda day: {"2026Q4": old("closed")} | ({"2027Q1": new("active")} if day >= 5 else {}),
}

LINES = (
    "Contributes-to: GROW-KR1 +1.5pp 60%",
    "Contributes-to: GROW-KR1 M",
    "Contributes-to: GROW-KR1 share 10%",
    "Contributes-to: 2026Q4:GROW-KR1 S",
    "Contributes-to: GROW-KR2 +0.5pp",
    "贡献: BEAT-KR1 -1h",
    "Contributes-to: BEAT-KR1 M",
    "Contributes-to: 2026Q4:BEAT-KR1 -0.5h 80%",
    "Contributes-to: GROW-KR1 +1pp; BEAT-KR1 S",
    "Non-OKR: compliance audit of checkout",
)


@dataclass
class Company:
    """A team that plans in sprints of `days`, the first of which begins so that one begins `offset` days after EDGE."""

    world: World
    days: int
    offset: int

    def sprints(self) -> list[Iteration]:
        first = EDGE + timedelta(days=self.offset - self.days * (SPRINTS // 2))
        begins = [at(first + timedelta(days=self.days * n)) for n in range(SPRINTS + 1)]
        return [
            Iteration(
                "jira", str(n + 1), f"PAY S{n + 1}", IterationState.CLOSED,
                start=begins[n], end=begins[n + 1], activated_at=begins[n], closed_at=begins[n + 1],
                goal="GROW: checkout in three steps", order=n,
            )
            for n in range(SPRINTS)
        ]  # fmt: skip

    def fill(self) -> None:
        """Every third requirement is carried into the next sprint when its own is closed."""
        config, sprints = self.world.write(), self.sprints()
        issues, changes = [], []
        for n, sprint in enumerate(sprints):
            for m in range(A_SPRINT):
                made, moves = self._requirement(n, m, sprint, sprints[n + 1 : n + 2])
                issues.append(made)
                changes += moves
        with self.world.store.page("jira") as tx:
            tx.put_statuses([Status("jira", "1", "To Do", Category.NEW), Status("jira", "2", "Done", Category.DONE)])
            tx.put_iterations(sprints)
            tx.put_issues(issues)
            tx.put_changes([one.id for one in issues], changes)
            deriver(config)(tx, "jira", [one.id for one in issues])
            last = at(EDGE + timedelta(days=90))
            tx.set_state(complete=1, reason=None, fetched_at=last, first_synced_at=at(EDGE) - 60 * 86400)

    def _requirement(self, n: int, m: int, sprint: Iteration, following: list[Iteration]) -> tuple[Issue, list[Change]]:
        """Done when its sprint is closed, or carried over and done a week later."""
        number, begin, end = 100 * n + m, sprint.start or 0, sprint.closed_at or 0
        line = LINES[m]
        carried = m in (1, 4, 7) and bool(following)
        made = issue(number, line, iteration=following[0].id if carried else sprint.id, status="2",
                     created=begin - 5 * 86400, updated=end)  # fmt: skip
        done = end + 7 * 86400 if carried else end - 86400
        changes = [Change(made.id, 2, 0, done, Field.STATUS, Value("1", "To Do"), Value("2", "Done"))]
        if carried:
            ids = (Value(sprint.id, None), Value(following[0].id, None))
            changes.append(Change(made.id, 1, 0, end, Field.ITERATION, *ids))
        return made, changes

    def keep(self, files: dict[str, str]) -> None:
        """The OKR files from now on."""
        for path in (self.world.root / "okrs").glob("*.yaml"):
            path.unlink()
        self.world.okrs = files
        self.config = self.world.write()
        self.book = load_okrs(self.config)
        self.readings = load_readings(self.config, self.book)

    def gate(self, day: date) -> GateResult:
        snapshot = Snapshot.at(self.world.store, self.config, self.book, at(day))
        synced = snapshot.source_states["jira"].fetched_at or 0
        return run(GateInput(snapshot, self.readings, now=synced))  # just then, looking back


PLANS = ((14, 3), (14, 13), (28, 20))
"""Length of a sprint, and how many days after the edge one begins."""
RULES = "rules: {KR302: off, KR303: off, KR304: off, KR305: off, KR306: off}"
"""Warnings whatever the day, and conclusions, for which nobody waits but who has to draw them."""


def company_of(root: Path, days: int, offset: int) -> Iterator[Company]:
    text = CONFIG.replace("since: 2026-11-16", f"since: 2026-10-01, {RULES}").replace(
        "adopt: pitch", "adopt: iteration"
    )
    made = Company(World(root / "work", config_text=text, okrs=well_kept(0)), days, offset)
    made.fill()
    yield made
    made.world.close()


@pytest.fixture
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    yield from company_of(tmp_path, *request.param)


@pytest.fixture
def company_at_ease(tmp_path: Path) -> Iterator[Company]:
    yield from company_of(tmp_path, *PLANS[0])


EACH = [(PLANS[n % len(PLANS)], keeping) for n, keeping in enumerate(KEEPING)]


@pytest.mark.parametrize(("company", "keeping"), EACH, indirect=["company"], ids=str)
def test_no_day_refuses_anybody_by_the_calendar_alone(company: Company, keeping: str) -> None:
    refused, judged, files = [], 0, None
    for n in DAYS:
        day = EDGE + timedelta(days=n)
        if files != (files := KEEPING[keeping](n)):
            company.keep(files)
        result = company.gate(day)
        assert result.exit_code != 2, result.team_verdicts
        judged += len(result.judged)
        refused += [(n, f.rule, f.entity.key, f.message.id) for f in result.findings if f.severity is Severity.ERROR]
    assert refused == []
    assert judged >= len(DAYS) * A_SPRINT // 2


def test_whoever_is_at_fault_is_named(company_at_ease: Company) -> None:
    """Past the grace, the requirement where there is something to name, the OKR files where there is not."""
    day = EDGE + timedelta(days=20)
    said = {}
    for keeping in ("well kept", "never written", "left a draft"):
        company_at_ease.keep(KEEPING[keeping](20))
        found = [f for f in company_at_ease.gate(day).findings if f.rule == "KR103"]
        said[keeping] = {f.help.params["lines"][0].id for f in found}  # type: ignore[index]  # messages
    assert said["well kept"] == {"gate.kr103.fix_requirement"}
    assert said["never written"] == {"gate.kr103.fix_missing"}
    assert said["left a draft"] == {"gate.kr103.fix_requirement", "gate.kr103.fix_file"}


def test_a_key_result_of_a_cycle_that_is_not_written_yet_refuses_nobody(company_at_ease: Company) -> None:
    world = company_at_ease.world
    begins = EDGE + timedelta(days=3)
    sprint = Iteration("jira", "9", "PAY S9", IterationState.FUTURE, start=at(begins), end=at(begins) + 14 * 86400)
    planned = issue(999, "Contributes-to: 2027Q1:NEW-KR1 M", iteration="9")
    world.synced(planned, iterations=(sprint,), fetched_at=at(begins))
    company_at_ease.keep(KEEPING["never written"](0))
    found = company_at_ease.gate(EDGE - timedelta(days=1)).findings
    named = [(f.rule, f.severity, f.help.params["lines"][0].id) for f in found if f.entity.key == "PAY-999"]  # type: ignore[index]  # messages
    assert named == [("KR102", Severity.WARNING, "gate.kr102.fix_missing")]
    company_at_ease.keep(well_kept(0))
    found = company_at_ease.gate(EDGE - timedelta(days=1)).findings
    assert [(f.rule, f.severity) for f in found if f.entity.key == "PAY-999"] == [("KR102", Severity.ERROR)]
