"""`sources:` of okr-delivery.yaml: one connection to one tracker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from okr_delivery.config.types import Day, Flag, Identifier, NonEmpty, Number, Strict, Text, Words, nearest, refuse
from okr_delivery.model.work import Field as WorkField

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
VARIABLE = re.compile(r"OKR_DELIVERY_[A-Z0-9_]+")
NOT_DELIVERED = ("Won't Do", "Won't Fix", "Duplicate", "Cannot Reproduce", "Declined")
Release = Literal["version", "deployment", "finished"]
CarrierName = Literal["fields", "labels", "line", "issue_link", "parent"]
CARRIERS: tuple[CarrierName, ...] = ("fields", "labels", "line", "issue_link", "parent")
FOREIGN = {
    "jira": ("groups", "deployments"),
    "gitlab": ("boards", "jql", "deployment", "user_env"),
}
"""Keys of a source that are of another type of tracker."""
UNTOLD = {
    "gitlab": frozenset(
        {WorkField.CLAIM_LINES, WorkField.KEY_RESULT, WorkField.CONTRIBUTION, WorkField.CONFIDENCE},
    )
}
"""Fields whose former content a type of tracker does not keep."""
UNRESOLVED = frozenset({"gitlab"})
"""Types of tracker that have no field for how an issue was resolved."""
_STEP = r"[A-Za-z0-9_.][A-Za-z0-9_.-]*"
GROUP_PATH = re.compile(rf"{_STEP}(/{_STEP})*")
PROJECT_PATH = re.compile(rf"{_STEP}(/{_STEP})+")


def _variable(name: str) -> str:
    if not VARIABLE.fullmatch(name):
        raise refuse("config.variable")  # the value is not shown: it may be the secret itself
    return name


Variable = Annotated[Text, AfterValidator(_variable)]


class History(Strict):
    since: Day | None = Field(
        None, description="Issues updated since this day are read, and every open one. Default: all."
    )


class Requirements(Strict):
    types: tuple[Words, ...] | None = Field(
        None,
        description="Issue types that are requirements. Default: all but sub-tasks and types of a non_okr class.",
    )
    exclude_labels: tuple[Text, ...] = Field((), description="Issues with one of these labels are no requirements.")


class NonOkr(Strict):
    labels: Mapping[str, tuple[Text, ...]] = Field(
        default_factory=dict, description="Class of work that serves no key result -> labels that declare it."
    )
    types: Mapping[str, tuple[Words, ...]] = Field(
        default_factory=dict, description="Class of work that serves no key result -> issue types that are of it."
    )
    budget: Annotated[Number, Field(ge=0, le=1)] = Field(
        0.3, description="Share of effort that work without a key result may take, 0 to 1."
    )


class LinkSettings(Strict):
    order: tuple[CarrierName, ...] = Field(
        CARRIERS, description="Where the amount of a contribution is taken from: the first of these that states one."
    )
    labels: tuple[Text, ...] = Field(("kr:", "kr::"), description="Prefixes of labels that name a key result.")

    @field_validator("order")
    @classmethod
    def _once(cls, order: tuple[CarrierName, ...]) -> tuple[CarrierName, ...]:
        if len(set(order)) < len(order):
            raise refuse("config.twice", value=next(name for name in order if order.count(name) > 1))
        return order


class FieldNames(Strict):
    key_result: Words | None = Field(None, description="Field that names key results, by name or id.")
    contribution: Words | None = Field(None, description="Field that holds the expected contribution, by name or id.")
    confidence: Words | None = Field(None, description="Field that holds the confidence in per cent, by name or id.")
    estimate: Words = Field(
        "auto",
        description="Estimate field, by name or id; auto: the board's own. GitLab: weight, time_estimate or a custom"
        " field; auto: the weight where there is one, else the time estimate in hours.",
    )
    priority: Words = Field(
        "auto",
        description="Priority field, by name or id; auto: the tracker's own. GitLab: scope of the labels that carry it;"
        " auto: priority.",
    )
    user_value: Words | None = Field(None, description="Field that states the user value, by name or id.")
    approved: Text = Field("scope-approved", description="Label of work whose addition after the start was approved.")
    rehearsed: Text = Field("rehearsed", description="Label of work whose release was rehearsed.")


class Dispute(Strict):
    label: Text = Field("disputed", description="Label of requirements whose value is disputed.")


def _scope(text: str) -> str:
    scope = text.strip().rstrip(":")
    if not scope:
        raise refuse("config.type.empty")
    return scope


class StatusSettings(Strict):
    order: tuple[Words, ...] = Field(
        (), description="Stages from left to right, by status id or name. Default: by category."
    )
    commitment: Words | None = Field(None, description="Stage from which work counts as committed. Default: start.")
    start: Words | None = Field(None, description="Stage from which work counts as started. Default: first active one.")
    wait: tuple[Words, ...] = Field((), description="Stages in which work waits; needed for flow efficiency.")
    done: tuple[Words, ...] = Field((), description="Statuses that are done. Default: the tracker's done category.")
    cancelled: tuple[Words, ...] = Field((), description="Statuses in which work was given up.")
    not_delivered: tuple[Words, ...] = Field(NOT_DELIVERED, description="Resolutions that make a done issue cancelled.")
    label_scope: Annotated[Text, AfterValidator(_scope)] | None = Field(
        None, description="GitLab: scope of the labels that carry the workflow, such as workflow."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = [self._plain(name) for name in self.order]
        points = [("commitment", self.commitment), ("start", self.start), *(("wait", name) for name in self.wait)]
        for key, name in points if known else ():
            if name is not None and self._plain(name) not in known:
                close = nearest(name, list(self.order))
                raise refuse("config.status_not_in_order", at=key, status=name, meant=close or self.order[0])
        if known and self.commitment and self.start:
            commitment, start = (known.index(self._plain(name)) for name in (self.commitment, self.start))
            if commitment > start:
                named = {"commitment": self.commitment, "start": self.start}
                raise refuse("config.commitment_after_start", at="commitment", **named)
        both = {self._plain(name) for name in self.done} & {self._plain(name) for name in self.cancelled}
        if both:
            raise refuse("config.status_twice", at="cancelled", status=sorted(both)[0])
        return self

    def _plain(self, name: str) -> str:
        """In lower case and without the scope of labels, with which people may write it or not."""
        return name.casefold().removeprefix(f"{self.label_scope}::".casefold() if self.label_scope else "")


class ReleaseSettings(Strict):
    from_: Annotated[tuple[Release, ...], *NonEmpty] = Field(
        ("version", "deployment", "finished"),
        alias="from",
        description="When observation starts: the first of these that has a date.",
    )


class DeploymentSettings(Strict):
    environments: Annotated[tuple[Text, ...], *NonEmpty] = Field(
        description="Environments whose deployments reach users, by name, such as production."
    )


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise refuse("config.url") from None
    if parts.username is not None or parts.password is not None:
        raise refuse("config.url_secret")  # not shown
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.query
        or parts.fragment
        or any(map(str.isspace, text))
    ):
        raise refuse("config.url")
    return text.rstrip("/")


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}[parts.scheme]


class Source(Strict):
    """A connection. Only `projects`, `boards` and `groups` say what is in scope; the rest says how it is read."""

    name: Identifier = Field(description="Name of the connection, unique.")
    type: Text = Field(description="Type of tracker, the name of an installed connector: jira, gitlab.")
    url: Annotated[Text, AfterValidator(_url)] = Field(
        description="Address of the tracker; https, a context path is allowed."
    )
    deployment: Literal["cloud", "datacenter", "auto"] = Field(
        "auto", description="Jira: cloud or datacenter; auto asks the server."
    )
    projects: tuple[Words, ...] = Field((), description="Projects in scope: keys on Jira, paths on GitLab.")
    groups: tuple[Words, ...] = Field((), description="GitLab: groups in scope.")
    boards: tuple[Words, ...] = Field(
        (), description="Jira: boards whose filters are in scope and whose sprints are read, by id."
    )
    jql: Text | None = Field(None, description="Jira: narrows the scope.")
    history: History = Field(default_factory=History, description="How far back issues are read.")
    requirements: Requirements = Field(default_factory=Requirements, description="Which issues are requirements.")
    non_okr: NonOkr = Field(default_factory=NonOkr, description="Declared classes of work that serve no key result.")
    links: LinkSettings = Field(default_factory=LinkSettings, description="How requirements name key results.")
    fields: FieldNames = Field(default_factory=FieldNames, description="Fields and labels of the tracker.")
    dispute: Dispute = Field(default_factory=Dispute, description="How a dispute over value is marked.")
    statuses: StatusSettings = Field(default_factory=StatusSettings, description="What the workflow's statuses mean.")
    release: ReleaseSettings = Field(default_factory=ReleaseSettings, description="What counts as released.")
    deployments: DeploymentSettings | None = Field(
        None, description="GitLab: which deployments are read. Default: none, deployments are not connected."
    )
    status_check: Words | None = Field(
        None,
        description="GitLab: status check that tells the gate's verdict, by name or id. Default: a commit status.",
    )
    user_env: Variable | None = Field(
        None, description="Environment variable that holds the user name; written as null: none, the token is a bearer."
    )
    token_env: Variable | None = Field(None, description="Environment variable that holds the token.")
    allow_http: Flag = Field(False, description="Allows a plain http address outside this machine.")

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: where this source's token may go."""
        return _origin(urlsplit(self.url))

    def may_hold(self, project: str, project_id: str) -> bool:
        """Whether the settings ask for a project, by its key, path or id, or by a group around it.

        What is in a group that they name by its id, nobody can tell from a path.
        """
        path = project.casefold()
        if path in {name.casefold() for name in self.projects} or project_id in self.projects:
            return True
        return any(group.isdecimal() or f"{path}/".startswith(f"{group.casefold()}/") for group in self.groups)

    @property
    def untold(self) -> frozenset[WorkField]:
        """Fields of which only syncs know what they said when: the tracker keeps no history of them."""
        return UNTOLD.get(self.type, frozenset())

    @property
    def resolves(self) -> bool:
        """Whether the tracker asks how an issue was resolved."""
        return self.type not in UNRESOLVED

    @field_validator("boards")
    @classmethod
    def _numbers(cls, boards: tuple[str, ...]) -> tuple[str, ...]:
        for board in boards:
            if not board.isdecimal():
                raise refuse("config.board", value=board)
        return boards

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        scheme, host, _ = self.origin
        if scheme == "http" and host not in LOOPBACK and not self.allow_http:
            raise refuse("config.url_http", at="url", url=self.url)
        for key in FOREIGN.get(self.type, ()):
            if key in self.model_fields_set and getattr(self, key) is not None:
                raise refuse("config.key_of_other_type", at=key, key=key, type=self.type)
        if self.type == "jira" and self.statuses.label_scope is not None:
            raise refuse("config.key_of_other_type", at="statuses", key="statuses.label_scope", type=self.type)
        if not (self.projects or self.boards or self.groups):
            raise refuse("config.no_scope", keys="projects, groups" if self.type == "gitlab" else "projects, boards")
        if self.type == "gitlab":
            _require_paths(self.projects, self.groups)
        return self


def _require_paths(projects: tuple[str, ...], groups: tuple[str, ...]) -> None:
    """Projects and groups by path or by id, not by address; whether they exist is the tracker's to say."""
    for project in projects:
        if not GROUP_PATH.fullmatch(project):
            raise refuse("config.project_path", at="projects", key="projects", value=project)
    for group in groups:
        if not GROUP_PATH.fullmatch(group):
            raise refuse("config.group_path", at="groups", key="groups", value=group)
