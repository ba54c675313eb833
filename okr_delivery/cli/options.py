"""Options that several commands share. Those of the group may also stand behind the command's name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from okr_delivery.cli.app import App, later

ROOT_NAMES = ("directory", "config_file", "lang", "quiet", "verbose", "color")


def _directory() -> click.Option:
    return click.Option(
        ["-C", "directory"], type=click.Path(path_type=Path), metavar="DIR", help="Run as if started in DIR."
    )


def _config() -> click.Option:
    return click.Option(
        ["--config", "config_file"],
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The okr-delivery.yaml to use.",
    )


def _lang() -> click.Option:
    return click.Option(["--lang"], type=click.Choice(["en", "zh"]), help="Language of all prose.")


def _quiet() -> click.Option:
    return click.Option(["-q", "--quiet"], is_flag=True, default=None, help="Only diagnostics and the verdict.")


def _verbose() -> click.Option:
    return click.Option(["-v", "--verbose"], count=True, default=None, help="More detail; -vv for requests.")


def _color() -> click.Option:
    return click.Option(["--color"], type=click.Choice(["auto", "always", "never"]), help="Colour on terminals.")


ROOT_OPTIONS = (_directory, _config, _lang, _quiet, _verbose, _color)


def remember(ctx: click.Context, values: dict[str, Any]) -> App:
    """Merges options given before and behind the command's name into the run's App; behind wins."""
    app = ctx.find_object(App)
    if app is None:  # pragma: no cover - run() always puts one
        raise RuntimeError("no App in the context")
    app.take({name: values.pop(name, None) for name in ROOT_NAMES}, ctx)
    return app


def as_of_option() -> click.Option:
    return click.Option(
        ["--as-of", "as_of"], metavar="DATE", help="Judge as things stood then: a date (its end) or an instant."
    )


def team_option() -> click.Option:
    return click.Option(["--team", "teams"], multiple=True, metavar="T", help="Only this team; repeatable.")


def iteration_option() -> click.Option:
    return click.Option(
        ["--iteration"],
        metavar="I",
        help="current, next, last, an id or a name; TEAM:I when a name fits several teams.",
    )


def format_option(*formats: str) -> Callable[[], click.Option]:
    return lambda: click.Option(
        ["--format", "output_format"],
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Of standard output.",
    )


class Reserved(click.Option):
    """An option that is kept for a later version: it is refused, and help does not list it."""

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **{**attrs, "hidden": True})


def _refuse_reserved(ctx: click.Context, values: dict[str, Any]) -> None:
    for param in ctx.command.params:
        if isinstance(param, Reserved) and values.pop(param.name or ""):
            words = ctx.command_path.split()[1:]
            raise later(" ".join([*words, param.opts[0]]))


def subcommand(name: str, *shared: Callable[[], click.Option]) -> Callable[[Callable[..., int | None]], click.Command]:
    """A command that takes the group's options too; its function gets the App first and returns an exit code."""

    def wrap(function: Callable[..., int | None]) -> click.Command:
        @click.pass_context
        @functools.wraps(function)
        def callback(ctx: click.Context, /, **values: Any) -> None:
            app = remember(ctx, values)
            _refuse_reserved(ctx, values)
            app.exit_code = function(app, **values) or 0

        made = click.command(name, help=function.__doc__)(callback)
        made.params = [*made.params, *(o() for o in shared), *(o() for o in ROOT_OPTIONS)]
        made.context_settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
        return made

    return wrap


def group(name: str) -> Callable[[Callable[[], None]], click.Group]:
    """A command with commands of its own; the common options may stand before their names too."""

    def wrap(function: Callable[[], None]) -> click.Group:
        @click.pass_context
        def callback(ctx: click.Context, /, **values: Any) -> None:
            remember(ctx, values)

        made = click.Group(name, callback=callback, help=function.__doc__, params=[o() for o in ROOT_OPTIONS])
        made.context_settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
        return made

    return wrap


def reserved(name: str, what: str) -> click.Command:
    """A command whose name is kept for a later version: whatever follows it, the refusal is clear."""

    @subcommand(name)
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def kept(app: App, /, rest: tuple[str, ...]) -> int:
        """Not part of this version yet."""
        raise later(what)

    kept.context_settings["ignore_unknown_options"] = True
    return kept
