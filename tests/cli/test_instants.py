"""What `--as-of` and dates may look like."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okr_delivery.cli.app import App
from okr_delivery.model.errors import UserError


@pytest.fixture
def app(tmp_path: Path) -> App:
    text = 'version: 1\nstore: "sqlite:///store.db"\ncalendar: {timezone: Asia/Shanghai}\n'
    source = "sources: [{name: jira, type: jira, url: 'https://acme.atlassian.net', projects: [PAY]}]\n"
    (tmp_path / "okr-delivery.yaml").write_text(text + source, encoding="utf-8")
    return App(env={}, cwd=tmp_path, out=io.StringIO(), err=io.StringIO(), clock=lambda: 5.0)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-10-31", "2026-10-31T15:59:59"),  # the end of that day in Shanghai
        ("2026-10-31T10:00", "2026-10-31T02:00:00"),
        ("2026-10-31 10:00", "2026-10-31T02:00:00"),
        ("2026-10-31T10:00Z", "2026-10-31T10:00:00"),
        ("2026-10-31T10:00:00+01:00", "2026-10-31T09:00:00"),
    ],
)
def test_an_instant(app: App, text: str, meant: str) -> None:
    assert app.instant(text) == datetime.fromisoformat(meant).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text", ["", "20261031", "2026-W44-6", "2026-10", "2026-13-01", "0001-01-01T00:00+14:00", "２０２６-10-31", "soon"]
)
def test_no_instant(app: App, text: str) -> None:
    with pytest.raises(UserError) as caught:
        app.instant(text)
    assert caught.value.problems[0].where == "--as-of"


@pytest.mark.parametrize("text", ["2026-W44-6", "20261031", "2026-10-31T10:00"])
def test_no_day(app: App, text: str) -> None:
    with pytest.raises(UserError):
        app.day(text, "--since")
