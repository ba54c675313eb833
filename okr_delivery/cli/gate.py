"""`okr-delivery gate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import Reserved, as_of_option, format_option, iteration_option, subcommand, team_option
from okr_delivery.model.errors import UserError, user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.gate.engine import GateResult

FORMATS = ("text", "json", "junit")


@subcommand("gate", team_option, iteration_option, as_of_option, format_option(*FORMATS))
@click.option(
    "--stage",
    type=click.Choice(["intake", "pitch", "iteration", "release"]),
    help="Instead of the team's adopted stage.",
)
@click.option("--issue", "issues", multiple=True, metavar="KEY", help="Only this requirement; repeatable.")
@click.option("--backlog", is_flag=True, help="All open requirements.")
@click.option("--sync", "refresh", is_flag=True, help="Fetch what changed first.")
@click.option("--preview", is_flag=True, help="Only the table per team and rule; exit 0 whatever it finds.")
@click.option("--output", "outputs", multiple=True, metavar="F=PATH", help="Also write format F to PATH; repeatable.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), help="Severity from which the exit code is 1.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even with findings; still 2 without a verdict.")
@click.option("--apply", cls=Reserved)
@click.option("--merge-request", cls=Reserved)
@click.option("--no-waivers", is_flag=True, help="Show waived findings as findings.")
def command(
    app: App,
    /,
    output_format: str,
    outputs: tuple[str, ...],
    refresh: bool,
    preview: bool,
    exit_zero: bool,
    **asked: object,
) -> int:
    """Check requirements before planning: each needs a key result and an expected contribution in its unit.

    \b
    Examples:
      okr-delivery gate
      okr-delivery gate --issue PAY-112 --sync
      okr-delivery gate --output junit=gate.xml --output json=gate.json
    """
    targets = [_target(app, text) for text in outputs]
    _check_selection(asked)
    if refresh:
        _refresh(app, asked)
    result = _run(app, asked)
    for kind, path in targets:
        _write(path, _render(app, result, kind, preview=False))
    show = app.show if output_format == "text" else app.show_document
    show(_render(app, result, output_format, preview=preview))
    if output_format != "text" and result.exit_code == 2:
        app.err.write(_render(app, result, "reasons", preview=False))
    if result.exit_code == 1 and (exit_zero or preview):
        return 0
    return result.exit_code


def _check_selection(asked: dict[str, object]) -> None:
    chosen = [name for name in ("iteration", "issues", "backlog") if asked[name]]
    if len(chosen) > 1:
        raise click.UsageError("--iteration, --issue and --backlog exclude each other.")


def _target(app: App, text: str) -> tuple[str, Path]:
    kind, sign, path = text.partition("=")
    if not sign or not path or kind not in FORMATS:
        raise click.UsageError(f"--output wants FORMAT=PATH with FORMAT one of {', '.join(FORMATS)}; got '{text}'.")
    return kind, app.cwd / path


def _refresh(app: App, asked: dict[str, object]) -> None:
    """Brings the store up to date; what can't be reached makes the verdict none later, and is said now."""
    from okr_delivery.cli.syncing import sync_sources

    _, errors = sync_sources(app, app.config.sources)
    if errors:
        raise UserError([problem for error in errors for problem in error.problems])


def _run(app: App, asked: dict[str, object]) -> GateResult:
    from okr_delivery.gate.engine import GateInput, run
    from okr_delivery.gate.finding import Severity, Stage
    from okr_delivery.gate.waivers import load_waivers

    teams = asked["teams"]
    as_of = asked["as_of"]
    stage = asked["stage"]
    fail_on = asked["fail_on"] or app.config.gate.fail_on
    snapshot = app.snapshot(app.instant(str(as_of) if as_of else None), teams if isinstance(teams, tuple) else ())
    return run(
        GateInput(
            snapshot=snapshot,
            readings=app.readings,
            stage=Stage(str(stage)) if stage else None,
            iteration=str(asked["iteration"]) if asked["iteration"] else None,
            issues=tuple(asked["issues"]) if isinstance(asked["issues"], tuple) else (),
            backlog=bool(asked["backlog"]),
            now=app.now,
            fail_on=Severity(str(fail_on)),
            waivers=None if asked["no_waivers"] else load_waivers(app.config),
        )
    )


def _render(app: App, result: GateResult, kind: str, *, preview: bool) -> str:
    from okr_delivery.output import gate_json, gate_junit, gate_text

    if kind == "json":
        return gate_json.write(result, app.t)
    if kind == "junit":
        return gate_junit.write(result, app.t)
    quiet = app.quiet or kind == "reasons"
    return gate_text.write(result, app.t, color=app.color, unicode=app.unicode, preview=preview, quiet=quiet)


def _write(path: Path, text: str) -> None:
    """Atomically, also when nothing was found."""
    from okr_delivery.cli.files import write_text

    try:
        write_text(path, text)
    except OSError as error:
        raise user_error(msg("cli.cannot_write", reason=error.strerror or ""), where=str(path)) from error
