"""The command group: names and one-line helps are listed here, modules are imported when a command is called."""

from __future__ import annotations

import importlib
from typing import Any

import click

from okr_delivery import __version__
from okr_delivery.cli.options import ROOT_OPTIONS, remember

HELPS: dict[str, str] = {
    "demo": "A whole example in a folder: sandbox tracker, sync, gate, metrics, trace, report.",
    "init": "Write a commented okr-delivery.yaml, example OKRs and a CI snippet; never overwrites.",
    "doctor": "Show configuration, tokens, connections and stored state, and what is wrong with them.",
    "sync": "Fetch what changed from the trackers; resumable.",
    "rebuild": "Derive timelines and memberships again from stored changes, without network.",
    "gate": "Check that requirements are linked to key results; exit 1 when they are not.",
    "plan": "The ordered requirement list with reasons.",
    "metrics": "Delivery metrics of an iteration or a period.",
    "trace": "Promised, delivered and observed value per key result.",
    "conclude": "Record what was decided about a delivered requirement.",
    "progress": "Progress, pace and verdict of key results.",
    "okr": "List, show and read key results.",
    "report": "Write a self-contained report.",
    "waivers": "List and prune waivers.",
    "baseline": "Write the gate's baseline: known findings that don't count.",
    "explain": "What a gate rule asks for, and why.",
    "rules": "All gate rules.",
    "ledger": "State of the ledger, and committing it.",
    "export": "Write the synced and derived tables as CSV.",
    "sandbox": "Serve a local tracker with a synthetic organisation or recorded payloads.",
    "schema": "Print the JSON Schema of okr-delivery.yaml.",
    "completion": "Print the shell completion script.",
}
MODULES = {"export": "export_", "init": "init_"}
KEPT = ("site",)  # names of commands to come, which help does not list


class Commands(click.Group):
    """Loads a command's module on first use and suggests the nearest name on a typo."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(HELPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in (*HELPS, *KEPT):
            return None
        module = importlib.import_module(f"okr_delivery.cli.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in (*HELPS, *KEPT):
            import difflib

            near = difflib.get_close_matches(name, HELPS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"No such command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(HELPS.items()))


@click.group(
    cls=Commands,
    params=[o() for o in ROOT_OPTIONS],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass, 1 findings, 2 no verdict, 130 interrupted.",
)
@click.version_option(__version__, prog_name="okr-delivery")
@click.pass_context
def cli(ctx: click.Context, /, **values: Any) -> None:
    """Keeps OKRs and the tracker in step.

    \b
    Examples:
      okr-delivery demo
      okr-delivery sync && okr-delivery gate
    """
    remember(ctx, values)
