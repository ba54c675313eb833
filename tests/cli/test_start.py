"""Start-up: nothing heavy is imported for help, version and errors of use."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "alembic", "jira", "altair", "holidays", "babel", "pydantic", "ruamel", "requests", "jinja2")


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["gate", "--help"], ["okr", "show", "-h"]])
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    code = (
        "import sys; from okr_delivery.cli import main; code = main(sys.argv[1:]); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"
