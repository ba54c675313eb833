"""`okr-delivery okr …`."""

from __future__ import annotations

from datetime import date

import click

from okr_delivery.cli.answering import FORMATS, owing, targets_of
from okr_delivery.cli.app import App
from okr_delivery.cli.options import as_of_option, format_option, group, subcommand
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg
from okr_delivery.model.okr import KeyResult


@group("okr")
def command() -> None:
    """List, show and read key results."""


@subcommand("list", as_of_option, format_option("text", "json"))
def list_command(app: App, /, as_of: str | None, output_format: str) -> int:
    """All key results with their metric, owner and cycle.

    \b
    Examples:
      okr-delivery okr list
      okr-delivery okr list --format json
    """
    from okr_delivery.output import okr as output
    from okr_delivery.output.json import dumps

    app.instant(as_of)  # what is declared is the same on every day, but not every text is one
    if output_format == "json":
        app.show_document(dumps(output.document(app.book)))
    else:
        app.show(output.listing(app.book, app.t))
    return 0


@subcommand("tree", as_of_option)
def tree(app: App, /, as_of: str | None) -> int:
    """The network of objectives and key results, parents first.

    \b
    Examples:
      okr-delivery okr tree
      okr-delivery okr tree --as-of 2026-10-31
    """
    from okr_delivery.output import okr as output
    from okr_delivery.value.progress import progress

    krs, objectives = progress(app.snapshot(app.instant(as_of)), app.readings)
    app.show(output.tree(app.book, krs, objectives, app.t, ascii_only=not app.unicode))
    return 0


@subcommand("show", as_of_option)
@click.argument("kr", metavar="KR")
def show(app: App, /, kr: str, as_of: str | None) -> int:
    """One key result: metric, plan, readings, progress and the arithmetic.

    \b
    Examples:
      okr-delivery okr show GROW-KR1
      okr-delivery okr show 2026Q3:GROW-KR2
    """
    from okr_delivery.output import okr as output
    from okr_delivery.value.progress import one

    snapshot = app.snapshot(app.instant(as_of))
    found = _found(app, kr, app.calendar.local_date(snapshot.as_of))
    app.show(output.one(one(snapshot, app.readings, found.full_id), app.readings, app.t))
    return 0


def _found(app: App, ref: str, day: date) -> KeyResult:
    from okr_delivery.okrs import KrAmbiguous, KrFound

    answer = app.book.resolve(ref, day)
    if isinstance(answer, KrFound):
        return answer.kr
    if isinstance(answer, KrAmbiguous):
        raise user_error(
            msg("cli.ambiguous_kr", kr=ref), next_step=msg("cli.name_one", names=", ".join(answer.candidates))
        )
    step = msg("cli.did_you_mean", name=answer.nearest) if answer.nearest else msg("cli.unknown_kr.next")
    raise user_error(msg("cli.unknown_kr", kr=ref), next_step=step)


@subcommand("read")
@click.argument("kr", metavar="KR")
@click.argument("value", metavar="VALUE")
@click.option("--date", "day", metavar="DATE", help="Day of the value; default today.")
@click.option("--source", metavar="TEXT", help="Where the value comes from.")
@click.option("--author", metavar="NAME", help="Who measured it.")
@click.option("--note", metavar="TEXT", help="Anything a reader should know.")
def read(
    app: App, /, kr: str, value: str, day: str | None, source: str | None, author: str | None, note: str | None
) -> int:
    """Append one reading to the readings file.

    \b
    Examples:
      okr-delivery okr read GROW-KR1 43.5
      okr-delivery okr read GROW-KR1/refund-rate 1.8 --date 2026-11-20
    """
    from okr_delivery.okrs import append_reading

    on: date = app.day(day, "--date") if day else app.calendar.local_date(app.now)
    path = append_reading(app.config, app.book, kr, _number(value), on, source=source, author=author, note=note)
    app.note("cli.read", kr=kr, value=value, day=str(on), path=str(path))
    return 0


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number - number != 0:
        raise user_error(msg("cli.not_a_number", text=text), where="okr read", next_step=msg("cli.not_a_number.next"))
    return number


@subcommand("lint", as_of_option, format_option(*FORMATS))
@click.option("--cycle", "cycles", multiple=True, metavar="ID", help="Only this cycle; repeatable. Default: open ones.")
@click.option("--output", "outputs", multiple=True, metavar="F=PATH", help="Also write format F to PATH; repeatable.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), help="Severity from which the exit code is 1.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 even with findings; still 2 without a verdict.")
@click.option("--no-waivers", is_flag=True, help="Show waived findings as findings.")
@click.option("--no-baseline", is_flag=True, help="Count known findings too.")
def lint(app: App, /, outputs: tuple[str, ...], **asked: object) -> int:
    """Check the OKR files themselves for what makes objectives and key results hard to work with.

    \b
    Examples:
      okr-delivery okr lint
      okr-delivery okr lint --cycle 2027Q1 --fail-on warning
      okr-delivery okr lint --format github --output sarif=okrs.sarif
    """
    from okr_delivery.cli.linting import judge

    targets = targets_of(app, outputs)
    with owing(app, targets, "okr lint"):
        return judge(app, asked, targets)


for _part in (list_command, tree, show, read, lint):
    command.add_command(_part)
