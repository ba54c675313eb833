"""okr-delivery.yaml as a pydantic model: every key of the file, its default and its description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, WithJsonSchema, field_validator

from okr_delivery.config.calendar import CalendarSettings
from okr_delivery.config.document import Document, Place, Position, shown
from okr_delivery.config.sources import Source
from okr_delivery.config.teams import StageName, Team, TeamGate, TeamIterations
from okr_delivery.config.told import TELL_LABEL
from okr_delivery.config.types import (
    Day,
    Duration,
    Identifier,
    NonEmpty,
    Positive,
    Share,
    Strict,
    Text,
    Whole,
    Words,
    refuse,
)
from okr_delivery.model.okr import Location

ENDS_SCHEMA = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
SizeName = Literal["S", "M", "L", "XL"]
SIZES: Mapping[SizeName, float] = {"S": 0.02, "M": 0.05, "L": 0.15, "XL": 0.30}
RuleLevel = Literal["off", "info", "warning", "error"]
Lang = Literal["en", "zh"]
DEFAULT_STORE = "sqlite:///.okr-delivery/store.db"
_PASSWORD_KEYS = frozenset({"password", "passwd", "pwd", "sslpassword"})


class Timeout(Strict):
    connect: Duration = Field(10, description="Longest wait for a connection.")
    read: Duration = Field(60, description="Longest wait for an answer.")


def _proxy(text: str) -> str:
    if text in ("env", "none"):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        raise refuse("config.proxy") from None
    if parts.scheme not in ("http", "https", "socks5", "socks5h") or not parts.hostname:
        raise refuse("config.proxy")
    if parts.username is not None or parts.password is not None:
        raise refuse("config.proxy_secret")
    return text


class Network(Strict):
    proxy: Annotated[Text, AfterValidator(_proxy)] = Field(
        "env",
        description=(
            "env (HTTPS_PROXY and NO_PROXY; a password stands there only), none, or the proxy's address without one."
        ),
    )
    ca_bundle: Text = Field(
        "system",
        description=(
            "A PEM file with the certificate authorities to trust, or system: those that REQUESTS_CA_BUNDLE, "
            "CURL_CA_BUNDLE, SSL_CERT_FILE or SSL_CERT_DIR names, else this machine's own."
        ),
    )
    timeout: Timeout = Field(default_factory=Timeout, description="Time-outs of a single request.")
    max_minutes: Positive = Field(30, description="Longest run of one sync; what is left is for the next run.")


class ContributionSettings(Strict):
    sizes: Mapping[SizeName, Positive] = Field(
        default_factory=lambda: dict(SIZES), description="Share of baseline → target that a size stands for."
    )
    default_confidence: Share = Field(0.5, description="Confidence of a contribution that states none, 0 to 1.")

    @field_validator("sizes", mode="after")
    @classmethod
    def _all_sizes(cls, sizes: Mapping[SizeName, float]) -> Mapping[SizeName, float]:
        return {**SIZES, **sizes}


def _level(value: object) -> object:
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


class LabelWaivers(Strict):
    """Waivers that are put on the requirement itself."""

    label: Text | None = Field(
        None,
        description="Label that waives what the gate finds on the requirement that carries it; with :RULE behind it,"
        " that rule alone. Default: none does.",
    )
    approvers: tuple[Words, ...] = Field(
        (),
        description="Accounts whose label counts, and whose alone approves scope (fields.approved): account ids (Jira:"
        " accountId or user key, GitLab: number) or user names (Data Center, GitLab); SOURCE: before one that counts in"
        " that source alone. Names on display never do.",
    )
    days: Whole = Field(
        7, ge=1, le=7, description="Days from the day of the label, that day included, for which it counts."
    )


class Tell(Strict):
    """What `gate --apply tracker` puts on a requirement that fails."""

    label: Text = Field(TELL_LABEL, description="Label of requirements that the gate refuses.")


def _ends(value: tuple[int, ...]) -> tuple[int, ...]:
    if len(value) != 2 or value[0] > value[1]:
        raise refuse("config.lint_ends")
    return value


Ends = Annotated[tuple[Whole, ...], AfterValidator(_ends), WithJsonSchema(ENDS_SCHEMA)]


class LintLimits(Strict):
    """How many there may be, at least and at most."""

    objectives: Ends = Field((3, 5), description="Objectives of one owner in a cycle: fewest, most.")
    key_results: Ends = Field((2, 4), description="Key results of an objective: fewest, most.")


LevelName = Literal["company", "department", "project", "team", "individual"]


class Lint(Strict):
    limits: Mapping[LevelName, LintLimits] = Field(
        default_factory=dict,
        description="Level of an objective -> how many objectives and key results. Default: 3-5, 2-4.",
    )
    similar: Share = Field(
        0.85, description="Likeness of two texts, 0 to 1, from which one counts as a copy of the other."
    )

    def limits_of(self, level: str) -> LintLimits:
        """The limits of a level of objectives."""
        return {str(name): limits for name, limits in self.limits.items()}.get(level, LintLimits())


class Gate(Strict):
    adopt: StageName = Field("iteration", description="How far teams are: intake, pitch, iteration, release.")
    since: Day | None = Field(None, description="Requirements created since then are judged. Default: the first sync.")
    fail_on: Literal["error", "warning"] = Field("error", description="Severity from which findings fail the gate.")
    max_age: Duration = Field(26 * 3600, description="Oldest data that still allow a verdict.")
    cycle_grace: Duration = Field(14 * 86400, description="How long a key result of an ended cycle is only a warning.")
    rules: Mapping[str, Annotated[RuleLevel, BeforeValidator(_level)]] = Field(
        default_factory=dict, description="Rule id -> off, info, warning or error."
    )
    max_waiver_days: Whole = Field(92, ge=1, description="Longest time that a waiver may still run, in days.")
    waive: LabelWaivers = Field(default_factory=LabelWaivers, description="Waivers by a label in the tracker.")
    tell: Tell = Field(default_factory=Tell, description="What `gate --apply tracker` writes.")

    @field_validator("rules", mode="after")
    @classmethod
    def _ids(cls, rules: Mapping[str, RuleLevel]) -> Mapping[str, RuleLevel]:
        for name in rules:
            if not re.fullmatch(r"(KR|OKR|WVR)[0-9]{3}", name):
                raise refuse("config.rule_id", at=name, value=name)
        return rules


class Conclude(Strict):
    cover: Share = Field(0.8, description="Share of what was promised whose items need a conclusion each.")
    max: Whole = Field(15, gt=0, description="Most items of an iteration that need a conclusion.")
    grace: Duration = Field(3 * 86400, description="Time to conclude after the window's end.")


class Trace(Strict):
    conclude: Conclude = Field(default_factory=Conclude, description="Which traces need a conclusion, and when.")


class Reports(Strict):
    min_team_size: Whole = Field(5, ge=1, description="Smallest team for which people efficiency is shown.")
    recheck_url: Text | None = Field(None, description="Address that findings name to check again.")


class Sink(Strict):
    name: Identifier = Field(description="Name of the sink, unique.")
    type: Literal["file"] = Field(description="Kind of sink.")
    path: Text = Field(description="Folder that progress is written to.")


def _store(text: str) -> str:
    scheme = text.partition("://")[0].partition("+")[0]
    try:
        secret = secret_in_url(text)
    except ValueError:
        raise refuse("config.store") from None
    if "://" not in text or scheme not in ("sqlite", "postgresql"):
        raise refuse("config.store")
    if secret:
        raise refuse("config.store_secret")  # the URL is not shown
    return text


def secret_in_url(text: str) -> bool:
    """Whether a store's URL holds a password. Raises ValueError for text that is no URL."""
    parts = urlsplit(text)
    named = {key.casefold() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return parts.password is not None or bool(named & _PASSWORD_KEYS)


class Config(Strict):
    """okr-delivery.yaml, validated, with all defaults. Built by `okr_delivery.config.load`."""

    version: Literal[1] = Field(description="Version of this file's format: 1.")
    lang: Lang = Field("en", description="Language of everything that people read: en or zh.")
    okrs: tuple[Text, ...] = Field(("okrs/",), description="OKR files, or folders of them.")
    readings: tuple[Text, ...] = Field(("readings/",), description="CSV files of readings, or folders of them.")
    effects: tuple[Text, ...] = Field(("effects/",), description="CSV files of measured effects, or folders of them.")
    conclusions: Text = Field("conclusions.yaml", description="File that holds the conclusions of value traces.")
    ledger: Text = Field("ledger/", description="Folder of the append-only facts, or `store` for PostgreSQL.")
    store: Annotated[Text, AfterValidator(_store)] = Field(
        DEFAULT_STORE, description="SQLAlchemy URL of a SQLite or PostgreSQL database, without a password."
    )
    calendar: CalendarSettings = Field(default_factory=CalendarSettings, description="Working days.")
    network: Network = Field(default_factory=Network, description="Proxy, certificates and time-outs.")
    sources: Annotated[tuple[Source, ...], *NonEmpty] = Field(description="Connections to trackers.")
    teams: tuple[Team, ...] = Field(
        (),
        description="Teams, inline or as files or folders. Default: each source is one team.",
    )
    contribution: ContributionSettings = Field(
        default_factory=ContributionSettings, description="Sizes and confidence."
    )
    gate: Gate = Field(default_factory=Gate, description="What the gate demands.")
    lint: Lint = Field(default_factory=Lint, description="What `okr lint` asks of the OKR files.")
    trace: Trace = Field(default_factory=Trace, description="What value traces demand.")
    reports: Reports = Field(default_factory=Reports, description="What reports show.")
    feedback: tuple[Sink, ...] = Field((), description="Where progress is written.")

    _document: Document = PrivateAttr()
    _path: Path = PrivateAttr()
    _cwd: Path = PrivateAttr()
    _env: Mapping[str, str] = PrivateAttr()

    def bind(self, document: Document, path: Path, cwd: Path, env: Mapping[str, str]) -> Config:
        """Remembers where the settings come from and the few variables that win over them."""
        self._document, self._path, self._cwd = document, path, cwd
        self._env = {name: env[name] for name in ("OKR_DELIVERY_STORE", "OKR_DELIVERY_LANG") if env.get(name)}
        if "OKR_DELIVERY_HOSTS" in env:  # also when empty: a list that a pipeline failed to pass allows nothing
            self._env = {**self._env, "OKR_DELIVERY_HOSTS": env["OKR_DELIVERY_HOSTS"]}
        return self

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def root(self) -> Path:
        """The folder that relative paths start from."""
        return self._path.parent

    @property
    def lines(self) -> Mapping[Place, Position]:
        """Line and column (1-based) of every key: `("sources", 0, "name")`."""
        return self._document.lines

    def where(self, *place: str | int) -> str:
        """`file:line:column` of a setting, for errors."""
        return self._document.where(place)

    def location(self, *place: str | int) -> Location:
        """File and line of a setting, for findings."""
        file, line, _ = self._document.locate(place)
        return Location(shown((self._cwd / file).absolute(), self.root), line)

    def resolve(self, path: str) -> Path:
        """A path of this file, from its folder."""
        return self.root / path

    @property
    def store_url(self) -> str:
        """The store's URL; `OKR_DELIVERY_STORE` wins and may hold a password. SQLite paths are absolute."""
        url = self._env.get("OKR_DELIVERY_STORE", self.store)
        head, mark, file = url.partition(":///")
        if head.partition("+")[0] != "sqlite" or not mark or not file:
            return url
        name, query, rest = file.partition("?")
        return f"{head}:///{(self.root / name).resolve()}{query}{rest}" if name != ":memory:" else url

    @property
    def ledger_path(self) -> Path | None:
        """The ledger's folder; None when it is kept in the store."""
        return None if self.ledger == "store" else self.resolve(self.ledger)

    @property
    def ca_bundle(self) -> Path | None:
        """The PEM file to trust instead of the system's certificates; None = the system's."""
        return None if self.network.ca_bundle == "system" else self.resolve(self.network.ca_bundle)

    @property
    def language(self) -> Lang:
        """Language of prose; `OKR_DELIVERY_LANG` wins."""
        return "zh" if (self._env.get("OKR_DELIVERY_LANG") or self.lang) == "zh" else "en"

    @property
    def allowed_hosts(self) -> frozenset[str] | None:
        """The only hosts that may be spoken to, lower case; None without `OKR_DELIVERY_HOSTS`, empty if that is."""
        named = self._env.get("OKR_DELIVERY_HOSTS")
        return None if named is None else frozenset(re.split(r"[\s,]+", named.strip().lower())) - {""}

    def source(self, name: str) -> Source:
        """The source of that name. Raises KeyError."""
        for source in self.sources:
            if source.name == name:
                return source
        raise KeyError(name)

    def effective_teams(self) -> tuple[Team, ...]:
        """The teams with their iterations and adopted stage filled in; without `teams:` one per source."""
        teams = self.teams or tuple(_team_of(source) for source in self.sources)
        return tuple(self._filled(team) for team in teams)

    def _filled(self, team: Team) -> Team:
        update: dict[str, Any] = {"gate": TeamGate(adopt=team.gate.adopt or self.gate.adopt)}
        if team.iterations is None:
            update["iterations"] = _iterations_of(self.source(team.select[0].source))
        return team.model_copy(update=update)


def _team_of(source: Source) -> Team:
    return Team.model_validate({"id": source.name, "select": [{"source": source.name}]})


def _iterations_of(source: Source) -> TeamIterations:
    if source.type == "gitlab":
        return TeamIterations(from_="milestones")
    return TeamIterations(from_="sprints", boards=source.boards)
