"""`okr-delivery rules`."""

from __future__ import annotations

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand


@subcommand("rules")
def command(app: App, /) -> int:
    """All rules, of the gate, of okr lint and about waivers, with their stage and default severity.

    \b
    Examples:
      okr-delivery rules
      okr-delivery rules --lang zh
    """
    from okr_delivery.output.rules import listing

    app.show(listing(app.t))
    return 0
