"""`okr-delivery waivers …`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import group, subcommand

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.result import GateResult
    from okr_delivery.gate.standing import Standing
    from okr_delivery.gate.waivers import Waiver, Waivers

COLUMNS = ("rule", "entity", "state", "expires", "owner", "reason")


@dataclass(frozen=True)
class Stood:
    """How each waiver stands. `store`: there is one to look at; `whole`: every team could be judged."""

    standings: tuple[Standing, ...]
    store: bool
    whole: bool


@group("waivers")
def command() -> None:
    """List and prune waivers."""


@subcommand("list")
def list_command(app: App, /) -> int:
    """Every waiver with how it stands, its owner, reason and last day.

    \b
    works    it covers a finding
    soon     the same, and it ends within 14 days
    expired  its last day is over
    unused   there is nothing left to waive, or nobody knows what it names
    unknown  nothing that was judged tells; without a store, nothing is judged

    \b
    Examples:
      okr-delivery waivers list
      okr-delivery waivers list --lang zh
    """
    from okr_delivery.gate.waivers import load_waivers

    waivers = load_waivers(app.config)
    if not waivers:
        app.show(app.t("cli.waivers.none"))
        return 0
    stood = _stand(app, waivers)
    _show(app, list(zip(waivers, stood.standings, strict=True)))
    _say_what_is_missing(app, stood)
    return 0


@subcommand("prune")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
def prune_command(app: App, /, dry_run: bool) -> int:
    """Remove expired and unused waivers from okr-delivery.waivers.yaml; what is left stays as it is written.

    Comments between entries stay too. Without a store only expired ones are removed; where a team can't be judged,
    those that are surely spent are, and the exit code is 2.

    \b
    Examples:
      okr-delivery waivers prune --dry-run
      okr-delivery waivers prune
    """
    from okr_delivery.gate.waivers import FILE, load_waivers

    waivers = load_waivers(app.config)
    stood = _stand(app, waivers)
    spent = [(waiver, one) for waiver, one in zip(waivers, stood.standings, strict=True) if one.spent]
    if spent:
        _show(app, spent)
        if not dry_run:
            _remove(app, app.config.root / FILE, [waiver.place for waiver, _ in spent])
    numbers = {"n": len(spent), "left": len(waivers) - len(spent), "file": FILE}
    app.show(app.t("waivers.would_prune" if dry_run else "waivers.pruned", **numbers))
    _say_what_is_missing(app, stood)
    return 0 if stood.whole else 2


def _stand(app: App, waivers: Waivers) -> Stood:
    from okr_delivery.gate.ends import Days
    from okr_delivery.gate.standing import standings
    from okr_delivery.store.engine import parse

    url = parse(app.config.store_url)
    store = url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()
    snapshot = app.look(app.now) if store and waivers else None
    runs = [] if snapshot is None else _runs(app, waivers, snapshot)
    whole = all(result.exit_code != 2 or not result.team_verdicts for result in runs)
    return Stood(standings(waivers, runs, Days(app.config, app.now, snapshot).earliest), store, whole)


def _runs(app: App, waivers: Waivers, snapshot: Snapshot) -> list[GateResult]:
    """What the waivers may be about: every open requirement, what is planned next, what was released, the OKR files."""
    from okr_delivery.cli.linting import question
    from okr_delivery.gate.engine import GateInput, run
    from okr_delivery.gate.finding import Stage
    from okr_delivery.gate.lint import engine as lint
    from okr_delivery.gate.settings import Settings

    asked: dict[str, object] = {"as_of": None, "cycles": (), "no_waivers": False, "no_baseline": True, "fail_on": None}
    plain = GateInput(
        snapshot=snapshot,
        readings=app.readings,
        effects=app.effects,
        conclusions=app.conclusions,
        now=app.now,
        stage=Stage.ITERATION,
        waivers=waivers,
    )
    ways = [plain, replace(plain, backlog=True)]
    if Stage.RELEASE in Settings.of(app.config).stages():
        ways.append(replace(plain, stage=Stage.RELEASE))
    with app.timed("cli.phase.gate"):
        return [*map(run, ways), lint.run(question(app, asked))]


def _remove(app: App, path: Path, places: Sequence[int]) -> None:
    from okr_delivery.cli.answering import write
    from okr_delivery.gate.pruning import without

    write(path, without(path.read_bytes().decode("utf-8"), places))


def _show(app: App, rows: Sequence[tuple[Waiver, Standing]]) -> None:
    from okr_delivery.output.safe import terminal
    from okr_delivery.output.table import table

    header = [app.t(f"waivers.column.{name}") for name in COLUMNS]
    cells = [{"state": app.t(f"waivers.state.{one}")} | _said(waiver) for waiver, one in rows]
    app.show(table([[terminal(row[name]) for name in COLUMNS] for row in cells], header))


def _said(waiver: Waiver) -> dict[str, str]:
    return {name: str(getattr(waiver, name)) for name in COLUMNS if name != "state"}


def _say_what_is_missing(app: App, stood: Stood) -> None:
    if not stood.store:
        app.say("waivers.no_store")
    elif not stood.whole:
        app.say("waivers.not_whole")


command.add_command(list_command)
command.add_command(prune_command)
