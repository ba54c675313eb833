"""A plan as a rule's example describes it, put on a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from okr_delivery.gate.rule import Example, PlanExample
from okr_delivery.model.work import Change, Issue, Iteration, IterationState
from tests.gate.world import CONFIG, DAY, FUTURE, NOW, OKRS, PAST, S27, S28, World, finished, issue

ITERATION = CONFIG.replace("adopt: pitch", "adopt: iteration")
LONG_AGO = ITERATION.replace("since: 2026-11-16", "since: 2026-09-01")
S20 = Iteration(
    "jira", "20", "PAY S20", IterationState.CLOSED, None, NOW - 60 * DAY, NOW - 46 * DAY, None, NOW - 46 * DAY
)
DONE_AT = NOW - 50 * DAY
CONCLUDED = "- {source: jira, issue: PAY-%d, conclusion: leave, reason: as expected, by: lin, at: 2026-11-10}\n"


def as_issue(number: int, example: Example, **more: object) -> Issue:
    said = {"labels": example.labels, "estimate": example.estimate, "priority": example.priority}
    return issue(number, example.description, **said | more)


def delivered(number: int, example: Example) -> tuple[Issue, Change]:
    """An issue that was done so long ago that its observation has ended."""
    one = as_issue(number, example, iteration="20", status="2", created=NOW - 70 * DAY)
    return one, finished(one, DONE_AT)


def planned(root: Path, example: PlanExample, text: str = LONG_AGO) -> World:
    """The world of an example; its next iteration is PAY S28."""
    world = World(root, text.replace("objectives: [GROW]", f"objectives: [GROW]{_capacity(example)}"))
    entry = f"iterations: [{{team: payments, iteration: PAY S28, objective: {example.entry}}}]\n"
    world.okrs = {"2026Q4": OKRS + (entry if example.entry else ""), "2026Q2": PAST, "2027Q1": FUTURE}
    work = [as_issue(n, one) for n, one in enumerate(example.work, 1)]
    done = [delivered(n, one) for n, one in enumerate(example.delivered, 101)]
    world.synced(
        *work,
        *(one for one, _ in done),
        iterations=(S20, S27, replace(S28, goal=example.goal)),
        changes=[change for _, change in done],
    )
    if example.concluded:
        lines = (CONCLUDED % number for number, _ in enumerate(done, 101))
        (root / "conclusions.yaml").write_text("".join(lines), "utf-8")
    return world


def _capacity(example: PlanExample) -> str:
    return "" if example.capacity is None else f"\n    capacity: {{per_iteration: {example.capacity:g}}}"
