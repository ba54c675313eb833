"""What `--as-of` and dates may look like."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from okr_delivery.cli.app import App
from okr_delivery.model.errors import UserError

NOW = datetime(2026, 11, 18, 17, tzinfo=UTC)  # the night to 19 November in Shanghai


@pytest.fixture
def app(tmp_path: Path) -> App:
    text = 'version: 1\nstore: "sqlite:///store.db"\ncalendar: {timezone: Asia/Shanghai}\n'
    source = "sources: [{name: jira, type: jira, url: 'https://acme.atlassian.net', projects: [PAY]}]\n"
    (tmp_path / "okr-delivery.yaml").write_text(text + source, encoding="utf-8")
    return App(env={}, cwd=tmp_path, out=io.StringIO(), err=io.StringIO(), clock=NOW.timestamp)


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


@pytest.mark.parametrize("text", ["2026-11-19", "2026-11-19T18:00", "2026-11-19T00:10Z"])
def test_today_has_begun_and_may_be_meant_as_a_whole(app: App, text: str) -> None:
    assert app.instant(text) > app.now


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T00:30", "2026-12-16", "2062-11-18", "9999-12-31"])
def test_what_has_not_begun_can_not_be_looked_back_at(app: App, text: str) -> None:
    with pytest.raises(UserError) as caught:
        app.instant(text)
    (problem,) = caught.value.problems
    assert (problem.where, problem.what.params) == ("--as-of", {"text": text, "today": "2026-11-19"})


def test_the_day_of_any_team_has_begun(app: App, tmp_path: Path) -> None:
    """Where it is 19 November already, while the file's calendar still says 18."""
    config = tmp_path / "okr-delivery.yaml"
    team = "teams: [{id: a, select: [{source: jira}], calendar: {timezone: Asia/Shanghai}}]\n"
    config.write_text(config.read_text("utf-8").replace("Asia/Shanghai", "America/Los_Angeles") + team, "utf-8")
    assert app.instant("2026-11-19") > app.now
    with pytest.raises(UserError):
        app.instant("2026-11-20")


@pytest.mark.parametrize("text", ["2026-W44-6", "20261031", "2026-10-31T10:00"])
def test_no_day(app: App, text: str) -> None:
    with pytest.raises(UserError):
        app.day(text, "--since")
