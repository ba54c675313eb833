"""`okr-delivery completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand


@subcommand("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(app: App, /, shell: str) -> int:
    """Print the completion script of a shell.

    \b
    Examples:
      okr-delivery completion bash > ~/.local/share/bash-completion/completions/okr-delivery
      okr-delivery completion zsh > ~/.zfunc/_okr-delivery
    """
    from okr_delivery.cli.root import cli

    made = get_completion_class(shell)
    if made is None:  # pragma: no cover - the choices are click's own
        raise click.UsageError(f"No completion for {shell}.")
    app.show(made(cli, {}, "okr-delivery", "_OKR_DELIVERY_COMPLETE").source())
    return 0
