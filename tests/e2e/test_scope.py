"""What `projects:`, `boards:`, `jql:` and the boards of teams bring from the tracker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from okr_delivery.model.work import Issue, IterationKind
from okr_delivery.sandbox.jira_cloud import RunningServer
from okr_delivery.sandbox.site import SiteIssue
from okr_delivery.store import open_store
from tests.e2e.runner import Cli

PROJECTS = "projects: [PAY, MOB, WEB, PLT]"


def held(cli: Cli) -> list[Issue]:
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        return list(store.issues())


def boards_read(cli: Cli) -> set[str | None]:
    with open_store(f"sqlite:///{cli.folder}/.okr-delivery/store.db", ledger=None) as store:
        sprints = (each for each in store.iterations("jira") if each.kind is IterationKind.SPRINT)
        return {sprint.board_id for sprint in sprints}


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("boards: [1]", lambda i: i.key.startswith("PAY-")),
        ("boards: [2, 1]", lambda i: i.key.startswith(("PAY-", "MOB-"))),
        ("projects: [MOB]\n    boards: [1]", lambda i: i.key.startswith(("PAY-", "MOB-"))),
        ("projects: [PAY]\n    jql: issuetype = Story", lambda i: i.key.startswith("PAY-") and i.type == "10001"),
        (
            "boards: [1]\n    jql: labels = tech-debt ORDER BY created",
            lambda i: "PAY-" in i.key and "tech-debt" in i.labels,
        ),
    ],
    ids=["board", "boards", "project and board", "project and jql", "board and jql"],
)
def test_the_scope_is_the_union_narrowed(
    scope: str, wanted: Callable[[SiteIssue], bool], cli: Cli, server: RunningServer
) -> None:
    cli.edit("okr-delivery.yaml", PROJECTS, scope)
    first = cli.ok("sync", "--format", "json").json["sources"][0]
    expected = {issue.key for issue in server.site.issues.values() if wanted(issue)}
    assert first["complete"]
    assert expected
    assert {issue.key for issue in held(cli)} == expected
    second = cli.ok("sync", "--format", "json").json["sources"][0]
    assert (second["issues"]["fetched"], second["requests"] <= 6) == (0, True)
    for argv in (("metrics",), ("gate",), ("trace",), ("report", "iteration", "-o", "-", "--format", "json")):
        assert cli(*argv).code in (0, 1), argv


def test_a_team_s_board_outside_the_source_s_projects_is_read(cli: Cli, server: RunningServer) -> None:
    cli.edit("okr-delivery.yaml", PROJECTS, "projects: [PAY]")
    cli.edit("okr-delivery.yaml", "boards: [2]", "boards: [1]")
    cli.ok("sync")
    assert boards_read(cli) == {"1"}
    cli.edit("okr-delivery.yaml", 'boards: [1], name: "MOB *"', 'boards: [2], name: "MOB *"')
    second = cli.ok("sync", "--format", "json").json["sources"][0]
    assert second["issues"]["fetched"] == 0
    assert boards_read(cli) == {"1", "2"}
    assert {issue.key.split("-")[0] for issue in held(cli)} == {"PAY"}
    server.reset()
    third = cli.ok("sync", "--format", "json").json["sources"][0]
    assert third["requests"] == server.requests.total() == 5
    assert server.requests["board/{id}/sprint"] == 2
    scopes = cli.ok("metrics", "--iteration", "last", "--format", "json").json["scopes"]
    assert {scope["iteration"]["name"][:3] for scope in scopes} == {"PAY", "MOB"}


def test_a_team_s_board_that_does_not_exist_is_named(cli: Cli) -> None:
    cli.edit("okr-delivery.yaml", "boards: [2]", "boards: [22]")
    ended = cli("sync")
    assert ended.code == 2
    assert "22" in ended.err
    assert "2 (" in ended.err
    assert "Traceback" not in ended.err


def test_boards_of_a_recorded_site_are_in_scope(tmp_path: Path) -> None:
    from okr_delivery.sandbox.jira_cloud import serve
    from okr_delivery.sandbox.recorded import load

    shared = Path(__file__).parents[2].parent / "shared" / "payloads"
    if not shared.is_dir():
        pytest.skip("the recorded payloads are not beside this checkout")
    with serve(load(sorted(shared.glob("jira-*.jsonl")), "cloud-d")) as server:
        source = f"{{name: jira, type: jira, url: '{server.url}', boards: [2]}}"
        (tmp_path / "okr-delivery.yaml").write_text(f"version: 1\nsources: [{source}]\n", encoding="utf-8")
        ended = Cli(tmp_path).ok("sync", "--format", "json").json["sources"][0]
        assert ended["complete"]
        assert ended["issues"]["fetched"] == 10
