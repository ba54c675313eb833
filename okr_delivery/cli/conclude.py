"""`okr-delivery conclude`."""

from __future__ import annotations

from datetime import date

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import subcommand


@subcommand("conclude")
@click.argument("words", nargs=-1, metavar="KEY CONCLUSION")
@click.option("--goal", metavar="I", help="Conclude the goal of an iteration: conclude --goal I hit|missed.")
@click.option("--reason", metavar="TEXT", help="Why; one sentence.")
@click.option("--kr", metavar="KR", help="Only for this key result.")
@click.option("--by", metavar="NAME", help="Who decided.")
@click.option("--follow-up", metavar="TEXT", help="What happens next.")
@click.option("--due", metavar="DATE", help="When the follow-up is due.")
@click.option("--until", metavar="DATE", help="With observe: until when, at most one more observation.")
def command(
    app: App,
    /,
    words: tuple[str, ...],
    goal: str | None,
    reason: str | None,
    kr: str | None,
    by: str | None,
    follow_up: str | None,
    due: str | None,
    until: str | None,
) -> int:
    """Record a conclusion: double-down, leave, fix, stop-loss, downgrade, retire, observe, or the Chinese words.

    \b
    Examples:
      okr-delivery conclude PAY-112 double-down --reason "retention +1.2 pp in the experiment"
      okr-delivery conclude --goal "PAY S26" missed --reason "release slipped a week"
    """
    expected = 1 if goal else 2
    if len(words) != expected:
        raise click.UsageError("Expected: conclude KEY CONCLUSION, or conclude --goal I hit|missed.")
    from okr_delivery.value.conclusions import says_something

    if not says_something(reason or ""):
        raise click.UsageError("Missing option '--reason': a conclusion without a reason teaches nobody.")
    if goal:
        return _goal(app, goal, words[0], reason or "", by)
    end = _end(app, due, until)
    return _requirement(app, words[0], words[1], reason or "", kr=kr, by=by, follow_up=follow_up, due=end)


def _end(app: App, due: str | None, until: str | None) -> date | None:
    if due and until:
        raise click.UsageError("--due and --until exclude each other.")
    if due:
        return app.day(due, "--due")
    return app.day(until, "--until") if until else None


def _requirement(
    app: App,
    key: str,
    word: str,
    reason: str,
    *,
    kr: str | None,
    by: str | None,
    follow_up: str | None,
    due: date | None,
) -> int:
    from okr_delivery.value.conclusions import add

    item = app.snapshot().find(key)
    path = add(
        app.config,
        app.book,
        app.conclusions,
        item,
        word,
        at=app.now,
        reason=reason,
        kr=kr,
        by=by,
        follow_up=follow_up,
        due=due,
    )
    app.note("cli.concluded", key=item.key, conclusion=word, path=str(path))
    return 0


def _goal(app: App, ref: str, word: str, reason: str, by: str | None) -> int:
    from okr_delivery.cli.selecting import answerable, iterations
    from okr_delivery.value.conclusions import add_goal

    snapshot = app.snapshot()
    pairs = iterations(app, snapshot, ref, answerable(app, snapshot))
    for team, iteration in pairs:
        path = add_goal(app.config, team, iteration, word, reason=reason, at=app.now, by=by)
        app.note("cli.concluded", key=iteration.name, conclusion=word, path=str(path))
    return 0
