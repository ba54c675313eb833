"""`okr-delivery init`."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from okr_delivery.cli.app import App
from okr_delivery.cli.options import Reserved, subcommand
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

SCHEMA_FILE = ".okr-delivery.schema.json"


@subcommand("init")
@click.option("--url", cls=Reserved)
def command(app: App, /) -> int:
    """Write a commented okr-delivery.yaml, example OKRs and a CI snippet; existing files stay as they are.

    \b
    Examples:
      okr-delivery init
      okr-delivery -C planning init
    """
    written, kept = 0, 0
    for path, text in _files():
        if _write_new(app.cwd / path, text):
            written += 1
            app.note("cli.init.written", path=str(path))
        else:
            kept += 1
            app.note("cli.init.kept", path=str(path))
    app.note("cli.init.next" if written else "cli.init.nothing")
    return 0


def _files() -> list[tuple[Path, str]]:
    import json

    from okr_delivery.config.schema import json_schema

    root = resources.files("okr_delivery.config") / "templates"
    found = sorted(_walk(root, Path()))
    return [*found, (Path(SCHEMA_FILE), json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")]


def _walk(folder: Traversable, at: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found.extend(_walk(entry, at / entry.name))
        elif not entry.name.startswith("__"):
            found.append((at / entry.name, entry.read_text(encoding="utf-8")))
    return found


def _write_new(path: Path, text: str) -> bool:
    """Creates the file unless something of that name exists."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        raise user_error(msg("cli.cannot_write", reason=error.strerror or ""), where=str(path)) from error
    return True
