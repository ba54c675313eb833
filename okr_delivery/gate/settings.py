"""Which rules are on and how severe they are: the defaults with the configuration's `gate.rules` on top."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr_delivery.gate.finding import Severity, Stage
from okr_delivery.gate.rule import STAGES, PlanRule, RequirementRule, Rule, includes
from okr_delivery.gate.rules import RESERVED, RULES, WAIVER_RULES
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.config import Config

OFF = "off"
LINT = re.compile(r"OKR[1-4]\d\d")
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
        check_ids(config)
        configured = {rule: str(value) for rule, value in config.gate.rules.items()}
        defaults = {rule.id: rule.severity for rule in RULES.values()} | dict(WAIVER_DEFAULTS)
        chosen = {rule: configured.get(rule, default) for rule, default in defaults.items()}
        return cls({rule: Severity(value) for rule, value in chosen.items() if value is not None and value != OFF})

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


def known(rule: str) -> bool:
    """Whether the id is in the published table, built or kept for later."""
    return rule in RULES or rule in RESERVED or rule in WAIVER_RULES or LINT.fullmatch(rule) is not None


def nearest(rule: str) -> str | None:
    """The id that was probably meant by an unknown id or a name."""
    names = {made.name: made.id for made in RULES.values()} | {name: code for code, name in RESERVED.items()}
    if rule.lower() in names:
        return names[rule.lower()]
    ids = [*RULES, *RESERVED, *WAIVER_RULES]
    close = difflib.get_close_matches(rule.upper(), ids, n=1) or difflib.get_close_matches(rule.lower(), names, n=1)
    return names.get(close[0], close[0]) if close else None


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
