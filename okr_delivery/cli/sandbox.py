"""`okr-delivery sandbox …`."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import group, reserved, subcommand
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.sandbox.jira_cloud import RunningServer


@group("sandbox")
def command() -> None:
    """Serve a local tracker with a synthetic organisation or recorded payloads."""


@subcommand("jira-cloud")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 picks a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the synthetic organisation.")
@click.option("--issues", type=click.IntRange(min=1), default=120, show_default=True, help="How many it has, about.")
@click.option("--now", metavar="INSTANT", help="The instant the organisation lives at; default now.")
@click.option(
    "--recorded",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Serve recorded payloads; repeatable.",
)
@click.option("--site", metavar="NAME", help="Which site of the recorded payloads.")
@click.option("--faults", type=click.Path(path_type=Path), metavar="FILE", help="YAML file of faults to switch on.")
@click.option("--latency", type=click.IntRange(min=0), default=0, metavar="MS", help="Delay of every answer.")
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
def jira_cloud(
    app: App,
    /,
    port: int,
    seed: int,
    issues: int,
    now: str | None,
    recorded: tuple[Path, ...],
    site: str | None,
    faults: Path | None,
    latency: int,
    more: tuple[Path, ...],
) -> int:
    """A Jira Cloud on loopback. Stops with Ctrl-C.

    \b
    Examples:
      okr-delivery sandbox jira-cloud --port 8765 --seed 7 --issues 500
      okr-delivery sandbox jira-cloud --recorded issues.jsonl sprints.jsonl --site cloud-c
    """
    files = [app.cwd / path for path in (*recorded, *more)]
    if more and not recorded:
        raise click.UsageError("Files are only read behind --recorded.")
    if bool(files) != bool(site):
        raise click.UsageError("--recorded FILE... and --site NAME belong together.")
    server = _serve(
        app, port=port, seed=seed, issues=issues, now=now, files=files, site=site, faults=faults, latency=latency
    )
    from okr_delivery.sandbox import TOKEN, USER

    app.show(server.url)
    app.out.flush()
    app.note("cli.sandbox.ready", user=USER, token=TOKEN)
    try:
        while True:
            threading.Event().wait(3600)
    finally:
        server.stop()


def _serve(
    app: App,
    *,
    port: int,
    seed: int,
    issues: int,
    now: str | None,
    files: list[Path],
    site: str | None,
    faults: Path | None,
    latency: int,
) -> RunningServer:
    from okr_delivery.sandbox import jira_cloud as server
    from okr_delivery.sandbox.faults import load as load_faults
    from okr_delivery.sandbox.recorded import load as load_recorded
    from okr_delivery.sandbox.world import build

    world = build(seed=seed, issues=issues, now=_instant(app, now), lang=app.lang) if site is None else None
    state = world or load_recorded(files, site or "")
    switches = load_faults(app.cwd / faults) if faults else None
    try:
        return server.serve(
            state, port=port, faults=switches, latency=latency / 1000 if latency else None, clock=app.clock
        )
    except OSError as error:
        raise user_error(
            msg("cli.sandbox.port", port=port, reason=error.strerror or ""), next_step=msg("cli.sandbox.port.next")
        ) from error


def _instant(app: App, text: str | None) -> int:
    """An instant with offset; a workspace is not needed to serve a sandbox."""
    from datetime import datetime

    if text is None:
        return app.now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise user_error(msg("cli.bad_instant", text=text), where="--now", next_step=msg("cli.bad_instant.next"))
    return int(moment.timestamp())


command.add_command(jira_cloud)
for _name in ("jira-datacenter", "gitlab"):
    command.add_command(reserved(_name, f"sandbox {_name}"))
