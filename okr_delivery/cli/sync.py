"""`okr-delivery sync`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import format_option, subcommand
from okr_delivery.model.errors import Problem, UserError
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.cli.recording import Recording
    from okr_delivery.config import Source


@subcommand("sync", format_option("text", "json"))
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--full", is_flag=True, help="Fetch every issue again; nothing is deleted first.")
@click.option(
    "--max-minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop cleanly after this long; the next run resumes.",
)
@click.option("--plan", "plan_only", is_flag=True, help="Only tell what it would take: issues, requests, minutes, MB.")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save what the tracker answers in an empty folder: no secrets, people as pseudonyms, free text as filler.",
)
@click.option("--record-plain", is_flag=True, help="With --record: keep people and free text.")
def command(
    app: App,
    /,
    sources: tuple[str, ...],
    full: bool,
    max_minutes: float | None,
    plan_only: bool,
    record: Path | None,
    record_plain: bool,
    output_format: str,
) -> int:
    """Fetch what changed from the trackers.

    \b
    Examples:
      okr-delivery sync
      okr-delivery sync jira --max-minutes 20
      okr-delivery sync jira --record case/
      okr-delivery sync --plan
    """
    if record_plain and record is None:
        raise click.UsageError("--record-plain belongs to --record DIR.")
    if plan_only and record is not None:
        raise click.UsageError("--record saves a sync; --plan makes none.")
    if plan_only:
        from okr_delivery.cli.planning import show_plan

        return show_plan(app, chosen(app, sources), output_format, full=full)
    from okr_delivery.cli.syncing import sync_sources
    from okr_delivery.output import sync as output
    from okr_delivery.output.json import dumps

    wanted = chosen(app, sources)
    recording = _recording(app, wanted, record, plain=record_plain) if record is not None else None
    try:
        results, errors = sync_sources(app, wanted, full=full, max_minutes=max_minutes, recording=recording)
    finally:  # a run that was interrupted is worth sending too
        if recording is not None:
            recording.close()
    if output_format == "json":
        app.show_document(dumps(output.document([*results, *map(output.failed, errors, errors.values())], app.t)))
    else:
        begun = [one for one in map(output.unfinished, errors, errors.values()) if one.requests]
        if results or begun:
            app.show(output.text([*results, *begun], app.t, refused=output.refused(errors)))
    for error in errors.values():
        app.show_error(error)
    return 0 if not errors and all(result.complete for result in results) else 2


def _recording(app: App, sources: tuple[Source, ...], folder: Path, *, plain: bool) -> Recording:
    from okr_delivery.cli.recording import Recording

    return Recording(app, app.cwd / folder, sources, plain=plain)


def chosen(app: App, names: tuple[str, ...]) -> tuple[Source, ...]:
    """The named sources, all of them without names; unknown names are one error."""
    import difflib

    known = [source.name for source in app.config.sources]
    problems = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = msg("cli.did_you_mean", name=near[0]) if near else msg("cli.known_sources", names=", ".join(known))
            problems.append(Problem(msg("cli.unknown_source", name=name), "sync", hint))
    if problems:
        raise UserError(problems)
    return tuple(source for source in app.config.sources if not names or source.name in names)
