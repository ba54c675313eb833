"""`okr-delivery plan`: the name is kept for a later version."""

from __future__ import annotations

import click

from okr_delivery.cli.app import App, later
from okr_delivery.cli.options import subcommand


@subcommand("plan")
@click.argument("rest", nargs=-1, type=click.UNPROCESSED)
def command(app: App, /, rest: tuple[str, ...]) -> int:
    """Not part of this version yet."""
    raise later("plan")
