"""Rules as text: the list, one rule explained with its examples, and both as pages of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from okr_delivery.gate.published import Published, published
from okr_delivery.locale import Translator
from okr_delivery.output.table import table

OFF = "off"
COLUMNS = ("id", "name", "stage", "default")


def listing(t: Translator) -> str:
    """All rules, one a line."""
    return table([_row(rule) for rule in published().values()], [t(f"output.rules.column.{c}") for c in COLUMNS])


def _row(rule: Published) -> list[str]:
    return [rule.id, rule.name, rule.stage, str(rule.severity or OFF)]


def explanation(rule: Published, t: Translator) -> str:
    """One rule: why it is there, how to meet it, what changes it, and examples of both kinds."""
    severity = str(rule.severity or OFF)
    lines = [f"{rule.id} {rule.name}  ({rule.stage}, {severity})", "", t.render(rule.why), "", t.render(rule.fix)]
    lines += ["", t("output.rules.options"), "", *(f"    {option}" for option in _options(rule))]
    for title, examples in (("output.rules.refuses", rule.bad), ("output.rules.asks", rule.good)):
        lines += ["", t(title)]
        for example in examples:
            lines += ["", *(f"    {line}" for line in example.written().splitlines())]
    return "\n".join(lines)


def _options(rule: Published) -> Iterator[str]:
    yield f"gate.rules.{rule.id}"
    yield from rule.options


# -- pages of the documentation ----------------------------------------------------------------------------------------


def index(t: Translator, folder: str) -> str:
    """A table of all rules that links to the page of each in `folder`."""
    lines = [f"| {' | '.join(t(f'output.rules.column.{c}') for c in COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for rule in published().values():
        _, *rest = _row(rule)
        lines.append(f"| [{rule.id}]({folder}/{rule.id}.md) | {' | '.join(rest)} |")
    return "\n".join(lines) + "\n"


def page(rule: Published, t: Translator, meanings: Mapping[str, str]) -> str:
    """The page of one rule. `meanings` says what each option is for, by its key."""
    severity = str(rule.severity or OFF)
    blocks = [
        f"# {rule.id} {rule.name}",
        t("output.rules.facts", stage=rule.stage, severity=severity, since=rule.since),
        t.render(rule.why),
        f"**{t('output.rules.fix')}** {t.render(rule.fix)}",
        f"## {t('output.rules.options')}",
        "\n".join(f"- `{option}`{_meaning(option, meanings)}" for option in _options(rule)),
    ]
    for title, examples in (("output.rules.refuses", rule.bad), ("output.rules.asks", rule.good)):
        blocks += [f"## {t(title)}", *(f"```text\n{one.written()}\n```" for one in examples)]
    return "\n\n".join(blocks) + "\n"


def _meaning(option: str, meanings: Mapping[str, str]) -> str:
    text = meanings.get(option, meanings.get(option.rpartition(".")[0], ""))
    return f": {text}" if text else ""
