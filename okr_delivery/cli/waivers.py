"""`okr-delivery waivers …`."""

from __future__ import annotations

from okr_delivery.cli.app import App
from okr_delivery.cli.options import group, reserved, subcommand


@group("waivers")
def command() -> None:
    """List and prune waivers."""


@subcommand("list")
def list_command(app: App, /) -> int:
    """Every waiver with its owner, reason and last day.

    \b
    Examples:
      okr-delivery waivers list
      okr-delivery waivers list --lang zh
    """
    from okr_delivery.gate.waivers import load_waivers
    from okr_delivery.output.safe import terminal
    from okr_delivery.output.table import table

    waivers = load_waivers(app.config)
    if not waivers:
        app.show(app.t("cli.waivers.none"))
        return 0
    header = [app.t(f"cli.waivers.column.{c}") for c in ("rule", "entity", "expires", "owner", "reason")]
    rows = [[terminal(str(getattr(w, c))) for c in ("rule", "entity", "expires", "owner", "reason")] for w in waivers]
    app.show(table(rows, header))
    return 0


command.add_command(list_command)
command.add_command(reserved("prune", "waivers prune"))
