"""Writes configurations for tests and reads back what is said about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from okr_delivery.config import Config, load
from okr_delivery.locale import translator
from okr_delivery.model.errors import UserError

MINIMAL = """\
version: 1
sources:
  - {name: jira, type: jira, url: "https://acme.atlassian.net", projects: [PAY]}
"""

LAB = 'version: 1\nsources:\n  - {name: lab, type: gitlab, url: "https://gitlab.acme.cn", projects: [mobile/app]}\n'


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def loaded(folder: Path, text: str | bytes = MINIMAL, env: Mapping[str, str] | None = None) -> Config:
    write(folder, {"okr-delivery.yaml": text})
    return load(cwd=folder, env=env or {})


def said(error: UserError, lang: str = "en") -> list[str]:
    """Every problem as people see it: where, and what."""
    t = translator(lang)
    return [f"{problem.where}: {t.render(problem.what)}" for problem in error.problems]


def refused(folder: Path, text: str | bytes, lang: str = "en", env: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(UserError) as caught:
        loaded(folder, text, env)
    return said(caught.value, lang)
