"""`teams:` of okr-delivery.yaml: who owns which issues, with which iterations and how far along the gate."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from okr_delivery.config.calendar import CalendarSettings
from okr_delivery.config.types import Identifier, NonEmpty, Positive, Strict, Text, Words, refuse

StageName = Literal["intake", "pitch", "iteration", "release"]
IterationKind = Literal["sprints", "milestones", "iterations"]
LATER_KINDS = ("versions", "calendar")


def _kind(value: object) -> object:
    if value in LATER_KINDS:
        raise refuse("config.later", value=str(value))
    return value


class Selector(Strict):
    """Everything named must hold; a list is met by any of its members."""

    source: Text = Field(description="Name of the source.")
    projects: tuple[Words, ...] = Field((), description="Issues of these projects.")
    boards: tuple[Words, ...] = Field((), description="Issues in iterations of these boards, by id.")
    components: tuple[Words, ...] = Field((), description="Issues with one of these components.")
    labels: tuple[Text, ...] = Field((), description="Issues with one of these labels.")
    types: tuple[Words, ...] = Field((), description="Issues of these types.")


class TeamIterations(Strict):
    from_: Annotated[IterationKind, BeforeValidator(_kind)] = Field(
        alias="from", description="What the team's iterations are in its tracker."
    )
    boards: tuple[Words, ...] = Field((), description="Boards whose sprints are the team's, by id.")
    name: Text | None = Field(None, description="Pattern that the iteration's name must match, such as PAY *.")


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

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if self.iterations is not None and self.iterations.boards and self.iterations.from_ != "sprints":
            raise refuse("config.boards_without_sprints", at="iterations", kind=self.iterations.from_)
        return self
