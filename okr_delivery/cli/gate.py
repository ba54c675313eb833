"""`okr-delivery gate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.answering import FORMATS, owing, show, targets_of
from okr_delivery.cli.app import App
from okr_delivery.cli.asking import NOT_THEIRS, check_apply, check_selection
from okr_delivery.cli.options import as_of_option, format_option, iteration_option, subcommand, team_option

if TYPE_CHECKING:
    from okr_delivery.cli.merging import Desk
    from okr_delivery.cli.refreshing import Refresh
    from okr_delivery.gate.engine import GateInput, GateResult
    from okr_delivery.gate.result import RuleCount


@subcommand("gate", team_option, iteration_option, as_of_option, format_option(*FORMATS))
@click.option(
    "--stage",
    type=click.Choice(["intake", "pitch", "iteration", "release"]),
    help="Instead of the team's adopted stage.",
)
@click.option("--issue", "issues", multiple=True, metavar="KEY", help="Only this requirement; repeatable.")
@click.option(
    "--backlog", is_flag=True, help="All open requirements; those that nobody touched for 180 days are counted."
)
@click.option("--sync", "refresh", is_flag=True, help="Fetch what changed first; with --issue, those issues alone.")
@click.option("--preview", is_flag=True, help="Only the table per team and rule; exit 0 whatever it finds.")
@click.option("--output", "outputs", multiple=True, metavar="F=PATH", help="Also write format F to PATH; repeatable.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), help="Severity from which the exit code is 1.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even with findings; still 2 without a verdict.")
@click.option(
    "--merge-request",
    metavar="IID",
    help="The issues that a merge request closes or mentions: 12, group/project!12, SOURCE:… or its address.",
)
@click.option(
    "--issues-from",
    metavar="FILE",
    help="The issues that a text speaks of, - for standard input; with --merge-request in place of asking the tracker.",
)
@click.option(
    "--issues-from-truncated",
    type=click.BOOL,
    metavar="true|false",
    help="true: the text of --issues-from was cut off before it came here, so that there is no verdict.",
)
@click.option(
    "--apply",
    metavar="status|tracker",
    help="status: say the verdict on the merge request. tracker: put a label and a comment on requirements that fail,"
    " and take them off those that pass. Without it nothing is written.",
)
@click.option("--dry-run", is_flag=True, help="With --apply: show what would be written.")
@click.option("--yes", is_flag=True, help="With --apply tracker: tell more than 200 requirements for the first time.")
@click.option("--no-waivers", is_flag=True, help="Show waived findings as findings.")
@click.option("--no-baseline", is_flag=True, help="Count findings of the baseline too.")
def command(
    app: App,
    /,
    outputs: tuple[str, ...],
    merge_request: str | None,
    apply: str | None,
    **asked: object,
) -> int:
    """Check requirements before planning: each needs a key result and an expected contribution in its unit.

    \b
    Examples:
      okr-delivery gate
      okr-delivery gate --issue PAY-112 --sync
      okr-delivery gate --merge-request 'mobile/app!12'
      git log -1 --format=%B | okr-delivery gate --issues-from -
      okr-delivery gate --output junit=gate.xml --output gitlab=gl-code-quality-report.json
      okr-delivery gate --format github --output sarif=gate.sarif --output markdown=gate.md
      okr-delivery gate --apply tracker --dry-run
    """
    targets = targets_of(app, outputs)
    check_selection(asked, merge_request)
    check_apply(asked, merge_request, apply)
    with owing(app, targets):
        return _judge(app, asked, targets, merge_request, apply)


def _judge(
    app: App,
    asked: dict[str, object],
    targets: list[tuple[str, Path]],
    merge_request: str | None,
    apply: str | None,
) -> int:
    text = _text(app, asked)
    if merge_request is None:
        if text is not None:
            asked = _spoken(app, asked, text)
        question = _question(app, asked, _refresh(app, asked, None), None)
        result = _run(app, question)
        code = _shown(app, asked, result, targets)
        return code if _told(app, asked, question, result, apply) else 2
    from okr_delivery.cli.merging import opened

    with opened(app, merge_request, apply=apply is not None and not asked["dry_run"], text=text) as desk:
        announced = not asked["refresh"] or desk.begun()
        result = _run(app, _question(app, asked, _refresh(app, asked, desk), desk))
        code = _shown(app, asked, result, targets)
        return code if desk.ended(result) and announced else 2


def _text(app: App, asked: dict[str, object]) -> str | None:
    """What --issues-from names. Raises UserError for a text that is not whole: what it hides might fail."""
    from okr_delivery.cli.files import read_text
    from okr_delivery.gate.spoken import LONGEST, cut_off

    if asked["issues_from"] is None:
        return None
    name = str(asked["issues_from"])
    text, whole = read_text(app.cwd, name, LONGEST)
    if asked["issues_from_truncated"] or not whole:
        raise cut_off()
    return text


def _spoken(app: App, asked: dict[str, object], text: str) -> dict[str, object]:
    """The question about the issues that a text speaks of; as of a merge request, at the stage of intake."""
    from okr_delivery.gate.spoken import issues_in

    return asked | {"issues": issues_in(text, app.snapshot()), "stage": asked["stage"] or "intake"}


def _told(app: App, asked: dict[str, object], question: GateInput, result: GateResult, apply: str | None) -> bool:
    """With --apply tracker, tells the requirements; False when some could not be told, which is shown."""
    from okr_delivery.cli import telling

    if apply is None:
        if app.verbosity and not any(asked.get(name) for name in NOT_THEIRS):
            telling.hint(app, question, result)
        return True
    if asked["dry_run"]:
        telling.show(app, question, result)
        return True
    return telling.tell(app, question, result, yes=bool(asked["yes"]))


def _shown(app: App, asked: dict[str, object], result: GateResult, targets: list[tuple[str, Path]]) -> int:
    """Writes the answer wherever it is wanted; its exit code."""
    preview = bool(asked["preview"])
    show(app, result, str(asked["output_format"]), targets, preview=preview)
    return 0 if result.exit_code == 1 and (asked["exit_zero"] or preview) else result.exit_code


def _refresh(app: App, asked: dict[str, object], desk: Desk | None) -> Refresh:
    """With --sync, brings up to date what is asked about."""
    from okr_delivery.cli.refreshing import Refresh, refresh

    if not asked["refresh"]:
        return Refresh()
    teams, issues = asked["teams"], asked["issues"]
    if not isinstance(teams, tuple) or not isinstance(issues, tuple):  # pragma: no cover - click's own tuples
        raise TypeError("options that repeat are tuples")
    return refresh(app, teams, issues, desk)


def _question(app: App, asked: dict[str, object], fresh: Refresh, desk: Desk | None) -> GateInput:
    from okr_delivery.gate.baseline import load_baseline
    from okr_delivery.gate.finding import Severity, Stage
    from okr_delivery.gate.request import requested
    from okr_delivery.gate.result import GateInput
    from okr_delivery.gate.waivers import load_waivers

    teams = asked["teams"]
    as_of = asked["as_of"]
    stage = asked["stage"]
    fail_on = asked["fail_on"] or app.config.gate.fail_on
    snapshot = app.snapshot(
        app.instant(None if as_of is None else str(as_of)), teams if isinstance(teams, tuple) else ()
    )
    wanted = None if desk is None else requested(snapshot, desk.sources, desk.request)
    issues = asked["issues"] if isinstance(asked["issues"], tuple) else ()
    return GateInput(
        snapshot=snapshot,
        readings=app.readings,
        effects=app.effects,
        conclusions=app.conclusions,
        stage=Stage(str(stage)) if stage else None if wanted is None else Stage.INTAKE,
        iteration=None if asked["iteration"] is None else str(asked["iteration"]),
        issues=issues if wanted is None else wanted.judged,
        backlog=bool(asked["backlog"]),
        now=app.now,
        fail_on=Severity(str(fail_on)),
        refused=fresh.refused,
        refreshed=fresh.refreshed,
        requested=wanted,
        waivers=None if asked["no_waivers"] else load_waivers(app.config),
        baseline=None if asked["no_baseline"] else load_baseline(app.config),
    )


def _run(app: App, question: GateInput) -> GateResult:
    from okr_delivery.gate.engine import run

    with app.timed("cli.phase.gate"):
        result = run(question)
    if app.verbosity:
        app.say("cli.rules", rules=", ".join(_asked(result)) or "–")
    return result


def _asked(result: GateResult) -> list[str]:
    """Each rule that was asked, with in how many requirements or plans it found something, and of how many."""
    rows = {rule: [row for row in result.counts if row.rule == rule] for rule in result.rules_run}
    asked = {rule: sum(r.ok + _hit(r) + r.not_applicable + r.silenced for r in rows[rule]) for rule in rows}
    return [f"{rule} {sum(map(_hit, rows[rule]))}/{asked[rule]}" for rule in rows]


def _hit(row: RuleCount) -> int:
    """In how many requirements or plans something was found; a team has one plan, which may give many findings."""
    from okr_delivery.gate.rule import PlanRule
    from okr_delivery.gate.rules import RULES

    return min(row.found, 1) if issubclass(RULES[row.rule], PlanRule) else row.found
