"""`okr-delivery explain`."""

from __future__ import annotations

import difflib

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg


@subcommand("explain")
@click.argument("rule", metavar="RULE")
def command(app: App, /, rule: str) -> int:
    """What a gate rule asks for, why, and how to meet it; by id or name.

    \b
    Examples:
      okr-delivery explain KR201
      okr-delivery explain missing-key-result
    """
    from okr_delivery.gate.rules import RULES
    from okr_delivery.output.rules import explanation

    names = {made.name: code for code, made in RULES.items()}
    code = names.get(rule.lower(), rule.upper())
    if code not in RULES:
        near = difflib.get_close_matches(rule.upper(), RULES, n=1) or difflib.get_close_matches(
            rule.lower(), names, n=1
        )
        hint = msg("cli.did_you_mean", name=near[0]) if near else msg("cli.unknown_rule.next")
        raise user_error(msg("cli.unknown_rule", rule=rule), next_step=hint)
    app.show(explanation(RULES[code], app.t))
    return 0
