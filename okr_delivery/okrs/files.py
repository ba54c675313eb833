"""OKR files as pydantic models: every key of `okrs/*.yaml`, its default and its description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from okr_delivery.config.types import (
    Day,
    Identifier,
    NonEmpty,
    Number,
    Positive,
    Strict,
    Text,
    Words,
    duration,
    nearest,
    refuse,
)

DAY = 86_400
CADENCES = {"daily": 1, "weekly": 7, "biweekly": 14, "monthly": 31, "quarterly": 92}
DAYS_PATTERN = r"^[0-9]+[dw]$"
CADENCE_PATTERN = r"^(" + "|".join(CADENCES) + r"|[1-9][0-9]*[dw])$"
Member = Annotated[Text, Field(description="An id, short or as CYCLE:ID.")]


def _whole_days(seconds: int) -> int:
    if seconds % DAY:
        raise refuse("okrs.whole_days")
    return seconds // DAY


Days = Annotated[
    int,
    BeforeValidator(duration),
    AfterValidator(_whole_days),
    WithJsonSchema({"type": "string", "pattern": DAYS_PATTERN}),
]


def _cadence(value: object) -> int:
    if isinstance(value, str) and value in CADENCES:
        return CADENCES[value]
    found = re.fullmatch(r"([1-9][0-9]*)([dw])", value) if isinstance(value, str) else None
    if found is None:
        close = nearest(value, list(CADENCES)) if isinstance(value, str) else None
        raise refuse("okrs.cadence", value=str(value), meant=close or "weekly", known=", ".join(CADENCES))
    return int(found[1]) * (7 if found[2] == "w" else 1)


Cadence = Annotated[int, BeforeValidator(_cadence), WithJsonSchema({"type": "string", "pattern": CADENCE_PATTERN})]


class CycleEntry(Strict):
    id: Identifier = Field(description="Name of the cycle, such as 2026Q4.")
    start: Day = Field(description="First day.")
    end: Day = Field(description="Last day, included.")
    state: Literal["draft", "active", "review", "closed"] = Field("active", description="State of the cycle.")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end < self.start:
            raise refuse("okrs.cycle_backwards", at="end", start=self.start.isoformat(), end=self.end.isoformat())
        return self


class MovingMetric(Strict):
    """A number that shall move from its baseline to its target."""

    direction: Literal["increase", "decrease"] = Field(description="Which way the number shall move.")
    unit: Text | None = Field(None, description="Unit of the number.")
    baseline: Number = Field(description="Value at the cycle's start.")
    target: Number = Field(description="Value to reach.")

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if self.baseline == self.target:
            raise refuse("okrs.no_way", at="target", value=self.target)
        if (self.target > self.baseline) != (self.direction == "increase"):
            ends = {"baseline": self.baseline, "target": self.target}
            raise refuse("okrs.wrong_way", at="direction", direction=self.direction, **ends)
        return self


class BoundMetric(Strict):
    """A number that shall be at least or at most its target."""

    direction: Literal["at_least", "at_most"] = Field(description="On which side of the target the number shall be.")
    unit: Text | None = Field(None, description="Unit of the number.")
    target: Number = Field(description="The limit, included.")


class RangeMetric(Strict):
    """A number that shall stay inside a band."""

    direction: Literal["range"] = Field(description="range")
    unit: Text | None = Field(None, description="Unit of the number.")
    low: Number = Field(description="Lower end of the band, included.")
    high: Number = Field(description="Upper end of the band, included.")
    tolerance: Positive | None = Field(
        None, description="Distance from the band at which progress is 0. Default: outside is 0."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise refuse("okrs.range", at="low", low=self.low, high=self.high)
        return self


class MilestoneEntry(Strict):
    id: Identifier = Field(description="Short name, unique in its key result.")
    title: Text = Field(description="What will be there.")
    due: Day | None = Field(None, description="Planned day.")
    weight: Positive = Field(1, description="Weight among the milestones.")
    done: Day | None = Field(None, description="The day it was reached.")


class MilestonesMetric(Strict):
    """Dated steps; progress is the weighted share that is done."""

    direction: Literal["milestones"] = Field(description="milestones")
    items: Annotated[tuple[MilestoneEntry, ...], *NonEmpty] = Field(description="The milestones.")

    @field_validator("items")
    @classmethod
    def _unique(cls, items: tuple[MilestoneEntry, ...]) -> tuple[MilestoneEntry, ...]:
        names = [item.id.casefold() for item in items]
        for n, name in enumerate(names):
            if name in names[:n]:
                raise refuse("okrs.duplicate_part", value=items[n].id)
        return items


class YesNoMetric(Strict):
    """Something that is there or not."""

    direction: Literal["yes_no"] = Field(description="yes_no")
    due: Day | None = Field(None, description="Planned day.")
    done: Day | None = Field(None, description="The day it was reached.")


class IssuesMetric(Strict):
    """A count of tracker issues; computed, never read."""

    direction: Literal["issues"] = Field(description="issues")
    source: Text = Field(description="Name of the source.")
    jql: Text = Field(description="Which issues count.")
    count: Literal["done", "raised"] = Field("done", description="done: finished ones; raised: all of them.")
    target: Positive = Field(description="How many.")
    unit: Text | None = Field(None, description="Unit of the count.")


class DeliveryMetric(Strict):
    """A delivery metric of a team; computed, never read."""

    direction: Literal["delivery"] = Field(description="delivery")
    name: Text = Field(description="Name of the metric, such as lead_time.")
    statistic: Text | None = Field(None, description="p50, p85 or p95 where the metric has percentiles.")
    unit: Text | None = Field(None, description="Unit of the metric.")
    team: Text = Field(description="Id of the team.")
    baseline: Number = Field(description="Value at the cycle's start.")
    target: Number = Field(description="Value to reach.")

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if self.baseline == self.target:
            raise refuse("okrs.no_way", at="target", value=self.target)
        return self


class CompositeMetric(Strict):
    """Several key results of the cycle seen as one."""

    direction: Literal["composite"] = Field(description="composite")
    rule: Literal["all", "mean"] = Field("all", description="all: as far as the weakest; mean: the average.")
    parts: Annotated[tuple[Member, ...], *NonEmpty] = Field(description="Ids of key results.")


MetricEntry = Annotated[
    MovingMetric
    | BoundMetric
    | RangeMetric
    | MilestonesMetric
    | YesNoMetric
    | IssuesMetric
    | DeliveryMetric
    | CompositeMetric,
    Field(discriminator="direction"),
]


class HealthEntry(Strict):
    id: Identifier = Field(description="Short name; its readings are those of KR/ID.")
    title: Text = Field(description="What must not suffer.")
    unit: Text | None = Field(None, description="Unit of the number.")
    at_most: Number | None = Field(None, description="Upper limit, included.")
    at_least: Number | None = Field(None, description="Lower limit, included.")

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.at_most is None) == (self.at_least is None):
            raise refuse("okrs.health_limit", value=self.id)
        return self


class ReadingEntry(Strict):
    cadence: Cadence = Field(7, description="daily, weekly, biweekly, monthly, quarterly, or a length such as 10d.")
    by: Text | None = Field(None, description="Who reads the number.")


class AmendmentEntry(Strict):
    on: Day = Field(description="From this day on.")
    target: Number = Field(description="The new target.")
    reason: Text = Field(description="Why it was changed.")
    by: Text = Field(description="Who changed it.")
    approved_by: Text | None = Field(None, description="Who approved it.")


class KeyResultEntry(Strict):
    id: Identifier = Field(description="Short name, unique in its cycle.")
    title: Text = Field(description="The result that people read.")
    owner: Text | None = Field(None, description="Who answers for it.")
    weight: Positive = Field(1, description="Weight in its objective.")
    continues: Member | None = Field(None, description="The key result of an earlier cycle that this one continues.")
    tracker: Text | None = Field(None, description="Its own issue, as SOURCE:KEY.")
    metric: MetricEntry = Field(description="How it is measured.")
    plan: Mapping[str, Number] = Field(default_factory=dict, description="Month (2026-10) -> value at its end.")
    health: tuple[HealthEntry, ...] = Field((), description="What must not suffer meanwhile.")
    reading: ReadingEntry = Field(default_factory=ReadingEntry, description="How often it is read, and by whom.")
    lag: Days = Field(0, description="Days until work that is released can move it.")
    observe: Days = Field(28, description="Days for which it is observed after that.")
    rationale: Text | None = Field(None, description="How it supports the objective.")
    amendments: tuple[AmendmentEntry, ...] = Field((), description="Declared changes of the target.")

    @field_validator("plan", mode="after")
    @classmethod
    def _months(cls, plan: Mapping[str, float]) -> Mapping[str, float]:
        for month in plan:
            if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
                raise refuse("okrs.month", at=month, value=month)
        return plan


class ObjectiveEntry(Strict):
    id: Identifier = Field(description="Short name, unique in its cycle.")
    title: Text = Field(description="The objective that people read.")
    owner: Text | None = Field(None, description="Who answers for it.")
    level: Literal["company", "department", "project", "team", "individual"] = Field("team", description="Level.")
    kind: Literal["business", "capability"] = Field(
        "business", description="business, or capability (people, process)."
    )
    source: Literal["aligned", "self_driven", "support"] = Field("aligned", description="Where it comes from.")
    value: Text | None = Field(None, description="The value dimension that it serves.")
    aligns_to: tuple[Member, ...] = Field((), description="Objectives or key results that it serves.")
    key_results: tuple[KeyResultEntry, ...] = Field((), description="Its key results.")


class GoalEntry(Strict):
    team: Text = Field(description="Id of the team.")
    iteration: Words = Field(description="Name or id of the iteration.")
    objective: Member | None = Field(None, description="The objective that the goal serves.")
    goal: Text | None = Field(None, description="The goal in words.")
    key_results: tuple[Member, ...] = Field((), description="Key results that the iteration shall move.")


class OkrFile(Strict):
    """One file: a cycle, objectives in it, and goals of iterations. A cycle may be spread over several files."""

    cycle: CycleEntry = Field(description="The cycle that everything in this file belongs to.")
    objectives: tuple[ObjectiveEntry, ...] = Field((), description="The objectives.")
    iterations: tuple[GoalEntry, ...] = Field((), description="Goals of iterations whose tracker has no goal text.")
