"""Gate rules as text: the list, and one rule explained with its examples."""

from __future__ import annotations

from okr_delivery.gate.rule import Rule
from okr_delivery.gate.rules import RULES
from okr_delivery.locale import Translator
from okr_delivery.output.table import table


def listing(t: Translator) -> str:
    header = [t(f"output.rules.column.{c}") for c in ("id", "name", "stage", "default")]
    rows = [[rule.id, rule.name, str(rule.stage), str(rule.severity or "off")] for rule in RULES.values()]
    return table(rows, header)


def explanation(rule: type[Rule], t: Translator) -> str:
    severity = str(rule.severity or "off")
    lines = [f"{rule.id} {rule.name}  ({rule.stage}, {severity})", "", t.render(rule.why), "", t.render(rule.fix)]
    for title, examples in (("output.rules.refuses", rule.INVALID), ("output.rules.asks", rule.VALID)):
        lines += ["", t(title)]
        for example in examples:
            lines += ["", *(f"    {line}" for line in example.written().splitlines())]
    return "\n".join(lines)
