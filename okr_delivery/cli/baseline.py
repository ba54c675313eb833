"""`okr-delivery baseline write`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import group, subcommand, team_option
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.gate.baseline import Baseline
    from okr_delivery.gate.result import GateResult


@group("baseline")
def command() -> None:
    """Known findings that don't count."""


@subcommand("write", team_option)
@click.option(
    "--stage", type=click.Choice(["intake", "pitch", "iteration"]), help="Up to this stage; default: each team's own."
)
@click.option("--prune", is_flag=True, help="Only shrink: no baseline to shrink is an error.")
@click.option("--okrs", is_flag=True, help="Judge the OKR files instead, as okr lint does.")
@click.option("--accept-new", is_flag=True, help="Take in what is found and not known yet.")
def write_command(
    app: App, /, teams: tuple[str, ...], stage: str | None, prune: bool, okrs: bool, accept_new: bool
) -> int:
    """Judge all open requirements and write what is found to okr-delivery.baseline.json.

    Where there is a baseline already, entries that are found no more are dropped and nothing is added, unless
    --accept-new is given. What it knows of the OKR files changes with --okrs alone. Findings of the baseline are shown
    by the gate and fail nothing.

    \b
    Examples:
      okr-delivery baseline write
      okr-delivery baseline write --stage pitch --team payments
      okr-delivery baseline write --prune
      okr-delivery baseline write --okrs --accept-new
    """
    from okr_delivery.gate.baseline import FILE, load_baseline
    from okr_delivery.gate.knowing import renew

    if prune and accept_new:
        raise click.UsageError("--prune and --accept-new exclude each other.")
    if okrs and (teams or stage):
        raise click.UsageError("--okrs judges the OKR files: leave out --team and --stage.")
    before = load_baseline(app.config)
    if prune and before is None:
        raise user_error(msg("baseline.none"), where=FILE, next_step=msg("baseline.none.next"))
    result = _judge_okrs(app) if okrs else _judge(app, teams, stage, before)
    if not result.answered:
        return _refuse(app, result)
    done = renew(before, result, accept_new=accept_new)
    _write(app, done.baseline)
    app.show(app.t("baseline.written", file=FILE, kept=done.kept, dropped=done.dropped, added=done.added))
    if done.left:
        app.show(app.t("baseline.left.okrs" if okrs else "baseline.left", n=done.left))
    return 0


def _judge(app: App, teams: tuple[str, ...], stage: str | None, before: Baseline | None) -> GateResult:
    from okr_delivery.gate.engine import GateInput, run
    from okr_delivery.gate.finding import Stage
    from okr_delivery.gate.waivers import load_waivers

    with app.timed("cli.phase.gate"):
        return run(
            GateInput(
                snapshot=app.snapshot(teams=teams),
                readings=app.readings,
                effects=app.effects,
                conclusions=app.conclusions,
                stage=Stage(stage) if stage else None,
                backlog=True,
                dormant=True,
                now=app.now,
                waivers=load_waivers(app.config),
                baseline=before,
            )
        )


def _judge_okrs(app: App) -> GateResult:
    from okr_delivery.cli.linting import question
    from okr_delivery.gate.lint.engine import run

    asked: dict[str, object] = {"as_of": None, "cycles": (), "no_waivers": False, "no_baseline": False, "fail_on": None}
    return run(question(app, asked))


def _refuse(app: App, result: GateResult) -> int:
    """Why nothing is written: a baseline of what nobody could judge would hide what comes to light later."""
    from okr_delivery.cli.answering import render

    app.err.write(render(app, result, "reasons"))
    app.say("baseline.unwritten")
    return 2


def _write(app: App, baseline: Baseline) -> None:
    from okr_delivery.cli.answering import write
    from okr_delivery.gate.baseline import FILE

    write(app.config.root / FILE, baseline.text())


command.add_command(write_command)
