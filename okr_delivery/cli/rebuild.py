"""`okr-delivery rebuild`."""

from __future__ import annotations

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand


@subcommand("rebuild")
def command(app: App, /) -> int:
    """Derive timelines and memberships again from stored changes. Needs no network.

    \b
    Examples:
      okr-delivery rebuild
      okr-delivery rebuild && okr-delivery metrics
    """
    from okr_delivery.delivery.derive import rebuild

    count = rebuild(app.store, app.config)
    app.note("cli.rebuilt", n=count)
    return 0
