"""`okr-delivery explain`."""

from __future__ import annotations

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg


@subcommand("explain")
@click.argument("rule", metavar="RULE")
def command(app: App, /, rule: str) -> int:
    """What a rule asks for, why, and how to meet it; by id or name. Rules of the gate, of okr lint and about waivers.

    \b
    Examples:
      okr-delivery explain KR201
      okr-delivery explain missing-key-result
      okr-delivery explain OKR302
    """
    from okr_delivery.gate.published import named
    from okr_delivery.gate.settings import nearest
    from okr_delivery.output.rules import explanation

    found = named(rule)
    if found is None:
        near = nearest(rule)
        hint = msg("cli.did_you_mean", name=near) if near else msg("cli.unknown_rule.next")
        raise user_error(msg("cli.unknown_rule", rule=rule), next_step=hint)
    app.show(explanation(found, app.t))
    return 0
