"""`teams:` of okr-delivery.yaml: who owns which issues, with which iterations and how far along the gate."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from okr_delivery.config.calendar import CalendarSettings
from okr_delivery.config.types import Day, Identifier, NonEmpty, Positive, Strict, Text, Whole, Words, refuse

StageName = Literal["intake", "pitch", "iteration", "release"]
IterationKind = Literal["sprints", "versions", "milestones", "iterations", "calendar"]
FIRST_PERIOD = date(2024, 1, 1)
"""A Monday, so that periods of a week that nobody dated are ISO weeks."""
CALENDAR_KEYS = ("weeks", "start", "commitment")


class Selector(Strict):
    """Everything named must hold; a list is met by any of its members."""

    source: Text = Field(description="Name of the source.")
    projects: tuple[Words, ...] = Field((), description="Issues of these projects: keys on Jira, full paths on GitLab.")
    groups: tuple[Text, ...] = Field(
        (), description="GitLab: issues of all projects in these groups, by full path; beside projects, of both."
    )
    boards: tuple[Words, ...] = Field((), description="Issues in iterations of these boards, by id.")
    components: tuple[Words, ...] = Field((), description="Issues with one of these components.")
    labels: tuple[Text, ...] = Field((), description="Issues with one of these labels.")
    types: tuple[Words, ...] = Field((), description="Issues of these types.")


class TeamIterations(Strict):
    from_: IterationKind = Field(
        alias="from",
        description="What the team's iterations are: its tracker's sprints, versions (release trains), milestones or"
        " iterations, or periods of the calendar for a team that pulls its work (kanban).",
    )
    boards: tuple[Words, ...] = Field((), description="Boards whose sprints are the team's, by id.")
    name: Text | None = Field(None, description="Pattern that the iteration's name must match, such as PAY *.")
    weeks: Whole = Field(1, ge=1, le=53, description="calendar: length of a period.")
    start: Day = Field(FIRST_PERIOD, description="calendar: first day of any one period. Default: a Monday.")
    commitment: Words | None = Field(
        None,
        description="calendar: status from which on work belongs to a period, by id or name. Default: the source's"
        " commitment.",
    )

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.boards and self.from_ != "sprints":
            raise refuse("config.boards_without_sprints", at="boards", kind=self.from_)
        if self.from_ == "calendar" and self.name is not None:
            raise refuse("config.name_of_periods", at="name")
        for key in CALENDAR_KEYS:
            if key in self.model_fields_set and self.from_ != "calendar":
                raise refuse("config.without_calendar", at=key, name=key, kind=self.from_)
        return self


class Capacity(Strict):
    headcount: Positive | None = Field(None, description="People in the team.")
    per_iteration: Positive | None = Field(None, description="Effort that fits into one iteration.")
    unit: Text = Field("points", description="Unit of per_iteration.")


class TeamGate(Strict):
    adopt: StageName | None = Field(None, description="How far this team is: intake, pitch, iteration, release.")


class Team(Strict):
    """Owns the issues that its selectors match, unless an earlier team does."""

    id: Identifier = Field(description="Short name, unique.")
    name: Text | None = Field(None, description="Name that people read. Default: the id.")
    select: Annotated[tuple[Selector, ...], *NonEmpty] = Field(description="Which issues the team owns: any of these.")
    iterations: TeamIterations | None = Field(
        None, description="The team's iterations. Default: sprints on Jira, milestones on GitLab."
    )
    objectives: tuple[Identifier, ...] = Field((), description="Objectives that the team works for.")
    capacity: Capacity | None = Field(None, description="What the team can take on.")
    gate: TeamGate = Field(default_factory=TeamGate, description="The team's own gate settings.")
    calendar: CalendarSettings | None = Field(
        None, description="The team's own calendar; keys that are not named are those of the whole file."
    )

    @property
    def title(self) -> str:
        """What people read."""
        return self.name or self.id
