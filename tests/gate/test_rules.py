"""Every rule against its own examples, and what all rules have in common."""

from __future__ import annotations

import inspect
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from okr_delivery.gate.finding import Finding, Severity, Stage
from okr_delivery.gate.rule import Example, RequirementRule, Rule, includes
from okr_delivery.gate.rules import RULES, WAIVER_RULES
from okr_delivery.locale import LANGS, translator
from okr_delivery.model.claims import has_blank
from okr_delivery.model.work import Change, Field, Issue
from tests.gate.world import CONFIG, DAY, NOW, World, finished, issue, joined

EVERYTHING = (
    CONFIG.replace("gate: {since", "gate: {rules: {KR208: error, KR401: error}, since")
    .replace("non_okr:", "fields: {user_value: User value}\n    non_okr:")
    .replace("adopt: pitch", "adopt: iteration")
)
CASES = [
    (rule, kind, example)
    for rule in RULES.values()
    if issubclass(rule, RequirementRule)
    for kind, examples in (("valid", rule.VALID), ("invalid", rule.INVALID))
    for example in examples
]


def as_issue(number: int, example: Example) -> Issue:
    """The example as a tracker would hold it; a user value is there unless the example is about its absence."""
    return issue(
        number,
        example.description,
        labels=example.labels,
        estimate=example.estimate,
        priority=example.priority,
        user_value=example.user_value or "Merchants pay in three steps",
        iteration=None if not example.iteration else "27" if example.added or example.released else "28",
        status="2" if example.released else "1",
    )


def history(one: Issue) -> list[Change]:
    """What is in the running iteration joined it after its start, and was done if it is."""
    late = [joined(one, NOW - 2 * DAY)] if one.value(Field.ITERATION).id == "27" else []
    return late + ([finished(one, NOW - DAY)] if one.value(Field.STATUS).id == "2" else [])


def about_user_value(number: int, example: Example) -> Issue:
    return issue(number, example.description, user_value=example.user_value)


def judged(folder: Path, issues: list[Issue]) -> dict[int, list[Finding]]:
    """Findings over all issues, by the issue's number; those that are done are judged at their release."""
    world = World(folder / "work", EVERYTHING)
    changes = sorted((change for one in issues for change in history(one)), key=lambda change: change.ts)
    world.synced(*issues, changes=changes)
    results = (world.gate(backlog=True), world.gate(stage=Stage.RELEASE))
    world.close()
    out: dict[int, list[Finding]] = defaultdict(list)
    for finding in (finding for result in results for finding in result.findings):
        out[int(finding.entity.key.removeprefix("PAY-"))].append(finding)
    return out


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Finding]]:
    """What each example gets, by its number."""
    make = {"KR208": about_user_value}
    issues = [make.get(rule.id, as_issue)(n, example) for n, (rule, _, example) in enumerate(CASES)]
    return judged(tmp_path_factory.mktemp("rules"), issues)


@pytest.fixture(scope="module")
def pasted(found: dict[int, list[Finding]], tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Finding]]:
    """The same examples with the line that their finding offered as their description."""
    lines = {n: findings[0].paste for n, findings in found.items() if findings and findings[0].paste}
    issues = [as_issue(n, replace(CASES[n][2], description=line or "", labels=())) for n, line in lines.items()]
    return judged(tmp_path_factory.mktemp("pasted"), issues)


@pytest.mark.parametrize(("number", "rule", "kind", "example"), [(n, *case) for n, case in enumerate(CASES)])
def test_a_rule_meets_its_own_examples(
    number: int, rule: type[Rule], kind: str, example: Example, found: dict[int, list[Finding]]
) -> None:
    rules = [finding.rule for finding in found[number] if includes(rule.stage, RULES[finding.rule].stage)]
    assert rules == ([rule.id] if kind == "invalid" else []), example


SETTLED_BY_A_FIELD = {"KR204", "KR205", "KR206", "KR207", "KR208", "KR307", "KR401"}  # or by thinking again


@pytest.mark.parametrize("number", [n for n, (_, kind, _) in enumerate(CASES) if kind == "invalid"])
def test_the_line_to_paste_settles_the_finding(
    number: int, found: dict[int, list[Finding]], pasted: dict[int, list[Finding]]
) -> None:
    (finding,) = found[number]
    assert (finding.paste is None) is (finding.rule in SETTLED_BY_A_FIELD)
    rest = [f.rule for f in pasted[number] if f.severity is Severity.ERROR]
    if finding.paste and has_blank(finding.paste):  # only a person knows the amount
        assert rest == ["KR202"]
    else:
        assert rest == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_small_named_and_explained(rule: type[Rule]) -> None:
    lines, _ = inspect.getsourcelines(rule)
    assert len(lines) <= 60
    assert inspect.getfile(rule).endswith(f"{rule.id.lower()}.py")
    assert rule.name == rule.name.lower() and " " not in rule.name
    assert rule.VALID and rule.INVALID and rule.since
    assert all(required in RULES and required < rule.id for required in rule.requires)
    for lang in LANGS:
        t = translator(lang)
        assert t.render(rule.why) != t.render(rule.fix)


PUBLISHED = {
    "KR101": ("missing-key-result", "intake", "error"),
    "KR102": ("unknown-key-result", "intake", "error"),
    "KR103": ("inactive-key-result", "intake", "error"),
    "KR201": ("missing-contribution", "pitch", "error"),
    "KR202": ("invalid-contribution", "pitch", "error"),
    "KR203": ("wrong-direction", "pitch", "error"),
    "KR204": ("implausible-contribution", "pitch", "warning"),
    "KR205": ("missing-estimate", "pitch", "error"),
    "KR206": ("missing-priority", "pitch", "error"),
    "KR207": ("open-dispute", "pitch", "error"),
    "KR208": ("missing-user-value", "pitch", None),
    "KR209": ("carriers-disagree", "pitch", "info"),
    "KR301": ("iteration-without-goal", "iteration", "error"),
    "KR302": ("under-claimed-key-result", "iteration", "warning"),
    "KR303": ("over-claimed-key-result", "iteration", "warning"),
    "KR304": ("over-capacity", "iteration", "warning"),
    "KR305": ("non-okr-budget", "iteration", "warning"),
    "KR306": ("unconcluded-trace", "iteration", "error"),
    "KR307": ("unapproved-scope-change", "iteration", "warning"),
    "KR401": ("missing-release-rehearsal", "release", None),
}


def test_ids_names_stages_and_defaults_are_the_published_ones() -> None:
    built = {rule.id: (rule.name, str(rule.stage), rule.severity and str(rule.severity)) for rule in RULES.values()}
    assert built == PUBLISHED
    assert not set(RULES) & set(WAIVER_RULES)


def test_stages_add_up_and_release_stands_alone() -> None:
    order = [Stage.INTAKE, Stage.PITCH, Stage.ITERATION]
    for at, stage in enumerate(order):
        assert [s for s in order if includes(stage, s)] == order[: at + 1]
    assert includes(Stage.RELEASE, Stage.RELEASE)
    assert not any(includes(Stage.RELEASE, s) or includes(s, Stage.RELEASE) for s in order)


def test_examples_are_shown_as_a_ticket_holds_them() -> None:
    assert Example("a\nb", labels=("x", "y"), estimate=None).written() == (
        "description: a\ndescription: b\nlabels: x, y\nestimate:"
    )
    assert Example().written() == "description: Contributes-to: GROW-KR1 +1.5pp 60%"
    assert Example("", iteration=False, user_value="z").written() == "description: \nuser_value: z\niteration:"
    assert Example("a", added=True).written() == "description: a\nadded after the start: yes"
    assert Example("a", released=True).written() == "description: a\nreleased: yes"
