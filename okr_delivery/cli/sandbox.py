"""`okr-delivery sandbox …`."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import group, subcommand
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.sandbox.replay import RunningReplay
    from okr_delivery.sandbox.serving import Served

PROJECTS = ("payments", "mobile", "objectives", "portal", "platform")  # of the organisation on GitLab
VERSION = re.compile(r"\d+\.\d+(\.\d+)?")


@group("sandbox")
def command() -> None:
    """Serve a local tracker with a synthetic organisation or recorded payloads."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options of a tracker's command say; `site` and `files` belong together."""

    port: int
    seed: int
    issues: int
    now: str | None
    recorded: tuple[Path, ...]
    site: str | None
    faults: Path | None
    latency: int
    more: tuple[Path, ...]


def _tracker_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options that every served tracker takes."""
    options: list[Callable[[Any], Any]] = [
        click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 picks a free one."),
        click.option("--seed", type=int, default=1, show_default=True, help="Of the synthetic organisation."),
        click.option(
            "--issues", type=click.IntRange(min=1), default=120, show_default=True, help="How many it has, about."
        ),
        click.option("--now", metavar="INSTANT", help="The instant the organisation lives at; default now."),
        click.option(
            "--recorded",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Serve recorded payloads; repeatable. A folder that sync --record made is served as it was recorded.",
        ),
        click.option("--site", metavar="NAME", help="Which site of the recorded payloads."),
        click.option(
            "--faults", type=click.Path(path_type=Path), metavar="FILE", help="YAML file of faults to switch on."
        ),
        click.option("--latency", type=click.IntRange(min=0), default=0, metavar="MS", help="Delay of every answer."),
        click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]..."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@subcommand("jira-cloud")
@_tracker_options
def jira_cloud(app: App, /, **options: Any) -> int:
    """A Jira Cloud on loopback. Stops with Ctrl-C.

    \b
    Examples:
      okr-delivery sandbox jira-cloud --port 8765 --seed 7 --issues 500
      okr-delivery sandbox jira-cloud --recorded issues.jsonl sprints.jsonl --site cloud-c
      okr-delivery sandbox jira-cloud --recorded case/
    """

    def load() -> Callable[..., Served]:
        from okr_delivery.sandbox.jira_cloud import serve

        return serve

    return _run(app, Wanted(**options), load, _jira_state)


@subcommand("jira-datacenter")
@_tracker_options
@click.option("--context", default="", metavar="PATH", help="Serve under a context path, /jira for instance.")
def jira_datacenter(app: App, /, context: str, **options: Any) -> int:
    """A Jira Data Center on loopback. Stops with Ctrl-C.

    \b
    Examples:
      okr-delivery sandbox jira-datacenter --port 8765 --context /jira
      okr-delivery sandbox jira-datacenter --recorded issues.jsonl sprints.jsonl --site server-b
    """
    if context and not context.startswith("/"):
        raise click.UsageError("--context is a path that begins with /.")

    def load() -> Callable[..., Served]:
        from okr_delivery.sandbox.jira_datacenter import serve

        return serve

    return _run(app, Wanted(**options), load, _jira_state, context=context)


@subcommand("gitlab")
@_tracker_options
@click.option("--tier", type=click.Choice(["free", "premium", "ultimate"]), help="The plan; default ultimate.")
@click.option("--server-version", metavar="V", help="The version it says it is; default 18.5.0.")
@click.option("--only", multiple=True, type=click.Choice(PROJECTS), help="Only this project of it; repeatable.")
def gitlab(app: App, /, tier: str | None, server_version: str | None, only: tuple[str, ...], **options: Any) -> int:
    """A GitLab on loopback. Stops with Ctrl-C.

    \b
    Examples:
      okr-delivery sandbox gitlab --port 8766 --seed 7 --issues 500
      okr-delivery sandbox gitlab --tier free --server-version 16.11.2
      okr-delivery sandbox gitlab --recorded issues.jsonl notes.jsonl --site gitlab-b
    """
    if server_version is not None and not VERSION.fullmatch(server_version):
        raise click.UsageError("--server-version is like 18.5.0.")

    def load() -> Callable[..., Served]:
        from okr_delivery.sandbox.gitlab import serve

        return serve

    def state(app: App, wanted: Wanted) -> Any:
        return _gitlab_state(app, wanted, tier, server_version, only)

    return _run(app, Wanted(**options), load, state, ready="cli.sandbox.ready_token")


def _run(
    app: App,
    wanted: Wanted,
    load: Callable[[], Callable[..., Served]],
    state: Callable[[App, Wanted], Any],
    ready: str = "cli.sandbox.ready",
    **more: Any,
) -> int:
    """Serves until the process is told to stop; `load` imports the server, which needs a package of its own.

    `state` makes what is served; `ready` is said once it is.
    """
    if wanted.more and not wanted.recorded:
        raise click.UsageError("Files are only read behind --recorded.")
    folder = _recording(app, wanted)
    if folder is not None:
        from okr_delivery.cli.replaying import serve_recording

        return _until_stopped(app, serve_recording(app, folder, wanted.port), "cli.replay.ready")
    if bool(wanted.recorded) != bool(wanted.site):
        raise click.UsageError("--recorded FILE... and --site NAME belong together.")
    from okr_delivery.sandbox import TOKEN, USER

    server = _serve(app, wanted, load(), state, more)
    return _until_stopped(app, server, ready, user=USER, token=TOKEN)


def _recording(app: App, wanted: Wanted) -> Path | None:
    """The folder to serve as it was recorded; None for anything else."""
    folders = [path for path in (*wanted.recorded, *wanted.more) if (app.cwd / path).is_dir()]
    if not folders:
        return None
    if len(wanted.recorded) + len(wanted.more) > 1:
        raise click.UsageError("One recording is served alone.")
    if wanted.site or wanted.faults or wanted.latency:
        raise click.UsageError("A recording is served as it is, without --site, --faults and --latency.")
    return app.cwd / folders[0]


def _until_stopped(app: App, server: Served | RunningReplay, ready: str, **params: object) -> int:
    app.show(server.url)
    app.out.flush()
    app.note(ready, **params)
    try:
        while True:
            threading.Event().wait(3600)
    finally:
        server.stop()


def _serve(
    app: App,
    wanted: Wanted,
    serve: Callable[..., Served],
    state: Callable[[App, Wanted], Any],
    more: dict[str, Any],
) -> Served:
    from okr_delivery.sandbox.faults import load as load_faults

    switches = load_faults(app.cwd / wanted.faults) if wanted.faults else None
    latency = wanted.latency / 1000 if wanted.latency else None
    try:
        return serve(state(app, wanted), port=wanted.port, faults=switches, latency=latency, clock=app.clock, **more)
    except OSError as error:
        reason = error.strerror or ""
        raise user_error(
            msg("cli.sandbox.port", port=wanted.port, reason=reason), next_step=msg("cli.sandbox.port.next")
        ) from error


def _jira_state(app: App, wanted: Wanted) -> Any:
    """The synthetic organisation, or what was recorded of a site."""
    from okr_delivery.sandbox.recorded import load as load_recorded
    from okr_delivery.sandbox.world import build

    if wanted.site is None:
        return build(seed=wanted.seed, issues=wanted.issues, now=_instant(app, wanted.now), lang=app.lang)
    return load_recorded([app.cwd / path for path in (*wanted.recorded, *wanted.more)], wanted.site)


def _gitlab_state(app: App, wanted: Wanted, tier: str | None, version: str | None, only: tuple[str, ...]) -> Any:
    """The synthetic organisation as a GitLab, its iterations bound by days; or what was recorded of a site."""
    from okr_delivery.sandbox.gitlab import translate
    from okr_delivery.sandbox.gitlab.recorded import load as load_recorded
    from okr_delivery.sandbox.gitlab.state import Tier
    from okr_delivery.sandbox.world import build

    if wanted.site is None:
        now = _instant(app, wanted.now)
        world = build(seed=wanted.seed, issues=wanted.issues, now=now, lang=app.lang, by_day=True)
        told = [key for key, name in translate.PROJECTS.items() if not only or name in only]
        state = translate.of_world(world, Tier(tier or "ultimate"), projects=told)
    else:
        state = load_recorded([app.cwd / path for path in (*wanted.recorded, *wanted.more)], wanted.site)
    state.tier = Tier(tier) if tier else state.tier
    state.version = version or state.version
    return state


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
command.add_command(jira_datacenter)
command.add_command(gitlab)
