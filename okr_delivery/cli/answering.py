"""The gate's answer in every format, and the files it is owed in, whatever becomes of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okr_delivery.cli.app import App
from okr_delivery.model.errors import Problem, UserError, user_error
from okr_delivery.model.message import Message, msg

if TYPE_CHECKING:
    from okr_delivery.gate.result import GateResult
    from okr_delivery.output.places import Places

FORMATS = ("text", "json", "junit", "sarif", "gitlab", "github", "markdown")


def render(app: App, result: GateResult, kind: str, *, preview: bool = False, file: bool = False) -> str:
    """A file is UTF-8 and has no colours, whatever the terminal is. `kind` is a format, or `reasons`."""
    from okr_delivery.output import gate_codequality, gate_github, gate_json, gate_junit, gate_markdown, gate_sarif

    match kind:
        case "json":
            return gate_json.write(result, app.t)
        case "junit":
            return gate_junit.write(result, app.t)
        case "sarif":
            return gate_sarif.write(result, app.t, _places(app))
        case "gitlab":
            return gate_codequality.write(result, app.t, _places(app))
        case "github":
            return gate_github.write(result, app.t, _places(app))
        case "markdown":
            return gate_markdown.write(result, app.t, preview=preview)
        case _:
            return _text(app, result, preview=preview, quiet=app.quiet or kind == "reasons", file=file)


def _text(app: App, result: GateResult, *, preview: bool, quiet: bool, file: bool) -> str:
    from okr_delivery.output import gate_text

    color, unicode = (False, True) if file else (app.color, app.unicode)
    known = app.verbosity > 0
    return gate_text.write(result, app.t, color=color, unicode=unicode, preview=preview, quiet=quiet, known=known)


def _places(app: App) -> Places:
    """Findings stand in files of the repository that the configuration lies in."""
    from okr_delivery.config.discover import checkout
    from okr_delivery.output.places import Places

    try:
        config = app.config
    except UserError:
        return Places()
    return Places(config.root.relative_to(checkout(config.root)).as_posix(), config.path.name)


def targets_of(app: App, texts: Sequence[str]) -> list[tuple[str, Path]]:
    """What `--output F=PATH`, repeated, asks for. Raises UsageError for a path that two of them name."""
    found = [_target(app, text) for text in texts]
    places = Counter(path.resolve() for _, path in found)
    for text, (_, path) in zip(texts, found, strict=True):
        if places[path.resolve()] > 1:
            raise click.UsageError(f"--output: '{text.partition('=')[2]}' is named twice; the last would be all.")
    return found


def _target(app: App, text: str) -> tuple[str, Path]:
    kind, sign, path = text.partition("=")
    if not sign or not path or kind not in FORMATS:
        raise click.UsageError(f"--output wants FORMAT=PATH with FORMAT one of {', '.join(FORMATS)}; got '{text}'.")
    return kind, app.cwd / path


def show(
    app: App, result: GateResult, output_format: str, targets: list[tuple[str, Path]], *, preview: bool = False
) -> None:
    """Writes the answer wherever it is wanted, and takes from `targets` what is written."""
    for kind, path in list(targets):
        write(path, render(app, result, kind, file=True))
        targets.remove((kind, path))
    put = app.show if output_format == "text" else app.show_document
    put(render(app, result, output_format, preview=preview))
    if output_format != "text" and result.exit_code == 2:
        app.err.write(render(app, result, "reasons"))


def write(path: Path, text: str) -> None:
    """Atomically, also when nothing was found. Raises UserError."""
    from okr_delivery.cli.files import write_text

    try:
        write_text(path, text)
    except OSError as error:
        raise user_error(msg("cli.cannot_write", reason=error.strerror or ""), where=str(path)) from error


@contextmanager
def owing(app: App, targets: Sequence[tuple[str, Path]], stage: str = "intake") -> Iterator[None]:
    """Whatever ends the run before the files that are left in `targets` were written, they say so.

    Else those of an earlier run would stand there, and whoever publishes files would publish its verdict. `stage` is
    what was to be judged.
    """
    try:
        yield
    except UserError as error:
        _say_nothing_judged(app, targets, [_reason(problem) for problem in error.problems], stage)
        raise
    except Exception as error:
        _say_nothing_judged(app, targets, [msg("gate.none.broken", kind=type(error).__name__)], stage)
        raise


def _reason(problem: Problem) -> Message:
    what = problem.what if problem.where is None else msg("gate.none.place", where=problem.where, what=problem.what)
    return what if problem.next_step is None else msg("gate.none.problem", what=what, next=problem.next_step)


def _say_nothing_judged(app: App, targets: Sequence[tuple[str, Path]], reasons: Sequence[Message], stage: str) -> None:
    from okr_delivery.gate.finding import Stage
    from okr_delivery.gate.result import nothing_judged

    result = replace(nothing_judged(reasons, app.now), stage=Stage(stage))
    for kind, path in targets:
        with suppress(UserError):  # the run has an error to tell already
            write(path, render(app, result, kind, file=True))
