"""Every lint rule against its own examples, and what all lint rules have in common."""

from __future__ import annotations

import inspect

import pytest

from okr_delivery.gate.finding import Stage
from okr_delivery.gate.lint.registry import rules
from okr_delivery.gate.lint.rule import LintExample, OkrRule
from okr_delivery.locale import LANGS, translator
from okr_delivery.locale.catalogue import catalogue
from tests.gate.lint.world import faults

ALL = tuple(rules().values())
SHOWN = [
    (rule, kind, n, example)
    for rule in ALL
    for kind, examples in (("valid", rule.VALID), ("invalid", rule.INVALID))
    for n, example in enumerate(examples)
]


@pytest.mark.parametrize(
    ("rule", "kind", "example"),
    [(rule, kind, example) for rule, kind, _, example in SHOWN],
    ids=[f"{rule.id}-{kind}-{n}" for rule, kind, n, _ in SHOWN],
)
def test_a_rule_meets_its_own_examples(rule: type[OkrRule], kind: str, example: LintExample) -> None:
    found = faults(rule, example)
    assert bool(found) is (kind == "invalid"), example.written()
    for fault in found:
        assert all(translator(lang).render(fault.message) for lang in LANGS)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_the_usual_example_is_sound(rule: type[OkrRule]) -> None:
    assert faults(rule, LintExample()) == []


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_is_small_named_and_explained_in_both_languages(rule: type[OkrRule]) -> None:
    lines, _ = inspect.getsourcelines(rule)
    assert len(lines) <= 60
    assert inspect.getfile(rule).endswith(f"{rule.id.lower()}.py")
    assert rule.name == rule.name.lower() and " " not in rule.name
    assert rule.stage is Stage.LINT and rule.VALID and rule.INVALID
    for lang in LANGS:
        known = catalogue(lang)
        assert {f"lint.{rule.id.lower()}.{part}" for part in ("why", "fix", "message")} <= set(known)
