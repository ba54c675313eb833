"""`okr-delivery okr lint`: the question with what the files and, where there is one, the store can say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from okr_delivery.cli.answering import show
from okr_delivery.cli.app import App
from okr_delivery.model.errors import UserError
from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.delivery.snapshot import Snapshot
    from okr_delivery.gate.lint.engine import LintInput
    from okr_delivery.gate.lint.work import StoreWork


def judge(app: App, asked: dict[str, object], targets: list[tuple[str, Path]]) -> int:
    """Asks, shows the answer wherever it is wanted, and gives the exit code."""
    from okr_delivery.gate.lint.engine import run

    result = run(question(app, asked))
    show(app, result, str(asked["output_format"]), targets)
    return 0 if result.exit_code == 1 and asked["exit_zero"] else result.exit_code


def question(app: App, asked: dict[str, object]) -> LintInput:
    """What is asked: the files, what the store knows of work, the exceptions that were agreed on."""
    from okr_delivery.gate.baseline import load_baseline
    from okr_delivery.gate.finding import Severity
    from okr_delivery.gate.lint.engine import LintInput
    from okr_delivery.gate.lint.subject import Desk
    from okr_delivery.gate.sources import uses
    from okr_delivery.gate.waivers import load_waivers

    as_of = app.instant(None if asked["as_of"] is None else str(asked["as_of"]))
    names = asked["cycles"] if isinstance(asked["cycles"], tuple) else ()
    desk = Desk(app.book, app.readings, app.config, app.calendar.local_date(as_of))
    waivers = None if asked["no_waivers"] else load_waivers(app.config)
    fail_on = Severity(str(asked["fail_on"] or app.config.gate.fail_on))
    baseline = None if asked["no_baseline"] else load_baseline(app.config)
    made = LintInput(desk, as_of, names, fail_on, waivers, baseline)
    found = _work(app, made)
    if isinstance(found, Message):
        return replace(made, unread=found)
    work, snapshot = found
    return replace(made, desk=replace(desk, work=work), sources=uses(app.config, snapshot, frozenset()))


def _work(app: App, made: LintInput) -> tuple[StoreWork, Snapshot] | Message:
    """What the store knows of work, nothing made or changed in it; or why there is none to look at."""
    from okr_delivery.gate.lint.engine import chosen
    from okr_delivery.gate.lint.work import StoreWork
    from okr_delivery.store.engine import parse

    cycles = chosen(made.desk, made.cycles)
    url = parse(app.config.store_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return msg("lint.work.none")
    try:
        snapshot = app.look(made.as_of)
        work = StoreWork(snapshot, app.readings, cycles)
        return msg("lint.work.none") if work.empty else (work, snapshot)
    except UserError as error:
        return msg("lint.work.unreadable", reason=error.problems[0].what)
