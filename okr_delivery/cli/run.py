"""The outer edge of a run: every way to end becomes an exit code and, on an error, one clear text."""

from __future__ import annotations

import gc
import os

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.root import cli
from okr_delivery.model.errors import UserError

INTERRUPTED = 130
SELDOM = 100_000
"""New objects before the collector looks at them: it took a fifth of a run and found hardly a cycle."""


def run(argv: list[str], *, app: App | None = None) -> int:
    """Runs `argv` and returns the exit code; `app` carries environment, streams and clock."""
    app = app or App.of_process()
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        cli.main(args=argv, prog_name="okr-delivery", standalone_mode=False, obj=app)
    except UserError as error:
        app.show_error(error)
        return error.exit_code
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        _usage(error, app)
        return 2
    except SystemExit:  # click's own way out when the reader of a help text left
        return app.exit_code
    except (KeyboardInterrupt, click.Abort):
        app.say("cli.interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: never a traceback, always exit 2
        _internal(error, app)
        return 2
    finally:
        app.close()
        gc.set_threshold(*before)
    return app.exit_code


def _usage(error: click.ClickException, app: App) -> None:
    ctx = getattr(error, "ctx", None)
    if ctx is not None and error.format_message() == ctx.get_help():  # a bare command: its help says what is missing
        app.err.write(ctx.get_help() + "\n")
        return
    if ctx is not None:
        app.err.write(ctx.get_usage() + "\n")
    from okr_delivery.output.safe import terminal

    app.err.write("\n".join(terminal(line) for line in f"Error: {error.format_message()}".split("\n")) + "\n")


def _internal(error: Exception, app: App) -> None:
    """Keeps the traceback in a file that only the user can read; it may name paths and keys."""
    import tempfile
    import traceback

    try:
        handle, path = tempfile.mkstemp(prefix="okr-delivery-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
    except OSError:
        path = "–"
    app.say("cli.internal_error", kind=type(error).__name__, path=path)
