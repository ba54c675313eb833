"""Which rules are on and how severe they are: the defaults with the configuration's `gate.rules` on top."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.lint import registry as lint
from okr_delivery.gate.rule import STAGES, PlanRule, RequirementRule, Rule, includes
from okr_delivery.gate.rules import RULES, WAIVER_RULES
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.config import Config

OFF = "off"
SLIP = 0.8  # how alike an id must be to what was written: one sign of five is another one
LINT = re.compile(r"OKR\d{3}")
"""The form of the ids of `okr lint`."""
WAIVER_DEFAULTS: Mapping[str, Severity] = {
    "WVR001": Severity.WARNING,
    "WVR002": Severity.ERROR,
    "WVR003": Severity.INFO,
}


@dataclass(frozen=True)
class Settings:
    """`severity` holds the rules that are on."""

    severity: Mapping[str, Severity]

    @classmethod
    def of(cls, config: Config) -> Settings:
        """Raises UserError for a rule id that nobody knows, with the nearest one."""
        return cls(severities(config, RULES.values()))

    def rules(self, stage: Stage) -> tuple[type[Rule], ...]:
        """The rules that are asked up to a stage, in the order of their ids, so that what is required comes first."""
        return tuple(rule for rule in RULES.values() if rule.id in self.severity and includes(stage, rule.stage))

    def requirement_rules(self, stage: Stage) -> tuple[type[RequirementRule], ...]:
        """Those of them that are asked of each requirement."""
        return tuple(rule for rule in self.rules(stage) if issubclass(rule, RequirementRule))

    def plan_rules(self, stage: Stage) -> tuple[type[PlanRule], ...]:
        """Those of them that are asked of a team's iterations."""
        return tuple(rule for rule in self.rules(stage) if issubclass(rule, PlanRule))

    def stages(self) -> tuple[Stage, ...]:
        """The stages at which at least one rule is asked."""
        return tuple(stage for stage in STAGES if self.rules(stage))


def severities(config: Config, rules: Iterable[type[Rule]]) -> Mapping[str, Severity]:
    """The severity of those of the rules, and of the WVR ones, that are on.

    Raises UserError for a rule id that nobody knows, with the nearest one.
    """
    check_ids(config)
    configured = {rule: str(value) for rule, value in config.gate.rules.items()}
    defaults = {rule.id: rule.severity for rule in rules} | dict(WAIVER_DEFAULTS)
    chosen = {rule: configured.get(rule, default) for rule, default in defaults.items()}
    return {rule: Severity(value) for rule, value in chosen.items() if value is not None and value != OFF}


def known(rule: str) -> bool:
    """Whether the id is in the published table."""
    return rule in RULES or rule in WAIVER_RULES or rule in lint.ids()


def names() -> Mapping[str, str]:
    """The id of every rule, of the gate, of `okr lint` and about waivers, by its name."""
    every = {rule: made.name for rule, made in {**RULES, **lint.rules()}.items()} | dict(WAIVER_RULES)
    return {name: rule for rule, name in every.items()}


def nearest(rule: str) -> str | None:
    """The id that was probably meant by an unknown id or a name; None where nothing is that near."""
    by_name = names()
    if rule.lower() in by_name:
        return by_name[rule.lower()]
    family = rule.upper().rstrip("0123456789")
    ids = [known for known in by_name.values() if known.rstrip("0123456789") == family] or list(by_name.values())
    close = difflib.get_close_matches(rule.upper(), ids, n=1, cutoff=SLIP)
    close = close or difflib.get_close_matches(rule.lower(), by_name, n=1)
    return by_name.get(close[0], close[0]) if close else None


def check_ids(config: Config) -> None:
    """Refuses unknown rule ids, all at once, each with its place in the file."""
    unknown = [rule for rule in config.gate.rules if not known(rule)]
    if unknown:
        raise UserError([_problem(config, rule) for rule in unknown])


def _problem(config: Config, rule: str) -> Problem:
    near = nearest(rule)
    place = config.lines.get(("gate", "rules", rule))
    where = f"{config.path.name}:{place[0]}:{place[1]}" if place else config.path.name
    step = msg("gate.rule.nearest", rule=near) if near else msg("gate.rule.list")
    return Problem(msg("gate.rule.unknown", rule=rule), where, step)
