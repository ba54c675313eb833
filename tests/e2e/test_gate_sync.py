"""`gate --sync`: refreshes what is asked about, and a source that refuses costs only its own teams the verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr_delivery.sandbox import TOKEN, USER
from okr_delivery.sandbox.jira_cloud import RunningServer
from tests.e2e.runner import Cli

CONFIG = """\
version: 1
calendar: {{timezone: Asia/Shanghai}}
sources:
  - {{name: jira, type: jira, url: "{url}", projects: [PAY], user_env: OKR_DELIVERY_JIRA_USER,
      token_env: OKR_DELIVERY_JIRA_TOKEN}}
  - {{name: dead, type: jira, url: "http://127.0.0.1:9", projects: [DEAD], user_env: OKR_DELIVERY_DEAD_USER,
      token_env: OKR_DELIVERY_DEAD_TOKEN}}
gate: {{since: 2026-10-01, adopt: intake}}
"""


@pytest.fixture
def two(server: RunningServer, tmp_path: Path) -> Cli:
    (tmp_path / "okr-delivery.yaml").write_text(CONFIG.format(url=server.url), encoding="utf-8")
    names = ("OKR_DELIVERY_JIRA", "OKR_DELIVERY_DEAD")
    env = {f"{name}_USER": USER for name in names} | {f"{name}_TOKEN": TOKEN for name in names}
    made = Cli(tmp_path, env)
    made.ok("sync", "jira")
    return made


def test_the_other_teams_still_get_their_verdict(two: Cli) -> None:
    ended = two("gate", "--sync")
    assert ended.code == 2
    assert "PAY-28" in ended.out
    assert "dead could not be refreshed: 127.0.0.1 refuses the connection" in ended.out
    assert "127.0.0.1 refuses the connection" in ended.err


@pytest.mark.parametrize("asked", [["--issue", "PAY-28"], ["--issue", "jira:PAY-28"], ["--team", "jira"]])
def test_only_what_is_asked_about_is_refreshed(two: Cli, asked: list[str]) -> None:
    ended = two("gate", "--sync", *asked)
    assert (ended.code, ended.err) == (1, "")


def test_a_source_that_gave_no_answer_is_in_the_document(two: Cli) -> None:
    ended = two("sync", "--format", "json")
    assert ended.code == 2
    shown = {source["name"]: source for source in ended.json["sources"]}
    assert list(shown) == ["jira", "dead"]
    assert shown["dead"]["complete"] is False
    assert shown["dead"]["warnings"] == ["127.0.0.1 refuses the connection"]
    assert shown["dead"].keys() == shown["jira"].keys()


@pytest.mark.parametrize("option", ["--iteration", "--as-of"])
def test_an_empty_variable_is_not_the_default(two: Cli, option: str) -> None:
    assert two("gate", "--team", "jira", option, "").code == 2
